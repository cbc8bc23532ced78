// Calibration of probabilities: bins, errors, scores, the best temperature. The twin of llmcourse.evaluation.calibration,
// .proper and .temperature.

import { sum } from "./shared.js";
import { softmax } from "./softmax.js";

// Edges of `number` bins of equal width or of equal mass, by the same sums as numpy's linspace and quantile.
export function binEdges(q, number, rule) {
  const parts = Array.from({ length: number + 1 }, (_, i) => (i === number ? 1 : i * (1 / number)));
  if (rule === "width") return parts;
  const sorted = [...q].sort((a, b) => a - b);
  return parts.map((part) => {
    const at = part * (sorted.length - 1);
    const [low, high] = [sorted[Math.floor(at)], sorted[Math.min(sorted.length - 1, Math.floor(at) + 1)]];
    const t = at - Math.floor(at);
    return t < 0.5 ? low + (high - low) * t : high - (high - low) * (1 - t);
  });
}

// Bin m holds what lies in (edge m, edge m + 1], the first one its lower edge as well. right: 0 or 1 each.
export function bins(q, right, number, rule) {
  const edges = binEdges(q, number, rule);
  const place = q.map((x) => edges.slice(1, -1).filter((edge) => edge < x).length);
  const total = (values) => {
    const totals = new Array(number).fill(0);
    values.forEach((x, i) => (totals[place[i]] += x));
    return totals;
  };
  const count = total(q.map(() => 1));
  const mean = (values) => total(values).map((x, m) => x / count[m]); // NaN where there is nothing
  return { edges, place, count, hits: total(right), confidence: mean(q), share: mean(right), total };
}

// The numbers of the diagram.
export function measures(q, right, found) {
  const n = q.length;
  const gap = found.count.map((c, m) => (c ? found.confidence[m] - found.share[m] : 0));
  const weigh = (values) => sum(values.map((x, m) => (found.count[m] / n) * x));
  const d = q.map((x, i) => x - right[i]);
  const [totals, squares] = [found.total(d), found.total(d.map((x) => x * x))];
  const overall = sum(right) / n;
  const inside = q.map((x, i) => [x - found.confidence[found.place[i]], right[i] - found.share[found.place[i]]]);
  return {
    n,
    accuracy: overall,
    confidence: sum(q) / n,
    ece: weigh(gap.map(Math.abs)),
    square: weigh(gap.map((x) => x * x)),
    debiased: sum(totals.map((x, m) => (x * x - squares[m]) / Math.max(1, found.count[m] - 1))) / n,
    brier: sum(d.map((x) => x * x)) / n,
    resolution: weigh(found.share.map((x, m) => (found.count[m] ? (x - overall) ** 2 : 0))),
    uncertainty: overall * (1 - overall),
    within: sum(inside.map(([x, y]) => x * x - 2 * x * y)) / n,
  };
}

const expected = (p, z) => sum(p.map((x, i) => x * z[i]));

// Mean surprise of the right choices at a temperature, in nats.
export function nll(rows, answer, temperature) {
  const logs = rows.map((z, i) => {
    const peak = Math.max(...z);
    return Math.log(sum(z.map((x) => Math.exp((x - peak) / temperature)))) - (z[answer[i]] - peak) / temperature;
  });
  return sum(logs) / rows.length;
}

// The temperature with the smallest mean surprise: its slope in β = 1/τ rises, and is 0 there.
export function bestTemperature(rows, answer) {
  const slope = (beta) => sum(rows.map((z, i) => expected(softmax(z.map((x) => beta * x)), z) - z[answer[i]])) / rows.length;
  if (slope(0) >= 0) return Infinity;
  if (rows.every((z, i) => z[answer[i]] === Math.max(...z))) return 0;
  let [low, high] = [0, 1];
  while (slope(high) < 0) high *= 2;
  for (let i = 0; i < 80; i += 1) {
    const middle = (low + high) / 2;
    if (slope(middle) < 0) low = middle;
    else high = middle;
  }
  return 2 / (low + high);
}
