"""Measure what page 11.1 reports and is too slow for a page: python tools/measure_perplexity.py [PART ...]

It writes chapters/11_evaluation/01_perplexity.json. The texts are the beginnings of the ten test documents of
``course_corpus``, two of each of five books, up to a line end near ``BYTES``. Minutes on one core:
    counting   1   the surprise of each text under n-gram models of bytes and of words
    reading    1   the surprise of each text under the course GPT and under SmolLM2-135M-Instruct
    windows    1   SmolLM2 with shorter contexts, with overlap and without, on the beginnings of five texts
    starts     8   SmolLM2 on 80 passages of 500 bytes, four from each document kept for validation and test: what
                   stands before the first token
"""

import json
import math
import sys
from pathlib import Path
from typing import Any

import torch

from llmcourse.evaluation.likelihood import sliding_surprises
from llmcourse.files import replacing
from llmcourse.language.ngram import NGramModel, Vocabulary
from llmcourse.language.vocabulary import tokenize
from llmcourse.learning.corpus import END, TEXTS, course_corpus, packed
from llmcourse.transformer.checkpoint import load
from llmcourse.transformer.saved import course_gpt

RESULTS = Path(__file__).parents[1] / "chapters/11_evaluation/01_perplexity.json"
COMMAND = "python tools/measure_perplexity.py"
BYTES, SHORT, FIRST = 2500, 1200, 500
PLACES = 4  # passages of one document
UNKNOWN = "<unk>"
CONTEXT = 512  # of SmolLM2's 8,192: reading costs a step of each window


def beginning(text: str, size: int) -> str:
    """The lines of the text that end within ``size`` characters (all are ASCII: bytes)."""
    return text[: text.rfind("\n", 0, size) + 1]


def texts(size: int) -> list[tuple[str, str]]:
    """Name of the book and beginning of the document, in the order of the corpus."""
    return [(name, beginning(text, size)) for name in TEXTS for text in course_corpus([name]).test]


def counting() -> list[dict[str, Any]]:
    """Nats of each text under both n-gram models; of words, the unknown ones are spelled in bytes of 8 bits."""
    learned = course_corpus().training_text
    by_bytes = NGramModel.fit(learned, order=6, unit="bytes")
    vocabulary = Vocabulary.from_text(learned, unit="words", minimum_count=2, unknown=UNKNOWN)
    by_words = NGramModel.fit(learned, order=2, unit="words", vocabulary=vocabulary)
    known, rows = set(vocabulary.tokens), []
    for name, text in texts(BYTES):
        words = tokenize(text, "words")
        unknown = [word for word in words if word not in known]
        rows.append(
            {
                "text": name,
                "bytes": len(text.encode()),
                "words": len(text.split()),
                "byte n-gram": {
                    "tokens": len(text.encode()),
                    "nats": round(-float(by_bytes.log_probabilities(text).sum()), 2),
                },
                "word n-gram": {
                    "tokens": len(words),
                    "nats": round(-float(by_words.log_probabilities(text).sum()), 2),
                    "unknown": len(unknown),
                    "spelling": round(sum(len(word.encode()) + 1 for word in unknown) * math.log(256), 2),
                },
            }
        )
    return rows


def reading() -> list[dict[str, Any]]:
    """Nats and tokens of each text under both transformers. The end-of-text token comes first, so all are counted."""
    small, large = course_gpt(), load("smollm2-135m")
    rows = []
    for name, text in texts(BYTES):
        row: dict[str, Any] = {"text": name}
        for label, it, context in (("course GPT", small, small.config.context), ("SmolLM2", large, CONTEXT)):
            tokens = packed(it.tokenizer, [text])
            nats = sliding_surprises(it.model, tokens, stride=context // 2, context=context, batch=2)
            row[label] = {"tokens": len(tokens) - 1, "nats": round(nats.double().sum().item(), 2)}
        rows.append(row)
        print(row, flush=True)
    return rows


def windows() -> list[dict[str, Any]]:
    """SmolLM2's nats on the first text of each book for several contexts C and for strides of C and C/2."""
    large, rows = load("smollm2-135m"), []
    for name, text in texts(SHORT)[::2]:
        tokens = packed(large.tokenizer, [text])
        for context in (16, 32, 64, 128):
            for stride in (context, context // 2):
                nats = sliding_surprises(
                    large.model, tokens, stride=stride, context=context, batch=max(1, 1024 // context)
                )
                total = round(nats.double().sum().item(), 2)
                row = {"text": name, "bytes": len(text.encode()), "context": context, "stride": stride, "nats": total}
                rows.append(row | {"tokens": len(tokens) - 1})
        print(name, flush=True)
    return rows


def passages() -> list[tuple[str, str]]:
    """Name of the book and up to ``FIRST`` bytes from ``PLACES`` lines of each document that was kept, evenly apart."""
    found = []
    for name in TEXTS:
        corpus = course_corpus([name])
        for text in (*corpus.test, *corpus.validation):
            places = [text.rfind("\n", 0, len(text) * i // PLACES) + 1 for i in range(PLACES)]
            found += [(name, beginning(text[place:], FIRST)) for place in places]
    return found


def starts() -> list[dict[str, Any]]:
    """Nats after the end-of-text token, after another mark, and without any; the last leaves the first token out."""
    large, rows = load("smollm2-135m"), []
    special = large.tokenizer.special
    for name, text in passages():
        tokens = large.tokenizer.encode(text)
        row: dict[str, Any] = {"text": name, "bytes": len(text.encode()), "tokens": len(tokens)}
        for label, before in (("end", [special[END]]), ("turn", [special["<|im_start|>"]]), ("nothing", [])):
            nats = sliding_surprises(large.model, [*before, *tokens], stride=CONTEXT, context=CONTEXT).double()
            row[label] = round(nats.sum().item(), 3)
            row[f"{label} without the first"] = round(nats[len(before) :].sum().item(), 3)
        rows.append(row)
        print(row, flush=True)
    return rows


PARTS = {"counting": counting, "reading": reading, "windows": windows, "starts": starts}


def main() -> None:
    """Measure the parts and put them into the file beside those that it has."""
    chosen = sys.argv[1:] or list(PARTS)
    if unknown := set(chosen) - set(PARTS):
        raise SystemExit(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    torch.set_num_threads(1)
    for part in chosen:
        found = PARTS[part]()
        results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"command": COMMAND}
        results[part] = found
        RESULTS.parent.mkdir(exist_ok=True)
        with replacing(RESULTS) as path:
            path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        print(part, "done", flush=True)


if __name__ == "__main__":
    main()
