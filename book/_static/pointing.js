/* What a mark of a chart or a figure stands for, said beside the pointer: the values of the mark under it, or of the nearest one; the arrow keys go from mark to mark. Loaded with Vega, or when a pointer or the keyboard comes to a figure (charts.js).

Of a chart, values, titles and formats are those of the mark's encodings, of their `tooltip` where there is one, or what the metadata of the cell say (`values`, builder/pages/charts.py). Of a figure they are what
was written down when it was drawn (builder/execute/kernel/figures.py). */

(() => {
  const NEAR = 24, BESIDE = 8, MARKED = 6; // pixels from a point; from the edge of a bar, or from a line right across; so much nearer is a point that has a marker than one of a line below it
  const FINE = 2000; // places along a figure's axis
  const COLOURS = ["color", "fill", "stroke", "shape"];
  const ALONG = { ArrowRight: 1, ArrowLeft: -1, PageDown: 10, PageUp: -10, End: Infinity, Home: -Infinity };
  const ACROSS = { ArrowDown: 1, ArrowUp: -1 };

  /* Each layer of a specification, by the name that Vega-Lite gives it: `concat_0_layer_1`. Those of one plot share what one of them says of an axis. */
  function partsOf(specification) {
    const parts = new Map();
    const walk = (part, given, above, axes) => {
      const name = part.name ?? given, encoding = { ...above.encoding, ...part.encoding }, data = part.data ?? above.data;
      if (part.mark) {
        for (const axis of ["x", "y"]) if (encoding[axis]) axes[axis] = { ...encoding[axis], ...axes[axis] };
        parts.set(name, { encoding, axes, data });
      }
      for (const [key, called] of Object.entries({ layer: "layer", concat: "concat", hconcat: "concat", vconcat: "concat" })) {
        part[key]?.forEach((one, i) => walk(one, `${name && `${name}_`}${called}_${i}`, { encoding, data }, key === "layer" ? axes : {}));
      }
    };
    walk(specification, "", {}, {});
    return parts;
  }

  /* The drawn items, each with its mark and the corner of its plot. */
  function* drawn(mark, left = 0, top = 0, plot = {}) {
    for (const group of mark.items) {
      const [x, y] = [left + (group.x ?? 0), top + (group.y ?? 0)], { width = plot.width, height = plot.height } = group;
      for (const inner of group.items ?? []) {
        if (inner.marktype === "group" && /^(frame|scope)$/.test(inner.role)) yield* drawn(inner, x, y, { width, height });
        else if (inner.role === "mark") for (const item of inner.items) yield { mark: inner, item, x, y, width, height };
      }
    }
  }

  /* How far the pointer (at x, y of the plot) is from an item, and the item's place; a point goes before a line right across, and that before a bar. */
  function reach({ marktype }, item, x, y, scale, beside) {
    const away = (dx, dy) => Math.hypot(dx, dy) * scale;
    if (/^(symbol|line|area|trail)$/.test(marktype) && item.defined !== false) {
      const marked = marktype === "symbol" ? MARKED : 0;
      return { rank: away(item.x - x, item.y - y) - marked, most: NEAR - marked, box: [item.x, item.y, 0, 0] };
    }
    if (marktype === "rule") {
      const { x: left, y: top, x2 = left, y2 = top, strokeWidth = 1 } = item, length = Math.hypot(x2 - left, y2 - top);
      const along = length && Math.min(1, Math.max(0, ((x - left) * (x2 - left) + (y - top) * (y2 - top)) / length ** 2));
      const from = away(left + along * (x2 - left) - x, top + along * (y2 - top) - y);
      return { rank: 6 + Math.max(0, from - (scale * strokeWidth) / 2), most: 6 + beside, box: [Math.min(left, x2), Math.min(top, y2), Math.abs(x2 - left), Math.abs(y2 - top)] };
    }
    if (marktype !== "rect") return null;
    const { width, height } = item;
    return { rank: 10 + away(Math.max(item.x - x, 0, x - item.x - width), Math.max(item.y - y, 0, y - item.y - height)), most: 10 + beside, box: [item.x, item.y, width, height] };
  }

  const placeOf = (svg) => svg.querySelector("g").getScreenCTM();

  /* Each item that is seen, and how far a pointer is from it. */
  function* reached(view, matrix, { clientX, clientY, pointerType }) {
    const { x, y } = new DOMPoint(clientX, clientY).matrixTransform(matrix.inverse());
    for (const one of drawn(view.scenegraph().root)) {
      if ((one.item.opacity ?? 1) < 0.2) continue; // faded, for another is singled out
      const away = reach(one.mark, one.item, x - one.x, y - one.y, matrix.a, pointerType === "touch" ? 2 * BESIDE : BESIDE), [left, top] = away?.box ?? [];
      if (!away || (one.mark.clip && !/^(rect|rule)$/.test(one.mark.marktype) && (left < 0 || left > one.width || top < 0 || top > one.height))) continue;
      yield { ...one, ...away };
    }
  }

  function inWindow(matrix, { box: [left, top, width, height], mark, item, x, y }) {
    const corner = new DOMPoint(x + left, y + top).matrixTransform(matrix);
    return { name: mark.name ?? "", datum: item.datum, box: [corner.x, corner.y, width * matrix.a, height * matrix.a] };
  }

  /* The nearest item of which something `can` be said: others give way to it. */
  function find(view, svg, event, can) {
    const matrix = placeOf(svg);
    let found = null;
    for (const one of reached(view, matrix, event)) {
      if (one.rank <= Math.min(one.most, found?.rank ?? Infinity) && can({ name: one.mark.name ?? "", datum: one.item.datum })) found = one;
    }
    return found && inWindow(matrix, found);
  }

  /* The items of each mark, which are a series. */
  function seriesOf(view, svg) {
    const matrix = placeOf(svg);
    return [...Map.groupBy(reached(view, matrix, { clientX: 0, clientY: 0 }), ({ mark }) => mark).values()].map((marks) => marks.map((one) => inWindow(matrix, one)));
  }

  /* Lines of a title, which may be missing, and a value. */
  function said(parts, values, locale, { name, datum }) {
    const called = [...parts.keys()].filter((one) => name.startsWith(one)).sort((a, b) => b.length - a.length)[0];
    const { encoding, axes } = parts.get(called) ?? {};
    if (!encoding) return [];
    const known = (channel) => encoding[channel] && { ...axes[channel], ...encoding[channel] };
    const number = (value, format) => {
      if (format && (Number.isInteger(value) || !format.endsWith("d"))) return locale.format(format)(value);
      return locale.format(Number.isInteger(value) ? "," : Math.abs(value) < 1e-6 ? ".2~e" : ",.3~r")(value);
    };
    const shown = (value, { type, axis, format = axis?.format }) => {
      if (type === "temporal") return locale.timeFormat(format ?? "%-d %b %Y")(new Date(value));
      return typeof value === "number" && !/nominal|ordinal/.test(type) ? number(value, format) : String(value);
    };
    const titleOf = ({ title, axis, legend, type, field }) => {
      const given = [title, axis?.title, legend?.title].find((one) => one !== undefined);
      return given === undefined ? (type === "nominal" ? "" : field) : [given ?? ""].flat().join(" ");
    };
    const line = (one, end) => {
      if (one.name) return ["", one.name];
      if (one.span) {
        const across = (axis) => Math.abs(datum[encoding[`${axis}2`].field] - datum[encoding[axis].field]);
        return [one.title, number(Number([one.span].flat().reduce((all, axis) => all * across(axis), 1).toPrecision(12)))];
      }
      const value = datum[one.field], to = end && datum[end.field];
      if (value === undefined || value === null || Number.isNaN(value)) return null;
      return [titleOf(one), shown(value, one) + (to === undefined || to === value ? "" : ` to ${shown(to, one)}`)];
    };
    const told = values?.[called] ?? encoding.tooltip;
    if (told) {
      return [told].flat().map((one) => {
        const own = typeof one === "string" ? { field: one } : one, channel = Object.keys(encoding).find((key) => key !== "tooltip" && own.field && encoding[key].field === own.field);
        return line({ ...(channel && known(channel)), ...own });
      }).filter(Boolean);
    }
    const read = ({ axis, type }) => axis?.labels !== false && (axis !== null || type === "nominal"); // where its axis has numbers or names
    const channels = [...COLOURS, "x", "y", "size"].filter((channel) => encoding[channel]?.field && (!axes[channel] || read(known(channel))));
    const lines = new Map(channels.map((channel) => [encoding[channel].field, line(known(channel), encoding[`${channel}2`])]));
    return [...lines.values()].filter(Boolean).sort(([one], [other]) => Boolean(one) - Boolean(other)); // names first
  }

  function hide(live) {
    live.querySelectorAll(":scope > :is(.chart-values, .chart-datum)").forEach((one) => (one.hidden = true));
    live.querySelector(":scope > .chart-heard")?.replaceChildren();
  }

  const middle = ([left, top, width, height]) => [left + width / 2, top + height / 2];

  /* From the mark at `place` of a series, by a key, along it or to the mark of another that is nearest across. */
  function step(series, [row, place], key) {
    const mark = series[row]?.[place], from = mark && middle(mark.box)[0], next = mark && ACROSS[key] ? (row + ACROSS[key] + series.length) % series.length : Math.min(row, series.length - 1);
    const away = ({ box }) => Math.abs(middle(box)[0] - from);
    const to = next === row ? place + (ALONG[key] ?? 0) : series[next].reduce((best, one, i, all) => (away(one) < away(all[best]) ? i : best), 0);
    return [next, Math.max(0, Math.min(to, series[next].length - 1))];
  }

  /* Says in `live`, which lies over the picture of the size and place of `page()`, what is found at a pointer that `hand` feels, or where `keys` go among the `series`: `box` of a mark in the window, and `lines` on it; where there is room, not over the picture's `words`. */
  function telling(live, find, words, series, keys, hand = live, page = () => live.getBoundingClientRect()) {
    const [ring, label] = ["chart-datum", "chart-values"].map((className) => Object.assign(document.createElement("div"), { className, hidden: true, ariaHidden: "true" }));
    const heard = Object.assign(document.createElement("p"), { className: "chart-heard", role: "status" });
    live.append(ring, label, heard);

    function say({ x, y, pointerType }, found) {
      const { left, top, width, height } = page(), { box, lines = [], picked = false } = found ?? find({ clientX: left + x, clientY: top + y, pointerType }) ?? {};
      live.classList.toggle("picks", picked);
      label.hidden = !lines.length;
      ring.hidden = label.hidden && !picked;
      if (ring.hidden) return;
      const [from, over, across, down] = box, round = !across && !down, around = round ? 8 : 3;
      ring.classList.toggle("round", round);
      Object.assign(ring.style, { left: `${from - left - around}px`, top: `${over - top - around}px`, width: `${across + 2 * around}px`, height: `${down + 2 * around}px` });
      label.replaceChildren(...lines.map(([title, value]) => {
        const row = document.createElement("p");
        row.append(title && `${title} `, Object.assign(document.createElement("strong"), { textContent: value }));
        return row;
      }));
      const { width: wide, height: high } = label.getBoundingClientRect(), off = pointerType === "mouse" ? 14 : 30;
      let least = Infinity;
      for (const up of [y - off - high, y + off, y - high, y, y - high / 2]) { // above, below, or beside
        for (const across of [x + 14, x - 14 - wide]) {
          const [to, at] = [Math.max(0, Math.min(across, width - wide)), Math.max(0, Math.min(up, height - high))];
          const covered = words().reduce((all, one) => {
            const shared = (from, till, start, end) => Math.max(0, Math.min(till, end) - Math.max(from, start));
            return all + shared(one.left, one.right, left + to, left + to + wide) * shared(one.top, one.bottom, top + at, top + at + high);
          }, 0);
          const cost = covered + 1e6 * ((to !== across) + 2 * (at !== up || top + at < 60)); // the page's head lies over its top
          if (cost >= least) continue;
          least = cost;
          Object.assign(label.style, { left: `${to}px`, top: `${at}px` });
        }
      }
    }

    let last = null, began = null, walked = [0, -1];
    const placed = ({ clientX, clientY, pointerType }) => {
      const { left, top } = page();
      return { x: clientX - left, y: clientY - top, pointerType };
    };
    const forget = () => {
      last = null;
      hide(live);
    };
    const at = (event) => say((last = placed(event)));
    hand.addEventListener("pointermove", (event) => {
      if (event.pointerType === "mouse") event.buttons ? forget() : at(event); // something is pulled
    });
    hand.addEventListener("pointerdown", (event) => (began = event));
    hand.addEventListener("pointerup", (event) => began && Math.hypot(event.clientX - began.clientX, event.clientY - began.clientY) <= 10 && at(event));
    hand.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && forget());
    hand.addEventListener("pointercancel", forget);
    keys.addEventListener("keydown", (event) => {
      const { key, altKey, ctrlKey, metaKey } = event;
      if (!(key in ALONG || key in ACROSS) || altKey || ctrlKey || metaKey) return;
      event.preventDefault();
      const all = series().map((marks) => (middle(marks[0].box)[0] > middle(marks.at(-1).box)[0] ? marks.reverse() : marks)); // right is to the right
      if (!all.length) return;
      const found = all[(walked = step(all, walked, key))[0]][walked[1]], [clientX, clientY] = middle(found.box);
      say((last = placed({ clientX, clientY, pointerType: "mouse" })), found);
      heard.textContent = found.lines.map((line) => line.join(" ").trim()).join(", ");
      label.scrollIntoView({ block: "nearest", behavior: "instant" });
    });
    keys.addEventListener("blur", forget);
    return { at, again: () => last && !label.hidden && say(last), forget };
  }

  /* Makes a live chart say its values, to the keyboard at `keys`; `at` finds the mark at a pointer, `tell` says its values, `again` says anew what the chart shows there now, `forget` closes it. */
  window.chartPointing = (live, view, specification, picks, keys) => {
    const parts = partsOf(specification), svg = live.querySelector("svg"), { values } = specification.usermeta ?? {};
    const linesOf = (one) => said(parts, values, view.locale(), one);
    const at = (event) => find(view, svg, event, (one) => picks(one.datum) || linesOf(one).length);
    const told = (event) => {
      const found = at(event);
      return found && { ...found, lines: linesOf(found), picked: Boolean(picks(found.datum)) };
    };
    const words = () => [...svg.querySelectorAll(".mark-text.role-mark text")].map((one) => one.getBoundingClientRect());
    const series = () => seriesOf(view, svg).map((marks) => marks.map((one) => ({ ...one, lines: linesOf(one) })).filter(({ lines }) => lines.length)).filter((marks) => marks.length);
    const { at: tell, ...rest } = telling(live, told, words, series, keys);
    return { ...rest, tell, at, parts };
  };

  /* The marks of a figure, shown in a box of the window, by series: the box of each, and what was written down of it. */
  const marksOf = (plots, form, page) => plots.flatMap(({ axes, boxes: { [form]: [x0, y0, x1, y1] }, sets }) => {
    const place = (x, y) => [page.left + page.width * (x0 + ((x1 - x0) * x) / FINE), page.top + page.height * (y0 + ((y1 - y0) * y) / FINE)];
    const boxOf = (one, other) => [Math.min(one[0], other[0]), Math.min(one[1], other[1]), Math.abs(one[0] - other[0]), Math.abs(one[1] - other[1])];
    return sets.map(({ name, x, y, to: [toX, toY], said: told, marked, along, ends }) => x.map((_, i) => {
      const lines = [name, [axes[0], told[0][i]], [axes[1], told[1][i]]].filter(([, value]) => value);
      const box = boxOf(place(x[i], y[i]), place(toX?.[i] ?? x[i], toY?.[i] ?? y[i])), interval = ends && boxOf(...ends.map((all) => (along ? place(x[i], all[i]) : place(all[i], y[i]))));
      return { bar: Boolean(toX), marked, interval, box, lines: lines.sort(([a], [b]) => Boolean(a) - Boolean(b)) };
    }));
  });

  function nearest(marks, { clientX, clientY, pointerType }) {
    const beside = pointerType === "touch" ? 2 * BESIDE : BESIDE;
    let found = null;
    const from = ([left, top, width, height]) => Math.hypot(Math.max(left - clientX, 0, clientX - left - width), Math.max(top - clientY, 0, clientY - top - height));
    for (const mark of marks.flat()) {
      const away = from(mark.box);
      let [rank, most] = mark.bar ? [10 + away, 10 + beside] : mark.marked ? [away - MARKED, NEAR - MARKED] : [away, NEAR]; // a point goes before a bar
      if (rank > most && mark.interval) [rank, most] = [6 + from(mark.interval), 6 + beside]; // is as a line right across
      if (rank <= most && rank < (found?.rank ?? Infinity)) found = { ...mark, rank };
    }
    return found;
  }

  /* Makes a figure say its values in `live`, in whichever of its forms it is seen; the pointer that came to it first may have gone on to a place. */
  window.figurePointing = (figure, live, plots, came) => {
    const seen = () => [...figure.querySelectorAll("img")].find((one) => one.offsetWidth);
    const page = () => {
      const box = seen()?.getBoundingClientRect() ?? new DOMRect(); // a film may play in its place
      Object.assign(live.style, { inset: "0 auto auto 0", width: `${box.width}px`, height: `${box.height}px`, translate: "" });
      const { left, top } = live.getBoundingClientRect();
      live.style.translate = `${box.left - left}px ${box.top - top}px`;
      return box;
    };
    const form = () => /-(phone|wide)\.svg/.exec(seen().currentSrc)?.[1] ?? "page";
    const words = () => {
      const { left, top, width, height } = page();
      return plots.flatMap(({ boxes: { [form()]: [x0, y0, x1, y1] }, words: { [form()]: all } }) => all.map(([fromX, fromY, toX, toY]) => {
        const across = (x) => left + width * (x0 + ((x1 - x0) * x) / FINE), down = (y) => top + height * (y0 + ((y1 - y0) * y) / FINE);
        const [[start, end], [high, low]] = [[across(fromX), across(toX)], [down(fromY), down(toY)]].map((both) => both.sort((a, b) => a - b));
        return { left: start, right: end, top: high, bottom: low };
      }));
    };
    const marks = () => (seen() ? marksOf(plots, form(), page()) : []);
    const { at } = telling(live, (event) => nearest(marks(), event), words, () => marks().filter((set) => set.length), live, figure, page);
    page();
    live.addEventListener("focus", page);
    if (came) at(came);
    addEventListener("resize", () => hide(live));
  };

  const everywhere = () => document.querySelectorAll(".chart-live, .figure-live");
  document.addEventListener("keydown", ({ key }) => key === "Escape" && everywhere().forEach(hide));
  document.addEventListener("pointerdown", ({ target }) => everywhere().forEach((live) => (live.matches(".figure-live") ? live.parentElement : live).contains(target) || hide(live)));
})();
