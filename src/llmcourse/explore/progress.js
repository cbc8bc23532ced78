// The reader's progress: for each page what is read, solved, answered and due, from the record on this device.
//
// `chapters`: [{id, title, link, pages: [{id, title, link, exercises, questions, cards}]}]. On the site the record is the
// page's store; in a notebook, which has none, it is the text `record` that Python read. `compact`: one line,
// for one chapter, or for several, and then with the page to continue with.

import { el, freshId, show } from "./shared.js";
import { foreign, size, tally, total } from "./tally.js";
import { actions } from "./progress_actions.js";

const SECTIONS = ["pages", "exercises", "quiz", "cards"];
const day = (iso) => new Date(iso).toLocaleDateString("en-US", { day: "numeric", month: "short", year: "numeric" });
const several = (n, word) => `${word}${n === 1 ? "" : "s"}`;

function counted(key, n) {
  const node = el("span", { "data-key": key });
  show(node, n, String(n));
  return node;
}

const named = (item) => (item.link ? el("a", { href: item.link, text: item.title }) : document.createTextNode(item.title));
const of = (key, n, all) => [counted(key, n), ` of ${all}`];

// "Read 2 of 4 pages · 5 of 21 exercises solved · 9 of 17 questions right · 3 cards due"
function line(key, pages, record, now) {
  const [done, all] = [total(pages, record, now), size(pages)];
  const some = (n, words) => (n ? [" · ", ...words()] : []); // the digest has no exercises, a new chapter no cards
  return [
    "Read ", ...of(`${key}.read`, done.read, all.pages), ` ${several(all.pages, "page")}`,
    ...some(all.exercises, () => [...of(`${key}.exercises`, done.exercises, all.exercises), " exercises solved"]),
    ...some(all.questions, () => [...of(`${key}.right`, done.right, all.questions), " questions right"]),
    ...some(all.cards, () => [counted(`${key}.due`, done.due), ` ${several(done.due, "card")} due`]),
  ];
}

// The page after the one read last, passing over those that are read. None before the first and after the last.
function upNext(pages, record) {
  const read = (page) => record.pages?.[page.id]?.read;
  const done = pages.filter(read);
  if (!done.length) return undefined;
  const last = done.reduce((one, other) => (Date.parse(read(other)) > Date.parse(read(one)) ? other : one));
  const begin = pages.indexOf(last) + 1;
  return [...pages.slice(begin), ...pages.slice(0, begin)].find((page) => !read(page));
}

// "Continue with 4.4 Attention as a kernel method. "
function invitation(chapters, record) {
  const next = chapters.length > 1 && upNext(chapters.flatMap((chapter) => chapter.pages), record);
  return next ? ["Continue with ", next.id === "0" ? "" : `${next.id} `, named(next), ". "] : [];
}

function tiles(pages, record, now) {
  const [done, all] = [total(pages, record, now), size(pages)];
  const tile = (name, share, ...words) =>
    el("div", { style: { "--at": share } }, el("dt", { text: name }), el("dd", {}, ...words));
  const share = (n, whole) => (whole ? n / whole : 0);
  return el(
    "dl",
    { class: "lc-tiles" },
    tile("Pages read", share(done.read, all.pages), ...of("all.read", done.read, all.pages)),
    tile("Exercises solved", share(done.exercises, all.exercises), ...of("all.exercises", done.exercises, all.exercises)),
    tile(
      "Questions right", share(done.right, all.questions), ...of("all.right", done.right, all.questions),
      el("small", {}, counted("all.first", done.first), " at the first try"),
    ),
    tile(
      "Cards due", share(done.begun, all.cards), counted("all.due", done.due),
      el("small", {}, ...of("all.begun", done.begun, all.cards), " begun"),
    ),
  );
}

const cell = (...words) => el("td", { role: "cell" }, ...words);
const heads = ["Page", "Read", "Exercises", "Quiz", "Cards due"];

function row(page, record, now) {
  const done = tally(page, record, now);
  const read = record.pages?.[page.id]?.read;
  const number = page.id === "0" ? "" : `${page.id} `;
  const some = (key, n, all) => (all ? of(`${page.id}.${key}`, n, all) : ["none"]);
  return el(
    "tr",
    { role: "row" },
    el("th", { scope: "row", role: "rowheader" }, number, named(page)),
    cell(counted(`${page.id}.read`, done.read), el("span", { class: "lc-day", text: read ? day(read) : "not yet" })),
    cell(...some("exercises", done.exercises, page.exercises.length)),
    cell(...some("right", done.right, page.questions.length)),
    cell(...(page.cards.length ? [counted(`${page.id}.due`, done.due)] : ["none"])),
  );
}

function table(chapter, record, now) {
  const number = chapter.id === "0" ? "" : `${chapter.id}. `;
  const head = heads.map((text) => el("th", { scope: "col", role: "columnheader", text }));
  const title = el("p", { class: "lc-caption", id: freshId("chapter") }, number, named(chapter));
  return el(
    "div",
    { class: "lc-chapter" },
    title,
    el("p", { class: "lc-line" }, line(`ch${chapter.id}`, chapter.pages, record, now)),
    el(
      "table",
      { role: "table", "aria-labelledby": title.id },
      el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, head)),
      el("tbody", { role: "rowgroup" }, chapter.pages.map((page) => row(page, record, now))),
    ),
  );
}

function recordOf(model) {
  if (model.store) return Object.fromEntries(SECTIONS.map((name) => [name, model.store.all(name)]));
  return JSON.parse(model.get("record") || "{}");
}

function render({ model, el: root }) {
  const compact = model.get("compact");
  const view = el("div", { class: `lc-view lc-progress${compact ? " lc-compact" : ""}` });
  const [summary, report] = [el("div", {}), el("div", {})];
  const doing = model.store && !compact ? actions(model.store) : null;
  view.append(summary, ...(doing ? [doing.node] : []), report);
  root.append(view);
  let drawn = "";

  function draw() {
    const [record, now] = [recordOf(model), Date.now()];
    const chapters = model.get("chapters");
    const pages = chapters.flatMap((chapter) => chapter.pages);
    doing?.draw();
    const next = JSON.stringify([record, chapters, total(pages, record, now).due]);
    if (next === drawn) return; // the clock alone changes nothing, and a link in the report keeps its focus
    drawn = next;
    if (compact) {
      const link = model.get("link");
      const more = link ? [". ", el("a", { href: link, text: "Your progress" })] : ["."];
      return summary.replaceChildren(el("p", { class: "lc-line" }, ...invitation(chapters, record), ...line("all", pages, record, now), ...more));
    }
    const others = foreign(pages, record);
    const note = `Your record also holds ${others} ${others === 1 ? "entry" : "entries"} for pages that this copy of the course does not have. They are kept.`;
    const title = el("p", { class: "lc-printed", text: `Report of ${day(new Date(now).toISOString())}` });
    summary.replaceChildren(title, tiles(pages, record, now));
    report.replaceChildren(
      ...chapters.filter((chapter) => chapter.pages.length).map((chapter) => table(chapter, record, now)),
      ...(others ? [el("p", { class: "lc-note", text: note })] : []),
    );
  }

  const stops = [model.store?.onChange(draw)];
  const events = "change:chapters change:record";
  model.on(events, draw);
  stops.push(() => model.off(events, draw));
  const clock = setInterval(draw, 60_000); // a card may come due while the page is open
  stops.push(() => clearInterval(clock));
  draw();
  return () => stops.forEach((stop) => stop?.());
}

export default { render };
