// The chosen claim: wording, speaker, verdict with reasons, decision, evidence on both sides.
// Sends: open({claim, evidence}), decide({claim, seen, action, …}), reword({claim, standalone, proposition}), source(passage).

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement;
  const state = kept(root, () => ({ key: null, check: null, chosen: null, shown: null, queue: [], turn: null }));
  state.root = root;
  // Of a very long article the server sends a part at a time: what came once stays.
  const known = state.key === data.key ? state : {};
  state.claims = { ...known.claims, ...data.claims };
  state.sources = { ...known.sources, ...data.sources };
  state.live = Boolean(data.live);
  state.choose = (id) => choice(data.check, id);
  state.open = (evidence) => setTriggerValue("open", { claim: state.shown, evidence });
  state.source = (card) => setTriggerValue("source", { claim: state.shown, evidence: card.index });
  state.reword = (standalone, proposition) => setTriggerValue("reword", { claim: state.shown, standalone, proposition });
  state.tell = (what) => setTriggerValue("decide", what);
  state.decide = (what) => { state.queue.push({ claim: state.shown, ...what }); sendNext(state); };
  if (state.key !== data.key) {
    const same = data.live && state.check === data.check && data.claims[state.chosen];
    Object.assign(state, { key: data.key, check: data.check, chosen: same ? state.chosen : data.chosen, shown: null, queue: [], turn: null });
    state.forget?.();
    const forget = [
      onChoice(data.check, (id) => { state.chosen = id; show(state); }),
      onDecided(data.check, () => { sendNext(state); refresh(state); }),
      state.live ? () => {} : listen(state, (action) => act(state, action)),
    ];
    state.forget = () => forget.forEach((one) => one());
  }
  show(state);
  return () => state.forget?.();
}

function decision(state) {
  const made = decidedOf(state.check);
  return made ? made.claims[state.shown] || made.blank : { number: 0, evidence: {} };
}

// One decision after the other: each is made upon the state that the one before has led to, however fast the keys are pressed.
function sendNext(state) {
  const made = decidedOf(state.check);
  if (!made || !state.queue.length || state.turn === made.turn) return;
  state.turn = made.turn;
  const what = state.queue.shift();
  const now = made.claims[what.claim] || made.blank;
  if (what.action === "undo" && !now.undoable) { state.turn = null; sendNext(state); return; }  // pressed once too often
  state.tell({ ...what, seen: now.number });
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
  state.parts = { words: words(data, state), decision: el("div", {}), evidence: el("div", { class: "evidence" }) };
  place.replaceChildren(header(data, state), state.parts.words, verdictBox(data, state), quotations(data), state.parts.evidence);
  if (!state.help) state.help = keysDialog();
  place.append(state.help);
  refresh(state);
  if (focused) (place.querySelector(`[data-go="${focused}"]:not(:disabled)`) || place.querySelector("[data-go]:not(:disabled)"))?.focus();
  if (!first) document.querySelector(".st-key-claim_pane")?.scrollTo({ top: 0 });
}

// The parts that depend on what people decided; what somebody is typing stays, and so does the focus.
function refresh(state) {
  const data = state.claims[state.shown];
  if (!data || !state.parts) return;
  const made = decidedOf(state.check);
  const at = state.root.activeElement;
  const again = at?.dataset?.choice ? `[data-choice="${at.dataset.choice}"]` : at?.dataset?.pin ? `[data-pin="${at.dataset.pin}"]` : at && "undo" in at.dataset ? "[data-choice]" : null;
  const stamp = made ? `${data.id} ${JSON.stringify(made.claims[data.id] || "")} ${made.may}` : "";
  if (state.stamp === stamp && state.parts.evidence.firstChild) return;
  state.stamp = stamp;
  if (made && !state.live) {
    const typed = typing(state.parts.decision, data.id);
    state.parts.decision.replaceChildren(decisionBox(data, made, made.may, state.decide));
    typed?.();
  }
  // Who may do what can arrive after the claim itself: only then do its words offer another wording.
  if (made?.may && !state.live && !state.root.querySelector("[data-edit], .wording")) {
    const now = words(data, state);
    state.parts.words.replaceWith(now);
    state.parts.words = now;
  }
  state.parts.evidence.replaceChildren(sides(data, state), related(data, state));
  if (again) state.root.querySelector(again)?.focus();
}

// What somebody is writing is not lost when the server answers: returns what puts it back.
function typing(place, id) {
  const fields = [...place.querySelectorAll(".note-form textarea, .note-form input")];
  const changed = fields.filter((field) => field.value !== field.dataset.kept);
  const at = fields.find((field) => field.getRootNode().activeElement === field);
  if (place.dataset.claim !== id || (!changed.length && !at)) { place.dataset.claim = id; return null; }
  return () => {
    if (changed.length || at) place.querySelector(".notes").open = true;
    for (const field of changed) place.querySelector(`#${field.id}`).value = field.value;
    if (at) { const again = place.querySelector(`#${at.id}`); again.focus(); again.setSelectionRange(at.selectionStart, at.selectionEnd); }
  };
}

function act(state, action) {
  const data = state.claims[state.shown];
  const inside = (css) => state.root.querySelector(css);
  if (action === "help") { state.help.showModal(); return; }
  if (action === "next" || action === "previous") { step(state.check, action === "next" ? 1 : -1); return; }
  if (!data) return;
  if (action === "open") inside("[data-open]")?.click();
  else if (action === "edit") inside("[data-edit]")?.click();
  else if (action === "again") inside("[data-again]:not(:disabled)")?.click();
  else if (action === "undo") inside("[data-undo]")?.click();
  else if (action === "note") {
    const notes = inside(".notes");
    if (notes) { notes.open = true; notes.querySelector("textarea").focus(); }
  } else inside(`[data-choice="${action}"]:not(:disabled)`)?.click();
}

function header(data, state) {
  const go = (name, id, text, by) => el("button", {
    type: "button", class: "plain-button", "data-go": name, disabled: !id, "aria-label": `${text} claim`,
    on: { click: () => step(state.check, by) },
  }, text);
  const here = `${location.origin}${location.pathname}?check=${encodeURIComponent(state.check)}&claim=${encodeURIComponent(data.id)}`;
  return el("div", { class: "top" },
    el("button", { type: "button", class: "plain-button back", on: { click: () => goBack(state.check, data.id) } }, "Back to the article"),
    el("p", { class: "quiet place", role: "status" }, `Claim ${data.number} of ${data.total}`),
    el("div", { class: "steps" },
      state.live ? "" : el("button", { type: "button", class: "link-button", on: { click: (event) => copy(event.currentTarget, here) } }, "Copy link"),
      state.live ? "" : el("button", { type: "button", class: "plain-button", "aria-label": "Keys", title: "Keys (?)", on: { click: () => state.help.showModal() } }, "?"),
      go("previous", data.previous, "Previous", -1), go("next", data.next, "Next", 1)),
  );
}

function words(data, state) {
  const rows = [el("blockquote", { class: "original" }, data.original.map((piece) =>
    piece.mark ? el("span", { class: "quotation" }, piece.text) : piece.text))];
  const facts = el("dl", { class: "facts" });
  const fact = (name, ...value) => facts.append(el("div", {}, el("dt", {}, name), el("dd", {}, ...value)));
  const may = !state.live && decidedOf(state.check)?.may;
  const edit = may ? el("button", { type: "button", class: "link-button", "data-edit": "", on: { click: () => wording(data, state) } }, "Edit the wording") : "";
  const again = may ? el("button", { type: "button", class: "link-button", "data-again": "", title: "Against the record as it is now", on: { click: (event) => {
    event.currentTarget.textContent = "Checking …";
    event.currentTarget.disabled = true;
    state.reword(asRead(data), data.speaker ? data.speaker.proposition : "");
  } } }, "Check again") : "";
  const change = may ? el("span", { class: "change" }, edit, again) : "";
  if (data.standalone) fact("Read as", data.standalone);
  if (data.speaker) {
    fact("Said by", el("strong", {}, data.speaker.name), data.speaker.note ? el("span", { class: "quiet" }, ` (${data.speaker.note})`) : "");
    fact("What is asserted", data.speaker.proposition, " ", change);
  } else {
    fact("Said by", "the article itself ", change);
  }
  for (const part of data.unresolved) fact("Unclear", `“${part.text}”: ${part.reason}`);
  for (const line of data.revised) fact("Changed", line);
  rows.push(facts);
  return el("section", { "aria-label": "Claim" }, rows);
}

function asRead(data) {
  return data.standalone || data.original.map((piece) => piece.text).join("");
}

// The claim in the reader's own words, checked again by itself.
function wording(data, state) {
  const field = (id, label, value) => {
    const area = el("textarea", { id, rows: "3", maxlength: "2000" });
    area.value = value;
    return [el("label", { for: id }, label), area];
  };
  const whole = field("standalone", "The claim in words that stand alone", asRead(data));
  const asserted = data.speaker ? field("proposition", "What is asserted, without who says it", data.speaker.proposition) : null;
  const form = el("form", { class: "wording" }, whole, asserted || "",
    el("div", { class: "buttons" },
      el("button", { class: "plain-button strong" }, "Check again in these words"),
      el("button", { type: "button", class: "plain-button", on: { click: () => { form.replaceWith(state.parts.words); state.root.querySelector("[data-edit]")?.focus(); } } }, "Cancel")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!whole[1].value.trim()) { whole[1].focus(); return; }
    form.querySelector("button").textContent = "Checking …";
    for (const button of form.querySelectorAll("button")) button.disabled = true;
    state.reword(whole[1].value, asserted ? asserted[1].value : "");
  });
  state.parts.words.replaceWith(form);
  whole[1].focus();
}

// One tile for each question: that something was said and that it is so are never one answer.
function verdictBox(data, state) {
  return el("section", { class: "verdict", "aria-label": "Verdict" },
    state.live ? "" : el("h3", { class: "label" }, "The software’s verdict"),
    el("div", { class: "tiles" }, data.answers.map((row) => el("div", { class: `tile v-${row.label}` },
      row.question ? el("p", { class: "question" }, row.question) : "",
      el("p", { class: "single" }, badge(row, "large"), el("span", { class: "answer" }, row.answer)),
    ))),
    data.reasons.length === 1 ? el("p", { class: "reasons" }, data.reasons[0])
      : el("ul", { class: "reasons" }, data.reasons.map((reason) => el("li", {}, reason))),
    state.live ? el("p", { class: "quiet by" }, "Worked out by the software. You can decide when the check has ended.") : state.parts.decision,
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
  if (!data.supports.length && !data.refutes.length) {
    const related = data.neutral.length ? "Look through what is related below, s" : "S";
    return el("p", { class: "notice plain" }, "Nothing found that supports it or conflicts with it.",
      state.live ? "" : ` ${related}ay the claim in other words, or have a source added that you know of and check it again.`);
  }
  const only = data.supports.length ? (data.refutes.length ? "" : "only-supports") : (data.refutes.length ? "only-refutes" : "");
  return el("div", { class: `sides ${only}` },
    column("supports", "Supports", "check", ordered(data.supports, state), data, state, "Nothing found that supports it."),
    column("refutes", "Conflicts", "cross", ordered(data.refutes, state), data, state, "Nothing found that conflicts with it."),
  );
}

// Passages that a person put forward come first, those ruled out last.
function ordered(cards, state) {
  const place = (card) => ({ pinned: 0, rejected: 2 })[decision(state).evidence[card.passage]] ?? 1;
  return [...cards].sort((one, other) => place(one) - place(other));
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
    data.stories[name] > 1 ? el("p", { class: "quiet stories" }, `${data.stories[name]} independent sources`) : "",
    cards.length ? list : el("p", { class: "none quiet" }, nothing),
  );
}

// The strongest of each source first; what else a source says is one press away, so that three good sources are not lost under
// nine windows of one.
function more(cards, state) {
  const seen = new Set();
  const lead = cards.filter((card) => {
    const fresh = !seen.has(card.source) || decision(state).evidence[card.passage] === "pinned";
    seen.add(card.source);
    return fresh;
  }).slice(0, 3);
  const rest = cards.filter((card) => !lead.includes(card));
  const shown = lead.map((card) => cardNode(card, state));
  if (rest.length) {
    const same = rest.every((card) => lead.some((one) => one.source === card.source));
    const words = same ? `${rest.length} more from the same ${lead.length > 1 ? "sources" : "source"}` : `${rest.length} more`;
    shown.push(el("details", {}, el("summary", {}, words), rest.map((card) => cardNode(card, state))));
  }
  return shown;
}

function related(data, state) {
  if (!data.neutral.length) return "";
  return el("details", { class: "related", open: !data.supports.length && !data.refutes.length },
    el("summary", {}, `Related, but deciding nothing (${data.neutral.length})`),
    el("div", { class: "sides" }, ordered(data.neutral, state).map((card) => cardNode(card, state))),
  );
}

// What the server leaves out of a card because it is known already: see `_lean` in present.py.
function full(card, state) {
  const made = { ...state.sources[card.source], findings: [], ...card };
  if (!made.record) {
    const cut = card.passage.lastIndexOf(":");
    made.record = `record?${new URLSearchParams({ source: card.source, version: card.passage.slice(0, cut), at: card.passage.slice(cut + 1) })}`;
  }
  if (!made.citation) {
    const words = card.pieces.filter((piece) => card.whole || piece.marks.includes("rationale")).map((piece) => piece.text).join("");
    made.citation = `“${words.trim()}” ${card.cite}`;
  }
  return made;
}

function cardNode(lean, state) {
  const card = full(lean, state);
  const passage = el("p", { class: `passage ${card.whole ? "whole" : ""}` }, card.pieces.map((piece) => {
    if (!piece.marks.length) return piece.text;
    return el("mark", { class: piece.marks.join(" ") }, piece.text);
  }));
  const who = [card.publisher, card.spoken_by ? `words of ${card.spoken_by}` : ""].filter(Boolean).join(" · ");
  const stand = state.live ? "" : decision(state).evidence[card.passage] || "";
  return el("article", { class: `card ${stand}`, "aria-label": card.title },
    stand === "pinned" ? el("p", { class: "stand" }, "Pinned as evidence") : "",
    stand === "rejected" ? el("p", { class: "stand" }, "Rejected as evidence") : "",
    card.findings.filter((finding) => finding.outcome === "different").map(comparison),
    card.own_words ? el("p", { class: "own" }, "The speaker’s own words") : "",
    passage,
    card.whole ? el("p", { class: "quiet as-a-whole" }, card.whole) : "",
    agreements(card.findings.filter((finding) => finding.outcome === "equal" || finding.outcome === "rounded")),
    el("p", { class: "title" }, outward(card.address, card.title) || card.title),
    el("p", { class: "meta" }, dotted([
      who,
      card.later ? [card.date, ", ", el("strong", {}, "later than the article")] : card.date,
      el("span", { class: card.primary ? "primary" : "" }, `${card.kind}, ${card.primary_word}`),
      card.withdrawn ? el("strong", {}, "withdrawn") : "",
    ])),
    card.copies ? el("p", { class: "meta" }, card.copies) : "",
    !card.address && card.address_text ? el("p", { class: "meta" }, card.address_text) : "",
    card.note ? el("p", { class: "note quiet" }, card.note) : "",
    el("div", { class: "actions" },
      state.live ? "" : el("button", { type: "button", class: "plain-button", "data-open": "", on: { click: () => state.open(card.index) } }, "Open in context"),
      el("button", { type: "button", class: "plain-button", "aria-live": "polite", on: { click: (event) => copy(event.currentTarget, card.citation) } }, "Copy citation"),
      state.live ? "" : inner(card.record, "In the record", () => state.source(card), { class: "small-link" }),
      el("button", { type: "button", class: "link-button", "aria-live": "polite", on: { click: (event) => copy(event.currentTarget, new URL(card.record, location.href).href) } }, "Copy link"),
      pins(card, stand, state),
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

function pins(card, stand, state) {
  if (state.live || !decidedOf(state.check)?.may) return "";
  const button = (as, words, off) => el("button", {
    type: "button", class: "link-button", "aria-pressed": String(stand === as), "data-pin": `${as} ${card.index}`,
    on: { click: () => state.decide({ action: "evidence", passage: card.passage, as: stand === as ? "" : as }) },
  }, stand === as ? off : words);
  return [button("pinned", "Pin", "Unpin"), button("rejected", "Reject", "Take back the rejection")];
}

function comparison(finding) {
  return el("div", { class: `finding ${finding.outcome}` },
    el("p", { class: "message" }, el("strong", {}, `${finding.check}: ${finding.outcome_word}. `), finding.message),
  );
}
