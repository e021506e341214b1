// The list of kept checks. Sends: open(check id).

export default function ({ parentElement, data, setTriggerValue }) {
  const place = stage(parentElement);
  place.replaceChildren(el("ol", { class: "list" }, data.rows.map((row) => el("li", {},
    el("a", {
      class: "title", href: `${data.base}?check=${encodeURIComponent(row.id)}`,
      // A plain click stays in this session; any other (a new tab, a copied address) is the browser's.
      on: { click: (event) => {
        if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        setTriggerValue("open", row.id);
      } },
    }, row.title),
    el("p", { class: "quiet" }, `${row.created} · ${row.claims}`, row.complete ? "" : " · not complete"),
    el("p", { class: "counts" }, row.counts.map((entry) => el("span", { class: `badge v-${entry.label}` }, icon(entry.icon), el("span", {}, `${entry.count} ${entry.word.toLowerCase()}`)))),
  ))));
}
