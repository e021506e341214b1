// Shared by all components; put before each component's own script when it is registered.
// Every text of an article, a source or a person goes through text nodes. Nothing here builds markup from a string.

const SVG = "http://www.w3.org/2000/svg";

// Drawn, not typed: no font needs to hold them, and they differ in outline, not only in colour.
const ICONS = {
  check: { shape: "circle", strokes: ["M4.6 8.3 7 10.6 11.4 5.8"] },
  cross: { shape: "octagon", strokes: ["M5.6 5.6 10.4 10.4", "M10.4 5.6 5.6 10.4"] },
  split: { shape: "diamond", strokes: ["M5 6.7H10.6", "M9.2 5.2 10.8 6.7 9.2 8.2", "M11 9.6H5.4", "M6.8 8.1 5.2 9.6 6.8 11.1"] },
  question: { shape: "ring", strokes: ["M6.2 6.3a1.9 1.9 0 1 1 2.7 1.9c-.6.3-.9.7-.9 1.3", "M8 11.4v.1"] },
  gap: { shape: "gap", strokes: ["M5.4 8h5.2"] },
  person: { shape: "figure", strokes: [] },
};
const SHAPES = {
  circle: "M8 .8a7.2 7.2 0 1 1 0 14.4A7.2 7.2 0 0 1 8 .8Z",
  octagon: "M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1Z",
  diamond: "M8 .3 15.7 8 8 15.7.3 8Z",
  ring: "M8 1.5a6.5 6.5 0 1 1 0 13A6.5 6.5 0 0 1 8 1.5Z",
  gap: "M2.5 2.5h11v11h-11Z",
  figure: "M8 1.2a3.3 3.3 0 1 1 0 6.6 3.3 3.3 0 0 1 0-6.6ZM1.8 15c0-3.6 2.6-5.8 6.2-5.8s6.2 2.2 6.2 5.8Z",
};

function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [event, handler] of Object.entries(value)) node.addEventListener(event, handler);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

function icon(name) {
  const drawing = ICONS[name];
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  for (const [kind, path] of [["shape", SHAPES[drawing.shape]], ...drawing.strokes.map((stroke) => ["stroke", stroke])]) {
    const part = document.createElementNS(SVG, "path");
    part.setAttribute("d", path);
    part.setAttribute("class", kind);
    svg.append(part);
  }
  return svg;
}

// icon + word, coloured by the verdict's class
function badge(verdict, extra) {
  return el("span", { class: `badge v-${verdict.label} ${extra || ""}` }, icon(verdict.icon), el("span", {}, verdict.word));
}

// facts in one line of text, with dots between those there are
function dotted(facts) {
  const there = facts.filter((fact) => fact !== "" && fact !== null && fact !== undefined);
  return there.map((fact, at) => [fact, at + 1 < there.length ? "\u00a0· " : ""]);
}

// Checked in Python already (http and https only); checked again here because this is where it becomes a link.
function outward(address, words) {
  if (!/^https?:\/\/[^\s]+$/i.test(address || "")) return null;
  return el("a", { href: address, target: "_blank", rel: "noopener noreferrer", referrerpolicy: "no-referrer" }, words);
}

// Called anew by Streamlit whenever the data changed: state that must outlive that is kept per mounted element.
const KEPT = new WeakMap();
function kept(root, make) {
  if (!KEPT.has(root)) KEPT.set(root, make());
  return KEPT.get(root);
}

// Which claim is chosen concerns two components: they tell each other without asking the server.
function choice(key, id) {
  window.dispatchEvent(new CustomEvent("onrecord-choice", { detail: { key, id, back: false } }));
}
function goBack(key, id) {
  window.dispatchEvent(new CustomEvent("onrecord-choice", { detail: { key, id, back: true } }));
}
function onChoice(key, handler) {
  const listener = (event) => { if (event.detail.key === key) handler(event.detail.id, event.detail.back); };
  window.addEventListener("onrecord-choice", listener);
  return () => window.removeEventListener("onrecord-choice", listener);
}

// What people decided about the claims of the shown check: all components of the page know it, and it is sent once.
function setDecided(key, made) {
  (window.onrecordDecided ||= new Map()).set(key, made);
  window.dispatchEvent(new CustomEvent("onrecord-decided", { detail: { key } }));
}
function decidedOf(key) {
  return window.onrecordDecided?.get(key) || null;
}
function onDecided(key, handler) {
  const listener = (event) => { if (event.detail.key === key) handler(decidedOf(key)); };
  window.addEventListener("onrecord-decided", listener);
  return () => window.removeEventListener("onrecord-decided", listener);
}

// From one claim to the next as the article shows them: it knows which are hidden.
function step(key, by) {
  window.dispatchEvent(new CustomEvent("onrecord-step", { detail: { key, by } }));
}
function onStep(key, handler) {
  const listener = (event) => { if (event.detail.key === key) handler(event.detail.by); };
  window.addEventListener("onrecord-step", listener);
  return () => window.removeEventListener("onrecord-step", listener);
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

// A plain click on a link stays in this session; any other (a new tab, a copied address) is the browser's.
function inner(href, words, go, attributes) {
  return el("a", { href, ...attributes, on: { click: (event) => {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go();
  } } }, words);
}

function stage(root) {
  return root.querySelector(".stage");
}
