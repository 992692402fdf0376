/* What the pages do once they are there: open links to folded cells, let wide things be scrolled by keyboard,
lay out what is far away. */

(() => {
  const root = new URL(".", document.currentScript.src);

  const onFirstMove = (act) => {
    const waiting = new AbortController();
    const acting = () => {
      waiting.abort();
      act();
    };
    for (const move of ["pointermove", "pointerdown", "keydown", "wheel", "scroll"]) addEventListener(move, acting, { passive: true, signal: waiting.signal });
  };

  /* Buttons that copy code, a hundred on some pages, come with the reader's first move. */
  onFirstMove(() => {
    for (const name of ["clipboard.min.js", "copybutton.js"]) {
      document.head.append(Object.assign(document.createElement("script"), { src: new URL(name, root), async: false, onload: nameCopying }));
    }
    addEventListener("DOMContentLoaded", () => setTimeout(nameCopying)); // they come only then, where the reader was faster
  });

  /* An icon has no name, and there are many of these buttons. */
  function nameCopying() {
    for (const button of document.querySelectorAll(".copybtn:not([aria-label])")) {
      const cell = button.closest(".cell[id^=cell-]")?.id.replace("cell-", " of cell ") ?? "";
      const what = button.closest(".cell_output") ? `what was printed${cell && " by"}${cell.replace(" of", "")}` : button.closest(".cite") ? "the citation" : `the code${cell}`;
      button.setAttribute("aria-label", `Copy ${what}`);
    }
  }

  /* Paper is light, whatever the screen is. What stands on it says book.css. */
  function lightOnPaper() {
    let theme;
    addEventListener("beforeprint", () => {
      theme = page.dataset.theme;
      page.dataset.theme = "light";
    });
    addEventListener("afterprint", () => (page.dataset.theme = theme));
  }

  /* What an address within the page names; `#%` names nothing. */
  function placeOf(hash) {
    try {
      return document.getElementById(decodeURIComponent(hash.slice(1)));
    } catch {
      return null;
    }
  }

  /* Of what was noticed (doubt.py), the changes of the claim to which a link leads, until another leads elsewhere. */
  function ofClaim(target) {
    const claim = target?.closest(".noticed") && target.dataset.claim;
    for (const one of document.querySelectorAll(".noticed li")) one.hidden = Boolean(claim) && target.closest(".noticed").contains(one) && !(one.dataset.claim ?? one.dataset.claims).split(" ").includes(claim);
    for (const all of document.querySelectorAll(".all-noticed")) all.hidden = !(claim && target.closest(".noticed").contains(all));
  }

  /* A link to a folded cell opens it. */
  function unfold() {
    const target = placeOf(location.hash);
    for (let folded = target?.closest("details"); folded; folded = folded.parentElement.closest("details")) folded.open = true;
    if (target?.matches(".cell, section:has(> .ledger-chapter)")) target.querySelectorAll("details").forEach((folded) => (folded.open = true));
    target?.querySelector(":scope > details.side-road")?.setAttribute("open", "");
    ofClaim(target);
    showHere(target?.closest("figure"));
    if (target) {
      far().forEach(layOut);
      target.scrollIntoView();
    }
  }

  /* What stands at the head is small at its own place, until one asks for it there, or a link leads to it; the same button makes it small again. */
  function setShown(small, shown) {
    const button = small.querySelector(":scope > .at-head-note > button");
    small.classList.toggle("shown", shown);
    button.textContent = shown ? "Back to the head" : "Show it here";
    button.setAttribute("aria-expanded", shown);
  }

  function showHere(figure) {
    const small = figure?.querySelector(".at-head:not(.shown)");
    if (small) setShown(small, true);
    return small?.querySelector(":scope > :not(.at-head-note)");
  }

  function letShowHere() {
    for (const button of document.querySelectorAll(".at-head-note > button")) {
      const small = button.closest(".at-head");
      button.setAttribute("aria-expanded", small.matches(".shown"));
      button.addEventListener("click", () => {
        if (small.matches(".shown")) return setShown(small, false); // the focus stays on the button
        const shown = showHere(small.parentElement), control = shown.querySelector("input, select, button");
        if (!control) small.tabIndex = -1;
        (control ?? small).focus({ preventScroll: true });
      });
    }
  }

  /* What is wider than its place can be scrolled by keyboard; of a table that is not, the head stays on the screen while its rows are read (book.css). */
  function letScroll(box) {
    const wider = box.scrollWidth > box.clientWidth;
    if (wider && !box.querySelector("a, button, input")) box.tabIndex = 0;
    if (box.matches(TABLE)) box.classList.toggle("fits", !wider);
  }

  const TABLE = ".pst-scrollable-table-container:not(:has(> .ledger))";

  function letScrollWhatIsNear() {
    const near = new IntersectionObserver(
      (entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) => letScroll(entry.target)),
      { rootMargin: "600px 0px" },
    );
    for (const box of document.querySelectorAll("pre, .cell_output, .cell_output > .output, .pst-scrollable-table-container, li > p, div.math")) near.observe(box);
    addEventListener("resize", () => document.querySelectorAll(TABLE).forEach(letScroll));
  }

  /* Sections far away are laid out once the reader moves, or stays a while: one at a time, when nothing else is to be done. After a click on
  a link within the page all of them at once, for a jump over places of unknown height lands elsewhere. */
  const far = () => document.querySelectorAll(".bd-article > section > section[style]:not([style*=visible])");
  const layOut = (section) => (section.style.contentVisibility = "visible");

  function layOutTheRest() {
    const soon = (act) => (window.requestIdleCallback ?? setTimeout)(act, { timeout: 1000 }); // also where something else is always to be done
    const next = () => {
      const [section] = far();
      if (!section) return;
      layOut(section);
      soon(next);
    };
    const start = () => {
      clearTimeout(later);
      soon(next);
    };
    let later;
    addEventListener("load", () => (later = setTimeout(start, 8000)));
    onFirstMove(start);
    addEventListener("click", ({ target }) => target.closest?.('a[href*="#"]') && far().forEach(layOut), { capture: true });
  }

  const page = document.documentElement;
  const LETTERS = 16; // pixels of a film's letters, at most

  /* A film is drawn on a canvas, in letters of no family, and again when the page's attributes change, as for another theme. Here it has the dots of a sharp screen, and the book's letters,
  not larger than what stands around it. */
  function finishFilms() {
    const units = new Map([...document.querySelectorAll(".tag_script canvas:not(.film-small)")].map((canvas) => [canvas, canvas.width]));
    if (!units.size) return;
    const drawAgain = () => (page.dataset.films = Number(page.dataset.films ?? 0) + 1);
    const family = getComputedStyle(page).getPropertyValue("--pst-font-family-base");
    const { font } = Object.getOwnPropertyDescriptors(CanvasRenderingContext2D.prototype);
    Object.defineProperty(CanvasRenderingContext2D.prototype, "font", {
      ...font,
      set(value) {
        const { canvas } = this, across = units.get(canvas);
        const larger = across / (Number(canvas.dataset.shownAt) || canvas.clientWidth || document.querySelector("h1").clientWidth || across); // units to a pixel
        font.set.call(this, across ? value.replace(/^([\d.]+)px sans-serif$/, (_, size) => `${Math.min(size, LETTERS * larger)}px ${family}`) : value);
      },
    });
    const resized = new ResizeObserver(drawAgain);
    for (const canvas of units.keys()) {
      if (devicePixelRatio > 1.3) {
        for (const side of ["width", "height"]) canvas[side] *= 2;
        canvas.getContext("2d").scale(2, 2);
      }
      resized.observe(canvas);
    }
    document.fonts.load(`${LETTERS}px ${family}`).finally(drawAgain);
  }

  /* What moves further down, a film, is lent to the head, and goes back when the reader comes to its place. Before that a moment of it stands there. */
  function bringToLife(button) {
    const hero = button.closest(".hero"), place = document.querySelector(`#${button.dataset.from} .output`), film = place?.firstElementChild;
    if (!film) return;
    const lend = (to) => {
      place.style.minHeight = to === place ? "" : `${place.offsetHeight}px`;
      to.prepend(film);
      hero.classList.toggle("moving", to !== place);
    };
    const back = new IntersectionObserver(([entry]) => entry.isIntersecting && hero.matches(".moving") && lend(place));
    button.addEventListener("click", () => {
      back.observe(place);
      lend(button.parentElement);
      const begin = film.querySelector("button"), box = film.querySelector("input[type=checkbox]");
      if (box && !box.checked) box.click(); // as in the still
      begin?.click();
      begin?.focus({ preventScroll: true });
    });
    const still = hero.querySelector(".film-still");
    if (still) showMoment(still, film);
  }

  const MOMENT = 0.43; // of the film

  /* On this canvas a moment of the film, when it is seen, in the colours of the page as it is, and with what its first box shows. */
  function showMoment(still, film) {
    const time = film.querySelector("input[type=range]"), box = film.querySelector("input[type=checkbox]") ?? {}, from = film.querySelector("canvas");
    const go = (value, ticked) => {
      [time.value, box.checked] = [value, ticked];
      time.dispatchEvent(new Event("input"));
    };
    const seen = new IntersectionObserver(([entry]) => {
      if (!entry.isIntersecting) return;
      const now = [time.value, box.checked];
      from.dataset.shownAt = still.clientWidth;
      go(Math.round(time.max * MOMENT), true);
      Object.assign(still, { width: from.width, height: from.height }).getContext("2d").drawImage(from, 0, 0);
      const small = document.querySelector(".film-small"), part = (from.height * small.width) / small.height; // of its width, the middle
      const pen = small.getContext("2d");
      pen.clearRect(0, 0, small.width, small.height);
      pen.drawImage(from, (from.width - part) / 2, 0, part, from.height, 0, 0, small.width, small.height);
      delete from.dataset.shownAt;
      go(...now);
    });
    const look = () => {
      seen.unobserve(still);
      seen.observe(still);
    };
    new MutationObserver(look).observe(page, { attributeFilter: ["data-theme", "data-films"] });
    look();
  }

  /* The contents begin below the band with which a chapter opens, whatever its height is. */
  function putContentsBelowTheOpening() {
    const [opening, contents] = [".opening", ".bd-sidebar-secondary"].map((one) => document.querySelector(one));
    if (opening && contents) new ResizeObserver(() => contents.style.setProperty("--opening", `${opening.offsetHeight}px`)).observe(opening);
  }

  /* The contents beside the text name the section that is read, also after a jump past its heading, which the theme waits for. */
  function followTheReader() {
    const links = [...document.querySelectorAll("#pst-page-toc-nav a")];
    const sections = links.map((link) => placeOf(link.hash));
    const mark = () => {
      // What is folded, or not laid out yet, has no place; of a side road's section only the road is its own.
      const below = document.documentElement.scrollHeight - innerHeight - scrollY;
      const line = innerHeight * 0.3 + Math.max(0, innerHeight * 0.6 - below); // at the page's end it goes down to sections that cannot come higher
      const isRead = (section) => {
        if (!section?.checkVisibility({ contentVisibilityAuto: true }) || section.getBoundingClientRect().top >= line) return false;
        const road = section.querySelector(":scope > .side-road");
        return !road || (road.open && road.getBoundingClientRect().bottom > line);
      };
      const top = sections.findLastIndex(isRead);
      links.forEach((link, i) => {
        link.classList.toggle("active", i === top);
        i === top ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current");
      });
      for (const entry of document.querySelectorAll("#pst-page-toc-nav .toc-entry")) {
        entry.classList.toggle("active", entry.contains(links[top] ?? null));
      }
      const box = links[top]?.closest(".bd-sidebar-secondary"), [mine, frame] = [links[top], box].map((one) => one?.getBoundingClientRect());
      if (box && (mine.top < frame.top || mine.bottom > frame.bottom)) box.scrollTop += mine.top - frame.top - frame.height / 3;
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
    if (!links.length) return;
    addEventListener("scroll", ask, { passive: true });
    new ResizeObserver(ask).observe(document.querySelector(".bd-article")); // what is laid out later moves the rest
  }

  /* Results while one types (search.js): with the dialog, not before. */
  function searchWhileTyping() {
    const load = () => document.head.append(Object.assign(document.createElement("script"), { src: new URL("search.js", root) }));
    if (!document.querySelector("article form.bd-search")) document.querySelector("#pst-search-dialog input")?.addEventListener("focus", load, { once: true });
  }

  const isFigure = (one) => one.matches("figure, .cell:has(figure, .chart)");
  const isFolded = (one) => one.matches(".cell:has(details.hide)");

  /* What a fold with a claim holds, in words; what follows the claim explains it. */
  function heldBy(fold, claim, explained) {
    const others = [...fold.children].filter((one) => one !== claim && !(explained && one.compareDocumentPosition(claim) & Node.DOCUMENT_POSITION_PRECEDING && !isFigure(one)));
    const plain = others.filter((one) => !isFigure(one));
    const kinds = [
      ["figure", others.some(isFigure)],
      ["table", plain.some((one) => one.matches(".cell:has(table)"))],
      ["text", plain.some((one) => one.matches("p, ul, ol, div.math, .noted"))],
      ["code", plain.some((one) => one.matches(".cell:not(:has(table))") && !isFolded(one))],
    ].flatMap(([kind, there]) => (there ? [kind] : []));
    return `${kinds.length > 1 ? "the way to the claim" : [...kinds, "claim"].map((kind) => `the ${kind}`).join(" and ")}${explained ? ", and why" : ""}`;
  }

  /* What stands between a question and its claim, the claim, the figure that follows it at once, and what explains it (builder/pages/guess.py marks its end): folded until the reader has guessed, or does not want to. */
  function foldUntilGuessed(guess) {
    const following = (kind) => [...document.querySelectorAll(kind)].find((one) => guess.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING);
    const claim = following(".claim"), explained = "explained" in guess.dataset;
    const fold = Object.assign(document.createElement("details"), { className: "guessed" });
    const summary = document.createElement("summary");
    let end = claim;
    for (let next = claim.nextElementSibling; next && (isFigure(next) || isFolded(next)); next = next.nextElementSibling) if (isFigure(next)) end = next;
    if (explained) end = following(".guess-end");
    const range = document.createRange();
    range.setStartBefore(claim);
    if (claim.parentElement === guess.parentElement) range.setStartAfter(guess);
    range.setEndAfter(end);
    range.surroundContents(fold);
    const what = heldBy(fold, claim, explained);
    const name = () => (summary.textContent = fold.open ? what[0].toUpperCase() + what.slice(1) : `Guess, or skip it and see ${what}`);
    summary.addEventListener("click", () => setTimeout(() => fold.open && claim.querySelector("p").scrollIntoView({ block: "nearest" }))); // who skips sees its sentence, whatever leads to it
    fold.prepend(summary);
    fold.addEventListener("toggle", name);
    name();
    return [fold, claim.id];
  }

  /* How good a guess is: nobody can be nearer than the slider goes, or than the cell printed. */
  function judged(slider, mine, answer) {
    if (!slider) return mine === answer ? "Right." : "Wrong.";
    const [places, steps] = [answer, slider.step].map((text) => text.split(".")[1]?.length ?? 0);
    const off = mine - answer.replaceAll(",", "");
    if (Math.abs(off) <= Math.max(slider.step, 10 ** -places) / 2 + 1e-9) return "Right.";
    return `Too ${off > 0 ? "high" : "low"} by ${Number(Math.abs(off).toFixed(Math.max(places, steps)))}.`;
  }

  /* What this browser keeps, where it keeps anything. */
  function kept(name, value) {
    try {
      if (value === undefined) return localStorage.getItem(name);
      localStorage.setItem(name, value);
    } catch {
      return null;
    }
  }

  /* Guess first: what the reader commits to stands beside what the claim's cell printed, also on the slider, and when the page is read again. Nothing is sent anywhere. */
  function letGuess() {
    for (const guess of document.querySelectorAll(".guess")) {
      const [fold, claim] = foldUntilGuessed(guess), name = `guess:${location.pathname.split("/").pop()}#${claim}`;
      const { answer, unit } = guess.dataset;
      const [slider, shown, told] = ["input", "output", ".guess-told"].map((part) => guess.querySelector(part));
      slider?.addEventListener("input", () => {
        shown.value = slider.value;
        guess.querySelector(".guess-first")?.remove();
        const button = guess.querySelector("button");
        for (const part of ["aria-disabled", "aria-describedby", "aria-pressed"]) button.removeAttribute(part);
        if (told.textContent) button.textContent = "Guess again";
      });
      for (const button of guess.querySelectorAll("button")) {
        button.addEventListener("click", () => {
          if (button.ariaDisabled === "true") return slider?.focus(); // where it stands, the page has put it, or it was the guess
          const mine = slider ? slider.value : button.value;
          for (const other of guess.querySelectorAll("button")) {
            other.setAttribute("aria-pressed", other === button);
            other.classList.toggle("printed", !slider && judged(slider, other.value, answer) === "Right.");
            other === button ? other.setAttribute("aria-disabled", "true") : other.removeAttribute("aria-disabled"); // it is made
          }
          if (slider) button.textContent = "Guessed";
          kept(name, mine);
          fold.open = true;
          slider?.parentElement.style.setProperty("--answer", (answer.replaceAll(",", "") - slider.min) / (slider.max - slider.min));
          told.textContent = `${judged(slider, mine, answer)} You guessed ${mine}${unit}; the cell below printed ${answer}${unit}.`;
        });
      }
      const before = kept(name);
      if (before === null) continue;
      if (slider) {
        slider.value = before;
        slider.dispatchEvent(new Event("input"));
      }
      [...guess.querySelectorAll("button")].find((button) => slider || button.value === before)?.click();
    }
  }

  /* Beside a slider that a cell made itself, what it is set to, in the words that the cell has for those who do not see it. */
  function showValues() {
    for (const slider of document.querySelectorAll(".cell_output :not(.chart *) > label > input[type=range]:only-of-type")) {
      if (slider.parentElement.querySelector("output, span")) continue;
      const value = document.createElement("output");
      const show = () => (value.textContent = slider.getAttribute("aria-valuetext")?.split(",")[0] ?? slider.value);
      value.setAttribute("aria-hidden", "true"); // a screen reader has it from the slider
      slider.after(value);
      slider.addEventListener("input", show);
      new MutationObserver(show).observe(slider, { attributeFilter: ["aria-valuetext"] });
      show();
    }
  }

  /* A recipe is copied with what it needs; where that is not allowed, its own code is selected. */
  function copyRecipes() {
    for (const button of document.querySelectorAll(".recipe-copy")) {
      const recipe = button.closest(".recipe"), code = recipe.querySelector(":scope > .cell_input pre, :scope > .cell_output pre"), told = recipe.querySelector(".recipe-told");
      button.addEventListener("click", async () => {
        try {
          await navigator.clipboard.writeText(`${button.dataset.before}${code.textContent.trim()}\n`);
          told.textContent = "Copied";
        } catch {
          getSelection().selectAllChildren(code);
          told.textContent = "Selected: copy it by the keyboard";
        }
        setTimeout(() => (told.textContent = ""), 4000);
      });
    }
    for (const button of document.querySelectorAll(".recipe-more")) {
      const recipe = button.parentElement, all = button.textContent;
      button.addEventListener("click", () => {
        const whole = recipe.classList.toggle("whole");
        button.textContent = whole ? "Show fewer lines" : all;
        button.setAttribute("aria-expanded", whole);
        if (!whole) button.scrollIntoView({ block: "nearest" });
      });
    }
  }

  /* One switch for all code of the site, remembered; paper follows it (book.css), and says so. */
  function switchCode() {
    const folded = () => document.querySelectorAll(".bd-article details.hide, .bd-article details.claim-code");
    const facts = document.querySelector(".facts");
    if (!facts || !folded().length) return;
    const button = Object.assign(document.createElement("button"), { type: "button", className: "code-switch" });
    const where = Object.assign(document.createElement("small"), { textContent: "on every page" });
    let shown;
    const show = (open) => {
      shown = open;
      button.replaceChildren(open ? "Hide all code " : "Show all code ", where); // which says its state: it is not "pressed" as well
      page.dataset.code = open ? "open" : "folded";
    };
    const remembered = kept("code") === "open";
    show(remembered);
    if (remembered) folded().forEach((one) => (one.open = true));
    button.addEventListener("click", () => {
      const open = !shown;
      folded().forEach((one) => (one.open = open));
      show(open);
      kept("code", open ? "open" : "folded");
    });
    facts.before(button, Object.assign(document.createElement("div"), { className: "on-paper", textContent: "Printed without code and side roads; “Show all code”, at the head of the page on a screen, adds them." }));
  }

  /* On a phone the drawer of contents closes once a place is chosen. Else the focus goes back to its button, where the theme loses it. */
  function closeDrawer() {
    let gone = false;
    for (const side of ["primary", "secondary"]) {
      const button = document.querySelector(`.${side}-toggle`);
      document.getElementById(`pst-${side}-sidebar-modal`)?.addEventListener("close", () => gone || button?.focus({ preventScroll: true }));
    }
    const choose = ({ target, ctrlKey, metaKey, shiftKey }) => {
      const link = !(ctrlKey || metaKey || shiftKey) && target.closest?.("dialog[open] a[href]"); // with these it opens beside this page
      gone = Boolean(link);
      if (link) link.closest("dialog").close();
    };
    document.addEventListener("click", choose, { capture: true }); // before the theme, which takes a press of Enter for a click outside
  }

  /* A click on the `#` of a place, or on the link to a chart as it is set (charts.js), goes there, and copies its address. */
  function copyAddresses() {
    const said = Object.assign(document.createElement("p"), { className: "copied", role: "status" });
    document.querySelector(".bd-article").append(said);
    let later;
    document.addEventListener("click", async ({ target }) => {
      const link = target.closest?.(".bd-article :is(.headerlink, .claim-link, .chart-setting)");
      if (!link) return;
      try {
        const published = location.protocol === "file:" && document.querySelector("link[rel=canonical]")?.href;
        await navigator.clipboard.writeText(published ? published + link.search + link.hash : link.href);
      } catch {
        return; // not allowed, or not there
      }
      said.textContent = "Address copied";
      const [at, page] = [link, said.offsetParent].map((one) => one.getBoundingClientRect());
      said.style.top = `${at.bottom - page.top + 4}px`;
      said.style.left = `${Math.max(8, Math.min(at.left, document.documentElement.clientWidth - said.offsetWidth - 8)) - page.left}px`; // a caption may stand in a margin
      clearTimeout(later);
      later = setTimeout(() => (said.textContent = ""), 4000);
    });
  }

  /* Formulas hold the letter, readers type its name. */
  const greek = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma sigma tau upsilon phi chi psi omega".split(" ");
  const named = (text) => text.normalize("NFKC").toLowerCase().replace(/[α-ω]/g, (letter) => ` ${greek[letter.charCodeAt(0) - 0x3b1]} `);

  /* Its words between spaces, what stands between them left out; a point and a comma are part of a number. Of a name in code the parts are words too. */
  const spaced = (text) => ` ${named(text).replace(/[^\p{L}\p{N}.,]+|(?<!\d)[.,]+|[.,]+(?!\d)/gu, " ").trim()} `;
  const wordsOf = (text) => spaced(text) + spaced(text.replace(/(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, " "));

  /* At the beginning of a word: `auc` is not in "Cauchy". A letter's name is a word of its own: `pi` is not in "pixel". */
  const has = (text, word) => text.includes(greek.includes(word.trim()) ? word : word.trimEnd());

  /* The ledger shows the claims that have the words, also in their addresses, of all chapters or of one; its address says which. Its chapters are folded until something is asked. */
  function filterLedger() {
    const form = document.querySelector(".ledger-filter");
    if (!form) return;
    const tables = [...document.querySelectorAll(".ledger-chapter")];
    for (const table of tables) table.closest("section").style.contentVisibility = "visible"; // folded they are low, and not the height that was reckoned for them open
    const rows = tables.flatMap((table) => [...table.querySelectorAll("tbody tr")].map((row) => ({ row, text: wordsOf(`${row.textContent} ${row.querySelector("a").hash}`) })));
    const { all } = form.elements;
    const name = () => (all.textContent = tables.every((table) => table.open) ? "Fold all" : "Open all");
    const filter = () => {
      const words = form.elements.words.value.split(/\s+/).map(spaced).filter((word) => word.trim());
      const chapter = form.elements.chapter.value, main = Boolean(form.elements.main?.checked), asked = words.length || chapter || main;
      for (const { row, text } of rows) row.hidden = (main && !row.matches(".main")) || !words.every((word) => has(text, word));
      for (const table of tables) {
        const section = table.closest("section");
        section.hidden = (chapter && section.id !== chapter) || !table.querySelector("tbody tr:not([hidden])");
        table.open = Boolean(asked);
        const [here, of] = ["tbody tr:not([hidden])", "tbody tr"].map((one) => table.querySelectorAll(one).length);
        table.querySelector(".ledger-count").textContent = here < of ? `${here} of ${of} claims` : `${of} claims`;
      }
      const left = rows.filter(({ row }) => !row.hidden && !row.closest("section").hidden).length;
      const shown = form.querySelector("output");
      shown.textContent = asked ? `${left} of ${rows.length} claims` : "";
      if (!left && asked) {
        const search = new URL(`../search.html?q=${encodeURIComponent(form.elements.words.value.trim())}`, root);
        shown.textContent = `No claim${chapter ? " of this chapter" : ""} has these words. `;
        shown.append(Object.assign(document.createElement("a"), { href: search, textContent: "Search the whole book" }));
      }
    };
    const asked = new URLSearchParams(location.search);
    form.elements.words.value = asked.get("q") ?? "";
    form.elements.chapter.value = asked.get("chapter") ?? "";
    if (form.elements.main) form.elements.main.checked = asked.has("main");
    form.addEventListener("input", () => {
      filter();
      const asking = Object.entries({ q: form.elements.words.value, chapter: form.elements.chapter.value }).filter(([, value]) => value.trim());
      if (form.elements.main?.checked) asking.push(["main", "1"]);
      const query = String(new URLSearchParams(asking));
      try {
        history.replaceState(null, "", `${location.pathname}${query && `?${query}`}${location.hash}`);
      } catch {
        // a page from a folder keeps its address
      }
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    all.addEventListener("click", () => {
      const open = !tables.every((table) => table.open);
      for (const table of tables) table.open = open;
    });
    for (const table of tables) table.addEventListener("toggle", name);
    filter();
    form.dataset.ready = "";
  }

  /* What a link leads to (builder/pages/previews.py), beside it: on hover, on focus, and on the first touch, of which the second follows the link. Escape closes it. */
  function showPreviews() {
    const previews = new Map([...(document.getElementById("previews")?.content.children ?? [])].map((one) => [one.dataset.for, one]));
    if (!previews.size) return;
    const box = Object.assign(document.createElement("div"), { className: "preview", id: "preview", role: "tooltip", hidden: true });
    document.querySelector(".bd-article").append(box);
    let link, later;
    const linkAt = (target) => {
      const found = target.closest?.(".bd-article a[href]");
      return found && !found.closest(".preview") && !found.matches(".headerlink, .claim-link") && previews.has(found.getAttribute("href")) ? found : null;
    };
    const hide = () => {
      clearTimeout(later);
      box.hidden = true;
      link?.removeAttribute("aria-describedby");
      link = null;
    };
    const show = (shown) => {
      hide();
      link = shown;
      link.setAttribute("aria-describedby", box.id);
      box.replaceChildren(...previews.get(link.getAttribute("href")).cloneNode(true).children);
      box.hidden = false;
      const line = [...link.getClientRects()].at(-1);
      const page = box.offsetParent.getBoundingClientRect();
      box.style.left = `${Math.max(0, Math.min(line.left - page.left, page.width - box.offsetWidth))}px`;
      const below = line.bottom + box.offsetHeight + 12 < innerHeight || line.top < box.offsetHeight + 80;
      box.style.top = `${(below ? line.bottom + 6 : line.top - box.offsetHeight - 6) - page.top}px`;
    };
    const soon = (what, wait) => {
      clearTimeout(later);
      later = setTimeout(what, wait);
    };
    document.addEventListener("pointerover", ({ target, pointerType }) => {
      if (pointerType !== "mouse") return;
      const over = linkAt(target);
      if (over && over !== link) soon(() => show(over), 250);
      else if (over || box.contains(target)) clearTimeout(later);
      else if (link) soon(hide, 300); // time to move into it
      else clearTimeout(later);
    });
    document.addEventListener("focusin", ({ target }) => {
      const focused = linkAt(target);
      if (focused?.matches(":focus-visible")) show(focused);
      else if (link) hide();
    });
    document.addEventListener("keydown", ({ key }) => key === "Escape" && hide());
    document.addEventListener(
      "click",
      (event) => {
        const touched = event.pointerType === "touch" && linkAt(event.target);
        if (touched && touched !== link) {
          event.preventDefault();
          event.stopPropagation();
          show(touched);
          box.append(Object.assign(document.createElement("a"), { href: touched.href, className: "preview-open", textContent: "Go there" }));
        } else if (link && !box.contains(event.target)) hide();
      },
      { capture: true },
    );
  }

  const actions = {
    print: () => window.print(),
  };

  document.addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("[data-action]")) {
      button.addEventListener("click", actions[button.dataset.action]);
    }
    filterLedger();
    letGuess();
    unfold();
    addEventListener("hashchange", unfold);
    addEventListener("click", ({ target }) => location.hash && target.closest?.('a[href^="#"]')?.hash === location.hash && unfold()); // the same link again
    lightOnPaper();
    switchCode();
    copyRecipes();
    showValues();
    copyAddresses();
    closeDrawer();
    letScrollWhatIsNear();
    layOutTheRest();
    putContentsBelowTheOpening();
    followTheReader();
    finishFilms();
    document.querySelectorAll(".to-life").forEach(bringToLife);
    letShowHere();
    showPreviews();
    searchWhileTyping();
  });
})();
