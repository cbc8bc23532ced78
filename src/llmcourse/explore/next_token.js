// A count model of a text: type a context, see what may come next, sample, multiply. The twin of llmcourse.language.ngram.

import { UNITS, announcer, button, choice, el, field, format, redraw, show, spoken, sum, tokenName, update, visible } from "./shared.js";

// ---- the text as numbers ----------------------------------------------------------------------------------------------

// A word, or any other single character unless it is the one space between two words.
const WORD_RULE = /[\p{L}\p{N}_]+(?:['’][\p{L}\p{N}_]+)*|(?!(?<=[\p{L}\p{N}_]) (?=[\p{L}\p{N}_]))[^\p{L}\p{N}_]/gu;
const WORD_START = /^[\p{L}\p{N}_]/u;

export function tokenize(text, unit) {
  return unit === "words" ? text.match(WORD_RULE) || [] : [...text];
}

// Code point order, as Python sorts; JavaScript's own order differs beyond the Basic Multilingual Plane.
function byCodePoint(a, b) {
  const [x, y] = [[...a], [...b]];
  for (let i = 0; i < Math.min(x.length, y.length); i++) if (x[i] !== y[i]) return x[i].codePointAt(0) - y[i].codePointAt(0);
  return x.length - y.length;
}

// The tokenized text with the indexes that make one context a matter of milliseconds.
export function readCorpus(text, unit) {
  const sequence = tokenize(text, unit);
  const tokens = [...new Set(sequence)].sort(byCodePoint);
  const idOf = new Map(tokens.map((token, i) => [token, i]));
  const ids = new Int32Array(sequence.length);
  for (let i = 0; i < ids.length; i++) ids[i] = idOf.get(sequence[i]);
  const after = tokens.map(() => []); // the positions that follow each token
  for (let i = 1; i < ids.length; i++) after[ids[i - 1]].push(i);
  const all = new Int32Array(ids.length).map((_, i) => i);
  return { unit, tokens, idOf, ids, after, all, groups: [{ nodes: new Int32Array(ids.length + 1), firsts: [0] }], memo: new Map() };
}

// The ids of a context. Tokens that the text does not have are left out and named.
export function encode(corpus, text) {
  const sequence = tokenize(text, corpus.unit);
  const known = sequence.filter((token) => corpus.idOf.has(token));
  return { ids: known.map((token) => corpus.idOf.get(token)), unknown: [...new Set(sequence)].filter((token) => !corpus.idOf.has(token)) };
}

// Tokens as text again: between two words a space is understood.
export function decode(tokens, unit) {
  const gap = (a, b) => (unit === "words" && WORD_START.test(a) && WORD_START.test(b) ? " " : "");
  return tokens.map((token, i) => (i ? gap(tokens[i - 1], token) : "") + token).join("");
}

// ---- counting --------------------------------------------------------------------------------------------------------------

// For j = 0 … history.length: the positions of the text that come right after the last j tokens of the history.
function* placesAfter({ ids, after, all }, history) {
  let places = all;
  yield places;
  for (let j = 1; j <= history.length; j++) {
    const token = history[history.length - j];
    places = j === 1 ? after[token] : places.filter((i) => i >= j && ids[i - j] === token);
    yield places;
  }
}

// c(h w) for each token w: how often it stands at these places.
function occurrences({ ids, tokens }, places) {
  const counts = new Float64Array(tokens.length);
  for (const i of places) counts[ids[i]] += 1;
  return counts;
}

// N₁₊(• h w) for each token w: how many different tokens stand before h w, h being j tokens long.
function continuations({ ids, tokens }, places, j) {
  const counts = new Float64Array(tokens.length);
  const seen = new Set();
  for (const i of places) {
    if (i - j - 1 < 0) continue; // at the very start of the text nothing stands before h w
    const pair = ids[i - j - 1] * tokens.length + ids[i];
    if (seen.has(pair)) continue;
    seen.add(pair);
    counts[ids[i]] += 1;
  }
  return counts;
}

function memoized(corpus, key, compute) {
  if (!corpus.memo.has(key)) corpus.memo.set(key, compute());
  return corpus.memo.get(key);
}

// Number the distinct n-grams: nodes[i] is the one that starts at i, firsts[node] a place where it starts.
function group(corpus, length) {
  while (corpus.groups.length <= length) {
    const m = corpus.groups.length;
    const { nodes: shorter } = corpus.groups[m - 1];
    const found = new Map();
    const firsts = [];
    const nodes = new Int32Array(Math.max(0, corpus.ids.length - m + 1));
    for (let i = 0; i < nodes.length; i++) {
      const key = shorter[i] * corpus.tokens.length + corpus.ids[i + m - 1];
      let node = found.get(key);
      if (node === undefined) {
        node = firsts.push(i) - 1;
        found.set(key, node);
      }
      nodes[i] = node;
    }
    corpus.groups.push({ nodes, firsts });
  }
  return corpus.groups[length];
}

// D = n₁ / (n₁ + 2 n₂) of one level; n₁ and n₂ count the n-grams with weight 1 and 2. Without either, one half.
export function discount(corpus, level, isHighest) {
  return memoized(corpus, `D ${level} ${isHighest}`, () => {
    const { nodes, firsts } = group(corpus, level + 1);
    const weights = new Int32Array(firsts.length);
    if (isHighest) for (const node of nodes) weights[node] += 1;
    else for (const start of group(corpus, level + 2).firsts) weights[nodes[start + 1]] += 1;
    const once = weights.filter((w) => w === 1).length;
    const twice = weights.filter((w) => w === 2).length;
    return once && twice ? once / (once + 2 * twice) : 0.5;
  });
}

// P(w | history) for every token w, and how often the history occurs before another token.
export function distribution(corpus, history, { order, smoothing, k }) {
  const recent = order === 0 ? [] : history.slice(-order);
  return memoized(corpus, JSON.stringify([recent, order, smoothing, smoothing === "add-k" ? k : 0]), () => {
    const size = corpus.tokens.length;
    let p = new Float64Array(size).fill(1 / size);
    let places = [];
    let j = -1;
    for (places of placesAfter(corpus, recent)) {
      j += 1;
      if (smoothing === "add-k" && j < recent.length) continue; // needs no lower level
      const count = () => (smoothing === "add-k" || j === order ? occurrences(corpus, places) : continuations(corpus, places, j));
      const weights = j === 0 ? memoized(corpus, `level 0 ${smoothing === "add-k" || order === 0}`, count) : count();
      const total = sum(weights);
      if (smoothing === "add-k") p = weights.map((w) => (w + k) / (total + k * size));
      else if (total > 0) {
        const D = discount(corpus, j, j === order);
        const kinds = weights.filter((w) => w > 0).length;
        p = weights.map((w, i) => (Math.max(w - D, 0) + D * kinds * p[i]) / total);
      }
    }
    return { p, seen: places.length };
  });
}

// ---- chance ------------------------------------------------------------------------------------------------------------------

// The number in [0, 1) that decides step `step`: mulberry32 (Tommy Ettinger), entered at any step. explore/prng.py is its twin.
export function uniform(seed, step) {
  const a = (seed + Math.imul(step + 1, 0x6d2b79f5)) | 0;
  let t = Math.imul(a ^ (a >>> 15), a | 1);
  t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}

// The first token whose cumulative probability, in vocabulary order, exceeds u.
export function draw(p, u) {
  let total = 0;
  for (let i = 0; i < p.length; i++) {
    total += p[i];
    if (u < total) return i;
  }
  return p.findLastIndex((x) => x > 0); // rounding left the sum a hair below 1
}

export function argmax(p) {
  return p.reduce((best, x, i) => (x > p[best] ? i : best), 0);
}

// ---- the view --------------------------------------------------------------------------------------------------------------------

const TRAITS = ["text", "unit", "order", "smoothing", "k", "context", "generated", "seed", "measure", "top"];
const MAX_STEPS = 200;
const NO_STEPS = "No step yet. Sample, or press a bar to choose the token yourself: each becomes a row here.";
const STEP_HEADS = (measure) => ["step", "token", "p", "product", `${UNITS[measure].symbol} p`, "sum"];

function render({ model, el: host }) {
  const initial = Object.fromEntries(TRAITS.filter((name) => name !== "text").map((name) => [name, model.get(name)]));
  const get = (name) => model.get(name);
  const root = el("div", { class: "lc-view lc-next_token" });
  let corpus = null;
  let said = "";

  function currentCorpus() {
    const [text, unit] = [get("text"), get("unit")];
    if (!corpus || corpus.text !== text || corpus.unit !== unit) corpus = Object.assign(readCorpus(text, unit), { text });
    if (corpus.memo.size > 500) corpus.memo.clear();
    return corpus;
  }
  const settings = () => ({ order: get("order"), smoothing: get("smoothing"), k: get("k") });
  // The distribution after the context and the first n generated tokens.
  function after(n = get("generated").length) {
    const known = currentCorpus();
    return distribution(known, [...encode(known, get("context")).ids, ...get("generated").slice(0, n).map((t) => known.idOf.get(t))], settings());
  }
  // Append tokens, each chosen by choose(p, step) from the distribution after those before it.
  function extend(choose, times = 1) {
    for (let n = 0; n < times && get("generated").length < MAX_STEPS; n++) {
      const token = currentCorpus().tokens[choose(after().p, get("generated").length)];
      model.set("generated", [...get("generated"), token]);
    }
    said = "step";
    model.save_changes();
  }
  const sample = (p, step) => draw(p, uniform(get("seed"), step));

  // controls
  const context = field("Context: type the beginning", { type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false", oninput: () => update(model, { context: context.input.value, generated: [] }) });
  context.node.classList.add("lc-wide");
  const unit = choice("Token", [["characters", "character"], ["words", "word"]], (value) => update(model, { unit: value, generated: [] }));
  const order = choice("Order: tokens of context", [0, 1, 2, 3, 4, 5].map((n) => [n, String(n)]), (value) => update(model, { order: value }));
  const smoothing = choice("Smoothing", [["kneser-ney", "Kneser–Ney"], ["add-k", "add-k"]], (value) => update(model, { smoothing: value }));
  const k = field("k", { type: "number", min: 0.001, max: 100, step: "any", oninput: () => Number(k.input.value) > 0 && update(model, { k: Number(k.input.value) }), onchange: () => (k.input.value = get("k")) });
  const seed = field("Seed", { type: "number", min: 0, max: 4294967295, step: 1, oninput: () => /^\d{1,10}$/.test(seed.input.value) && Number(seed.input.value) <= 4294967295 && update(model, { seed: Number(seed.input.value) }), onchange: () => (seed.input.value = get("seed")) });
  const measure = choice("Logarithm", [["bits", "log₂"], ["nats", "ln"]], (value) => update(model, { measure: value }));
  const one = button("Sample", () => extend(sample), { class: "lc-button lc-main" });
  const ten = button("Sample 10", () => extend(sample, 10));
  const best = button("Greedy", () => extend((p) => argmax(p)));
  const undo = button("Undo", () => {
    said = "undo";
    update(model, { generated: get("generated").slice(0, -1) });
  });
  const reset = button("Reset", () => update(model, initial));
  const controls = el("div", { class: "lc-controls" }, context.node, unit.node, order.node, smoothing.node, k.node, el("div", { class: "lc-buttons" }, one, ten, best, undo, reset), seed.node, measure.node);

  // the distribution, the text so far, the steps
  const message = el("p", { class: "lc-message", role: "status" });
  const chips = el("p", { class: "lc-chips" });
  const facts = el("p", { class: "lc-note" });
  const rows = el("div", { class: "lc-tokens", role: "group", "aria-label": "Next-token probabilities; press one to append it" });
  const discounts = el("p", { class: "lc-note lc-discounts" });
  const prose = el("p", { class: "lc-prose" });
  const totals = el("dl", { class: "lc-numbers" });
  const table = el("table", { class: "lc-steps" });
  const scroller = el("div", { class: "lc-scroll", role: "region", tabindex: "0", "aria-label": "Steps of the chain rule" }, table);
  root.append(
    controls,
    message,
    el("div", { class: "lc-columns" }, el("div", {}, chips, rows, facts, discounts), el("div", {}, prose, totals, scroller)),
  );
  const voice = announcer(root);
  host.append(root);

  let bars = [];
  function buildBars(count) {
    if (bars.length === count) return;
    bars = Array.from({ length: count }, (_, i) => {
      const bar = { label: el("span", { class: "lc-label" }), fill: el("span", { class: "lc-bar" }), value: el("span", { class: "lc-value", "data-key": i < count - 1 ? `p.${i}` : "others" }) };
      const attributes = i < count - 1 ? { type: "button", onclick: () => extend(() => currentCorpus().idOf.get(bar.token)) } : {};
      bar.node = el(i < count - 1 ? "button" : "div", { class: "lc-token", ...attributes }, bar.label, bar.fill, bar.value);
      bar.fill.style.setProperty("--bar", `var(--${i < count - 1 ? "c1" : "c6"})`);
      return bar;
    });
    rows.replaceChildren(...bars.map((bar) => bar.node));
  }

  function drawBars({ tokens }, p) {
    const ranked = Array.from(p.keys()).sort((a, b) => p[b] - p[a] || a - b);
    const shown = Math.min(get("top"), tokens.length);
    buildBars(shown + 1);
    const rest = ranked.slice(shown);
    bars.forEach((bar, rank) => {
      const isRest = rank === shown;
      const x = isRest ? sum(rest.map((i) => p[i])) : p[ranked[rank]];
      bar.token = isRest ? null : tokens[ranked[rank]];
      bar.label.textContent = isRest ? `all ${rest.length} others` : visible(bar.token);
      if (isRest) bar.node.className = "lc-token lc-rest";
      else {
        bar.node.setAttribute("data-token", bar.token);
        bar.node.setAttribute("aria-label", `${tokenName(bar.token)}, probability ${spoken(x)}, append`);
        bar.node.disabled = get("generated").length >= MAX_STEPS;
      }
      bar.fill.style.setProperty("--at", x);
      show(bar.value, x);
    });
    return ranked;
  }

  function drawChips(known, ids) {
    const history = [...ids, ...get("generated").map((token) => known.idOf.get(token))];
    const used = get("order") === 0 ? [] : history.slice(-get("order"));
    const shown = used.map((i) => el("span", { class: "lc-chip", text: visible(known.tokens[i]) }));
    chips.replaceChildren(shown.length ? "Next after " : "Next, whatever came before", ...shown);
  }

  function drawSteps(steps, log) {
    table.replaceChildren(
      el("thead", {}, el("tr", {}, STEP_HEADS(get("measure")).map((text) => el("th", { scope: "col", text })))),
      el("tbody", {}, steps.length ? [] : el("tr", {}, el("td", { class: "lc-empty", colspan: 6, text: NO_STEPS })), steps.map((step, i) => {
        const cell = (key, digits) => {
          const node = el("td", { "data-key": `step.${i}.${key}` });
          show(node, step[key], format(step[key], digits));
          return node;
        };
        return el("tr", {}, el("td", { text: String(i + 1) }), el("td", { class: "lc-what", text: visible(step.token) }), cell("p", 4), cell("product", 4), cell("log", 3), cell("sum", 3));
      })),
    );
    scroller.scrollTop = scroller.scrollHeight;
    const last = steps.at(-1) || { product: 1, sum: 0 };
    const rate = UNITS[get("measure")].exp(-last.sum / Math.max(1, steps.length));
    totals.replaceChildren(
      ...[
        ["product", "P", "the chain rule multiplies", last.product, format(last.product)],
        ["log_sum", `${log.symbol} P`, "the logarithms add", last.sum, format(last.sum, 3)],
        ["perplexity", "perplexity", "so far, per token", steps.length ? rate : NaN, steps.length ? format(rate, 3) : "—"],
      ].map(([key, symbol, words, x, text]) => {
        const value = el("span", { "data-key": key });
        show(value, x, text);
        return el("div", { class: "lc-number" }, el("dt", {}, el("span", { class: "lc-symbol", text: symbol }), " ", words), el("dd", {}, value));
      }),
    );
  }

  function redrawAll() {
    const known = currentCorpus();
    const { ids, unknown } = encode(known, get("context"));
    const log = UNITS[get("measure")];
    const generated = get("generated");
    if (context.input.value !== get("context")) context.input.value = get("context");
    for (const [box, name] of [[k, "k"], [seed, "seed"]]) if (box.input !== document.activeElement) box.input.value = get(name);
    for (const [group_, name] of [[unit, "unit"], [order, "order"], [smoothing, "smoothing"], [measure, "measure"]]) group_.set(get(name));
    k.input.disabled = get("smoothing") !== "add-k";
    const full = generated.length >= MAX_STEPS;
    for (const control of [one, ten, best]) control.disabled = full;
    undo.disabled = generated.length === 0;
    const thing = get("unit") === "words" ? "word" : "character";
    message.textContent = unknown.length
      ? `${unknown.map(tokenName).join(", ")}: no such ${thing} in this text (it has ${known.tokens.length} different ones), so left out of the context.`
      : full ? `${MAX_STEPS} steps are the most that this table holds: undo or reset.` : "";

    const { p, seen } = after();
    const ranked = drawBars(known, p);
    drawChips(known, ids);
    const steps = [];
    generated.forEach((token, i) => {
      const chosen = after(i).p[known.idOf.get(token)];
      const before = steps.at(-1) || { product: 1, sum: 0 };
      steps.push({ token, p: chosen, product: before.product * chosen, log: log.log(chosen), sum: before.sum + log.log(chosen) });
    });
    drawSteps(steps, log);
    const h = sum(Array.from(p, (x) => (x > 0 ? -x * log.log(x) : 0)));
    const [times, surprise] = [el("span", { "data-key": "seen" }), el("span", { "data-key": "entropy" })];
    show(times, seen, seen.toLocaleString("en-US"));
    show(surprise, h);
    facts.replaceChildren("This context: ", times, ` ${seen === 1 ? "place" : "places"} in the text. Entropy of the next token: `, surprise, ` ${get("measure")}.`);
    discounts.replaceChildren(...discountText(known));
    const start = decode(ids.map((i) => known.tokens[i]), get("unit"));
    prose.replaceChildren(el("span", { text: start }), el("mark", { text: decode([...ids.map((i) => known.tokens[i]).slice(-1), ...generated], get("unit")).slice(ids.length ? known.tokens[ids.at(-1)].length : 0) }), el("span", { class: "lc-caret", "aria-hidden": "true" }));

    const likely = ranked.slice(0, 3).map((i) => `${tokenName(known.tokens[i])} ${spoken(p[i], 2)}`).join(", ");
    const last = steps.at(-1);
    const event = said === "step" && last ? `${tokenName(last.token)}, probability ${spoken(last.p)}; sum of logarithms ${spoken(last.sum)}. ` : said === "undo" ? "Undone. " : "";
    said = "";
    voice.say(`${event}Most likely next: ${likely}.`);
  }

  function discountText(known) {
    if (get("smoothing") === "add-k") return [`add-k: (count + k) / (${get("order") ? "places" : "tokens"} + k·V), with V = ${known.tokens.length.toLocaleString("en-US")} different tokens.`];
    const values = Array.from({ length: get("order") + 1 }, (_, j) => {
      const node = el("span", { "data-key": `discount.${j}` });
      const D = discount(known, j, j === get("order"));
      show(node, D, format(D, 3));
      return [j ? ", " : "", node];
    });
    return ["Kneser–Ney discounts D = n₁/(n₁ + 2n₂), from no context to the full one: ", ...values.flat(), "."];
  }

  const stop = redraw(model, TRAITS, redrawAll);
  return () => {
    stop();
    voice.stop();
    root.remove();
  };
}

export default { render };
