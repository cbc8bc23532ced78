"""Measure what scaled rotary positions do to SmolLM2 before and beyond its window of 8,192 tokens.

    nice python tools/measure_context_extension.py

For each text and each scaling, the surprise of each of 12,288 tokens in a row, all tokens before it in view. As a
control, "sliding" reads only the newest 4,096 to 8,192 tokens: a window moved along instead of a longer one.
Page 5.3 draws chapters/05_position/context_extension.json, which holds the mean of each 256 tokens, in bits.

A measurement takes two to three minutes of one core; those that the file holds already are not repeated.
"""

import argparse
import json
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from llmcourse import data
from llmcourse.inference.reading import token_surprises
from llmcourse.language.bpe import Tokenizer
from llmcourse.transformer.checkpoint import load
from llmcourse.transformer.decoder import Decoder
from llmcourse.transformer.rope_scaling import linear, ntk, yarn

OUTPUT = Path(__file__).resolve().parents[1] / "chapters/05_position/context_extension.json"
WINDOW, LENGTH, BLOCK, FACTOR = 8192, 12_288, 256, 2
FIRST = 2048  # the tokens before it are title pages and licenses
TEXTS = ("lcet10.txt", "plrabn12.txt")
SCALINGS = {"none": None, "interpolation": linear(FACTOR), "NTK": ntk(FACTOR), "YaRN": yarn(FACTOR, WINDOW)}
ALL = (*SCALINGS, "sliding")


def passage(tokenizer: Tokenizer, name: str) -> list[int]:
    """The tokens that are measured: enough of the text for them, tokenized from its beginning."""
    text = data.read(name)[: 8 * (FIRST + LENGTH + 1)].replace("\r\n", "\n")
    return tokenizer.encode(text)[FIRST : FIRST + LENGTH + 1]


def surprises(model: Decoder, tokens: Sequence[int], how: str) -> torch.Tensor:
    """Bits for each token but the first; "sliding" only for those beyond the window."""
    if how == "sliding":
        return token_surprises(model, tokens[WINDOW // 2 :], skip=WINDOW // 2)
    config = replace(model.config, context=2 * WINDOW, rope_scaling=SCALINGS[how])
    return token_surprises(model.reconfigured(config), tokens)


def main() -> None:
    """Measure what is missing, and write the file after each measurement."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1, help="threads of torch")
    parser.add_argument("--texts", nargs="+", default=TEXTS)
    parser.add_argument("--scalings", nargs="+", default=ALL, choices=ALL)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    done = json.loads(options.output.read_text(encoding="utf-8")) if options.output.exists() else {}
    loaded = load("smollm2-135m")
    for name in options.texts:
        tokens = passage(loaded.tokenizer, name)
        for how in options.scalings:
            if how in done.get(name, {}):
                continue
            start = time.perf_counter()
            bits = surprises(loaded.model, tokens, how)
            means = [round(block.mean().item(), 4) for block in bits.split(BLOCK)]
            done.setdefault(name, {})[how] = means
            temporary = options.output.with_suffix(".part")
            temporary.write_text(json.dumps(done, indent=1) + "\n", encoding="utf-8")
            os.replace(temporary, options.output)
            print(f"{name} {how}: {bits.mean():.3f} bits a token, {time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
