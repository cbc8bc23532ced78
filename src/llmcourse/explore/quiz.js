// A quiz: its questions, the reader's answers, and a score. What is kept goes into model.store on the site and into the
// trait `answers` in a notebook.

import { button, el, redraw, update } from "./shared.js";
import { questionView } from "./quiz_question.js";
import { typeset } from "./typeset.js";

const SECTION = "quiz";

// The entries of these questions in the reader's record, where there is one.
function kept(store, questions) {
  const found = questions.map(({ id }) => [id, store.get(SECTION, id)]);
  return Object.fromEntries(found.filter(([, entry]) => entry));
}

// “3 of 5 right, 2 of them at the first try. 1 not answered yet.”
export function scoreText(questions, answers) {
  const entries = questions.map(({ id }) => answers[id]).filter(Boolean);
  const right = entries.filter((entry) => entry.right);
  const first = right.filter((entry) => entry.first).length;
  const open = questions.length - entries.length;
  if (!entries.length) return "Nothing answered yet.";
  const firsts = right.length ? `, ${first === right.length ? "all" : first} at the first try` : "";
  return `${right.length} of ${questions.length} right${firsts}.${open ? ` ${open} not answered yet.` : ""}`;
}

function render({ model, el: host }) {
  const { store } = model;
  const questions = model.get("questions");
  const root = el("div", { class: "lc-view lc-quiz" });
  const views = questions.map((question, i) =>
    questionView(question, `Question ${i + 1} of ${questions.length}`, (entry) => {
      update(model, { answers: { ...model.get("answers"), [question.id]: entry } });
      if (store) store.put(SECTION, question.id, entry);
    }),
  );
  const score = el("p", { class: "lc-score" });
  const missing = el("p", { class: "lc-missing" });
  const restart = button("Start over", () => ask(true));
  const sure = el(
    "div",
    { class: "lc-buttons lc-sure", hidden: true },
    el("span", { text: "Delete these answers?" }),
    button("Delete", () => forget()),
    button("Keep", () => ask(false)),
  );
  root.append(...views.map((view) => view.node), el("div", { class: "lc-total" }, score, missing, restart, sure));
  host.append(root);

  function ask(open) {
    sure.hidden = !open;
    restart.hidden = open;
    (open ? sure.querySelector("button") : restart).focus();
  }

  function forget() {
    if (store) for (const { id } of questions) store.remove(SECTION, id);
    update(model, { answers: {} });
    draw();
    views[0].focus();
  }

  function draw() {
    const answers = model.get("answers");
    questions.forEach(({ id }, i) => views[i].show(answers[id]));
    score.textContent = scoreText(questions, answers);
    const wrong = questions.flatMap(({ id }, i) => (answers[id] && !answers[id].right ? [i] : []));
    missing.hidden = !wrong.length;
    missing.replaceChildren("Look again at ", ...wrong.flatMap((i, at) => [at ? ", " : "", again(i)]), ".");
    restart.hidden = !Object.keys(answers).some((id) => questions.some((question) => question.id === id)) || !sure.hidden;
    if (restart.hidden && !Object.keys(answers).length) sure.hidden = true;
  }

  const again = (i) => button(`question ${i + 1}`, () => views[i].focus(), { class: "lc-link" });

  const follow = () => {
    const answers = kept(store, questions);
    if (JSON.stringify(answers) !== JSON.stringify(model.get("answers"))) update(model, { answers });
  };
  if (store) follow();
  const deaf = store ? store.onChange(follow) : () => {};
  const stop = redraw(model, ["answers"], draw);
  typeset(root);
  return () => {
    stop();
    deaf();
    root.remove();
  };
}

export default { render };
