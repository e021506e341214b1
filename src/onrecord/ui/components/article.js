// The article as published, every claim marked in place. Sends: choose(claim id), add({start, end}).
// A choice is known to the claim's pane at once (see choice in shared.js) and to the server a moment later.

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement;
  const state = kept(root, () => ({ key: null, group: null, chosen: null, hidden: new Set(), only: { speaker: "", kind: "", decided: "", assigned: "" } }));
  state.root = root;
  state.send = (id) => setTriggerValue("choose", id);
  state.add = (range) => setTriggerValue("add", range);
  if (state.key === data.key) return;
  const same = state.group === data.group;
  // While it is on its way the reader's choice stays; afterwards the server knows what is to be shown.
  const chosen = data.live && same && data.claims[state.chosen] ? state.chosen : null;
  if (!same) Object.assign(state, { hidden: new Set(), only: { speaker: "", kind: "", decided: "", assigned: "" } });
  Object.assign(state, { key: data.key, group: data.group, chosen: null, data });
  build(stage(root), state);
  state.forget?.();
  const forget = [
    onChoice(data.group, (id, back) => {
      if (back) { button(state, id)?.scrollIntoView({ block: "center" }); button(state, id)?.focus({ preventScroll: true }); return; }
      show(state, id);
      settle(state, id);
    }),
    onStep(data.group, (by) => walk(state, by)),
    onDecided(data.group, () => decide(state)),
  ];
  state.forget = () => forget.forEach((one) => one());
  decide(state);
  show(state, chosen || data.chosen);
  return () => state.forget?.();
}

// An arrow key held down runs through many claims: the server hears only of where it rests. Of a click it hears at once, because
// of a very long article it has to send what is far away.
function settle(state, id) {
  clearTimeout(state.timer);
  state.timer = setTimeout(() => state.send(id), state.clicked === id ? 0 : 300);
  state.clicked = null;
}

function build(place, state) {
  const { data } = state;
  state.marks = new Map();
  state.places = new Map();
  const text = el("div", { class: "text", role: "group", "aria-label": "Article with its claims marked" });
  data.body.forEach((row, at) => text.append(el("p", { "data-start": data.starts[at] }, row.map((piece) => pieceNode(piece, state)))));
  text.addEventListener("keydown", (event) => onKey(event, state));
  const empty = data.order.length === 0;
  if (data.may) selecting(text, state);
  place.replaceChildren(
    empty ? "" : counters(state),
    data.live || empty ? "" : filters(state),
    data.live ? "" : empty ? el("p", { class: "notice" }, "No sentence of this article was taken as a claim that can be checked. Below are its sentences and why.") : "",
    empty || data.live ? "" : el("p", { class: "hint quiet" }, "Choose a claim in the text", el("span", { class: "with-keys" }, "; press ? for all keys"), ".",
      data.may ? " To have words checked that are not marked, select them." : ""),
    text,
    skippedList(data.skipped, empty, state),
  );
}

function pieceNode(piece, state) {
  if (!piece.claim) return document.createTextNode(piece.text);
  const claim = state.data.claims[piece.claim];
  const main = piece.first === piece.claim;
  const node = el("span", {
    class: `mark v-${claim.label}`,
    "data-claim": piece.claim,
    role: main ? "button" : null,
    tabindex: main ? "-1" : null,
    "aria-pressed": main ? "false" : null,
    "aria-label": main ? name(claim, "") : null,
  }, el("span", { class: "words" }, piece.text));
  node.addEventListener("click", () => choose(state, piece.claim, false));
  if (!state.marks.has(piece.claim)) state.marks.set(piece.claim, []);
  state.marks.get(piece.claim).push(node);
  for (const id of piece.last || []) {
    const tag = (attributes, ...content) => {
      const made = el("span", { "aria-hidden": "true", ...attributes }, content);
      made.addEventListener("click", (event) => { event.stopPropagation(); choose(state, id, false); });
      node.append(made);
      return made;
    };
    for (const verdict of state.data.claims[id].tags) {
      tag({ class: `tag v-${verdict.label}`, "data-tag": id }, icon(verdict.icon), el("span", {}, verdict.word));
    }
    state.places.set(id, tag({ class: "tag person", hidden: true }));
  }
  return node;
}

function name(claim, decided) {
  return `${claim.tags.map((tag) => tag.word).join(", ")}${decided ? `, ${decided}` : ""}: ${claim.text}`;
}

// What people decided stands behind the software's verdict, with another shape.
function decide(state) {
  const made = decidedOf(state.group);
  for (const id of state.data.order) {
    const now = made?.claims[id];
    const words = now?.short || "";
    const place = state.places.get(id);
    if (place) {
      place.hidden = !words;
      place.replaceChildren(...(words ? [icon("person"), el("span", {}, words)] : []));
    }
    button(state, id)?.setAttribute("aria-label", name(state.data.claims[id], words));
  }
  if (state.progress) state.progress.textContent = made ? made.progress : "";
  if (state.assigned) assignees(state, made);
  apply(state);
}

function counters(state) {
  const bar = el("div", { class: "counters", role: "group", "aria-label": "Claims by verdict: press to show or hide" });
  for (const entry of state.data.counts) {
    const chip = el("button", {
      type: "button", class: `chip v-${entry.label}`, "aria-pressed": String(!state.hidden.has(entry.label)), disabled: entry.count === 0, title: entry.meaning,
      "data-label": entry.label,
    }, icon(entry.icon), el("span", { class: "number" }, entry.count), el("span", {}, entry.word));
    chip.addEventListener("click", () => {
      const hide = !state.hidden.has(entry.label);
      if (hide) state.hidden.add(entry.label); else state.hidden.delete(entry.label);
      chip.setAttribute("aria-pressed", String(!hide));
      apply(state);
    });
    bar.append(chip);
  }
  return bar;
}

function filters(state) {
  const { data, only } = state;
  const field = (id, label, options) => {
    if (options.length < 2 && id !== "decided" && id !== "assigned") return "";
    const select = el("select", { id: `filter-${id}` }, chances(options));
    select.value = only[id];
    select.addEventListener("change", () => { only[id] = select.value; apply(state); });
    return el("div", { hidden: id === "assigned" }, el("label", { for: `filter-${id}` }, label), select);
  };
  state.assigned = field("assigned", "Assigned to", []);
  state.progress = el("span", { class: "quiet decided-count" });
  state.none = el("p", { class: "notice", hidden: true }, "No claim fits these filters.");
  return el("div", {}, el("details", { class: "filters", open: Object.values(only).some(Boolean) },
    el("summary", {}, "Filter ", state.progress),
    el("div", { class: "fields" },
      field("speaker", "Speaker", data.speakers.map((name) => [name, name])),
      field("kind", "Kind of claim", data.kinds),
      field("decided", "Decided", [["no", "Not decided"], ["yes", "Decided"], ["work", "Needs work"], ["other", "Decided otherwise than the software"]]),
      state.assigned)),
    state.none);
}

function chances(options) {
  return [el("option", { value: "" }, "All"), options.map(([value, words]) => el("option", { value }, words))].flat();
}

// Whom claims are assigned to is known with the decisions, and changes with them.
function assignees(state, made) {
  const names = [...new Set(Object.values(made?.claims || {}).map((one) => one.assigned_to).filter(Boolean))].sort();
  const select = state.assigned.querySelector("select");
  if (!names.includes(state.only.assigned)) state.only.assigned = "";
  select.replaceChildren(...chances(names.map((name) => [name, name])));
  select.value = state.only.assigned;
  state.assigned.hidden = !names.length;
}

function apply(state) {
  for (const [id, nodes] of state.marks) {
    for (const node of nodes) node.classList.toggle("off", hidden(state, id));
  }
  if (state.none) state.none.hidden = visible(state).length > 0;
  roving(state);
}

// A claim with two answers disappears only when both are switched off.
function hidden(state, id) {
  const claim = state.data.claims[id];
  const { only } = state;
  const now = decidedOf(state.group)?.claims[id];
  const label = now?.label || "UNDECIDED";
  return claim.tags.every((tag) => state.hidden.has(tag.label))
    || (only.speaker && claim.speaker !== only.speaker)
    || (only.kind && !claim.kinds.includes(only.kind))
    || (only.assigned && now?.assigned_to !== only.assigned)
    || (only.decided === "no" && label !== "UNDECIDED" && label !== "NEEDS_WORK")
    || (only.decided === "yes" && (label === "UNDECIDED" || label === "NEEDS_WORK"))
    || (only.decided === "work" && label !== "NEEDS_WORK")
    || (only.decided === "other" && (label === "UNDECIDED" || label === "NEEDS_WORK" || label === claim.label));
}

function visible(state) {
  return state.data.order.filter((id) => button(state, id) && !hidden(state, id));
}

function button(state, id) {
  return (state.marks.get(id) || []).find((node) => node.getAttribute("role") === "button");
}

// One tab stop for all claims, so that Tab leads past a long article; the arrows go from claim to claim.
function roving(state) {
  const shown = visible(state);
  const stop = shown.includes(state.chosen) ? state.chosen : shown[0];
  for (const id of state.data.order) button(state, id)?.setAttribute("tabindex", id === stop ? "0" : "-1");
}

function onKey(event, state) {
  const at = event.target.closest?.(".mark");
  if (!at || event.ctrlKey || event.metaKey || event.altKey) return;
  const shown = visible(state);
  const here = shown.indexOf(at.dataset.claim);
  const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  let goal = null;
  if (by) goal = shown[Math.min(Math.max(here + by, 0), shown.length - 1)];
  else if (event.key === "Home") goal = shown[0];
  else if (event.key === "End") goal = shown[shown.length - 1];
  else if (event.key === "Enter" || event.key === " ") goal = at.dataset.claim;
  if (!goal) return;
  event.preventDefault();
  choose(state, goal, true);
}

// The next or previous claim that is not hidden, seen from the chosen one, which may be hidden itself.
function walk(state, by) {
  const { order } = state.data;
  for (let at = order.indexOf(state.chosen) + by; at >= 0 && at < order.length; at += by) {
    const mark = button(state, order[at]);
    if (mark && hidden(state, order[at])) continue;
    choice(state.group, order[at]);
    mark?.scrollIntoView({ block: "nearest" });
    return;
  }
}

function choose(state, id, byKey) {
  state.clicked = byKey ? null : id;
  choice(state.group, id);
  if (byKey) button(state, id)?.focus();
  // On one column the chosen claim stands under the article: bring it into view, except for the keyboard, which goes on.
  const pane = document.querySelector(".st-key-claim_pane");
  if (!byKey && pane && window.matchMedia("(max-width: 1000px)").matches) {
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    setTimeout(() => pane.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" }), 60);
  }
}

function show(state, id) {
  if (!id) return;
  for (const node of state.marks.get(state.chosen) || []) {
    node.classList.remove("chosen");
    if (node.hasAttribute("aria-pressed")) node.setAttribute("aria-pressed", "false");
  }
  state.chosen = id;
  const nodes = state.marks.get(id) || [];
  for (const node of nodes) {
    node.classList.add("chosen");
    if (node.hasAttribute("aria-pressed")) node.setAttribute("aria-pressed", "true");
  }
  roving(state);
}

function skippedList(skipped, open, state) {
  if (!skipped.length) return "";
  return el("details", { class: "skipped", open },
    el("summary", {}, `Sentences not taken as claims (${skipped.length})`),
    el("ul", {}, skipped.map((item) => el("li", {}, el("span", { class: "sentence" }, item.text), el("span", { class: "quiet" }, item.reason),
      state.data.may ? el("button", { type: "button", class: "plain-button check-it", "aria-label": `Check this sentence: ${item.text}`,
        on: { click: () => asked(state, { start: item.start, end: item.end }) } }, "Check this sentence") : ""))),
  );
}

function asked(state, range) {
  state.bubble?.remove();
  state.add(range);
}

// Words selected with the mouse can be checked as a claim. Offsets are sent in code points, as the records count.
function selecting(text, state) {
  const look = () => {
    state.bubble?.remove();
    const range = selected(state.root);
    if (!range || range.collapsed) return;
    const from = paragraph(range.startContainer);
    if (!from || !text.contains(from)) return;
    const to = paragraph(range.endContainer) === from ? offset(from, range.endContainer, range.endOffset) : offset(from, null, 0);
    const begin = offset(from, range.startContainer, range.startOffset);
    if (to - begin < 10) return;
    const base = Number(from.dataset.start);
    state.bubble = el("button", { type: "button", class: "plain-button bubble",
      on: { click: () => asked(state, { start: base + begin, end: base + to }) } }, "Check these words as a claim");
    from.after(state.bubble);
  };
  text.addEventListener("mouseup", () => setTimeout(look, 0));
}

function selected(root) {
  const selection = document.getSelection();
  if (selection?.getComposedRanges) {
    const inside = selection.getComposedRanges({ shadowRoots: [root.getRootNode()] })[0];
    if (inside) return inside;
  }
  const own = root.getRootNode().getSelection?.() || selection;
  return own?.rangeCount ? own.getRangeAt(0) : null;
}

function paragraph(node) {
  return (node.nodeType === Node.TEXT_NODE ? node.parentElement : node)?.closest?.("p[data-start]");
}

// Where a place in a paragraph lies, in code points, the tags behind the claims not counted; no node: its end.
function offset(from, node, at) {
  const walker = document.createTreeWalker(from, NodeFilter.SHOW_TEXT, (one) =>
    one.parentElement.closest(".tag") ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
  const edge = node && node.nodeType !== Node.TEXT_NODE ? node.childNodes[at] : null;
  let count = 0;
  while (walker.nextNode()) {
    const here = walker.currentNode;
    if (here === node) return count + [...here.data.slice(0, at)].length;
    if (edge && (edge === here || edge.compareDocumentPosition(here) & (Node.DOCUMENT_POSITION_CONTAINED_BY | Node.DOCUMENT_POSITION_FOLLOWING))) return count;
    count += [...here.data].length;
  }
  return count;
}
