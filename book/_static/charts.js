/* Bring the page's interactive charts to life when they come into view, once the reader moves.

Until then, and without JavaScript, each chart is the picture that the build drew. Its controls are the page's own: what they are set to, the chart shows once it lives. */

(() => {
  const root = document.documentElement;
  const base = new URL("..", document.currentScript.src);
  const loading = {};

  const load = (path) =>
    (loading[path] ??= new Promise((resolve, reject) => {
      const script = Object.assign(document.createElement("script"), { src: new URL(path, base), onload: resolve, onerror: reject });
      document.head.append(script);
    }));

  const moved = new Promise((next) => {
    for (const move of ["pointermove", "pointerdown", "keydown", "wheel", "scroll"]) addEventListener(move, next, { passive: true, once: true });
  });

  const valueOf = ({ type, checked, value, valueAsNumber }) => (type === "range" ? valueAsNumber : type === "checkbox" ? checked : JSON.parse(value));

  function set(chart, input) {
    if (input.type === "range") {
      const { value, min, step, dataset } = input;
      const shown = dataset.shown ? JSON.parse(dataset.shown)[Math.round((value - min) / step)] : value;
      input.nextElementSibling.textContent = shown;
      if (dataset.shown) input.setAttribute("aria-valuetext", shown);
    }
    if (input.type !== "radio" || input.checked) chart.view?.signal(input.name, valueOf(input)).runAsync();
  }

  /* The same chart stands at a chapter's head and further down: what is set in one is set in the other. */
  function follow(chart, { name, type, value, checked }) {
    for (const other of document.querySelectorAll(".chart")) {
      if (other === chart || other.dataset.source !== chart.dataset.source) continue;
      const input = [...other.querySelectorAll("form [name]")].find((one) => one.name === name && (type !== "radio" || one.value === value));
      if (!input) continue;
      type === "radio" || type === "checkbox" ? (input.checked = checked) : (input.value = value);
      set(other, input);
    }
  }

  /* Where a click on a name of the legend chooses, the keyboard reaches it too: a button lies over each name. Pressed again, all is as it was. */
  function reachLegend(view, live, { params = [] }) {
    const chosen = params.find(({ bind }) => bind === "legend");
    const buttons = (chosen ? [...live.querySelectorAll(".role-legend-label text")] : []).map((name) => {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "chart-name" });
      button.setAttribute("aria-label", name.textContent);
      button.addEventListener("focus", () => {
        const [entry, page] = [name.closest("[class*=legend_entries] > g") ?? name, live].map((one) => one.getBoundingClientRect());
        Object.assign(button.style, { left: `${entry.left - page.left}px`, top: `${entry.top - page.top}px`, width: `${entry.width}px`, height: `${entry.height}px` });
      });
      button.addEventListener("click", (event) => {
        event.stopPropagation();
        const target = button.ariaPressed === "true" && !event.shiftKey ? live.querySelector("svg") : name;
        target.dispatchEvent(new MouseEvent("click", { bubbles: true, shiftKey: event.shiftKey }));
      });
      return [button, name];
    });
    const press = () => {
      const values = view.data(`${chosen.name}_store`).map((tuple) => tuple.values[0]);
      for (const [button, name] of buttons) button.setAttribute("aria-pressed", values.includes(name.__data__.datum.value));
    };
    if (!buttons.length) return;
    live.append(...buttons.map(([button]) => button));
    live.addEventListener("click", () => view.runAsync().then(press));
    press();
  }

  /* Where one unit is as long on both axes, the height follows the width; what stands around the plot changes somewhat with its size. */
  async function fit({ view, steepness }) {
    for (let i = 0; i < 3 && steepness; i++) await view.height(view.width() * steepness).runAsync();
  }

  /* Where the page has a margin, a chart of `data-wide` spans it too, and is drawn otherwise: as builder/render/pictures.py draws its picture (`widened`). */
  const broad = matchMedia("(min-width: 1200px)");

  function patched(whole, patch) {
    if (patch === null || typeof patch !== "object" || Array.isArray(patch)) return patch;
    const copy = Array.isArray(whole) ? [...whole] : { ...whole };
    for (const [key, value] of Object.entries(patch)) copy[key] = patched(copy[key], value);
    return copy;
  }

  function widened(specification, { beside, chart = {} }) {
    const { vconcat, ...rest } = specification;
    return patched(beside ? { ...rest, hconcat: vconcat } : specification, chart);
  }

  async function draw(chart) {
    await moved;
    if (!chart.clientWidth) return;
    await Promise.all([load("vendor/vega.js"), load(`charts/${chart.dataset.source}`)]);
    const { theme } = root.dataset;
    let source = chartSources[chart.dataset.source];
    if (theme === "dark") for (const [light, dark] of Object.entries(chartTwins)) source = source.replaceAll(light, dark);
    const whole = JSON.parse(source);
    const specification = broad.matches && chart.dataset.wide ? widened(whole, JSON.parse(chart.dataset.wide)) : whole;
    const view = chart.querySelector(".chart-view");
    const live = Object.assign(document.createElement("div"), { className: "chart-live drawing" });
    view.append(live);
    const result = await vegaEmbed(live, specification, {
      ast: true,
      actions: false,
      renderer: "svg",
      config: chartThemes[theme], // before which the chart's own goes
    }).catch((error) => console.error(`chart ${chart.id}: ${error.message}`));
    if (!result) return live.remove();
    const { steepness } = specification.usermeta ?? {};
    await fit({ view: result.view, steepness });
    live.className = "chart-live";
    view.replaceChildren(live);
    chart.view?.finalize();
    Object.assign(chart, { view: result.view, steepness });
    for (const input of chart.querySelectorAll(":scope > form [name]")) set(chart, input);
    await result.view.runAsync();
    reachLegend(result.view, live, specification);
    chart.dataset.ready = "true";
  }

  const seen = new IntersectionObserver(
    (entries) => {
      for (const entry of entries.filter((e) => e.isIntersecting)) {
        seen.unobserve(entry.target);
        draw(entry.target);
      }
    },
    { rootMargin: "200px" },
  );

  document.addEventListener("DOMContentLoaded", () => {
    for (const chart of document.querySelectorAll(".chart")) {
      seen.observe(chart);
      const form = chart.querySelector(":scope > form"); // not Vega's, for a selection
      form?.addEventListener("input", ({ target }) => set(chart, target), true);
      form?.addEventListener("submit", (event) => event.preventDefault());
    }
    document.addEventListener("input", ({ target }) => target.closest?.(".chart > form") && follow(target.closest(".chart"), target), true);

    let later;
    addEventListener("resize", () => {
      clearTimeout(later);
      later = setTimeout(() => document.querySelectorAll('.chart[data-ready="true"]').forEach(fit), 100); // when Vega has made them as wide as the page
    });

    broad.addEventListener("change", () => document.querySelectorAll('.chart[data-wide][data-ready="true"]').forEach(draw));

    let theme = root.dataset.theme;
    new MutationObserver(() => {
      if (root.dataset.theme === theme) return;
      theme = root.dataset.theme;
      for (const chart of document.querySelectorAll('.chart[data-ready="true"]')) draw(chart);
    }).observe(root, { attributes: true, attributeFilter: ["data-theme"] });
  });
})();
