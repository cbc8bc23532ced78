// One question with its verdict. What is shown follows from the entry in the reader's record and from what is being typed.

import { button, el, freshId } from "./shared.js";
import { grade } from "./answers.js";
import { inputsOf } from "./quiz_inputs.js";
import { richText } from "./rich_text.js";
import { solution, standing, verdict } from "./quiz_verdict.js";
import { typeset } from "./typeset.js";

const LABELS = {
  answer: "Your answer",
  number: (tolerance) => `Within ±${tolerance} counts as right. Fractions and powers of ten are read too.`,
  words: "Capital letters, accents and signs do not matter.",
};

// An entry after one more answer: the first try is what counts twice, and what was right once stays right.
export function entryAfter(before, answer, right, now) {
  const old = before || { tries: 0, first: right, right: false };
  return { tries: (old.tries || 0) + 1, first: Boolean(old.first), right: Boolean(old.right || right), answered: now, answer };
}

// The grade of a stored answer, or null if there is none or it is not one: a record may come from anywhere.
function graded(question, entry) {
  try {
    return entry && "answer" in entry ? grade(question, entry.answer) : null;
  } catch {
    return null;
  }
}

// position: "Question 2 of 5". onanswer(entry) hands over what is to be kept.
export function questionView(question, position, onanswer) {
  const id = freshId("question");
  let entry; // as it was last shown
  let checked = false; // the verdict belongs to what the inputs hold
  const inputs = inputsOf(question, LABELS, () => checked && close());
  const box = el("div", { class: "lc-verdict", role: "status", "aria-live": "polite" });
  const check = button("Check", () => (checked ? again() : answer()), { class: "lc-button lc-main" });
  const reveal = button("Show the answer", () => say("told", solution(question)), { hidden: true });
  const state = el("span", { class: "lc-state" });
  const node = el(
    "fieldset",
    { class: "lc-question", id, "data-id": question.id, tabindex: "-1" },
    el("legend", {}, el("span", { class: "lc-count" }, position, state), el("span", { class: "lc-asked" }, richText(question.text))),
    inputs.node,
    el("div", { class: "lc-buttons" }, check, reveal),
    box,
  );
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target.tagName !== "INPUT" || event.isComposing) return;
    event.preventDefault();
    if (!checked) answer();
  });

  function say(kind, parts) {
    box.dataset.kind = kind;
    box.replaceChildren(...parts);
    typeset(box);
  }

  function close() {
    checked = false;
    check.textContent = "Check";
    check.classList.add("lc-main");
    reveal.hidden = true;
    box.replaceChildren();
    delete box.dataset.kind;
    inputs.mark(null);
  }

  function open(given, result) {
    checked = true;
    check.textContent = result.right ? "Answer again" : "Try again";
    check.classList.toggle("lc-main", !result.right); // after a right answer nothing is left to do here
    reveal.hidden = result.right;
    inputs.mark([given].flat());
    say(result.right ? "right" : "wrong", verdict(question, given, result, entry.right));
  }

  function answer() {
    const given = inputs.get();
    const result = given === null ? null : grade(question, given);
    if (!result) return say("unread", verdict(question, given, null));
    const next = entryAfter(entry, given, result.right, new Date().toISOString());
    show(next);
    onanswer(next);
  }

  // The answer stays to be changed: most of it may be right.
  function again() {
    close();
    inputs.focus();
  }

  // Shows what is kept about this question; what is shown already stays as it is.
  function show(next) {
    if (JSON.stringify(next) === JSON.stringify(entry)) return;
    entry = next;
    node.dataset.state = entry ? (entry.right ? "right" : "wrong") : "";
    const result = graded(question, entry);
    state.replaceChildren(...standing(entry, result));
    close();
    inputs.set(result ? entry.answer : null);
    if (result) open(entry.answer, result);
  }

  return { node, show, focus: () => node.focus() };
}
