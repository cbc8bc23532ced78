// A reliability diagram of a model's answers: bins, temperature, scores.

import { announcer, button, choice, el, fixed, format, menu, redraw, show, spoken, turnOff, update } from "./shared.js";
import { softmax } from "./softmax.js";
import { linePlot, slider } from "./draw.js";
import { INTERVALS } from "./binomial.js";
import { bestTemperature, bins, measures, nll } from "./calibration.js";

const TRAITS = ["sets", "chosen", "temperature", "number", "rule"];
const [MIN_TAU, MAX_TAU, MAX_BINS] = [0.05, 20, 30];
const BOX = { width: 400, height: 380, left: 46, right: 12, top: 12, bottom: 38 };
const SQUARE = { range: [0, 1], ticks: [0, 0.25, 0.5, 0.75, 1] };
const NUMBERS = [
  ["accuracy", "share right", ""],
  ["confidence", "mean confidence", ""],
  ["ece", "calibration error (ECE)", ""],
  ["square", "squared gaps (reliability)", ""],
  ["debiased", "the same, debiased", ""],
  ["brier", "Brier score of the pick", ""],
  ["resolution", "− resolution", ""],
  ["uncertainty", "+ uncertainty", ""],
  ["within", "+ hidden by the bins", ""],
  ["nll", "NLL of the right choice", "nats"],
  ["best", "best τ here", ""],
];
const HEADS = ["bin", "items", "confidence", "right", "95% interval"];
const CAPTION = "Each dot is a bin: its mean confidence across, its share of right answers up, with Wilson's 95% interval; larger dots hold more items. On the dashed line, confidence and share agree; below it the model is too sure.";

function plot(found, intervals, n) {
  const filled = found.count.map((count, m) => ({ m, count })).filter(({ count }) => count > 0);
  return {
    x: { ...SQUARE, label: "confidence" },
    y: { ...SQUARE, label: "share right" },
    frame: BOX,
    lines: [
      { points: [[0, 0], [1, 1]], color: "c6", dash: "5 3", width: 1.4 },
      ...filled.map(({ m }) => ({ points: intervals[m].map((y) => [found.confidence[m], y]), color: "c1", width: 1.4 })),
    ],
    dots: filled.map(({ m, count }) => ({ x: found.confidence[m], y: found.share[m], color: "c1", r: 2.5 + 9 * Math.sqrt(count / n) })),
  };
}

function render({ model, el: host }) {
  const get = (name) => model.get(name);
  const initial = Object.fromEntries(TRAITS.filter((name) => name !== "sets").map((name) => [name, get(name)]));
  const root = el("div", { class: "lc-view lc-calibration_explorer" });
  const shownSet = () => get("sets").find((one) => one.name === get("chosen"));
  let fitted = { of: null, best: 0 };
  function best() {
    const one = shownSet();
    if (fitted.of !== one) fitted = { of: one, best: bestTemperature(one.scores, one.answer) };
    return fitted.best;
  }

  const source = menu("Asked how", (name) => update(model, { chosen: name }));
  const rule = choice("Bins of equal", [["width", "width"], ["mass", "mass"]], (value) => update(model, { rule: value }));
  const tau = slider("Temperature τ", { min: MIN_TAU, max: MAX_TAU, scale: "log", oninput: (x) => update(model, { temperature: x }) });
  const number = slider("Number of bins", { min: 1, max: MAX_BINS, step: 1, write: String, oninput: (x) => update(model, { number: Math.round(x) }) });
  const fit = button("Best τ", () => update(model, { temperature: Math.min(MAX_TAU, Math.max(MIN_TAU, best())) }), { class: "lc-button lc-main" });
  const one = button("τ = 1", () => update(model, { temperature: 1 }));
  const reset = button("Reset", () => update(model, initial));
  const sliders = el("div", { class: "lc-sliders" }, tau.node, number.node);
  root.append(el("div", { class: "lc-controls" }, source.node, rule.node, sliders, el("div", { class: "lc-buttons" }, fit, one, reset)));

  const figure = el("figure", {}, el("figcaption", { text: CAPTION }));
  const values = NUMBERS.map(([key, name, unit]) => ({ key, unit, value: el("span", { "data-key": key }), name }));
  const results = el("dl", { class: "lc-numbers" }, values.map(({ value, name, unit }) =>
    el("div", { class: "lc-number" }, el("dt", { text: name }), el("dd", {}, value, " ", el("span", { class: "lc-unit", text: unit }))),
  ));
  const body = el("tbody", {});
  const head = el("thead", {}, el("tr", {}, HEADS.map((text) => el("th", { scope: "col", text }))));
  const table = el("table", { class: "lc-bins" }, head, body);
  const scroller = el("div", { class: "lc-scroll", role: "group", tabindex: "0", "aria-label": "Bins" }, table);
  const note = el("p", { class: "lc-note" }, el("span", { "data-key": "n" }), " answers of SmolLM2-135M-Instruct, each picked from four.");
  root.append(el("div", { class: "lc-columns" }, figure, el("div", {}, results, note), scroller));
  const voice = announcer(root);
  host.append(root);

  function drawRows(found, intervals) {
    body.replaceChildren(...found.count.map((count, m) => {
      const cell = (key, x, text) => {
        const node = el("td", { "data-key": `${key}.${m}` });
        if (count) show(node, x, text);
        else node.textContent = "—";
        return node;
      };
      const [low, high] = intervals[m].map((x) => el("span", {}, fixed(x, 2)));
      if (count) [low, high].forEach((node, i) => (node.setAttribute("data-key", `${i ? "high" : "low"}.${m}`), show(node, intervals[m][i], fixed(intervals[m][i], 2))));
      const items = el("td", { "data-key": `count.${m}` });
      show(items, count, String(count));
      return el("tr", {},
        el("th", { scope: "row", text: `${fixed(found.edges[m], 3)} to ${fixed(found.edges[m + 1], 3)}` }),
        items,
        cell("confidence", found.confidence[m], format(found.confidence[m], 3)),
        cell("share", found.share[m], format(found.share[m], 3)),
        count ? el("td", {}, low, " to ", high) : el("td", { text: "—" }),
      );
    }));
  }

  function draw() {
    const { scores, answer } = shownSet();
    const q = scores.map((z) => Math.max(...softmax(z, get("temperature"))));
    const right = scores.map((z, i) => Number(z.indexOf(Math.max(...z)) === answer[i]));
    const found = bins(q, right, get("number"), get("rule"));
    const intervals = found.count.map((count, m) => (count ? INTERVALS.wilson(found.hits[m], count, 0.95) : [NaN, NaN]));
    const all = { ...measures(q, right, found), nll: nll(scores, answer, get("temperature")), best: best() };
    for (const { key, value } of values) show(value, all[key], format(all[key], 4));
    show(note.firstChild, all.n, String(all.n));
    drawRows(found, intervals);
    figure.replaceChildren(linePlot(plot(found, intervals, all.n)), figure.lastChild);

    source.set(get("sets").map(({ name }) => [name, name]), get("chosen"));
    rule.set(get("rule"));
    tau.set(get("temperature"));
    number.set(get("number"));
    turnOff(one, get("temperature") === 1);
    const lean = all.confidence > all.accuracy ? "too sure" : "not sure enough";
    voice.say(`Temperature ${spoken(get("temperature"))}, ${get("number")} bins: confidence ${spoken(all.confidence)}, right ${spoken(all.accuracy)}, on average ${lean}. Calibration error ${spoken(all.ece)}, Brier score ${spoken(all.brier)}, N L L ${spoken(all.nll)} nats.`);
  }

  const stop = redraw(model, TRAITS, draw);
  return () => {
    stop();
    voice.stop();
    root.remove();
  };
}

export default { render };
