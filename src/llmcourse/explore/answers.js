// How answers are read and graded: the twin of llmcourse.study.normal and llmcourse.study.grading.

const PLAIN = "[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:e[+-]?[0-9]+)?";
const NUMBER = new RegExp(`^(${PLAIN})(?:/(${PLAIN})|\\*10\\^([+-]?[0-9]+))?(%)?$`);
const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const LONGEST = 40;
const NEAR = 0.005; // of its size: how far a number may be from a mistake's and still be taken for it

// A text without what does not matter in an answer: case, accents, signs between words, an article before them.
export function normalText(text) {
  const letters = text.normalize("NFKD").toLowerCase().replace(/\p{M}/gu, "").replace(/[^\p{L}\p{N}]+/gu, " ");
  return letters.trim().replace(/^(?:a|an|the) (?=.)/, "");
}

// The number that a reader typed: in both readings if a comma allows two, and none if it is no number.
export function readNumbers(typed) {
  let text = typed.replace(/[ \t\r\n\u00a0\u2009\u202f]+/g, "").toLowerCase().replaceAll("−", "-");
  if ([...text].length > LONGEST) return [];
  const plain = (digits) => [...digits].map((c) => (c === "⁻" ? "-" : RAISED.indexOf(c))).join("");
  text = text.replace(/10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)/g, (_, digits) => `10^${plain(digits)}`).replace(/[·×⋅]/g, "*");
  const values = [text.replace(/([0-9]),(?=[0-9]{3}(?![0-9]))/g, "$1"), text.replaceAll(",", ".")].map(numberOf);
  return [...new Set(values.filter((value) => value !== null))];
}

function numberOf(text) {
  const found = NUMBER.exec(text);
  if (!found || (found[3] && found[1].includes("e"))) return null;
  let value = Number(found[3] ? `${found[1]}e${found[3]}` : found[1]);
  if (found[2]) value /= Number(found[2]);
  if (found[4]) value /= 100;
  return Number.isFinite(value) ? value : null;
}

// Whether a number is right: the tolerance itself included, in spite of rounding.
export const isWithin = (value, target, tolerance) => Math.abs(value - target) <= tolerance + 1e-9 * Math.abs(target);

// { right, notes } for an answer, or null for one that cannot be read. notes are places in the question: the choices judged
// wrongly, the mistake made, the first misplaced step. Throws for an answer of another form.
export function grade(question, answer) {
  if (question.kind === "numeric") return gradeNumber(question, String(answer));
  if (question.kind === "text") return gradeText(question, String(answer));
  const places = Array.isArray(answer) ? answer : [answer];
  const count = question.choices.length;
  const known = (place) => Number.isInteger(place) && place >= 0 && place < count;
  if (!places.every(known) || new Set(places).size < places.length) throw new Error(`no answer to ${question.id}`);
  if (question.kind === "order") return gradeOrder(places, count);
  if (!places.length) return null;
  if (question.kind === "single") return { right: question.choices[places[0]].correct, notes: [places[0]] };
  const all = question.choices.map((_, i) => i);
  const notes = all.filter((i) => question.choices[i].correct !== places.includes(i));
  return { right: !notes.length, notes };
}

function gradeOrder(places, count) {
  if (places.length !== count) throw new Error(`there are ${count} steps to order, got ${places.length}`);
  const notes = places.filter((place, i) => place !== i).slice(0, 1);
  return { right: !notes.length, notes };
}

function gradeNumber(question, text) {
  const values = readNumbers(text);
  if (!values.length) return null;
  if (values.some((value) => isWithin(value, question.value, question.tolerance))) return { right: true, notes: [] };
  let [nearest, notes] = [Infinity, []];
  question.mistakes.forEach((mistake, i) => {
    const reach = Math.max(question.tolerance, NEAR * Math.abs(mistake.value));
    for (const value of values) {
      const distance = Math.abs(value - mistake.value);
      if (isWithin(value, mistake.value, reach) && distance < nearest) [nearest, notes] = [distance, [i]];
    }
  });
  return { right: false, notes };
}

function gradeText(question, text) {
  const given = normalText(text);
  if (!given) return null;
  if (question.accept.some((one) => normalText(one) === given)) return { right: true, notes: [] };
  const made = (mistake) => mistake.answers.some((one) => normalText(one) === given);
  return { right: false, notes: question.mistakes.flatMap((mistake, i) => (made(mistake) ? [i] : [])) };
}
