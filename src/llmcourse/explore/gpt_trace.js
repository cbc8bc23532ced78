// A text of the reader's through the small GPT of the site, as a trace: what attention_trace.py packs, packed here.

import { createTokenizer } from "./bpe.js";
import { loadModel } from "./gpt_loader.js";
import { openModel } from "./gpt_worker.js";

const [FEWEST, MOST, STEPS] = [2, 64, 255];

// Attention, position by position and in each layer by layer, head by head, as the bytes of a trace: round(255·√weight),
// head by head, and in each query by query.
export function packAttention(states, heads) {
  const size = states.length;
  const triangle = (size * (size + 1)) / 2;
  const bytes = new Uint8Array(heads * triangle);
  states.forEach(({ attention }, t) => {
    for (let head = 0; head < heads; head += 1) {
      const start = head * triangle + (t * (t + 1)) / 2;
      for (let s = 0; s <= t; s += 1) bytes[start + s] = Math.round(STEPS * Math.sqrt(attention[head * (t + 1) + s]));
    }
  });
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

// { trace(text), stop() }. The model is fetched at the first text; onprogress(share) tells how much of it has come.
export function createTracer(model, asset, onprogress) {
  let opening = null;
  async function open() {
    const found = await loadModel(model, asset, onprogress);
    const opened = await openModel({ ...found, source: model.source, onchange() {}, onerror() {} });
    return { ...opened, description: found.description, tokenizer: createTokenizer(found.description.tokenizer) };
  }
  return {
    async trace(text) {
      opening = opening || open();
      opening.catch(() => (opening = null)); // the next text tries again
      const { states, read, tokenizer, description } = await opening;
      const ids = [description.tokenizer.begin, ...tokenizer.encode(text)];
      if (ids.length < FEWEST || ids.length > MOST) throw new Error(`it may have ${FEWEST} to ${MOST} tokens with the mark at its beginning, and has ${ids.length}`);
      if (!(await read(ids))) return null; // another text came before
      const { layers, heads } = description.config;
      return { name: "", tokens: ids.map((id) => tokenizer.decode([id])), ids, layers, heads, weights: packAttention(states, layers * heads) };
    },
    stop: () => opening && opening.then((one) => one.stop(), () => {}),
  };
}
