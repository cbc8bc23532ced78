// One pair of responses under DPO and its relatives: margins, losses, and what the gradient does to each response.
// The twin of llmcourse.alignment.dpo and llmcourse.alignment.preferences.

import { announcer, axisTop, button, el, fixed, format, menu, redraw, show, spoken, update } from "./shared.js";
import { linePlot, slider } from "./draw.js";

// ---- the mathematics -------------------------------------------------------------------------------------------------

export const sigmoid = (u) => (u >= 0 ? 1 / (1 + Math.exp(-u)) : Math.exp(u) / (1 + Math.exp(u)));
export const logistic = (u) => Math.max(-u, 0) + Math.log1p(Math.exp(-Math.abs(u))); // −log σ(u)
const logOdds = (m) => m - Math.log(-Math.expm1(m));

// Each method's margin and loss, how hard it pulls the winner up (−∂L/∂log π⁺) and pushes the loser down (∂L/∂log π⁻).
export const METHODS = {
  dpo: ({ h, beta }) => {
    const u = beta * h;
    const pull = beta * sigmoid(-u);
    return { margin: u, loss: logistic(u), win: pull, lose: pull };
  },
  ipo: ({ h, beta }) => {
    const pull = 2 * (1 / (2 * beta) - h);
    return { margin: h, loss: (h - 1 / (2 * beta)) ** 2, win: pull, lose: pull };
  },
  simpo: ({ policy_win, policy_lose, length_win, length_lose, simpo_beta, gamma }) => {
    const u = simpo_beta * (policy_win / length_win - policy_lose / length_lose) - gamma;
    const pull = simpo_beta * sigmoid(-u);
    return { margin: u, loss: logistic(u), win: pull / length_win, lose: pull / length_lose };
  },
  orpo: ({ policy_win, policy_lose, length_win, length_lose, weight }) => {
    const [win, lose] = [policy_win / length_win, policy_lose / length_lose];
    const u = logOdds(win) - logOdds(lose);
    const pull = weight * sigmoid(-u);
    return { margin: u, loss: -win + weight * logistic(u), win: (1 - pull / Math.expm1(win)) / length_win, lose: -pull / Math.expm1(lose) / length_lose };
  },
  kto_win: ({ delta_win, beta, z0 }) => {
    const u = beta * (delta_win - z0);
    return { margin: u, loss: sigmoid(-u), win: beta * sigmoid(u) * sigmoid(-u), lose: 0 };
  },
  kto_lose: ({ delta_lose, beta, z0 }) => {
    const u = -beta * (delta_lose - z0);
    return { margin: u, loss: sigmoid(-u), win: 0, lose: beta * sigmoid(u) * sigmoid(-u) };
  },
};

export function pairOf(state) {
  const [delta_win, delta_lose] = [state.policy_win - state.ref_win, state.policy_lose - state.ref_lose];
  return { ...state, delta_win, delta_lose, h: delta_win - delta_lose };
}

export function numbersOf(state) {
  const pair = pairOf(state);
  const values = { delta_win: pair.delta_win, delta_lose: pair.delta_lose, h: pair.h };
  values.agree = sigmoid(pair.beta * pair.h);
  for (const [name, method] of Object.entries(METHODS)) for (const [key, value] of Object.entries(method(pair))) values[`${name}_${key}`] = value + 0;
  return values;
}

// ---- pictures --------------------------------------------------------------------------------------------------------

const TRAITS = ["policy_win", "policy_lose", "ref_win", "ref_lose", "length_win", "length_lose", "beta", "simpo_beta", "gamma", "weight", "z0"];
const BOX = { width: 340, height: 230, left: 48, right: 10, top: 12, bottom: 38 };
const CURVES = [["ipo", "c2"], ["kto_win", "c3"], ["orpo", "c4"], ["simpo", "c5"], ["dpo", "c1"]];
const drawn = (name, value, beta) => (name === "ipo" ? 4 * beta * beta * value : value); // (2τh − 1)²

// The winner's log-probability moves, everything else stays, up to the point where the winner would be certain.
export function curves(state) {
  const { h, ref_win, delta_lose } = pairOf(state);
  const end = axisTop(Math.max(30, 1.05 * Math.abs(h)));
  const last = Math.min(end, -ref_win - delta_lose - 0.01);
  const grid = [...Array(121).keys()].map((i) => -end + (i * (last + end)) / 120);
  const at = (x) => pairOf({ ...state, policy_win: ref_win + delta_lose + x });
  const plots = ["loss", "win"].map((key) => ({
    lines: CURVES.map(([name, color]) => ({ points: grid.map((x) => [x, drawn(name, METHODS[name](at(x))[key], state.beta)]), color, width: name === "dpo" ? 2.6 : 1.6 })),
    dots: CURVES.map(([name, color]) => ({ x: h, y: drawn(name, METHODS[name](pairOf(state))[key], state.beta), color, r: name === "dpo" ? 5 : 3.5 })),
  }));
  const tallest = (dots) => Math.max(...dots.map((dot) => dot.y));
  const top = [Math.min(8, axisTop(Math.max(2, 1.1 * tallest(plots[0].dots)))), 2 * Math.max(state.beta, Math.min(tallest(plots[1].dots), 8 * state.beta))];
  const x = { range: [-end, end], label: "log-ratio of the winner less that of the loser, h", ticks: [-end, -end / 2, 0, end / 2, end] };
  return [
    { ...plots[0], frame: BOX, x, y: { range: [0, top[0]], label: "loss" }, rules: [{ x: 0 }] },
    { ...plots[1], frame: BOX, x, y: { range: [-top[1] / 2, top[1]], label: "pull on the winner" }, rules: [{ x: 0 }, { y: 0 }] },
  ];
}

// ---- words -----------------------------------------------------------------------------------------------------------

const WRITE = (x) => format(x, 3);
export const CASES = {
  "at the reference": [-12, -11, -12, -11],
  "worked number": [-10, -14, -12, -11],
  "displaced": [-25, -60, -12, -14],
  "overconfident": [-8, -95, -12, -14],
  "still wrong": [-20, -8, -12, -14],
};
const OWN = "your own";
const ROWS = [
  ["dpo", "DPO", "c1"],
  ["ipo", "IPO", "c2"],
  ["kto_win", "KTO, winner", "c3"],
  ["kto_lose", "KTO, loser", "c3"],
  ["orpo", "ORPO", "c4"],
  ["simpo", "SimPO", "c5"],
];
const COLUMNS = [["margin", "margin u"], ["loss", "loss"], ["win", "pull on winner"], ["lose", "push on loser"]];
const NUMBERS = [
  ["delta_win", "Δ⁺", "log-ratio of the winner"],
  ["delta_lose", "Δ⁻", "log-ratio of the loser"],
  ["h", "h", "their difference Δ⁺ − Δ⁻"],
  ["agree", "σ(βh)", "the preference, by DPO's implicit reward"],
];
const LOSSES = "Each loss as the winner's log-probability moves and all else stays; dots: this pair. Blue: DPO. Orange: IPO, times 4τ² so that it fits. Green: KTO's part for the winner. Purple: ORPO. Ochre: SimPO. A curve ends where the winner would be certain.";
const PULLS = "How hard each gradient pulls the winner up; below 0 it is pulled down. The same colors, IPO again times 4τ². What leaves a picture stands in the table.";

export function story({ delta_win, delta_lose, h, beta }) {
  const target = 1 / (2 * beta);
  const parts = [];
  if (Math.abs(delta_win) < 1e-9 && Math.abs(delta_lose) < 1e-9) parts.push("At the reference: both log-ratios are 0, DPO's loss is ln 2 and its pull β/2.");
  else if (h > 0 && delta_win < 0) parts.push("Displaced: the margin is on the right side, yet the winner has become less likely than it was; the loser fell further.");
  else if (h > 0) parts.push("The winner has gained on the loser, and is no less likely than it was.");
  else if (h < 0) parts.push("Still wrong: the loser has gained on the winner.");
  else parts.push("Winner and loser have moved alike: no margin.");
  parts.push(h > target ? `IPO pulls back: the difference ${fixed(h, 1)} is beyond its target 1/(2τ) = ${fixed(target, 1)}; DPO pulls on.` : `IPO's target for the difference is 1/(2τ) = ${fixed(target, 1)}; DPO has none.`);
  return parts.join(" ");
}

// ---- the view --------------------------------------------------------------------------------------------------------

function render({ model, el: host }) {
  const initial = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
  const root = el("div", { class: "lc-view lc-preference_lab" });
  const knob = (name, label, options) => [name, slider(label, { ...options, oninput: (x) => update(model, { [name]: x }) })];
  const nats = { min: -100, max: -0.5, step: 0.5, write: (x) => fixed(x, 1) };
  const count = { min: 1, max: 60, step: 1, write: String };
  const knobs = [
    knob("policy_win", "Winner now, log π(y⁺)", nats),
    knob("ref_win", "Winner in the reference", nats),
    knob("policy_lose", "Loser now, log π(y⁻)", nats),
    knob("ref_lose", "Loser in the reference", nats),
    knob("length_win", "Tokens of the winner", count),
    knob("length_lose", "Tokens of the loser", count),
    knob("beta", "β of DPO and KTO, τ of IPO", { min: 0.01, max: 2, scale: "log", write: WRITE }),
    knob("z0", "z₀ of KTO", { min: 0, max: 40, step: 0.5, write: (x) => fixed(x, 1) }),
    knob("simpo_beta", "β of SimPO", { min: 0.5, max: 10, step: 0.5, write: (x) => fixed(x, 1) }),
    knob("gamma", "γ of SimPO", { min: 0, max: 5, step: 0.1, write: (x) => fixed(x, 1) }),
    knob("weight", "λ of ORPO", { min: 0, max: 2, step: 0.05, write: (x) => fixed(x, 2) }),
  ];
  const pick = menu("Case", (name) => {
    const values = CASES[name];
    if (values) update(model, { policy_win: values[0], policy_lose: values[1], ref_win: values[2], ref_lose: values[3] });
  });
  const reset = button("Reset", () => update(model, initial));

  const cells = [];
  const cell = (key) => {
    const node = el("span", { "data-key": key });
    cells.push([key, node]);
    return node;
  };
  const head = el("tr", {}, [["", "method"], ...COLUMNS].map(([, text]) => el("th", { scope: "col", text })));
  const body = ROWS.map(([name, label, color]) => el("tr", { style: { "--mark": `var(--${color})` } }, el("th", { scope: "row", text: label }), COLUMNS.map(([column]) => el("td", {}, cell(`${name}_${column}`)))));
  const numbers = el("dl", { class: "lc-numbers" }, NUMBERS.map(([key, symbol, words]) => el("div", { class: "lc-number" }, el("dt", {}, el("span", { class: "lc-symbol", text: symbol }), ` ${words}`), el("dd", {}, cell(key)))));
  const note = el("p", { class: "lc-note lc-story" });
  const [left, right] = [el("div"), el("div")];
  root.append(
    el("div", { class: "lc-controls lc-second" }, pick.node, reset),
    el("div", { class: "lc-controls lc-sliders" }, knobs.map(([, one]) => one.node)),
    note,
    el("table", { class: "lc-methods" }, el("thead", {}, head), el("tbody", {}, body)),
    numbers,
    el("div", { class: "lc-columns" }, el("figure", {}, left, el("figcaption", { text: LOSSES })), el("figure", {}, right, el("figcaption", { text: PULLS }))),
  );
  const voice = announcer(root);
  host.append(root);

  function draw() {
    const state = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
    const values = numbersOf(state);
    for (const [name, one] of knobs) one.set(state[name]);
    const four = [state.policy_win, state.policy_lose, state.ref_win, state.ref_lose];
    const known = Object.keys(CASES).find((name) => CASES[name].every((x, i) => x === four[i]));
    pick.set([...Object.keys(CASES), OWN].map((name) => [name, name]), known || OWN);
    for (const [key, node] of cells) show(node, values[key], WRITE(values[key]));
    note.textContent = story({ ...pairOf(state) });
    [left, right].forEach((node, i) => node.replaceChildren(linePlot(curves(state)[i])));
    const said = ROWS.map(([name, label]) => `${label} loss ${spoken(values[`${name}_loss`])}`).join(", ");
    voice.say(`Margin ${spoken(values.dpo_margin)}, pull of DPO ${spoken(values.dpo_win)}. ${said}. ${note.textContent}`);
  }

  const stop = redraw(model, TRAITS, draw);
  return () => {
    stop();
    voice.stop();
    root.remove();
  };
}

export default { render };
