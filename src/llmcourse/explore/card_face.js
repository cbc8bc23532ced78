// A flashcard on the page: two sides, and the ways to turn it over and to rate it: click, key, swipe and buttons.

import { richText } from "./rich_text.js";
import { button, el } from "./shared.js";
import { typeset } from "./typeset.js";
import { waitText } from "./card_queue.js";

const RATINGS = ["Again", "Hard", "Good", "Easy"]; // 1 to 4
const SWIPE = 40; // pixels

// Both sides of a card. The answer keeps its place while it cannot be seen, so that nothing moves when it appears. Focus goes
// to the side that is new: a screen reader then reads it, formulas included, and the keys below work.
export function cardFace({ front, back }, name) {
  const side = (kind, label, html) =>
    el("div", { class: `lc-side lc-${kind}`, role: "group", tabindex: "-1", "aria-label": label }, el("div", { class: "lc-card-text" }, richText(html)));
  const [question, answer] = [side("front", name, front), side("back", "Answer", back)];
  const node = el("div", { class: "lc-card lc-setting" }, question, answer);
  const ready = Promise.race([typeset(node), new Promise((done) => setTimeout(done, 1000))]);
  ready.then(() => node.classList.remove("lc-setting")); // until then a formula is still TeX
  return {
    node,
    turn: (turned) => answer.classList.toggle("lc-away", !turned),
    focus: (turned) => (turned ? answer : question).focus({ preventScroll: true }),
  };
}

// A click on the card (not the end of a selection) and a swipe to either side call flip().
export function onFlip(node, flip) {
  let start = null;
  node.addEventListener("click", (event) => {
    if (!event.target.closest("a, button") && String(getSelection()) === "") flip();
  });
  node.addEventListener("pointerdown", (event) => (start = event.pointerType !== "mouse" && event.isPrimary ? event : null));
  node.addEventListener("pointercancel", () => (start = null));
  node.addEventListener("pointerup", () => (start = null));
  node.addEventListener("pointermove", (event) => {
    if (!start) return;
    const [x, y] = [event.clientX - start.clientX, event.clientY - start.clientY];
    if (Math.abs(x) < SWIPE || Math.abs(x) <= 2 * Math.abs(y)) return;
    start = null; // once a finger, and as soon as it is far enough: a slow one may be taken for a long press
    flip();
  });
}

const ARROWS = { ArrowLeft: -1, ArrowRight: 1 };

// Inside `root` the space bar and Enter flip, 1 to 4 rate, and where there is a step(way), the arrows lead to the neighbors.
// A key that is held down counts once.
export function onKeys(root, { flip, rate, step }) {
  root.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest("input, select, textarea")) return;
    const isFlip = [" ", "Enter"].includes(event.key) && !event.target.closest("a, button");
    const isRating = ["1", "2", "3", "4"].includes(event.key);
    const way = step && !event.shiftKey && ARROWS[event.key];
    if (!isFlip && !isRating && !way) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.repeat) return;
    if (isFlip) flip();
    else if (way) step(way);
    else rate(Number(event.key));
  });
}

// The button below a card: the main one while the answer is hidden; afterwards the ratings are what matters.
export function turnButton(flip) {
  const node = button("", flip);
  const set = (turned) => {
    node.textContent = turned ? "Turn back" : "Show the answer";
    node.classList.toggle("lc-main", !turned);
  };
  return { node, set };
}

// The four ratings with the wait that each would give. set(null) hides them, and they keep their place.
export function ratingRow(rate) {
  const times = RATINGS.map(() => el("span", { class: "lc-wait" }));
  const buttons = RATINGS.map((name, i) => {
    const node = button("", () => rate(i + 1), { "aria-keyshortcuts": String(i + 1) });
    node.append(el("span", { text: name }), " ", times[i]);
    return node;
  });
  const node = el("div", { class: "lc-ratings lc-away", role: "group", "aria-label": "How well did you recall it?" }, buttons);
  const set = (waits) => {
    node.classList.toggle("lc-away", !waits);
    if (waits) times.forEach((time, i) => (time.textContent = waitText(waits[i])));
  };
  return { node, set };
}
