// The next-token part of the GPTPlayground: the model's distribution, the knobs, and what a token is drawn from.

import { button, el, field, fixed, format, show, spoken, sum, turnOff } from "./shared.js";
import { slider } from "./draw.js";
import { softmax } from "./softmax.js";
import { cutMass, entropy, nextDistribution, ranking } from "./sampling.js";
import { chipText, said } from "./gpt_text.js";

export const ROWS = 10;
export const [MIN_TAU, MAX_TAU, MAX_SEED] = [0.05, 5, 4294967295];
const KS = [1, 2, 3, 5, 10, 20, 50, 100, 200, 500];
const whole = (n) => n.toLocaleString("en-US");
// A probability with three decimals, and without a false zero.
const short = (p) => (p > 0 && p < 0.0005 ? "<0.001" : fixed(p, 3));
// Where the bars end: the first of these that leaves room for the longest.
const barEnd = (largest) => [0.05, 0.1, 0.25, 0.5].find((top) => largest <= 0.95 * top) || 1;

// The model's own distribution, and the one that a token is drawn from.
export function distributions(logits, settings) {
  const z = Float64Array.from(logits);
  return { own: softmax(z), drawn: nextDistribution(z, settings), heated: softmax(z, settings.temperature) };
}

// The bars. onpick(id) is called for a row that the reader takes as the next token.
export function barsView(onpick) {
  const bar = (color) => el("span", { class: "lc-bar", style: { "--bar": `var(--${color})` } });
  const line = (i) => {
    const [own, drawn] = [bar("c1"), bar("c2")];
    const texts = i === null ? ["others", "drawn_others"] : [`p.${i}`, `drawn.${i}`];
    const [p, q] = texts.map((key) => el("span", { "data-key": key }));
    const label = el("span", { class: "lc-label" });
    const parts = [label, el("span", { class: "lc-bars" }, own, drawn), el("span", { class: "lc-value lc-p" }, p), el("span", { class: "lc-value lc-drawn" }, q)];
    const row = { own, drawn, p, q, label, id: null };
    if (i === null) row.node = el("div", { class: "lc-row lc-rest" }, parts);
    else {
      row.node = button("", () => onpick(row.id), { class: "lc-row" });
      row.node.append(...parts);
    }
    return row;
  };
  const rows = [...Array(ROWS).keys(), null].map((i) => line(i));
  const head = ["token", "", "model", "drawn"].map((text, i) => el("span", { class: i ? null : "lc-label", text }));
  const node = el("div", { class: "lc-rows" }, el("div", { class: "lc-row lc-head", "aria-hidden": "true" }, head), rows.map((row) => row.node));

  function put(row, p, q, top) {
    row.own.style.setProperty("--at", Math.min(1, p / top));
    row.drawn.style.setProperty("--at", Math.min(1, q / top));
    row.own.classList.toggle("lc-over", p > top);
    row.drawn.classList.toggle("lc-over", q > top);
    show(row.p, p, short(p));
    show(row.q, q, q === 0 && p > 0 ? "cut" : short(q));
    row.node.classList.toggle("lc-cut", q === 0);
  }

  // entries: [{ id, text, p, q }] of the ROWS most probable tokens, and p and q of all `rest` others together.
  function draw(entries, others, canPick) {
    const top = barEnd(Math.max(...entries.flatMap(({ p, q }) => [p, q])));
    head[1].textContent = `0 to ${top}`;
    entries.forEach(({ id, text, p, q }, i) => {
      rows[i].id = id;
      rows[i].label.replaceChildren(...chipText(text));
      rows[i].node.setAttribute("aria-label", `${said(text)}: probability ${spoken(p)}, drawn with ${spoken(q)}${canPick ? "; write it" : ""}`);
      turnOff(rows[i].node, !canPick);
      put(rows[i], p, q, top);
    });
    rows.slice(entries.length, -1).forEach((row) => (row.node.hidden = true));
    rows.at(-1).label.textContent = `${whole(others.count)} others`;
    put(rows.at(-1), others.p, others.q, top);
  }
  return { node, draw };
}

// The rows of two distributions: the most probable tokens of the model, and the rest.
export function entriesOf({ own, drawn }, texts) {
  const best = ranking(own).slice(0, ROWS);
  const entries = best.map((id) => ({ id, text: texts[id], p: own[id], q: drawn[id] }));
  const rest = (p) => sum(p.filter((_, id) => !best.includes(id)));
  return { entries, others: { count: own.length - best.length, p: rest(own), q: rest(drawn) } };
}

const NUMBERS = [
  ["entropy", "H", "entropy of what is drawn from", "bits"],
  ["left", "#", "tokens left", ""],
  ["cut", "cut", "probability cut away", ""],
];

// The knobs and three numbers. set(name, value) changes a trait; onseed(problem) says why a seed was refused, or "".
export function knobsView(get, set, onseed) {
  const choices = [...KS, 0]; // 0: left out
  const tau = slider("Temperature τ", { min: MIN_TAU, max: MAX_TAU, scale: "log", oninput: (x) => set("temperature", x) });
  const k = slider("top-k", {
    min: 0, max: choices.length - 1, step: 1,
    write: () => (get("top_k") ? whole(get("top_k")) : "off"),
    oninput: (i) => set("top_k", choices[Math.round(i)]),
  });
  const mass = slider("top-p", { min: 0.01, max: 1, step: 0.01, write: (x) => (x < 1 ? format(x, 2) : "off"), oninput: (x) => set("top_p", x) });
  const seed = field("Seed", { type: "number", min: 0, max: MAX_SEED, step: 1, oninput: () => {
    const x = Number(seed.input.value);
    const taken = seed.input.value !== "" && Number.isInteger(x) && x >= 0 && x <= MAX_SEED;
    if (taken) seed.input.removeAttribute("aria-invalid");
    else seed.input.setAttribute("aria-invalid", "true");
    onseed(taken ? "" : `Seed must be a whole number from 0 to 4,294,967,295; it is still ${get("seed")}.`);
    if (taken) set("seed", x);
  } });
  const numbers = NUMBERS.map(([key, symbol, name, unit]) => {
    const value = el("span", { "data-key": key });
    const term = el("dt", {}, el("span", { class: "lc-symbol", text: symbol }), ` ${name}`);
    return { key, value, node: el("div", { class: "lc-number" }, term, el("dd", {}, value, unit && el("span", { class: "lc-unit", text: ` ${unit}` }))) };
  });
  const node = el("div", { class: "lc-knobs" }, tau.node, k.node, mass.node, seed.node, el("dl", { class: "lc-numbers" }, numbers.map((one) => one.node)));

  function draw({ drawn, heated }) {
    tau.set(get("temperature"));
    k.set(get("top_k") ? choices.findIndex((one) => one === 0 || one >= get("top_k")) : choices.length - 1);
    mass.set(get("top_p"));
    if (document.activeElement !== seed.input) seed.input.value = get("seed");
    if (!drawn) return;
    const values = { entropy: entropy(drawn), left: drawn.filter((x) => x > 0).length, cut: cutMass(heated, drawn) };
    for (const { key, value } of numbers) show(value, values[key], key === "left" ? whole(values[key]) : fixed(values[key], 3));
  }
  return { node, draw };
}
