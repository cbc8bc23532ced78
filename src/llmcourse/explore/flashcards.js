// The flashcards of one page: flip through them, rate them if you like, and they come back under Review when they are due.

import { button, el, redraw, turnOff, update } from "./shared.js";
import { cardFace, onFlip, onKeys, ratingRow } from "./card_face.js";
import { backText, known, rated, recordsOf, waits } from "./card_queue.js";

// Cards that were never rated are new; the others say when they come back.
export function statusOf(entry, now) {
  const card = known(entry);
  return card ? backText(card, now) : "new";
}

function render({ model, el: host }) {
  const cards = model.get("cards");
  const records = recordsOf(model);
  const root = el("div", { class: "lc-view lc-flashcards" });
  const faces = cards.map((card, i) => cardFace(card, `Question ${i + 1} of ${cards.length}`));
  const place = el("span", { class: "lc-place" });
  const status = el("span", { class: "lc-status" });
  const stack = el("div", { class: "lc-stack" }, faces.map((face) => face.node));
  const turned = () => model.get("turned");

  const go = (at) => {
    update(model, { at: (at + cards.length) % cards.length, turned: false });
    draw();
    faces[model.get("at")].focus(false);
  };
  const flip = () => {
    update(model, { turned: !turned() });
    draw();
    faces[model.get("at")].focus(turned());
  };
  const rate = (rating) => {
    if (!turned()) return;
    const { id } = cards[model.get("at")];
    records.put(id, rated(records.get(id), rating, Date.now()));
    go(model.get("at") + 1);
  };

  const back = button("Previous", () => go(model.get("at") - 1));
  const show = button("", flip, { class: "lc-button lc-main" });
  const next = button("Next", () => go(model.get("at") + 1));
  const ratings = ratingRow(rate);
  const review = model.get("review");
  const note = el("p", { class: "lc-note" }, "Rate a card when you have seen its answer, and FSRS, a scheduler, says when it should come back. Keys: space turns the card, 1 to 4 rate it.");
  if (review) note.append(" What is due today, of all pages: ", el("a", { href: review, text: "Review" }), ".");
  root.append(
    el("div", { class: "lc-deck-head" }, place, status),
    stack,
    el("div", { class: "lc-deck-buttons" }, back, show, next),
    ratings.node,
    note,
  );
  for (const one of [back, next]) turnOff(one, cards.length === 1);
  onFlip(stack, flip);
  onKeys(root, { flip, rate });
  host.append(root);

  function draw() {
    const at = model.get("at");
    const now = Date.now();
    const entry = records.get(cards[at].id);
    faces.forEach((face, i) => {
      face.node.classList.toggle("lc-away", i !== at);
      face.turn(i === at && turned());
    });
    place.textContent = `Card ${at + 1} of ${cards.length}`;
    status.textContent = statusOf(entry, now);
    show.textContent = turned() ? "Turn back" : "Show the answer";
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
