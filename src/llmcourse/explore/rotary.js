// Rotary positions: a query and a key as turning arrows, their score by offset, the clocks under each scaling.
// The twin of llmcourse.transformer.rotary and rope_scaling.

import { announcer, axisTop, button, choice, el, format, redraw, show, spoken, sum, svg, update } from "./shared.js";
import { linePlot, slider } from "./draw.js";

// ---- the mathematics -------------------------------------------------------------------------------------------------

// Radians per token of each pair: base^(−2i/width).
export function frequencies(width, base) {
  return [...Array(width / 2).keys()].map((i) => base ** ((-2 * i) / width));
}

// YaRN: the share of its trained speed that each pair keeps, a ramp in the pair's index between 32 turns and 1 turn.
export function kept(width, base, context) {
  const index = (turns) => (width * Math.log(context / (2 * Math.PI * turns))) / (2 * Math.log(base));
  const first = Math.max(Math.floor(index(32)), 0);
  const last = Math.min(Math.ceil(index(1)), width - 1);
  return [...Array(width / 2).keys()].map((i) => 1 - Math.min(1, Math.max(0, (i - first) / Math.max(last - first, 1e-3))));
}

// The frequencies under a scaling, and what it multiplies scores by.
export function scaled(width, base, scaling, factor, context) {
  const theta = frequencies(width, base);
  if (scaling === "interpolation") return { theta: theta.map((x) => x / factor), sharpening: 1 };
  if (scaling === "NTK") return { theta: frequencies(width, base * factor ** (width / (width - 2))), sharpening: 1 };
  if (scaling === "YaRN") {
    const keep = kept(width, base, context);
    return { theta: theta.map((x, i) => ((1 - keep[i]) * x) / factor + keep[i] * x), sharpening: (0.1 * Math.log(factor) + 1) ** 2 };
  }
  return { theta, sharpening: 1 };
}

// Real and imaginary part of z_q · conj(z_k), for each pair (2i, 2i + 1) read as a complex number, over √width.
export function products(query, key) {
  const root = Math.sqrt(query.length);
  return [...Array(query.length / 2).keys()].map((i) => {
    const [a, b, c, d] = [query[2 * i], query[2 * i + 1], key[2 * i], key[2 * i + 1]];
    return [(a * c + b * d) / root, (b * c - a * d) / root];
  });
}

// What each pair adds to the score at an offset: the real part of its product times e^(i·offset·theta).
export function parts(pairs, theta, sharpening, offset) {
  return pairs.map(([re, im], i) => sharpening * (re * Math.cos(offset * theta[i]) - im * Math.sin(offset * theta[i])));
}

// An angle in degrees, from 0 to 360, and its twin from −180 to 180.
const degrees = (radians) => ((((radians * 180) / Math.PI) % 360) + 360) % 360;
export const centered = (radians) => degrees(radians + Math.PI) - 180;

// ---- pictures ------------------------------------------------------------------------------------------------------------

const DIAL = { size: 200, radius: 88 };
const LOW = { width: 340, height: 200, left: 44, right: 10, top: 12, bottom: 38 };
export const SPANS = [64, 256, 1024, 4096];

function arrow(angle, length, color, label) {
  const [c, s, middle] = [Math.cos(angle), -Math.sin(angle), DIAL.size / 2];
  const at = (along, across) => `${(middle + along * c + across * s).toFixed(2)} ${(middle + along * s - across * c).toFixed(2)}`;
  const tip = Math.max(length - 9, 0);
  return svg(
    "g",
    { style: { stroke: `var(--${color})`, fill: `var(--${color})` } },
    svg("path", { class: "lc-arrow", d: `M${at(0, 0)}L${at(tip, 0)}` }),
    svg("path", { d: `M${at(length, 0)}L${at(tip, 5)}L${at(tip, -5)}z` }),
    svg("text", { x: (middle + (length + 9) * c).toFixed(2), y: (middle + (length + 9) * s + 4).toFixed(2), "text-anchor": "middle", text: label }),
  );
}

// The plane of one pair: thin lines where query and key point before they turn, arrows after, an arc between the arrows.
function drawDial(query, key, i, turnQuery, turnKey) {
  const middle = DIAL.size / 2;
  const both = [query, key].map((x) => [Math.hypot(x[2 * i], x[2 * i + 1]), Math.atan2(x[2 * i + 1], x[2 * i])]);
  const longest = Math.max(both[0][0], both[1][0]) || 1;
  const place = (angle, r) => [middle + r * Math.cos(angle), middle - r * Math.sin(angle)].map((x) => x.toFixed(2)).join(" ");
  const reach = (length) => (DIAL.radius - 16) * (length / longest);
  const drawn = [svg("circle", { class: "lc-ring", cx: middle, cy: middle, r: DIAL.radius })];
  both.forEach(([length, angle], which) => {
    const start = svg("path", { class: "lc-start", d: `M${middle} ${middle}L${place(angle, reach(length))}` });
    start.style.setProperty("stroke", `var(--c${which + 1})`);
    drawn.push(start);
  });
  const [q, k] = [both[0][1] + turnQuery, both[1][1] + turnKey];
  const between = centered(q - k);
  drawn.push(svg("path", { class: "lc-arc", d: `M${place(k, 24)}A24 24 0 0 ${between > 0 ? 0 : 1} ${place(q, 24)}` }));
  drawn.push(arrow(k, reach(both[1][0]), "c2", "k"), arrow(q, reach(both[0][0]), "c1", "q"));
  return drawn;
}

// ---- the view ------------------------------------------------------------------------------------------------------------

const TRAITS = ["query", "key", "base", "pair", "position", "offset", "scaling", "factor", "original_context", "span"];
const SCALINGS = ["none", "interpolation", "NTK", "YaRN"];
const NUMBERS = [
  ["score", "q·k/√K", "score", " of all pairs at this offset"],
  ["part", "pair i", "its part", " of the score"],
  ["between", "φ", "angle", " from k to q"],
  ["query_turn", "tθᵢ", "turn of q", ", less whole turns"],
  ["key_turn", "sθᵢ", "turn of k", ", less whole turns"],
  ["theta", "θᵢ", "speed", " of this pair"],
  ["wavelength", "2π/θᵢ", "wavelength", ", one turn"],
  ["turns", "Lθᵢ/2π", "turns", " in training, unscaled"],
];
const SUFFIX = { between: "°", query_turn: "°", key_turn: "°", theta: "rad/tok.", wavelength: "tokens" };
const LONG = { between: 1, query_turn: 1, key_turn: 1, theta: 6, wavelength: 1, turns: 2 };

const CAPTIONS = {
  dial: "One pair of coordinates is a point in a plane. Dashed: query and key before they turn.",
  clocks: "Tokens for one turn of each pair, and a dot on the chosen one. Dashed: the trained length L; pairs above it never complete a turn in training.",
};

// What the curve shows, in words.
function curveCaption(scaling, sharpening) {
  const gray = scaling === "none" ? "" : " Gray: without scaling.";
  const sharp = sharpening > 1 ? ` YaRN multiplies scores by ${format(sharpening, 3)}.` : "";
  return `Blue: the score at each whole offset. Orange: the part of this pair.${gray}${sharp}`;
}

function render({ model, el: host }) {
  const initial = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
  const root = el("div", { class: "lc-view lc-rotary" });
  const set = (name, change = (x) => x) => (value) => update(model, { [name]: change(value) });
  const whole = (x) => String(Math.round(x));
  let sliders = {};
  const places = el("div", { class: "lc-controls lc-sliders" });
  let shape = "";
  // Sliders know their ends from the start, so new ends make new sliders.
  function buildSliders(width, context, span) {
    const next = JSON.stringify([width, context, span]);
    if (next === shape) return;
    shape = next;
    const active = Object.keys(sliders).find((name) => sliders[name].input === document.activeElement);
    sliders = {
      offset: slider("Offset n = t − s", { min: 0, max: span, step: 1, write: whole, oninput: set("offset", Math.round) }),
      position: slider("Key position s", { min: 0, max: context, step: 1, write: whole, oninput: set("position", Math.round) }),
      pair: slider("Pair i", { min: 0, max: width / 2 - 1, step: 1, write: whole, oninput: set("pair", Math.round) }),
      base: slider("Base b", { min: 10, max: 1e7, scale: "log", write: (x) => Math.round(x).toLocaleString("en-US"), oninput: set("base") }),
      factor: slider("Factor", { min: 1, max: 64, scale: "log", write: (x) => format(x, 2), oninput: set("factor") }),
    };
    places.replaceChildren(...Object.values(sliders).map((one) => one.node));
    if (active) sliders[active].input.focus();
  }
  const scalings = choice("Scaling", SCALINGS.map((name) => [name, name]), set("scaling"));
  const spans = choice("Offsets shown", SPANS.map((n) => [n, String(n)]), (n) => update(model, { span: Number(n), offset: Math.min(model.get("offset"), Number(n)) }));
  const reset = button("Reset", () => update(model, initial));

  const numbers = NUMBERS.map(([key, symbol, name, words]) => {
    const value = el("span", { "data-key": key });
    const term = el("dt", {}, el("span", { class: "lc-symbol", text: symbol }), ` ${name}`, el("span", { class: "lc-words", text: words }));
    return { key, value, node: el("div", { class: "lc-number" }, term, el("dd", {}, value, " ", el("span", { class: "lc-unit", text: SUFFIX[key] || "" }))) };
  });
  const dial = svg("svg", { class: "lc-dial", viewBox: `0 0 ${DIAL.size} ${DIAL.size}`, "aria-hidden": "true" });
  const curve = el("div", {});
  const clocks = el("div", {});
  const words = el("figcaption", {});
  root.append(
    places,
    el("div", { class: "lc-controls lc-second" }, scalings.node, spans.node, reset),
    el(
      "div",
      { class: "lc-columns" },
      el("figure", { class: "lc-plane" }, dial, el("figcaption", { text: CAPTIONS.dial })),
      el("dl", { class: "lc-numbers" }, numbers.map((n) => n.node)),
      el("figure", {}, curve, words),
      el("figure", {}, clocks, el("figcaption", { text: CAPTIONS.clocks })),
    ),
  );
  const voice = announcer(root);
  host.append(root);

  function draw() {
    const [query, key, base, pair, position, offset, scaling, factor, context, wanted] = TRAITS.map((name) => model.get(name));
    const width = query.length;
    const span = SPANS.find((n) => n >= Math.max(wanted, offset));
    buildSliders(width, context, span);
    const pairs = products(query, key);
    const { theta, sharpening } = scaled(width, base, scaling, factor, context);
    const plain = frequencies(width, base);
    const shares = parts(pairs, theta, sharpening, offset);
    const [q, k] = [query, key].map((x) => Math.atan2(x[2 * pair + 1], x[2 * pair]));
    const turn = (t) => t * theta[pair];
    const values = {
      score: sum(shares),
      part: shares[pair],
      between: centered(q - k + turn(offset)),
      query_turn: degrees(turn(position + offset)),
      key_turn: degrees(turn(position)),
      theta: theta[pair],
      wavelength: (2 * Math.PI) / theta[pair],
      turns: (context * plain[pair]) / (2 * Math.PI),
    };
    for (const one of numbers) show(one.value, values[one.key], format(values[one.key], LONG[one.key] ?? 4));
    dial.replaceChildren(...drawDial(query, key, pair, turn(position + offset), turn(position)));

    const bound = axisTop(sharpening * sum(pairs.map(([re, im]) => Math.hypot(re, im))) || 1);
    const offsets = [...Array(span + 1).keys()];
    const line = (f, look) => ({ points: offsets.map((n) => [n, f(n)]), ...look });
    const lines = [line((n) => parts([pairs[pair]], [theta[pair]], sharpening, n)[0], { color: "c2", width: 1 })];
    if (scaling !== "none") lines.unshift(line((n) => sum(parts(pairs, plain, 1, n)), { color: "c6", width: 1 }));
    lines.push(line((n) => sum(parts(pairs, theta, sharpening, n)), { color: "c1" }));
    const y = { range: [-bound, bound], label: "score" };
    const dots = [{ x: offset, y: values.part, color: "c2", r: 3 }, { x: offset, y: values.score, color: "c1", r: 5 }];
    curve.replaceChildren(linePlot({ x: { range: [0, span], label: "offset n (tokens)" }, y, lines, dots, rules: [{ y: 0 }], frame: LOW }));
    words.textContent = curveCaption(scaling, sharpening);

    const wave = (x) => Math.log10((2 * Math.PI) / x);
    const top = Math.ceil(Math.max(wave(theta[width / 2 - 1]), wave(plain[width / 2 - 1]), Math.log10(context)));
    const clock = (speeds, look) => ({ points: speeds.map((x, i) => [i, wave(x)]), ...look });
    clocks.replaceChildren(
      linePlot({
        x: { range: [0, width / 2 - 1], label: "pair i" },
        y: { range: [0, top], label: "log₁₀ wavelength" },
        lines: [...(scaling === "none" ? [] : [clock(plain, { color: "c6", width: 1 })]), clock(theta, { color: "c1" })],
        dots: [{ x: pair, y: wave(theta[pair]), color: "c1", r: 5 }],
        rules: [{ y: Math.log10(context) }],
        frame: LOW,
      }),
    );
    for (const [name, value] of Object.entries({ offset, position, pair, base, factor })) sliders[name].set(value);
    sliders.factor.input.disabled = scaling === "none";
    scalings.set(scaling);
    spans.set(span);
    voice.say(
      `Offset ${offset}: score ${spoken(values.score)}. Pair ${pair} adds ${spoken(values.part)}, its arrows are ${spoken(values.between)} degrees apart, its wavelength is ${spoken(values.wavelength)} tokens.`,
    );
  }

  const stop = redraw(model, TRAITS, draw);
  return () => {
    stop();
    voice.stop();
    root.remove();
  };
}

export default { render };
