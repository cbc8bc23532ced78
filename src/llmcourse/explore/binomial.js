// Counts of right answers: binomial probabilities, intervals of a share and their coverage, two models on the same items.
// The twin of llmcourse.evaluation.intervals and llmcourse.evaluation.ranking; probabilities below 10⁻²⁰ are left out.

import { sum } from "./shared.js";

// ---- normal and binomial -----------------------------------------------------------------------------------------------

// Φ(x) by the series of x, x³/3, x⁵/15 …; its terms all have one sign, so that no digits cancel.
export function normalCdf(x) {
  let [term, total] = [x, x];
  for (let i = 1; Math.abs(term) > 1e-17 * Math.abs(total); i += 1) total += term *= (x * x) / (2 * i + 1);
  return 0.5 + (total * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}

// Where a rising function of [low, high] passes a value.
function solve(rising, value, low, high) {
  for (let i = 0; i < 60; i += 1) {
    const middle = (low + high) / 2;
    if (rising(middle) < value) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

export const normalQuantile = (share) => solve(normalCdf, share, -7, 7);
export const quantile = (level) => normalQuantile((1 + level) / 2);

const logFactorials = [0];
function logFactorial(n) {
  for (let i = logFactorials.length; i <= n; i += 1) logFactorials.push(logFactorials[i - 1] + Math.log(i));
  return logFactorials[n];
}

// P(k) of a binomial for the counts k from `first` on, ten standard deviations around the mean: { first, p }.
export function binomial(n, share) {
  if (share <= 0 || share >= 1 || n === 0) return { first: share >= 1 ? n : 0, p: [1] };
  const reach = 10 * Math.sqrt(n * share * (1 - share)) + 10;
  const first = Math.max(0, Math.floor(n * share - reach));
  const last = Math.min(n, Math.ceil(n * share + reach));
  const [yes, no, all] = [Math.log(share), Math.log1p(-share), logFactorial(n)];
  const p = new Array(last - first + 1);
  for (let k = first; k <= last; k += 1) p[k - first] = Math.exp(all - logFactorial(k) - logFactorial(n - k) + k * yes + (n - k) * no);
  return { first, p };
}

// P(X ≥ k).
function atLeast(k, n, share) {
  const { first, p } = binomial(n, share);
  return sum(p.slice(Math.max(0, k - first)));
}

// ---- intervals of a share ----------------------------------------------------------------------------------------------

export const INTERVALS = {
  wald(k, n, level) {
    const share = k / n;
    const half = quantile(level) * Math.sqrt((share * (1 - share)) / n);
    return [share - half, share + half];
  },
  wilson(k, n, level) {
    const [share, z] = [k / n, quantile(level)];
    const half = z * Math.sqrt((share * (1 - share)) / n + (z / (2 * n)) ** 2);
    const ends = [-half, half].map((x) => (share + z ** 2 / (2 * n) + x) / (1 + z ** 2 / n));
    return [k === 0 ? 0 : ends[0], k === n ? 1 : ends[1]];
  },
  clopper_pearson(k, n, level) {
    const tail = (1 - level) / 2;
    const low = k === 0 ? 0 : solve((p) => atLeast(k, n, p), tail, 0, k / n);
    const high = k === n ? 1 : solve((p) => atLeast(k + 1, n, p), 1 - tail, k / n, 1);
    return [low, high];
  },
};

// How often each interval holds the share p, over all counts that n items can give. Whether a count's interval holds p is
// asked of its definition: a distance in standard errors, estimated (Wald) or at p (Wilson), or the two tails.
export function coverages(p, n, z, tail) {
  const counts = binomial(n, p);
  const held = { wald: 0, wilson: 0, clopper_pearson: 0 };
  let below = 0; // P(X < k)
  counts.p.forEach((weight, i) => {
    const share = (counts.first + i) / n;
    const gap = Math.abs(share - p);
    if (gap <= z * Math.sqrt((share * (1 - share)) / n)) held.wald += weight;
    if (gap <= z * Math.sqrt((p * (1 - p)) / n)) held.wilson += weight;
    if (1 - below >= tail && below + weight >= tail) held.clopper_pearson += weight;
    below += weight;
  });
  return held;
}

// ---- two models on the same items ----------------------------------------------------------------------------------------

export function largestCorrelation(a, b) {
  const [low, high] = a < b ? [a, b] : [b, a];
  return Math.sqrt((low * (1 - high)) / (high * (1 - low)));
}

// Shares of the items on which only a, and only b, is right.
export function disagreements(a, b, correlation) {
  const both = Math.min(a, b, a * b + correlation * Math.sqrt(a * (1 - a) * b * (1 - b)));
  return [a - both, b - both];
}

// How often a scores below and level with b, for any number of items up to `most`: a function of the number.
// On m items of disagreement a wins Binomial(m, r). Two recursions: P(a has fewer than half) and P(a has exactly half).
export function ordersUpTo(most, onlyA, onlyB) {
  const apart = onlyA + onlyB;
  if (apart <= 0) return () => ({ below: 0, level: 1 });
  const r = onlyA / apart;
  const [fewer, half] = [[0], [1]];
  for (let m = 1; m <= most; m += 1) {
    const j = Math.floor(m / 2);
    if (m % 2) {
      fewer.push(fewer[m - 1] + half[m - 1] * (1 - r));
      half.push(0);
    } else {
      const short = half[m - 2] * ((2 * j - 1) / j) * (1 - r); // a has j − 1 of m − 1
      fewer.push(fewer[m - 1] - r * short);
      half.push(2 * r * short);
    }
  }
  return (n) => {
    const { first, p } = binomial(n, apart);
    const mean = (values) => sum(p.map((weight, i) => weight * values[first + i]));
    return { below: mean(fewer), level: mean(half) };
  };
}

// The standard deviation of one item's difference.
export function differenceDeviation(a, b, correlation) {
  return Math.sqrt(Math.max(0, sum(disagreements(a, b, correlation)) - (a - b) ** 2));
}

export function itemsNeeded(difference, deviation, level, power) {
  if (difference === 0) return Infinity;
  return Math.max(1, Math.ceil((((quantile(level) + normalQuantile(power)) * deviation) / difference) ** 2));
}

// ---- many equal models -----------------------------------------------------------------------------------------------------

// The expected largest of some independent binomial counts: Σ P(largest > k).
function expectedLargest(models, share, n) {
  const { first, p } = binomial(n, share);
  let [below, total] = [0, first];
  for (const weight of p.slice(0, -1)) {
    below += weight;
    total += 1 - Math.min(1, below) ** models;
  }
  return total;
}

// The expected score of the best of some equal models, whose answers to an item are the same with this probability.
export function expectedBest(models, share, n, correlation) {
  const { first, p } = binomial(n, 1 - correlation);
  const alone = p.map((weight, i) => (weight > 1e-15 ? weight * expectedLargest(models, share, first + i) : 0));
  return correlation * share + sum(alone) / n;
}
