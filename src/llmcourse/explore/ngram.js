// Counting n-grams of a text and drawing the next token. The twin of llmcourse.language.ngram.

import { sum } from "./shared.js";

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
