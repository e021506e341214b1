// Sentences under a title, numbered or not.

export default function ({ parentElement, data }) {
  stage(parentElement).replaceChildren(
    el("h2", {}, data.title),
    el(data.numbered ? "ol" : "ul", {}, data.lines.map((line) => el("li", {}, line))));
}
