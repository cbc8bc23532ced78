// Text to tokens and back, byte-level BPE with GPT-2's rule. The twin of llmcourse.language.bpe and pretokenize.

// A space is White_Space and not \s, which JavaScript and Unicode define differently. `since`: letters and numbers that
// Unicode has added after the tokenizer was made, as hexadecimal ranges; they are cut like signs.
export function cuttingRule(since) {
  const newer = `[${since.map((range) => range.split("-").map((code) => `\\u{${code}}`).join("-")).join("")}]`;
  const [letter, number] = [`(?:(?!${newer})\\p{L})`, `(?:(?!${newer})\\p{N})`];
  const space = "\\p{White_Space}";
  const sign = `(?:${newer}|[^${space}\\p{L}\\p{N}])`;
  const rules = [
    "'(?:[sdmt]|ll|ve|re)", // an English ending with its apostrophe
    ` ?${letter}+`, // letters, with the one space before them
    ` ?${number}+`, // numbers, likewise
    ` ?${sign}+`, // signs, likewise
    `${space}+(?!(?!${space})[^])`, // blanks, without the last one if something follows
    `${space}+`, // other blanks
  ];
  return new RegExp(rules.join("|"), "gu");
}

// The bytes that GPT-2's letters stand for: the printable ones of Latin-1 are themselves, the others follow from Ā on.
function byteOfLetter() {
  const printable = (byte) => (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
  const bytes = [...Array(256).keys()];
  const others = bytes.filter((byte) => !printable(byte));
  const entry = (byte) => [String.fromCodePoint(printable(byte) ? byte : 256 + others.indexOf(byte)), byte];
  return new Map(bytes.map(entry));
}

// The tokens of one piece: as long as two neighbors are a known pair, the pair that was learned first is merged, from
// left to right. `made` maps left · size + right to the merged id; ids grow in the order of learning.
function mergePiece(ids, made, size) {
  for (;;) {
    let first = Infinity;
    for (let i = 1; i < ids.length; i++) first = Math.min(first, made.get(ids[i - 1] * size + ids[i]) ?? Infinity);
    if (first === Infinity) return ids;
    const merged = [];
    for (const id of ids) {
      if (merged.length && made.get(merged.at(-1) * size + id) === first) merged[merged.length - 1] = first;
      else merged.push(id);
    }
    ids = merged;
  }
}

// { size, texts, encode(text), bytesOf(ids), decode(ids) } from the tokenizer part of a description (gpt_weights.py).
export function createTokenizer({ letters, texts, merges, special, since }) {
  const rule = cuttingRule(since);
  const alphabet = byteOfLetter();
  const utf8 = new TextEncoder();
  const names = new Map(Object.entries(special).map(([name, id]) => [id, utf8.encode(name)]));
  const tokens = letters.map((word, id) => names.get(id) || Uint8Array.from(word, (letter) => alphabet.get(letter)));
  const size = tokens.length;
  const idOfByte = new Map(tokens.flatMap((bytes, id) => (bytes.length === 1 && !names.has(id) ? [[bytes[0], id]] : [])));
  const made = new Map(merges.map(([left, right, id]) => [left * size + right, id]));
  const remembered = new Map(); // most of a text is words that have come before

  function encodePiece(piece) {
    if (!remembered.has(piece)) {
      if (remembered.size >= 20000) remembered.clear();
      remembered.set(piece, mergePiece(Array.from(utf8.encode(piece), (byte) => idOfByte.get(byte)), made, size));
    }
    return remembered.get(piece);
  }
  const bytesOf = (ids) => Uint8Array.from(ids.flatMap((id) => Array.from(tokens[id])));
  return {
    size,
    texts,
    bytesOf,
    // Names of special tokens are text like any other; a lone surrogate, which UTF-8 cannot spell, becomes U+FFFD.
    encode: (text) => (text.match(rule) || []).flatMap(encodePiece),
    // Bytes that are not UTF-8 become U+FFFD.
    decode: (ids) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytesOf(ids)),
  };
}
