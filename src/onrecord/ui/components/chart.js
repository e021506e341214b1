// Figures drawn: `rows` on one axis from 0 to 1 with their intervals, or `points` over time. The numbers stand beside the marks.

export default function ({ parentElement, data }) {
  stage(parentElement).replaceChildren(el("figure", {},
    data.rows ? [el("figcaption", {}, data.label), ranges(data)] : [course(data), el("figcaption", { class: "quiet" }, data.label)]));
}

function svg(tag, attributes, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

function ranges(data) {
  let group = null;
  return el("div", {}, el("p", { class: "keys quiet" }, data.keys.map(([kind, words]) => el("span", {}, el("i", { class: `key ${kind}`, "aria-hidden": "true" }), words))),
    el("ul", { class: "ranges" }, data.rows.map((row) => {
      const at = (value) => 2 + 96 * value;
      const drawn = svg("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
        svg("line", { x1: 2, x2: 98, y1: 5, y2: 5, class: "axis" }));
      for (const tick of [0, 0.25, 0.5, 0.75, 1]) drawn.append(svg("line", { x1: at(tick), x2: at(tick), y1: 0, y2: 10, class: "axis" }));
      if (row.bounds.length) drawn.append(svg("rect", { x: at(row.bounds[0]), width: Math.max(0.4, at(row.bounds[1]) - at(row.bounds[0])), y: 2.5, height: 5, class: "interval" }));
      if (row.baseline !== null) drawn.append(svg("rect", { x: at(row.baseline) - 0.2, width: 0.4, y: 0, height: 10, class: "baseline" }));
      drawn.append(svg("rect", { x: at(row.value) - 0.35, width: 0.7, y: 0.5, height: 9, class: "value" }));
      const told = `${row.text}${row.baseline === null ? "" : `, guessing ${row.baseline.toFixed(2)}`}`;
      const line = el("li", {}, el("span", { class: "name" }, row.name), drawn,
        el("span", { class: "text" }, el("strong", {}, row.text), row.figure ? el("span", { class: "quiet" }, ` ${row.figure}`) : "", el("span", { class: "visually-hidden" }, told)));
      const head = row.group === group ? "" : el("li", { class: "group" }, el("strong", {}, row.group), row.question ? el("span", { class: "quiet" }, `: ${row.question}`) : "");
      group = row.group;
      return [head, line];
    })));
}

function course(data) {
  const { points } = data;
  if (!points.length) return el("p", { class: "quiet" }, "Never measured.");
  const values = points.map((point) => point.value);
  const low = Math.min(...values), high = Math.max(...values), room = (high - low) * 0.2 || Math.abs(high) * 0.1 || 1;
  const x = (at) => points.length === 1 ? 300 : 20 + 560 * at / (points.length - 1);
  const y = (value) => 140 - 120 * (value - low + room) / (high - low + 2 * room);
  const drawn = svg("svg", { viewBox: "0 0 600 160", class: "course", role: "img", "aria-label": points.map((point) => point.text).join("; ") },
    svg("line", { x1: 20, x2: 580, y1: 150, y2: 150, class: "axis" }),
    svg("polyline", { points: points.map((point, at) => `${x(at)},${y(point.value)}`).join(" "), class: "line" }));
  points.forEach((point, at) => {
    const dot = svg("circle", { cx: x(at), cy: y(point.value), r: 4, class: "dot" });
    const told = svg("title", {});
    told.textContent = point.text;
    dot.append(told);
    drawn.append(dot);
  });
  return el("div", {}, drawn, el("p", { class: "ends quiet" }, el("span", {}, points[0].text), points.length > 1 ? el("span", {}, points[points.length - 1].text) : ""));
}
