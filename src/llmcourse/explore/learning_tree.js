// The learning tree: pages in layers, colored and signed by what the reader knows, with the shortest path to a goal.
//
// What is known comes from the reader's record (model.store) on the site, and from the trait `read` in a notebook. The places
// of the pages come from Python (study/layout.py); learning_tree_picture.py draws the same without scripts.

import { announcer, button, choice, el, menu, redraw, show, svg, turnOff, update } from "./shared.js";
import { ROOMY, columns, curve, goalInAddress, neighbor, placed, standings, wayTo } from "./learning_graph.js";

export { curve, neighbor, standings, wayTo };

const STANDINGS = {
  read: ["read", "✓"],
  next: ["you can read it now", "▸"],
  later: ["needs others first", "·"],
  planned: ["not written yet", "…"],
};
const NONE = "choose a goal";
const HINT =
  "Every line leads down from a page to one that needs it. Choose a page to see what it needs and what it opens; " +
  "the arrow keys go from page to page.";

const nameOf = (page) => `${page.id} ${page.title}`;
const count = (key) => el("span", { "data-key": key });
const linkTo = (page) => (page.href ? el("a", { href: page.href, text: nameOf(page) }) : el("span", { text: nameOf(page) }));

const timeOf = (page) => (page.planned ? "" : `${page.minutes} minutes`); // nobody knows how long an unwritten page is

function factsOf(page, stands) {
  const needs = page.needs.length ? `needs ${page.needs.join(", ")}` : "needs nothing";
  return `${page.planned ? "" : `${timeOf(page)}, `}${needs}; ${STANDINGS[stands][0]}`;
}

// What the reader knows, and how to change it: { get() -> Set, set(id, known), watch(draw) -> stop }.
function knowledge(model) {
  const store = model.store;
  if (!store) {
    const get = () => new Set(model.get("read"));
    const set = (id, known) => update(model, { read: [...get(), id].filter((one) => known || one !== id).sort() });
    return { get, set, watch: () => () => {} };
  }
  const get = () => new Set(Object.entries(store.all("pages")).flatMap(([id, entry]) => (entry.read ? [id] : [])));
  const set = (id, known) => (known ? store.put("pages", id, { read: new Date().toISOString() }) : store.remove("pages", id));
  return { get, set, watch: (draw) => store.onChange(draw) };
}

// The picture: buttons over lines. Returns { node, draw(stands, way, chosen), reveal(id) }.
function graph(pages, choose) {
  const byId = new Map(pages.map((page) => [page.id, page]));
  const rows = 1 + Math.max(...pages.map((page) => page.row));
  const most = columns(pages);
  const edges = pages.flatMap((page) =>
    page.needs.map((need) => svg("path", { d: curve(byId.get(need), page, pages, most), "data-from": need, "data-to": page.id })),
  );
  const nodes = new Map();
  const first = pages[0].id;
  for (const page of pages) {
    const [sign, step] = [el("span", { class: "lc-sign" }), el("span", { class: "lc-step" })];
    const node = el(
      "button",
      { type: "button", "data-id": page.id, style: { "--row": page.row, "--x": page.x }, onclick: () => choose(page.id) },
      sign,
      el("b", { text: page.id }),
      el("span", { class: "lc-title", text: ` ${page.title}` }),
      step,
    );
    node.addEventListener("keydown", (event) => {
      const next = event.altKey || event.ctrlKey || event.metaKey ? null : neighbor(pages, page.id, event.key);
      if (next === null) return;
      event.preventDefault();
      choose(next);
      nodes.get(next).node.focus();
    });
    nodes.set(page.id, { page, node, sign, step });
  }
  const box = svg("svg", { viewBox: `0 0 1000 ${100 * rows}`, preserveAspectRatio: "none", "aria-hidden": "true" }, edges);
  const buttons = [...nodes.values()].map(({ node }) => node);
  const style = { "--rows": rows, "--columns": most };
  const root = el("div", { class: most > ROOMY ? "lc-graph lc-dense" : "lc-graph", role: "group", "aria-label": "Pages and what they need", style }, box, buttons);

  function draw(stands, way, chosen) {
    const steps = way.map((page) => page.id);
    const entry = nodes.has(chosen) ? chosen : first; // where Tab enters the picture
    for (const { page, node, sign, step } of nodes.values()) {
      const on = steps.indexOf(page.id) + 1;
      node.setAttribute("class", `lc-node lc-${stands.get(page.id)}${on ? " lc-on-way" : ""}`);
      node.setAttribute("aria-pressed", String(page.id === chosen));
      node.tabIndex = page.id === entry ? 0 : -1;
      sign.textContent = `${STANDINGS[stands.get(page.id)][1]} `;
      node.setAttribute("aria-label", `${nameOf(page)}: ${factsOf(page, stands.get(page.id))}${on ? `; step ${on} of the path` : ""}`);
      step.textContent = on || "";
      step.hidden = !on;
    }
    for (const edge of edges) {
      const { from, to } = edge.dataset;
      const kinds = [steps.includes(from) && steps.includes(to) && "lc-on-way", to === chosen && "lc-up", from === chosen && "lc-down"];
      edge.setAttribute("class", ["lc-edge", ...kinds.filter(Boolean)].join(" "));
    }
  }
  const reveal = (id) => nodes.get(id).node.scrollIntoView({ block: "nearest", inline: "nearest" });
  return { node: root, draw, reveal };
}

// The chosen page, in words, and what can be done with it. Returns { node, draw(stands, chosen, known) }.
function panel(pages, { setKnown, setGoal }) {
  const head = el("p", { class: "lc-chosen" });
  const around = el("p", { class: "lc-note" });
  const open = el("a", { class: "lc-button lc-open", text: "Open the page" });
  let at = "";
  let knows = false;
  const know = button("I know this", () => setKnown(at, !knows));
  const path = button("Shortest path here", () => setGoal(at));
  const node = el("div", { class: "lc-panel", role: "group", "aria-label": "The chosen page" }, head, around, el("div", { class: "lc-buttons" }, open, know, path));

  function draw(stands, chosen, known) {
    node.hidden = !chosen;
    const page = pages.find((one) => one.id === chosen);
    if (!page) return;
    [at, knows] = [chosen, known.has(chosen)];
    head.replaceChildren(el("b", { text: nameOf(page) }), ["", timeOf(page), STANDINGS[stands.get(chosen)][0]].filter((part, i) => !i || part).join(" · "));
    const opens = pages.filter((one) => one.needs.includes(chosen)).map((one) => one.id);
    around.textContent = `Needs ${page.needs.join(", ") || "nothing"}. Opens ${opens.join(", ") || "nothing further"}.`;
    open.hidden = !page.href;
    open.setAttribute("href", page.href || "#");
    know.hidden = page.planned;
    know.textContent = knows ? "I do not know this" : "I know this";
  }
  return { node, draw };
}

// The same as a list, with a box to tick for each written page. Returns { node, draw(stands, known, all) }.
function plainList(pages, chapters, setKnown) {
  const rows = pages.map((page) => {
    const box = page.planned ? null : el("input", { type: "checkbox", "aria-label": `I know ${nameOf(page)}`, onchange: () => setKnown(page.id, box.checked) });
    const facts = el("span");
    return { page, box, facts, node: el("li", { "data-id": page.id }, box, linkTo(page), facts) };
  });
  const parts = Object.entries(chapters)
    .sort(([a], [b]) => a - b)
    .map(([id, title]) => [id === "0" ? "In short" : `${id} ${title}`, rows.filter(({ page }) => page.chapter === id)]);
  const part = ([heading, own]) => el("li", {}, el("span", { class: "lc-chapter", text: heading }), el("ul", {}, own.map(({ node }) => node)));
  const body = el("ul");
  const node = el("details", { class: "lc-list", open: true }, el("summary", { text: "The same as a list" }), body);
  let shown = null;
  const draw = (stands, known, all) => {
    const seen = parts.map(([heading, own]) => [heading, own.filter(({ page }) => all || !page.planned)]);
    if (all !== shown) body.replaceChildren(...seen.filter(([, own]) => own.length).map(part));
    shown = all;
    for (const { page, box, facts } of rows) {
      facts.textContent = `: ${factsOf(page, stands.get(page.id))}`;
      if (box) box.checked = known.has(page.id);
    }
  };
  return { node, draw };
}

// The shortest path in words. Returns { node, draw(name, way) -> what to say aloud }.
function wayBox() {
  const node = el("div", { class: "lc-way" });
  function draw(name, way) {
    if (!name) return void node.replaceChildren();
    if (!way.length) {
      const text = `You know ${name} already.`;
      node.replaceChildren(el("p", { text }));
      return text;
    }
    const [pages, minutes] = [count("way.pages"), count("way.minutes")];
    const time = way.reduce((total, page) => total + page.minutes, 0);
    show(pages, way.length, String(way.length));
    show(minutes, time, String(time));
    const unwritten = way.filter((page) => page.planned).map((page) => page.id);
    const missing = unwritten.length ? ` Not written yet: ${unwritten.join(", ")}.` : "";
    const head = el("p", {}, `Shortest path to ${name}: `, pages, ` ${way.length === 1 ? "page" : "pages"}, about `, minutes, ` minutes of reading.${missing}`);
    node.replaceChildren(head, el("ol", {}, way.map((page) => el("li", {}, linkTo(page)))));
    return head.textContent;
  }
  return { node, draw };
}

function legend() {
  const items = Object.entries(STANDINGS).map(([name, [words, sign]]) =>
    el("li", {}, el("span", { class: `lc-key lc-${name}`, "aria-hidden": "true", text: sign }), ` ${words}`),
  );
  return el("ul", { class: "lc-legend", "aria-label": "Signs" }, items);
}

function render({ model, el: host }) {
  const [pages, goals] = [model.get("pages"), model.get("goals")];
  const knows = knowledge(model);
  const address = goalInAddress(model, pages);
  let chosen = "";
  const setGoal = (goal) => {
    address.keep(goal);
    update(model, { goal });
  };
  const setKnown = (id, known) => {
    knows.set(id, known);
    draw();
  };
  const goalMenu = menu("Shortest path to", setGoal);
  const clear = button("Clear", () => setGoal(""));
  const numbers = { read: count("read"), written: count("written"), next: count("next"), planned: count("planned") };
  const counts = el("p", { class: "lc-counts" }, "Read: ", numbers.read, " of ", numbers.written, " pages. Ready to be read: ", numbers.next, ". Not written yet: ", numbers.planned, ".");
  const way = wayBox();
  const kind = choice("Pages shown", [[false, "written ones"], [true, "all pages"]], (all) => update(model, { show_planned: all }));
  const choose = (id) => {
    chosen = id;
    draw();
    pictures.get(model.get("show_planned")).reveal(id);
  };
  const pictures = new Map([true, false].map((all) => [all, graph(placed(pages, all), choose)]));
  const detail = panel(pages, { setKnown, setGoal });
  const list = plainList(pages, model.get("chapters"), setKnown);
  const stage = el("div", { class: "lc-stage" }, [...pictures.values()].map(({ node }) => node), detail.node);
  const root = el("div", { class: "lc-view lc-learning_tree" }, el("div", { class: "lc-controls" }, goalMenu.node, clear, kind.node), counts, legend(), way.node, stage, el("p", { class: "lc-note", text: HINT }), list.node);
  host.append(root);
  const live = announcer(root);

  function draw() {
    const [known, goal] = [knows.get(), model.get("goal")];
    const stands = standings(pages, known);
    const steps = goal ? wayTo(pages, goal, known) : [];
    const own = pages.find((page) => page.id === goal);
    const named = goals.find(([, page]) => page === goal);
    const name = named ? named[0] : own ? nameOf(own) : "";
    const extra = name && !named ? [[goal, name]] : [];
    goalMenu.set([["", NONE], ...goals.map(([text, page]) => [page, text]), ...extra], goal);
    turnOff(clear, !goal);
    const words = [...stands.values()];
    const tally = (word) => words.filter((one) => one === word).length;
    const values = { read: tally("read"), written: pages.filter((page) => !page.planned).length, next: tally("next"), planned: tally("planned") };
    for (const [key, value] of Object.entries(values)) show(numbers[key], value, String(value));
    kind.set(model.get("show_planned"));
    for (const [all, { node, draw: redrawn }] of pictures) {
      node.hidden = all !== model.get("show_planned");
      if (!node.hidden) redrawn(stands, steps, chosen);
    }
    detail.draw(stands, chosen, known);
    stage.style.setProperty("--cover", `${detail.node.offsetHeight}px`); // no page may come to lie under the panel
    list.draw(stands, known, model.get("show_planned"));
    live.say(way.draw(name, steps) || "");
  }

  const stops = [redraw(model, ["read", "goal", "show_planned"], draw), knows.watch(draw), address.stop];
  return () => {
    for (const stop of [live.stop, ...stops]) stop();
    root.remove();
  };
}

export default { render };
