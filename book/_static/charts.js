/* Bring the page's interactive charts to life when they come into view, once the reader moves.

Until then, and without JavaScript, each chart is the picture that the build drew. */

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

  async function draw(chart) {
    await moved;
    if (!chart.clientWidth) return;
    await Promise.all([load("vendor/vega.js"), load(`charts/${chart.dataset.source}`)]);
    const { theme } = root.dataset;
    let source = chartSources[chart.dataset.source];
    if (theme === "dark") for (const [light, dark] of Object.entries(chartTwins)) source = source.replaceAll(light, dark);
    const specification = JSON.parse(source);
    const view = chart.querySelector(".chart-view");
    const live = Object.assign(document.createElement("div"), { className: "chart-live drawing" });
    view.append(live);
    const values = chart.view ? chart.view.getState().signals : null;
    const result = await vegaEmbed(live, specification, {
      ast: true,
      actions: false,
      renderer: "svg",
      config: { ...specification.config, ...chartThemes[theme] },
    }).catch((error) => console.error(`chart ${chart.id}: ${error.message}`));
    if (!result) return live.remove();
    if (values) {
      const inputs = Object.fromEntries(
        (result.vgSpec.signals || []).filter((s) => s.bind && s.name in values).map((s) => [s.name, values[s.name]]),
      );
      for (const [name, value] of Object.entries(inputs)) result.view.signal(name, value);
    }
    for (const input of live.querySelectorAll("input, select")) {
      input.setAttribute("aria-describedby", `${chart.id}-view`);
    }
    live.id = `${chart.id}-view`;
    live.className = "chart-live";
    view.replaceChildren(live);
    chart.view?.finalize();
    chart.view = result.view;
    await result.view.runAsync();
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
    for (const chart of document.querySelectorAll(".chart")) seen.observe(chart);
    let theme = root.dataset.theme;
    new MutationObserver(() => {
      if (root.dataset.theme === theme) return;
      theme = root.dataset.theme;
      for (const chart of document.querySelectorAll('.chart[data-ready="true"]')) draw(chart);
    }).observe(root, { attributes: true, attributeFilter: ["data-theme"] });
  });
})();
