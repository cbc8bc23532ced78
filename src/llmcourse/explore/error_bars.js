// How sure one can be of a score, of an order of two models, and of the best of many.

import { announcer, button, choice, el, format, redraw, show, spoken, update } from "./shared.js";
import { linePlot, slider } from "./draw.js";
import { INTERVALS, coverages, differenceDeviation, disagreements, expectedBest, itemsNeeded, largestCorrelation, ordersUpTo, quantile } from "./binomial.js";

// ---- the numbers ---------------------------------------------------------------------------------------------------------

const POWER = 0.8;
const MOST = 10000;
const KINDS = [["wald", "Wald", "c2"], ["wilson", "Wilson", "c1"], ["clopper_pearson", "Clopper–Pearson", "c3"]];

export const rightAnswers = ({ items, share }) => Math.floor(items * share + 0.5);

export function numbersOf(state) {
  const { items: n, share: p, gap, correlation, models, level } = state;
  const [k, q] = [rightAnswers(state), p + gap];
  const values = { right: k };
  const held = coverages(p, n, quantile(level), (1 - level) / 2);
  for (const [kind] of KINDS) {
    const [low, high] = INTERVALS[kind](k, n, level);
    Object.assign(values, { [`${kind}.low`]: low, [`${kind}.high`]: high, [`${kind}.coverage`]: held[kind] });
  }
  const [alone, paired] = [0, correlation].map((rho) => differenceDeviation(p, q, rho));
  const { below, level: tie } = ordersUpTo(n, ...disagreements(p, q, correlation))(n);
  return Object.assign(values, {
    error: Math.sqrt((p * (1 - p)) / n),
    apart: alone / Math.sqrt(n),
    paired: paired / Math.sqrt(n),
    tie,
    flip: Math.max(0, 1 - below - tie),
    needed_apart: itemsNeeded(gap, alone, level, POWER),
    needed: itemsNeeded(gap, paired, level, POWER),
    luck: expectedBest(models, p, n, correlation) - p,
  });
}

// ---- the pictures --------------------------------------------------------------------------------------------------------

const BARS = { width: 480, height: 150, left: 104, right: 12, top: 12, bottom: 38 };
const CURVES = { width: 480, height: 240, left: 46, right: 12, top: 12, bottom: 38 };
const REACHES = [1, 2, 3, 5, 10, 20, 30, 50, 100]; // points on each side of the score
const SHARES = Array.from({ length: 199 }, (_, i) => (i + 1) / 200);
const SIZES = Array.from({ length: 31 }, (_, i) => Math.round(10 ** (1 + i / 10)));

function barsOf(state, values) {
  const score = (100 * values.right) / state.items;
  const ends = KINDS.map(([kind]) => [100 * values[`${kind}.low`], 100 * values[`${kind}.high`]]);
  const reach = REACHES.find((one) => ends.every(([low, high]) => low >= score - one && high <= score + one));
  const row = (i) => KINDS.length - i;
  return linePlot({
    frame: BARS,
    x: { range: [score - reach, score + reach], label: "right answers, in percent" },
    y: { range: [0.4, 3.6], label: "", ticks: [3, 2, 1], write: (y) => KINDS[3 - y][1] },
    rules: [{ x: 100 * state.share }],
    lines: ends.map(([low, high], i) => ({ points: [[low, row(i)], [high, row(i)]], color: KINDS[i][2], width: 4 })),
    dots: KINDS.map(([, , color], i) => ({ x: score, y: row(i), color, r: 5 })),
  });
}

function coverageOf({ items, share, level }) {
  const [z, tail] = [quantile(level), (1 - level) / 2];
  const held = SHARES.map((p) => coverages(p, items, z, tail));
  return linePlot({
    frame: CURVES,
    x: { range: [0, 100], label: "true share of right answers, in percent" },
    y: { range: [0, 100], label: "coverage, percent", ticks: [0, 20, 40, 60, 80, 100] },
    rules: [{ x: 100 * share }, { y: 100 * level }],
    lines: KINDS.map(([kind, , color]) => ({ points: held.map((one, i) => [100 * SHARES[i], 100 * one[kind]]), color, width: 1.4 })),
  });
}

function orderOf({ items, share, gap, correlation }, values) {
  const curve = (rho) => {
    const order = ordersUpTo(MOST, ...disagreements(share, share + gap, rho));
    return SIZES.map((n) => {
      const { below, level } = order(n);
      return [Math.log10(n), 100 * Math.max(0, 1 - below - level)];
    });
  };
  return linePlot({
    frame: CURVES,
    x: { range: [1, 4], label: "number of items, as a power of ten", ticks: [1, 1.5, 2, 2.5, 3, 3.5, 4] },
    y: { range: [0, 50], label: "wrong order, percent", ticks: [0, 10, 20, 30, 40, 50] },
    rules: [{ x: Math.log10(items) }],
    lines: [
      { points: curve(0), color: "c6", dash: "5 3", width: 1.4 },
      { points: curve(correlation), color: "c1" },
    ],
    dots: [{ x: Math.log10(items), y: 100 * values.flip, color: "c1" }],
  });
}

// ---- the view --------------------------------------------------------------------------------------------------------------

const TRAITS = ["items", "share", "gap", "correlation", "models", "level", "plot"];
const NUMBERS = [
  ["error", "SE", "of one score", "points"],
  ["apart", "SE", "of B − A on two sets of items", "points"],
  ["paired", "SE", "of B − A on the same items", "points"],
  ["flip", "A > B", "the worse is ahead", "%"],
  ["tie", "A = B", "a tie", "%"],
  ["needed_apart", "n", "to find B − A on two sets", "items"],
  ["needed", "n", "to find B − A on the same", "items"],
  ["luck", "max − p", "luck of the best of M", "points"],
];
const whole = (x) => (Number.isFinite(x) ? x.toLocaleString("en-US") : "∞");
// What would be a false zero is said to be below the last digit.
const percent = (x, digits = 2) => (digits === 2 && x > 0 && x < 5e-5 ? "< 0.01" : format(100 * x, digits));
const written = (key, x) => (key.startsWith("needed") ? whole(x) : percent(x));
const hundredths = (x) => Math.round(100 * x) / 100;
const CAPTIONS = {
  bars: "The three intervals around the score that n items of a model with the true share p most likely give. Dashed: p. The axis zooms in as n grows.",
  coverage: "How often each interval holds the true share, if that is what the axis says: every possible count is visited. Dashed: the promise, and where p stands.",
  order: "How often the worse model A is ahead of B. Solid: on the same items, with the correlation ρ. Dashed: on two separate sets. The dot is where n stands.",
};

function render({ model, el: host }) {
  const initial = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
  const root = el("div", { class: "lc-view lc-error_bars" });
  // The answers of two models can only be so much alike; a share or gap that allows less takes the correlation down.
  const fitted = (changes) => {
    const { share, gap, correlation } = { ...Object.fromEntries(TRAITS.map((name) => [name, model.get(name)])), ...changes };
    const fits = Math.min(gap, hundredths(0.99 - share));
    const most = Math.floor(100 * largestCorrelation(share, share + fits)) / 100;
    update(model, { ...changes, gap: fits, correlation: Math.min(correlation, most) });
  };
  const sliders = {
    items: slider("Items n", { min: 10, max: MOST, scale: "log", write: whole, oninput: (x) => update(model, { items: Math.round(x < 100 ? x : Number(x.toPrecision(2))) }) }),
    share: slider("True share p of A", { min: 0.01, max: 0.99, step: 0.01, write: (x) => `${Math.round(100 * x)}%`, oninput: (x) => fitted({ share: hundredths(x) }) }),
    gap: slider("B is better by", { min: 0, max: 0.3, step: 0.005, write: (x) => `${percent(x, 1)} points`, oninput: (x) => fitted({ gap: Math.round(1000 * x) / 1000 }) }),
    correlation: slider("Correlation ρ", { min: 0, max: 1, step: 0.01, write: (x) => format(x, 2), oninput: (x) => fitted({ correlation: hundredths(x) }) }),
    models: slider("Equal models M", { min: 1, max: 100, step: 1, write: String, oninput: (x) => update(model, { models: Math.round(x) }) }),
  };
  const level = choice("Level", [[0.8, "80%"], [0.9, "90%"], [0.95, "95%"], [0.99, "99%"]], (value) => update(model, { level: value }));
  const plot = choice("Curves", [["coverage", "coverage"], ["order", "wrong order"]], (value) => update(model, { plot: value }));
  const reset = button("Reset", () => update(model, initial));
  const nodes = Object.values(sliders).map((one) => one.node);
  root.append(el("div", { class: "lc-controls" }, nodes, level.node, plot.node, reset));

  const head = ["interval", "from", "to", "holds p in"].map((text) => el("th", { scope: "col", text }));
  const cell = (key) => el("span", { "data-key": key });
  const rows = KINDS.map(([kind, name]) => {
    const cells = ["low", "high", "coverage"].map((part) => [`${kind}.${part}`, cell(`${kind}.${part}`)]);
    return { cells, node: el("tr", {}, el("th", { scope: "row", text: name }), cells.map(([, node]) => el("td", {}, node, "%"))) };
  });
  const right = cell("right");
  const all = el("span");
  const table = el("table", { class: "lc-intervals" }, el("caption", {}, right, " of ", all, " right"), el("thead", {}, el("tr", {}, head)), el("tbody", {}, rows.map(({ node }) => node)));
  const [bars, curves] = [el("div"), el("div")];
  const caption = el("figcaption");
  const figures = el("div", { class: "lc-plots" }, el("figure", {}, bars, el("figcaption", { text: CAPTIONS.bars })), el("figure", {}, curves, caption));
  const numbers = NUMBERS.map(([key, symbol, words, unit]) => {
    const value = cell(key);
    return { key, value, node: el("div", { class: "lc-number" }, el("dt", {}, el("span", { class: "lc-symbol", text: symbol }), ` ${words}`), el("dd", {}, value, " ", el("span", { class: "lc-unit", text: unit }))) };
  });
  const list = el("dl", { class: "lc-numbers" }, numbers.map(({ node }) => node));
  root.append(el("div", { class: "lc-columns" }, el("div", {}, table, list), figures));
  host.append(root);
  const voice = announcer(root);

  function draw() {
    const state = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
    const values = numbersOf(state);
    for (const [name, one] of Object.entries(sliders)) one.set(state[name]);
    level.set(state.level);
    plot.set(state.plot);
    for (const { cells } of rows) for (const [key, node] of cells) show(node, values[key], percent(values[key]));
    show(right, values.right, whole(values.right));
    all.textContent = whole(state.items);
    for (const { key, value } of numbers) show(value, values[key], written(key, values[key]));
    bars.replaceChildren(barsOf(state, values));
    curves.replaceChildren(state.plot === "coverage" ? coverageOf(state) : orderOf(state, values));
    caption.textContent = CAPTIONS[state.plot];
    voice.say(
      `${whole(values.right)} of ${whole(state.items)} right: Wilson from ${spoken(100 * values["wilson.low"])} to ${spoken(100 * values["wilson.high"])} percent. ` +
        `The worse model is ahead in ${spoken(100 * values.flip)} percent, a tie in ${spoken(100 * values.tie)}. The best of ${state.models} gains ${spoken(100 * values.luck)} points.`,
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
