// Attention of a few tokens, every number on the table and editable. The twin of llmcourse.transformer.attention.

import { announcer, button, choice, el, freshId, redraw, show, sum, tokenName, update, visible } from "./shared.js";
import { softmax } from "./softmax.js";

// ---- the mathematics -------------------------------------------------------------------------------------------------

const dot = (a, b) => sum(a.map((x, c) => x * b[c]));

// Every number between q, k, v and the output, by the name of its panel.
export function attentionSteps({ q, k, v, scaled, causal }) {
  const root = Math.sqrt(q[0].length);
  const score = q.map((qi) => k.map((kj) => dot(qi, kj)));
  const divided = score.map((row) => row.map((z) => (scaled ? z / root : z)));
  const masked = divided.map((row, i) => row.map((z, j) => (causal && j > i ? -Infinity : z)));
  const exp = masked.map((row) => row.map(Math.exp));
  const weight = masked.map((row) => softmax(row));
  const output = weight.map((row) => v[0].map((_, c) => dot(row, v.map((vj) => vj[c]))));
  return { q, k, v, score, divided, masked, exp, sum: exp.map((row) => [sum(row)]), weight, output };
}

// The cells that a number was computed from, in two groups; for a number that is typed, those that it goes into.
export function sources(cell, { q, v }) {
  const [kind, i, j] = parse(cell);
  const row = (name, at, width) => Array.from({ length: width }, (_, c) => `${name}.${at}.${c}`);
  const column = (name, at) => q.map((_, r) => `${name}.${r}.${at}`);
  const n = q.length;
  const from = {
    q: [row("score", i, n), []],
    k: [[], column("score", i)],
    v: [column("output", j), []],
    score: [row("q", i, q[0].length), row("k", j, q[0].length)],
    divided: [[`score.${i}.${j}`], []],
    masked: [[`divided.${i}.${j}`], []],
    exp: [[`masked.${i}.${j}`], []],
    sum: [row("exp", i, n), []],
    weight: [[`exp.${i}.${j}`], [`sum.${i}.0`]],
    output: [row("weight", i, n), column("v", j)],
  };
  return from[kind];
}

function parse(cell) {
  const [kind, i, j] = cell.split(".");
  return [kind, Number(i), Number(j)];
}

// ---- numbers and sentences: attention_steps_picture.py has the same ----------------------------------------------------

const RAISED = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

// Three decimals, fewer for a large number, none that are zero: 2, 1.414, 54.6. Tiny and huge: 3.4·10⁻⁴.
export function brief(x) {
  const size = Math.abs(x);
  const sign = x < 0 ? "−" : "";
  if (size === Infinity) return `${sign}∞`;
  if (size === 0) return "0";
  if (size < 0.0005 || size >= 99999.5) {
    const [mantissa, exponent] = size.toExponential(1).split("e");
    return `${sign}${mantissa}·10${[...exponent.replace("+", "")].map((c) => RAISED[c]).join("")}`;
  }
  const digits = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 3;
  const text = size.toFixed(digits);
  return sign + (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
}

const factor = (x) => (x < 0 ? `(${brief(x)})` : brief(x));
const exact = (x) => Number(brief(x).replace("−", "-")) === x || !Number.isFinite(x);
const equals = (...shown) => (shown.every(exact) ? "=" : "≈"); // ≈ as soon as one number on display is rounded
const products = (a, b) => a.map((x, c) => `${factor(x)}·${factor(b[c])}`).join(" + ");

// What the chosen number is, in one sentence, with the arithmetic.
export function explain(cell, state) {
  const [kind, i, j] = parse(cell);
  const { labels, scaled, causal } = state;
  const all = attentionSteps(state);
  const x = all[kind][i][j];
  const [here, there] = [tokenName(labels[i]), tokenName(labels[j] || "")];
  const list = (values) => values.map(brief).join(", ");
  const column = (name, at) => all[name].map((row) => row[at]);
  const root = Math.sqrt(all.q[0].length);
  if (kind === "q") return `Query of ${here}, entry ${j + 1}: ${brief(x)}. It is a factor in each score of ${here}: ${list(all.score[i])}.`;
  if (kind === "k") return `Key of ${here}, entry ${j + 1}: ${brief(x)}. It is a factor in each score for ${here}: ${list(column("score", i))}.`;
  if (kind === "v") return `Value of ${here}, entry ${j + 1}: ${brief(x)}. Each output takes it times the weight on ${here}: ${list(column("weight", i))}.`;
  if (kind === "score") return `Score of ${here} for ${there}, the query times the key: ${products(all.q[i], all.k[j])} ${equals(...all.q[i], ...all.k[j], x)} ${brief(x)}.`;
  const z = all.score[i][j];
  if (kind === "divided" && !scaled) return `Not divided: the score of ${here} for ${there} stays ${brief(x)}.`;
  if (kind === "divided") return `Score of ${here} for ${there}, divided by √${all.q[0].length}: ${brief(z)} / ${brief(root)} ${equals(z, root, x)} ${brief(x)}.`;
  if (kind === "masked" && !causal) return `No mask: ${here} sees every token, and the score for ${there} stays ${brief(x)}.`;
  if (kind === "masked" && j > i) return `${capital(there)} comes after ${here}: its score becomes −∞, because e to the power −∞ is 0.`;
  if (kind === "masked") return `${capital(there)} does not come after ${here}, so it may be seen: the score stays ${brief(x)}.`;
  const power = all.masked[i][j];
  if (kind === "exp") return `For ${here} and ${there}: e to the power ${brief(power)} ${equals(power, x)} ${brief(x)}.`;
  if (kind === "sum") return `Sum of the row of ${here}: ${all.exp[i].map(brief).join(" + ")} ${equals(...all.exp[i], x)} ${brief(x)}.`;
  if (kind === "weight") return `Weight of ${here} on ${there}, its share of the row’s sum: ${brief(all.exp[i][j])} / ${brief(all.sum[i][0])} ${equals(all.exp[i][j], all.sum[i][0], x)} ${brief(x)}.`;
  const values = column("v", j);
  return `Output of ${here}, entry ${j + 1}, the values by their weights: ${products(all.weight[i], values)} ${equals(...all.weight[i], ...values, x)} ${brief(x)}.`;
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

export function titles({ q, scaled, causal }) {
  return {
    q: ["1", "queries q"],
    k: ["2", "keys k"],
    v: ["3", "values v"],
    score: ["4", "scores q·k"],
    divided: ["5", scaled ? `divided by √${q[0].length}` : "not divided"],
    masked: ["6", causal ? "future masked" : "no mask"],
    exp: ["7", "e to the score, sum"],
    weight: ["8", "weights: ÷ sum"],
    output: ["9", "output: weights·v"],
  };
}

// ---- the view ------------------------------------------------------------------------------------------------------------

const TRAITS = ["q", "k", "v", "labels", "scaled", "causal", "selected"];
const TYPED = ["q", "k", "v"];
const MOST = 10; // the largest entry, so that e to the largest score is still a number
const MOVES = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0], Home: [0, -9], End: [0, 9] };

function render({ model, el: host }) {
  const initial = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
  const read = () => Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
  const root = el("div", { class: "lc-view lc-attention_steps" });
  const scale = choice("Scores", [[true, "÷ √d"], [false, "as they are"]], (scaled) => update(model, { scaled }));
  const mask = choice("Mask", [[true, "causal"], [false, "none"]], (causal) => update(model, { causal }));
  const reset = button("Reset", () => update(model, initial));
  const controls = el("div", { class: "lc-controls" }, scale.node, mask.node, reset);
  const panels = el("div", { class: "lc-panels" });
  const skip = button("Skip to the scores", () => panels.querySelector("[role=grid] [tabindex='0']").focus(), { class: "lc-button lc-skip" });
  const why = el("p", { class: "lc-why" });
  root.append(controls, el("p", { class: "lc-note", text: NOTE }), skip, panels, why);
  const voice = announcer(root);
  host.append(root);

  let cells = new Map(); // name -> { node, input? }
  let heads = {};
  let shape = "";

  function typed(name, i, c, label) {
    const key = `${name}.${i}.${c}`;
    const input = el("input", { type: "number", class: "lc-entry", min: -MOST, max: MOST, step: "any", "aria-label": `${name} of ${tokenName(label)}, entry ${c + 1}` });
    input.addEventListener("focus", () => update(model, { selected: key }));
    input.addEventListener("input", () => {
      const x = Number(input.value);
      if (input.value === "" || Math.abs(x) > MOST) {
        input.setAttribute("aria-invalid", "true");
        return draw();
      }
      input.removeAttribute("aria-invalid");
      update(model, { [name]: model.get(name).map((row, r) => row.map((old, at) => (r === i && at === c ? x : old))), selected: key });
      draw();
    });
    input.addEventListener("blur", () => {
      if (!input.getAttribute("aria-invalid")) return;
      input.removeAttribute("aria-invalid");
      draw();
    });
    const node = el("span", { role: "cell", class: "lc-cell", "data-key": key }, input);
    cells.set(key, { node, input });
    return node;
  }

  function computed(key, n, width) {
    const [name, i, j] = parse(key);
    const choose = () => update(model, { selected: key });
    const node = el("span", { role: "gridcell", class: "lc-cell", "data-key": key, tabindex: "-1", onclick: choose, onfocus: choose });
    node.addEventListener("keydown", (event) => {
      const move = MOVES[event.key];
      if (!move || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      const at = name === "sum" ? width - 1 : j;
      const [r, c] = [within(i + move[0], n), within(at + move[1], width)];
      cells.get(name === "exp" || name === "sum" ? (c === n ? `sum.${r}.0` : `exp.${r}.${c}`) : `${name}.${r}.${c}`).node.focus();
    });
    cells.set(key, { node });
    return node;
  }

  function build({ q, v, labels }) {
    const next = JSON.stringify([labels, q[0].length, v[0].length]);
    if (next === shape) return;
    shape = next;
    cells = new Map();
    heads = {};
    const n = q.length;
    panels.style.setProperty("--label", labelWidth(labels));
    panels.replaceChildren(
      ...grouped(Object.keys(titles(read())).map((name) => {
        const columns = name === "v" || name === "output" ? entries(v) : TYPED.includes(name) ? entries(q) : labels.map(visible);
        if (name === "exp") columns.push("sum");
        const id = freshId("panel");
        heads[name] = el("div", { class: "lc-title", id });
        const body = labels.map((label, i) =>
          el("div", { role: "row", class: "lc-line" }, el("span", { role: "rowheader", class: "lc-head-cell", text: visible(label) }),
            columns.map((_, j) => {
              if (TYPED.includes(name)) return typed(name, i, j, label);
              return computed(name === "exp" && j === n ? `sum.${i}.0` : `${name}.${i}.${j}`, n, columns.length);
            })),
        );
        const top = el("div", { role: "row", class: "lc-line" }, el("span", { role: "columnheader", class: "lc-head-cell" }, el("span", { class: "lc-sr", text: "token" })), columns.map((text) => el("span", { role: "columnheader", class: "lc-head-cell", text })));
        const table = el("div", { role: TYPED.includes(name) ? "table" : "grid", class: "lc-panel", "aria-labelledby": id, style: { "--columns": columns.length } }, top, body);
        return el("div", { class: "lc-box" }, heads[name], table);
      })),
    );
  }

  function draw() {
    const state = read();
    build(state);
    const all = attentionSteps(state);
    const [from, beside] = sources(state.selected, state);
    for (const [name, [number, words]] of Object.entries(titles(state))) heads[name].replaceChildren(el("b", { text: number }), ` ${words}`);
    for (const [key, { node, input }] of cells) {
      const [name, i, j] = parse(key);
      const x = all[name][i][j];
      node.classList.toggle("lc-from", from.includes(key));
      node.classList.toggle("lc-beside", beside.includes(key));
      node.classList.toggle("lc-chosen", key === state.selected);
      if (input) {
        node.setAttribute("data-value", String(x));
        if (!input.getAttribute("aria-invalid") && (input.value === "" || Number(input.value) !== x)) input.value = x;
        continue;
      }
      show(node, x, brief(x));
      node.classList.toggle("lc-long", brief(x).length > 5);
      node.classList.toggle("lc-longer", brief(x).length > 7);
      node.setAttribute("aria-selected", String(key === state.selected));
      if (name === "weight") node.style.setProperty("--share", x.toFixed(4));
    }
    for (const grid of panels.querySelectorAll("[role=grid]")) {
      const own = [...grid.querySelectorAll("[role=gridcell]")];
      const stop = own.find((node) => node.dataset.key === state.selected) || own.find((node) => node.tabIndex === 0) || own[0];
      own.forEach((node) => node.setAttribute("tabindex", node === stop ? "0" : "-1"));
    }
    const refused = cells.get(state.selected)?.input?.getAttribute("aria-invalid");
    why.textContent = refused ? `An entry must be a number from −${MOST} to ${MOST}; it is still ${brief(cellValue(state))}.` : explain(state.selected, state);
    scale.set(state.scaled);
    mask.set(state.causal);
    voice.say(why.textContent);
  }

  const cellValue = (state) => {
    const [name, i, j] = parse(state.selected);
    return state[name][i][j];
  };

  const stop = redraw(model, TRAITS, draw);
  return () => {
    stop();
    voice.stop();
    root.remove();
  };
}

// Three rows: what is typed, the scores, the weights and what comes of them.
const grouped = (boxes) => [0, 3, 6].map((from) => el("div", { class: "lc-group" }, boxes.slice(from, from + 3)));
const within = (x, n) => Math.min(n - 1, Math.max(0, x));
const labelWidth = (labels) => `${Math.min(4.5, 0.5 + 0.55 * Math.max(...labels.map((label) => [...visible(label)].length))).toFixed(2)}rem`;
const entries = (matrix) => matrix[0].map((_, c) => String(c + 1));

const NOTE = "Each row belongs to the token that asks. Pick any number to see what it was computed from; type over those of 1, 2 and 3.";

export default { render };
