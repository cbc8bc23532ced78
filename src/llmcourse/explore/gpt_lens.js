// The logit lens of the GPTPlayground: what the model would say next if it stopped after each of its blocks.

import { el, fixed, show } from "./shared.js";
import { softmax } from "./softmax.js";
import { ranking } from "./sampling.js";
import { chipText } from "./gpt_text.js";

const BEST = 3;

// For the logits after each block: the three most probable tokens, and the place of the token that the last block puts
// first: 1 is the top. Of equal logits the earlier in the vocabulary comes first.
export function lensRows(layers) {
  const all = layers.map((logits) => softmax(Float64Array.from(logits)));
  const final = ranking(all.at(-1))[0];
  return all.map((p) => {
    const order = ranking(p);
    return { best: order.slice(0, BEST).map((id) => ({ id, p: p[id] })), rank: order.indexOf(final) + 1 };
  });
}

// A table with a row for the embedding and for each block.
export function lensView(layers) {
  const head = ["after", "1st", "2nd", "3rd", "rank"].map((text) => el("th", { scope: "col", text }));
  const rows = Array.from({ length: layers + 1 }, (_, layer) => {
    const cells = Array.from({ length: BEST }, (_, place) => {
      const [token, p] = [el("b", {}), el("span", { "data-key": `lens.${layer}.${place}` })];
      return { token, p, node: el("td", {}, token, " ", p) };
    });
    const rank = el("td", { "data-key": `rank.${layer}` });
    const name = layer ? `layer ${layer - 1}` : "embedding";
    return { cells, rank, node: el("tr", {}, el("th", { scope: "row", text: name }), cells.map((one) => one.node), rank) };
  });
  const caption = el("caption", { class: "lc-note" });
  const node = el("table", { class: "lc-lens" }, caption, el("thead", {}, el("tr", {}, head)), el("tbody", {}, rows.map((row) => row.node)));

  function draw(layersOfLogits, texts, name) {
    const found = lensRows(layersOfLogits);
    found.forEach(({ best, rank }, layer) => {
      best.forEach(({ id, p }, place) => {
        rows[layer].cells[place].token.replaceChildren(...chipText(texts[id]));
        show(rows[layer].cells[place].p, p, p < 0.005 ? "<0.01" : fixed(p, 2));
      });
      show(rows[layer].rank, rank, String(rank));
    });
    caption.textContent = `What the model would write after ${name} if it stopped early: the stream after each layer, normalized and compared with every token. Rank: the place there of the token that comes first in the end.`;
  }
  return { node, draw };
}
