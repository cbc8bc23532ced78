// From logits to probabilities. The twin of llmcourse.language.softmax.

import { sum } from "./shared.js";

// Probabilities proportional to e^(z/τ). Subtracting the peak first keeps every exponent at or below 0.
export function softmax(logits, temperature = 1) {
  const peak = Math.max(...logits);
  const weights = logits.map((z) => Math.exp((z - peak) / temperature));
  const total = sum(weights);
  return weights.map((w) => w / total);
}
