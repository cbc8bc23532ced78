// The attention part of the GPTPlayground: one small map for each head, to choose from, and a large one of the chosen.

import { el, fixed, freshId } from "./shared.js";
import { said } from "./gpt_text.js";

// How strongly a weight is drawn: its root, so that one hundredth is still a tenth of the full color.
export const strength = (weight) => Math.sqrt(weight);

// The weights of one head at position t: a view of states[t].attention, which holds them layer by layer, head by head.
export function weightsAt(state, t, head) {
  return state.attention.subarray(head * (t + 1), (head + 1) * (t + 1));
}

// "“she” looks most at “Alice” (0.31), then at “,” (0.12)": the three largest weights in words.
export function readingOf(weights, t, names) {
  const order = Array.from(weights.keys()).sort((a, b) => weights[b] - weights[a] || b - a);
  const name = (s) => `${s === t ? "itself" : said(names[s])} (${fixed(weights[s], 2)})`;
  const [first, ...others] = order.slice(0, 3).filter((s, i) => i === 0 || weights[s] >= 0.005);
  const text = `${said(names[t])} looks ${t ? "most at" : "at"} ${name(first)}${others.map((s) => `, then at ${name(s)}`).join("")}.`;
  return text[0].toUpperCase() + text.slice(1);
}

// The color of a node's text as a pixel without opacity: a number whose lowest bytes are red, green and blue.
function pixelOf(node) {
  const [red, green, blue] = getComputedStyle(node).color.match(/[\d.]+/g).map(Number);
  return red + 256 * green + 65536 * blue;
}

// One head's weights on a canvas, a pixel for each query (row) and key (column). Its opacity is the highest byte.
function paint(canvas, states, head, color) {
  const size = states.length;
  if (!size) return;
  if (canvas.width !== size) [canvas.width, canvas.height] = [size, size];
  const pen = canvas.getContext("2d");
  const picture = pen.createImageData(size, size);
  const pixels = new Uint32Array(picture.data.buffer);
  for (let t = 0; t < size; t += 1) {
    const weights = weightsAt(states[t], t, head);
    for (let s = 0; s <= t; s += 1) pixels[t * size + s] = color + 16777216 * Math.round(255 * strength(weights[s]));
  }
  pen.putImageData(picture, 0, 0);
}

// onchoose(layer, head); the chosen one is `head` counted through all layers. Rows are layers, columns are heads.
export function headsView({ layers, heads }, onchoose) {
  const group = freshId("head");
  const cells = Array.from({ length: layers * heads }, (_, index) => {
    const [layer, head] = [Math.floor(index / heads), index % heads];
    const canvas = el("canvas", { "aria-hidden": "true" });
    const input = el("input", { type: "radio", name: group, "aria-label": `layer ${layer}, head ${head}`, onchange: () => onchoose(layer, head) });
    return { canvas, input, label: el("label", { title: `layer ${layer}, head ${head}` }, input, canvas) };
  });
  const grid = el("fieldset", { class: "lc-maps", style: { "--heads": heads } }, el("legend", { text: "All heads: a row is a layer. Choose one." }), cells.map((one) => one.label));
  const map = el("canvas", {});
  const mark = el("span", { class: "lc-mark" });
  const title = el("p", { class: "lc-title" });
  const large = el("div", { class: "lc-large" }, title, el("div", { class: "lc-map", "aria-hidden": "true" }, map, mark), el("p", { class: "lc-note", text: "Down: the token that looks. Across: the token it looks at. Color: the root of the weight; full color is 1." }));
  const node = el("div", { class: "lc-attention" }, grid, large);

  return {
    node,
    // The chosen head and the row in focus; cheap, for every change.
    draw(states, chosen, focus) {
      cells.forEach(({ input }, index) => (input.checked = index === chosen));
      title.textContent = `Layer ${Math.floor(chosen / heads)}, head ${chosen % heads}`;
      mark.style.setProperty("--row", focus);
      mark.style.setProperty("--rows", Math.max(1, states.length));
      paint(map, states, chosen, pixelOf(map));
    },
    // All the small maps; takes some milliseconds for a long text.
    drawAll(states) {
      const color = pixelOf(map);
      cells.forEach(({ canvas }, index) => paint(canvas, states, index, color));
    },
  };
}
