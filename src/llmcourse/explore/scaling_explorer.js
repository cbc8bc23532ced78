// A compute budget under several scaling laws: the valley of the loss, known models, and models made to be used.
// The laws and the models come with the widget's state; scaling.js has the mathematics.

import { announcer, button, el, format, menu, redraw, show, spoken, update } from "./shared.js";
import { hasCurve, lossOf, numbersOf, optimum } from "./scaling.js";
import { linePlot, slider } from "./draw.js";

// ---- words ---------------------------------------------------------------------------------------------------------------

const LETTERS = [[1e12, "T", "trillion"], [1e9, "B", "billion"], [1e6, "M", "million"], [1e3, "K", "thousand"], [1, "", ""]];

// Three digits and a letter: 70B, 1.4T. In words, for the ear: 70 billion.
export function amount(x, ear = false) {
  if (Number.isNaN(x)) return "–";
  const rounded = Number(x.toPrecision(3));
  const [unit, letter, word] = LETTERS.find(([size]) => rounded >= size) || LETTERS[4];
  const count = Number((rounded / unit).toPrecision(3)).toLocaleString("en-US");
  return ear ? `${count} ${word}`.trim() : `${count}${letter}`;
}

const spokenPower = (x) => x.toExponential(2).replace(/\.?0*e\+/, " times 10 to the ");
const power = (x) => (Number.isNaN(x) ? "–" : format(x, 0));
const digits = (count) => (x) => (Number.isNaN(x) ? "–" : format(x, count));
const ratio = (x) => (Number.isNaN(x) ? "–" : x < 100 ? format(x, x < 0.1 ? 3 : x < 10 ? 2 : 1) : Math.round(x).toLocaleString("en-US"));
const percent = (x) => (Number.isNaN(x) ? "–" : `${format(100 * x, 1)}%`);
const users = (x) => (x < 0 ? "none" : amount(x));

const beyond = (law, at) => ["N", "D", "C"].filter((name) => law.runs[name] && !(law.runs[name][0] <= at[name] && at[name] <= law.runs[name][1]));
const bounds = (law, units) =>
  ["N", "D", "C"].filter((name) => law.runs[name]).map((name) => `${law.runs[name].map(name === "C" ? power : (x) => amount(x)).join(" to ")} ${units[name]}`).join(", ");

// What the chosen law cannot say, and where it leaves the runs behind it.
export function lawWords(law, outside, outsideServing, unit) {
  const where = (names) => (names.length ? `lies outside them (${names.join(", ")}): an extrapolation.` : "lies inside them.");
  const end = `the optimum ${where(outside)}${outsideServing ? ` The cheapest to serve ${where(outsideServing)}` : ""}`;
  const silent = hasCurve(law) ? "" : " It names an optimum and no loss beside it: no curve, nothing about serving.";
  return `${law.name}. Fitted to runs of ${bounds(law, { N: "parameters", D: `${unit}s`, C: "FLOP" })}; ${end}${silent}${law.note && " "}${law.note}`;
}

const modelWords = (one, outside) => `${one.name}, ${one.source}.${outside.length ? ` Outside the runs of this law: ${outside.join(", ")}.` : ""}`;

// ---- pictures ------------------------------------------------------------------------------------------------------------

const BOX = { width: 340, height: 230, left: 48, right: 10, top: 12, bottom: 38 };
const { log10, ceil, floor, min, max } = Math;
const decades = (lo, hi, step = hi - lo > 5.5 ? 2 : 1) => [...Array(floor(hi / step) - ceil(lo / step) + 1).keys()].map((i) => (ceil(lo / step) + i) * step);
const tick = (x) => amount(10 ** x);
const isAt = (one, budget) => Math.abs((6 * one.n * one.d) / budget - 1) < 0.05;

function valley({ laws, models, budget, served, law: key, model, unit }, values) {
  const marked = models.filter((one) => isAt(one, budget) && (one.name === model || one.loss !== undefined));
  const sizesShown = [...laws.map((law) => values[`${law.key}_n`]), values.small_n, ...marked.map((one) => one.n)].filter((n) => !Number.isNaN(n)).map(log10);
  const x = [min(...sizesShown) - 1, max(...sizesShown) + 1];
  const chosen = laws.find((law) => law.key === key);
  const curves = laws.filter(hasCurve);
  const at = (law, n) => lossOf(law, n, budget / (6 * n));
  const heights = marked.flatMap((one) => [one.loss, one.name === model ? values.model_loss : undefined]).filter((y) => y !== undefined && !Number.isNaN(y));
  const sides = curves.flatMap((law) => [0.1, 1, 10].map((factor) => at(law, values[`${law.key}_n`] * factor)));
  const [foot, top] = [min(...sides, ...heights), max(...sides, ...heights)];
  const y = [foot - 0.12 * (top - foot), top];
  const [lines, dots] = [[], []];
  for (const law of [...laws.filter((one) => one !== chosen), chosen]) {
    const look = { color: law === chosen ? "c1" : "c6", width: law === chosen ? 2.4 : 1 };
    const best = log10(values[`${law.key}_n`]);
    if (hasCurve(law)) {
      lines.push({ points: [...Array(81).keys()].map((i) => x[0] + (i * (x[1] - x[0])) / 80).map((n) => [n, at(law, 10 ** n)]), ...look });
      dots.push({ x: best, y: values[`${law.key}_loss`], color: look.color, r: law === chosen ? 6 : 2.5 });
    } else lines.push({ points: [[best, y[0]], [best, foot - 0.04 * (top - foot)]], color: look.color, width: law === chosen ? 4 : 2 });
  }
  for (const one of marked) {
    if (one.loss !== undefined) dots.push({ x: log10(one.n), y: one.loss, color: "c3", r: one.name === model ? 4.5 : 3 });
    else if (hasCurve(chosen)) dots.push({ x: log10(one.n), y: values.model_loss, color: "c4", r: 4.5 });
  }
  if (served > 0 && hasCurve(chosen)) dots.push({ x: log10(values.small_n), y: values[`${key}_loss`], color: "c2", r: 6 });
  return linePlot({ frame: BOX, x: { range: x, label: "parameters N", ticks: decades(...x), write: tick }, y: { range: y, label: `loss (nats per ${unit})` }, lines, dots });
}

function plane({ laws, models, budgets, budget, served, law: key, model, unit }, values) {
  const ends = laws.map((law) => budgets.map((c) => optimum(law, c)).map(({ n, d }) => [log10(n), log10(d)]));
  const small = served > 0 && !Number.isNaN(values.small_n) ? [[log10(values.small_n), log10(values.small_d)]] : [];
  const best = [log10(values[`${key}_n`]), log10(values[`${key}_d`])];
  const shown = [best, ...models.map((one) => [log10(one.n), log10(one.d)]), ...small];
  const [x, y] = [0, 1].map((axis) => [min(...shown.map((at) => at[axis])) - 0.5, max(...shown.map((at) => at[axis])) + 0.5]);
  const lines = laws.map((law, i) => ({ points: ends[i], color: law.key === key ? "c1" : "c6", width: law.key === key ? 2.4 : 1 }));
  lines.sort((a, b) => a.width - b.width);
  lines.push({ points: x.map((n) => [n, log10(budget / 6) - n]), color: "c6", dash: "4 3", width: 1.2 });
  const dots = [[best], small].flatMap((places, i) => places.map(([n, d]) => ({ x: n, y: d, color: `c${i + 1}`, r: 6 })));
  dots.push(...models.map((one) => ({ x: log10(one.n), y: log10(one.d), color: "c4", r: one.name === model ? 4.5 : 2.5 })));
  const [wide, high] = [(x[1] - x[0]) / 40, (y[1] - y[0]) / 40];
  const shift = { start: [wide, -high / 2], end: [-wide, -high / 2], middle: [0, 1.5 * high] };
  const texts = models
    .filter((one) => one.label || one.name === model)
    .map((one) => ({ one, side: one.label || (2 * log10(one.n) > x[0] + x[1] ? "end" : "start") }))
    .map(({ one, side }) => ({ x: log10(one.n) + shift[side][0], y: log10(one.d) + shift[side][1], text: one.name, anchor: side }));
  return linePlot({ frame: BOX, x: { range: x, label: "parameters N", ticks: decades(...x), write: tick }, y: { range: y, label: `training ${unit}s D`, ticks: decades(...y), write: tick }, lines, dots, texts });
}

// ---- the view ------------------------------------------------------------------------------------------------------------

const TRAITS = ["laws", "models", "budgets", "budget", "served", "law", "model", "unit"];
const COLUMNS = [["n", amount], ["d", amount], ["ratio", ratio], ["loss", digits(3)]];
const SERVING = [
  ["small_n", "N", "parameters of the cheapest", amount],
  ["small_d", "D", "its training tokens", amount],
  ["small_ratio", "D/N", "tokens per parameter", ratio],
  ["small_training", "6ND", "FLOP of its training", power],
  ["small_total", "6ND + 2NDₛ", "with its use", power],
  ["plain_total", "6ND + 2NDₛ", "of the compute-optimal", power],
  ["saved", "saved", "of the total", percent],
];
const MODEL = [
  ["model_n", "N", "parameters", amount],
  ["model_d", "D", "training tokens", amount],
  ["model_ratio", "D/N", "tokens per parameter", ratio],
  ["model_compute", "6ND", "FLOP", power],
  ["model_loss", "L(N, D)", "loss by this law", digits(3)],
  ["model_measured", "L", "loss as measured", digits(3)],
  ["model_best", "min L", "the best for that compute", digits(3)],
  ["model_factor", "×", "compute over the least for its loss", ratio],
  ["model_served", "Dₛ", "served tokens that would justify it", users],
];
const VALLEY =
  "Every point of a curve costs the budget: small models with much data on the left, large ones with little on the right. Blue: the chosen law, its dot the optimum. Orange: the cheapest model of the same loss once Dₛ tokens are served.";
const OF_LAWS = " Gray: the other laws; a bar at the foot where a law names only the optimum. Purple: the chosen model, when the budget is its own.";
const OF_RUNS = " Green: what the runs of this budget, to 5%, reached.";
const PLANE =
  "Purple: trained models. Lines: each law's optimum as the budget grows, blue the chosen one. Dashed: all pairs that cost this budget.";
const named = (text, unit) => text.replaceAll("token", unit);

function render({ model, el: host }) {
  const initial = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
  const { laws, models, budgets, unit } = initial;
  const root = el("div", { class: "lc-view lc-scaling_explorer" });
  const servedAt = (p) => (p <= 0 ? 0 : 10 ** (6 + (p - 1) / 10));
  const budget = slider("Budget C (FLOP)", { min: budgets[0], max: budgets[1], scale: "log", write: power, oninput: (x) => update(model, { budget: Number(x.toPrecision(3)) }) });
  const served = slider(named("Served tokens Dₛ", unit), { min: 0, max: 101, step: 1, write: (p) => amount(servedAt(p)), oninput: (p) => update(model, { served: servedAt(Math.round(p)) }) });
  const law = menu("Law", (key) => update(model, { law: key }));
  const put = menu("Put the budget at", (name) => {
    const one = models.find((known) => known.name === name);
    update(model, one ? { model: name, budget: 6 * one.n * one.d } : { model: "" });
  });
  const reset = button("Reset", () => update(model, initial));

  const cells = [];
  const cell = (key, write) => {
    const node = el("span", { "data-key": key });
    cells.push({ key, node, write });
    return node;
  };
  const rows = laws.map((one) => {
    const outside = el("td");
    return { one, outside, node: el("tr", {}, el("th", { scope: "row", text: one.name }), COLUMNS.map(([column, write]) => el("td", {}, cell(`${one.key}_${column}`, write))), outside) };
  });
  const heads = ["law", "N", "D", "D/N", "loss", "outside its runs"].map((text) => el("th", { scope: "col", text }));
  const note = el("p", { class: "lc-note lc-words-of-law" });
  const panel = (title, entries, about) =>
    el("div", {}, el("p", { class: "lc-title", text: title }), el("dl", { class: "lc-numbers" }, entries.map(([key, symbol, words, write]) => el("div", { class: "lc-number" }, el("dt", {}, el("span", { class: "lc-symbol", text: symbol }), ` ${named(words, unit)}`), el("dd", {}, cell(key, write))))), about);
  const source = el("p", { class: "lc-note lc-source" });
  const measured = models.some((one) => one.loss !== undefined);
  const [left, right] = [el("div"), el("div")];
  root.append(
    el("div", { class: "lc-controls lc-sliders" }, budget.node, served.node),
    el("div", { class: "lc-controls lc-second" }, law.node, put.node, reset),
    el("div", { class: "lc-columns" }, el("figure", {}, left, el("figcaption", { text: named(VALLEY, unit) + (measured ? OF_RUNS : OF_LAWS) })), el("figure", {}, right, el("figcaption", { text: PLANE }))),
    el("table", { class: "lc-laws" }, el("thead", {}, el("tr", {}, heads)), el("tbody", {}, rows.map((row) => row.node))),
    note,
    el("div", { class: "lc-columns lc-panels" }, panel(named("Cheapest to train and to serve Dₛ tokens", unit), SERVING), panel("The chosen model, under this law", MODEL.filter(([key]) => measured || key !== "model_measured"), source)),
  );
  const voice = announcer(root);
  host.append(root);

  function draw() {
    const state = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
    const values = numbersOf(state);
    const chosen = laws.find((one) => one.key === state.law);
    const known = models.find((one) => one.name === state.model);
    budget.set(state.budget);
    served.set(state.served === 0 ? 0 : 10 * log10(state.served) - 59);
    served.input.disabled = !hasCurve(chosen);
    law.set(laws.map((one) => [one.key, one.name]), state.law);
    put.set([["", "no model"], ...models.map((one) => [one.name, one.name])], state.model);
    for (const { key, node, write } of cells) show(node, values[key], write(values[key]));
    const outside = (one) => beyond(one, { N: values[`${one.key}_n`], D: values[`${one.key}_d`], C: state.budget });
    for (const row of rows) {
      row.outside.textContent = outside(row.one).join(", ") || "–";
      row.node.classList.toggle("lc-chosen", row.one === chosen);
    }
    const serves = state.served > 0 && hasCurve(chosen);
    const outsideServing = serves && beyond(chosen, { N: values.small_n, D: values.small_d, C: values.small_training });
    note.textContent = lawWords(chosen, outside(chosen), outsideServing, unit);
    source.textContent = known ? modelWords(known, beyond(chosen, { N: known.n, D: known.d, C: values.model_compute })) : "No model is chosen.";
    left.replaceChildren(valley(state, values));
    right.replaceChildren(plane(state, values));
    const [n, d, r, loss] = ["n", "d", "ratio", "loss"].map((column) => values[`${state.law}_${column}`]);
    const use = serves ? ` To serve ${amount(state.served, true)} ${unit}s as well: ${amount(values.small_n, true)} parameters, saving ${spoken(100 * values.saved)} percent.` : "";
    voice.say(
      `Budget ${spokenPower(state.budget)} floating-point operations. ${chosen.name}: ${amount(n, true)} parameters, ${amount(d, true)} ${unit}s, ${spoken(r)} ${unit}s per parameter, ${Number.isNaN(loss) ? "no loss given" : `loss ${spoken(loss, 4)}`}.${use}${known ? ` ${known.name}: ${spoken(values.model_ratio)} ${unit}s per parameter.` : ""}`,
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
