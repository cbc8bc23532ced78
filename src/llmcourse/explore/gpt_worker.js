// A decoder behind a port. It works in a worker of its own, so that the page stays free; where the browser refuses one, on
// the page, in small portions. Both sides know the same: what the decoder has read, position by position.

import { createDecoder, unpackWeights } from "./decoder.js";

const PORTION = 20; // milliseconds of reading before a look at the mail

// The decoder's side. Takes { kind: "load", description, bytes }, { kind: "read", id, tokens } and { kind: "lens", id, t }.
export function serve(port) {
  let decoder = null;
  let read = []; // the tokens that it has read
  let latest = 0;

  // Read these tokens. What they share with the ones before is not read again; a later request ends this one.
  async function readTokens({ id, tokens }) {
    latest = id;
    let same = 0;
    while (same < read.length && read[same] === tokens[same]) same += 1;
    read = read.slice(0, same);
    decoder.truncate(same);
    port.postMessage({ kind: "kept", length: same });
    let began = performance.now();
    for (let t = same; t < tokens.length; t += 1) {
      if (performance.now() - began > PORTION) {
        await new Promise((done) => setTimeout(done));
        if (latest !== id) return;
        began = performance.now();
      }
      decoder.append(tokens[t]);
      read.push(tokens[t]);
      const state = { token: tokens[t], logits: decoder.logits(t), attention: decoder.attention(t) };
      port.postMessage({ kind: "position", state }, [state.logits.buffer, state.attention.buffer]);
    }
    port.postMessage({ kind: "read", id });
  }

  port.onmessage = async ({ data }) => {
    try {
      if (data.kind === "load") {
        const { config } = data.description;
        decoder = createDecoder(config, unpackWeights(data.description, data.bytes));
        port.postMessage({ kind: "ready" });
      } else if (data.kind === "read") await readTokens(data);
      else port.postMessage({ kind: "lens", id: data.id, layers: data.t < read.length ? decoder.lens(data.t) : null });
    } catch (error) {
      port.postMessage({ kind: "error", message: error.message });
    }
  };
}

function inWorker(source) {
  const url = URL.createObjectURL(new Blob([`${source}\nserve(self);\n`], { type: "text/javascript" }));
  const worker = new Worker(url, { type: "module" });
  const stop = () => {
    worker.terminate();
    URL.revokeObjectURL(url);
  };
  return { port: worker, stop, place: "worker" };
}

function onPage() {
  const { port1, port2 } = new MessageChannel();
  serve(port1);
  const stop = () => [port1, port2].forEach((port) => port.close());
  return { port: port2, stop, place: "page" };
}

async function started(open, message) {
  const side = open();
  await new Promise((resolve, reject) => {
    side.port.onmessage = ({ data }) => (data.kind === "ready" ? resolve() : reject(new Error(data.message)));
    side.port.onerror = (event) => {
      event.preventDefault();
      reject(new Error("the worker did not start"));
    };
    side.port.postMessage(message);
  }).catch((error) => {
    side.stop();
    throw error;
  });
  return side;
}

// The page's side: { states, place, read(tokens), lens(t), stop() }. `source` is the text of the module that this file is
// part of. `states[t]` holds the token at position t, the logits after it, and its attention; onchange tells of news.
export async function openModel({ description, bytes, source, onchange, onerror }) {
  const message = { kind: "load", description, bytes };
  const side = await (source ? started(() => inWorker(source), message).catch(() => started(onPage, message)) : started(onPage, message));
  const states = [];
  const lenses = new Map();
  let serial = 0;
  let reading = { id: 0, finish() {} };

  side.port.onmessage = ({ data }) => {
    if (data.kind === "kept") states.length = data.length;
    else if (data.kind === "position") states.push(data.state);
    else if (data.kind === "read" && data.id === reading.id) reading.finish(true);
    else if (data.kind === "lens") {
      lenses.get(data.id)(data.layers);
      lenses.delete(data.id);
    } else if (data.kind === "error") onerror(new Error(data.message));
    if (data.kind !== "lens") onchange();
  };
  const ask = (kind, values) => side.port.postMessage({ kind, id: (serial += 1), ...values });
  return {
    states,
    place: side.place,
    stop: side.stop,
    // A promise: true when all of these tokens are read, false when another request came before.
    read(tokens) {
      reading.finish(false);
      return new Promise((finish) => {
        reading = { id: serial + 1, finish };
        ask("read", { tokens });
      });
    },
    // A promise of the logits after each block at position t, or of null if that position is gone.
    lens: (t) =>
      new Promise((resolve) => {
        lenses.set(serial + 1, resolve);
        ask("lens", { t });
      }),
  };
}
