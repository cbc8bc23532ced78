"""Our byte-level BPE beside the Rust of tokenizers and tiktoken: seconds, megabytes a second, ratios. Asserts nothing.

    python benchmarks/bench_bpe.py [--repeat N]

Training: 4,096 tokens from the King James text, one string for us; tokenizers gets it as one string and as lines, which
it spreads over its threads (the merges are the same), and is measured at the faster of the two. Encoding: that text and
a smaller one, by a tokenizer that has not encoded before, and once more by the same one. The numbers are medians, the
runs of the three libraries alternate, and each library runs with its default number of threads.
"""

import argparse
import gc
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import tiktoken
import tokenizers
from tiktoken_ext.openai_public import r50k_pat_str
from tokenizers import models, pre_tokenizers, trainers

from llmcourse import data
from llmcourse.language.bpe import Tokenizer

SIZE = 4096


def medians(repeat: int, **work: Callable[[], Any]) -> dict[str, float]:
    """Median seconds of each piece of work; they take turns, so that a busy moment does not hit one of them only."""
    seconds: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(repeat):
        for name, run in work.items():
            gc.collect()
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}


def their_training(texts: list[str]) -> tokenizers.Tokenizer:
    """tokenizers, trained on the texts."""
    tokenizer = tokenizers.Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=SIZE, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def train(text: str, repeat: int) -> tuple[Tokenizer, tokenizers.Tokenizer]:
    """Print how long training takes, and return both tokenizers."""
    lines = text.splitlines(keepends=True)
    took = medians(
        repeat,
        ours=lambda: Tokenizer.train(text, vocab_size=SIZE),
        string=lambda: their_training([text]),
        lines=lambda: their_training(lines),
    )
    best = min(took["string"], took["lines"])
    print(f"training {SIZE:,} tokens, {len(text):,} characters, {os.cpu_count()} processors")
    print(f"  llmcourse  {took['ours']:.2f} s")
    print(f"  tokenizers {took['string']:.2f} s (one string), {took['lines']:.2f} s (lines, in threads)")
    print(f"  ratio      {took['ours'] / best:.2f} × the time of tokenizers")
    return Tokenizer.train(text, vocab_size=SIZE), their_training([text])


def encode(name: str, ours: Tokenizer, theirs: tokenizers.Tokenizer, repeat: int) -> None:
    """Print how fast the text of that name is encoded."""
    text = data.read(name)
    ranks = {token: i for i, token in enumerate(ours.tokens)}
    openais = tiktoken.Encoding("ours", pat_str=r50k_pat_str, mergeable_ranks=ranks, special_tokens={})
    lines = text.splitlines(keepends=True)
    used = Tokenizer(ours.tokens, ours.merges)
    used.encode(text)
    took = medians(
        repeat,
        ours=lambda: Tokenizer(ours.tokens, ours.merges).encode(text),  # building it costs a few milliseconds
        again=lambda: used.encode(text),
        theirs=lambda: theirs.encode(text),
        batch=lambda: theirs.encode_batch(lines),
        openais=lambda: openais.encode_ordinary(text),
    )
    speed = {who: len(text.encode()) / 1e6 / seconds for who, seconds in took.items()}
    print(f"encoding {name}: {len(text):,} characters, {len(ours.encode(text)):,} tokens")
    print(f"  llmcourse  {speed['ours']:6.2f} MB/s, once more {speed['again']:.2f}")
    print(f"  tokenizers {speed['theirs']:6.2f} MB/s (one string), {speed['batch']:.2f} (lines, in threads)")
    print(f"  tiktoken   {speed['openais']:6.2f} MB/s")
    best = max(speed["theirs"], speed["batch"])
    print(f"  ratio      {speed['ours'] / best:.2f} × tokenizers, {speed['ours'] / speed['openais']:.2f} × tiktoken")


def main() -> None:
    """Run the comparisons."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=5, help="runs of each, of which the median counts")
    repeat = parser.parse_args().repeat
    ours, theirs = train(data.read("kjv"), repeat)
    for name in ("kjv", "alice29.txt"):
        encode(name, ours, theirs, repeat)


if __name__ == "__main__":
    main()
