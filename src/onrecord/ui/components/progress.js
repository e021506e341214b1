// The stages of a check on its way, and the verdicts so far.

export default function ({ parentElement, data }) {
  stage(parentElement).replaceChildren(
    el("ol", { class: "stages" }, data.stages.map((step) =>
      el("li", { class: step.state, "aria-current": step.state === "now" ? "step" : null }, step.words))),
    data.counts.length ? el("p", { class: "counts" }, data.counts.map((entry) => el("span", { class: `badge v-${entry.label}` }, icon(entry.icon), el("span", {}, `${entry.count} ${entry.word.toLowerCase()}`)))) : "",
  );
}
