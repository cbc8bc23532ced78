// Where the heads of a real model look: a map of all heads, one head's weights as heat map and arcs, and its habits in
// numbers. The twin of llmcourse.explore.attention_trace (the packed weights) and llmcourse.transformer.head_patterns.

import { announcer, button, choice, el, field, fixed, freshId, menu, redraw, show, sum, svg, tokenName, update, visible } from "./shared.js";
import { heatMap, slider } from "./draw.js";
import { createTracer } from "./gpt_trace.js";

// ---- the mathematics -------------------------------------------------------------------------------------------------

// The bytes of a trace. Each holds round(255·√weight).
export function unpack(trace) {
  const size = trace.tokens.length;
  const bytes = Uint8Array.from(atob(trace.weights), (c) => c.charCodeAt(0));
  const expected = (trace.layers * trace.heads * size * (size + 1)) / 2;
  if (bytes.length !== expected) throw new Error(`the trace has ${bytes.length} weights instead of ${expected}`);
  return bytes;
}

// One head's weights, a list of T rows of T: b² / Σb², so that each row sums to 1; 0 ahead of the query.
export function headWeights(trace, bytes, layer, head) {
  const size = trace.tokens.length;
  let at = ((layer * trace.heads + head) * size * (size + 1)) / 2;
  return trace.tokens.map((_, t) => {
    const squares = Array.from(bytes.subarray(at, at + t + 1), (b) => b * b);
    at += t + 1;
    const total = sum(squares);
    return trace.tokens.map((_, s) => (s <= t ? squares[s] / total : 0));
  });
}

// A head without preferences: each query shares its attention equally among itself and the past.
export function uniformWeights(size) {
  const places = [...Array(size).keys()];
  return places.map((t) => places.map((s) => (s <= t ? 1 / (t + 1) : 0)));
}

const mean = (values) => (values.length ? sum(values) / values.length : NaN);

// The habits of one head, each a mean over the queries from position 1 on. `induction` is NaN if no token comes again.
export function statistics(weights, ids) {
  const later = weights.map((row, t) => [row, t]).slice(1);
  const followers = (t) => ids.flatMap((id, s) => (id === ids[t] && s + 1 < t ? [s + 1] : []));
  const induced = later.map(([row, t]) => [row, followers(t)]).filter(([, keys]) => keys.length);
  return {
    previous: mean(later.map(([row, t]) => row[t - 1])),
    induction: mean(induced.map(([row, keys]) => sum(keys.map((s) => row[s])))),
    sink: mean(later.map(([row]) => row[0])),
    self: mean(later.map(([row, t]) => row[t])),
    entropy: mean(later.map(([row]) => -sum(row.map((w) => (w > 0 ? w * Math.log2(w) : 0))) + 0)),
    distance: mean(later.map(([row, t]) => sum(row.map((w, s) => w * (t - s))))),
  };
}

// The `count` highest of a table of scores by layer and head; of equal ones the earlier. Empty if they are undefined.
export function rankHeads(scores, count) {
  const all = scores.flatMap((row, layer) => row.map((score, head) => ({ layer, head, score })));
  return all.filter((one) => !Number.isNaN(one.score)).sort((a, b) => b.score - a.score).slice(0, count);
}

// ---- the pictures ----------------------------------------------------------------------------------------------------

export const STATISTICS = {
  previous: ["previous token", "mean weight on the token just before", ""],
  induction: ["induction", "mean weight on what followed this token earlier", ""],
  sink: ["first token", "mean weight on the first token of the text", ""],
  self: ["itself", "mean weight on the token itself", ""],
  entropy: ["entropy", "how broadly it looks, on average", "bits"],
  distance: ["distance", "how far back it looks, on average", "tokens"],
};
const two = (x) => fixed(x, 2);
// A token as it is said: without the blank before it.
export const said = (token) => tokenName(token.trim() || token);
const RANKED = 5;
const NOTHING = 0.005; // what two decimals show as 0.00
const CROWDED = 26; // from here on the columns have no names

// The value drawn in the strongest color: 1 for a share, the largest possible for entropy and distance.
export function statisticTop(name, size) {
  if (name === "entropy") return statistics(uniformWeights(size), []).entropy;
  return name === "distance" ? size / 2 : 1;
}

// Where the arc from row t to row s runs: from the right edge, out to the left, the further the longer. In a box of
// width 100 whose rows are 10 high; a token that looks at itself gets a small loop.
export function arcPath(t, s, size) {
  const [start, end] = [10 * t + 5, 10 * s + 5];
  const reach = s === t ? 12 : 12 + 82 * ((t - s) / (size - 1)) ** 0.75;
  const x = Math.round(100 * (100 - (4 / 3) * reach)) / 100;
  return s === t ? `M100 ${start - 3}C${x} ${start - 3} ${x} ${start + 3} 100 ${start + 3}` : `M100 ${start}C${x} ${start} ${x} ${end} 100 ${end}`;
}

const THIN = 0.02; // arcs of less than this part of the widest are left out
const WIDEST = 7; // pixels

// The arcs of one head, or only those from and to `token`. Their width is the weight beside `top`.
export function arcs(weights, { top, skip, token = null }) {
  const parts = [];
  weights.forEach((row, t) =>
    row.slice(skip ? 1 : 0, t + 1).forEach((w, i) => {
      const s = i + (skip ? 1 : 0);
      if (w < THIN * top || (token !== null && t !== token && s !== token)) return;
      const color = token === null ? "lc-arc" : t === token ? "lc-arc lc-to" : "lc-arc lc-from";
      parts.push(svg("path", { class: color, d: arcPath(t, s, weights.length), "stroke-width": Math.round((100 * WIDEST * w) / top) / 100 }));
    }),
  );
  return parts;
}

// The largest weight drawn: 1, or, without the first token, the largest of the others.
export function darkest(weights, skip) {
  return skip ? Math.max(...weights.slice(1).map((row) => Math.max(...row.slice(1)))) || 1 : 1;
}

// The keys that a query cannot see: a staircase above the diagonal.
export function ahead(size) {
  let d = "M0 0";
  for (let t = 0; t < size; t += 1) d += `${t ? `V${t}` : ""}H${t + 1}`;
  return `M1 0${d.slice(d.indexOf("H") + 2)}V${size - 1}H${size}V0z`;
}

// "“sat” looks most at “cat” (0.613)": one token's attention in words, for the eye and for the ear.
export function reading(weights, tokens, token) {
  const row = weights[token].slice(0, token + 1);
  const s = row.indexOf(Math.max(...row));
  const name = (i) => (i === token ? "itself" : said(tokens[i]));
  const parts = [`${said(tokens[token])} looks ${token ? "most at" : "at"} ${name(s)} with weight ${two(row[s])}`];
  const later = weights.map((r, t) => (t > token ? r[token] : -1));
  if (token + 1 < tokens.length) {
    const t = later.indexOf(Math.max(...later));
    parts.push(later[t] < NOTHING ? "no later token looks at it" : `${said(tokens[t])} looks at it most, with weight ${two(later[t])}`);
  }
  const text = `${parts.join("; ")}.`;
  return text[0].toUpperCase() + text.slice(1);
}

// ---- the view --------------------------------------------------------------------------------------------------------

const TRAITS = ["sentences", "sentence", "trace", "layer", "head", "token", "statistic", "hide_first", "text", "can_type", "problem"];
const OWN = "your own text";
const [TYPED, TRACED] = ["Your own text, in the course GPT (loads 2.7 MB)", "Your text in the course’s own GPT, which has 4 layers of 6 heads. The other texts show SmolLM2, which has 30 of 9, and has read far more."];
// A token for the eye, the blank before it less so.
const tokenText = (text) => (text.length > 1 && text[0] === " " ? [el("i", { text: "␣" }), visible(text.slice(1))] : visible(text));
const headName = (layer, head) => `L${layer}H${head}`;

function render({ model, el: host }) {
  const get = (name) => model.get(name);
  const initial = Object.fromEntries(["trace", "sentence", "layer", "head", "token", "statistic", "hide_first"].map((name) => [name, get(name)]));
  const root = el("div", { class: "lc-view lc-attention_explorer" });
  let live = true;
  let own = get("trace").name ? null : get("trace");
  let failure = "";

  // ---- the text
  const sentences = menu("Text", (name) => (name === OWN ? update(model, { trace: own, sentence: "" }) : update(model, { sentence: name })));
  const showIt = button("Show it", () => update(model, offered().show));
  const offered = () => get("sentences").find((one) => one.name === get("sentence"));
  const about = el("p", { class: "lc-note lc-about" });
  // In a notebook the text goes to Python and its model; on the site to the small model that runs there.
  const onSite = Boolean(model.load);
  const typed = field(onSite ? TYPED : OWN[0].toUpperCase() + OWN.slice(1), {
    type: "text", autocomplete: "off",
    onchange: () => onSite || update(model, { text: typed.input.value }),
    onkeydown: (event) => onSite && event.key === "Enter" && follow(),
  });
  const look = button("Read it", () => follow());
  const tracer = createTracer(model, "course_gpt", (share) => live && say(`Loading the course GPT: ${Math.round(100 * share)} %.`));
  let traced = null;
  async function follow() {
    const text = typed.input.value;
    if (!text.trim()) return;
    say("Reading your text.");
    try {
      const found = await tracer.trace(text);
      if (!live || !found) return;
      say("");
      traced = found;
      const within = (name, count) => Math.min(get(name), count - 1); // it has fewer layers and heads than SmolLM2
      update(model, { trace: found, sentence: "", token: found.tokens.length - 1, layer: within("layer", found.layers), head: within("head", found.heads), text });
    } catch (error) {
      if (live) say(`This text could not be shown: ${error.message}.`);
    }
  }
  function say(text) {
    failure = text;
    draw();
  }
  const problem = el("p", { class: "lc-message" });

  // ---- all heads
  const statistic = menu("Color the heads by", (name) => update(model, { statistic: name }));
  const second = el("div", { class: "lc-controls lc-second" });
  let layer = null;
  let head = null;
  function buildSliders({ layers, heads }) {
    const pick = (label, trait, count) => slider(label, { min: 0, max: count - 1, step: 1, write: String, oninput: (value) => update(model, { [trait]: Math.round(value) }) });
    layer = pick("Layer", "layer", layers);
    head = pick("Head", "head", heads);
    second.replaceChildren(statistic.node, layer.node, head.node);
  }
  const field2d = el("div", { class: "lc-heads" });
  const grid = el("div", { class: "lc-grid-box", "aria-hidden": "true" }, field2d);
  const gridNote = el("p", { class: "lc-note lc-grid-note" });
  const ranks = Array.from({ length: RANKED }, (_, i) => {
    const value = el("span", { "data-key": `rank.${i}` });
    const label = el("b", {});
    const node = button("", () => ranks[i].at && update(model, ranks[i].at));
    node.append(label, " ", value);
    return { node, label, value, at: null };
  });
  const best = el("div", { class: "lc-ranks" }, el("span", { class: "lc-soft", text: "Highest" }), ranks.map((one) => one.node));

  // ---- one head
  const title = el("p", { class: "lc-title" });
  const first = choice("First token", [[false, "shown"], [true, "left out"]], (value) => update(model, { hide_first: value }));
  const reset = button("Reset", () => update(model, initial));
  const arcBox = el("div", { class: "lc-arcs", "aria-hidden": "true" });
  const map = el("div", { class: "lc-map", "aria-hidden": "true" });
  const names = el("div", { class: "lc-columns-names", "aria-hidden": "true" });
  const list = el("fieldset", { class: "lc-tokens" });
  const numbers = el("div", { class: "lc-token-numbers", "aria-hidden": "true" });
  const sentence = el("p", { class: "lc-reading" });
  const figure = el("div", { class: "lc-head-view" }, names, arcBox, list, numbers, map);
  const scale = el("p", { class: "lc-note" });
  const habits = Object.entries(STATISTICS).map(([name, [label, words, unit]]) => {
    const value = el("span", { "data-key": `stat.${name}` });
    const even = el("span", { "data-key": `even.${name}` });
    const node = el("div", { class: "lc-number" }, el("dt", {}, el("span", { class: "lc-symbol", text: label }), el("span", { class: "lc-words", text: words })), el("dd", {}, value, unit && el("span", { class: "lc-unit", text: unit }), el("span", { class: "lc-even" }, "even: ", even)));
    return { name, node, value, even };
  });
  const foot = el("p", { class: "lc-note" });
  root.append(
    el("div", { class: "lc-controls" }, sentences.node, showIt, el("div", { class: "lc-own" }, typed.node, look)),
    problem,
    about,
    second,
    grid,
    gridNote,
    best,
    el("div", { class: "lc-controls lc-third" }, title, first.node, reset),
    sentence,
    figure,
    scale,
    el("dl", { class: "lc-numbers" }, habits.map((one) => one.node)),
    foot,
  );
  const voice = announcer(root);
  host.append(root);

  // ---- what is computed once for a trace, once for a head
  let trace = null;
  let bytes = null;
  let scores = null; // statistic -> layer -> head -> number
  let even = null;
  function readTrace() {
    if (get("trace") === trace) return;
    const before = trace || {};
    trace = get("trace");
    if (before.layers !== trace.layers || before.heads !== trace.heads) buildSliders(trace);
    if (!trace.name) own = trace;
    bytes = unpack(trace);
    scores = Object.fromEntries(Object.keys(STATISTICS).map((name) => [name, Array.from({ length: trace.layers }, () => Array(trace.heads))]));
    for (let l = 0; l < trace.layers; l += 1) {
      for (let h = 0; h < trace.heads; h += 1) {
        for (const [name, value] of Object.entries(statistics(headWeights(trace, bytes, l, h), trace.ids))) scores[name][l][h] = value;
      }
    }
    even = statistics(uniformWeights(trace.tokens.length), trace.ids);
    buildTokens();
  }

  // ---- the tokens: native radio buttons, so that arrows, touch and screen readers work
  let rows = [];
  function buildTokens() {
    const group = freshId("token");
    figure.style.setProperty("--rows", trace.tokens.length);
    figure.classList.toggle("lc-crowded", trace.tokens.length > CROWDED);
    rows = trace.tokens.map((text, i) => {
      const input = el("input", { type: "radio", name: group, value: i, onchange: () => update(model, { token: i }) });
      const label = el("label", { onpointerenter: (event) => hover(event, i), onpointerleave: unhover }, input, el("span", {}, tokenText(text)));
      return { input, label, number: el("span", {}), column: el("span", { text: visible(text.trim() || text) }) };
    });
    list.replaceChildren(el("legend", { class: "lc-sr", text: "Token in focus" }), ...rows.map((one) => one.label));
    numbers.replaceChildren(...rows.map((one) => one.number));
    names.replaceChildren(...rows.map((one) => one.column));
  }

  // ---- the pointer: what it rests on is in focus until it leaves
  let over = null; // { t, s } or { t }
  let overHead = null;
  function hover(event, t, s) {
    if (event.pointerType !== "mouse") return;
    over = { t, s };
    drawFocus();
  }
  function unhover() {
    over = null;
    drawFocus();
  }
  const cell = (event, box, across, down) => {
    const place = box.getBoundingClientRect();
    const clamp = (share, n) => Math.min(n - 1, Math.max(0, Math.floor(share * n)));
    return [clamp((event.clientX - place.left) / place.width, across), clamp((event.clientY - place.top) / place.height, down)];
  };
  map.addEventListener("pointermove", (event) => {
    const [s, t] = cell(event, map, rows.length, rows.length);
    hover(event, t, s <= t ? s : undefined);
  });
  map.addEventListener("pointerleave", unhover);
  map.addEventListener("click", (event) => update(model, { token: cell(event, map, rows.length, rows.length)[1] }));
  field2d.addEventListener("pointermove", (event) => {
    if (event.pointerType !== "mouse") return;
    overHead = cell(event, field2d, trace.layers, trace.heads);
    drawGridNote();
  });
  field2d.addEventListener("pointerleave", () => {
    overHead = null;
    drawGridNote();
  });
  field2d.addEventListener("click", (event) => {
    const [l, h] = cell(event, field2d, trace.layers, trace.heads);
    update(model, { layer: l, head: h });
  });

  // ---- drawing
  const within = (x, n) => Math.min(n - 1, Math.max(0, x));
  const at = () => [within(get("layer"), trace.layers), within(get("head"), trace.heads), within(get("token"), trace.tokens.length)];
  let weights = null;

  function drawGrid() {
    const name = get("statistic");
    const table = scores[name];
    const [l, h] = at();
    const byHead = Array.from({ length: trace.heads }, (_, j) => table.map((row) => (Number.isNaN(row[j]) ? 0 : row[j])));
    const box = { class: "lc-over", viewBox: `0 0 ${trace.layers} ${trace.heads}`, preserveAspectRatio: "none" };
    field2d.style.setProperty("--heads", trace.heads);
    field2d.replaceChildren(heatMap(byHead, statisticTop(name, trace.tokens.length)), svg("svg", box, svg("rect", { class: "lc-chosen", x: l, y: h, width: 1, height: 1 })));
    const ticks = Array.from({ length: trace.layers }, (_, i) => i).filter((i) => i % 5 === 0 || i === trace.layers - 1);
    const tick = (i) => el("span", { class: "lc-tick-x", style: { left: `${(100 * (i + 0.5)) / trace.layers}%` }, text: i ? String(i) : "layer 0" });
    const side = [0, trace.heads - 1].map((j) => el("span", { class: "lc-tick-y", style: { top: `${(100 * (j + 0.5)) / trace.heads}%` }, text: j ? String(j) : "head 0" }));
    grid.replaceChildren(el("div", { class: "lc-ticks-y" }, side), field2d, el("div", { class: "lc-ticks-x" }, ticks.map(tick)));
    const top = rankHeads(table, RANKED);
    ranks.forEach((one, i) => {
      one.at = top[i] ? { layer: top[i].layer, head: top[i].head } : null;
      one.node.classList.toggle("lc-away", !one.at);
      if (!one.at) return one.value.removeAttribute("data-value");
      one.label.textContent = headName(top[i].layer, top[i].head);
      show(one.value, top[i].score, two(top[i].score));
      one.node.setAttribute("aria-label", `layer ${top[i].layer}, head ${top[i].head}: ${STATISTICS[name][0]} ${two(top[i].score)}`);
      one.node.setAttribute("aria-pressed", top[i].layer === l && top[i].head === h);
    });
    drawGridNote();
  }

  function drawGridNote() {
    const name = get("statistic");
    const [l, h] = overHead || at();
    gridNote.textContent = gridText(name, l, h, scores[name][l][h], statisticTop(name, trace.tokens.length));
  }

  function drawHead() {
    const [l, h] = at();
    weights = headWeights(trace, bytes, l, h);
    const skip = get("hide_first");
    const top = darkest(weights, skip);
    const drawn = skip ? weights.map((row) => row.map((w, s) => (s ? w : 0))) : weights;
    const size = trace.tokens.length;
    const box = { class: "lc-over", viewBox: `0 0 ${size} ${size}`, preserveAspectRatio: "none" };
    map.replaceChildren(heatMap(drawn, top), svg("svg", box, svg("path", { class: "lc-ahead", d: ahead(size) }), skip ? svg("rect", { class: "lc-ahead", x: 0, y: 0, width: 1, height: size }) : null), svg("svg", { ...box, class: "lc-over lc-marks" }));
    const arcFrame = { viewBox: `0 0 100 ${10 * size}`, preserveAspectRatio: "none" };
    arcBox.replaceChildren(svg("svg", { ...arcFrame, class: "lc-arc-all" }, arcs(weights, { top, skip })), svg("svg", { ...arcFrame, class: "lc-over lc-arc-focus" }));
    title.textContent = `Layer ${l}, head ${h}`;
    scale.textContent = scaleText(top, skip);
    for (const { name, value, even: node } of habits) {
      const x = scores[name][l][h];
      show(value, x, Number.isNaN(x) ? "—" : two(x));
      show(node, even[name], Number.isNaN(x) ? "—" : two(even[name]));
      if (Number.isNaN(x)) [value, node].forEach((one) => one.removeAttribute("data-value"));
    }
  }

  function drawFocus() {
    const [, , pinned] = at();
    const t = over ? over.t : pinned;
    const skip = get("hide_first");
    const size = trace.tokens.length;
    rows.forEach(({ input, label, number, column }, i) => {
      input.checked = i === pinned;
      const kind = i === t ? "lc-is" : i < t ? "lc-to" : "lc-from";
      const key = i <= t ? `to.${i}` : `from.${i}`;
      const w = i <= t ? weights[t][i] : weights[i][t];
      label.className = kind;
      number.className = w < NOTHING ? "lc-zero" : kind;
      number.setAttribute("data-key", key);
      show(number, w, two(w));
      const words = i === t ? "in focus, looks at itself" : i < t ? "looked at" : "looks at it";
      input.setAttribute("aria-label", `${said(trace.tokens[i])}: ${words} with weight ${two(w)}`);
      column.className = over && over.s === i ? "lc-is" : "";
    });
    arcBox.lastChild.replaceChildren(...arcs(weights, { top: darkest(weights, skip), skip, token: t }));
    const marks = [svg("rect", { class: "lc-mark lc-to", x: 0, y: t, width: t + 1, height: 1 })];
    if (t + 1 < size) marks.push(svg("rect", { class: "lc-mark lc-from", x: t, y: t + 1, width: 1, height: size - t - 1 }));
    map.lastChild.replaceChildren(...marks);
    if (over && over.s !== undefined) {
      const { s } = over;
      sentence.textContent = `${said(trace.tokens[t])} looks at ${s === t ? "itself" : said(trace.tokens[s])} with weight ${two(weights[t][s])}.`;
    } else sentence.textContent = reading(weights, trace.tokens, t);
  }

  function draw() {
    try {
      readTrace();
    } catch (error) {
      failure = error.message;
    }
    const known = get("sentences");
    const chosen = offered();
    sentences.node.hidden = known.length === 0;
    sentences.set([...(own ? [[OWN, OWN]] : []), ...known.map((one) => [one.name, one.title])], get("sentence") || OWN);
    showIt.hidden = !known.length;
    showIt.classList.toggle("lc-away", !chosen);
    about.textContent = chosen ? chosen.about : traced && get("trace") === traced ? TRACED : "";
    about.hidden = !known.length;
    const types = get("can_type") && !onSite;
    typed.node.parentNode.hidden = onSite ? !known.length : !types;
    look.hidden = !onSite;
    if (document.activeElement !== typed.input) typed.input.value = get("text");
    const wrong = failure || get("problem");
    problem.textContent = wrong;
    problem.hidden = !wrong;
    statistic.set(Object.entries(STATISTICS).map(([name, [label]]) => [name, label]), get("statistic"));
    const [l, h, t] = at();
    layer.set(l);
    head.set(h);
    first.set(get("hide_first"));
    drawGrid();
    drawHead();
    drawFocus();
    foot.textContent = footText(trace.tokens.length, types);
    voice.say(wrong || `Layer ${l}, head ${h}. ${reading(weights, trace.tokens, t)}`);
  }

  // ---- another sentence: the site loads its trace; in a notebook Python sets it
  const fetchTrace = async () => {
    const name = get("sentence");
    if (!model.load || !name || get("trace").name === name) return;
    try {
      const loaded = await model.load(`attention_${name}`);
      if (!live || get("sentence") !== name) return;
      failure = "";
      update(model, { trace: loaded, token: Math.min(get("token"), loaded.tokens.length - 1) });
    } catch (error) {
      if (!live || get("sentence") !== name) return;
      failure = `This text could not be loaded: ${error.message}.`;
      update(model, { sentence: get("trace").name });
      draw();
    }
  };
  model.on("change:sentence", fetchTrace);
  const stop = redraw(model, TRAITS, draw);
  return () => {
    live = false;
    tracer.stop();
    model.off("change:sentence", fetchTrace);
    stop();
    voice.stop();
    root.remove();
  };
}

function gridText(name, l, h, score, top) {
  const [label, words, unit] = STATISTICS[name];
  if (Number.isNaN(score)) return "No token comes again after another one, so there is nothing that an induction head could find.";
  return `Each square is a head; the strongest color would be ${fixed(top, 2)}${unit && ` ${unit}`}. ${headName(l, h)}: ${label} ${two(score)}${unit && ` ${unit}`}, ${words}.`;
}

function scaleText(top, skip) {
  return `Rows look, columns are looked at. Blue: where the token in focus looks; orange: how much later ones look at it. ${skip ? "The first token is left out, and the" : "The"} strongest color and the widest arc stand for a weight of ${fixed(top, 2)}.`;
}

function footText(size, types) {
  const own = types ? "" : " For a text of your own in another model: in a notebook, AttentionExplorer.from_text(loaded, text).";
  return `“Even”: the value of a head that looks at all tokens so far alike. Weights are stored in one byte each; none is off by more than ${fixed(Math.sqrt(size) / 510, 3)}.${own}`;
}

export default { render };
