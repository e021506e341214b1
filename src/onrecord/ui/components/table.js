// A table of texts; a cell may lead somewhere. Sends: open(key of the cell).

export default function ({ parentElement, data, setTriggerValue }) {
  const cell = (value, at) => {
    if (value && typeof value === "object") {
      if (value.label) return el("td", {}, badge(value));
      if (value.href) return el("td", {}, inner(value.href, value.text, () => setTriggerValue("open", value.key)));
      return el("td", { class: "number" }, value.text, value.note ? el("span", { class: "quiet" }, ` ${value.note}`) : "");
    }
    return el("td", { "data-column": data.columns[at] }, value);
  };
  stage(parentElement).replaceChildren(
    data.rows.length ? el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": data.caption },
      el("table", {}, el("caption", {}, data.caption),
        el("thead", {}, el("tr", {}, data.columns.map((name) => el("th", { scope: "col" }, name)))),
        el("tbody", {}, data.rows.map((row) => el("tr", {}, row.map(cell))))))
      : el("p", { class: "quiet" }, data.nothing || "Nothing here."),
  );
}
