"""Measure what page 11.5 reports and is too slow for a page: python tools/measure_decoding.py [PART ...]

It writes chapters/11_evaluation/05_inference.json. Parts (all if none is named), and minutes on one idle core:
    course_texts   1   the course GPT: texts of six ways to decode, and what its first layers alone would have said
    course_rounds  2   speculative rounds of it with a table of counts as draft
    smollm2        8   SmolLM2-135M-Instruct: all of this, with truncations of it as drafts too
Times in the file are of the processor, on one thread, so that other work on the machine hardly counts. Compare them
with each other only.
"""

import json
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from llmcourse import data
from llmcourse.evaluation.repetition import repeated_ngrams
from llmcourse.files import replacing
from llmcourse.inference.beam import beam_search
from llmcourse.inference.cached import BeamReader
from llmcourse.inference.drafting import Draft, Round, model_draft, speculate, truncated
from llmcourse.inference.generate import generate
from llmcourse.inference.reading import token_surprises
from llmcourse.inference.sampling import greedy
from llmcourse.inference.searching import contrastive_search
from llmcourse.inference.sequences import one_hot
from llmcourse.inference.writer import chooser
from llmcourse.language.ngram import NGramModel, Vocabulary
from llmcourse.language.softmax import softmax
from llmcourse.learning.corpus import course_corpus, packed
from llmcourse.transformer.checkpoint import load
from llmcourse.transformer.decoder import Decoder
from llmcourse.transformer.record import Record
from llmcourse.transformer.saved import course_gpt

RESULTS = Path(__file__).parents[1] / "chapters/11_evaluation/05_inference.json"
COMMAND = "python tools/measure_decoding.py"
FIRST_SIGN = 0x4E00  # token i becomes the character FIRST_SIGN + i, so that an n-gram model of characters can count it


def distribution(z: np.ndarray) -> np.ndarray:
    """Plain sampling: the softmax, in float64."""
    return softmax(z.astype(np.float64))


def ways(model: Decoder, rng: np.random.Generator) -> dict[str, Callable[[list[int], int], Sequence[int]]]:
    """Each way to decode: from a prompt and a number of tokens to that many."""

    def drawn(**settings: Any) -> Callable[[list[int], int], Sequence[int]]:
        choose = chooser(rng=rng, **settings)
        return lambda prompt, n: list(generate(model, prompt, choose=choose, max_new=n))

    def beam(prompt: list[int], n: int) -> Sequence[int]:
        return beam_search(BeamReader(model, prompt, max_new=n), width=4, max_new=n)[0].tokens

    def contrastive(prompt: list[int], n: int) -> Sequence[int]:
        return list(contrastive_search(model, prompt, k=4, alpha=0.6, max_new=n))

    return {
        "greedy": lambda prompt, n: list(generate(model, prompt, choose=greedy, max_new=n)),
        "beam 4": beam,
        "contrastive": contrastive,
        "top-p 0.9": drawn(temperature=1, top_p=0.9),
        "sampling": drawn(temperature=1),
    }


def texts(
    model: Decoder, decode: Callable[[Sequence[int]], str], prompts: list[tuple[list[int], list[int]]]
) -> dict[str, Any]:
    """For each way, and for what really follows: repeated 4-grams and bits per token, a number a prompt; a sample."""
    found: dict[str, Any] = {}
    rng, n = np.random.default_rng(0), len(prompts[0][1])
    for name, write in {**ways(model, rng), "human": None}.items():
        row: dict[str, Any] = {"repeated": [], "bits": [], "tokens": []}
        for prompt, follows in prompts:
            new = follows if write is None else list(write(prompt, n))
            bits = token_surprises(model, [*prompt, *new], skip=len(prompt) - 1)
            row["repeated"].append(round(repeated_ngrams(new), 4))
            row["bits"].append(round(bits.mean().item(), 4))
            row["tokens"].append(new)
        found[name] = {"repeated": row["repeated"], "bits": row["bits"], "sample": decode(row["tokens"][0])}
        found[name]["tokens"] = row["tokens"][0]
        print(name, np.mean(row["repeated"]), np.mean(row["bits"]), flush=True)
    return {"prompt": decode(prompts[0][0]), "prompt_tokens": prompts[0][0], "length": n, "ways": found}


def layers(model: Decoder, prompts: list[tuple[list[int], list[int]]]) -> list[dict[str, float]]:
    """For each truncation: Σ min(p, q) and agreement of the first choices, over what people wrote after the prompts."""
    sums = np.zeros((model.config.layers, 2))
    count = 0
    for prompt, follows in prompts:
        record = Record("residual")
        with torch.inference_mode():
            p = model(torch.tensor([[*prompt, *follows]]), record=record)[0, len(prompt) - 1 : -1].softmax(-1)
            for k in range(model.config.layers):
                q = model.logits(record.residual[k + 1])[0, len(prompt) - 1 : -1].softmax(-1)
                same = (p.argmax(-1) == q.argmax(-1)).double().sum().item()
                sums[k] += torch.minimum(p, q).sum().item(), same
        count += len(follows)
    return [
        {"layers": k + 1, "acceptance": round(a / count, 4), "same_first": round(b / count, 4)}
        for k, (a, b) in enumerate(sums.tolist())
    ]


def counted(ids: Sequence[int], vocab: int, order: int) -> Draft:
    """A draft that counted these tokens: an n-gram model with interpolated Kneser–Ney smoothing."""
    vocabulary = Vocabulary(tuple(chr(FIRST_SIGN + i) for i in range(vocab)))
    text = "".join(chr(FIRST_SIGN + i) for i in ids)
    model = NGramModel.fit(text, order=order, vocabulary=vocabulary)

    def next_q(tokens: Sequence[int]) -> np.ndarray:
        q = model.distribution_after(np.array(tokens[-order:], dtype=np.int64))
        return q / q.sum()

    return next_q


def rounds(
    model: Decoder, prompts: list[list[int]], draft: Draft, *, gamma: int, max_new: int, rule: Any = distribution
) -> dict[str, Any]:
    """Rounds of full length over all prompts: how many tokens each gave, and the chance that each tested draft had."""
    rng, done = np.random.default_rng(gamma), []
    start = time.process_time()
    written = 0
    for prompt in prompts:
        capacity = len(prompt) + max_new
        for one in speculate(
            model, prompt, draft=draft, rule=rule, gamma=gamma, max_new=max_new, rng=rng, capacity=capacity
        ):
            done.append(one)
            written += len(one.tokens)
    seconds = time.process_time() - start
    full = [one for one in done if len(one.drafted) == gamma]
    return {"gamma": gamma, "seconds_per_token": round(seconds / written, 5), **summary(full, gamma)}


def summary(full: list[Round], gamma: int) -> dict[str, Any]:
    """Counts of accepted drafts; for each place in a round, how many drafts were tested and their mean chance."""
    accepted = np.bincount([one.accepted for one in full], minlength=gamma + 1)
    places = [[one.agreement[i] for one in full if one.accepted >= i] for i in range(gamma)]
    return {
        "accepted": accepted.tolist(),
        "tested": [len(place) for place in places],
        "chance": [round(float(np.mean(place)), 4) if place else None for place in places],
        "spread": round(float(np.std(np.concatenate([np.array(place) for place in places]))), 4),
    }


def plain(model: Decoder, prompts: list[list[int]], max_new: int) -> float:
    """Processor seconds a token without speculation."""
    choose, start = chooser(temperature=1, rng=np.random.default_rng(0)), time.process_time()
    count = sum(len(list(generate(model, prompt, choose=choose, max_new=max_new))) for prompt in prompts)
    return round((time.process_time() - start) / count, 5)


def pieces(ids: list[int], number: int, before: int, after: int) -> list[tuple[list[int], list[int]]]:
    """Prompts and what follows them, evenly spread over a text."""
    starts = np.linspace(0, len(ids) - before - after - 1, number).astype(int)
    return [(ids[s : s + before], ids[s + before : s + before + after]) for s in starts]


def course_texts() -> dict[str, Any]:
    """The course GPT on validation text: ways to decode, and its truncations."""
    saved = course_gpt()
    sample = pieces(packed(saved.tokenizer, course_corpus().validation), 16, 32, 96)
    model = saved.model.eval()
    return {"texts": texts(model, saved.tokenizer.decode, sample), "layers": layers(model, sample)}


def course_rounds() -> dict[str, Any]:
    """The course GPT with a table of counts as its draft, both from the same training text."""
    saved, corpus = course_gpt(), course_corpus()
    prompts = [prompt for prompt, _ in pieces(packed(saved.tokenizer, corpus.validation), 12, 32, 64)]
    draft = counted(packed(saved.tokenizer, corpus.train), len(saved.tokenizer), 3)
    model = saved.model.eval()
    return {
        "plain": plain(model, prompts, 64),
        "rounds": [rounds(model, prompts, draft, gamma=gamma, max_new=64) for gamma in (1, 2, 4, 8)],
    }


def smollm2() -> dict[str, Any]:
    """SmolLM2 on a text that it may or may not have read."""
    loaded = load("smollm2-135m", packed=True)
    tokenizer, model = loaded.tokenizer, loaded.model
    text = re.sub(r"\s+", " ", data.read("lcet10.txt"))
    ids = tokenizer.encode(text[20_000:220_000])
    sample = pieces(ids, 6, 48, 56)
    prompts = [prompt for prompt, _ in sample[:3]]
    found = {"texts": texts(model, tokenizer.decode, sample), "layers": layers(model, sample)}
    found["plain"] = plain(model, prompts, 40)
    found["rounds"] = {}
    drafts = {
        "29 of 30 layers": lambda rule: model_draft(truncated(model, 29), rule, capacity=128),
        "20 of 30 layers": lambda rule: model_draft(truncated(model, 20), rule, capacity=128),
    }
    for name, make in drafts.items():
        found["rounds"][name] = rounds(model, prompts, make(distribution), gamma=2, max_new=40)
        print(name, found["rounds"][name], flush=True)
    counts = counted(tokenizer.encode("".join(course_corpus().train)), len(tokenizer), 2)
    found["rounds"]["counts"] = rounds(model, prompts, counts, gamma=2, max_new=40)
    best = rounds(model, prompts, lambda tokens: one_hot(counts(tokens)), gamma=2, max_new=40, rule=one_hot)
    found["rounds"]["counts, greedy"] = best
    return found


def main(names: list[str]) -> None:
    """Run the parts of these names, and put each into the file as soon as it is done."""
    torch.set_num_threads(1)
    parts = {"course_texts": course_texts, "course_rounds": course_rounds, "smollm2": smollm2}
    for name in names or parts:
        part = parts[name]()
        results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"command": COMMAND}
        RESULTS.parent.mkdir(parents=True, exist_ok=True)
        with replacing(RESULTS) as path:
            path.write_text(json.dumps(results | {name: part}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
