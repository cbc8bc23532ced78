// When a flashcard comes back: the Free Spaced Repetition Scheduler, version 6, with its published default parameters.
//
// Source: the formulas and parameters under "FSRS-6" in the wiki page "The Algorithm" of open-spaced-repetition; the steps of
// learning and relearning are those of the reference implementation in Python, fsrs 6, against which tests/site/test_fsrs.py
// holds this file. The code is our own. Left out: the reference's random "fuzz", so that the same answers always give the same
// dates, and fitting the parameters to one reader, which takes about a thousand reviews.
//
// A memory has a stability S, the days after which the chance of recall has fallen to 90 %, and a difficulty D from 1 to 10.

export const PARAMETERS = [
  0.212, 1.2931, 2.3065, 8.2956, 6.4133, 0.8334, 3.0194, 0.001, 1.8722, 0.1666, 0.796,
  1.4835, 0.0614, 0.2629, 1.6483, 0.6014, 1.8729, 0.5425, 0.0912, 0.0658, 0.1542,
];
export const RETENTION = 0.9; // the chance of recall at which a card comes back
export const AGAIN = 1;
export const HARD = 2;
export const GOOD = 3;
export const EASY = 4;
export const LEARNING = 1;
export const REVIEW = 2;
export const RELEARNING = 3;
export const MINUTE = 60000;
export const DAY = 86400000;
const STEPS = { [LEARNING]: [MINUTE, 10 * MINUTE], [RELEARNING]: [10 * MINUTE] };
const LONGEST = 36500; // days
const LEAST_STABILITY = 0.001;

const w = PARAMETERS;
const FACTOR = 0.9 ** (-1 / w[20]) - 1; // so that R(S, S) = 90 %
const clamp = (x, low, high) => Math.min(high, Math.max(low, x));
const wholeDays = (since, now) => Math.floor((now - since) / DAY);

// ---- the memory ------------------------------------------------------------------------------------------------------

// The chance of recall `days` after the last review, a power law: R(t, S) = (1 + FACTOR · t / S)^(−w20).
export const recall = (days, stability) => (1 + (FACTOR * days) / stability) ** -w[20];

const firstDifficulty = (rating) => w[4] - Math.exp(w[5] * (rating - 1)) + 1;

// Harder after "again" and "hard", easier after "easy", the less the nearer to 10; drawn a little to where "easy" begins.
export function nextDifficulty(difficulty, rating) {
  const moved = difficulty + ((10 - difficulty) * -w[6] * (rating - GOOD)) / 9;
  return clamp(w[7] * firstDifficulty(EASY) + (1 - w[7]) * moved, 1, 10);
}

// After a second look on the same day. A recalled card never loses by it.
export function sameDayStability(stability, rating) {
  const growth = Math.exp(w[17] * (rating - GOOD + w[18])) * stability ** -w[19];
  return stability * (rating === AGAIN ? growth : Math.max(1, growth));
}

// After a day or more. The gain is larger for an easy card, a weak memory, and a recall that came close to failing.
export function nextStability(stability, difficulty, chance, rating) {
  if (rating === AGAIN) {
    const kept = w[11] * difficulty ** -w[12] * ((stability + 1) ** w[13] - 1) * Math.exp(w[14] * (1 - chance));
    return Math.min(kept, stability / Math.exp(w[17] * w[18]));
  }
  const weight = rating === HARD ? w[15] : rating === EASY ? w[16] : 1;
  const gain = Math.exp(w[8]) * (11 - difficulty) * stability ** -w[9] * (Math.exp(w[10] * (1 - chance)) - 1);
  return stability * (1 + gain * weight);
}

// Whole days until the chance of recall is RETENTION; a half goes to the even number, as in the reference.
export function intervalDays(stability) {
  const days = (stability / FACTOR) * (RETENTION ** (-1 / w[20]) - 1);
  const below = Math.floor(days);
  const rounded = days - below === 0.5 ? below + (below % 2) : Math.round(days);
  return clamp(rounded, 1, LONGEST);
}

// ---- the schedule ----------------------------------------------------------------------------------------------------

// What is kept of a card after it was rated 1 to 4 at `now` (milliseconds). `card` is what was kept before, nothing for a new
// one; it is left as it is. Dates are ISO 8601 in UTC.
export function review(card, rating, now) {
  if (![AGAIN, HARD, GOOD, EASY].includes(rating)) throw new Error(`a rating is 1, 2, 3 or 4, not ${rating}`);
  const { state, step } = card || { state: LEARNING, step: 0 };
  const memory = card ? remembered(card, rating, now) : { stability: w[rating - 1], difficulty: clamp(firstDifficulty(rating), 1, 10) };
  const next = placed(state, step, rating);
  const wait = next.state === REVIEW ? intervalDays(memory.stability) * DAY : next.wait;
  return {
    due: new Date(now + wait).toISOString(),
    reviewed: new Date(now).toISOString(),
    ...memory,
    state: next.state,
    step: next.step,
    reviews: (card ? card.reviews : 0) + 1,
    lapses: (card ? card.lapses : 0) + (state === REVIEW && rating === AGAIN ? 1 : 0),
  };
}

function remembered({ stability, difficulty, reviewed }, rating, now) {
  const days = wholeDays(Date.parse(reviewed), now);
  const next = days < 1 ? sameDayStability(stability, rating) : nextStability(stability, difficulty, recall(days, stability), rating);
  return { stability: Math.max(LEAST_STABILITY, next), difficulty: nextDifficulty(difficulty, rating) };
}

// Where a rating leads: through the minutes of the steps into review, and back to relearning after a lapse.
function placed(state, step, rating) {
  if (state === REVIEW) return rating === AGAIN ? { state: RELEARNING, step: 0, wait: STEPS[RELEARNING][0] } : { state, step: null };
  const steps = STEPS[state];
  if (rating === AGAIN) return { state, step: 0, wait: steps[0] };
  if (rating === EASY || step >= steps.length) return { state: REVIEW, step: null };
  if (rating === GOOD) return step + 1 === steps.length ? { state: REVIEW, step: null } : { state, step: step + 1, wait: steps[step + 1] };
  if (step > 0) return { state, step, wait: steps[step] };
  return { state, step, wait: steps.length === 1 ? 1.5 * steps[0] : (steps[0] + steps[1]) / 2 }; // hard at the first step
}
