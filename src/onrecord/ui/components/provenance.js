// How a check was made, as a table.

export default function ({ parentElement, data }) {
  stage(parentElement).replaceChildren(
    el("details", {}, el("summary", {}, "How this was checked: corpus, models, settings, times"),
      el("table", {}, el("tbody", {}, data.rows.map(([name, value]) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, value)))))),
  );
}
