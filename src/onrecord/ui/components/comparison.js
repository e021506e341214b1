// Two checks of one article, claim by claim. Sends: open({check, claim}).

export default function ({ parentElement, data, setTriggerValue }) {
  const tags = (some, nothing) => some.length ? some.map((tag) => badge(tag)) : [el("span", { class: "quiet" }, nothing)];
  const row = (one) => el("li", {},
    el("p", { class: "claim" }, inner(`./?check=${encodeURIComponent(one.check)}&claim=${encodeURIComponent(one.claim)}`, one.text,
      () => setTriggerValue("open", { check: one.check, claim: one.claim }))),
    el("p", { class: "verdicts" }, el("span", { class: "label" }, "Before"), tags(one.before, "not there"),
      el("span", { class: "label now" }, "→ Now"), tags(one.after, "not there")),
    one.reasons.length ? el("ul", { class: "reasons" }, one.reasons.map((reason) => el("li", {}, reason))) : "");
  stage(parentElement).replaceChildren(
    el("section", { class: "circumstances" }, el("h2", {}, "What was different"), el("ul", {}, data.circumstances.map((line) => el("li", {}, line)))),
    ...data.groups.map((group) => group.open
      ? el("section", {}, el("h2", {}, group.title), el("ol", { class: "list" }, group.rows.map(row)))
      : el("details", {}, el("summary", {}, `${group.title} (${group.rows.length})`), el("ol", { class: "list" }, group.rows.map(row)))),
  );
}
