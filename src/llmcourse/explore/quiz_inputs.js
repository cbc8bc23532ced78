// How each kind of question is answered: radio buttons, check boxes, a line to write in, steps to move.
//
// inputsOf(question, names, onchange) gives { node, get, set, focus, mark }: the answer in the form that `grade` takes, or null for
// none yet; set(null) empties it; mark(places) shows what was right, null takes the marks away.

import { el, freshId, turnOff } from "./shared.js";
import { richText } from "./rich_text.js";

const STEP_KEYS = { ArrowUp: -1, ArrowDown: 1, Home: -Infinity, End: Infinity };

export function inputsOf(question, labels, onchange) {
  if (question.kind === "order") return steps(question, onchange);
  if (question.kind === "single" || question.kind === "multiple") return choices(question, onchange);
  return line(question, labels, onchange);
}

function choices(question, onchange) {
  const many = question.kind === "multiple";
  const name = freshId("question");
  const inputs = question.choices.map((_, i) =>
    el("input", { type: many ? "checkbox" : "radio", name, value: i, onchange }),
  );
  const rows = question.choices.map((choice, i) =>
    el("label", { class: "lc-option" }, inputs[i], el("span", {}, richText(choice.text))),
  );
  const chosen = () => inputs.flatMap((input, i) => (input.checked ? [i] : []));
  return {
    node: el("div", { class: "lc-options" }, rows),
    get: () => (many ? chosen() : (chosen()[0] ?? null)),
    set: (answer) => inputs.forEach((input, i) => (input.checked = [answer].flat().includes(i))),
    focus: () => (inputs.find((input) => input.checked) || inputs[0]).focus(),
    mark: (places) => rows.forEach((row, i) => mark(row, places && question.choices[i].correct, places && places.includes(i))),
  };
}

// The sign is drawn by the style sheet; the verdict says the same in words.
function mark(row, right, chosen) {
  row.classList.toggle("lc-hit", Boolean(right && chosen));
  row.classList.toggle("lc-miss", Boolean(!right && chosen));
}

function line(question, labels, onchange) {
  const id = freshId("answer");
  const numeric = question.kind === "numeric";
  const input = el("input", {
    id,
    type: "text",
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    inputmode: numeric ? "text" : null, // a phone's number pad has no fraction bar, and often no minus
    "aria-describedby": `${id}-hint`,
    oninput: onchange,
  });
  const unit = question.unit ? el("span", { class: "lc-unit", text: question.unit }) : null;
  const node = el(
    "div",
    { class: "lc-field lc-line" },
    el("label", { for: id }, labels.answer, unit && el("span", { class: "lc-sr", text: ` (${question.unit})` })),
    el("div", { class: "lc-line-row" }, input, unit),
    el("p", { class: "lc-note", id: `${id}-hint`, text: numeric ? labels.number(question.tolerance) : labels.words }),
  );
  if (unit) unit.setAttribute("aria-hidden", "true"); // the label says it
  return {
    node,
    get: () => (input.value.trim() ? input.value : null),
    set: (answer) => (input.value = answer ?? ""),
    focus: () => input.focus(),
    mark: (places) => (places ? input.setAttribute("data-checked", "") : input.removeAttribute("data-checked")),
  };
}

function steps(question, onchange) {
  let order = question.start;
  const status = el("p", { class: "lc-sr", role: "status", "aria-live": "polite" });
  const rows = question.choices.map((choice, step) => row(richText(choice.text), (by) => move(step, by)));
  const list = el("ol", { class: "lc-moves" });
  const draw = () => {
    list.replaceChildren(...order.map((step) => rows[step].node));
    order.forEach((step, at) => rows[step].ends(at === 0, at === order.length - 1));
  };

  function move(step, by) {
    const from = order.indexOf(step);
    const to = Math.max(0, Math.min(order.length - 1, from + by));
    if (to === from) return;
    const rest = order.filter((other) => other !== step);
    order = [...rest.slice(0, to), step, ...rest.slice(to)];
    const held = document.activeElement;
    draw();
    if (list.contains(held)) held.focus(); // moving a node drops the focus
    status.textContent = `Now in place ${to + 1} of ${order.length}.`;
    onchange();
  }

  draw();
  return {
    node: el("div", {}, list, status),
    get: () => order,
    set: (answer) => {
      order = Array.isArray(answer) && answer.length === order.length ? answer : question.start;
      draw();
    },
    focus: () => rows[order[0]].node.querySelector("button").focus(),
    mark: (places) => order.forEach((step, at) => mark(rows[step].node, places && step === at, Boolean(places))),
  };
}

// One step with its two buttons; the arrow keys do the same while either has the focus.
function row(text, move) {
  const id = freshId("step");
  const words = el("span", { id, class: "lc-step" }, text);
  const [up, down] = [["up", -1, "↑"], ["down", 1, "↓"]].map(([way, by, sign]) => {
    const name = el("span", { id: `${id}-${way}`, class: "lc-sr", text: `Move ${way}:` });
    const attributes = { type: "button", class: "lc-button", "aria-labelledby": `${id}-${way} ${id}` };
    const node = el("button", attributes, el("span", { "aria-hidden": "true", text: sign }), name);
    node.addEventListener("click", () => node.getAttribute("aria-disabled") !== "true" && move(by));
    return node;
  });
  const node = el("li", {}, words, el("span", { class: "lc-pair" }, up, down));
  node.addEventListener("keydown", (event) => {
    if (!(event.key in STEP_KEYS) || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    move(STEP_KEYS[event.key]);
  });
  return { node, ends: (first, last) => [turnOff(up, first), turnOff(down, last)] };
}
