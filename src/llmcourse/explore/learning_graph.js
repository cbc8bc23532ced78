// The learning tree without its picture: standings, the shortest way (study/tree.py is their twin), where an arrow key leads,
// how the lines run, and the goal in the page's address.
// pages: [{ id, needs, planned, minutes, row, x }, …] in the order of the book; known: a Set of ids.

import { update } from "./shared.js";

// id -> "read", "next" (every need is known), "later", or "planned" (nobody has written it).
export function standings(pages, known) {
  const words = new Map();
  for (const page of pages) {
    const open = page.needs.some((need) => !known.has(need));
    words.set(page.id, known.has(page.id) ? "read" : page.planned ? "planned" : open ? "later" : "next");
  }
  return words;
}

// The goal and all that it rests on, without what is known and what only known pages rest on; in the order of the book.
export function wayTo(pages, goal, known) {
  const needs = new Map(pages.map((page) => [page.id, page.needs]));
  const unread = new Set();
  const waiting = [goal];
  while (waiting.length) {
    const id = waiting.pop();
    if (!needs.has(id) || known.has(id) || unread.has(id)) continue;
    unread.add(id);
    waiting.push(...needs.get(id));
  }
  return pages.filter((page) => unread.has(page.id));
}

// The page that a key leads to: along the row, or to the nearest in the next row up or down; null for any other key, and
// at the edge the same page.
export function neighbor(pages, id, key) {
  const here = pages.find((page) => page.id === id);
  if (key === "Home") return pages[0].id;
  if (key === "End") return pages[pages.length - 1].id;
  const side = { ArrowLeft: -1, ArrowRight: 1 }[key];
  const down = { ArrowUp: -1, ArrowDown: 1 }[key];
  if (!side && !down) return null;
  const there = pages.filter((page) => (side ? page.row === here.row && (page.x - here.x) * side > 0 : page.row === here.row + down));
  const nearest = there.sort((a, b) => Math.abs(a.x - here.x) - Math.abs(b.x - here.x))[0];
  return (nearest || here).id;
}

// The pages of one picture, all or the written ones, with their row and column in it.
export function placed(pages, all) {
  const key = all ? "at" : "alone";
  return pages.filter((page) => page[key]).map((page) => ({ ...page, row: page[key][0], x: page[key][1] }));
}

// Up to this many in a row, pages have room for their titles on a phone.
export const ROOMY = 4;

// The most pages that stand in one row.
export const columns = (pages) => Math.max(...pages.map((page) => pages.filter((one) => one.row === page.row).length));

// From below the middle of one page to above that of the other, upright where it leaves and arrives. In a row between them
// that has a page in the way, the line passes beside it, where the next page's share of the width begins.
export function curve(need, page, pages, most) {
  let x = Math.round(1000 * need.x);
  let path = `M${x} ${100 * need.row + 86}`;
  for (let row = need.row + 1; row <= page.row; row += 1) {
    let share = need.x + ((page.x - need.x) * (row - need.row)) / (page.row - need.row);
    const near = row < page.row && pages.find((one) => one.row === row && Math.abs(one.x - share) < 0.499 / most);
    if (near) share = near.x + (share < near.x ? -0.5 : 0.5) / most;
    const [next, middle] = [Math.round(1000 * share), 100 * row - 5];
    path += `C${x} ${middle} ${next} ${middle} ${next} ${100 * row + 4}${row < page.row ? `V${100 * row + 86}` : ""}`;
    x = next;
  }
  return path;
}

// Keeps the goal in the page's address (#goal=10.3), which a reload, a bookmark and a link preserve, and takes it from there.
// In a notebook, which has no model.store, the address is not ours. Returns { keep(goal), stop }.
export function goalInAddress(model, pages) {
  if (!model.store) return { keep: () => {}, stop: () => {} };
  const keep = (goal) => history.replaceState(history.state, "", location.href.split("#")[0] + (goal && `#goal=${goal}`));
  const take = () => {
    const goal = new URLSearchParams(location.hash.slice(1)).get("goal");
    if (pages.some((page) => page.id === goal)) update(model, { goal });
  };
  take();
  window.addEventListener("hashchange", take);
  return { keep, stop: () => window.removeEventListener("hashchange", take) };
}
