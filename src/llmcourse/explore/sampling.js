// From logits to the distribution that a token is drawn from. The twin of llmcourse.inference.sampling.

import { sum } from "./shared.js";
import { softmax } from "./softmax.js";

// The tokens from the most probable to the least; of equal ones the earlier first.
export function ranking(p) {
  const order = Array.from(p.keys());
  for (let i = 1; i < p.length; i++) if (p[i] > p[i - 1]) return order.sort((a, b) => p[b] - p[a] || a - b);
  return order;
}

// What stays, scaled up to a distribution again.
function keep(p, stays) {
  const total = sum(p.map((x, i) => (stays[i] ? x : 0)));
  return p.map((x, i) => (stays[i] ? x / total : 0));
}

// The k largest, and what equals the k-th.
export function topK(p, k) {
  const smallest = p[ranking(p)[Math.min(k, p.length) - 1]];
  return keep(p, p.map((x) => (x >= smallest ? 1 : 0)));
}

// The smallest set of most probable tokens that holds at least `mass`. Totals are added up from the small end.
export function topP(p, mass) {
  const order = ranking(p);
  const stays = p.map(() => 0);
  let tail = 0;
  for (let rank = order.length - 1; rank >= 0; rank--) {
    tail += p[order[rank]];
    stays[order[rank]] = rank === 0 || tail > 1 - mass ? 1 : 0;
  }
  return keep(p, stays);
}

// Everything with at least `share` of the largest probability.
export function minP(p, share) {
  const least = share * p.reduce((a, b) => Math.max(a, b), 0);
  return keep(p, p.map((x) => (x >= least ? 1 : 0)));
}

// softmax(z/τ), then top-k (0: left out), top-p (1: left out), min-p (0: left out).
export function nextDistribution(z, { temperature = 1, top_k = 0, top_p = 1, min_p = 0 }) {
  let p = softmax(z, temperature);
  if (top_k > 0) p = topK(p, top_k);
  if (top_p < 1) p = topP(p, top_p);
  if (min_p > 0) p = minP(p, min_p);
  return p;
}

export const entropy = (p) => sum(p.map((x) => (x > 0 ? -x * Math.log2(x) : 0))) + 0;
export const cutMass = (before, p) => sum(before.map((x, i) => (p[i] === 0 ? x : 0)));
