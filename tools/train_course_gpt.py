"""Train the course's GPT and write src/llmcourse/models/course_gpt.safetensors with its card, also as course_gpt.md.

    python tools/train_course_gpt.py [--folder FOLDER]

About an hour on one core. It goes on from the checkpoint in FOLDER if it was stopped. The peak of the rate is a value
between 0.0015 and 0.003, the two better of the three tried in runs of 200 steps (the third was 0.008; 0.0015 was the
best of the three at step 100). The test text is read once, at the end, beside other predictors of text.
"""

import argparse
import bz2
import gzip
import lzma
import math
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from llmcourse.evaluation.likelihood import bits_per_byte
from llmcourse.language.bpe import Tokenizer
from llmcourse.language.ngram import MAX_ORDER, NGramModel
from llmcourse.learning.batches import open_tokens, write_tokens
from llmcourse.learning.corpus import END, TEXTS, Corpus, course_corpus, packed
from llmcourse.learning.metrics import read_metrics
from llmcourse.learning.recipe import Recipe
from llmcourse.learning.train import train
from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.decoder import Decoder
from llmcourse.transformer.llama import Llama
from llmcourse.transformer.saved import COURSE_GPT, load_saved, save_model

CONFIG = ModelConfig(vocab=1024, width=192, layers=4, heads=6, ffn_width=512, context=256, tied=True)
RECIPE = Recipe(
    steps=4200,
    batch=16,
    length=256,
    rate=2e-3,
    warmup=100,
    schedule="cosine",
    final=0.02,
    weight_decay=0.3,  # more than usual, since the text is read ten times
    precision="bfloat16",
)
PACKERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {  # weakest first: the level as one asks for it, the packing
    "gzip": ("-9", lambda b: gzip.compress(b, 9, mtime=0)),
    "bzip2": ("-9", lambda b: bz2.compress(b, 9)),
    "xz": ("-9e", lambda b: lzma.compress(b, preset=9 | lzma.PRESET_EXTREME)),
}
SHOWN = 50  # one record of the loss in so many goes into the card


def tokenizer_and_tokens(corpus: Corpus, folder: Path) -> tuple[Tokenizer, dict[str, np.ndarray]]:
    """The tokenizer that BPE learns from the training text, and the token files of the first two parts."""
    tokenizer = Tokenizer.train(corpus.training_text, vocab_size=CONFIG.vocab, special=(END,))
    folder.mkdir(parents=True, exist_ok=True)
    tokens = {}
    for part in ("train", "validation"):
        path = folder / f"{part}.npy"
        write_tokens(path, packed(tokenizer, getattr(corpus, part)), vocab=CONFIG.vocab)
        tokens[part] = open_tokens(path, vocab=CONFIG.vocab)
    return tokenizer, tokens


def run(model: Decoder, tokens: dict[str, np.ndarray], folder: Path) -> None:
    """The training, with its progress in one line."""
    progress = tqdm(total=RECIPE.tokens, unit="token", unit_scale=True)
    for record in train(
        model, tokens["train"], RECIPE, held_out=tokens["validation"], evaluate_every=200, folder=folder, resume=True
    ):
        progress.update(record["tokens"] - progress.n)
        if "held_out" in record:
            progress.set_postfix_str(f"loss {record['loss']:.3f}, held out {record['held_out']:.3f}")
    progress.close()


def documents_of(tokenizer: Tokenizer, texts: tuple[str, ...]) -> list[tuple[list[int], int]]:
    """Tokens, from the end-of-text token on, and bytes of each document."""
    return [(packed(tokenizer, [text]), len(text.encode())) for text in texts]


def compressed_bits(pack: Callable[[bytes], bytes], corpus: Corpus) -> float:
    """Bits per byte of the test text behind the training text: what it adds to the size of the packed file."""
    before, after = corpus.training_text.encode(), "".join(corpus.test).encode()
    return 8 * (len(pack(before + after)) - len(pack(before))) / len(after)


def best_ngram(corpus: Corpus) -> tuple[int, float]:
    """The order that predicts the validation text best, and its bits per byte on the test documents."""
    models = {n: NGramModel.fit(corpus.training_text, order=n, unit="bytes") for n in range(3, MAX_ORDER + 1)}

    def bits(order: int, texts: tuple[str, ...]) -> float:
        total = -sum(models[order].log_probabilities(text).sum() for text in texts)
        return float(total) / math.log(2) / sum(len(text.encode()) for text in texts)

    best = min(models, key=lambda n: bits(n, corpus.validation))
    return best, bits(best, corpus.test)


def card_of(model: Decoder, tokenizer: Tokenizer, corpus: Corpus, folder: Path) -> dict[str, Any]:
    """What the model was trained on and how, its losses, and its test beside other predictors of the same text."""
    records = read_metrics(folder)
    order, ngram = best_ngram(corpus)
    test, error = bits_per_byte(model, documents_of(tokenizer, corpus.test), stride=CONFIG.context // 2)
    by_text = {
        name: bits_per_byte(model, documents_of(tokenizer, course_corpus([name]).test), stride=CONFIG.context // 2)[0]
        for name in TEXTS
    }
    return {
        "command": "python tools/train_course_gpt.py",
        "data": list(TEXTS),
        "bytes": {p: sum(len(t.encode()) for t in getattr(corpus, p)) for p in ("train", "validation", "test")},
        "recipe": RECIPE.as_json(),
        "torch": torch.__version__,
        "machine": f"{platform.machine()}, {torch.get_num_threads()} thread",
        "curve": [[r["tokens"], round(r["loss"], 4)] for r in records[::SHOWN]],
        "validation": [[r["tokens"], round(r["held_out"], 4)] for r in records if "held_out" in r],
        "test_bits_per_byte": {
            "course GPT": round(test, 4),
            "standard error": round(error, 4),
            f"n-gram, order {order}": round(ngram, 4),
            **{
                f"{name} {level}": round(compressed_bits(pack, corpus), 4)
                for name, (level, pack) in reversed(PACKERS.items())
            },
        },
        "test_by_text": {name: round(bits, 4) for name, bits in by_text.items()},
        "cannot": (
            "It knows 5 MB: four old books and a workshop on electronic texts of 1992. Of facts it has only what these "
            "repeat, and nobody taught it to answer questions. It sees 256 tokens, some 700 letters, and forgets what "
            "stands before them. Most of the verses that it writes are invented in the style of what it read; now and "
            "then one is a quotation."
        ),
    }


def card_text(card: dict[str, Any], model: Decoder) -> str:
    """The card for people."""
    tests = card["test_bits_per_byte"]
    error = tests["standard error"]
    rows = [f"| {name} | {bits:.3f} |" for name, bits in tests.items() if name != "standard error"]
    curve = [f"| {seen / 1e6:.1f} | {loss:.3f} |" for seen, loss in card["validation"][::3]]
    return "\n".join(
        [
            "# The course GPT",
            "",
            f"A Llama of {model.parameter_count:,} parameters ({model.config.layers} layers of width "
            f"{model.config.width}, {model.config.heads} heads, {model.config.vocab:,} tokens, a context of "
            f"{model.config.context}), trained from scratch by this repository's own code.",
            "",
            f"Made by: `{card['command']}` ({card['machine']}, torch {card['torch']}).",
            "",
            f"**Data.** {', '.join(card['data'])}: {card['bytes']['train']:,} bytes to learn from, "
            f"{card['bytes']['validation']:,} for validation, {card['bytes']['test']:,} for the test. All of it is in "
            "the public domain or freely distributed; `llmcourse.catalog` names the sources.",
            "",
            "**Recipe.** " + ", ".join(f"{name} {value}" for name, value in card["recipe"].items()) + ".",
            "",
            f"**Test.** Bits per byte of text that none of them had seen (± {error:.3f} is the course GPT's standard "
            "error over ten stretches of text; the packers had the training text before it):",
            "",
            "| predictor | bits per byte |",
            "|---|---|",
            *rows,
            "",
            "**Validation loss** while it was trained:",
            "",
            "| million tokens read | nats per token |",
            "|---|---|",
            *curve,
            "",
            f"**What it cannot do.** {card['cannot']}",
            "",
        ]
    )


def main() -> None:
    """Train, test, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path("_build/course_gpt"), help="for tokens and checkpoints")
    folder = parser.parse_args().folder
    torch.set_num_threads(1)  # so that the sums, and with them the losses, are the same on any number of cores
    corpus = course_corpus()
    tokenizer, tokens = tokenizer_and_tokens(corpus, folder)
    model = Llama(CONFIG).initialize(torch.Generator().manual_seed(RECIPE.seed))
    run(model, tokens, folder)
    COURSE_GPT.parent.mkdir(exist_ok=True)
    save_model(COURSE_GPT, model, tokenizer, {}, dtype=torch.float16)
    stored = load_saved(COURSE_GPT).model  # what is tested is what is shipped, half precision and all
    save_model(COURSE_GPT, model, tokenizer, card_of(stored, tokenizer, corpus, folder), dtype=torch.float16)
    card = load_saved(COURSE_GPT).card
    COURSE_GPT.with_suffix(".md").write_text(card_text(card, stored), encoding="utf-8")
    for name, bits in card["test_bits_per_byte"].items():
        print(f"{name:<20} {bits:.3f}")


if __name__ == "__main__":
    main()
