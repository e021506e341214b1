// How something came about, as a table.

export default function ({ parentElement, data }) {
  stage(parentElement).replaceChildren(
    el("details", { open: data.open }, el("summary", {}, data.label),
      el("table", {}, el("tbody", {}, data.rows.map(([name, value]) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, value)))))),
  );
}
