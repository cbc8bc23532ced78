// Which flashcards are due, which comes next, and how their dates are said. No element of a page is touched here.

import { DAY, MINUTE, REVIEW, review } from "./fsrs.js";

const NEW_DAY = 4; // o'clock, local: a late evening still belongs to its day

// ---- what is kept of a card --------------------------------------------------------------------------------------------

// On the site the reader's record on this device (store.js), in a notebook the trait `reviews`, which Python reads.
export function recordsOf(model) {
  const { store } = model;
  if (store) {
    return {
      get: (id) => store.get("cards", id),
      all: () => store.all("cards"),
      put: (id, entry) => store.put("cards", id, entry),
      remove: (id) => store.remove("cards", id),
      onChange: (listener) => store.onChange(listener),
    };
  }
  const set = (reviews) => {
    model.set("reviews", reviews);
    model.save_changes();
  };
  return {
    get: (id) => model.get("reviews")[id],
    all: () => model.get("reviews"),
    put: (id, entry) => set({ ...model.get("reviews"), [id]: entry }),
    remove: (id) => set(Object.fromEntries(Object.entries(model.get("reviews")).filter(([name]) => name !== id))),
    onChange(listener) {
      model.on("change:reviews", listener);
      return () => model.off("change:reviews", listener);
    },
  };
}

// An entry that the scheduler can go on from, or undefined: a record may come from another hand. The card is then new.
export function known(entry) {
  const { due, reviewed, stability, difficulty, state } = entry || {};
  const dated = [due, reviewed].every((text) => Number.isFinite(Date.parse(text)));
  const scaled = Number.isFinite(stability) && stability > 0 && difficulty >= 1 && difficulty <= 10 && [1, 2, 3].includes(state);
  return dated && scaled ? { ...entry, step: entry.step ?? (state === REVIEW ? null : 0), reviews: entry.reviews ?? 1, lapses: entry.lapses ?? 0 } : undefined;
}

// The entry after a rating. `introduced` is when the card was seen first: new cards are counted by the day.
export function rated(entry, rating, now) {
  const before = known(entry);
  const introduced = before ? before.introduced : new Date(now).toISOString();
  return { ...before, ...review(before, rating, now), ...(introduced && { introduced }) };
}

// How long each of the four ratings would put the card off, in milliseconds.
export const waits = (entry, now) => [1, 2, 3, 4].map((rating) => Date.parse(review(known(entry), rating, now).due) - now);

// ---- days ----------------------------------------------------------------------------------------------------------------

// When the day that `now` belongs to began; `days` later, if given.
export function dayStart(now, days = 0) {
  const date = new Date(now);
  if (date.getHours() < NEW_DAY) date.setDate(date.getDate() - 1);
  date.setDate(date.getDate() + days);
  return date.setHours(NEW_DAY, 0, 0, 0);
}

// A card of the steps (minutes) is due at its minute; one of the days is due from the morning of its day on, unless it was
// seen less than a day ago: a look on the same day would count as no review. That one waits for its hour.
export function isDue(card, now) {
  const due = Date.parse(card.due);
  return due <= now || (card.state === REVIEW && due < dayStart(now, 1) && now - Date.parse(card.reviewed) >= DAY);
}

const inSteps = (card) => card.state !== REVIEW;

// ---- the queue -----------------------------------------------------------------------------------------------------------

// How many of these ids are for today, have never been seen, and come back later.
export function countsOf(ids, entries, now) {
  const counts = { due: 0, fresh: 0, later: 0 };
  for (const id of ids) {
    const card = known(entries[id]);
    if (!card) counts.fresh += 1;
    else if (isDue(card, now) || (inSteps(card) && Date.parse(card.due) < dayStart(now, 1))) counts.due += 1;
    else counts.later += 1;
  }
  return counts;
}

// The seen ones among these ids, the one that comes back first in front.
export function byDue(ids, entries) {
  const seen = ids.map((id) => known(entries[id])).filter(Boolean);
  return seen.sort((one, other) => Date.parse(one.due) - Date.parse(other.due));
}

// How many new cards this day still takes.
export function freshLeft(entries, perDay, now) {
  const today = Object.values(entries).filter((entry) => Date.parse(entry.introduced) >= dayStart(now)).length;
  return Math.max(0, perDay - today);
}

// The id that comes next, or null: first a card of the steps whose minutes are over, then what is due, then a new one, and when
// nothing else is left, a card of the steps before its time: not the one rated `last`, whose answer was just read, while
// another waits.
export function nextId(ids, entries, perDay, now, last) {
  const cards = ids.map((id) => ({ id, card: known(entries[id]) }));
  const soonest = (list) => list.reduce((best, one) => (!best || Date.parse(one.card.due) < Date.parse(best.card.due) ? one : best), null);
  const seen = cards.filter(({ card }) => card);
  const due = seen.filter(({ card }) => isDue(card, now));
  const early = seen.filter(({ card }) => inSteps(card) && Date.parse(card.due) < dayStart(now, 1));
  const found =
    soonest(due.filter(({ card }) => inSteps(card))) ||
    soonest(due) ||
    (freshLeft(entries, perDay, now) > 0 && cards.find(({ card }) => !card)) ||
    soonest(early.filter(({ id }) => id !== last)) ||
    soonest(early);
  return found ? found.id : null;
}

// ---- words ---------------------------------------------------------------------------------------------------------------

const plural = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;

// A wait, short: 5.5 min, 1 day, 12 days, 2.5 months, 1.2 years.
export function waitText(wait) {
  if (wait < DAY) return `${Number((wait / MINUTE).toFixed(1))} min`;
  const days = Math.round(wait / DAY);
  if (days < 60) return plural(days, "day");
  if (days < 365) return plural(Number((days / 30.44).toFixed(1)), "month");
  return plural(Number((days / 365.25).toFixed(1)), "year");
}

// When a card comes back, as the reader's calendar says it.
export function backText(card, now) {
  if (isDue(card, now)) return "due now";
  const due = Date.parse(card.due);
  const clock = new Date(due).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  if (due < dayStart(now, 1)) return `back today at ${clock}`;
  if (due < dayStart(now, 2)) return "back tomorrow";
  const options = { day: "numeric", month: "long", ...(due - now > 300 * DAY && { year: "numeric" }) };
  return `back on ${new Date(due).toLocaleDateString("en-US", options)}`;
}
