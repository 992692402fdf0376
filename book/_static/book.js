/* What the pages do once they are there: set formulas, open links to folded cells, let wide things be scrolled by keyboard,
lay out what is far away, show search results without the source of formulas. */

(() => {
  const root = new URL(".", document.currentScript.src);

  let mathjax;

  /* MathJax, loaded when the first formula is near. */
  const formulaSetter = () =>
    (mathjax ??= new Promise((resolve) => {
      window.MathJax = {
        loader: { load: ["input/tex", "output/chtml"] },
        options: { processHtmlClass: "math", ignoreHtmlClass: "document" },
        startup: { typeset: false, ready: () => resolve(MathJax.startup.defaultReady()) },
      };
      document.head.append(Object.assign(document.createElement("script"), { src: new URL("mathjax/startup.js", root) }));
    }));

  /* Formulas are set shortly before they come into view, all of them before the page is printed. */
  function setFormulas() {
    const waiting = new Set(document.querySelectorAll(".math"));
    const near = new IntersectionObserver(
      (entries) => {
        const now = entries.filter((entry) => entry.isIntersecting).map((entry) => entry.target);
        for (const formula of now) {
          near.unobserve(formula);
          waiting.delete(formula);
        }
        if (!now.length) return;
        mathjax = formulaSetter()
          .then(() => MathJax.typesetPromise(now))
          .then(() => now.forEach((formula) => formula.querySelectorAll("mjx-container[display]").forEach(letScroll)));
      },
      { rootMargin: "600px 0px" },
    );
    for (const formula of waiting) near.observe(formula);
    addEventListener("beforeprint", () => window.MathJax?.typeset?.([...waiting]));
  }

  /* A link to a folded cell opens it. */
  function unfold() {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const details = target && (target.closest("details") ?? target.querySelector("details"));
    if (details) details.open = true;
    if (target) {
      far().forEach(layOut);
      target.scrollIntoView();
    }
  }

  /* What is wider than its place can be scrolled by keyboard. */
  function letScroll(box) {
    if (box.scrollWidth > box.clientWidth && !box.querySelector("a, button, input")) box.tabIndex = 0;
  }

  function letScrollWhatIsNear() {
    const near = new IntersectionObserver(
      (entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) => letScroll(entry.target)),
      { rootMargin: "600px 0px" },
    );
    for (const box of document.querySelectorAll("pre, .cell_output, .cell_output > .output, .pst-scrollable-table-container")) near.observe(box);
  }

  /* Sections far away are laid out once the reader moves, or stays a while: one at a time, when nothing else is to be done. After a click on
  a link within the page all of them at once, for a jump over places of unknown height lands elsewhere. */
  const far = () => document.querySelectorAll(".bd-article > section > section:not([style])");
  const layOut = (section) => (section.style.contentVisibility = "visible");

  function layOutTheRest() {
    const moves = ["pointermove", "pointerdown", "keydown", "wheel", "scroll"];
    const soon = window.requestIdleCallback ?? setTimeout;
    const next = () => {
      const [section] = far();
      if (!section) return;
      layOut(section);
      soon(next);
    };
    const start = () => {
      clearTimeout(later);
      for (const move of moves) removeEventListener(move, start);
      soon(next);
    };
    let later;
    addEventListener("load", () => (later = setTimeout(start, 8000)));
    for (const move of moves) addEventListener(move, start, { passive: true });
    addEventListener("click", ({ target }) => target.closest?.('a[href*="#"]') && far().forEach(layOut), { capture: true });
  }

  /* The contents beside the text name the section that is read, also after a jump past its heading, which the theme waits for. */
  function followTheReader() {
    const links = [...document.querySelectorAll("#pst-page-toc-nav a")];
    const sections = links.map((link) => document.getElementById(decodeURIComponent(link.hash.slice(1))));
    const mark = () => {
      const top = sections.findLastIndex((section) => section?.getBoundingClientRect().top < innerHeight * 0.3);
      links.forEach((link, i) => {
        link.classList.toggle("active", i === top);
        i === top ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current");
      });
      for (const entry of document.querySelectorAll("#pst-page-toc-nav .toc-entry")) {
        entry.classList.toggle("active", entry.contains(links[top] ?? null));
      }
    };
    let asked = false;
    const ask = () => {
      if (asked) return;
      asked = true;
      setTimeout(() => {
        asked = false;
        mark();
      }, 100);
    };
    if (links.length) addEventListener("scroll", ask, { passive: true });
  }

  /* What the search shows of a page: the words of its text, without the source of its formulas. */
  function readableExcerpts() {
    Search.htmlToText = (html, anchor) => {
      const article = new DOMParser().parseFromString(html, "text/html").querySelector("article");
      for (const formula of article.querySelectorAll(".math")) formula.replaceWith("…");
      for (const other of article.querySelectorAll(".headerlink, script, style")) other.remove();
      for (const block of article.querySelectorAll("p, li, td, th, dt, dd, h1, h2, h3, pre, figcaption")) block.append(" ");
      return ((anchor ? article.querySelector(anchor) : null) ?? article).textContent;
    };
  }

  const actions = {
    print: () => window.print(),
  };

  document.addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("[data-action]")) {
      button.addEventListener("click", actions[button.dataset.action]);
    }
    unfold();
    addEventListener("hashchange", unfold);
    letScrollWhatIsNear();
    layOutTheRest();
    followTheReader();
  });
  // before the index comes, and with it the first results
  document.querySelector('script[src*="searchtools"]')?.addEventListener("load", readableExcerpts);
  addEventListener("load", () => setTimeout(setFormulas));
})();
