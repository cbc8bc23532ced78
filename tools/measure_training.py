"""Measure what page 9.4 reports and is too slow for a page: python tools/measure_training.py [PART ...]

It writes chapters/09_training_at_scale/04_train_a_gpt.json. Parts (all if none is named), and minutes on one core:
    births     1   the first losses of sixteen models that have learned nothing
    documents  2   each text's held-out bits: the course GPT, the n-gram model and the packers; and its training text's
    copies     2   how many words in a row stand in the training text, in samples and in text that was held out
    rates      3   the page's small model at six rates, with and without warm-up, three seeds each
    leak       3   the same model with some of the test text among what it learns from, 0 to 64 times, three seeds each
"""

import dataclasses
import itertools
import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

from llmcourse.evaluation.copying import copied_runs
from llmcourse.evaluation.likelihood import sliding_surprises
from llmcourse.inference.generate import generate
from llmcourse.inference.writer import chooser
from llmcourse.language.ngram import NGramModel
from llmcourse.learning.batches import Windows
from llmcourse.learning.corpus import END, TEXTS, Corpus, course_corpus, packed, repeated_share
from llmcourse.learning.recipe import Recipe
from llmcourse.learning.train import held_out_loss, next_token_loss, train
from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.llama import Llama
from llmcourse.transformer.saved import course_gpt
from train_course_gpt import PACKERS, compressed_bits, documents_of

RESULTS = Path(__file__).parents[1] / "chapters/09_training_at_scale/04_train_a_gpt.json"
COMMAND = "python tools/measure_training.py"
ORDER = 6  # the longest that NGramModel has, and of 3 to 6 the best on the validation text
SMALL = ModelConfig(vocab=256, width=64, layers=2, heads=4, ffn_width=172, context=64, tied=True)
RECIPE = Recipe(steps=600, batch=8, length=64, rate=3e-3, warmup=50, final=0.02)  # both as on the page
SEEDS = (0, 1, 2)


def births() -> list[float]:
    """The loss of the course GPT on the page's batch before its first step, for sixteen seeds, in nats per token."""
    saved = course_gpt()
    row = np.array(packed(saved.tokenizer, course_corpus().validation))
    batch = torch.from_numpy(Windows(row, saved.config.context, 16, seed=0).of_step(0))
    found = []
    for seed in range(16):
        model = Llama(saved.config).initialize(torch.Generator().manual_seed(seed))
        with torch.no_grad():
            found.append(round(next_token_loss(model(batch[:, :-1]), batch[:, 1:]).item(), 5))
    return found


def documents() -> dict[str, Any]:
    """Bits and bytes of each held-out document; bits per byte of the packers behind all of the training text."""
    corpus, saved = course_corpus(), course_gpt()
    ngram = NGramModel.fit(corpus.training_text, order=ORDER, unit="bytes")

    def bits(text: str) -> dict[str, Any]:
        ((tokens, size),) = documents_of(saved.tokenizer, (text,))
        surprise = sliding_surprises(saved.model, tokens, stride=saved.config.context // 2).double().sum().item()
        return {"bytes": size, "course GPT": round(surprise / math.log(2), 1)}

    rows = []
    for name in TEXTS:
        own = course_corpus([name])
        behind = Corpus(corpus.train, (), own.test)
        rows.append(
            {
                "text": name,
                "repeated": round(repeated_share(" ".join(own.test), corpus.training_text), 5),
                "test": [
                    bits(text) | {"n-gram": round(-ngram.log_probabilities(text).sum() / math.log(2), 1)}
                    for text in own.test
                ],
                "packers": {name: round(compressed_bits(pack, behind), 4) for name, (_, pack) in PACKERS.items()},
                # as much of what it was trained on, from the beginning of a document
                "training": bits(max(own.train, key=len)[: sum(map(len, own.test))]),
            }
        )
    validation = Corpus(corpus.train, (), corpus.validation)
    levels = {name: round(compressed_bits(pack, validation), 4) for name, (_, pack) in PACKERS.items()}
    total = -sum(ngram.log_probabilities(text).sum() for text in corpus.validation) / math.log(2)
    levels["n-gram"] = round(total / sum(len(text.encode()) for text in corpus.validation), 4)
    return {"rows": rows, "validation": levels}


def copies() -> dict[str, Any]:
    """The longest copied run of each sample of 200 tokens, by temperature; and of as long pieces of the test text."""
    corpus, saved = course_corpus(), course_gpt()
    rng = np.random.default_rng(0)
    texts: dict[str, list[str]] = {}
    for temperature in (0.5, 0.8, 1.0):
        draw = chooser(temperature=temperature, rng=rng)
        start = [saved.tokenizer.special[END]]
        texts[str(temperature)] = [
            saved.tokenizer.decode(list(generate(saved.model, start, choose=draw, max_new=200))).replace(END, " ")
            for _ in range(40)
        ]
    size = round(np.mean([len(text.split()) for text in texts["1.0"]]))
    held_out = " ".join(corpus.test).split()
    texts["held out"] = [" ".join(held_out[i : i + size]) for i in range(0, len(held_out) - size + 1, size)]
    found: dict[str, Any] = {"words": size}
    for name, several in texts.items():
        longest = [int(runs.max()) for runs in copied_runs(several, corpus.training_text)]
        at = int(np.argmax(longest))
        end = int(copied_runs([several[at]], corpus.training_text)[0].argmax()) + 1
        quoted = " ".join(several[at].split()[end - longest[at] : end])
        found[name] = {"longest": longest, "record": quoted}
    return found


def small_run(train_bytes: np.ndarray, recipe: Recipe) -> tuple[Llama, list[float]]:
    """The page's small model after its training, and its losses."""
    std = 0.5 / math.sqrt(SMALL.width)
    model = Llama(SMALL).initialize(torch.Generator().manual_seed(recipe.seed), std=std)
    return model, [record["loss"] for record in train(model, train_bytes, recipe)]


def milton() -> dict[str, np.ndarray]:
    """The bytes of the three parts of Paradise Lost."""
    corpus = course_corpus(["plrabn12.txt"])
    texts = {"train": corpus.training_text, "validation": "".join(corpus.validation), "test": "".join(corpus.test)}
    return {part: np.frombuffer(text.encode(), np.uint8) for part, text in texts.items()}


def rates() -> list[dict[str, Any]]:
    """Final validation loss and the worst step of 300, in nats per byte."""
    parts, found = milton(), []
    for rate, warmup, seed in itertools.product((1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 1.0), (0, 30), SEEDS):
        recipe = dataclasses.replace(RECIPE, steps=300, rate=rate, warmup=warmup, seed=seed)
        model, losses = small_run(parts["train"], recipe)
        loss = held_out_loss(model, parts["validation"], length=SMALL.context)
        found.append(
            {"rate": rate, "warmup": warmup, "seed": seed, "loss": round(loss, 4), "worst": round(max(losses), 3)}
        )
    return found


def leak() -> list[dict[str, Any]]:
    """Losses on the 6,000 bytes that leaked and on the validation text, which did not, in nats per byte."""
    parts, found = milton(), []
    leaked = parts["test"][:6000]
    for copied, seed in itertools.product((0, 4, 16, 64), SEEDS):
        learned = np.concatenate([parts["train"], *[leaked] * copied])
        model, _ = small_run(learned, dataclasses.replace(RECIPE, seed=seed))
        losses = {"test": leaked, "validation": parts["validation"]}
        row = {name: round(held_out_loss(model, text, length=SMALL.context), 4) for name, text in losses.items()}
        found.append({"copies": copied, "seed": seed, **row})
    return found


PARTS = {"births": births, "documents": documents, "copies": copies, "rates": rates, "leak": leak}


def main() -> None:
    """Measure the parts and put them into the file beside those that it has."""
    chosen = sys.argv[1:] or list(PARTS)
    if unknown := set(chosen) - set(PARTS):
        raise SystemExit(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    torch.set_num_threads(1)  # the sums, and with them the losses, are then the same on any number of cores
    for part in chosen:
        found = PARTS[part]()
        results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"command": COMMAND}
        results[part] = found
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        print(part, "done", flush=True)


if __name__ == "__main__":
    main()
