// A small Llama, one token at a time: embedding, RMSNorm, rotary positions, causal attention with a cache, SwiGLU, and
// logits. Plain loops over Float32Arrays. The twin of llmcourse.transformer.decoder; the weights are those of gpt_weights.

// ---- weights ---------------------------------------------------------------------------------------------------------

// All matrices (by rows) and gains, by name, from the bytes that a description describes: ŵ = q · s.
export function unpackWeights({ matrices, gains }, bytes) {
  const weights = {};
  let at = matrices.reduce((total, [, rows, columns]) => total + rows * columns, 0);
  const floats = (count) => new Float32Array(bytes.buffer.slice(bytes.byteOffset + at, bytes.byteOffset + (at += 4 * count)));
  const scales = matrices.map(([, rows]) => floats(rows));
  for (const [name, size] of gains) weights[name] = floats(size);
  let place = 0;
  matrices.forEach(([name, rows, columns], index) => {
    const q = new Int8Array(bytes.buffer, bytes.byteOffset + place, rows * columns);
    const values = new Float32Array(q.length);
    for (let i = 0; i < q.length; i++) values[i] = q[i] * scales[index][Math.floor(i / columns)];
    weights[name] = values;
    place += q.length;
  });
  return weights;
}

// ---- the steps ---------------------------------------------------------------------------------------------------------

// out = W x, with W by rows. Four sums at a time, because one would wait for itself. Lengths are multiples of 4.
export function project(W, x, out) {
  const n = x.length;
  for (let row = 0, at = 0; row < out.length; row++, at += n) {
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let i = 0; i < n; i += 4) {
      a += W[at + i] * x[i];
      b += W[at + i + 1] * x[i + 1];
      c += W[at + i + 2] * x[i + 2];
      d += W[at + i + 3] * x[i + 3];
    }
    out[row] = a + b + (c + d);
  }
  return out;
}

// out = g ⊙ x / √(mean(x²) + ε)
export function rmsNorm(x, gain, eps, out) {
  let squares = 0;
  for (let i = 0; i < x.length; i++) squares += x[i] * x[i];
  const scale = 1 / Math.sqrt(squares / x.length + eps);
  for (let i = 0; i < x.length; i++) out[i] = gain[i] * x[i] * scale;
  return out;
}

// Turn each pair (a, b) of each head by its angle t · base^(−2i/K), in place.
export function turn(x, t, width, base) {
  for (let i = 0; i < x.length; i += 2) {
    const angle = t * base ** (-(i % width) / width);
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const [a, b] = [x[i], x[i + 1]];
    x[i] = a * cos - b * sin;
    x[i + 1] = a * sin + b * cos;
  }
}

const silu = (z) => z / (1 + Math.exp(-z));

// ---- the model -----------------------------------------------------------------------------------------------------------

// A model with a memory: append(token) reads one more token, truncate(length) forgets all from there on.
// What it has computed at position t can be asked for: logits(t), lens(t), attention(t).
export function createDecoder(config, weights) {
  const { vocab: V, width: D, layers: L, heads: H, ffn_width: F, context: C, norm_eps: eps, rope_base: base } = config;
  const K = D / H;
  const room = (size) => Array.from({ length: L }, () => new Float32Array(size));
  const [keys, values] = [room(C * D), room(C * D)];
  const seen = room((H * C * (C + 1)) / 2); // attention weights: by position, head, and key
  const stream = Array.from({ length: L + 1 }, () => new Float32Array(C * D)); // the residual stream before each block, and after
  const vector = (size) => new Float32Array(size);
  const [x, h, q, mixed, added, gate, up] = [vector(D), vector(D), vector(D), vector(D), vector(D), vector(F), vector(F)];
  const W = (layer, name) => weights[`blocks.${layer}.${name}.weight`];
  let length = 0;

  // softmax(q·k / √K) over the keys 0 … t of one head, then the mean of the values under these weights.
  function attend(layer, head, t) {
    const place = (H * t * (t + 1)) / 2 + head * (t + 1);
    const A = seen[layer].subarray(place, place + t + 1);
    const [k, v, first] = [keys[layer], values[layer], head * K];
    let peak = -Infinity;
    for (let s = 0; s <= t; s++) {
      let score = 0;
      for (let i = 0; i < K; i++) score += q[first + i] * k[s * D + first + i];
      A[s] = score / Math.sqrt(K);
      peak = Math.max(peak, A[s]);
    }
    let total = 0;
    for (let s = 0; s <= t; s++) total += A[s] = Math.exp(A[s] - peak);
    mixed.fill(0, first, first + K);
    for (let s = 0; s <= t; s++) {
      A[s] /= total;
      for (let i = 0; i < K; i++) mixed[first + i] += A[s] * v[s * D + first + i];
    }
  }

  function block(layer, t) {
    rmsNorm(x, W(layer, "attention_norm"), eps, h);
    project(W(layer, "attention.to_q"), h, q);
    const k = project(W(layer, "attention.to_k"), h, keys[layer].subarray(t * D, (t + 1) * D));
    project(W(layer, "attention.to_v"), h, values[layer].subarray(t * D, (t + 1) * D));
    turn(q, t, K, base);
    turn(k, t, K, base);
    for (let head = 0; head < H; head++) attend(layer, head, t);
    project(W(layer, "attention.to_out"), mixed, added);
    for (let i = 0; i < D; i++) x[i] += added[i];

    rmsNorm(x, W(layer, "ffn_norm"), eps, h);
    project(W(layer, "ffn.gate"), h, gate);
    project(W(layer, "ffn.up"), h, up);
    for (let i = 0; i < F; i++) gate[i] = silu(gate[i]) * up[i];
    project(W(layer, "ffn.down"), gate, added);
    for (let i = 0; i < D; i++) x[i] += added[i];
  }

  function append(token) {
    if (length === C) throw new Error(`the context of ${C} tokens is full`);
    const t = length;
    x.set(weights["embed.weight"].subarray(token * D, (token + 1) * D));
    for (let layer = 0; layer < L; layer++) {
      stream[layer].set(x, t * D);
      block(layer, t);
    }
    stream[L].set(x, t * D);
    length += 1;
  }

  // What the model's last step makes of the stream before block `layer`; after the last block these are the logits.
  function unembed(t, layer) {
    rmsNorm(stream[layer].subarray(t * D, (t + 1) * D), weights["final_norm.weight"], eps, h);
    return project(weights["embed.weight"], h, vector(V));
  }

  return {
    append,
    logits: (t) => unembed(t, L),
    lens: (t) => stream.map((_, layer) => unembed(t, layer)), // before each block, and after the last
    // The weights of position t: layer by layer, head by head, the keys 0 … t.
    attention(t) {
      const [start, size] = [(H * t * (t + 1)) / 2, H * (t + 1)];
      const all = vector(L * size);
      for (let layer = 0; layer < L; layer++) all.set(seen[layer].subarray(start, start + size), layer * size);
      return all;
    },
    length: () => length,
    truncate: (size) => (length = Math.min(length, size)),
  };
}
