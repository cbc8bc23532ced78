// Logits to probabilities: temperature, top-k, top-p, min-p, and draws. The twin of llmcourse.inference.sampling.

import { announcer, barSlider, button, choice, el, field, fixed, format, menu, redraw, show, spoken, sum, tokenName, turnOff, update, visible } from "./shared.js";
import { uniform } from "./ngram.js";
import { softmax } from "./softmax.js";
import { cutMass, entropy, minP, nextDistribution, ranking, topK, topP } from "./sampling.js";
import { linePlot, slider } from "./draw.js";

export { minP, nextDistribution, topK, topP }; // for the tests, which ask this module

// ---- the mathematics -------------------------------------------------------------------------------------------------

// The logits of a prompt, from the largest to the smallest: see softmax_prompts.py.
export function logitsOf({ top, falls, size }) {
  const packed = atob(falls);
  const z = new Float64Array(size);
  let level = top;
  z[0] = level / 65536;
  for (let i = 1, at = 0; i < size; i++) {
    for (let place = 1; ; place *= 128) {
      const byte = packed.charCodeAt(at++);
      level -= (byte % 128) * place;
      if (byte < 128) break;
    }
    z[i] = level / 65536;
  }
  return z;
}

export const distance = (counts, n, p) => sum(p.map((x, i) => Math.abs(counts[i] / n - x))) / 2;

// How often each token comes in n draws: throw i lands on the first token whose running total exceeds it.
export function drawCounts(p, seed, n) {
  const edges = new Float64Array(p.length);
  let total = 0;
  for (let i = 0; i < p.length; i++) edges[i] = total += p[i];
  const counts = new Float64Array(p.length);
  for (let step = 0; step < n; step++) {
    const u = uniform(seed, step);
    let [low, high] = [0, p.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (edges[middle] / total > u) high = middle;
      else low = middle + 1;
    }
    counts[low] += 1;
  }
  return counts;
}

// ---- what the controls can be set to -----------------------------------------------------------------------------------

const TRAITS = ["logits", "labels", "prompts", "prompt", "temperature", "top_k", "top_p", "min_p", "draws", "seed", "rows"];
const [MIN_TAU, MAX_TAU, MAX_LOGIT, MAX_DRAWS] = [0.05, 20, 10, 100000];
const OWN = "your own logits";
const KS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 25, 30, 40, 50, 70, 100, 200, 500, 1000, 2000, 5000, 10000, 20000];
const kChoices = (size) => [...KS.filter((k) => k < size), 0]; // 0: left out
const whole = (n) => n.toLocaleString("en-US");
// Where the bars end: the first of these that leaves room for the longest.
const barTop = (p) => [0.05, 0.1, 0.25, 0.5].find((top) => p.every((x) => x <= 0.95 * top)) || 1;

const NUMBERS = [
  ["entropy", "H", "entropy", "bits"],
  ["perplexity", "2ᴴ", "perplexity", ""],
  ["left", "#", "tokens left", ""],
  ["cut", "cut", "probability", ""],
  ["draws", "n", "draws", ""],
  ["distance", "½Σ", "|drawn − p|", ""],
];

// ---- the plot -------------------------------------------------------------------------------------------------------------

const BOX = { width: 480, height: 230, left: 46, right: 12, top: 12, bottom: 38 };
const COLORS = ["c1", "c2", "c3", "c4", "c5", "c6"];
const FLOOR = -12; // the lowest power of ten in the plot over ranks

// Own logits: each probability at every temperature, before anything is cut.
function temperaturePlot(z, labels, temperature) {
  const taus = Array.from({ length: 66 }, (_, i) => Math.log10(MIN_TAU) + (i / 65) * Math.log10(MAX_TAU / MIN_TAU));
  const curves = taus.map((at) => softmax(z, 10 ** at));
  const now = softmax(z, temperature);
  const look = (i) => ({ color: COLORS[i % 6], dash: i < 6 ? undefined : "5 3" });
  return {
    x: { range: [-1.35, 1.35], label: "temperature, as a power of ten (0 is τ = 1)", ticks: [-1, -0.5, 0, 0.5, 1] },
    y: { range: [0, 1], label: "probability", ticks: [0, 0.25, 0.5, 0.75, 1] },
    frame: BOX,
    lines: z.map((_, i) => ({ points: taus.map((at, j) => [at, curves[j][i]]), ...look(i) })),
    rules: [{ x: Math.log10(temperature) }],
    dots: z.map((_, i) => ({ x: Math.log10(temperature), y: now[i], color: look(i).color })),
    texts: z.slice(0, 6).map((_, i) => ({ x: Math.log10(temperature) + 0.05, y: now[i], text: visible(labels[i]) })),
  };
}

// A prompt: probability over rank, both as powers of ten, before and after the cut.
function rankPlot(before, p) {
  const last = Math.log10(before.length);
  const ranks = [...new Set(Array.from({ length: 121 }, (_, i) => Math.round(10 ** ((i / 120) * last))))];
  const power = (x) => (x > 10 ** (FLOOR - 2) ? Math.log10(x) : FLOOR - 2);
  const curve = (values, end) => ranks.filter((rank) => rank <= end).map((rank) => [Math.log10(rank), power(values[rank - 1])]);
  const left = p.findLastIndex((x) => x > 0) + 1;
  const edge = left < before.length ? [[Math.log10(left), power(p[left - 1])], [Math.log10(left), FLOOR - 2]] : [];
  return {
    x: { range: [0, 4.7], label: "rank, as a power of ten (0 is the most probable token)", ticks: [0, 1, 2, 3, 4] },
    y: { range: [FLOOR, 0], label: "probability, power of ten", ticks: [-12, -9, -6, -3, 0] },
    frame: BOX,
    lines: [
      { points: curve(before, before.length), color: "c6", dash: "5 3", width: 1.4 },
      { points: [...curve(p, left), ...edge], color: "c1" },
    ],
  };
}

// ---- the view --------------------------------------------------------------------------------------------------------------

function render({ model, el: host }) {
  const get = (name) => model.get(name);
  const initial = Object.fromEntries(TRAITS.filter((name) => name !== "prompts").map((name) => [name, get(name)]));
  const root = el("div", { class: "lc-view lc-softmax_temperature" });
  let base = null; // the logits when a drag began
  let decoded = { prompt: null, z: null };

  const chosen = () => get("prompts").find((prompt) => prompt.name === get("prompt"));
  function scores() {
    const prompt = chosen();
    if (!prompt) return get("logits");
    if (decoded.prompt !== prompt) decoded = { prompt, z: logitsOf(prompt) };
    return decoded.z;
  }

  // controls
  const source = menu("Logits", (name) => update(model, { prompt: name === OWN ? "" : name }));
  const tau = slider("Temperature τ", { min: MIN_TAU, max: MAX_TAU, scale: "log", oninput: (x) => update(model, { temperature: x }) });
  const k = slider("top-k", {
    min: 0, max: KS.length, step: 1, write: () => (get("top_k") ? whole(get("top_k")) : "off"),
    oninput: (i) => update(model, { top_k: kChoices(scores().length)[Math.round(i)] }),
  });
  const mass = slider("top-p", { min: 0.01, max: 1, step: 0.01, write: (x) => (x < 1 ? format(x, 2) : "off"), oninput: (x) => update(model, { top_p: x }) });
  const share = slider("min-p", { min: 0, max: 1, step: 0.01, write: (x) => (x > 0 ? format(x, 2) : "off"), oninput: (x) => update(model, { min_p: x }) });
  const shown = choice("Rows", [[10, "10"], [25, "25"], [50, "50"]], (value) => update(model, { rows: value }));
  const add = (n) => () => update(model, { draws: Math.min(MAX_DRAWS, get("draws") + n) });
  const draws = [[1, "Draw 1"], [100, "Draw 100"], [10000, "Draw 10,000"]].map(([n, text], i) => button(text, add(n), i ? {} : { class: "lc-button lc-main" }));
  const clear = button("Clear draws", () => update(model, { draws: 0 }));
  const seed = field("Seed", { type: "number", min: 0, max: 4294967295, step: 1, oninput: () => {
    const x = Number(seed.input.value);
    const taken = seed.input.value !== "" && Number.isInteger(x) && x >= 0 && x <= 4294967295;
    refuse(!taken);
    if (taken) update(model, { seed: x });
  } });
  const reset = button("Reset", () => {
    update(model, initial);
    seed.input.value = get("seed");
    refuse(false);
  });
  const buttons = el("div", { class: "lc-buttons" }, draws, clear, reset);
  const sliders = el("div", { class: "lc-sliders" }, tau.node, k.node, mass.node, share.node);
  const message = el("p", { class: "lc-message", role: "status" });
  root.append(el("div", { class: "lc-controls" }, source.node, shown.node, sliders, seed.node, buttons), message);
  let refused = false;
  function refuse(yes) {
    refused = yes;
    if (yes) seed.input.setAttribute("aria-invalid", "true");
    else seed.input.removeAttribute("aria-invalid");
    writeMessage();
  }
  function writeMessage() {
    const full = get("draws") >= MAX_DRAWS ? `${whole(MAX_DRAWS)} draws are the most: clear them to go on.` : "";
    message.textContent = refused ? `Seed must be a whole number from 0 to 4,294,967,295; it is still ${get("seed")}.` : full;
  }

  // rows, numbers, plot
  const rows = el("div", { class: "lc-rows", role: "table", "aria-label": "Tokens and their probabilities" });
  const numbers = NUMBERS.map(([key, symbol, name, unit]) => {
    const value = el("span", { "data-key": key });
    const term = el("dt", {}, el("span", { class: "lc-symbol", text: symbol }), ` ${name}`);
    const node = el("div", { class: "lc-number" }, term, el("dd", {}, value, " ", el("span", { class: "lc-unit", text: unit })));
    return { key, node, value };
  });
  const caption = el("figcaption", {});
  const figure = el("figure", { tabindex: "-1" }, caption);
  const note = el("p", { class: "lc-note" });
  const skip = button("Skip the logits", () => figure.focus(), { class: "lc-button lc-skip" });
  const results = el("dl", { class: "lc-numbers" }, numbers.map((one) => one.node));
  root.append(skip, el("div", { class: "lc-columns" }, el("div", {}, rows, note), results, figure));
  const voice = announcer(root);
  host.append(root);

  let cells = [];
  let shape = "";
  function buildRows(names, own, rest) {
    const next = JSON.stringify([names, own, rest > 0]);
    if (next === shape) return;
    shape = next;
    const dial = (i) =>
      barSlider(`logit of ${tokenName(names[i])}`, {
        min: -MAX_LOGIT, max: MAX_LOGIT, step: 0.1, color: "c3",
        oninput: (value, dragging) => {
          if (dragging && !base) base = get("logits");
          update(model, { logits: get("logits").map((z, j) => (j === i ? Math.round(value * 100) / 100 : z)) });
        },
        onrelease: () => (base = null),
        oncancel: () => {
          if (base) update(model, { logits: base });
          base = null;
        },
      });
    const bar = (color) => el("span", { class: "lc-bar", style: { "--bar": `var(--${color})` } });
    const line = (i, label, isRest) => {
      const one = { dial: own ? dial(i) : null, p: bar("c1"), drawn: bar("c2"), label: el("span", { class: "lc-label", role: "rowheader", text: label }) };
      one.texts = isRest
        ? { p: el("span", { "data-key": "others" }), drawn: el("span", { "data-key": "drawn_others" }) }
        : { z: el("span", { "data-key": `z.${i}` }), p: el("span", { "data-key": `p.${i}` }), drawn: el("span", { "data-key": `drawn.${i}` }) };
      const value = (key) => el("span", { class: `lc-value lc-${key}`, role: "cell" }, one.texts[key]);
      one.node = el("div", { class: `lc-row${isRest ? " lc-rest" : ""}`, role: "row" }, one.label, value("z"), el("span", { class: "lc-bars", role: "cell" }, one.dial && one.dial.node, one.p, one.drawn), value("p"), value("drawn"));
      return one;
    };
    cells = names.map((name, i) => line(i, visible(name), false));
    if (rest > 0) cells.push(line(names.length, "", true));
    skip.hidden = !own;
    rows.replaceChildren(
      el("div", { class: "lc-row lc-head", role: "row" }, ["token", "logit", "", "p", "drawn"].map((text, i) => el("span", { role: "columnheader", class: i ? null : "lc-label", text }))),
      ...cells.map((one) => one.node),
    );
  }

  function draw() {
    const [own, z] = [!chosen(), scores()];
    const names = own ? get("labels") : chosen().tokens.slice(0, get("rows"));
    const before = softmax(z, get("temperature"));
    const p = nextDistribution(z, { temperature: get("temperature"), top_k: get("top_k"), top_p: get("top_p"), min_p: get("min_p") });
    const n = get("draws");
    const counts = drawCounts(p, get("seed"), n);
    const rest = z.length - names.length;
    buildRows(names, own, rest);
    const top = own ? 1 : barTop(p);
    rows.firstChild.children[2].textContent = `0 to ${top}`;
    rows.classList.toggle("lc-own", own);
    const put = (one, x, was, drawn) => {
      one.p.style.setProperty("--at", Math.min(1, x / top));
      one.p.style.setProperty("--was", Math.min(1, was / top));
      one.drawn.style.setProperty("--at", Math.min(1, drawn / top));
      one.p.classList.toggle("lc-over", x > top);
      one.drawn.classList.toggle("lc-over", drawn > top);
      one.node.classList.toggle("lc-cut", x === 0 && was > 0);
      show(one.texts.p, x, x === 0 && was > 0 ? "cut" : format(x));
      show(one.texts.drawn, n ? drawn : NaN, n ? format(drawn) : "—");
      if (!n) one.texts.drawn.removeAttribute("data-value");
    };
    names.forEach((_, i) => {
      show(cells[i].texts.z, z[i], format(z[i], 2));
      if (own) cells[i].dial.set(z[i], `${spoken(z[i])}, probability ${spoken(p[i])}`);
      put(cells[i], p[i], before[i], n ? counts[i] / n : 0);
    });
    if (rest > 0) {
      const tail = (values) => sum(values.slice(names.length));
      cells.at(-1).label.textContent = `${whole(rest)} others`;
      put(cells.at(-1), tail(p), tail(before), n ? tail(counts) / n : 0);
    }
    const h = entropy(p);
    const filtered = get("top_k") > 0 || get("top_p") < 1 || get("min_p") > 0;
    const left = filtered ? p.filter((x) => x > 0).length : p.length;
    const values = { entropy: h, perplexity: 2 ** h, cut: cutMass(before, p), left, draws: n, distance: n ? distance(counts, n, p) : NaN };
    for (const { key, node, value } of numbers) {
      const off = Number.isNaN(values[key]);
      node.classList.toggle("lc-off", off);
      show(value, values[key], off ? "—" : key === "left" || key === "draws" ? whole(values[key]) : key === "perplexity" ? fixed(values[key], 2) : format(values[key]));
      if (off) value.removeAttribute("data-value");
    }
    figure.replaceChildren(linePlot(own ? temperaturePlot(z, names, get("temperature")) : rankPlot(before, p)), caption);
    caption.textContent = own ? OWN_CAPTION : RANK_CAPTION;
    note.textContent = own ? OWN_NOTE : promptNote(z.length);

    source.node.hidden = get("prompts").length === 0;
    source.set([OWN, ...get("prompts").map((prompt) => prompt.name)].map((name) => [name, name]), own ? OWN : get("prompt"));
    shown.node.hidden = own;
    shown.set(get("rows"));
    tau.set(get("temperature"));
    const choices = kChoices(z.length);
    k.input.max = choices.length - 1;
    k.set(get("top_k") === 0 ? choices.length - 1 : Math.min(choices.length - 1, choices.findIndex((one) => one === 0 || one >= get("top_k"))));
    mass.set(get("top_p"));
    share.set(get("min_p"));
    if (!refused && Number(seed.input.value) !== get("seed")) seed.input.value = get("seed");
    if (seed.input.value === "" && !refused) seed.input.value = get("seed");
    for (const one of draws) turnOff(one, n >= MAX_DRAWS);
    turnOff(clear, n === 0);
    writeMessage();

    const likely = ranking(p).slice(0, 3).filter((i) => p[i] > 0 && i < names.length).map((i) => `${tokenName(names[i])} ${spoken(p[i], 2)}`).join(", ");
    const drawn = n ? ` ${whole(n)} ${n === 1 ? "draw" : "draws"}, distance ${spoken(values.distance)}.` : "";
    voice.say(`Temperature ${spoken(get("temperature"))}: entropy ${spoken(h)} bits, ${whole(left)} tokens left, cut ${spoken(values.cut)}. Most likely: ${likely}.${drawn}`);
  }

  const stop = redraw(model, TRAITS, draw);
  return () => {
    stop();
    voice.stop();
    root.remove();
  };
}

const OWN_CAPTION = "Each line is one token's probability at every temperature, before anything is cut; the dashed line is where τ stands. To the left the largest logit takes all, to the right all become alike.";
const RANK_CAPTION = "Every token of the vocabulary, from the most probable (left) to the least, each step of one a factor of ten. Dashed: before the cut. Solid: what tokens are drawn from.";
const OWN_NOTE = "Drag a logit, the upper bar of each row. Below it: the probability, with a tick where it was before the cut, and the share drawn.";
const promptNote = (size) => `SmolLM2-135M-Instruct, its whole vocabulary of ${whole(size)} tokens: what has no row is in the last one. A tick on a bar: the probability before the cut.`;

export default { render };
