// The text of one version of a source, with the passage that was asked for.

export default function ({ parentElement, data }) {
  const text = el("div", { class: "text", tabindex: "0", role: "region", "aria-label": data.label },
    el("div", { class: "body" }, data.pieces.map((piece) => piece.marks.length ? el("mark", { class: "rationale" }, piece.text) : piece.text)));
  stage(parentElement).replaceChildren(text);
  const first = text.querySelector("mark");
  if (first) text.scrollTop = Math.max(0, first.offsetTop - text.offsetTop - text.clientHeight / 4);
}
