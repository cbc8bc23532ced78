// Labeled sliders, line plots and heat maps. drawing.py draws the same pictures without scripts, number for number.

import { el, format, freshId, svg } from "./shared.js";

// ---- a labeled slider with its value beside it -------------------------------------------------------------------------

// scale "log" moves by equal factors; min and max are then positive. `write` turns the value into the text beside the
// slider. The slider may round what it shows to a step; the value it was set to keeps every digit until it is moved.
// Returns { node, input, set(value) }.
export function slider(label, { min, max, step = (max - min) / 100, scale = "linear", write = (x) => format(x, 2), oninput }) {
  const id = freshId("slider");
  const [inside, outside] = scale === "log" ? [Math.log, Math.exp] : [(x) => x, (x) => x];
  const input = el("input", { id, type: "range", class: "lc-range", min: inside(min), max: inside(max), step: scale === "log" ? "any" : step });
  const text = el("output", { for: id, class: "lc-range-value" });
  const clamp = (x) => Math.min(max, Math.max(min, x));
  input.addEventListener("input", () => oninput(clamp(outside(Number(input.value)))));
  if (scale === "log") {
    input.addEventListener("keydown", (event) => {
      const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
      if (!by || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      oninput(clamp(outside(Number(input.value) + (by * (inside(max) - inside(min))) / 100)));
    });
  }
  const node = el("div", { class: "lc-field lc-slider" }, el("label", { for: id, text: label }), el("div", { class: "lc-slider-row" }, input, text));
  const set = (value) => {
    input.value = inside(value);
    text.textContent = write(value);
    input.setAttribute("aria-valuetext", write(value));
  };
  return { node, input, set };
}

// ---- line plots ------------------------------------------------------------------------------------------------------------

export const FRAME = { width: 480, height: 240, left: 46, right: 12, top: 12, bottom: 38 };

// Round numbers from lo to hi, at most `most` of them: steps of 1, 2 or 5 times a power of ten.
export function ticks(lo, hi, most = 6) {
  const raw = (hi - lo) / Math.max(1, most - 1);
  const power = 10 ** Math.floor(Math.log10(raw) + 1e-9);
  const step = [1, 2, 5, 10].find((s) => s * power >= raw * (1 - 1e-9)) * power;
  const found = [];
  for (let i = Math.ceil(lo / step - 1e-9); i * step <= hi + step * 1e-9; i += 1) found.push(i * step + 0);
  return found;
}

// Where a value stands inside the frame: { x(value), y(value) }.
export function placer({ x, y, frame = FRAME }) {
  const across = (value) => frame.left + ((value - x.range[0]) / (x.range[1] - x.range[0])) * (frame.width - frame.left - frame.right);
  const up = (value) => frame.top + (1 - (value - y.range[0]) / (y.range[1] - y.range[0])) * (frame.height - frame.top - frame.bottom);
  return { x: across, y: up };
}

const round = (value) => Math.round(value * 100) / 100;
// A tick's number: at most four significant digits, a true minus.
const tickText = (value) => String(Number(value.toPrecision(4))).replace("-", "−");

// An SVG of axes, lines and dots. plot = { x: { range, label, ticks?, write? }, y: { the same }, frame?,
//   lines: [{ points: [[x, y], …], color: "c1", dash?, width? }], dots: [{ x, y, color, r? }], rules: [{ x } or { y }],
//   texts: [{ x, y, text, anchor? }] }. `write` turns a tick's number into its text. Points outside the ranges are clipped at
// the frame. The picture is hidden from screen readers: a widget says its numbers in words elsewhere.
export function linePlot(plot) {
  const frame = plot.frame || FRAME;
  const at = placer(plot);
  const clip = freshId("clip");
  const [left, right, top, bottom] = [frame.left, frame.width - frame.right, frame.top, frame.height - frame.bottom];
  const parts = [];
  for (const value of plot.x.ticks || ticks(...plot.x.range)) {
    parts.push(svg("line", { class: "lc-grid", x1: round(at.x(value)), x2: round(at.x(value)), y1: top, y2: bottom }));
    parts.push(svg("text", { class: "lc-tick", x: round(at.x(value)), y: bottom + 15, "text-anchor": "middle", text: (plot.x.write || tickText)(value) }));
  }
  for (const value of plot.y.ticks || ticks(...plot.y.range, 5)) {
    parts.push(svg("line", { class: "lc-grid", x1: left, x2: right, y1: round(at.y(value)), y2: round(at.y(value)) }));
    parts.push(svg("text", { class: "lc-tick", x: left - 5, y: round(at.y(value) + 4), "text-anchor": "end", text: (plot.y.write || tickText)(value) }));
  }
  parts.push(svg("text", { class: "lc-axis", x: (left + right) / 2, y: frame.height - 6, "text-anchor": "middle", text: plot.x.label }));
  parts.push(svg("text", { class: "lc-axis", x: 11, y: (top + bottom) / 2, "text-anchor": "middle", transform: `rotate(-90 11 ${(top + bottom) / 2})`, text: plot.y.label }));
  const inside = [];
  for (const { x, y } of plot.rules || []) {
    const ends = x === undefined ? { x1: left, x2: right, y1: round(at.y(y)), y2: round(at.y(y)) } : { x1: round(at.x(x)), x2: round(at.x(x)), y1: top, y2: bottom };
    inside.push(svg("line", { class: "lc-rule", ...ends }));
  }
  for (const { points, color, dash, width = 1.8 } of plot.lines || []) {
    const d = points.map(([x, y], i) => `${i ? "L" : "M"}${round(at.x(x))} ${round(at.y(y))}`).join("");
    inside.push(svg("path", { class: "lc-line", d, "stroke-width": width, "stroke-dasharray": dash, style: { stroke: `var(--${color})` } }));
  }
  for (const { x, y, color, r = 4 } of plot.dots || []) {
    inside.push(svg("circle", { class: "lc-dot", cx: round(at.x(x)), cy: round(at.y(y)), r, style: { fill: `var(--${color})` } }));
  }
  const shape = svg("clipPath", { id: clip }, svg("rect", { x: left, y: top - 5, width: right - left + 5, height: bottom - top + 10 }));
  parts.push(shape, svg("g", { "clip-path": `url(#${clip})` }, inside));
  for (const { x, y, text, anchor } of plot.texts || []) parts.push(svg("text", { class: "lc-tick", x: round(at.x(x)), y: round(at.y(y)), "text-anchor": anchor, text }));
  return svg("svg", { class: "lc-plot", viewBox: `0 0 ${frame.width} ${frame.height}`, "aria-hidden": "true" }, parts);
}

// ---- heat maps -----------------------------------------------------------------------------------------------------------

export const LEVELS = 16; // shades; what is drawn is rounded to them, what is said in numbers is not

// How dark a value is: 0 to LEVELS, by its size beside `top`.
export const shade = (value, top) => Math.min(LEVELS, Math.round((Math.abs(value) / top) * LEVELS));

// An SVG with one unit square for each value; values above 0 in c1, below 0 in c2. Squares of one shade are one path.
export function heatMap(values, top) {
  const paths = new Map();
  values.forEach((row, i) => {
    let start = 0;
    for (let j = 1; j <= row.length; j += 1) {
      const same = j < row.length && shade(row[j], top) === shade(row[start], top) && row[j] < 0 === row[start] < 0;
      if (same) continue;
      const key = `${row[start] < 0 ? "c2" : "c1"} ${shade(row[start], top)}`;
      paths.set(key, `${paths.get(key) || ""}M${start} ${i}h${j - start}v1h${start - j}z`);
      start = j;
    }
  });
  const parts = [...paths].filter(([key]) => !key.endsWith(" 0")).sort(([a], [b]) => (a < b ? -1 : 1));
  return svg(
    "svg",
    { class: "lc-heat", viewBox: `0 0 ${values[0].length} ${values.length}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    parts.map(([key, d]) => {
      const [color, level] = key.split(" ");
      return svg("path", { d, "fill-opacity": level / LEVELS, style: { fill: `var(--${color})` } });
    }),
  );
}
