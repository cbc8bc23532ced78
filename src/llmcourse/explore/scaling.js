// Laws of the loss and what they would buy with a budget: the twin of llmcourse.learning.scaling, without its refusals.
// A law is { key, E, A, B, alpha, beta } (a loss for every size) or { key, scale, exponent, unit, loss? } (only the optimum).

export const lossOf = (law, n, d) => law.E + law.A * n ** -law.alpha + law.B * d ** -law.beta;
export const hasCurve = (law) => law.E !== undefined;

// What a law would buy with a budget: size, data, and the loss there (NaN where its source gives none).
export function optimum(law, c) {
  if (!hasCurve(law)) {
    const n = law.scale * (c / law.unit) ** law.exponent;
    return { n, d: c / (6 * n), loss: law.loss ? (law.loss[0] / (c / law.unit)) ** law.loss[1] : NaN };
  }
  const { alpha, beta } = law;
  const n = ((alpha * law.A) / (beta * law.B)) ** (1 / (alpha + beta)) * (c / 6) ** (beta / (alpha + beta));
  return { n, d: c / (6 * n), loss: lossOf(law, n, c / (6 * n)) };
}

// Size and data that reach a loss with the two shortages in this ratio (its logarithm); training is cheapest at `fair`.
const fair = (law) => Math.log(law.beta / law.alpha);
function sizes(law, loss, logOdds) {
  const above = loss - law.E;
  return { n: ((law.A * (1 + Math.exp(-logOdds))) / above) ** (1 / law.alpha), d: ((law.B * (1 + Math.exp(logOdds))) / above) ** (1 / law.beta) };
}

export function computeFor(law, loss) {
  const { n, d } = sizes(law, loss, fair(law));
  return 6 * n * d;
}

// The least 6ND + 2N·served that reaches a loss: bisection, because what is compared to `served` grows with the odds.
export function cheapest(law, loss, served) {
  const excess = (logOdds) => 3 * sizes(law, loss, logOdds).d * Math.expm1(logOdds - fair(law)) - served;
  let [low, high] = [fair(law), fair(law) + 1];
  while (excess(high) < 0) high += 1;
  for (let i = 0; i < 64; i += 1) {
    const middle = (low + high) / 2;
    if (excess(middle) < 0) low = middle;
    else high = middle;
  }
  return sizes(law, loss, (low + high) / 2);
}

// The tokens served for which this size and data are the cheapest way to their loss; negative: at no use.
export function servedFor(law, n, d) {
  return 3 * d * Math.expm1(Math.log((law.A * n ** -law.alpha) / (law.B * d ** -law.beta)) - fair(law));
}

// Every number on display, by its name on the page.
export function numbersOf({ laws, models, budget, served, law: key, model: name }) {
  const values = {};
  for (const law of laws) {
    const { n, d, loss } = optimum(law, budget);
    Object.assign(values, { [`${law.key}_n`]: n, [`${law.key}_d`]: d, [`${law.key}_ratio`]: d / n, [`${law.key}_loss`]: loss });
  }
  const law = laws.find((one) => one.key === key);
  const best = optimum(law, budget);
  const cheap = () => (served > 0 ? cheapest(law, best.loss, served) : best);
  const small = hasCurve(law) ? cheap() : { n: NaN, d: NaN };
  const total = (one) => one.n * (6 * one.d + 2 * served);
  Object.assign(values, { small_n: small.n, small_d: small.d, small_ratio: small.d / small.n, small_training: 6 * small.n * small.d });
  Object.assign(values, { small_total: total(small), plain_total: total(best), saved: 1 - total(small) / total(best) });
  const { n, d, loss: measured } = models.find((one) => one.name === name) || { n: NaN, d: NaN };
  const loss = hasCurve(law) ? lossOf(law, n, d) : NaN;
  Object.assign(values, { model_n: n, model_d: d, model_ratio: d / n, model_compute: 6 * n * d, model_loss: loss, model_best: optimum(law, 6 * n * d).loss });
  Object.assign(values, { model_factor: hasCurve(law) ? (6 * n * d) / computeFor(law, loss) : NaN, model_served: hasCurve(law) ? servedFor(law, n, d) : NaN });
  return models.some((one) => one.loss !== undefined) ? { ...values, model_measured: measured ?? NaN } : values;
}
