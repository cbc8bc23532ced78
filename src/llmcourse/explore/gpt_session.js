// What happens in the GPTPlayground, without its looks: the model is fetched, the text is read, tokens are chosen.

import { update } from "./shared.js";
import { draw, uniform } from "./ngram.js";
import { nextDistribution } from "./sampling.js";
import { createTokenizer } from "./bpe.js";
import { loadModel } from "./gpt_loader.js";
import { openModel } from "./gpt_worker.js";

const ON_PAGE = "This browser gives the page no worker, so the model computes on the page itself; while it does, the page may answer late.";
const ENDED = "The model wrote the mark between two texts: here this one ends. If it goes on, another begins.";

// The first of `count` tokens that a model with this context still sees. A full context lets go of a quarter at once,
// because what remains must be read again.
export function windowStart(count, context) {
  const quarter = context / 4;
  return count <= context ? 0 : Math.ceil((count - context) / quarter) * quarter;
}

// How surprising each token was, in bits; the first has no probability. Kept with the state, which does not change.
export function surprisesOf(states) {
  return states.map((state, t) => {
    if (t > 0 && state.bits === undefined) {
      const z = states[t - 1].logits;
      const peak = z.reduce((a, b) => Math.max(a, b), -Infinity);
      state.bits = (peak - z[state.token] + Math.log(z.reduce((total, x) => total + Math.exp(x - peak), 0))) / Math.LN2;
    }
    return t > 0 ? state.bits : null;
  });
}

// `model` holds the traits; onnews() is called when there is something new to show. The session says of itself:
//   tokenizer, ids, start   how the text is cut, its tokens, the first of them that the model sees; once it is loaded
//   states()                what the model has read of these tokens, from `start` on (gpt_worker.js)
//   share                   how much of the model has come, from 0 to 1, while it is loading; null otherwise
//   busy, writing           whether it reads, whether it writes
//   rate                    tokens per second when it last wrote several
//   failure, note           what went wrong; what the reader should know
export function createSession(model, onnews) {
  const get = (name) => model.get(name);
  const session = { ready: false, ids: [], start: 0, share: null, busy: false, writing: false, rate: 0, failure: "", note: "" };
  let engine = null;
  let gone = false;
  let settled = Promise.resolve(false); // true when all tokens are read, false when others were asked for

  function fail(text) {
    session.failure = text;
    onnews();
  }

  async function load() {
    if (session.share !== null || session.ready) return;
    Object.assign(session, { share: 0, failure: "" });
    onnews();
    try {
      const onprogress = (share) => {
        if (session.share === null) return; // a piece that comes after another one has failed
        session.share = share;
        onnews();
      };
      const found = await loadModel(model, get("asset"), onprogress);
      const source = model.source || get("_esm");
      const opened = await openModel({ ...found, source, onchange: onnews, onerror: (error) => fail(`The model has stopped: ${error.message}.`) });
      if (gone) return opened.stop();
      engine = opened;
      const { tokenizer, config } = found.description;
      Object.assign(session, { ready: true, tokenizer: createTokenizer(tokenizer), begin: tokenizer.begin, context: config.context });
      if (engine.place === "page") session.note = ON_PAGE;
      refresh();
    } catch (error) {
      if (!gone) fail(`The model could not be loaded: ${error.message}.`);
    }
    session.share = null;
    if (!gone) onnews();
  }

  // Read what stands there now: the mark at the beginning, the text, and what was written after it.
  function refresh() {
    if (!engine) return;
    session.ids = [session.begin, ...session.tokenizer.encode(get("text")), ...get("generated")];
    session.start = windowStart(session.ids.length, session.context);
    session.busy = true;
    settled = engine.read(session.ids.slice(session.start));
    settled.then((done) => {
      if (!done || gone) return;
      session.busy = false;
      onnews();
    });
    onnews();
  }

  // What was read before stays until the model has let go of it; here only what belongs to the present tokens counts.
  function states() {
    const known = engine ? engine.states.findIndex(({ token }, t) => token !== session.ids[session.start + t]) : 0;
    return engine ? engine.states.slice(0, known < 0 ? undefined : known) : [];
  }

  const add = (id) => update(model, { generated: [...get("generated"), id], position: -1 });

  // Write up to `count` tokens, each drawn from the distribution on display, until stop() or another text.
  async function write(count) {
    if (session.writing) return;
    Object.assign(session, { writing: true, note: "" });
    let [n, ready] = [0, await settled];
    const began = performance.now();
    while (ready && n < count && session.writing && !gone) {
      const settings = Object.fromEntries(["temperature", "top_k", "top_p"].map((name) => [name, get(name)]));
      const p = nextDistribution(Float64Array.from(engine.states.at(-1).logits), settings);
      const token = draw(p, uniform(get("seed"), get("generated").length));
      add(token);
      n += 1;
      ready = await settled;
      if (token !== session.begin) continue;
      session.note = ENDED;
      break;
    }
    if (n > 1) session.rate = (1000 * n) / (performance.now() - began);
    session.writing = false;
    onnews();
  }

  const stop = () => (session.writing = false);
  model.on("change:text change:generated", refresh);
  return Object.assign(session, {
    states,
    load,
    write,
    stop,
    add,
    lens: (t) => engine.lens(t),
    close() {
      gone = true;
      stop();
      model.off("change:text change:generated", refresh);
      if (engine) engine.stop();
    },
  });
}
