// All flashcards of the course that are due today, in one session; between sessions, an overview by chapters.

import { button, el, turnOff } from "./shared.js";
import { cardFace, onFlip, onKeys, ratingRow, turnButton } from "./card_face.js";
import { nextId, rated, recordsOf, waits } from "./card_queue.js";
import { overview, today } from "./review_overview.js";

function render({ model, el: host }) {
  const chapters = model.get("chapters");
  const cards = new Map(chapters.flatMap((chapter) => chapter.cards.map((card) => [card.id, card])));
  const records = recordsOf(model);
  const root = el("div", { class: "lc-view lc-review" });
  let [running, turned, done] = [false, false, 0];
  let current = null; // { id, reviewed, face }: `reviewed` tells whether another tab has rated the card meanwhile
  let past = []; // what the ratings of this session have replaced

  // ---- the session ---------------------------------------------------------------------------------------------------

  const left = el("span", { class: "lc-place" });
  const source = el("a", { class: "lc-status" });
  const stack = el("div", { class: "lc-stack" });
  const show = turnButton(flip);
  const undo = button("Undo", takeBack);
  const stop = button("Stop", finish);
  const ratings = ratingRow(rate);
  const keys = el("p", { class: "lc-note", text: "Space turns the card, 1 to 4 rate it; a swipe turns it too." });
  const session = el("div", { hidden: true }, el("div", { class: "lc-deck-head" }, left, source), stack, el("div", { class: "lc-deck-buttons" }, undo, show.node, stop), ratings.node, keys);
  const plan = overview(chapters, { start, changed: draw });
  root.append(plan.node, session);
  onFlip(stack, flip);
  onKeys(root, { flip: () => running && flip(), rate: (rating) => running && rate(rating) });
  host.append(root);

  function start() {
    [running, done, past] = [true, 0, []];
    proceed();
  }

  // On to the card that comes next, or back to the overview. `quietly`: the focus stays where it is.
  function proceed(quietly = false) {
    const [entries, now] = [records.all(), Date.now()];
    const id = nextId(today(chapters, plan.chosen(), entries, now).ids, entries, plan.chosen().perDay, now, past.at(-1)?.id);
    if (id === null) return finish(quietly);
    put(id, quietly);
  }

  function put(id, quietly = false) {
    const card = cards.get(id);
    const face = cardFace(card, "Question");
    [turned, current] = [false, { id, reviewed: records.get(id)?.reviewed, face }];
    stack.replaceChildren(face.node);
    source.textContent = card.title;
    source.href = model.get("root") + card.href;
    draw();
    if (!quietly) face.focus(false);
  }

  function flip() {
    turned = !turned;
    draw();
    current.face.focus(turned);
  }

  let ours = false; // what we write ourselves is no news from another tab
  function write(change) {
    ours = true;
    change();
    ours = false;
  }

  function rate(rating) {
    if (!turned) return;
    const before = records.get(current.id);
    write(() => records.put(current.id, rated(before, rating, Date.now())));
    past.push({ id: current.id, before });
    done += 1;
    proceed();
  }

  function takeBack() {
    const { id, before } = past.pop();
    write(() => (before ? records.put(id, before) : records.remove(id)));
    done -= 1;
    put(id);
  }

  function finish(quietly = false) {
    running = false;
    draw();
    if (!quietly) plan.focus();
  }

  // ---- what is shown ---------------------------------------------------------------------------------------------------

  function draw() {
    const [entries, now] = [records.all(), Date.now()];
    plan.node.hidden = running;
    session.hidden = !running;
    if (!running) return plan.draw(entries, now, done);
    const { due, fresh } = today(chapters, plan.chosen(), entries, now);
    left.textContent = `${due + fresh} left today`;
    show.set(turned);
    current.face.turn(turned);
    ratings.set(turned ? waits(records.get(current.id), now) : null);
    turnOff(undo, !past.length);
  }

  // Another tab has rated, imported or wiped something: a card that is no longer as it was shown makes room for the next.
  function onNews() {
    if (ours) return;
    if (running && records.get(current.id)?.reviewed !== current.reviewed) proceed(!root.contains(document.activeElement));
    else draw();
  }

  const deaf = records.onChange(onNews);
  const onReturn = () => document.visibilityState === "visible" && draw(); // a day may have passed
  document.addEventListener("visibilitychange", onReturn);
  draw();
  return () => {
    deaf();
    document.removeEventListener("visibilitychange", onReturn);
    root.remove();
  };
}

export default { render };
