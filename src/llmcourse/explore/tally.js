// What has been done on a page, counted from the reader's record. llmcourse.study.tally is its twin, but for what is due.

import { countsOf } from "./card_queue.js";

export const COUNTS = ["read", "exercises", "right", "first", "answered", "begun", "due"];

// page: {id, exercises: [[id, [part, …]], …], questions: [id, …], cards: [id, …]}; record: {pages, exercises, quiz, cards};
// now: milliseconds. An exercise in parts is solved when it is marked itself or all its parts are passed.
export function tally(page, record, now) {
  const entry = (section, id) => (Object.hasOwn(record[section] ?? {}, id) ? record[section][id] : undefined);
  const passed = (id) => entry("exercises", id) !== undefined;
  const quiz = page.questions.map((id) => entry("quiz", id)).filter(Boolean);
  const cards = countsOf(page.cards, record.cards ?? {}, now);
  return {
    read: entry("pages", page.id) ? 1 : 0,
    exercises: page.exercises.filter(([id, parts]) => passed(id) || (parts.length > 0 && parts.every(passed))).length,
    right: quiz.filter((one) => one.right).length,
    first: quiz.filter((one) => one.first).length,
    answered: quiz.length,
    begun: cards.due + cards.later,
    due: cards.due,
  };
}

// The counts of several pages together, and out of how many.
export function total(pages, record, now) {
  const sum = Object.fromEntries(COUNTS.map((name) => [name, 0]));
  for (const page of pages) {
    const one = tally(page, record, now);
    for (const name of COUNTS) sum[name] += one[name];
  }
  return sum;
}

export function size(pages) {
  const sum = (count) => pages.reduce((all, page) => all + count(page), 0);
  return {
    pages: pages.length,
    exercises: sum((page) => page.exercises.length),
    questions: sum((page) => page.questions.length),
    cards: sum((page) => page.cards.length),
  };
}

// How many entries of the record belong to nothing in these pages: another edition of the course has them.
export function foreign(pages, record) {
  const known = {
    pages: pages.map((page) => page.id),
    exercises: pages.flatMap((page) => page.exercises.flatMap(([id, parts]) => [id, ...parts])),
    quiz: pages.flatMap((page) => page.questions),
    cards: pages.flatMap((page) => page.cards),
  };
  return Object.entries(known).reduce((all, [section, ids]) => {
    const own = new Set(ids);
    return all + Object.keys(record[section] ?? {}).filter((id) => !own.has(id)).length;
  }, 0);
}
