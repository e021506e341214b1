// A passage inside its source. Sends: source(true) for the page of the source.

export default function ({ parentElement, data, setTriggerValue }) {
  const place = stage(parentElement);
  const text = el("div", { class: "text", tabindex: "0", role: "region", "aria-label": "Text of the source" },
    data.cut_before ? el("p", { class: "cut quiet" }, "… the source begins earlier") : el("p", { class: "cut quiet" }, "Beginning of the source"),
    el("div", { class: "body" }, data.pieces.map((piece) => {
      if (!piece.marks.includes("passage")) return piece.text;
      const decides = piece.marks.find((name) => name !== "passage");
      return el("span", { class: "passage" }, decides ? el("mark", { class: decides }, piece.text) : piece.text);
    })),
    data.cut_after ? el("p", { class: "cut quiet" }, "the source goes on …") : el("p", { class: "cut quiet" }, "End of the source"),
  );
  place.replaceChildren(
    el("h2", {}, data.title),
    el("p", { class: "meta" }, dotted([
      data.publisher,
      data.where,
      data.date + (data.later ? ", later than the article" : ""),
      `${data.kind}, ${data.primary_word}`,
      data.speakers.length ? `speakers: ${data.speakers.join(", ")}` : "",
      outward(data.address, "address of the source"),
    ])),
    el("p", { class: "legend quiet" }, data.whole || [el("mark", { class: "rationale" }, "Highlighted"), ": the sentence that decides."],
      " ", el("strong", { class: "passage" }, "Stronger"), ": the passage that was judged."),
    text,
    el("p", { class: "quiet version" }, data.version, el("span", { class: "hash" }, ` · sha256 ${data.sha256.slice(0, 16)}…`),
      data.origin ? ` · ${data.origin}` : ""),
    el("p", {}, inner(data.record, "The whole source in the record, with all its versions", () => setTriggerValue("source", true))),
  );
  const first = text.querySelector("mark") || text.querySelector(".passage");
  if (first) text.scrollTop = Math.max(0, first.offsetTop - text.offsetTop - text.clientHeight / 3);
}
