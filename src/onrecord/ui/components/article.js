// The article as published, every claim marked in place. Sends: choose(claim id).
// A choice is known to the claim's pane at once (see choice in shared.js) and to the server a moment later.

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement;
  const state = kept(root, () => ({ key: null, chosen: null, hidden: new Set() }));
  state.send = (id) => setTriggerValue("choose", id);
  if (state.key === data.key) return;
  Object.assign(state, { key: data.key, chosen: null, data });
  build(stage(root), state);
  if (data.live) return;
  state.forget?.();
  state.forget = onChoice(data.key, (id, back) => {
    if (back) { button(state, id)?.scrollIntoView({ block: "center" }); button(state, id)?.focus({ preventScroll: true }); return; }
    show(state, id);
    settle(state, id);
  });
  show(state, data.chosen);
  return () => state.forget?.();
}

// An arrow key held down runs through many claims: the server hears only of where it rests.
function settle(state, id) {
  clearTimeout(state.timer);
  state.timer = setTimeout(() => state.send(id), 300);
}

function build(place, state) {
  const { data } = state;
  state.marks = new Map();
  const text = el("div", { class: "text", role: "group", "aria-label": "Article with its claims marked" });
  for (const row of data.body) text.append(el("p", {}, row.map((piece) => pieceNode(piece, state))));
  text.addEventListener("keydown", (event) => onKey(event, state));
  const empty = data.order.length === 0;
  place.replaceChildren(
    data.live && empty ? "" : counters(state),
    data.live ? "" : empty ? el("p", { class: "notice" }, "No sentence of this article was taken as a claim that can be checked. Below are its sentences and why.") : "",
    empty || data.live ? "" : el("p", { class: "hint quiet" }, "Choose a claim in the text. Arrow keys go from claim to claim."),
    text,
    skippedList(data.skipped, empty),
  );
}

function pieceNode(piece, state) {
  if (!piece.claim) return document.createTextNode(piece.text);
  const claim = state.data.claims[piece.claim];
  const main = piece.first === piece.claim && !state.data.live;
  const node = el("span", {
    class: `mark v-${claim.label}`,
    "data-claim": piece.claim,
    role: main ? "button" : null,
    tabindex: main ? "-1" : null,
    "aria-pressed": main ? "false" : null,
    "aria-label": main ? `${claim.tags.map((tag) => tag.word).join(", ")}: ${claim.text}` : null,
  }, el("span", { class: "words" }, piece.text));
  if (!state.data.live) node.addEventListener("click", () => choose(state, piece.claim, false));
  if (!state.marks.has(piece.claim)) state.marks.set(piece.claim, []);
  state.marks.get(piece.claim).push(node);
  for (const id of piece.last || []) {
    for (const verdict of state.data.claims[id].tags) {
      const tag = el("span", { class: `tag v-${verdict.label}`, "aria-hidden": "true", "data-tag": id }, icon(verdict.icon), el("span", {}, verdict.word));
      if (!state.data.live) tag.addEventListener("click", (event) => { event.stopPropagation(); choose(state, id, false); });
      node.append(tag);
    }
  }
  return node;
}

function counters(state) {
  const bar = el("div", { class: "counters", role: "group", "aria-label": "Claims by verdict: press to show or hide" });
  for (const entry of state.data.counts) {
    const chip = el("button", {
      type: "button", class: `chip v-${entry.label}`, "aria-pressed": "true", disabled: entry.count === 0, title: entry.meaning,
      "data-label": entry.label,
    }, icon(entry.icon), el("span", { class: "number" }, entry.count), el("span", {}, entry.word));
    chip.addEventListener("click", () => {
      const hide = !state.hidden.has(entry.label);
      if (hide) state.hidden.add(entry.label); else state.hidden.delete(entry.label);
      chip.setAttribute("aria-pressed", String(!hide));
      for (const [id, nodes] of state.marks) {
        for (const node of nodes) node.classList.toggle("off", hidden(state, id));
      }
      roving(state);
    });
    bar.append(chip);
  }
  return bar;
}

// A claim with two answers disappears only when both are switched off.
function hidden(state, id) {
  return state.data.claims[id].tags.every((tag) => state.hidden.has(tag.label));
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
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  let goal = null;
  if (step) goal = shown[Math.min(Math.max(here + step, 0), shown.length - 1)];
  else if (event.key === "Home") goal = shown[0];
  else if (event.key === "End") goal = shown[shown.length - 1];
  else if (event.key === "Enter" || event.key === " ") goal = at.dataset.claim;
  if (!goal) return;
  event.preventDefault();
  choose(state, goal, true);
}

function choose(state, id, byKey) {
  choice(state.key, id);
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

function skippedList(skipped, open) {
  if (!skipped.length) return "";
  return el("details", { class: "skipped", open },
    el("summary", {}, `Sentences not taken as claims (${skipped.length})`),
    el("ul", {}, skipped.map((item) => el("li", {}, el("span", { class: "sentence" }, item.text), el("span", { class: "quiet" }, item.reason)))),
  );
}
