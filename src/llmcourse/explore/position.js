// Sinusoidal positions: the table, one clock of it, and the dot product of two rows. The twin of llmcourse.transformer.positions.

import { announcer, button, choice, el, format, redraw, show, spoken, sum, update } from "./shared.js";
import { heatMap, linePlot, slider } from "./draw.js";

// ---- the mathematics -------------------------------------------------------------------------------------------------

// ωᵢ = b^(−2i/D): the angle that each clock turns by per position.
export function clockFrequencies(width, base) {
  return [...Array(width / 2).keys()].map((i) => base ** ((-2 * i) / width));
}

// PE(t): the sine and the cosine of each clock's angle, side by side.
export function sinusoidal(t, width, base) {
  return clockFrequencies(width, base).flatMap((omega) => [Math.sin(t * omega), Math.cos(t * omega)]);
}

// PE(t) · PE(t + k) = Σ cos kωᵢ, whatever t is.
export function offsetProduct(k, width, base) {
  return sum(clockFrequencies(width, base).map((omega) => Math.cos(k * omega)));
}

export const dot = (a, b) => sum(a.map((x, i) => x * b[i]));

// The offset, from 1 on, whose rows are most alike in a table of this length, and the cosine between them.
export function twins(length, width, base) {
  let best = { offset: 1, cosine: -Infinity };
  for (let k = 1; k < length; k += 1) {
    const cosine = offsetProduct(k, width, base) / (width / 2);
    if (cosine > best.cosine) best = { offset: k, cosine };
  }
  return best;
}

export function numbersOf({ width, base, length, position, dimension, offset }) {
  const here = sinusoidal(position, width, base);
  const product = dot(here, sinusoidal(position + offset, width, base));
  const omega = clockFrequencies(width, base)[Math.floor(dimension / 2)];
  const { offset: twin, cosine: twin_cosine } = twins(length, width, base);
  return { entry: here[dimension], frequency: omega, wavelength: (2 * Math.PI) / omega, product, cosine: product / (width / 2), twin, twin_cosine };
}

// ---- the pictures ------------------------------------------------------------------------------------------------------

const BOX = { width: 300, height: 166, left: 42, right: 10, top: 10, bottom: 36 };
const range = (first, last) => [...Array(last - first + 1).keys()].map((i) => first + i);

function waveOf({ width, base, length, position, dimension }) {
  const omega = clockFrequencies(width, base)[Math.floor(dimension / 2)];
  const wave = (t) => (dimension % 2 ? Math.cos(t * omega) : Math.sin(t * omega));
  const fine = range(0, 4 * (length - 1)).map((i) => [i / 4, wave(i / 4)]);
  return linePlot({
    frame: BOX,
    x: { range: [0, length - 1], label: "position" },
    y: { range: [-1.1, 1.1], label: `dimension ${dimension}`, ticks: [-1, 0, 1] },
    lines: [{ points: fine, color: "c1", width: 1.2 }],
    dots: [...range(0, length - 1).map((t) => ({ x: t, y: wave(t), color: "c1", r: 1.8 })), { x: position, y: wave(position), color: "c2", r: 5 }],
  });
}

function curveOf({ width, base, length, position, offset, scale }) {
  const unit = scale === "cosine" ? width / 2 : 1;
  const top = width / 2 / unit;
  const here = sinusoidal(position, width, base);
  const measured = (k) => dot(here, sinusoidal(position + k, width, base)) / unit;
  const formula = range(1 - length, length - 1).map((k) => [k, offsetProduct(k, width, base) / unit]);
  const bottom = formula.some(([, y]) => y < 0) ? -top : 0;
  return linePlot({
    frame: BOX,
    x: { range: [1 - length, length - 1], label: "offset k" },
    y: { range: [bottom - 0.1 * top, 1.1 * top], label: scale === "cosine" ? "cosine" : "dot product", ticks: [bottom, (bottom + top) / 2, top] },
    rules: [{ x: 0 }],
    lines: [
      { points: formula, color: "c6", dash: "2 3", width: 1.2 },
      { points: range(-position, length - 1 - position).map((k) => [k, measured(k)]), color: "c1", width: 2.4 },
    ],
    dots: [{ x: offset, y: measured(offset), color: "c2", r: 5 }],
  });
}

// ---- the view ------------------------------------------------------------------------------------------------------------

const TRAITS = ["width", "base", "length", "position", "dimension", "offset", "scale"];
const WIDEST = 64;
const BASES = [2, 1e6];
const NUMBERS = [
  ["entry", "PE(t)ⱼ", "entry", ": sine (even j) or cosine (odd j) of t·ω"],
  ["frequency", "ω", "frequency", ": radians per position"],
  ["wavelength", "2π/ω", "wavelength", ": positions for one turn"],
  ["product", "PE(t)·PE(t+k)", "dot product", ""],
  ["cosine", "÷ D/2", "cosine", ": 1 for equal rows"],
  ["twin_cosine", "max", "closest rows", ": their cosine"],
];
const WRITTEN = { entry: 4, wavelength: 2, product: 3, cosine: 4, twin_cosine: 4 };
const written = (key, x) => (key === "frequency" ? format(x, 4, 0.01) : format(x, WRITTEN[key]));
const plain = (x) => (x >= 1000 ? Math.round(x).toLocaleString("en-US") : String(Number(x.toPrecision(4))));
const kind = (dimension) => (dimension % 2 ? "cos" : "sin");

const TABLE = "The table: one row per position, one column per dimension; blue above 0, orange below. The outlined row is t, the dashed one t + k, the outlined column j.";
const WAVE = "Column j read downward. The dots are the positions, the large one is t.";
const CURVE = "Dotted: Σ cos kωᵢ. Bold: the dot products of row t with every row of the table. The dot is row t + k.";

function render({ model, el: host }) {
  const initial = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
  const root = el("div", { class: "lc-view lc-position" });
  const put = (name) => (value) => update(model, { [name]: Math.round(value) });
  const sliders = {
    position: slider("Position t", { min: 0, max: 127, step: 1, write: String, oninput: put("position") }),
    offset: slider("Offset k", { min: 0, max: 127, step: 1, write: String, oninput: put("offset") }),
    dimension: slider("Dimension j", { min: 0, max: WIDEST - 1, step: 1, write: (j) => `${j}, ${kind(j)}`, oninput: put("dimension") }),
    width: slider("Width D", {
      min: 2,
      max: WIDEST,
      step: 2,
      write: String,
      oninput: (width) => update(model, { width, dimension: Math.min(model.get("dimension"), width - 1) }),
    }),
    base: slider("Base b", { min: BASES[0], max: BASES[1], scale: "log", write: plain, oninput: (base) => update(model, { base: Number(base.toPrecision(3)) }) }),
  };
  const scale = choice("Curve", [["product", "dot product"], ["cosine", "cosine"]], (value) => update(model, { scale: value }));
  const reset = button("Reset", () => update(model, initial));
  const controls = el("div", { class: "lc-controls" }, Object.values(sliders).map((one) => one.node), scale.node, reset);

  const rows = NUMBERS.map(([key, symbol, name, words]) => {
    const value = el("span", { "data-key": key });
    const at = key === "twin_cosine" ? el("span", { "data-key": "twin" }) : null;
    const node = el("div", { class: "lc-number" }, el("dt", {}, el("span", { class: "lc-symbol", text: symbol }), ` ${name}`, el("span", { class: "lc-words", text: words })), el("dd", {}, value, at && " at k = ", at));
    return { key, node, value, at };
  });
  const numbers = el("dl", { class: "lc-numbers" }, rows.map(({ node }) => node));

  // the table, with its outlines laid over it; a tap chooses row and column, as the sliders do
  const cells = el("div", { class: "lc-cells" });
  const [row, other, column] = ["lc-mark", "lc-mark lc-other", "lc-mark"].map((css) => el("div", { class: css }));
  const map = el("div", {
    class: "lc-map",
    onclick: (event) => {
      const box = map.getBoundingClientRect();
      const at = (share, count) => Math.min(count - 1, Math.max(0, Math.floor(share * count)));
      update(model, { position: at((event.clientY - box.top) / box.height, model.get("length")), dimension: at((event.clientX - box.left) / box.width, model.get("width")) });
    },
  }, cells, row, other, column);
  const lastColumn = el("span");
  const lastRow = el("span");
  const head = el("div", { class: "lc-axis-top" }, el("span", { text: "0" }), el("span", { text: "dimension" }), lastColumn);
  const side = el("div", { class: "lc-axis-side" }, el("span", { text: "0" }), el("span", { class: "lc-upright", text: "position" }), lastRow);
  const wave = el("div");
  const curve = el("div");
  const table = el("figure", { class: "lc-table" }, el("div", { class: "lc-axes", "aria-hidden": "true" }, head, side, map), el("figcaption", { text: TABLE }));
  const plots = el("div", { class: "lc-plots" }, el("figure", {}, wave, el("figcaption", { text: WAVE })), el("figure", {}, curve, el("figcaption", { text: CURVE })));
  root.append(controls, el("div", { class: "lc-columns" }, table, plots, numbers));
  host.append(root);
  const voice = announcer(root);

  let painted = "";
  function draw() {
    const state = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
    const { width, base, length, position, dimension, offset } = state;
    sliders.position.input.max = length - 1;
    sliders.offset.input.max = length - 1;
    sliders.dimension.input.max = width - 1;
    for (const [name, one] of Object.entries(sliders)) one.set(state[name]);
    scale.set(state.scale);
    const values = numbersOf(state);
    for (const { key, value, at } of rows) {
      show(value, values[key], written(key, values[key]));
      if (at) show(at, values.twin, String(values.twin));
    }
    const look = JSON.stringify([width, base, length]);
    if (look !== painted) cells.replaceChildren(heatMap(range(0, length - 1).map((t) => sinusoidal(t, width, base)), 1));
    painted = look;
    const place = (node, top, left, height, wide) => Object.entries({ top, left, height, width: wide }).forEach(([name, share]) => node.style.setProperty(name, `${100 * share}%`));
    place(row, position / length, 0, 1 / length, 1);
    place(other, (position + offset) / length, 0, 1 / length, 1);
    other.hidden = position + offset >= length;
    place(column, 0, dimension / width, 1, 1 / width);
    lastColumn.textContent = width - 1;
    lastRow.textContent = length - 1;
    wave.replaceChildren(waveOf(state));
    curve.replaceChildren(curveOf(state));
    voice.say(
      `Dimension ${dimension}, ${dimension % 2 ? "cosine" : "sine"}, wavelength ${spoken(values.wavelength)}; at position ${position} it is ${spoken(values.entry)}. ` +
        `Rows ${position} and ${position + offset}: dot product ${spoken(values.product)}, cosine ${spoken(values.cosine)}.`,
    );
  }

  const stop = redraw(model, TRAITS, draw);
  return () => {
    stop();
    voice.stop();
    root.remove();
  };
}

export default { render };
