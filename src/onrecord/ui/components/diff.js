// What changed from one text to another, sentence by sentence; the signs are text, so that it reads without colour.

export default function ({ parentElement, data }) {
  const signs = { insert: "+", delete: "−", equal: "" };
  stage(parentElement).replaceChildren(data.lines.length ? el("div", { class: "lines" }, data.lines.map((line) =>
    el(line.kind === "insert" ? "ins" : line.kind === "delete" ? "del" : "p", { class: line.kind },
      el("span", { class: "sign", "aria-label": line.kind === "insert" ? "new: " : line.kind === "delete" ? "gone: " : null }, signs[line.kind]), line.text)))
    : el("p", { class: "quiet" }, "The two texts are the same."));
}
