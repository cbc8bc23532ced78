// The flashcards of one page: flip through them, rate them if you like, and they come back under Review when they are due.

import { button, el, freshId, redraw, turnOff, update } from "./shared.js";
import { cardFace, onFlip, onKeys, ratingRow, turnButton } from "./card_face.js";
import { backText, known, rated, recordsOf, waits } from "./card_queue.js";

// Cards that were never rated are new; the others say when they come back.
export function statusOf(entry, now) {
  const card = known(entry);
  return card ? backText(card, now) : "new";
}

// What stands after the last card, with two ways on. A screen reader reads its sentence, as the focus goes there.
function finishLine(total, again, review) {
  const id = freshId("end");
  const line = el("p", { id });
  const link = review ? el("a", { href: review, text: "Review what is due today" }) : null;
  const ways = el("div", { class: "lc-controls" }, button("Once more", again, { class: "lc-button lc-main" }), link);
  const node = el("div", { class: "lc-end lc-away", role: "group", tabindex: "-1", "aria-labelledby": id }, line, ways);
  const set = (isOver, count) => {
    node.classList.toggle("lc-away", !isOver);
    if (isOver) line.textContent = `That was the last card. You rated ${count} of ${total}.`;
  };
  return { node, set, focus: () => node.focus({ preventScroll: true }) };
}

function render({ model, el: host }) {
  const cards = model.get("cards");
  const records = recordsOf(model);
  const root = el("div", { class: "lc-view lc-flashcards" });
  const faces = cards.map((card, i) => cardFace(card, `Question ${i + 1} of ${cards.length}`));
  const place = el("span", { class: "lc-place" });
  const status = el("span", { class: "lc-status" });
  const review = model.get("review");
  const end = finishLine(cards.length, again, review);
  const stack = el("div", { class: "lc-stack" }, faces.map((face) => face.node), end.node);
  const isOver = () => model.get("at") === cards.length;
  const turned = () => model.get("turned") && !isOver();
  const round = new Set(); // the ids that were rated since the first card

  const go = (at) => {
    if (at < 0 || at > cards.length) return;
    update(model, { at, turned: false });
    draw();
    (isOver() ? end : faces[at]).focus(false);
  };
  const step = (way) => go(model.get("at") + way);
  const flip = () => {
    if (isOver()) return;
    update(model, { turned: !turned() });
    draw();
    faces[model.get("at")].focus(turned());
  };
  const rate = (rating) => {
    if (!turned()) return;
    const { id } = cards[model.get("at")];
    records.put(id, rated(records.get(id), rating, Date.now()));
    round.add(id);
    step(1);
  };
  function again() {
    round.clear();
    go(0);
  }

  const back = button("Previous", () => step(-1), { "aria-keyshortcuts": "ArrowLeft" });
  const show = turnButton(flip);
  const next = button("Next", () => step(1), { "aria-keyshortcuts": "ArrowRight" });
  const ratings = ratingRow(rate);
  const note = el("p", { class: "lc-note" }, "Rate a card when you have seen its answer, and FSRS, a scheduler, says when it should come back. Space or a swipe turns the card, 1 to 4 rate it, ← and → go to the previous and the next one.");
  if (review) note.append(" What is due today, of all pages: ", el("a", { href: review, text: "Review" }), ".");
  root.append(
    el("div", { class: "lc-deck-head" }, place, status),
    stack,
    el("div", { class: "lc-deck-buttons" }, back, show.node, next),
    ratings.node,
    note,
  );
  onFlip(stack, flip);
  onKeys(root, { flip, rate, step });
  host.append(root);

  function draw() {
    const at = model.get("at");
    const now = Date.now();
    const entry = isOver() ? undefined : records.get(cards[at].id);
    faces.forEach((face, i) => {
      face.node.classList.toggle("lc-away", i !== at);
      face.turn(i === at && turned());
    });
    end.set(isOver(), round.size);
    place.textContent = isOver() ? "The end" : `Card ${at + 1} of ${cards.length}`;
    status.textContent = isOver() ? "" : statusOf(entry, now);
    show.set(turned());
    turnOff(back, at === 0);
    for (const one of [show.node, next]) turnOff(one, isOver());
    ratings.set(turned() ? waits(entry, now) : null);
  }

  const stop = redraw(model, ["at", "turned"], draw);
  const deaf = records.onChange(draw);
  return () => {
    stop();
    deaf();
    root.remove();
  };
}

export default { render };
