// A count model of a text: type a context, see what may come next, sample, multiply. The mathematics is in ngram.js.

import { argmax, decode, discount, distribution, draw, encode, readCorpus, uniform } from "./ngram.js";
import { UNITS, announcer, button, choice, el, field, fixed, format, redraw, show, spoken, sum, tokenName, turnOff, update, visible } from "./shared.js";

// ---- the view --------------------------------------------------------------------------------------------------------------------

const TRAITS = ["text", "unit", "order", "smoothing", "k", "context", "generated", "seed", "measure", "top"];
const MAX_STEPS = 200;
const NO_STEPS = "No step yet. Sample, or press a bar to choose the token yourself: each becomes a row here.";
const product = (x) => format(x, 4, 0.01); // small soon
const count = (n) => n.toLocaleString("en-US");
const toEnd = (box) => requestAnimationFrame(() => (box.scrollTop = box.scrollHeight)); // at first it is not on the page
const STEP_HEADS = (measure) => ["step", "token", "p", "product", `${UNITS[measure].symbol} p`, "sum"];

function render({ model, el: host }) {
  const initial = Object.fromEntries(TRAITS.filter((name) => name !== "text").map((name) => [name, model.get(name)]));
  const get = (name) => model.get(name);
  const root = el("div", { class: "lc-view lc-next_token" });
  let corpus = null;
  let drawn = -1; // how many generated tokens the page shows
  let said = "";

  function currentCorpus() {
    const [text, unit] = [get("text"), get("unit")];
    if (!corpus || corpus.text !== text || corpus.unit !== unit) corpus = Object.assign(readCorpus(text, unit), { text });
    if (corpus.memo.size > 500) corpus.memo.clear();
    return corpus;
  }
  const settings = () => ({ order: get("order"), smoothing: get("smoothing"), k: get("k") });
  // The distribution after the context and the first n generated tokens.
  function after(n = get("generated").length) {
    const known = currentCorpus();
    return distribution(known, [...encode(known, get("context")).ids, ...get("generated").slice(0, n).map((t) => known.idOf.get(t))], settings());
  }
  // Append tokens, each chosen by choose(p, step) from the distribution after those before it.
  function extend(choose, times = 1) {
    for (let n = 0; n < times && get("generated").length < MAX_STEPS; n++) {
      const token = currentCorpus().tokens[choose(after().p, get("generated").length)];
      model.set("generated", [...get("generated"), token]);
    }
    said = "step";
    model.save_changes();
  }
  const sample = (p, step) => draw(p, uniform(get("seed"), step));

  // A box for a number. What it cannot take stays in it, marked, and the message line says what it can.
  function numberBox(label, { name, kind, min, max, step }) {
    const box = field(label, { type: "number", min, max, step, oninput: () => {
      const x = Number(box.input.value);
      const taken = box.input.value !== "" && x >= min && x <= max && (step === "any" || Number.isInteger(x));
      box.refuse(taken ? "" : `${label} must be ${kind} from ${min} to ${count(max)}; it is still ${get(name)}.`);
      if (taken) update(model, { [name]: x });
      else writeMessage();
    } });
    box.refuse = (reason) => {
      box.refused = reason;
      if (reason) box.input.setAttribute("aria-invalid", "true");
      else box.input.removeAttribute("aria-invalid");
    };
    let last = null;
    box.follow = (anew = false) => {
      if (get(name) === last && !anew) return;
      if (anew || box.input.value === "" || Number(box.input.value) !== get(name)) box.input.value = get(name);
      last = get(name);
      box.refuse("");
    };
    return box;
  }

  // controls
  const context = field("Context: type the beginning", { type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false", oninput: () => update(model, { context: context.input.value, generated: [] }) });
  context.node.classList.add("lc-wide");
  const unit = choice("Token", [["characters", "character"], ["words", "word"]], (value) => update(model, { unit: value, generated: [] }));
  const order = choice("Order: tokens of context", [0, 1, 2, 3, 4, 5].map((n) => [n, String(n)]), (value) => update(model, { order: value }));
  const smoothing = choice("Smoothing", [["kneser-ney", "Kneser–Ney"], ["add-k", "add-k"]], (value) => update(model, { smoothing: value }));
  const k = numberBox("k", { name: "k", kind: "a number", min: 0.001, max: 100, step: "any" });
  const seed = numberBox("Seed", { name: "seed", kind: "a whole number", min: 0, max: 4294967295, step: 1 });
  const measure = choice("Logarithm", [["bits", "log₂"], ["nats", "ln"]], (value) => update(model, { measure: value }));
  const one = button("Sample", () => extend(sample), { class: "lc-button lc-main" });
  const ten = button("Sample 10", () => extend(sample, 10));
  const best = button("Greedy", () => extend((p) => argmax(p)));
  const undo = button("Undo", () => {
    said = "undo";
    update(model, { generated: get("generated").slice(0, -1) });
  });
  const reset = button("Reset", () => {
    update(model, initial);
    for (const box of [k, seed]) box.follow(true);
    writeMessage();
  });
  const buttons = el("div", { class: "lc-buttons" }, one, ten, best, undo, reset);
  const controls = el("div", { class: "lc-controls" }, context.node, unit.node, measure.node, order.node, seed.node, el("div", { class: "lc-pair" }, smoothing.node, k.node), buttons);

  // the distribution, the text so far, the steps
  const message = el("p", { class: "lc-message", role: "status" });
  const chips = el("p", { class: "lc-chips" });
  const facts = el("p", { class: "lc-note" });
  const rows = el("div", { class: "lc-tokens", role: "group", "aria-label": "Next-token probabilities; press one to append it" });
  const discounts = el("p", { class: "lc-note lc-discounts" });
  const prose = el("p", { class: "lc-prose", role: "group", tabindex: "0", "aria-label": "The text so far" });
  const totals = el("dl", { class: "lc-numbers" });
  const table = el("table", { class: "lc-steps" });
  const scroller = el("div", { class: "lc-scroll", role: "region", tabindex: "0", "aria-label": "Steps of the chain rule" }, table);
  root.append(
    controls,
    message,
    chips,
    el("div", { class: "lc-columns" }, el("div", {}, rows, facts, discounts), el("div", {}, prose, totals, scroller)),
  );
  const voice = announcer(root);
  host.append(root);

  let bars = [];
  function buildBars(size) {
    if (bars.length === size) return;
    bars = Array.from({ length: size }, (_, i) => {
      const bar = { label: el("span", { class: "lc-label" }), fill: el("span", { class: "lc-bar" }), value: el("span", { class: "lc-value", "data-key": i < size - 1 ? `p.${i}` : "others" }) };
      const parts = [bar.label, bar.fill, bar.value];
      const append = () => extend(() => currentCorpus().idOf.get(bar.token));
      bar.node = i < size - 1 ? button("", append, { class: "lc-token" }) : el("div", { class: "lc-token lc-rest" });
      bar.node.append(...parts);
      bar.fill.style.setProperty("--bar", `var(--${i < size - 1 ? "c1" : "c6"})`);
      return bar;
    });
    rows.replaceChildren(...bars.map((bar) => bar.node));
  }

  function drawBars({ tokens }, p) {
    const ranked = Array.from(p.keys()).sort((a, b) => p[b] - p[a] || a - b);
    const shown = Math.min(get("top"), tokens.length);
    buildBars(shown + 1);
    const rest = ranked.slice(shown);
    bars.forEach((bar, rank) => {
      const isRest = rank === shown;
      const x = isRest ? sum(rest.map((i) => p[i])) : p[ranked[rank]];
      bar.token = isRest ? null : tokens[ranked[rank]];
      bar.label.textContent = isRest ? `${count(rest.length)} others` : visible(bar.token);
      if (!isRest) {
        bar.node.setAttribute("data-token", bar.token);
        bar.node.setAttribute("aria-label", `${tokenName(bar.token)}, probability ${spoken(x)}, append`);
        turnOff(bar.node, get("generated").length >= MAX_STEPS);
      }
      bar.fill.style.setProperty("--at", x);
      show(bar.value, x);
    });
    return ranked;
  }

  function drawChips(known, ids) {
    const history = [...ids, ...get("generated").map((token) => known.idOf.get(token))];
    const used = get("order") === 0 ? [] : history.slice(-get("order"));
    const shown = used.map((i) => el("span", { class: "lc-chip", text: visible(known.tokens[i]) }));
    chips.replaceChildren(shown.length ? "Next after " : "Next, whatever came before", ...shown);
  }

  function drawSteps(steps, log) {
    table.replaceChildren(
      ...(steps.length ? [] : [el("caption", { class: "lc-empty", text: NO_STEPS })]),
      el("thead", {}, el("tr", {}, STEP_HEADS(get("measure")).map((text) => el("th", { scope: "col", text })))),
      el("tbody", {}, steps.map((step, i) => {
        const cell = (key, write) => {
          const node = el("td", { "data-key": `step.${i}.${key}` });
          show(node, step[key], write(step[key]));
          return node;
        };
        return el("tr", {}, el("td", { text: String(i + 1) }), el("td", { class: "lc-what", text: visible(step.token) }), cell("p", (x) => format(x)), cell("product", product), cell("log", fixed), cell("sum", fixed));
      })),
    );
    toEnd(scroller);
    const last = steps.at(-1) || { product: 1, sum: 0 };
    const rate = UNITS[get("measure")].exp(-last.sum / Math.max(1, steps.length));
    totals.replaceChildren(
      ...[
        ["product", "P", "the chain rule multiplies", last.product, product(last.product)],
        ["log_sum", `${log.symbol} P`, "the logarithms add", last.sum, fixed(last.sum)],
        ["perplexity", "perplexity", "so far, per token", steps.length ? rate : NaN, steps.length ? format(rate, 3) : "—"],
      ].map(([key, symbol, words, x, text]) => {
        const value = el("span", { "data-key": key });
        show(value, x, text);
        return el("div", { class: "lc-number" }, el("dt", {}, el("span", { class: "lc-symbol", text: symbol }), " ", words), el("dd", {}, value));
      }),
    );
  }

  // One line: a number that cannot be taken, else tokens that the text does not have, else a full table.
  function writeMessage(unknown = encode(currentCorpus(), get("context")).unknown) {
    const refused = (get("smoothing") === "add-k" && k.refused) || seed.refused;
    const names = unknown.slice(0, 3).map(tokenName).join(", ") + (unknown.length > 3 ? ` and ${unknown.length - 3} more` : "");
    const thing = get("unit") === "words" ? "word" : "character";
    const missing = `${names}: no such ${thing} in this text (${count(currentCorpus().tokens.length)} different), so left out.`;
    const full = get("generated").length >= MAX_STEPS ? `${MAX_STEPS} steps are the most that this table holds: undo or reset.` : "";
    message.textContent = refused || (unknown.length ? missing : full);
  }

  function redrawAll() {
    const known = currentCorpus();
    const { ids, unknown } = encode(known, get("context"));
    const log = UNITS[get("measure")];
    const generated = get("generated");
    if (context.input.value !== get("context")) context.input.value = get("context");
    for (const box of [k, seed]) box.follow();
    for (const [group_, name] of [[unit, "unit"], [order, "order"], [smoothing, "smoothing"], [measure, "measure"]]) group_.set(get(name));
    k.node.classList.toggle("lc-away", get("smoothing") !== "add-k");
    for (const control of [one, ten, best]) turnOff(control, generated.length >= MAX_STEPS);
    turnOff(undo, generated.length === 0);
    writeMessage(unknown);

    const { p, seen } = after();
    const ranked = drawBars(known, p);
    drawChips(known, ids);
    const steps = [];
    generated.forEach((token, i) => {
      const chosen = after(i).p[known.idOf.get(token)];
      const before = steps.at(-1) || { product: 1, sum: 0 };
      steps.push({ token, p: chosen, product: before.product * chosen, log: log.log(chosen), sum: before.sum + log.log(chosen) });
    });
    drawSteps(steps, log);
    const h = sum(Array.from(p, (x) => (x > 0 ? -x * log.log(x) : 0)));
    const [times, surprise] = [el("span", { "data-key": "seen" }), el("span", { "data-key": "entropy" })];
    show(times, seen, count(seen));
    show(surprise, h);
    facts.replaceChildren("This context: ", times, ` ${seen === 1 ? "place" : "places"} in the text. Entropy of the next token: `, surprise, ` ${get("measure")}.`);
    discounts.replaceChildren(...discountText(known));
    const start = decode(ids.map((i) => known.tokens[i]), get("unit"));
    const follow = generated.length !== drawn;
    drawn = generated.length;
    prose.replaceChildren(el("span", { text: start }), el("mark", { text: decode([...ids.map((i) => known.tokens[i]).slice(-1), ...generated], get("unit")).slice(ids.length ? known.tokens[ids.at(-1)].length : 0) }), el("span", { class: "lc-caret", "aria-hidden": "true" }));
    if (follow) toEnd(prose);

    const likely = ranked.slice(0, 3).map((i) => `${tokenName(known.tokens[i])} ${spoken(p[i], 2)}`).join(", ");
    const last = steps.at(-1);
    const event = said === "step" && last ? `${tokenName(last.token)}, probability ${spoken(last.p)}; sum of logarithms ${spoken(last.sum)}. ` : said === "undo" ? "Undone. " : "";
    said = "";
    voice.say(`${event}Most likely next: ${likely}.`);
  }

  function discountText(known) {
    if (get("smoothing") === "add-k") return [`add-k: (count + k) / (${get("order") ? "places" : "tokens"} + k·V), with V = ${count(known.tokens.length)} different tokens.`];
    const values = Array.from({ length: get("order") + 1 }, (_, j) => {
      const node = el("span", { "data-key": `discount.${j}` });
      const D = discount(known, j, j === get("order"));
      show(node, D, format(D, 3));
      return [j ? ", " : "", node];
    });
    return ["Kneser–Ney discounts D = n₁/(n₁ + 2n₂), from no context to the full one: ", ...values.flat(), "."];
  }

  const stop = redraw(model, TRAITS, redrawAll);
  return () => {
    stop();
    voice.stop();
    root.remove();
  };
}

export default { render };
