/* Break it here: an editor in the claim's frame, Python in a worker, and what comes of it beside what the build printed.

Nothing is loaded before the reader asks for it. */

(() => {
  const base = document.currentScript.src;
  const workerSource = new URL("live-worker.js", base);
  const claims = {}; // by chapter: a promise
  let worker;
  let busy; // the panel whose cells are executed
  let runs = 0;

  const element = (name, properties = {}, ...children) => {
    const found = Object.assign(document.createElement(name), properties);
    found.append(...children);
    return found;
  };
  const megabytes = (bytes) => (bytes / 1e6).toFixed(1);

  const claimsOf = (chapter) =>
    (claims[chapter] ??= fetch(new URL(`../live/${chapter}.json`, base)).then((response) => {
      if (response.ok) return response.json();
      delete claims[chapter];
      throw new Error(`${response.status} ${response.statusText}`);
    }));

  /* A text field for code: as many lines as the code has, indentation kept on Enter, Tab goes on to the next control. */
  function editor(source, label) {
    const field = element("textarea", { className: "live-code", value: source, spellcheck: false, autocapitalize: "off" });
    field.setAttribute("autocorrect", "off");
    field.setAttribute("autocomplete", "off");
    field.setAttribute("translate", "no");
    field.setAttribute("aria-label", label);
    const fit = () => (field.rows = Math.min(30, field.value.split("\n").length + 1));
    field.addEventListener("input", fit);
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.ctrlKey || event.metaKey || event.shiftKey || event.isComposing) return;
      const line = field.value.slice(0, field.selectionStart).split("\n").at(-1);
      const indentation = line.match(/^ */)[0] + (/:\s*$/.test(line) ? "    " : "");
      event.preventDefault();
      document.execCommand("insertText", false, `\n${indentation}`); // it can be undone
    });
    fit();
    field.original = source;
    field.set = (text) => {
      field.value = text;
      fit();
    };
    return field;
  }

  class Panel {
    constructor(claim, number, id) {
      Object.assign(this, { claim, number, id });
      const cells = claim.cells.map(([label, source], i) => ({ label, field: editor(source, i < claim.cells.length - 1 ? `Code of ${label}` : `The cell of claim ${number}`) }));
      this.cells = cells;
      this.own = cells.at(-1);
      const before = cells.slice(0, -1);
      this.before = element("details", { className: "live-before" });
      const lines = before.reduce((sum, { field }) => sum + field.value.split("\n").length, 0);
      this.before.append(
        element("summary", { textContent: `What it depends on: ${lines} lines of ${before.length} ${before.length > 1 ? "cells" : "cell"}` }),
        ...before.flatMap(({ label, field }) => [element("p", { className: "live-label", textContent: label[0].toUpperCase() + label.slice(1) }), field]),
      );
      this.run = element("button", { type: "button", className: "live-run", textContent: "Run" });
      this.run.title = "Ctrl+Enter, or ⌘+Enter";
      this.run.setAttribute("aria-keyshortcuts", "Control+Enter Meta+Enter");
      this.stop = element("button", { type: "button", textContent: "Stop", disabled: true });
      this.reset = element("button", { type: "button", textContent: "Reset" });
      this.status = element("p", { className: "live-status" });
      this.status.setAttribute("role", "status");
      this.clock = element("span", { className: "live-clock" });
      this.clock.setAttribute("aria-hidden", "true");
      this.printed = element("pre", { tabIndex: 0 });
      this.built = element("pre", { tabIndex: 0, textContent: claim.printed });
      this.printed.setAttribute("aria-label", "What it printed here");
      this.built.setAttribute("aria-label", "What the build printed");
      this.result = element(
        "div",
        { className: "live-result", hidden: true },
        element("div", {}, element("p", { className: "live-label", textContent: "Printed here" }), this.printed),
        element("div", {}, element("p", { className: "live-label", textContent: "The build printed" }), this.built),
      );
      const note = element("p", { className: "live-note" });
      note.textContent = `Change the code, and run it: Python works in this page, and nothing is sent anywhere. The first run loads ${megabytes(claim.bytes)} MB.`;
      this.element = element("div", { className: "live", id }, note);
      this.element.setAttribute("role", "group");
      this.element.setAttribute("aria-label", `Break claim ${number}`);
      if (before.length) this.element.append(this.before);
      this.element.append(this.own.field);
      if (claim.suggestions.length) this.element.append(this.suggestions());
      this.element.append(element("p", { className: "live-actions" }, this.run, this.stop, this.reset, this.clock), this.status, this.result);
      this.run.addEventListener("click", () => this.start());
      this.stop.addEventListener("click", () => this.end("Stopped. The next run starts Python anew."));
      this.reset.addEventListener("click", () => this.restore());
      this.element.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
        event.preventDefault();
        this.start();
      });
    }

    suggestions() {
      const buttons = this.claim.suggestions.map((one) => {
        const button = element("button", { type: "button", className: "live-suggestion" }, element("code", { textContent: one.label }));
        const place = one.cell < this.cells.length - 1 ? `${this.cells[one.cell].label}, line ${one.line}` : `line ${one.line}`;
        button.title = `In ${place}`;
        button.addEventListener("click", () => {
          this.restore();
          const { field } = this.cells[one.cell];
          if (one.cell < this.cells.length - 1) this.before.open = true;
          field.set(one.source);
          this.start();
        });
        return button;
      });
      return element("p", { className: "live-suggestions" }, "Try: ", ...buttons);
    }

    changed() {
      return this.cells.some(({ field }) => field.value !== field.original);
    }

    restore() {
      if (busy === this) this.end("");
      for (const { field } of this.cells) field.set(field.original);
      this.result.hidden = true;
      this.say("");
    }

    say(...parts) {
      this.status.replaceChildren(...parts);
    }

    start() {
      if (busy === this) return;
      busy?.end("Stopped: another claim was run.");
      busy = this;
      this.changedAtStart = this.changed();
      this.text = "";
      this.printed.replaceChildren();
      this.result.hidden = true;
      this.run.disabled = true;
      this.stop.disabled = false;
      this.say(worker ? "Running …" : "Loading Python …");
      this.number_of_run = ++runs;
      worker ??= this.newWorker();
      worker.postMessage({
        run: this.number_of_run,
        cells: this.cells.map(({ label, field }) => [label, field.value]),
        packages: this.claim.packages,
      });
    }

    newWorker() {
      const found = new Worker(workerSource, { type: "module" });
      found.onmessage = ({ data }) => found === worker && busy?.hear(data);
      found.onerror = (event) => {
        event.preventDefault();
        if (found === worker) busy?.end(`Python could not be loaded here: ${event.message ?? "this browser has no workers that are modules"}.`);
      };
      return found;
    }

    hear(data) {
      if (data.of) this.clock.textContent = `${megabytes(data.loading)} of ${megabytes(data.of)} MB`;
      else if (data.running === this.number_of_run) this.watch();
      else if (data.run !== this.number_of_run) return;
      else if ("text" in data) this.show(data);
      else if ("died" in data) this.end(`Python ended: ${data.died}. The next run starts it anew.`);
      else this.judge(data.fault);
    }

    /* Seconds, for the eye alone. */
    watch() {
      const began = Date.now();
      this.say("Running …");
      clearInterval(this.watching);
      this.watching = setInterval(() => {
        const seconds = Math.round((Date.now() - began) / 1000);
        if (seconds >= 2) this.clock.textContent = `${seconds} s; the build took ${this.claim.seconds} s`;
      }, 500);
    }

    show({ label, text }) {
      const own = label === this.own.label;
      if (!own && this.cells.every((cell) => cell === this.own || cell.field.value === cell.field.original)) return; // as the chapter itself printed it
      this.text += text;
      this.printed.textContent = this.text;
      this.result.hidden = false;
    }

    rest() {
      clearInterval(this.watching);
      this.clock.textContent = "";
      this.run.disabled = false;
      this.stop.disabled = true;
      if (busy === this) busy = undefined;
    }

    end(text) {
      worker?.terminate();
      worker = undefined;
      this.rest();
      this.say(text);
    }

    judge(fault) {
      this.rest();
      const same = this.compare();
      this.result.hidden = false;
      const verdict = (textContent, className) => element("strong", { className, textContent });
      if (!fault) {
        const otherwise = this.changedAtStart || same ? "" : " It printed something else than the build did, where marked: this browser's Python has other versions of the packages, or another mathematical library.";
        return this.say(verdict(this.changedAtStart ? "still holds" : "holds", "live-holds"), otherwise);
      }
      const place = fault.places.findLast(({ label }) => label === this.own.label) ?? fault.places.at(-1);
      const deeper = fault.places.at(-1);
      const where = place ? `, ${place.label === this.own.label ? "" : `${place.label}, `}line ${place.line}: ` : ": ";
      const parts = [verdict("fails", "live-fails"), where];
      if (place) parts.push(element("code", { textContent: place.text }));
      const kind = fault.type === "AssertionError" && fault.message ? "" : `${fault.type}${fault.message ? ": " : ""}`;
      parts.push(element("span", { className: "live-message", textContent: `${kind}${fault.message}` }));
      if (place && deeper !== place) parts.push(element("span", { className: "live-message", textContent: `raised in ${deeper.label}, line ${deeper.line}: ${deeper.text}` }));
      this.say(...parts);
    }

    /* Marks the lines that differ from the build's; whether none does. */
    compare() {
      const [here, there] = [this.text, this.claim.printed].map((text) => text.replace(/\n+$/, "").split("\n"));
      this.printed.replaceChildren();
      here.forEach((line, i) => {
        this.printed.append(line === there[i] ? line : element("mark", { textContent: line }), "\n");
      });
      return here.length === there.length && here.every((line, i) => line === there[i]);
    }
  }

  async function open(button) {
    const id = `live-${button.dataset.claim}`;
    let panel = document.getElementById(id);
    const offer = button.closest(".live-offer");
    if (!panel) {
      button.disabled = true;
      try {
        const claim = (await claimsOf(button.dataset.chapter))[button.dataset.claim];
        panel = new Panel(claim, button.dataset.claim, id).element;
        panel.hidden = true;
        offer.after(panel);
        button.setAttribute("aria-controls", id);
      } catch (error) {
        offer.append(element("span", { className: "live-message", textContent: ` The claim's code could not be loaded (${error.message}).` }));
        return;
      } finally {
        button.disabled = false;
      }
      button.focus();
    }
    panel.hidden = !panel.hidden;
    button.setAttribute("aria-expanded", !panel.hidden);
  }

  document.addEventListener("DOMContentLoaded", () => {
    // A page that is opened as a file may start no worker.
    if (!location.protocol.startsWith("http") || !window.Worker || !window.WebAssembly) return;
    for (const button of document.querySelectorAll(".live-open")) {
      button.closest(".live-offer").hidden = false;
      button.addEventListener("click", () => open(button));
    }
  });
})();
