// What every widget draws with: elements, numbers, controls, announcements. No framework, no requests.
// Text from the reader reaches the page only through textContent, never as markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "text") node.textContent = value;
    else if (key === "style") for (const [name, v] of Object.entries(value)) node.style.setProperty(name, v);
    else if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

// el("button", { class: "lc-button", text: "Reset", onclick: reset }): an HTML element.
export function el(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

// The same for SVG.
export function svg(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

// ---- numbers ---------------------------------------------------------------------------------------------------

const SUPERSCRIPT = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

// Fixed decimals and one comma for each thousand: 2,719.0000. A tiny negative number keeps its sign: −0.000.
export function fixed(x, digits = 3) {
  const [whole, decimals] = Math.abs(x).toFixed(digits).split(".");
  return `${x < 0 ? "−" : ""}${whole.replace(/\B(?=(\d{3})+$)/g, ",")}.${decimals}`;
}

// A number for the eye: fixed decimals, ∞ as itself, and three digits with a power of ten from `below` on, which is where
// fixed decimals would show a false zero, or a larger bound.
export function format(x, digits = 4, below = 0.5 * 10 ** -digits) {
  if (Number.isNaN(x)) return "undefined";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
  const size = Math.abs(x);
  const sign = x < 0 ? "−" : "";
  if (size === 0) return (0).toFixed(digits);
  if (size < below || size >= 1e9) {
    const [mantissa, exponent] = size.toExponential(2).split("e");
    return `${sign}${mantissa}·10${[...exponent.replace("+", "")].map((c) => SUPERSCRIPT[c]).join("")}`;
  }
  return fixed(x, digits);
}

// The same number for the ear: "infinite" instead of a symbol that some screen readers skip.
export function spoken(x, digits = 3) {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "undefined" : x > 0 ? "infinite" : "minus infinite";
  return String(Number(x.toPrecision(digits)));
}

// A computed number on the page: rounded as text, in full in data-value.
export function show(node, x, text = format(x)) {
  node.setAttribute("data-value", String(x));
  if (node.textContent !== text) node.textContent = text;
}

export const UNITS = {
  bits: { log: Math.log2, exp: (x) => 2 ** x, one: "bit", symbol: "log₂" },
  nats: { log: Math.log, exp: Math.exp, one: "nat", symbol: "ln" },
};

export function sum(values) {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

// The smallest of 1, 1.2, 1.5, 2, 3, 4, 5, 6, 8, 10, 12 … not below x: the top of an axis that seldom moves.
export function axisTop(x) {
  for (let scale = 1; ; scale *= 10) {
    for (const step of [1, 1.2, 1.5, 2, 3, 4, 5, 6, 8]) if (step * scale >= x) return step * scale;
  }
}

// ---- names that the eye and the ear can tell apart ---------------------------------------------------------------

const NAMED = { " ": ["␣", "space"], "\n": ["↵", "line break"], "\t": ["⇥", "tab"], "\r": ["␍", "carriage return"] };

// A token as it is drawn: blanks become visible signs.
export function visible(token) {
  return [...token].map((c) => (NAMED[c] ? NAMED[c][0] : c)).join("");
}

// A token as it is read aloud: “e”, space, “th” then space.
export function tokenName(token) {
  if (NAMED[token]) return NAMED[token][1];
  return `“${[...token].map((c) => (NAMED[c] ? ` ${NAMED[c][1]} ` : c)).join("").trim()}”`;
}

// ---- controls ------------------------------------------------------------------------------------------------------

let serial = 0;
// An id that is new on this page: several widgets, or two copies of this module, may stand on it.
export function freshId(prefix) {
  serial += 1;
  return `lc-${prefix}-${serial}-${Math.random().toString(36).slice(2, 8)}`;
}

export function button(text, onclick, attributes = {}) {
  const node = el("button", { type: "button", class: "lc-button", text, onclick: () => isOff(node) || onclick(), ...attributes });
  return node;
}

// A button that is off keeps the keyboard's focus, which a disabled one would drop.
const isOff = (node) => node.getAttribute("aria-disabled") === "true";
export function turnOff(node, off) {
  if (off) node.setAttribute("aria-disabled", "true");
  else node.removeAttribute("aria-disabled");
}

// A group of radio buttons drawn as one switch. options: [[value, label], …]. Returns { node, set }.
export function choice(legend, options, onchange) {
  const name = freshId("choice");
  const inputs = options.map(([value]) =>
    el("input", { type: "radio", name, value, onchange: () => onchange(value) }),
  );
  const node = el(
    "fieldset",
    { class: "lc-choice" },
    el("legend", { text: legend }),
    el("div", { class: "lc-choice-row" }, options.map(([, label], i) => el("label", {}, inputs[i], el("span", { text: label })))),
  );
  const set = (value) => inputs.forEach((input, i) => (input.checked = options[i][0] === value));
  return { node, inputs, set };
}

// A labeled drop-down. Returns { node, input, set(options, value) }.
export function menu(label, onchange) {
  const id = freshId("menu");
  const input = el("select", { id, onchange: () => onchange(input.value) });
  const node = el("div", { class: "lc-field" }, el("label", { for: id, text: label }), input);
  let shown = "";
  const set = (options, value) => {
    const next = JSON.stringify(options);
    if (next !== shown) input.replaceChildren(...options.map(([v, text]) => el("option", { value: v, text })));
    shown = next;
    input.value = value;
  };
  return { node, input, set };
}

// A labeled text or number box. Returns { node, input }.
export function field(label, attributes) {
  const id = freshId("field");
  const input = el("input", { id, ...attributes });
  return { node: el("div", { class: "lc-field" }, el("label", { for: id, text: label }), input), input };
}

const KEY_STEPS = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 };

// A bar that is its own slider: a native range input, so pointer, touch, keyboard and screen readers all work.
// oninput(value, dragging); the bar keeps every digit of the value it shows (step "any"), keys move by `step`.
// A finger that lands on a bar to scroll the page moves the bar first; the browser then takes the pointer away, and
// oncancel() must put back what was there before.
export function barSlider(label, { min = 0, max = 1, step = 0.01, color = "c1", oninput, onrelease, oncancel }) {
  const input = el("input", { type: "range", class: "lc-bar", min, max, step: "any", "aria-label": label });
  input.style.setProperty("--bar", `var(--${color})`);
  let value = min;
  let dragging = false;
  let scrolling = false;
  const listen = (events, listener) => events.split(" ").forEach((event) => input.addEventListener(event, listener));
  listen("pointerdown", () => [dragging, scrolling] = [true, false]);
  listen("input", () => (scrolling ? (input.value = value) : oninput(Number(input.value), dragging)));
  listen("pointerup change", () => {
    if (dragging) onrelease();
    dragging = false;
  });
  listen("pointercancel", () => {
    [dragging, scrolling] = [false, true];
    oncancel();
  });
  listen("touchend touchcancel", () => setTimeout(() => (scrolling = false)));
  listen("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    let next = null;
    if (event.key === "Home") next = min;
    else if (event.key === "End") next = max;
    else if (KEY_STEPS[event.key]) next = value + KEY_STEPS[event.key] * step * (event.shiftKey ? 10 : 1);
    if (next === null) return;
    event.preventDefault();
    oninput(Math.min(max, Math.max(min, Math.round(next / step) * step)), false);
  });
  const set = (next, text, top = max) => {
    value = next;
    input.max = top;
    input.value = next;
    input.style.setProperty("--at", (next - min) / (top - min));
    input.setAttribute("aria-valuetext", text);
  };
  return { node: input, set };
}

// ---- speaking and listening ------------------------------------------------------------------------------------------

// A polite live region. say(text) waits until the reader pauses, so a drag does not queue a hundred sentences; the first
// text, that of the widget as it appears, is not spoken.
export function announcer(root, wait = 500) {
  const node = el("div", { class: "lc-sr", role: "status", "aria-live": "polite" });
  root.append(node);
  let timer = 0;
  let first = true;
  return {
    say(text) {
      clearTimeout(timer);
      if (first) return void (first = false);
      timer = setTimeout(() => (node.textContent = text), wait);
    },
    stop: () => clearTimeout(timer),
  };
}

// Call draw once now, and once per burst of changes of the named traits. Returns the function that stops it.
export function redraw(model, names, draw) {
  const events = names.map((name) => `change:${name}`).join(" ");
  let queued = false;
  let live = true;
  const onchange = () => {
    if (queued) return;
    queued = true;
    queueMicrotask(() => {
      queued = false;
      if (live) draw();
    });
  };
  model.on(events, onchange);
  draw();
  return () => {
    live = false;
    model.off(events, onchange);
  };
}

// Set several traits as one change, and send them to Python (in a notebook) as one message.
export function update(model, values) {
  for (const [key, value] of Object.entries(values)) model.set(key, value);
  model.save_changes();
}
