// The chosen claim: wording, speaker, verdict with reasons, evidence on both sides. Sends: open({claim, evidence}).

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement;
  const state = kept(root, () => ({ check: null, chosen: null, shown: null }));
  state.root = root;
  state.claims = data.claims;
  state.choose = (id) => choice(data.check, id);
  state.open = (evidence) => setTriggerValue("open", { claim: state.shown, evidence });
  if (state.check !== data.check) {
    Object.assign(state, { check: data.check, chosen: data.chosen, shown: null });
    state.forget?.();
    state.forget = onChoice(data.check, (id) => { state.chosen = id; show(state); });
  }
  show(state);
  return () => state.forget?.();
}

function show(state) {
  if (state.shown === state.chosen) return;
  const place = stage(state.root);
  const data = state.claims[state.chosen];
  if (!data) {
    // Far away in a very long article: the server sends that part once it hears of the choice.
    place.setAttribute("aria-busy", "true");
    place.replaceChildren(el("p", { class: "quiet" }, "Fetching this claim …"));
    state.shown = null;
    return;
  }
  place.removeAttribute("aria-busy");
  const first = state.shown === null;
  state.shown = state.chosen;
  const focused = state.root.activeElement?.dataset?.go;
  place.replaceChildren(header(data, state), words(data), verdictBox(data), quotations(data), sides(data, state), related(data, state));
  if (focused) (place.querySelector(`[data-go="${focused}"]:not(:disabled)`) || place.querySelector("[data-go]:not(:disabled)"))?.focus();
  if (!first) document.querySelector(".st-key-claim_pane")?.scrollTo({ top: 0 });
}

function header(data, state) {
  const go = (name, id, text) => el("button", {
    type: "button", class: "plain-button", "data-go": name, disabled: !id, "aria-label": `${text} claim`,
    on: { click: () => state.choose(id) },
  }, text);
  return el("div", { class: "top" },
    el("button", { type: "button", class: "plain-button back", on: { click: () => goBack(state.check, data.id) } }, "Back to the article"),
    el("p", { class: "quiet place", role: "status" }, `Claim ${data.number} of ${data.total}`),
    el("div", { class: "steps" },
      go("previous", data.previous, "Previous"), go("next", data.next, "Next")),
  );
}

function words(data) {
  const rows = [el("blockquote", { class: "original" }, data.original.map((piece) =>
    piece.mark ? el("span", { class: "quotation" }, piece.text) : piece.text))];
  const facts = el("dl", { class: "facts" });
  const fact = (name, ...value) => facts.append(el("div", {}, el("dt", {}, name), el("dd", {}, ...value)));
  if (data.standalone) fact("Read as", data.standalone);
  if (data.speaker) {
    fact("Said by", el("strong", {}, data.speaker.name), data.speaker.note ? el("span", { class: "quiet" }, ` (${data.speaker.note})`) : "");
    fact("What is asserted", data.speaker.proposition);
  } else {
    fact("Said by", "the article itself");
  }
  for (const part of data.unresolved) fact("Unclear", `“${part.text}”: ${part.reason}`);
  rows.push(facts);
  return el("section", { "aria-label": "Claim" }, rows);
}

// One tile for each question: that something was said and that it is so are never one answer.
function verdictBox(data) {
  return el("section", { class: "verdict", "aria-label": "Verdict" },
    el("div", { class: "tiles" }, data.answers.map((row) => el("div", { class: `tile v-${row.label}` },
      row.question ? el("p", { class: "question" }, row.question) : "",
      el("p", { class: "single" }, badge(row, "large"), el("span", { class: "answer" }, row.answer)),
    ))),
    data.reasons.length === 1 ? el("p", { class: "reasons" }, data.reasons[0])
      : el("ul", { class: "reasons" }, data.reasons.map((reason) => el("li", {}, reason))),
    el("p", { class: "quiet by" }, "Worked out by the software. The decision is yours."),
  );
}

// What became of each quotation; the signs of the diff are text, so that it reads without colour.
function quotations(data) {
  if (!data.quotations.length) return "";
  return el("section", { class: "quotations", "aria-label": "Quotations" }, data.quotations.map((check) => el("div", { class: "finding" },
    el("p", {}, `“${check.text}”: `, el("strong", {}, check.head)),
    el("p", {}, check.message, check.steps.map((step) => [" ", el(step.kind === "insert" ? "ins" : step.kind === "delete" ? "del" : "span", {}, step.text)]).flat()),
    check.places.map((place) => el("p", { class: "quiet" }, place)),
  )));
}

function sides(data, state) {
  if (data.verdict.label === "NOT_CHECKED" && !data.supports.length && !data.refutes.length) {
    return el("p", { class: "notice" }, "No evidence is shown, because this claim was not checked. Check the article again to try once more.");
  }
  const only = data.supports.length ? (data.refutes.length ? "" : "only-supports") : (data.refutes.length ? "only-refutes" : "");
  return el("div", { class: `sides ${only}` },
    column("supports", "Supports", "check", data.supports, data, state, "Nothing found that supports it."),
    column("refutes", "Conflicts", "cross", data.refutes, data, state, "Nothing found that conflicts with it."),
  );
}

function column(name, title, drawing, cards, data, state, nothing) {
  const list = [];
  if (data.reported) {
    for (const question of ["said", "true"]) {
      const group = cards.filter((card) => card.question === question);
      if (group.length) list.push(el("h4", {}, group[0].question_word), ...more(group, state));
    }
  } else list.push(...more(cards, state));
  return el("section", { class: `side ${name} ${name === "supports" ? "v-SUPPORTED" : "v-REFUTED"}`, "aria-label": title },
    el("h3", {}, icon(drawing), title, el("span", { class: "tally" }, cards.length)),
    cards.length ? list : el("p", { class: "none quiet" }, nothing),
  );
}

// The strongest first; the rest one press away, so that three good passages are not lost under nine weaker ones.
function more(cards, state) {
  const shown = cards.slice(0, 3).map((card) => cardNode(card, state));
  if (cards.length > 3) {
    shown.push(el("details", {}, el("summary", {}, `${cards.length - 3} more`), cards.slice(3).map((card) => cardNode(card, state))));
  }
  return shown;
}

function related(data, state) {
  if (!data.neutral.length) return "";
  return el("details", { class: "related", open: !data.supports.length && !data.refutes.length },
    el("summary", {}, `Related, but deciding nothing (${data.neutral.length})`),
    el("div", { class: "sides" }, data.neutral.map((card) => cardNode(card, state))),
  );
}

function cardNode(card, state) {
  const passage = el("p", { class: "passage" }, card.pieces.map((piece) => {
    if (!piece.marks.length) return piece.text;
    return el("mark", { class: piece.marks.join(" ") }, piece.text);
  }));
  const who = [card.publisher, card.spoken_by ? `words of ${card.spoken_by}` : ""].filter(Boolean).join(" · ");
  return el("article", { class: "card", "aria-label": card.title },
    card.findings.filter((finding) => finding.outcome === "different").map(comparison),
    card.own_words ? el("p", { class: "own" }, "The speaker’s own words") : "",
    passage,
    agreements(card.findings.filter((finding) => finding.outcome === "equal" || finding.outcome === "rounded")),
    el("p", { class: "title" }, outward(card.address, card.title) || card.title),
    el("p", { class: "meta" }, dotted([
      who,
      card.later ? [card.date, ", ", el("strong", {}, "later than the article")] : card.date,
      el("span", { class: card.primary ? "primary" : "" }, `${card.kind}, ${card.primary_word}`),
      card.withdrawn ? el("strong", {}, "withdrawn") : "",
    ])),
    !card.address && card.address_text ? el("p", { class: "meta" }, card.address_text) : "",
    card.note ? el("p", { class: "note quiet" }, card.note) : "",
    el("div", { class: "actions" },
      el("button", { type: "button", class: "plain-button", on: { click: () => state.open(card.index) } }, "Open in context"),
      el("button", { type: "button", class: "plain-button", "aria-live": "polite", on: { click: (event) => copy(event.currentTarget, card.citation) } }, "Copy citation"),
      el("details", { class: "why" }, el("summary", {}, "Why this passage"),
        card.found ? el("p", { class: "quiet" }, card.found) : "",
        card.findings.filter((finding) => finding.outcome === "not_comparable").map((finding) =>
          el("p", { class: "quiet" }, `${finding.check}, ${finding.outcome_word}: ${finding.message}`)),
        el("p", { class: "quiet" }, `Judged against: ${card.hypothesis}`),
        card.origin ? el("p", { class: "quiet" }, `Where the text comes from: ${card.origin}`) : ""),
    ),
  );
}

// What agrees is said in a line each under the passage; what differs stands above it (comparison).
function agreements(findings) {
  if (!findings.length) return "";
  return el("ul", { class: "agreements" }, findings.map((finding) =>
    el("li", {}, el("strong", {}, `${finding.check}, ${finding.outcome_word}: `), finding.message)));
}

async function copy(button, text) {
  const words = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    button.textContent = "The browser did not allow it";
  }
  setTimeout(() => { button.textContent = words; }, 1800);
}

function comparison(finding) {
  return el("div", { class: `finding ${finding.outcome}` },
    el("p", { class: "message" }, el("strong", {}, `${finding.check}: ${finding.outcome_word}. `), finding.message),
  );
}
