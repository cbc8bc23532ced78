// The text of the GPTPlayground: a box to type in, and its tokens as chips, shaded, to be pointed at and chosen.

import { el, fixed, freshId, sum, tokenName, visible } from "./shared.js";

// A token's text for the eye, the blank before it less so. `text` is what Tokenizer.token_text gives.
export const chipText = (text) => (text.length > 1 && text[0] === "␣" ? [el("i", { text: "␣" }), text.slice(1)] : [text]);

const PLAIN = { "␣": " ", "↵": "\n", "⇥": "\t", "␍": "\r" };
// The same as it is said: without the blank before it.
export function said(text) {
  const plain = [...text].map((c) => PLAIN[c] || c).join("");
  return tokenName(plain.trim() || plain);
}

// A text as it is drawn in a line of prose.
const inline = (text) => visible(text).replaceAll("␣", " ");

// A labeled box of several lines. Returns { node, input }.
export function textBox(label, oninput) {
  const id = freshId("text");
  const input = el("textarea", { id, rows: 3, spellcheck: "false", autocapitalize: "off", autocomplete: "off", oninput });
  return { node: el("div", { class: "lc-field lc-wide" }, el("label", { for: id, text: label }), input), input };
}

// The chips. onchoose(t) and onhover(t or null) get positions. Native radio buttons: arrows, touch and screen readers work.
export function chipsView({ onchoose, onhover }) {
  const node = el("fieldset", { class: "lc-tokens" });
  const legend = el("legend", { class: "lc-sr", text: "Token in focus" });
  const group = freshId("token");
  const earlier = el("p", { class: "lc-note lc-earlier" });
  const chips = [];
  let revealed = "";
  node.append(legend);

  function chosenByHand(t) {
    chips.forEach((one) => (one.now.checked = one.input.checked));
    onchoose(t);
  }

  function chip(t, text) {
    const input = el("input", { type: "radio", name: group, value: t, onchange: () => chosenByHand(t) });
    const label = el("label", {}, input, el("span", {}, chipText(text)));
    label.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && onhover(t));
    label.addEventListener("pointerleave", () => onhover(null));
    return { text, input, label, now: {}, end: text.includes("↵") ? el("br") : null };
  }

  // Scroll the box around the chips, and nothing else, as far as it takes to see one of them.
  function reveal(t) {
    const box = node.parentNode;
    const [inner, outer] = [chips[t].label, box].map((one) => one.getBoundingClientRect());
    const edge = 6; // pixels between the chip and the border
    if (inner.top < outer.top + edge) box.scrollTop -= outer.top + edge - inner.top;
    else if (inner.bottom > outer.bottom - edge) box.scrollTop += inner.bottom - outer.bottom + edge;
  }

  // tokens: [{ text, isNew, isRead, shade: 0 … 1, says }], the chosen one, the one in focus, whether none can be chosen.
  // There may be hundreds, several times a second: only what has changed is touched.
  function draw(tokens, chosen, focus, still) {
    tokens.forEach(({ text }, t) => {
      if (chips[t] && chips[t].text === text) return;
      for (const { label, end } of chips.splice(t)) [label, end].forEach((one) => one && one.remove());
      chips[t] = chip(t, text);
      node.append(chips[t].label, ...(chips[t].end ? [chips[t].end] : []));
    });
    for (const { label, end } of chips.splice(tokens.length)) [label, end].forEach((one) => one && one.remove());
    tokens.forEach(({ isNew, shade, says, isRead }, t) => {
      const kinds = ["lc-one", isNew && "lc-new", t === focus && "lc-is", !isRead && "lc-unread", t > focus && "lc-later"];
      const { input, label, now } = chips[t];
      const next = { checked: t === chosen, disabled: still, says, shade: shade.toFixed(2), look: kinds.filter(Boolean).join(" ") };
      if (next.checked !== now.checked) input.checked = next.checked;
      if (next.disabled !== now.disabled) input.disabled = next.disabled;
      if (next.says !== now.says) input.setAttribute("aria-label", says);
      if (next.shade !== now.shade) label.style.setProperty("--shade", next.shade);
      if (next.look !== now.look) label.className = next.look;
      chips[t].now = next;
    });
    const shown = `${chosen} of ${tokens.length}`;
    if (chips[chosen] && shown !== revealed) reveal(chosen); // once, so that a reader may scroll away from it
    revealed = shown;
  }
  return { node, earlier, draw };
}

// ---- sentences --------------------------------------------------------------------------------------------------------

const mega = (bytes) => `${fixed(bytes / 1e6, 1)} MB`;
export const loadText = (about) => `Load the model (${mega(about.bytes)})`;

export function footText({ parameters, layers, heads, context, tolerance }) {
  const size = parameters.toLocaleString("en-US");
  const moved = tolerance ? `, which moved no logit by more than ${fixed(tolerance, 2)} on held-out text` : "";
  return `${size} parameters in ${layers} layers of ${heads} heads; it sees ${context} tokens at once. Its weights are stored in one byte each${moved}. Everything is computed here; nothing that you type leaves this page.`;
}

export const SAMPLE_TEXT = "Computed in advance for this text. Load the model, and type your own.";
export const OTHER_TEXT = "Load the model to see what it makes of your text.";

export function surpriseText(surprises) {
  const known = surprises.filter((x) => x !== null);
  if (!known.length) return "The first token has no surprise: nothing comes before it.";
  return `Surprise of each token given those before it: ${fixed(sum(known) / known.length, 2)} bits on average. Full color: 12 bits or more.`;
}

// Longer than the context: what has dropped out of sight.
export const droppedText = (count, end) => `The model no longer sees the first ${count} tokens, which end with “…${inline(end)}”.`;
