"""Measure what page 11.5 reports and is too slow for a page: python tools/measure_decoding.py [PART ...]

It writes chapters/11_evaluation/05_inference.json. Parts (all if none is named), and minutes on one idle core:
    course_texts   1   the course GPT: texts of six ways to decode, and what its first layers alone would have said
    course_rounds  2   speculative rounds of it with a table of counts as draft, five times, with times
    smollm2        8   SmolLM2-135M-Instruct: texts, first layers, and rounds with two truncations of it as drafts
Times in the file are of the processor, on one thread, and without the reading of the prompt. Other work on the machine
still moves them: so all ways take turns, and are compared within one. SmolLM2's rounds are not timed.
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


def layers(model: Decoder, prompts: list[tuple[list[int], list[int]]]) -> list[dict[str, Any]]:
    """For each truncation: Σ min(p, q) and agreement of the first choices, over what people wrote after the prompts.

    ``passages`` is the mean of Σ min(p, q) over each of them.
    """
    sums = np.zeros((model.config.layers, len(prompts), 2))
    for i, (prompt, follows) in enumerate(prompts):
        record = Record("residual")
        with torch.inference_mode():
            p = model(torch.tensor([[*prompt, *follows]]), record=record)[0, len(prompt) - 1 : -1].softmax(-1)
            for k in range(model.config.layers):
                q = model.logits(record.residual[k + 1])[0, len(prompt) - 1 : -1].softmax(-1)
                same = (p.argmax(-1) == q.argmax(-1)).double().sum().item()
                sums[k, i] = torch.minimum(p, q).sum().item(), same
    lengths = np.array([len(follows) for _, follows in prompts])
    total = sums.sum(axis=1) / lengths.sum()
    return [
        {"layers": k + 1, "acceptance": round(total[k, 0], 4), "same_first": round(total[k, 1], 4)}
        | {"passages": (sums[k, :, 0] / lengths).round(4).tolist()}
        for k in range(model.config.layers)
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


class Clocked:
    """A draft that counts the processor's seconds that it takes."""

    def __init__(self, draft: Draft) -> None:
        self.draft, self.seconds = draft, 0.0

    def __call__(self, tokens: Sequence[int]) -> np.ndarray:
        start = time.process_time()
        q = self.draft(tokens)
        self.seconds += time.process_time() - start
        return q


def plain(model: Decoder, prompts: list[list[int]], max_new: int, seed: int) -> float:
    """Processor seconds a token without speculation, after the first token of each text."""
    choose, seconds = chooser(temperature=1, rng=np.random.default_rng(seed)), 0.0
    for prompt in prompts:
        new = generate(model, prompt, choose=choose, max_new=max_new)
        next(new)
        start = time.process_time()
        for _ in new:
            pass
        seconds += time.process_time() - start
    return seconds / (len(prompts) * (max_new - 1))


def speculative(
    model: Decoder, prompts: list[list[int]], draft: Draft, gamma: int, max_new: int, seed: int
) -> tuple[list[list[Round]], float, float]:
    """The rounds of each text; processor seconds a token, after the first round of each text: all, and the draft's."""
    rng, clock, done, written, seconds, drafts = np.random.default_rng(seed), Clocked(draft), [], 0, 0.0, 0.0
    for prompt in prompts:
        new = speculate(
            model, prompt, draft=clock, rule=distribution, gamma=gamma, max_new=max_new, rng=rng,
            capacity=len(prompt) + max_new,
        )  # fmt: skip
        first = next(new)
        clock.seconds, start = 0.0, time.process_time()
        rest = list(new)
        seconds += time.process_time() - start
        drafts += clock.seconds
        written += sum(len(one.tokens) for one in rest)
        done.append([first, *rest])
    return done, seconds / written, drafts / written


def rounds_in_turns(
    model: Decoder, prompts: list[list[int]], drafts: dict[str, tuple[Draft, int]], max_new: int, turns: int
) -> dict[str, Any]:
    """For each draft, with its γ: the rounds of every passage, and the times of every turn; plain sampling's too."""
    times: dict[str, list[float]] = {name: [] for name in ("plain", *drafts)}
    shares: dict[str, list[float]] = {name: [] for name in drafts}
    found: dict[str, list[list[Round]]] = {name: [[] for _ in prompts] for name in drafts}
    for turn in range(turns):
        order = list(times)
        for name in order[turn % len(order) :] + order[: turn % len(order)]:
            if name == "plain":
                times[name].append(round(plain(model, prompts, max_new, turn), 6))
                continue
            new, seconds, own = speculative(model, prompts, *drafts[name], max_new, turn)
            times[name].append(round(seconds, 6))
            shares[name].append(round(own, 6))
            for passage, rounds in zip(found[name], new, strict=True):
                passage += rounds
        print(turn, {name: values[-1] for name, values in times.items()}, flush=True)
    rows = [
        {"draft": name, "gamma": gamma, "seconds_per_token": times[name], "draft_seconds_per_token": shares[name]}
        | {"passages": [summary(passage, gamma) for passage in found[name]]}
        for name, (_, gamma) in drafts.items()
    ]
    return {"max_new": max_new, "plain": times["plain"], "rounds": rows}


def summary(passage: list[Round], gamma: int) -> dict[str, Any]:
    """Of the rounds of full length: how many accepted 0, 1, … drafts; for each place the drafts tested, their chances.

    Chances are given by their sum at each place, and by the sum of the squares of all of them.
    """
    full = [one for one in passage if len(one.drafted) == gamma]
    places = [[one.agreement[i] for one in full if one.accepted >= i] for i in range(gamma)]
    return {
        "accepted": np.bincount([one.accepted for one in full], minlength=gamma + 1).tolist(),
        "tested": [len(place) for place in places],
        "chances": [round(sum(place), 4) for place in places],
        "squares": round(sum(a**2 for place in places for a in place), 4),
    }


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
    return rounds_in_turns(model, prompts, {f"γ = {g}": (draft, g) for g in (1, 2, 4, 8)}, 64, 5)


def smollm2() -> dict[str, Any]:
    """SmolLM2 on a text that it may or may not have read; the rounds of three of its passages, together."""
    loaded = load("smollm2-135m", packed=True)
    tokenizer, model = loaded.tokenizer, loaded.model
    text = re.sub(r"\s+", " ", data.read("lcet10.txt"))
    sample = pieces(tokenizer.encode(text[20_000:220_000]), 6, 48, 56)
    found: dict[str, Any] = {"texts": texts(model, tokenizer.decode, sample), "layers": layers(model, sample)}
    found["rounds"] = {}
    for k in (29, 20):
        draft = model_draft(truncated(model, k), distribution, capacity=128)
        new, *_ = speculative(model, [prompt for prompt, _ in sample[:3]], draft, 2, 40, 2)
        found["rounds"][f"{k} of 30 layers"] = {"gamma": 2} | summary([one for text in new for one in text], 2)
    return found


def main(names: list[str]) -> None:
    """Run the parts of these names, and put each into the file as soon as it is done."""
    torch.set_num_threads(1)
    parts = {f.__name__: f for f in (course_texts, course_rounds, smollm2)}
    for name in names or parts:
        part = parts[name]()
        results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"command": COMMAND}
        RESULTS.parent.mkdir(parents=True, exist_ok=True)
        with replacing(RESULTS) as path:
            path.write_text(json.dumps(results | {name: part}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
