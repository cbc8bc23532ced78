// The learning tree without its picture: standings, the shortest way, and where an arrow key leads. study/tree.py is the twin.
// pages: [{ id, needs, planned, minutes, row, x }, …] in the order of the book; known: a Set of ids.

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

// From below the middle of one page to above that of the other, bent so that it leaves and arrives upright.
export function curve(need, page) {
  const [x1, y1, x2, y2] = [Math.round(1000 * need.x), 100 * need.row + 86, Math.round(1000 * page.x), 100 * page.row + 4];
  const half = (y1 + y2) / 2;
  return `M${x1} ${y1}C${x1} ${half} ${x2} ${half} ${x2} ${y2}`;
}
