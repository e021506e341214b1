// A table of texts; a cell may lead somewhere. Sends: open(key of the cell).

export default function ({ parentElement, data, setTriggerValue }) {
  const cell = (value, at) => {
    const column = { role: "cell", "data-column": data.columns[at] };
    if (value && typeof value === "object") {
      if (value.label) return el("td", column, badge(value));
      if (value.href) return el("td", column, inner(value.href, value.text, () => setTriggerValue("open", value.key)));
      return el("td", { ...column, class: "number" }, value.text, value.note ? el("span", { class: "quiet" }, ` ${value.note}`) : "");
    }
    // A date or a word or two is not worth a second line.
    return el("td", { ...column, class: value.length <= 22 ? "short" : null }, value);
  };
  stage(parentElement).replaceChildren(
    data.rows.length ? el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": data.caption },
      // The roles are said, because a narrow screen shows rows as blocks, and a browser then forgets that it is a table.
      el("table", { role: "table" }, el("caption", {}, data.caption),
        el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, data.columns.map((name) => el("th", { scope: "col", role: "columnheader" }, name)))),
        el("tbody", { role: "rowgroup" }, data.rows.map((row) => el("tr", { role: "row" }, row.map(cell))))))
      : el("p", { class: "quiet" }, data.nothing || "Nothing here."),
  );
}
