// The list of kept checks. Sends: open(check id), compare({before, after}).

export default function ({ parentElement, data, setTriggerValue }) {
  const place = stage(parentElement);
  place.replaceChildren(el("ol", { class: "list" }, data.rows.map((row) => el("li", {},
    inner(`${data.base}?check=${encodeURIComponent(row.id)}`, row.title, () => setTriggerValue("open", row.id), { class: "title" }),
    el("p", { class: "quiet" }, `${row.created} · ${row.claims} · ${row.decided}`, row.complete ? "" : " · not complete",
      row.before ? [" · ", inner(`history?before=${row.before}&after=${row.id}`, "what changed since the check before", () =>
        setTriggerValue("compare", { before: row.before, after: row.id }))] : ""),
    el("p", { class: "counts" }, row.counts.map((entry) => el("span", { class: `badge v-${entry.label}` }, icon(entry.icon), el("span", {}, `${entry.count} ${entry.word.toLowerCase()}`)))),
  ))));
}
