// What a person does about a claim: the decision with its note, and the keys. Put before claim.js.

const VERDICT_KEYS = [["SUPPORTED", "1"], ["REFUTED", "2"], ["CONFLICTING", "3"], ["NOT_ENOUGH_EVIDENCE", "4"]];

// Every action that a key can do, in the order of the list; changed ones are kept in this browser.
const ACTIONS = [
  ["next", "j", "Next claim"], ["previous", "k", "Previous claim"], ["agree", "a", "Agree with the software"],
  ["SUPPORTED", "1", "Decide: supported"], ["REFUTED", "2", "Decide: contradicted"], ["CONFLICTING", "3", "Decide: conflicting sources"],
  ["NOT_ENOUGH_EVIDENCE", "4", "Decide: not enough evidence"], ["NEEDS_WORK", "w", "Needs work"], ["undo", "u", "Take back the last decision"],
  ["note", "n", "Write a note"], ["open", "o", "Open the first passage in context"], ["edit", "e", "Edit the wording"], ["again", "g", "Check this claim again"], ["help", "?", "This list"],
];
const KEYS = "onrecord-keys";

function keys() {
  let own = {};
  try { own = JSON.parse(localStorage.getItem(KEYS)) || {}; } catch { /* nothing kept, or nothing may be kept */ }
  return { on: own.on !== false, of: Object.fromEntries(ACTIONS.map(([name, key]) => [name, typeof own[name] === "string" ? own[name] : key])) };
}

function keepKeys(on, of) {
  try { localStorage.setItem(KEYS, JSON.stringify({ on, ...of })); } catch { /* they hold until the page is closed */ }
}

// One listener for the page; typing in a field, a dialog, or a key held with another is never a command.
function listen(state, act) {
  const heard = (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const at = event.composedPath()[0];
    if (at.closest?.("input, textarea, select, [contenteditable]") || document.querySelector("[role=dialog]") || state.help?.open) return;
    const known = keys();
    const found = ACTIONS.find(([name]) => known.of[name] === event.key);
    if (!found || (!known.on && found[0] !== "help")) return;
    event.preventDefault();
    act(found[0]);
  };
  document.addEventListener("keydown", heard);
  return () => document.removeEventListener("keydown", heard);
}

function keysDialog() {
  const known = keys();
  const fields = new Map();
  const on = el("input", { type: "checkbox", id: "keys-on" });
  on.checked = known.on;
  const kept = () => {
    const of = Object.fromEntries([...fields].map(([name, field]) => [name, field.value]));
    const twice = Object.values(of).filter((key, at, all) => key && all.indexOf(key) !== at);
    for (const field of fields.values()) field.setAttribute("aria-invalid", String(twice.includes(field.value)));
    warning.textContent = twice.length ? `“${twice[0]}” is given twice: give each action a key of its own.` : "";
    if (!twice.length) keepKeys(on.checked, of);
  };
  const warning = el("p", { class: "warning", role: "status" });
  on.addEventListener("change", kept);
  const rows = ACTIONS.map(([name, , words]) => {
    const field = el("input", { type: "text", maxlength: "1", size: "2", id: `key-${name}`, autocomplete: "off", on: { input: kept } });
    field.value = known.of[name];
    fields.set(name, field);
    return el("tr", {}, el("th", { scope: "row" }, el("label", { for: `key-${name}` }, words)), el("td", {}, field));
  });
  const dialog = el("dialog", { class: "keys", "aria-labelledby": "keys-title" },
    el("h2", { id: "keys-title" }, "Keys"),
    el("p", { class: "quiet" }, "They work whenever you are not typing. Change one by typing another; this browser remembers it."),
    el("p", {}, on, " ", el("label", { for: "keys-on" }, "Use these keys")),
    el("table", {}, el("tbody", {}, rows)), warning,
    el("form", { method: "dialog", class: "buttons" },
      el("button", { type: "button", class: "plain-button", on: { click: () => {
        for (const [name, key] of ACTIONS) fields.get(name).value = key;
        on.checked = true;
        kept();
      } } }, "Back to the usual keys"),
      el("button", { class: "plain-button" }, "Close")),
  );
  return dialog;
}

// The decision about the chosen claim, beside the software's verdict. `send` tells the server.
function decisionBox(data, made, may, send) {
  const now = made.claims[data.id] || made.blank;
  const pressed = (label) => String(now.label === label);
  const choose = (label) => send({ action: "label", label: now.label === label ? "UNDECIDED" : label });
  const button = (label, content, extra) => el("button", {
    type: "button", class: `choice v-${label}`, "aria-pressed": pressed(label), "data-choice": label, disabled: !may, ...extra,
    on: { click: () => choose(label) },
  }, content);
  const agree = data.verdict.label !== "NOT_CHECKED" && may;
  const rows = [
    el("div", { class: "decision-head" },
      el("h3", { class: "label" }, may ? "Your decision" : "Decision"),
      now.undoable && may ? el("button", { type: "button", class: "link-button", "data-undo": "", on: { click: () => send({ action: "undo" }) } }, "Undo") : ""),
    el("div", { class: "choices", role: "group", "aria-label": "Your decision" },
      el("button", { type: "button", class: "choice agree", "data-choice": "agree", disabled: !agree || now.label === data.verdict.label,
        on: { click: () => choose(data.verdict.label) } }, "Agree"),
      VERDICT_KEYS.map(([label]) => button(label, [icon(made.words[label].icon), el("span", {}, made.words[label].short)])),
      button("NEEDS_WORK", "Needs work")),
    el("p", { class: "made quiet", role: "status" }, now.line),
    noteForm(now, made, may, send),
  ];
  return el("section", { class: "decision", "aria-label": "Decision" }, rows);
}

function noteForm(now, made, may, send) {
  const there = now.note || now.tags.length || now.assigned_to;
  if (!may && !there) return "";
  const note = el("textarea", { id: "note", rows: "2", disabled: !may, maxlength: "4000" });
  note.value = now.note;
  const tags = el("input", { id: "tags", type: "text", disabled: !may, list: "tags-known", placeholder: "budget, call back" });
  tags.value = now.tags.join(", ");
  const person = el("input", { id: "person", type: "text", disabled: !may, list: "people", placeholder: "A colleague" });
  person.value = now.assigned_to;
  for (const field of [note, tags, person]) field.dataset.kept = field.value;
  const form = el("form", { class: "note-form" },
    el("div", { class: "wide" }, el("label", { for: "note" }, "Note"), note),
    el("div", {}, el("label", { for: "tags" }, "Tags, with commas"), tags),
    el("div", {}, el("label", { for: "person" }, "Assigned to"), person),
    el("datalist", { id: "people" }, made.people.map((name) => el("option", { value: name }))),
    el("datalist", { id: "tags-known" }, made.tags.map((name) => el("option", { value: name }))),
    may ? el("button", { class: "plain-button keep" }, "Keep note") : "");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    for (const field of [note, tags, person]) field.dataset.kept = field.value;
    send({ action: "note", note: note.value, tags: tags.value.split(",").map((tag) => tag.trim()).filter(Boolean), assigned_to: person.value.trim() });
  });
  return el("details", { class: "notes", open: Boolean(there) },
    el("summary", {}, "Note, tags, assignment"), form);
}
