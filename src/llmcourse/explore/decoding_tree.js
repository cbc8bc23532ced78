// A tree of texts and what each way to decode makes of it. The mathematics is in decoding.js.

import { announcer, button, el, fixed, format, menu, redraw, show, spoken, svg, update, visible } from "./shared.js";
import { softmax } from "./softmax.js";
import { nextDistribution } from "./sampling.js";
import { DEPTH, LEAVES, PREFIXES, acceptance, beamSteps, expectedRound, expectedTokens, lawEntropy, oneHot, residual, samplingLaw, sequenceLaw, speculativeLaw, totalVariation } from "./decoding.js";
import { slider } from "./draw.js";

export { beamSteps, samplingLaw, speculativeLaw, softmax, nextDistribution }; // for the tests

const TRAITS = ["trees", "tree", "algorithm", "step", "width", "length_penalty", "temperature", "top_k", "top_p", "gamma", "repair"];
const ALGORITHMS = [["greedy", "greedy"], ["beam", "beam search"], ["sampling", "sampling"], ["speculative", "speculative sampling"]];
const REPAIRS = [["residual", "the residual (exact)"], ["target", "the target again (wrong)"]];
const NUMBERS = [
  ["distance", "½Σ", "|algorithm − model|", ""],
  ["entropy", "H", "of the algorithm", "bits"],
  ["model_entropy", "H", "of the model", "bits"],
  ["likeliest", "p", "of its likeliest text", ""],
  ["mode", "max p", "of all texts", ""],
  ["alpha", "α", "accepted at the start", ""],
  ["round", "E", "tokens of a round", ""],
  ["formula", "E", "if α were the same everywhere", ""],
];

// ---- the state, computed ------------------------------------------------------------------------------------------

export function lawOf(state) {
  const { target, draft } = state.chosen;
  if (state.algorithm === "beam") return new Map([[beamSteps(target, state.width, state.length_penalty).at(-1).done[0].text.join(), 1]]);
  if (state.algorithm === "speculative") return speculativeLaw(target, draft, state.gamma, state.repair === "residual" ? residual : (p) => p);
  if (state.algorithm === "greedy") return sequenceLaw(target, oneHot);
  return samplingLaw(target, { temperature: state.temperature, top_k: state.top_k, top_p: state.top_p });
}

// Beginnings and texts alive after `step` tokens: [[text, probability], …]. For a beam the model's, else the algorithm's.
function keptOf(state, law) {
  if (state.algorithm === "beam" && state.step > 0) {
    const steps = beamSteps(state.chosen.target, state.width, state.length_penalty);
    const now = steps[Math.min(state.step, steps.length) - 1];
    return [...(state.step >= steps.length ? [] : now.live), ...now.done].map((one) => [one.text, Math.exp(one.logp)]);
  }
  const found = new Map();
  for (const leaf of LEAVES) {
    const p = law.get(leaf.join()) || 0;
    const begin = leaf.slice(0, state.step);
    if (p > 0) found.set(begin.join(), [begin, (found.get(begin.join()) || [0, 0])[1] + p]);
  }
  return [...found.values()];
}

const textOf = (text, tokens) => text.map((i) => tokens[i]).join(" ") || "–";

// One sentence on what this step has done.
function wordsOf(state, kept) {
  if (state.step === 0) return "Nothing has been decided yet.";
  const name = (one) => `${textOf(one.text, state.chosen.tokens)} ${fixed(Math.exp(one.logp), 3)}`;
  if (state.algorithm === "beam") {
    const steps = beamSteps(state.chosen.target, state.width, state.length_penalty);
    const now = steps[Math.min(state.step, steps.length) - 1];
    const live = state.step >= steps.length ? "none" : now.live.map(name).join(", ") || "none";
    const done = now.done.map((one) => `${name(one)} (score ${fixed(one.score, 3)})`).join(", ") || "none";
    return `Live: ${live}. Set aside: ${done}.`;
  }
  const [most, p] = kept.reduce((best, one) => (one[1] > best[1] ? one : best));
  return `Alive: ${kept.length} of the texts and beginnings; the likeliest is ${textOf(most, state.chosen.tokens)} with ${fixed(p, 3)}.`;
}

// ---- the tree as a picture: one unit of height for each leaf ---------------------------------------------------------

const begins = (text, prefix) => prefix.every((v, i) => text[i] === v);
const across = (level) => 4 + 30 * level;
function height(prefix) {
  const under = LEAVES.map((leaf, i) => [leaf, i]).filter(([leaf]) => begins(leaf, prefix));
  return (under[0][1] + under.at(-1)[1] + 1) / 2;
}
const short = (x) => Math.round(x * 100) / 100;
export function edges(kept, step) {
  return PREFIXES.flatMap((prefix) =>
    [0, 1, 2].map((v) => {
      const child = [...prefix, v];
      const mass = kept.filter(([text]) => begins(text, child)).reduce((total, [, p]) => total + p, 0);
      const look = child.length > step ? "later" : mass > 0 ? "alive" : "dead";
      const d = `M${across(prefix.length)} ${height(prefix)}L${across(child.length)} ${height(child)}`;
      return { d, look, thick: look === "alive" ? short(1.5 + 6 * Math.min(1, mass)) : 1 };
    }),
  );
}

// ---- the view ----------------------------------------------------------------------------------------------------------

function render({ model, el: host }) {
  const get = (name) => model.get(name);
  const initial = Object.fromEntries(TRAITS.filter((name) => name !== "trees").map((name) => [name, get(name)]));
  const root = el("div", { class: "lc-view lc-decoding_tree" });
  const turn = (name, round = (x) => x) => (x) => update(model, { [name]: round(x) });

  const source = menu("Model", (tree) => update(model, { tree }));
  const how = menu("Decoding", (algorithm) => update(model, { algorithm }));
  const step = slider("Tokens decided", { min: 0, max: DEPTH, step: 1, write: (x) => `${x} of ${DEPTH}`, oninput: turn("step", Math.round) });
  const knobs = {
    width: slider("Beam width", { min: 1, max: 6, step: 1, write: String, oninput: turn("width", Math.round) }),
    length_penalty: slider("Length penalty λ", { min: 0, max: 3, step: 0.1, oninput: turn("length_penalty") }),
    temperature: slider("Temperature τ", { min: 0.05, max: 20, scale: "log", oninput: turn("temperature") }),
    top_k: slider("top-k", { min: 0, max: 2, step: 1, write: (x) => (x ? String(x) : "off"), oninput: turn("top_k", Math.round) }),
    top_p: slider("top-p", { min: 0.01, max: 1, step: 0.01, write: (x) => (x < 1 ? format(x, 2) : "off"), oninput: turn("top_p") }),
    gamma: slider("Drafts γ", { min: 1, max: 3, step: 1, write: String, oninput: turn("gamma", Math.round) }),
  };
  const repair = menu("A rejected draft is replaced from", (value) => update(model, { repair: value }));
  const owners = { width: "beam", length_penalty: "beam", temperature: "sampling", top_k: "sampling", top_p: "sampling", gamma: "speculative" };
  const reset = button("Reset", () => update(model, initial));
  const sliders = el("div", { class: "lc-sliders" }, step.node, Object.values(knobs).map((one) => one.node), repair.node);
  root.append(el("div", { class: "lc-controls" }, source.node, how.node, reset, sliders));

  const words = el("p", { class: "lc-message" });
  const picture = el("div", { class: "lc-branches" });
  const head = el("div", { class: "lc-row lc-head", role: "row" }, ["text", "0 to 1", "model", "algorithm"].map((text, i) => el("span", { role: "columnheader", class: i ? null : "lc-label", text })));
  const bar = (color) => el("span", { class: "lc-bar", style: { "--bar": `var(--${color})` } });
  const cells = LEAVES.map((_, i) => {
    const one = { label: el("span", { class: "lc-label", role: "rowheader" }), p: bar("c1"), a: bar("c2") };
    one.texts = { p: el("span", { "data-key": `p.${i}` }), a: el("span", { "data-key": `a.${i}` }) };
    one.node = el("div", { class: "lc-row", role: "row" }, one.label, el("span", { class: "lc-bars", role: "cell" }, one.p, one.a), el("span", { class: "lc-value", role: "cell" }, one.texts.p), el("span", { class: "lc-value lc-a", role: "cell" }, one.texts.a));
    return one;
  });
  const rows = el("div", { class: "lc-rows", role: "table", "aria-label": "Texts and their probabilities" }, head, cells.map((one) => one.node));
  const numbers = NUMBERS.map(([key, symbol, name, unit]) => {
    const value = el("span", { "data-key": key });
    const term = el("dt", {}, el("span", { class: "lc-symbol", text: symbol }), ` ${name}`);
    return { key, value, node: el("div", { class: "lc-number" }, term, el("dd", {}, value, " ", el("span", { class: "lc-unit", text: unit }))) };
  });
  root.append(words, el("div", { class: "lc-forest" }, picture, rows), el("dl", { class: "lc-numbers" }, numbers.map((one) => one.node)));
  const voice = announcer(root);
  host.append(root);

  function draw() {
    const state = Object.fromEntries(TRAITS.map((name) => [name, get(name)]));
    state.chosen = state.trees.find((one) => one.name === state.tree);
    source.set(state.trees.map((one) => [one.name, one.name]), state.tree);
    how.set(ALGORITHMS, state.algorithm);
    repair.set(REPAIRS, state.repair);
    step.set(state.step);
    for (const [name, knob] of Object.entries(knobs)) {
      knob.set(state[name]);
      knob.node.hidden = owners[name] !== state.algorithm;
    }
    repair.node.hidden = state.algorithm !== "speculative";

    const [truth, law] = [sequenceLaw(state.chosen.target), lawOf(state)];
    const kept = keptOf(state, law);
    words.textContent = wordsOf(state, kept);
    picture.replaceChildren(
      svg("svg", { viewBox: `0 0 100 ${LEAVES.length}`, preserveAspectRatio: "none", "aria-hidden": "true" }, edges(kept, state.step).map((one) => svg("path", { class: `lc-edge lc-${one.look}`, d: one.d, "stroke-width": one.thick }))),
    );
    LEAVES.forEach((leaf, i) => {
      const [p, a] = [truth.get(leaf.join()) || 0, law.get(leaf.join()) || 0];
      const known = state.step === DEPTH;
      cells[i].label.textContent = visible(textOf(leaf, state.chosen.tokens)).replaceAll("␣", " ");
      cells[i].p.style.setProperty("--at", p);
      cells[i].a.style.setProperty("--at", known ? a : 0);
      show(cells[i].texts.p, p, format(p));
      show(cells[i].texts.a, a, known ? format(a) : "—");
      if (!known) cells[i].texts.a.removeAttribute("data-value");
    });
    const likeliest = LEAVES.reduce((best, leaf) => ((law.get(leaf.join()) || 0) > (law.get(best.join()) || 0) ? leaf : best));
    const values = { distance: totalVariation(law, truth), entropy: lawEntropy(law), model_entropy: lawEntropy(truth), likeliest: truth.get(likeliest.join()) || 0, mode: Math.max(...truth.values()) };
    if (state.algorithm === "speculative") {
      values.alpha = acceptance(state.chosen.target[0], state.chosen.draft[0]);
      values.round = expectedRound(state.chosen.target, state.chosen.draft, state.gamma);
      values.formula = expectedTokens(values.alpha, state.gamma);
    }
    for (const { key, value, node } of numbers) {
      const x = values[key];
      show(value, x, x === undefined ? "—" : x < 1e-12 ? format(0) : format(x));
      if (x === undefined) value.removeAttribute("data-value");
      node.classList.toggle("lc-off", x === undefined);
    }
    voice.say(`${ALGORITHMS.find(([name]) => name === state.algorithm)[1]}, ${state.step} of ${DEPTH} tokens. ${words.textContent} Distance from the model ${spoken(values.distance)}.`);
  }
  const stop = redraw(model, TRAITS, draw);
  return () => {
    stop();
    voice.stop();
    root.remove();
  };
}

export default { render };
