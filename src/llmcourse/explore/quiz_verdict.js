// What is said after an answer: right or not yet, and the explanations that it earns.

import { el } from "./shared.js";
import { richText } from "./rich_text.js";

const said = (...parts) => el("p", {}, ...parts);
const quoted = (choice) => el("p", {}, ...explained(choice));
// A choice and why; a colon between them where the choice is no sentence.
const explained = ({ text, why }) => [el("b", {}, richText(text)), /[.?!]$/.test(text) ? " " : ": ", ...richText(why)];
const folded = (summary, parts) =>
  el("details", {}, el("summary", { text: summary }), parts);

// What stands beside the question's number: what is right once stays right, so a worse answer after it is told apart.
export function standing(entry, result) {
  if (!entry) return [];
  if (!entry.right) return [": not yet right"];
  if (!result || result.right) return [entry.first ? ": right at once" : ": right"];
  const latest = el("span", { class: "lc-latest", text: "; the latest answer is not right" });
  return [entry.first ? ": right at once" : ": right before", latest];
}

// The paragraphs for an answer that was graded; null stands for one that cannot be read. earlier: one before it was right.
export function verdict(question, answer, result, earlier = false) {
  if (!result) return [said(unread(question, answer))];
  if (result.right) return [said(el("b", { class: "lc-right", text: "Right." }), " ", ...because(question, answer)), ...rest(question, answer)];
  const wrong = el("b", { class: "lc-wrong", text: earlier ? "Not this time." : "Not yet." });
  return [said(wrong, " ", ...hint(question, answer, result))].concat(slips(question, answer, result));
}

// The answer itself, for a reader who asks for it.
export function solution(question) {
  const answer = el("b", { text: "The answer: " });
  if (question.kind === "numeric") return [said(answer, `${question.shown}. `, ...richText(question.why))];
  if (question.kind === "text") return [said(answer, `${question.accept[0]}. `, ...richText(question.why))];
  if (question.kind === "order") {
    const steps = question.choices.map((step) => el("li", {}, el("div", {}, ...explained(step))));
    return [said(answer, ...richText(question.why)), el("ol", { class: "lc-solution" }, steps)];
  }
  const right = question.choices.filter((choice) => choice.correct);
  return [said(answer), ...right.map(quoted), ...others("The others", question.choices.filter((choice) => !choice.correct))];
}

function unread(question, answer) {
  if (question.kind === "single") return "Choose one first.";
  if (question.kind === "multiple") return "Tick at least one first.";
  if (answer === null) return "Type an answer first.";
  return question.kind === "numeric"
    ? "This could not be read as a number. Write it like 0.25, 1/4, 25% or 2.5·10^-1."
    : "There are no letters in this answer.";
}

function because(question, answer) {
  return richText(question.kind === "single" ? question.choices[answer].why : question.kind === "multiple" ? "" : question.why);
}

// After a right answer: why each other choice is wrong, why each step stands where it does.
function rest(question, answer) {
  if (question.kind === "single") return others("Why not the others", question.choices.filter((_, i) => i !== answer));
  if (question.kind === "multiple") return question.choices.map(quoted);
  if (question.kind === "order") return others("Why each step stands where it does", question.choices);
  return [];
}

const others = (summary, choices) => [folded(summary, choices.map(quoted))];

function hint(question, answer, { notes }) {
  if (question.kind === "multiple") {
    const missing = notes.filter((i) => !answer.includes(i)).length;
    const extra = notes.length - missing;
    const parts = [extra && `${extra} of your ticks ${extra === 1 ? "does" : "do"} not belong here`, missing && `${missing} ${missing === 1 ? "is" : "are"} missing`];
    return [`${parts.filter(Boolean).join(", ")}.`];
  }
  if (question.kind === "order") {
    const good = answer.indexOf(notes[0]);
    return [good === 0 ? "Another step comes first." : good === 1 ? "The first step is right, the second is not." : `The first ${good} are right, the next is not.`];
  }
  if (question.kind === "single" || notes.length) return [];
  return [question.kind === "numeric" ? "This number comes from none of the usual slips. Go through it once more, one step at a time." : "This is none of the usual answers. Read the question once more."];
}

function slips(question, answer, { notes }) {
  if (question.kind === "numeric" || question.kind === "text") return notes.map((i) => said(...richText(question.mistakes[i].why)));
  if (question.kind === "single") return [said(...richText(question.choices[answer].why))];
  const shown = question.kind === "multiple" ? notes.filter((i) => answer.includes(i)) : notes;
  return shown.map((i) => quoted(question.choices[i]));
}
