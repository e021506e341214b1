// Passages found in the record. Sends: open({source, version, at}).

export default function ({ parentElement, data, setTriggerValue }) {
  stage(parentElement).replaceChildren(el("ol", { class: "list" }, data.rows.map((row) => el("li", {},
    el("p", { class: "title" }, inner(row.href, row.title, () => setTriggerValue("open", row.key))),
    el("p", { class: "passage" }, row.pieces.map((piece) => piece.marks.length ? el("mark", { class: "rationale" }, piece.text) : piece.text)),
    el("p", { class: "meta" }, dotted([row.publisher, ...row.meta, row.date, `${row.kind}, ${row.primary_word}`, `found ${row.by}`])),
  ))));
}
