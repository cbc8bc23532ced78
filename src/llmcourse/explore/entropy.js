// Drag a distribution: surprise, entropy, perplexity, cross-entropy, KL. The twin of llmcourse.language.information.

import { UNITS, announcer, axisTop, barSlider, button, choice, el, format, menu, redraw, show, spoken, sum, svg, tokenName, turnOff, update, visible } from "./shared.js";

// ---- the mathematics -------------------------------------------------------------------------------------------------

// −log p: 0 for a certain outcome, ∞ for an impossible one.
export function surprise(p, unit = "bits") {
  return -UNITS[unit].log(p) + 0;
}

// −Σ p log q. Where p is 0 the term is 0, whatever q says: such an outcome never comes up.
export function crossEntropy(p, q, unit = "bits") {
  return sum(p.map((pv, i) => (pv > 0 ? pv * surprise(q[i], unit) : 0)));
}

export function entropy(p, unit = "bits") {
  return crossEntropy(p, p, unit);
}

// Σ p log(p/q): the bits wasted by believing q. Infinite as soon as q excludes something that happens.
export function klDivergence(p, q, unit = "bits") {
  const { log } = UNITS[unit];
  return sum(p.map((pv, i) => (pv > 0 ? pv * (q[i] > 0 ? log(pv) - log(q[i]) : Infinity) : 0)));
}

// The number of equally likely outcomes that would be as uncertain. The same in bits and nats.
export function perplexity(p) {
  return Math.exp(entropy(p, "nats"));
}

// Outcome i gets `value`; the others share the rest in the proportions they have in p (equally, if they had nothing).
export function moveBar(p, i, value) {
  const others = sum(p.filter((_, j) => j !== i));
  if (p.length === 1) return [1];
  return p.map((pv, j) => {
    if (j === i) return value;
    return others > 0 ? (pv / others) * (1 - value) : (1 - value) / (p.length - 1);
  });
}

// ---- the picture: width p, height −log q, so that areas are averages ----------------------------------------------------

const MANY = 12;
const BOX = { width: 300, height: 190, left: 30, right: 6, top: 18, bottom: 26 };
const MARK = 30; // the room that one "↑ ∞" needs

export function drawAreas(p, q, labels, unit) {
  const heights = p.map((pv) => surprise(pv, unit));
  const believed = q ? q.map((qv) => surprise(qv, unit)) : [];
  const counted = [...heights, ...believed].filter((h, i) => Number.isFinite(h) && p[i % p.length] > 0);
  const top = axisTop(Math.max(1, ...counted));
  const inner = BOX.width - BOX.left - BOX.right;
  const y = (h) => BOX.top + (BOX.height - BOX.top - BOX.bottom) * (1 - Math.min(h, top) / top);
  const parts = [0, 0.5, 1].map((share) => [
    svg("line", { class: "lc-grid", x1: BOX.left, x2: BOX.width - BOX.right, y1: y(share * top), y2: y(share * top) }),
    svg("text", { class: "lc-tick", x: BOX.left - 5, y: y(share * top) + 4, "text-anchor": "end", text: share * top }),
  ]);
  // Where q is 0 and p is not, the dashed line leaves the picture: a mark on each block, or one for all if some are narrow.
  const infinite = p.filter((pv, i) => pv > 0 && believed[i] === Infinity);
  const crowded = infinite.some((pv) => pv * inner < MARK);
  const mark = (at, text) => parts.push(svg("text", { class: "lc-infinite", x: at, y: 12, "text-anchor": "middle", text }));
  if (crowded) mark(BOX.left + inner / 2, `↑ ∞ for ${infinite.length} ${infinite.length === 1 ? "outcome" : "outcomes"}`);
  let x = BOX.left;
  let path = "";
  p.forEach((pv, i) => {
    const width = pv * inner;
    if (pv > 0) {
      parts.push(svg("rect", { class: "lc-area", x, y: y(heights[i]), width, height: y(0) - y(heights[i]) }));
      if (q) {
        path += `${path ? "V" : `M${x} `}${y(believed[i])}H${x + width}`; // y stops at the top of the picture
        if (believed[i] === Infinity && !crowded) mark(x + width / 2, "↑ ∞");
      }
    }
    const label = visible(labels[i]);
    if (width > 8 * [...label].length + 6) parts.push(svg("text", { class: "lc-tick", x: x + width / 2, y: y(0) - 6, "text-anchor": "middle", text: label }));
    x += width;
  });
  const mean = entropy(p, unit);
  parts.push(svg("line", { class: "lc-mean", x1: BOX.left, x2: BOX.width - BOX.right, y1: y(mean), y2: y(mean) }));
  if (q) parts.push(svg("path", { class: "lc-area-q", d: path }));
  parts.push(svg("text", { class: "lc-tick", x: BOX.left, y: BOX.height - 7, text: "0" }));
  parts.push(svg("text", { class: "lc-tick", x: BOX.width / 2, y: BOX.height - 7, "text-anchor": "middle", text: "probability, stacked to 1" }));
  parts.push(svg("text", { class: "lc-tick", x: BOX.width - BOX.right, y: BOX.height - 7, "text-anchor": "end", text: "1" }));
  return parts.flat();
}

// Where the bars end: at 1, or, if many outcomes are all small, at the first of ¼, ½ and 1 that leaves room.
export function barTop(p, q) {
  if (p.length <= MANY) return 1;
  const largest = Math.max(...p, ...(q || []));
  return [0.25, 0.5, 1].find((top) => largest <= 0.9 * top) || 1;
}

// ---- the view ------------------------------------------------------------------------------------------------------------

const TRAITS = ["p", "q", "labels", "presets", "unit"];
const CUSTOM = "your own";
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const uniform = (n) => Array(n).fill(1 / n);

// Why a number is infinite, in words; empty if nothing is.
export function reasons(p, q, labels) {
  if (!q) return "";
  const names = (indices) => {
    const named = indices.slice(0, 3).map((i) => tokenName(labels[i])).join(", ");
    return indices.length > 3 ? `${named} and ${indices.length - 3} more` : named;
  };
  const blind = p.flatMap((pv, i) => (pv > 0 && q[i] === 0 ? [i] : []));
  const unused = p.flatMap((pv, i) => (pv === 0 && q[i] > 0 ? [i] : []));
  const parts = [];
  if (blind.length) parts.push(`q gives 0 to ${names(blind)}, which happens under p: −log 0 = ∞, so H(p, q) and KL(p‖q) are infinite.`);
  if (unused.length) parts.push(`p gives 0 to ${names(unused)}, which happens under q, so KL(q‖p) is infinite.`);
  return parts.join(" ");
}

const NUMBERS = [
  ["entropy", "H(p)", "entropy", ": the average surprise, the blue area"],
  ["perplexity", "2ᴴ", "perplexity", ": as uncertain as a fair choice among this many"],
  ["cross_entropy", "H(p, q)", "cross-entropy", ": average surprise if you believe q, the area under the dashed line"],
  ["kl", "KL(p‖q)", "the difference", ": what believing q costs"],
  ["kl_reverse", "KL(q‖p)", "roles swapped", ": what believing p costs, if q is true"],
];

function render({ model, el: host }) {
  const initial = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
  const root = el("div", { class: "lc-view lc-entropy" });
  let top = 1; // where the bars end
  let base = null; // the distribution when a drag began: dragging to 1 and back restores the others

  // controls
  const presets = menu("Distribution p", (name) => {
    const preset = model.get("presets").find((candidate) => candidate.name === name);
    if (!preset) return;
    const keep = same(preset.labels, model.get("labels")) ? model.get("q") : model.get("q") && uniform(preset.p.length);
    update(model, { labels: preset.labels, p: preset.p, q: preset.q || keep });
  });
  const second = menu("Compare with q", (name) => {
    const n = model.get("p").length;
    const preset = model.get("presets").find((candidate) => candidate.name === name);
    if (name === "none") update(model, { q: null });
    else if (name === "uniform") update(model, { q: uniform(n) });
    else if (name === "same as p") update(model, { q: [...model.get("p")] });
    else if (preset) update(model, { q: preset.p });
  });
  const unit = choice("Unit", [["bits", "bits"], ["nats", "nats"]], (value) => update(model, { unit: value }));
  const swap = button("Swap p and q", () => update(model, { p: model.get("q"), q: model.get("p") }));
  const reset = button("Reset", () => update(model, initial));
  const controls = el("div", { class: "lc-controls" }, presets.node, second.node, unit.node, swap, reset);
  const note = el("p", { class: "lc-note", text: NOTE });

  // rows, numbers, picture
  const rows = el("div", { class: "lc-rows", role: "table", "aria-label": "Outcomes and their probabilities" });
  const numbers = NUMBERS.map(([key, symbol, name, words]) => {
    const value = el("span", { "data-key": key });
    const suffix = el("span", { class: "lc-unit" });
    const node = el("div", { class: "lc-number" }, el("dt", {}, el("span", { class: "lc-symbol", text: symbol }), ` ${name}`, el("span", { class: "lc-words", text: words })), el("dd", {}, value, " ", suffix));
    return { key, node, value, suffix, symbol: node.querySelector(".lc-symbol") };
  });
  const picture = svg("svg", { class: "lc-areas", viewBox: `0 0 ${BOX.width} ${BOX.height}`, "aria-hidden": "true" });
  const caption = el("figcaption", {});
  const figure = el("figure", { tabindex: "-1" }, picture, caption);
  const skip = button("Skip the bars", () => figure.focus(), { class: "lc-button lc-skip" });
  const reason = el("p", { class: "lc-reason" });
  const results = el("dl", { class: "lc-numbers" }, numbers.map((n) => n.node));
  root.append(controls, note, skip, el("div", { class: "lc-columns" }, rows, results, figure), reason);
  const voice = announcer(root);
  host.append(root);

  const range = el("span", { role: "columnheader" });
  let cells = [];
  let shape = "";
  function buildRows(labels, hasQ) {
    const next = JSON.stringify([labels, hasQ]);
    if (next === shape) return;
    shape = next;
    const slider = (which, i) =>
      barSlider(`${which} of ${tokenName(labels[i])}`, {
        color: which === "p" ? "c1" : "c2",
        oninput: (value, dragging) => {
          if (!dragging) base = null;
          else if (!base) base = model.get(which);
          update(model, { [which]: moveBar(base || model.get(which), i, value) });
        },
        onrelease: () => {
          base = null;
          draw();
        },
        oncancel: () => {
          if (base) update(model, { [which]: base });
          base = null;
          draw();
        },
      });
    cells = labels.map((label, i) => {
      const cell = { p: slider("p", i), q: hasQ ? slider("q", i) : null };
      for (const key of ["p", "surprise", "q", "surprise_q"]) cell[`${key}Text`] = el("span", { "data-key": `${key}.${i}` });
      return cell;
    });
    const pair = (a, b) => (hasQ ? [a, b] : [a]);
    rows.classList.toggle("lc-many", labels.length > MANY);
    skip.hidden = labels.length <= MANY; // a keyboard need not pass every bar
    rows.replaceChildren(
      el("div", { class: "lc-row lc-head", role: "row" }, [el("span", { role: "columnheader", class: "lc-label", text: "outcome" }), range, el("span", { role: "columnheader", text: hasQ ? "p, q" : "p" }), el("span", { role: "columnheader", text: "surprise" })]),
      ...cells.map((cell, i) =>
        el(
          "div",
          { class: "lc-row", role: "row" },
          el("span", { class: "lc-label", role: "rowheader", text: visible(labels[i]) }),
          el("span", { class: "lc-bars", role: "cell" }, pair(cell.p.node, cell.q && cell.q.node)),
          el("span", { class: "lc-value", role: "cell" }, pair(cell.pText, cell.qText)),
          el("span", { class: "lc-value", role: "cell" }, pair(cell.surpriseText, cell.surprise_qText)),
        ),
      ),
    );
  }

  function draw() {
    const [p, q, labels, all, measure] = TRAITS.map((name) => model.get(name));
    buildRows(labels, Boolean(q));
    if (!base) top = barTop(p, q); // not during a drag: the bar would slip from under the finger
    range.textContent = `drag: 0 to ${top}`;
    cells.forEach((cell, i) => {
      const put = (which, slider, x) => {
        const s = surprise(x, measure);
        show(cell[`${which}Text`], x);
        show(cell[which === "p" ? "surpriseText" : "surprise_qText"], s, format(s, 3));
        slider.set(x, `${spoken(x)}, surprise ${spoken(s)} ${measure}`, top);
      };
      put("p", cell.p, p[i]);
      if (q) put("q", cell.q, q[i]);
    });
    const values = { entropy: entropy(p, measure), perplexity: perplexity(p) };
    if (q) Object.assign(values, { cross_entropy: crossEntropy(p, q, measure), kl: klDivergence(p, q, measure), kl_reverse: klDivergence(q, p, measure) });
    for (const { key, node, value, suffix, symbol } of numbers) {
      const off = !(key in values); // without q: a dash keeps the place
      node.classList.toggle("lc-off", off);
      show(value, values[key], off ? "—" : format(values[key]));
      if (off) value.removeAttribute("data-value");
      suffix.textContent = off || key === "perplexity" ? "" : measure;
      if (key === "perplexity") symbol.textContent = measure === "bits" ? "2ᴴ" : "eᴴ";
    }
    picture.replaceChildren(...drawAreas(p, q, labels, measure));
    caption.replaceChildren(captionText(measure), el("span", { class: q ? null : "lc-away", text: DASHED }));
    reason.textContent = reasons(p, q, labels);
    const match = all.find((preset) => same(preset.p, p) && same(preset.labels, labels));
    const comparable = all.filter((preset) => same(preset.labels, labels)).map((preset) => preset.name);
    presets.node.hidden = all.length === 0;
    presets.set([...all.map((preset) => preset.name), CUSTOM].map((name) => [name, name]), match ? match.name : CUSTOM);
    const named = q && all.find((preset) => comparable.includes(preset.name) && same(preset.p, q));
    const chosen = !q ? "none" : same(q, p) ? "same as p" : same(q, uniform(p.length)) ? "uniform" : named ? named.name : CUSTOM;
    second.set(["none", "uniform", "same as p", ...comparable, CUSTOM].map((name) => [name, name]), chosen);
    turnOff(swap, !q);
    unit.set(measure);
    let text = `Entropy ${spoken(values.entropy)} ${measure}, perplexity ${spoken(values.perplexity)}`;
    if (q) text += `, cross-entropy ${spoken(values.cross_entropy)}, K L divergence ${spoken(values.kl)} ${measure}`;
    voice.say(`${text}. ${reason.textContent}`);
  }

  const stop = redraw(model, TRAITS, draw);
  return () => {
    stop();
    voice.stop();
    root.remove();
  };
}

const NOTE = "When one bar moves, the others keep their proportions, so that all of them still sum to 1.";

const DASHED = " The dashed line has height −log q, and the area under it is H(p, q).";

function captionText(measure) {
  const halving = measure === "bits" ? "1 bit" : "0.693 nats";
  return `Each outcome is a block of width p and height −log p, so its area is its part of the entropy; the line is the average height, H(p). Surprise is a logarithm: halving a probability adds ${halving}.`;
}

export default { render };
