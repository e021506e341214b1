// What the marks in a checked article mean.

export default function ({ parentElement, data }) {
  stage(parentElement).replaceChildren(
    el("h2", {}, "How a checked article reads"),
    el("dl", {}, data.rows.map((row) => el("div", { class: `v-${row.label}` },
      el("dt", {}, badge(row)), el("dd", {}, el("span", { class: "sample" }, row.meaning))))),
    el("p", { class: "quiet" }, "What somebody is reported to have said is asked twice: was it said, and is it so? No person and no article gets a score."),
  );
}
