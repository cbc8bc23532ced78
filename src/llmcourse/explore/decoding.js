// The law of the texts that a way to decode writes, on a tree of three tokens. The twin of llmcourse.inference.

import { sum } from "./shared.js";
import { nextDistribution } from "./sampling.js";

export const END = 2;
export const DEPTH = 3;
export const PREFIXES = [[], [0], [1], [0, 0], [0, 1], [1, 0], [1, 1]];
const over = (text) => text.length === DEPTH || text.at(-1) === END;
export const LEAVES = PREFIXES.flatMap((prefix) => [0, 1, 2].map((v) => [...prefix, v]))
  .filter(over)
  .sort((a, b) => (a.join() < b.join() ? -1 : 1));
const at = (table, prefix) => table[PREFIXES.findIndex((one) => one.join() === prefix.join())];

export const oneHot = (p) => p.map((_, i) => (i === p.indexOf(Math.max(...p)) ? 1 : 0));
export const acceptance = (p, q) => sum(p.map((x, i) => Math.min(x, q[i])));

// What p has beyond q, as a distribution.
export function residual(p, q) {
  const more = p.map((x, i) => Math.max(0, x - q[i]));
  const total = sum(more);
  return more.map((x) => x / total);
}

// A law is a Map from a text, written "0,1,2", to its probability; what is impossible is not in it.
function put(law, text, weight) {
  if (weight > 0) law.set(text.join(), (law.get(text.join()) || 0) + weight);
}

export function sequenceLaw(table, rule = (p) => p) {
  const law = new Map();
  const walk = (prefix, weight) => {
    if (over(prefix)) return put(law, prefix, weight);
    rule(at(table, prefix)).forEach((x, v) => x > 0 && walk([...prefix, v], weight * x));
  };
  walk([], 1);
  return law;
}

export const samplingLaw = (table, settings) => sequenceLaw(table, (p) => nextDistribution(p.map(Math.log), settings));

// Drafts are drawn when their turn comes; behind a rejected one nobody looks at them.
export function speculativeLaw(target, draft, gamma, repair = residual) {
  const law = new Map();
  const walk = (prefix, weight, left) => {
    if (!(weight > 0)) return;
    if (over(prefix)) return put(law, prefix, weight);
    const p = at(target, prefix);
    if (left === 0) return p.forEach((x, v) => walk([...prefix, v], weight * x, gamma));
    const q = at(draft, prefix);
    const accepted = p.map((x, v) => Math.min(x, q[v]));
    accepted.forEach((x, v) => walk([...prefix, v], weight * x, left - 1));
    const rejected = 1 - sum(accepted);
    if (rejected > 1e-15) repair(p, q).forEach((x, v) => walk([...prefix, v], weight * rejected * x, gamma));
  };
  walk([], 1, gamma);
  return law;
}

// The mean number of tokens of the first round.
export function expectedRound(target, draft, gamma) {
  const more = (prefix, left) => {
    if (left === 0 || prefix.length === DEPTH - 1) return 1;
    const [p, q] = [at(target, prefix), at(draft, prefix)];
    return 1 + sum(p.map((x, v) => (v === END ? 0 : Math.min(x, q[v]) * more([...prefix, v], left - 1))));
  };
  return more([], gamma);
}

export const expectedTokens = (alpha, gamma) => sum(Array.from({ length: gamma + 1 }, (_, i) => alpha ** i));

// What beam search keeps after each step: { live, done }, each a list of { text, logp, score }, the best first.
export function beamSteps(table, width, alpha) {
  const steps = [];
  let live = [{ text: [], logp: 0, score: 0 }];
  let done = [];
  for (let length = 1; length <= DEPTH; length++) {
    const grown = live.flatMap((one) =>
      at(table, one.text).map((x, v) => {
        const logp = one.logp + Math.log(x);
        return { text: [...one.text, v], logp, score: logp / length ** alpha };
      }),
    );
    const best = grown.filter((one) => one.logp > -Infinity).sort((a, b) => b.logp - a.logp).slice(0, 2 * width);
    done = [...done, ...best.slice(0, width).filter((one) => over(one.text))].sort((a, b) => b.score - a.score).slice(0, width);
    live = best.filter((one) => !over(one.text)).slice(0, width);
    steps.push({ live, done });
    if (!live.length || (done.length === width && live[0].logp / DEPTH ** alpha <= done.at(-1).score)) break;
  }
  return steps;
}

export const totalVariation = (a, b) => sum(LEAVES.map((text) => Math.abs((a.get(text.join()) || 0) - (b.get(text.join()) || 0)))) / 2;
export const lawEntropy = (law) => sum([...law.values()].map((p) => -p * Math.log2(p))) + 0;
