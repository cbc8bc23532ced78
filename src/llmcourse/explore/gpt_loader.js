// Bringing the weights of a small GPT to where they are needed, and nothing before they are asked for: on the site piece
// by piece from data/, the same on a page opened as a file; in a notebook from Python. What arrives is checked by its sum.

export function adler32(bytes) {
  let [a, b] = [1, 0];
  for (let start = 0; start < bytes.length; start += 4096) {
    for (const byte of bytes.subarray(start, start + 4096)) b += a += byte;
    [a, b] = [a % 65521, b % 65521];
  }
  return b * 65536 + a;
}

function together(parts) {
  const bytes = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

async function fromSite(load, asset, onprogress) {
  const description = await load(asset);
  let done = 0;
  const piece = async (_, i) => {
    const text = await load(`${asset}_${i}`);
    onprogress((done += 1) / description.parts);
    return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  };
  return { description, bytes: together(await Promise.all(Array.from({ length: description.parts }, piece))) };
}

const PATIENCE = 20000; // milliseconds

function fromPython(model) {
  return new Promise((resolve, reject) => {
    const give = (settle, value) => {
      clearTimeout(timer);
      model.off("msg:custom", take);
      settle(value);
    };
    const take = ({ kind, description }, [view]) => {
      if (kind === "weights") give(resolve, { description, bytes: new Uint8Array(view.buffer, view.byteOffset, view.byteLength) });
    };
    const timer = setTimeout(() => give(reject, new Error("Python did not answer; run this cell again")), PATIENCE);
    model.on("msg:custom", take);
    model.send({ kind: "load" });
  });
}

// { description, bytes } of the model that is stored under the name `asset`; gpt_weights.py says what they hold.
// onprogress(share) is called as the pieces come in.
export async function loadModel(model, asset, onprogress) {
  if (model.load && !asset) throw new Error("this model is not among the files of the site; it runs in a notebook");
  const found = await (model.load ? fromSite(model.load, asset, onprogress) : fromPython(model));
  const { description, bytes } = found;
  if (bytes.length !== description.bytes || adler32(bytes) !== description.sum) {
    throw new Error("its pieces do not fit together, perhaps because some are of an older version; reload this page");
  }
  return found;
}
