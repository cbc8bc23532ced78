"""Measure what scaled rotary positions do to SmolLM2 before and beyond its trained window of 8,192 tokens.

    nice python tools/measure_context_extension.py

For each text and each scaling, the surprise of each of 12,288 tokens in a row, all tokens before it in view. As a
control, "sliding" reads only the newest 4,096 to 8,192 tokens: a window moved along instead of a longer one.
Page 5.3 draws chapters/05_position/context_extension.json, which holds the mean of each 256 tokens, in bits.

A measurement takes two minutes of one core; those that the file holds already are not repeated. Attention is computed
by torch's fused kernel, 2.6 times faster than ours for texts so long; that both agree is checked first.
"""

import argparse
import json
import os
import time
import types
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as F

from llmcourse import data
from llmcourse.inference.reading import token_surprises
from llmcourse.transformer.attention import SelfAttention, causal_mask, merge_heads, split_heads
from llmcourse.transformer.checkpoint import load
from llmcourse.transformer.decoder import Decoder
from llmcourse.transformer.rope_scaling import linear, ntk, yarn
from llmcourse.transformer.rotary import turn

OUTPUT = Path(__file__).resolve().parents[1] / "chapters/05_position/context_extension.json"
WINDOW, LENGTH, BLOCK, FACTOR = 8192, 12_288, 256, 2
FIRST = 2048  # the tokens before it are title pages and licenses
TEXTS = ("lcet10.txt", "plrabn12.txt", "kjv")
SCALINGS = {"none": None, "interpolation": linear(FACTOR), "NTK": ntk(FACTOR), "YaRN": yarn(FACTOR, WINDOW)}


def passage(tokenizer, name: str) -> list[int]:
    """The tokens that are measured: enough of the text for them, tokenized from its beginning."""
    text = data.read(name)[: 8 * (FIRST + LENGTH + 1)].replace("\r\n", "\n")
    return tokenizer.encode(text)[FIRST : FIRST + LENGTH + 1]


def fused(self: SelfAttention, x: torch.Tensor, *, rotation, mask=None, cache, record=None) -> torch.Tensor:
    """What ``SelfAttention.forward`` computes, by torch's kernel."""
    c = self.config
    q, k, v = (
        split_heads(self.to_q(x), c.heads),
        split_heads(self.to_k(x), c.groups),
        split_heads(self.to_v(x), c.groups),
    )
    k, v = cache.extend(turn(k, rotation, pairs=c.rope_pairs), v)
    visible = causal_mask(x.shape[1], k.shape[2])
    q = turn(q, rotation, pairs=c.rope_pairs)
    mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=visible, enable_gqa=True)
    return self.to_out(merge_heads(mixed))


def with_fused_attention(model: Decoder) -> Decoder:
    """The model, changed for speed."""
    for block in model.blocks:
        block.attention.forward = types.MethodType(fused, block.attention)
    return model


def surprises(model: Decoder, tokens: Sequence[int], how: str) -> torch.Tensor:
    """Bits for each token but the first; "sliding" only for those beyond the trained window."""
    if how == "sliding":
        return token_surprises(model, tokens[WINDOW // 2 :], skip=WINDOW // 2)
    config = replace(model.config, context=2 * WINDOW, rope_scaling=SCALINGS[how])
    return token_surprises(with_fused_attention(model.reconfigured(config)), tokens)


def main() -> None:
    """Measure what is missing, and write the file after each measurement."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1, help="threads of torch")
    torch.set_num_threads(parser.parse_args().threads)
    done = json.loads(OUTPUT.read_text(encoding="utf-8")) if OUTPUT.exists() else {}
    loaded = load("smollm2-135m")
    beginning = passage(loaded.tokenizer, TEXTS[0])[:600]
    ours = token_surprises(loaded.model, beginning)
    with_fused_attention(loaded.model)
    torch.testing.assert_close(token_surprises(loaded.model, beginning), ours, atol=1e-3, rtol=0)
    for name in TEXTS:
        tokens = passage(loaded.tokenizer, name)
        for how in (*SCALINGS, "sliding"):
            if how in done.get(name, {}):
                continue
            start = time.perf_counter()
            bits = surprises(loaded.model, tokens, how)
            means = [round(block.mean().item(), 4) for block in bits.split(BLOCK)]
            done.setdefault(name, {})[how] = means
            temporary = OUTPUT.with_suffix(".part")
            temporary.write_text(json.dumps(done, indent=1) + "\n", encoding="utf-8")
            os.replace(temporary, OUTPUT)
            print(f"{name} {how}: {bits.mean():.3f} bits a token, {time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
