// The stages of a check on its way.

export default function ({ parentElement, data }) {
  stage(parentElement).replaceChildren(
    el("ol", { class: "stages" }, data.stages.map((step) =>
      el("li", { class: step.state, "aria-current": step.state === "now" ? "step" : null }, step.words))),
  );
}
