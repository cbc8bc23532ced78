"""Training a GPT-2 here and on transformers' class, in one run: tokens a second, and as a share of the matmul speed.

    python benchmarks/bench_training.py [--threads 2] [--rounds 5]

The same sizes, weights, batches, AdamW, clipping and precision. Theirs is the loop that nanoGPT made usual, around
``GPT2LMHeadModel``; ours is ``llmcourse.learning.train``. Rounds alternate, and ratios are taken within a round. Then
the course GPT's own configuration. A share is 6·N FLOP a token over the speed of a large matrix product, measured in
the same run. Asserts nothing.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import islice

import numpy as np
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from llmcourse.learning.recipe import Recipe
from llmcourse.learning.train import train
from llmcourse.transformer.decoder import Decoder
from llmcourse.transformer.gpt2 import GPT2, gpt2_weights
from llmcourse.transformer.llama import Llama
from llmcourse.transformer.presets import GPT2_SMALL
from llmcourse.transformer.saved import course_gpt

STEPS = 8
GPT2_SIZES = replace(GPT2_SMALL, vocab=1024, width=192, layers=4, heads=6, ffn_width=768, context=256)
COURSE_SIZES = course_gpt().config
RECIPE = Recipe(steps=10_000, batch=16, length=256, rate=1e-3, warmup=100)


def matmul_speed(dtype: torch.dtype, size: int = 1024) -> float:
    """FLOP a second of a square matrix product of this size, the best of five."""
    a, b = torch.randn(size, size, dtype=dtype), torch.randn(size, size, dtype=dtype)
    times = []
    for _ in range(6):
        start = time.perf_counter()
        for _ in range(10):
            a @ b
        times.append(time.perf_counter() - start)
    return 10 * 2 * size**3 / min(times)


def theirs() -> GPT2LMHeadModel:
    """transformers' GPT-2 of the same sizes, without dropout."""
    c = GPT2_SIZES
    config = GPT2Config(
        vocab_size=c.vocab,
        bos_token_id=0,
        eos_token_id=0,
        n_positions=c.context,
        n_embd=c.width,
        n_layer=c.layers,
        n_head=c.heads,
        n_inner=c.ffn_width,
    )
    config.resid_pdrop = config.embd_pdrop = config.attn_pdrop = 0.0
    return GPT2LMHeadModel(config).train()


def their_speed(model: GPT2LMHeadModel, tokens: np.ndarray, recipe: Recipe) -> float:
    """Tokens a second of a plain loop around their class: random windows, AdamW with decay groups, clipping."""
    decay = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": decay, "weight_decay": recipe.weight_decay}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=recipe.rate, betas=recipe.betas, fused=True)
    rng = np.random.default_rng(0)
    start = time.perf_counter()
    for step in range(STEPS + 1):
        if step == 1:  # the first warms up
            start = time.perf_counter()
        starts = rng.integers(len(tokens) - recipe.length - 1, size=recipe.batch)
        rows = torch.from_numpy(np.stack([tokens[s : s + recipe.length + 1] for s in starts]).astype(np.int64))
        with torch.autocast("cpu", torch.bfloat16, enabled=recipe.precision == "bfloat16"):
            logits = model(rows[:, :-1], use_cache=False).logits
        loss = torch.nn.functional.cross_entropy(logits.float().flatten(0, 1), rows[:, 1:].flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.clip or float("inf"))
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        loss.item()
    return STEPS * recipe.batch * recipe.length / (time.perf_counter() - start)


def our_speed(model: Decoder, tokens: np.ndarray, recipe: Recipe) -> float:
    """Tokens a second of ``train``, the first step left out."""
    records = list(islice(train(model, tokens, recipe), STEPS + 1))
    return STEPS * recipe.batch * recipe.length / (records[-1]["seconds"] - records[0]["seconds"])


def report(name: str, speeds: list[float], parameters: int, peak: float) -> None:
    """One line."""
    speed = statistics.median(speeds)
    print(f"  {name:<14} {speed:8.0f} tokens/s   {6 * parameters * speed / peak:5.0%} of the matmul speed")


def compare(recipe: Recipe, rounds: int, make: Callable[[], tuple[GPT2LMHeadModel, Decoder]]) -> None:
    """Alternate, and print both and the ratio."""
    tokens = np.random.default_rng(0).integers(0, GPT2_SIZES.vocab, 200_000).astype(np.uint16)
    dtype = torch.bfloat16 if recipe.precision == "bfloat16" else torch.float32
    peak = matmul_speed(dtype)
    their_model, our_model = make()
    pairs = [(their_speed(their_model, tokens, recipe), our_speed(our_model, tokens, recipe)) for _ in range(rounds)]
    ratios = sorted(b / a for a, b in pairs)
    print(f"GPT-2 of {our_model.parameter_count:,} parameters, {recipe.precision}; matmul {peak / 1e9:.0f} GFLOP/s")
    report("transformers", [a for a, _ in pairs], our_model.parameter_count, peak)
    report("llmcourse", [b for _, b in pairs], our_model.parameter_count, peak)
    print(f"  ratio          {statistics.median(ratios):.2f} × ({ratios[0]:.2f} to {ratios[-1]:.2f})")
    course = Llama(COURSE_SIZES).initialize(torch.Generator().manual_seed(0))
    report("course GPT", [our_speed(course, tokens, recipe) for _ in range(2)], course.parameter_count, peak)


def main() -> None:
    """Both precisions."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)

    def make() -> tuple[GPT2LMHeadModel, Decoder]:
        their_model, our_model = theirs(), GPT2(GPT2_SIZES)
        our_model.load_state_dict(gpt2_weights(dict(their_model.state_dict())))
        return their_model, our_model

    for precision in ("float32", "bfloat16"):
        compare(replace(RECIPE, precision=precision), options.rounds, make)


if __name__ == "__main__":
    main()
