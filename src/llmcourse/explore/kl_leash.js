// The best policy on a leash, β from 0 to ∞, with a proxy reward and the true one. The twin of llmcourse.alignment.optimal.

import { announcer, barSlider, button, el, fixed, format, menu, redraw, show, spoken, sum, turnOff, update } from "./shared.js";
import { softmax } from "./softmax.js";
import { linePlot, slider } from "./draw.js";

// ---- the mathematics -------------------------------------------------------------------------------------------------

const ENDS = 41; // places −41 and 41 of the slider are β = 0 and β = ∞
const PLACES = Array.from({ length: 2 * ENDS + 1 }, (_, i) => i - ENDS);

export const betaAt = (place) => (place === -ENDS ? 0 : place === ENDS ? Infinity : 10 ** (place / 20));

// The best responses that the reference can give, shared as it shares them: the limit β → 0.
function unleashed(reference, reward) {
  const highest = Math.max(...reward.filter((_, i) => reference[i] > 0));
  const kept = reference.map((q, i) => (reward[i] === highest ? q : 0));
  const total = sum(kept);
  return kept.map((q) => q / total);
}

// Proportional to π_ref e^{r/β}; β may be 0 and Infinity.
export function optimalPolicy(reference, reward, beta) {
  if (beta === 0) return unleashed(reference, reward);
  if (beta === Infinity) return reference;
  const highest = Math.max(...reward.filter((_, i) => reference[i] > 0));
  return softmax(reference.map((q, i) => Math.log(q) + Math.min(reward[i] - highest, 0) / beta));
}

export const divergence = (p, q) => sum(p.map((x, i) => (x > 0 ? x * Math.log(x / q[i]) : 0)));
export const mean = (p, values) => sum(p.map((x, i) => x * values[i]));
const entropy = (p) => sum(p.map((x) => (x > 0 ? -x * Math.log(x) : 0)));

// At every place of the slider: the policy, what it earns in both rewards, and what it costs.
export function path(reference, proxy, gold) {
  return PLACES.map((place) => {
    const p = optimalPolicy(reference, proxy, betaAt(place));
    return { p, proxy: mean(p, proxy), gold: mean(p, gold), kl: Math.max(0, divergence(p, reference)), entropy: entropy(p) };
  });
}

// ---- the plots -------------------------------------------------------------------------------------------------------------

const BOX = { width: 480, height: 230, left: 46, right: 12, top: 12, bottom: 38 };
const COLORS = ["c1", "c2", "c3", "c4", "c5", "c6"];

function rewardPlot(all, at) {
  const values = all.flatMap((one) => [one.proxy, one.gold]);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const pad = 0.08 * (high - low) || 0.5;
  const now = all[at];
  return {
    x: { range: [0, 1.04 * Math.max(...all.map((one) => one.kl), 0.1)], label: "divergence D(π* ‖ π_ref), nats" },
    y: { range: [low - pad, high + pad], label: "mean reward" },
    frame: BOX,
    lines: [
      { points: all.map((one) => [one.kl, one.proxy]), color: "c3" },
      { points: all.map((one) => [one.kl, one.gold]), color: "c2", dash: "6 3" },
    ],
    rules: [{ x: now.kl }],
    dots: [{ x: now.kl, y: now.proxy, color: "c3" }, { x: now.kl, y: now.gold, color: "c2" }],
  };
}

function sharePlot(all, at) {
  const look = (i) => ({ color: COLORS[i % 6], dash: i < 6 ? undefined : "5 3" });
  return {
    x: { range: [-2.15, 2.15], label: "leash β (from 0 at the left edge to ∞ at the right)", ticks: [-2, -1, 0, 1, 2], write: (power) => String(10 ** power) },
    y: { range: [0, 1], label: "probability", ticks: [0, 0.25, 0.5, 0.75, 1] },
    frame: BOX,
    lines: all[at].p.map((_, i) => ({ points: all.map((one, j) => [PLACES[j] / 20, one.p[i]]), ...look(i) })),
    rules: [{ x: PLACES[at] / 20 }],
    dots: all[at].p.map((y, i) => ({ x: PLACES[at] / 20, y, color: look(i).color })),
  };
}

// ---- the view --------------------------------------------------------------------------------------------------------------

const TRAITS = ["labels", "reference", "proxy", "gold", "place"];
const PARTS = TRAITS.slice(0, 4);
const OWN = "your own";
const MAX_REWARD = 3;
const HEADS = ["answer", "rewards: proxy r̂, true r", "", "probability", "π*", "π_ref"];
const NUMBERS = [
  ["beta", "β", "leash", ""],
  ["mean_proxy", "E[r̂]", "proxy reward", ""],
  ["mean_gold", "E[r]", "true reward", ""],
  ["kl", "D", "from the reference", "nats"],
  ["entropy", "H", "entropy", "nats"],
  ["best", "max E[r]", "on this slider", ""],
  ["best_beta", "at β", "its leash", ""],
];
const betaText = (beta) => format(beta, 3);

function render({ model, el: host }) {
  const get = (name) => model.get(name);
  const initial = Object.fromEntries(TRAITS.map((name) => [name, get(name)]));
  const root = el("div", { class: "lc-view lc-kl_leash" });
  const drag = {}; // the rewards when a drag began

  const isNow = (world) => PARTS.every((name) => JSON.stringify(world[name]) === JSON.stringify(get(name)));
  const source = menu("Answers", (name) => {
    const world = get("worlds").find((one) => one.name === name);
    if (world) update(model, Object.fromEntries(PARTS.map((part) => [part, world[part]])));
  });
  const leash = slider("Leash β", { min: -ENDS, max: ENDS, step: 1, write: (place) => betaText(betaAt(place)), oninput: (place) => update(model, { place: Math.round(place) }) });
  const ends = [["β = 0", -ENDS], ["β = ∞", ENDS]].map(([text, place]) => [button(text, () => update(model, { place })), place]);
  const reset = button("Reset", () => update(model, initial));
  const buttons = el("div", { class: "lc-buttons" }, ends.map(([node]) => node), reset);
  root.append(el("div", { class: "lc-controls" }, source.node, leash.node, buttons));

  const rows = el("div", { class: "lc-rows", role: "table", "aria-label": "Answers, their rewards and probabilities" });
  const numbers = NUMBERS.map(([key, symbol, name, unit]) => {
    const value = el("span", { "data-key": key });
    const term = el("dt", {}, el("span", { class: "lc-symbol", text: symbol }), ` ${name}`);
    return { key, value, node: el("div", { class: "lc-number" }, term, el("dd", {}, value, " ", el("span", { class: "lc-unit", text: unit }))) };
  });
  const figures = [CURVES, SHARES].map((text, i) => el("figure", i ? {} : { tabindex: "-1" }, el("figcaption", { text })));
  const skip = button("Skip the rewards", () => figures[0].focus(), { class: "lc-button lc-skip" });
  const left = el("div", {}, rows, el("p", { class: "lc-note", text: NOTE }));
  root.append(skip, el("div", { class: "lc-columns" }, left, el("dl", { class: "lc-numbers" }, numbers.map((one) => one.node)), figures));
  const voice = announcer(root);
  host.append(root);

  function lever(trait, i, name, color) {
    return barSlider(name, {
      min: -MAX_REWARD, max: MAX_REWARD, step: 0.1, color,
      oninput: (value, dragging) => {
        if (dragging && !drag[trait]) drag[trait] = get(trait);
        update(model, { [trait]: get(trait).map((x, j) => (j === i ? Math.round(value * 100) / 100 : x)) });
      },
      onrelease: () => delete drag[trait],
      oncancel: () => {
        if (drag[trait]) update(model, { [trait]: drag[trait] });
        delete drag[trait];
      },
    });
  }

  let cells = [];
  let built = "";
  function buildRows(labels) {
    if (built === JSON.stringify(labels)) return;
    built = JSON.stringify(labels);
    cells = labels.map((label, i) => {
      const one = { proxy: lever("proxy", i, `proxy reward of ${label}`, "c3"), gold: lever("gold", i, `true reward of ${label}`, "c2") };
      const own = `var(--${COLORS[i % 6]})`;
      one.bar = el("span", { class: "lc-bar", style: { "--bar": own } });
      one.texts = Object.fromEntries(["proxy", "gold", "p", "q"].map((key) => [key, el("span", { "data-key": `${key}.${i}` })]));
      const cell = (css, ...content) => el("span", { class: css, role: "cell" }, content);
      one.node = el("div", { class: "lc-row", role: "row" },
        el("span", { class: "lc-label", role: "rowheader", style: { "--own": own }, text: label }),
        cell("lc-levers", one.proxy.node, one.gold.node), cell("lc-value lc-rewards", one.texts.proxy, one.texts.gold),
        cell("lc-bars", one.bar), cell("lc-value", one.texts.p), cell("lc-value lc-soft", one.texts.q));
      return one;
    });
    const head = el("div", { class: "lc-row lc-head", role: "row" }, HEADS.map((text, i) => el("span", { role: "columnheader", class: i ? null : "lc-label", text })));
    rows.replaceChildren(head, ...cells.map((one) => one.node));
  }

  function draw() {
    const [labels, reference, proxy, gold, place] = TRAITS.map(get);
    const all = path(reference, proxy, gold);
    const at = place + ENDS;
    const now = all[at];
    buildRows(labels);
    cells.forEach((one, i) => {
      one.proxy.set(proxy[i], spoken(proxy[i]));
      one.gold.set(gold[i], spoken(gold[i]));
      one.bar.style.setProperty("--at", now.p[i]);
      one.bar.style.setProperty("--was", reference[i]);
      show(one.texts.proxy, proxy[i], format(proxy[i], 2));
      show(one.texts.gold, gold[i], format(gold[i], 2));
      show(one.texts.p, now.p[i], format(now.p[i], 3));
      show(one.texts.q, reference[i], format(reference[i], 3));
    });
    const best = all.reduce((top, one, j) => (one.gold > all[top].gold ? j : top), 0); // of equal ones the shortest
    const values = {
      beta: betaAt(place), mean_proxy: now.proxy, mean_gold: now.gold, kl: now.kl, entropy: now.entropy,
      best: all[best].gold, best_beta: betaAt(PLACES[best]),
    };
    for (const { key, value } of numbers) {
      const x = values[key];
      show(value, x, key === "beta" || key === "best_beta" || x === 0 ? betaText(x) : fixed(x, 3));
    }
    figures[0].replaceChildren(linePlot(rewardPlot(all, at)), figures[0].lastChild);
    figures[1].replaceChildren(linePlot(sharePlot(all, at)), figures[1].lastChild);

    const names = get("worlds").map((world) => world.name);
    const match = get("worlds").find(isNow);
    source.set([...names, ...(match ? [] : [OWN])].map((name) => [name, name]), match ? match.name : OWN);
    leash.set(place);
    for (const [node, end] of ends) turnOff(node, place === end);
    const first = now.p.indexOf(Math.max(...now.p));
    voice.say(`β ${spoken(values.beta)}: proxy reward ${spoken(now.proxy)}, true reward ${spoken(now.gold)}, divergence ${spoken(now.kl)} nats. Most likely: ${labels[first]}, ${spoken(now.p[first], 2)}.`);
  }

  const stop = redraw(model, [...TRAITS, "worlds"], draw);
  return () => {
    stop();
    voice.stop();
    root.remove();
  };
}

const NOTE = "Drag a reward: above the proxy, which the policy sees, below the true one, which it does not. The bar is the optimum π*, its tick the reference.";
const SHARES = "Each line is one answer's probability in the optimum, for every leash, in the color beside its name; the dashed line is where β stands.";
const CURVES = "Mean proxy reward (solid) and true reward (dashed) of the optimum, against how far it is from the reference. The leash gets longer, β smaller, to the right.";

export default { render };
