// Numbers that say at a glance how much there is, and sentences beside them.

export default function ({ parentElement, data }) {
  stage(parentElement).replaceChildren(
    el("dl", { class: "facts" }, data.facts.map((fact) => el("div", {}, el("dt", {}, fact.name), el("dd", {}, fact.number)))),
    ...data.lines.map((line) => el("p", { class: "quiet" }, line)),
  );
}
