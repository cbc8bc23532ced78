// The review page before and after a session: what is for today, chapter by chapter, and what the reader has chosen.

import { button, el, field, turnOff } from "./shared.js";
import { backText, byDue, countsOf, freshLeft } from "./card_queue.js";

const KEY = "llmcourse-review"; // settings of this device, apart from the record of progress
const DEFAULTS = { perDay: 10, off: [] };
const MOST = 100;

const isLimit = (x) => Number.isInteger(x) && x >= 0 && x <= MOST;

// How many new cards a day takes, and the chapters that are left out. What cannot be read counts as never set.
export function settings() {
  try {
    const { perDay, off } = JSON.parse(localStorage.getItem(KEY));
    return { perDay: isLimit(perDay) ? perDay : DEFAULTS.perDay, off: Array.isArray(off) ? off.filter((id) => typeof id === "string") : [] };
  } catch {
    return { ...DEFAULTS };
  }
}

function keep(values) {
  try {
    localStorage.setItem(KEY, JSON.stringify(values));
  } catch {
    // blocked or full: it holds until the page is left, and the store has told the reader why
  }
}

// What a day asks for: the ids of the chosen chapters in the order of the book, how many are due and new, and whether it is
// the limit that keeps the rest from being new.
export function today(chapters, chosen, entries, now) {
  const ids = chapters.filter(({ id }) => !chosen.off.includes(id)).flatMap(({ cards }) => cards.map((card) => card.id));
  const { due, fresh, later } = countsOf(ids, entries, now);
  const left = freshLeft(entries, chosen.perDay, now);
  return { ids, due, fresh: Math.min(fresh, left), later, perDay: chosen.perDay, atLimit: fresh > 0 && left === 0 };
}

const cards = (n) => `${n} card${n === 1 ? "" : "s"}`;

// The sentence at the top. `done` is how many ratings the session that just ended had, 0 without one.
export function sentence({ ids, due, fresh, perDay, atLimit }, entries, now, done) {
  const before = done ? `Done: ${done} rating${done === 1 ? "" : "s"}. ` : "";
  if (!ids.length) return `${before}No chapter is chosen: tick one below.`;
  const reached = atLimit ? ` (the limit of ${perDay} a day is reached)` : "";
  if (due + fresh) return `${before}${cards(due + fresh)} for today: ${due} due, ${fresh} new${reached}.`;
  const limit = atLimit ? ` The limit of ${perDay} new card${perDay === 1 ? "" : "s"} a day is reached.` : "";
  const next = byDue(ids, entries)[0];
  return `${before}Nothing is left for today.${limit}${next ? ` The next card is ${backText(next, now)}.` : ""}`;
}

// Returns { node, draw(entries, now, done), chosen(), focus() }; calls start() and changed().
export function overview(chapters, { start, changed }) {
  let chosen = settings();
  const choose = (values) => {
    chosen = { ...chosen, ...values };
    keep(chosen);
    changed();
  };
  const line = el("p", { class: "lc-today", tabindex: "-1" });
  const begin = button("Start", start, { class: "lc-button lc-main" });
  const limit = field("New cards a day", { type: "number", min: 0, max: MOST, step: 1, value: chosen.perDay, oninput: () => {
    const x = limit.input.value === "" ? NaN : Number(limit.input.value);
    if (isLimit(x)) limit.input.removeAttribute("aria-invalid");
    else limit.input.setAttribute("aria-invalid", "true");
    message.textContent = isLimit(x) ? "" : `A whole number from 0 to ${MOST}; it is still ${chosen.perDay}.`;
    if (isLimit(x)) choose({ perDay: x });
  } });
  const message = el("p", { class: "lc-message", role: "status" });
  const rows = chapters.map(({ id, title, cards: own }) => {
    const box = el("input", { type: "checkbox", onchange: () => choose({ off: box.checked ? chosen.off.filter((one) => one !== id) : [...chosen.off, id] }) });
    box.checked = !chosen.off.includes(id);
    const cells = ["due", "fresh", "later"].map((key) => [key, el("td", { "data-key": `${id}.${key}` })]);
    const name = el("th", { scope: "row" }, el("label", {}, box, el("span", { text: title })));
    return { ids: own.map((card) => card.id), cells, node: el("tr", {}, name, cells.map(([, cell]) => cell)) };
  });
  const head = el("tr", {}, ["chapter", "due today", "never seen", "later"].map((text) => el("th", { scope: "col", text })));
  const table = el("table", { class: "lc-chapter-counts" }, el("thead", {}, head), el("tbody", {}, rows.map((row) => row.node)));
  const node = el("div", { class: "lc-overview" }, line, el("div", { class: "lc-controls" }, begin, limit.node), message, table);

  function draw(entries, now, done) {
    const plan = today(chapters, chosen, entries, now);
    line.textContent = sentence(plan, entries, now, done);
    turnOff(begin, !(plan.due + plan.fresh));
    for (const row of rows) {
      const counts = countsOf(row.ids, entries, now);
      for (const [key, cell] of row.cells) cell.textContent = counts[key];
    }
  }
  return { node, draw, chosen: () => chosen, focus: () => line.focus({ preventScroll: true }) };
}
