/* What the pages do once they are there: set formulas, open links to folded cells, let wide things be scrolled by keyboard. */

(() => {
  const root = new URL(".", document.currentScript.src);

  /* Formulas are set shortly before they come into view, all of them before the page is printed. */
  function setFormulas() {
    const waiting = new Set(document.querySelectorAll(".math"));
    if (!waiting.size) return;
    let last = Promise.resolve();
    const near = new IntersectionObserver(
      (entries) => {
        const now = entries.filter((entry) => entry.isIntersecting).map((entry) => entry.target);
        for (const formula of now) {
          near.unobserve(formula);
          waiting.delete(formula);
        }
        if (now.length) last = last.then(() => MathJax.typesetPromise(now)).then(letScroll);
      },
      { rootMargin: "1500px 0px" },
    );
    addEventListener("beforeprint", () => MathJax.typeset?.([...waiting]));
    window.MathJax = {
      loader: { load: ["input/tex", "output/chtml"] },
      options: { processHtmlClass: "math", ignoreHtmlClass: "document" },
      startup: {
        typeset: false,
        ready() {
          MathJax.startup.defaultReady();
          for (const formula of waiting) near.observe(formula);
        },
      },
    };
    document.head.append(Object.assign(document.createElement("script"), { src: new URL("mathjax/startup.js", root) }));
  }

  /* A link to a folded cell opens it. */
  function unfold() {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const details = target && (target.closest("details") ?? target.querySelector("details"));
    if (details) details.open = true;
    if (target) target.scrollIntoView();
  }

  function letScroll() {
    for (const box of document.querySelectorAll(".highlight pre, .cell_output, .pst-scrollable-table-container, mjx-container[display]")) {
      if (box.scrollWidth > box.clientWidth && !box.querySelector("a, button, input")) box.tabIndex = 0;
    }
  }

  const actions = {
    print: () => window.print(),
    toggleFullScreen: () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen()),
  };

  document.addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("[data-action]")) {
      button.addEventListener("click", actions[button.dataset.action]);
    }
    unfold();
    addEventListener("hashchange", unfold);
    letScroll();
  });
  addEventListener("load", () => setTimeout(setFormulas));
})();
