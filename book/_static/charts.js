/* Bring the page's interactive charts to life when they come into view, once the reader moves.

Until then, and without JavaScript, each chart is the picture that the build drew. Its controls are the page's own: what they are set to, the chart shows once it lives. */

(() => {
  const root = document.documentElement;
  const base = new URL("..", document.currentScript.src);
  const TAP = 6; // pixels; a pointer that moves less has tapped
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
    if (input.type !== "radio" || input.checked) chart.view?.signal(input.name, valueOf(input)).runAsync().then(() => settle(chart));
  }

  /* Where the numbers at an axis have become longer than its room, it gets more; and keeps it, so that the chart does not go to and fro with the slider. */
  async function settle(chart) {
    const svg = chart.querySelector(".chart-live > svg"), sheet = svg?.getBoundingClientRect();
    const cut = ({ left, top, right, bottom }) => left < sheet.left - 2 || top < sheet.top - 2 || right > sheet.right + 2 || bottom > sheet.bottom + 2;
    if (svg && [...svg.querySelectorAll("text")].some((one) => cut(one.getBoundingClientRect()))) {
      await chart.view.resize().runAsync();
      await fit(chart);
    }
    tell(chart);
    chart.pointing?.again();
  }

  /* What the chart tells, in large type beside it (`tells` in builder/pages/charts.py): a part of the words above it, or the text of a layer that nobody sees. */
  function tell(chart) {
    for (const told of chart.querySelectorAll(".told-value")) {
      const { title, told: layer } = told.dataset, said = chart.querySelector(`.chart-live .${layer ?? "role-title-text"} text`)?.textContent;
      const [value, when] = (title ? said?.match(title)?.slice(1).reverse() : [said]) ?? [];
      if (!value) continue;
      const number = told.querySelector(".told-number");
      number.textContent = value;
      number.style.setProperty("--letters", value.length);
      if (when) told.querySelector(".told-when").textContent = when[0].toLowerCase() + when.slice(1);
    }
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

  /* A film, which a cell makes with controls of its own, and where it stands; it may be lent to the head (book.js). */
  const films = new Map();

  const movable = () => [...document.querySelectorAll(".chart"), ...films.keys()];
  const controls = (one) => [...one.querySelectorAll(films.has(one) ? "input[id]" : ":scope > form [name]")];
  const nameOf = ({ name, id }) => name || id.replace(/^[^-]*-/, "");
  const namesOf = (one) => [...controls(one).map(nameOf), ...(one.dataset.legend ? [one.dataset.legend] : [])];
  const sourceOf = ({ dataset, id }) => dataset.source ?? id;

  /* What a control is called in the page's address: its own name, with the chart's number where another chart has the name too. */
  function called(one, name) {
    const another = movable().some((other) => sourceOf(other) !== sourceOf(one) && namesOf(other).includes(name));
    return another ? `${sourceOf(one).match(/(\d+)\.js$/)?.[1] ?? one.id}.${name}` : name;
  }

  /* What is set otherwise than at first, in the words of an address; null where it is not. Of several radio buttons the chosen one tells. */
  function otherwise({ type, checked, defaultChecked, value, defaultValue, selectedOptions }) {
    if (type === "checkbox") return checked === defaultChecked ? null : Number(checked);
    if (type === "radio") return checked && !defaultChecked ? JSON.parse(value) : null;
    if (type === "range") return value === defaultValue ? null : value;
    return selectedOptions[0].defaultSelected ? null : JSON.parse(value);
  }

  /* A control as the address wants it; whether it knows what is wanted. A number beyond its slider is the slider's end. */
  function obey(input, wanted) {
    const means = ({ value }) => String(JSON.parse(value)) === wanted;
    if (input.type === "range" && /^-?(\d+\.?\d*|\.\d+)$/.test(wanted)) input.value = wanted;
    else if (input.type === "checkbox" && /^[01]$/.test(wanted)) input.checked = wanted === "1";
    else if (input.type === "radio" && means(input)) input.checked = true;
    else if (input.options && [...input.options].some(means)) input.value = [...input.options].find(means).value;
    else return false;
    return true;
  }

  /* All that is so in a chart or a film; of a legend, the names that are singled out. */
  const differences = (one) => [
    ...controls(one).map((input) => [nameOf(input), otherwise(input)]).filter(([, value]) => value !== null),
    ...(one.chosen ?? []).map((name) => [one.dataset.legend, name]),
  ];

  const asked = new Set(); // what the address has set: such a chart does not wait for the reader

  function readAddress() {
    const wanted = new URLSearchParams(location.search);
    for (const one of wanted.size ? movable() : []) {
      const value = (input) => wanted.get(called(one, nameOf(input)));
      if (films.has(one)) {
        if (controls(one).some((input) => value(input) !== null)) obeyInFilm(one, value);
        continue;
      }
      for (const input of controls(one)) {
        if (value(input) === null || !obey(input, value(input))) continue;
        asked.add(one);
        set(one, input);
      }
      if (one.dataset.legend && wanted.has(called(one, one.dataset.legend))) {
        one.chosen = wanted.getAll(called(one, one.dataset.legend));
        asked.add(one);
      }
    }
    if (asked.size) writeAddress(); // as what was asked for could be set
  }

  /* A film's slider may let go of a box: the boxes come last, also those that are as at first. */
  function obeyInFilm(film, value) {
    const isBox = ({ type }) => type === "checkbox";
    for (const input of controls(film).sort((a, b) => isBox(a) - isBox(b))) {
      if (!obey(input, String(value(input))) && !(isBox(input) && obey(input, String(Number(input.defaultChecked))))) continue;
      input.dispatchEvent(new Event(isBox(input) ? "change" : "input"));
    }
    asked.add(film);
  }

  /* The page's address with what is set otherwise than at first. */
  function addressed() {
    const query = new URLSearchParams(location.search);
    const found = new Map(movable().flatMap((one) => namesOf(one).map((name) => [called(one, name), new Set()])));
    for (const one of movable()) for (const [name, value] of differences(one)) found.get(called(one, name)).add(value);
    for (const [name, values] of found) {
      query.delete(name);
      for (const value of values) query.append(name, value);
    }
    return location.pathname + (query.size ? `?${query}` : "");
  }

  /* Where the link to what is so set stands: at the end of the caption. */
  function captionsOf(one) {
    const figure = (films.get(one) ?? one).closest("figure");
    const atHead = films.has(one) ? one.closest(".hero")?.querySelector(".of-the-motion") : one.querySelector(":scope > .hero-caption");
    const here = [figure?.querySelector(":scope > figcaption p"), atHead].filter(Boolean);
    return [figure?.id || one.id, here.length ? here : [one]];
  }

  /* Beside the caption of what is so set, a link that has it in its address; a click copies that (book.js). */
  function tellSetting() {
    const address = addressed();
    for (const one of movable()) {
      const [place, captions] = captionsOf(one), differs = differences(one).length > 0;
      for (const caption of captions) {
        let link = caption.querySelector(".chart-setting");
        if (!link && !differs) continue;
        if (!link) caption.append(" ", (link = Object.assign(document.createElement("a"), { className: "chart-setting", textContent: "Link to this setting" })));
        link.hidden = !differs;
        link.href = `${address}#${place}`;
      }
    }
    return address;
  }

  let writing;
  function writeAddress() {
    const address = tellSetting();
    clearTimeout(writing);
    writing = setTimeout(() => {
      try {
        history.replaceState(history.state, "", address + location.hash);
      } catch {
        // a page from a folder may have to keep its address
      }
    }, 200); // browsers count how often it is written
  }

  /* Where a click on a name of the legend chooses, the keyboard reaches it too: a button lies over each name. Pressed again, all is as it was. What is chosen stands in the address. */
  async function reachLegend(chart, view, live, { params = [] }) {
    const legend = params.find(({ bind }) => bind === "legend");
    const click = (target, shiftKey = false) => target.dispatchEvent(new MouseEvent("click", { bubbles: true, shiftKey }));
    const nothing = live.querySelector("svg");
    const buttons = (legend ? [...live.querySelectorAll(".role-legend-label text")] : []).map((name) => {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "chart-name" });
      button.setAttribute("aria-label", name.textContent);
      button.addEventListener("focus", () => {
        const [entry, page] = [name.closest("[class*=legend_entries] > g") ?? name, live].map((one) => one.getBoundingClientRect());
        Object.assign(button.style, { left: `${entry.left - page.left}px`, top: `${entry.top - page.top}px`, width: `${entry.width}px`, height: `${entry.height}px` });
      });
      button.addEventListener("click", (event) => {
        event.stopPropagation();
        click(button.ariaPressed === "true" && !event.shiftKey ? nothing : name, event.shiftKey);
      });
      return [button, name];
    });
    if (!buttons.length) return;
    const press = () => {
      chart.chosen = view.data(`${legend.name}_store`).map((tuple) => String(tuple.values[0]));
      for (const [button, name] of buttons) button.setAttribute("aria-pressed", chart.chosen.includes(String(name.__data__.datum.value)));
    };
    const share = () => {
      for (const other of document.querySelectorAll(".chart")) {
        if (other === chart || other.dataset.source !== chart.dataset.source || String(other.chosen ?? "") === String(chart.chosen)) continue;
        other.choose ? other.choose(chart.chosen) : (other.chosen = chart.chosen);
      }
    };
    let choosing = false;
    chart.choose = async (names) => {
      choosing = true;
      const wanted = buttons.filter(([, name]) => names.includes(String(name.__data__.datum.value)));
      for (const [i, target] of [nothing, ...wanted.map(([, name]) => name)].entries()) {
        click(target, i > 1);
        await view.runAsync();
      }
      choosing = false;
      press();
    };
    live.append(...buttons.map(([button]) => button));
    live.addEventListener("click", async () => {
      if (choosing) return;
      await view.runAsync();
      press();
      share();
      writeAddress();
    });
    if (!chart.chosen?.length) return press();
    await chart.choose(chart.chosen);
    share();
    tellSetting();
  }

  /* Where a slider's ends stand along an axis of the (first) plot, or each of its values has a row of the data with a place, as its metadata tell (`data-along`), it can be pulled in the plot too. */
  function reachPlot(chart, view, live, { parts }, { datasets = {} }) {
    const { along } = chart.dataset;
    if (!along) return;
    const first = live.querySelector('[class*="concat_0_group"]') ? "concat_0_" : "";
    const plotOf = (place) => live.querySelector(place ? `[class*="${place}group"] path.background` : ".role-frame path.background");
    const move = (input, value) => {
      input.value = value;
      input.dispatchEvent(new Event("input", { bubbles: true }));
    };

    function alongAxis(input, axis, ends) {
      const plot = plotOf(first), scale = view.scale(first + axis), low = Number(input.min), range = input.max - low;
      const [from, to] = ends.map((end) => (typeof end === "string" ? Date.parse(`${end}T00:00`) : end));
      const [begin, end] = scale.domain().map(Number);
      const share = ({ clientX, clientY }, { left, width, bottom, height } = plot.getBoundingClientRect()) => (axis === "x" ? (clientX - left) / width : (bottom - clientY) / height);
      const length = () => plot.getBoundingClientRect()[axis === "x" ? "width" : "height"];
      const now = () => (from + ((input.valueAsNumber - low) / range) * (to - from) - begin) / (end - begin);
      const pull = (event) => move(input, low + ((begin + share(event) * (end - begin) - from) / (to - from)) * range);
      return [{ plot, pull, away: (event) => Math.abs(share(event) - now()) * length(), cursor: axis === "x" ? "ew-resize" : "ns-resize" }];
    }

    function alongRows(input, field) {
      return [...parts].flatMap(([name, { encoding, data }]) => {
        const rows = (data?.values ?? datasets[data?.name] ?? []).filter((row) => field in row);
        if (!rows.length || !encoding.x || !encoding.y) return [];
        const place = name.replace(/layer_\d+$/, ""), plot = plotOf(place), [x, y] = ["x", "y"].map((axis) => view.scale(place + axis));
        const nearest = ({ clientX, clientY }) => {
          const { left, top, width, height } = plot.getBoundingClientRect();
          const far = (row) => Math.hypot((x(row[encoding.x.field]) / x.range()[1]) * width - clientX + left, (y(row[encoding.y.field]) / y.range()[0]) * height - clientY + top);
          return rows.map((row) => [far(row), row[field]]).reduce((best, one) => (one[0] < best[0] ? one : best));
        };
        return [{ plot, pull: (event) => move(input, nearest(event)[1]), away: (event) => nearest(event)[0], cursor: "move" }];
      });
    }

    const all = Object.entries(JSON.parse(along)).flatMap(([name, where]) => {
      const input = controls(chart).find((one) => one.name === name);
      if (typeof where === "string") return alongRows(input, where);
      return Array.isArray(where) ? alongAxis(input, "x", where) : Object.entries(where).flatMap(([axis, ends]) => alongAxis(input, axis, ends));
    });
    const within = ({ clientX, clientY }, { left, right, top, bottom }) => clientX >= left && clientX <= right && clientY >= top && clientY <= bottom;
    /* Of several the nearest, where it is near: elsewhere a tap asks for values. */
    function nearest(event) {
      const here = all.filter(({ plot }) => within(event, plot.getBoundingClientRect())).map((one) => [one.away(event), one]);
      return here.filter(([away]) => all.length === 1 || away < 24).sort(([one], [other]) => one - other)[0]?.[1];
    }
    const cuts = Object.keys(JSON.parse(along)).length > 1; // a tap beside one of them takes it there: a finger that goes up or down scrolls
    let pulled = null, began = null;
    const follows = (event) => pulled && live.hasPointerCapture(event.pointerId);
    /* Until the pointer has moved, it may be a tap, which asks for values; and a finger may be about to scroll. */
    function pull(event) {
      const [across, down] = began ? [Math.abs(event.clientX - began.clientX), Math.abs(event.clientY - began.clientY)] : [];
      if (began && (Math.hypot(across, down) < TAP || (event.pointerType === "touch" && down > across))) return;
      began = null;
      pulled.pull(event);
    }
    live.addEventListener("pointerdown", (event) => {
      pulled = event.button ? null : nearest(event);
      if (!pulled) return;
      event.preventDefault();
      live.setPointerCapture(event.pointerId);
      began = cuts ? null : event;
      if (event.pointerType !== "touch") pull(event); // a finger may be about to scroll
    });
    live.addEventListener("pointermove", (event) => {
      if (follows(event)) return pull(event);
      live.dataset.pull = nearest(event)?.cursor ?? "";
    });
    live.addEventListener("pointerup", (event) => follows(event) && pull(event));
  }

  /* A click on a mark whose datum has the fields of `data-at` sets the sliders to them; another's value stays. */
  const picked = (chart, datum) => Object.entries(JSON.parse(chart.dataset.at ?? "{}")).filter(([, field]) => datum && field in datum);

  function reachMarks(chart, live, pointing) {
    if (!chart.dataset.at) return;
    live.addEventListener("click", (event) => {
      const datum = pointing.at(event)?.datum;
      for (const [name, field] of picked(chart, datum)) {
        const input = controls(chart).find((one) => one.name === name);
        input.value = datum[field];
        input.dispatchEvent(new Event("input", { bubbles: true }));
      }
    });
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

  /* A tap on the picture, of which nothing is said before the chart lives: answers it then, wherever the chart has been scrolled to. */
  function keepTap(view) {
    const place = () => view.getBoundingClientRect();
    let tap = null;
    const keep = ({ target, clientX, clientY, pointerType }) => (tap = view.contains(target) && { x: clientX - place().left, y: clientY - place().top, pointerType });
    addEventListener("click", keep);
    return ({ tell }, live) => {
      removeEventListener("click", keep);
      if (!tap) return;
      const event = new PointerEvent("click", { clientX: place().left + tap.x, clientY: place().top + tap.y, pointerType: tap.pointerType });
      tell(event);
      live.dispatchEvent(event); // for a mark that is chosen by it
    };
  }

  async function draw(chart) {
    const answer = keepTap(chart.querySelector(".chart-view"));
    if (!asked.has(chart)) await moved;
    if (!chart.clientWidth) return;
    await Promise.all([load("vendor/vega.js"), load("_static/pointing.js"), load(`charts/${chart.dataset.source}`)]);
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
      tooltip: () => {}, // pointing.js says the values
      config: chartThemes[theme], // before which the chart's own goes
    }).catch((error) => console.error(`chart ${chart.id}: ${error.message}`));
    if (!result) return live.remove();
    const { steepness } = specification.usermeta ?? {};
    await fit({ view: result.view, steepness });
    live.className = "chart-live";
    view.replaceChildren(live);
    chart.view?.finalize();
    Object.assign(chart, { view: result.view, steepness });
    for (const input of controls(chart)) set(chart, input);
    await result.view.runAsync();
    tell(chart);
    await reachLegend(chart, result.view, live, specification);
    live.append(keysFor(chart, "chart-keys"));
    const pointing = chartPointing(live, result.view, specification, (datum) => picked(chart, datum).length > 0, live.lastChild);
    chart.pointing = pointing;
    reachPlot(chart, result.view, live, pointing, specification);
    reachMarks(chart, live, pointing);
    answer(pointing, live);
    chart.dataset.ready = "true";
  }

  /* What lies over a picture and is reached by the keyboard: there the arrow keys go from mark to mark (pointing.js). */
  const keysFor = (picture, className) => {
    const number = picture.closest("figure")?.querySelector(":scope > figcaption .figure-number")?.textContent ?? "";
    return Object.assign(document.createElement("div"), { className: `by-keys ${className}`, tabIndex: 0, role: "application", ariaLabel: `${number}Values by arrow keys` });
  };

  /* A figure whose values were written down says them at the pointer and to the keyboard, once one of them has come to it. */
  function reachFigure(figure) {
    const { values } = figure.querySelector("picture[data-values]").dataset, live = keysFor(figure, "figure-live");
    let came;
    const keep = (event) => {
      if (event.type === "pointerup" || event.pointerType === "mouse") came = event;
    };
    const moves = ["pointermove", "pointerup"], ways = ["pointerover", "focusin"];
    const reach = async ({ type, target }) => {
      if (type === "focusin" && target !== live) return;
      for (const way of ways) figure.removeEventListener(way, reach);
      await Promise.all([load("_static/pointing.js"), load(`charts/${values}`)]);
      for (const move of moves) figure.removeEventListener(move, keep);
      figurePointing(figure, live, figureValues[values], came);
    };
    for (const move of moves) figure.addEventListener(move, keep);
    for (const way of ways) figure.addEventListener(way, reach);
    figure.classList.add("pointable");
    figure.insertBefore(live, figure.querySelector(":scope > figcaption"));
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
    for (const film of document.querySelectorAll(".tag_script .output > [id]:has(input[id])")) {
      films.set(film, film.parentElement);
      film.addEventListener("input", writeAddress);
    }
    readAddress();
    for (const chart of document.querySelectorAll(".chart")) {
      seen.observe(chart);
      const form = chart.querySelector(":scope > form"); // not Vega's, for a selection
      form?.addEventListener(
        "input",
        ({ target, isTrusted }) => {
          if (isTrusted) chart.pointing?.forget(); // the reader is at the slider: not what is pulled or clicked in the plot
          set(chart, target);
        },
        true,
      );
      form?.addEventListener("submit", (event) => event.preventDefault());
    }
    document.addEventListener(
      "input",
      ({ target }) => {
        const chart = target.closest?.(".chart > form")?.parentElement;
        if (!chart) return;
        follow(chart, target);
        writeAddress();
      },
      true,
    );

    new Set([...document.querySelectorAll("picture[data-values]")].map((one) => one.parentElement)).forEach(reachFigure);

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
