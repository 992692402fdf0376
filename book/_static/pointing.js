/* What a chart's mark stands for, said beside the pointer: the values of the mark under it, or of the nearest one. Loaded with Vega (charts.js).

Values, titles and formats are those of the mark's encodings, of their `tooltip` where there is one, or what the metadata of the cell say (`values`, builder/pages/charts.py). */

(() => {
  const NEAR = 24, BESIDE = 8; // pixels from a point; from the edge of a bar, or from a line right across
  const COLOURS = ["color", "fill", "stroke", "shape"];

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
    if (/^(symbol|line|area|trail)$/.test(marktype) && item.defined !== false) return { rank: away(item.x - x, item.y - y), most: NEAR, box: [item.x, item.y, 0, 0] };
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

  /* The nearest item of which something `can` be said: others give way to it. */
  function find(view, svg, { clientX, clientY, pointerType }, can) {
    const matrix = svg.querySelector("g").getScreenCTM(), { x, y } = new DOMPoint(clientX, clientY).matrixTransform(matrix.inverse());
    let found = null;
    for (const one of drawn(view.scenegraph().root)) {
      if ((one.item.opacity ?? 1) < 0.2) continue; // faded, for another is singled out
      const reached = reach(one.mark, one.item, x - one.x, y - one.y, matrix.a, pointerType === "touch" ? 2 * BESIDE : BESIDE);
      if (!reached || reached.rank > Math.min(reached.most, found?.rank ?? Infinity)) continue;
      const [left, top] = reached.box;
      if (one.mark.clip && reached.most === NEAR && (left < 0 || left > one.width || top < 0 || top > one.height)) continue;
      if (can({ name: one.mark.name ?? "", datum: one.item.datum })) found = { ...one, ...reached };
    }
    if (!found) return null;
    const { box: [left, top, width, height], mark, item } = found, corner = new DOMPoint(found.x + left, found.y + top).matrixTransform(matrix);
    return { name: mark.name ?? "", datum: item.datum, box: [corner.x, corner.y, width * matrix.a, height * matrix.a] };
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

  const hide = (live) => live.querySelectorAll(":scope > :is(.chart-values, .chart-datum)").forEach((one) => (one.hidden = true));

  /* Makes a live chart say its values; `at` finds the mark at a pointer, `again` says anew what the chart shows there now, `forget` closes it. */
  window.chartPointing = (live, view, specification, picks) => {
    const parts = partsOf(specification), svg = live.querySelector("svg"), { values } = specification.usermeta ?? {};
    const [ring, label] = ["chart-datum", "chart-values"].map((className) => Object.assign(document.createElement("div"), { className, hidden: true, ariaHidden: "true" }));
    live.append(ring, label);
    const linesOf = (one) => said(parts, values, view.locale(), one);
    const at = (event) => find(view, svg, event, (one) => picks(one.datum) || linesOf(one).length);

    function say({ x, y, pointerType }) {
      const page = live.getBoundingClientRect(), found = at({ clientX: page.left + x, clientY: page.top + y, pointerType }), lines = found ? linesOf(found) : [];
      const picked = Boolean(found && picks(found.datum));
      live.classList.toggle("picks", picked);
      label.hidden = !lines.length;
      ring.hidden = label.hidden && !picked;
      if (ring.hidden) return;
      const [left, top, width, height] = found.box, round = !width && !height, around = round ? 8 : 3;
      ring.classList.toggle("round", round);
      Object.assign(ring.style, { left: `${left - page.left - around}px`, top: `${top - page.top - around}px`, width: `${width + 2 * around}px`, height: `${height + 2 * around}px` });
      label.replaceChildren(...lines.map(([title, value]) => {
        const row = document.createElement("p");
        row.append(title && `${title} `, Object.assign(document.createElement("strong"), { textContent: value }));
        return row;
      }));
      const { width: wide, height: high } = label.getBoundingClientRect(), off = pointerType === "mouse" ? 14 : 30;
      const across = x + 14 + wide > page.width ? x - 14 - wide : x + 14;
      const above = y - off - high, down = above < 0 || page.top + above < 60 ? y + off : above; // the page's head lies over its top
      label.style.left = `${Math.max(0, Math.min(across, page.width - wide))}px`;
      label.style.top = `${Math.max(0, Math.min(down, page.height - high))}px`;
    }

    let last = null, began = null;
    const placed = ({ clientX, clientY, pointerType }) => {
      const { left, top } = live.getBoundingClientRect();
      return { x: clientX - left, y: clientY - top, pointerType };
    };
    const forget = () => {
      last = null;
      hide(live);
    };
    live.addEventListener("pointermove", (event) => {
      if (event.pointerType !== "mouse") return;
      if (event.buttons) return forget(); // something is pulled
      last = placed(event);
      say(last);
    });
    live.addEventListener("pointerdown", (event) => (began = event));
    live.addEventListener("pointerup", (event) => {
      if (!began || Math.hypot(event.clientX - began.clientX, event.clientY - began.clientY) > 10) return;
      last = placed(event);
      say(last);
    });
    live.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && forget());
    live.addEventListener("pointercancel", forget);
    return { at, parts, again: () => last && !label.hidden && say(last), forget };
  };

  document.addEventListener("keydown", ({ key }) => key === "Escape" && document.querySelectorAll(".chart-live").forEach(hide));
  document.addEventListener("pointerdown", ({ target }) => document.querySelectorAll(".chart-live").forEach((live) => live.contains(target) || hide(live)));
})();
