// A small GPT on the page: type a text, and see its tokens, what may come next, where each head looks, and what each layer
// would say; let it write. gpt_session.js does it, decoder.js computes; here it is shown. The twin of gpt_playground.py.

import { announcer, button, choice, el, fixed, redraw, turnOff, update } from "./shared.js";
import { createSession, surprisesOf, windowStart } from "./gpt_session.js";
import { chipsView, droppedText, footText, loadText, OTHER_TEXT, said, SAMPLE_TEXT, surpriseText, textBox } from "./gpt_text.js";
import { barsView, distributions, entriesOf, knobsView } from "./gpt_next.js";
import { headsView, readingOf, strength, weightsAt } from "./gpt_attention.js";
import { lensRows, lensView } from "./gpt_lens.js";

export { lensRows, surprisesOf, windowStart }; // for the tests, which ask this module

const TRAITS = ["text", "generated", "temperature", "top_k", "top_p", "seed", "layer", "head", "position", "shade"];
const MANY = 40;
const DARKEST = 12; // bits of surprise with the full color
const [REST, LONG_REST] = [100, 500]; // milliseconds between two drawings, and between two of all maps, while tokens come in

function render({ model, el: host }) {
  const get = (name) => model.get(name);
  const set = (values) => update(model, values);
  const initial = Object.fromEntries(TRAITS.map((name) => [name, get(name)]));
  const about = get("about");
  const root = el("div", { class: "lc-view lc-gpt_playground" });
  const session = createSession(model, later);
  let live = true;
  let refused = ""; // a seed that is none

  // ---- controls
  const box = textBox("Text to go on from", () => rewrite(box.input.value));
  const load = button(loadText(about), session.load, { class: "lc-button lc-main" });
  const bar = el("progress", { "aria-label": "Loading the model" });
  const next = button("Next token", () => session.write(1), { class: "lc-button lc-main" });
  const many = button(`Write ${MANY}`, () => (session.writing ? session.stop() : session.write(MANY)));
  const undo = button("Undo", () => set({ generated: get("generated").slice(0, -1), position: -1 }));
  const keep = button("Edit the text", () => {
    rewrite(get("text") + session.tokenizer.decode(get("generated")));
    box.input.focus();
  });
  const reset = button("Start over", () => {
    session.stop();
    set(initial);
  });
  const rate = el("span", { class: "lc-speed" });
  const tools = el("div", { class: "lc-buttons lc-tools" }, next, many, undo, keep, reset, rate);
  const message = el("p", { class: "lc-message", role: "status" });
  function rewrite(text) {
    session.stop();
    set({ text, generated: [], position: -1 });
  }

  // ---- the parts
  const shade = choice("Color of the tokens", [["attention", "attention"], ["surprise", "surprise"]], (value) => set({ shade: value }));
  const chips = chipsView({ onchoose: (t) => set({ position: session.start + t }), onhover: hover });
  const reading = el("p", { class: "lc-reading" });
  const heading = el("p", { class: "lc-title" });
  const bars = barsView(session.add);
  const knobs = knobsView(get, (name, value) => set({ [name]: value }), (problem) => {
    refused = problem;
    later();
  });
  const columns = el("div", { class: "lc-columns" }, bars.node, knobs.node);
  const heads = headsView(about, (layer, head) => set({ layer, head }));
  const lens = lensView(about.layers);
  const inside = el("div", { class: "lc-inside" }, heads.node, lens.node);
  root.append(
    el("div", { class: "lc-controls" }, box.node, el("div", { class: "lc-loader" }, load, bar), tools),
    message,
    shade.node,
    chips.earlier,
    el("div", { class: "lc-chips-box" }, chips.node),
    reading,
    heading,
    columns,
    inside,
    el("p", { class: "lc-note", text: footText(about) }),
  );
  const voice = announcer(root);
  host.append(root);

  // ---- when to draw: once for everything that comes within a frame; while tokens come in, seldom enough to leave the
  // processor to the model, at most a fourth of the time
  let [frame, timer, rest, drawnAt] = [0, 0, 0, 0];
  function later() {
    root.dataset.state = "busy";
    if (!live || frame || timer) return;
    const wait = session.busy || session.writing ? rest - (performance.now() - drawnAt) : 0;
    if (wait > 0) timer = setTimeout(soon, wait);
    else soon();
  }
  function soon() {
    timer = 0;
    frame = requestAnimationFrame(draw);
  }
  let over = null; // the token under the pointer
  function hover(t) {
    over = t;
    if (session.ready) later();
  }

  function draw() {
    calm();
    const began = performance.now();
    if (box.input.value !== get("text")) box.input.value = get("text");
    drawControls();
    knobs.draw({});
    if (session.ready) drawText();
    else drawSample();
    root.dataset.state = session.share !== null ? "loading" : session.busy || session.writing || asking ? "busy" : "settled";
    drawnAt = performance.now();
    rest = Math.max(REST, 3 * (drawnAt - began));
  }

  function calm() {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    [frame, timer] = [0, 0];
  }

  function drawControls() {
    const { ready, share, failure, note, busy, writing, ids, start } = session;
    const [known, all] = [session.states().length, ids.length - start];
    const progress = busy && !writing && known < all ? `Reading: ${known} of ${all} tokens.` : "";
    const text = failure || refused || note || progress;
    if (message.textContent !== text) message.textContent = text;
    const passOn = ready && document.activeElement === load; // the button goes, the keyboard's place should not
    load.parentNode.hidden = ready;
    load.textContent = failure && !ready ? "Try again" : loadText(about);
    turnOff(load, share !== null);
    bar.hidden = share === null;
    if (share) bar.value = share;
    else bar.removeAttribute("value"); // nothing is known yet
    [tools, shade.node, knobs.node, inside].forEach((one) => (one.hidden = !ready));
    if (passOn) next.focus({ preventScroll: true });
    columns.classList.toggle("lc-still", !ready);
    [undo, keep].forEach((one) => turnOff(one, !get("generated").length));
    turnOff(next, writing);
    many.textContent = writing ? "Stop" : `Write ${MANY}`;
    rate.textContent = session.rate ? `${Math.round(session.rate)} tokens/s` : "";
    shade.set(get("shade"));
  }

  // Before the model is there: what Python computed for the first text.
  function drawSample() {
    const { text, tokens, rows, others } = get("sample");
    const same = text === get("text");
    chips.earlier.hidden = true;
    chips.draw(same ? tokens.map((one) => ({ text: one, shade: 0, says: said(one), isRead: true })) : [], -1, Infinity, true);
    reading.textContent = same ? SAMPLE_TEXT : OTHER_TEXT;
    heading.textContent = same ? `The next token after ${said(tokens.at(-1))}` : "";
    bars.node.hidden = !same;
    if (same) bars.draw(rows.map(([one, p]) => ({ id: null, text: one, p, q: p })), { ...others, q: others.p }, false);
  }

  // What the model has read so far.
  function drawText() {
    const { tokenizer, ids, start } = session;
    const states = session.states();
    const names = ids.slice(start).map((id) => tokenizer.texts[id]);
    const last = states.length - 1;
    const place = get("position");
    const chosen = Math.min(last, place < 0 ? last : Math.max(0, place - start));
    const t = over === null || over > last ? chosen : over;
    chips.earlier.hidden = start === 0;
    if (start) chips.earlier.textContent = droppedText(start, tokenizer.decode(ids.slice(0, start)).slice(-40));
    if (last < 0) return;

    const index = get("layer") * about.heads + get("head");
    const weights = weightsAt(states[t], t, index);
    const surprises = get("shade") === "surprise" ? surprisesOf(states) : null;
    const firstNew = ids.length - get("generated").length - start;
    chips.draw(names.map((text, s) => ({ text, isNew: s >= firstNew, isRead: s <= last, ...look(s, text) })), chosen, t, false);
    function look(s, text) {
      const [bits, weight] = [surprises && surprises[s], s <= t ? weights[s] : null];
      if (surprises) return { shade: Math.min(1, (bits || 0) / DARKEST), says: said(text) + (bits == null ? "" : `, surprise ${fixed(bits, 1)} bits`) };
      return { shade: weight === null ? 0 : strength(weight), says: said(text) + (weight === null || session.writing ? "" : `, looked at with weight ${fixed(weight, 2)}`) };
    }
    const where = `Layer ${get("layer")}, head ${get("head")}: `;
    reading.textContent = surprises ? surpriseText(surprises) : where + readingOf(weights, t, names);

    const name = said(names[chosen]);
    const p = distributions(states[chosen].logits, { temperature: get("temperature"), top_k: get("top_k"), top_p: get("top_p") });
    const { entries, others } = entriesOf(p, tokenizer.texts);
    heading.textContent = `The next token after ${name}${chosen < last ? ` (${start + chosen + 1} of ${ids.length})` : ""}`;
    bars.node.hidden = false;
    bars.draw(entries, others, chosen + 1 === names.length && !session.writing);
    knobs.draw(p);
    drawInside(states, index, t, chosen, name);
    if (!session.busy && !session.writing) voice.say(`${names.length} tokens. Most likely after ${name}: ${entries.slice(0, 3).map((one) => `${said(one.text)} ${fixed(one.p, 2)}`).join(", ")}.`);
  }

  // ---- the maps and the lens
  let mapsAt = 0;
  let mapsTimer = 0;
  let [lensOf, asking] = [null, false];
  function drawInside(states, index, t, chosen, name) {
    heads.draw(states, index, t);
    clearTimeout(mapsTimer);
    const wait = session.busy || session.writing ? LONG_REST - (performance.now() - mapsAt) : 0;
    if (wait > 0) mapsTimer = setTimeout(later, wait);
    else {
      heads.drawAll(states);
      mapsAt = performance.now();
    }
    if (!asking && states[chosen] !== lensOf) askLens(states[chosen], chosen, name);
  }
  async function askLens(state, t, name) {
    asking = true;
    const layers = await session.lens(t);
    [asking, lensOf] = [false, state];
    if (live && layers) lens.draw(layers, session.tokenizer.texts, name);
    later();
  }

  const stop = redraw(model, [...TRAITS, "sample"], () => (root.dataset.state ? later() : draw()));
  const themes = new MutationObserver(later); // a canvas does not change its color by itself
  themes.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme", "data-mode"] });
  return () => {
    live = false;
    calm();
    clearTimeout(mapsTimer);
    themes.disconnect();
    session.close();
    stop();
    voice.stop();
    root.remove();
  };
}

export default { render };
