"""Measure what the sampling knobs do to SmolLM2's answers and stories: chapters/04_attention/03_softmax_sweep.json.

    .venv/bin/python tools/softmax_sweep.py

QUESTIONS are asked as in a chat, and an answer counts as right if its pattern stands in the first 24 tokens. STORIES
are continued by 60 tokens. Each setting of the knobs gets 8 draws of each (greedy: 1); draw s of text i is made with
``np.random.default_rng([s, i])``, so that ``chat`` with the same generator writes the same answer (up to the last bits
of float32, which differ between one row and many). Entropies (bits) are those of what a token was drawn from, averaged
over the tokens of a draw, to its end, and then over the draws of a text. About 15 minutes on two cores.
"""

import json
import re
from pathlib import Path

import numpy as np
import torch

from llmcourse.inference.chat import conversation_tokens
from llmcourse.inference.sampling import greedy, next_distribution, repetition_penalty
from llmcourse.language.information import entropy
from llmcourse.language.probability import sample
from llmcourse.language.softmax import log_softmax
from llmcourse.transformer.checkpoint import LoadedModel, load
from llmcourse.transformer.kv_cache import KVCache

FILE = Path(__file__).parents[1] / "chapters/04_attention/03_softmax_sweep.json"
SEEDS, ANSWER, STORY, PENALTY = 8, 24, 60, 1.3
KEYS = ("right", "answer_entropy", "first_entropy", "repeated", "entropy", "surprise")  # the last three: of stories

QUESTIONS = {  # the question, and what a right answer contains
    "What is the capital of France?": r"\bParis\b",
    "What is the capital of Italy?": r"\bRome\b",
    "What is the capital of Japan?": r"\bTokyo\b",
    "Which planet is the largest in our solar system?": r"\bJupiter\b",
    "Which ocean lies between Europe and America?": r"\bAtlantic\b",
    "Who wrote Romeo and Juliet?": r"\bShakespeare\b",
    "Who painted the Mona Lisa?": r"\b(Leonardo|Vinci)\b",
    "What is 2 + 2?": r"\b(4|four)\b",
    "How many days are in a week?": r"\b(7|seven)\b",
    "What is the opposite of hot?": r"\bcold\b",
    "What color is the sky on a clear day?": r"\bblue\b",
    "What is the chemical formula of water?": r"\bH2O\b|H₂O",
    "Which gas do plants take from the air?": r"\bcarbon dioxide\b|\bCO2\b|CO₂",
    "Which animal says meow?": r"\bcats?\b",
    "Who was the first president of the United States?": r"\bWashington\b",
    "At how many degrees Celsius does water boil?": r"\b100\b",
}
STORIES = (
    "Once upon a time, in a small village by the sea,",
    "The old man opened the door and",
    "The most important thing I learned at school was",
    "Last summer we traveled to",
    "Deep in the forest there lived",
    "The scientist looked at the screen and",
)
SETTINGS: dict[str, dict] = {  # greedy has none
    "greedy": {},
    "greedy, θ = 1.3": {},  # a repetition penalty on all tokens that came before, those of the prompt too
    "τ = 0.4": {"temperature": 0.4},
    "τ = 0.7": {"temperature": 0.7},
    "τ = 1": {"temperature": 1.0},
    "τ = 1.3": {"temperature": 1.3},
    "τ = 1.6": {"temperature": 1.6},
    "τ = 1, top-k 50": {"temperature": 1.0, "top_k": 50},
    "τ = 1, top-p 0.9": {"temperature": 1.0, "top_p": 0.9},
    "τ = 1, min-p 0.1": {"temperature": 1.0, "min_p": 0.1},
    "τ = 1.6, top-k 50": {"temperature": 1.6, "top_k": 50},
    "τ = 1.6, top-p 0.9": {"temperature": 1.6, "top_p": 0.9},
    "τ = 1.6, min-p 0.1": {"temperature": 1.6, "min_p": 0.1},
}


def repeated(tokens: list[int], n: int = 4) -> float:
    """The share of runs of n tokens that stood before in the same text."""
    runs = [tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1)]
    return 1 - len(set(runs)) / len(runs) if runs else 0.0


@torch.inference_mode()
def continuations(loaded: LoadedModel, prompt: list[int], index: int, length: int) -> dict[str, list[dict]]:
    """For each setting its draws: the tokens, the entropy of what each was drawn from, its surprise at τ = 1 (bits)."""
    rows = [(name, seed) for name in SETTINGS for seed in range(1 if "greedy" in name else SEEDS)]
    throws = [np.random.default_rng([seed, index]) for _, seed in rows]
    draws = [{"tokens": [], "entropy": [], "surprise": [], "ended": False} for _ in rows]
    one = KVCache(loaded.config, capacity=len(prompt))
    last = loaded.model(torch.tensor([prompt]), cache=one, last_only=True)[:, -1]
    cache = KVCache(loaded.config, batch=len(rows), capacity=len(prompt) + length)
    for wide, narrow in zip(cache.layers, one.layers, strict=True):  # the prompt is read once, for all
        wide.extend(*(x.expand(len(rows), -1, -1, -1) for x in (narrow.keys, narrow.values)))
    logits = last.expand(len(rows), -1).numpy()
    for _ in range(length):
        bits = -log_softmax(logits.astype(np.float64)) / np.log(2)
        chosen = []
        for i, ((name, _), draw, rng) in enumerate(zip(rows, draws, throws, strict=True)):
            if draw["ended"]:
                chosen.append(0)  # the row must be fed something; nobody reads it
                continue
            z, p = logits[i], next_distribution(logits[i], **SETTINGS[name])
            if "θ" in name:
                z = repetition_penalty(z, np.array(prompt + draw["tokens"]), PENALTY)
            token = int(greedy(z) if "greedy" in name else sample(p, rng=rng, size=1)[0])
            chosen.append(token)
            draw["ended"] |= token in loaded.stop
            if not draw["ended"]:
                draw["tokens"].append(token)
                draw["entropy"].append(0.0 if "greedy" in name else float(entropy(p)))
                draw["surprise"].append(float(bits[i, token]))
        logits = loaded.model(torch.tensor(chosen)[:, None], cache=cache, last_only=True)[:, -1].numpy()
    by_setting: dict[str, list[dict]] = {name: [] for name in SETTINGS}
    for (name, _), draw in zip(rows, draws, strict=True):
        by_setting[name].append(draw)
    return by_setting


def main() -> None:
    """Run everything and write the numbers, a line for each setting."""
    loaded = load("smollm2-135m")
    tokenizer = loaded.tokenizer
    results: dict[str, dict] = {name: {key: [] for key in KEYS} for name in SETTINGS}
    for i, (question, pattern) in enumerate(QUESTIONS.items()):
        prompt = conversation_tokens(tokenizer, [{"role": "user", "content": question}])
        for name, draws in continuations(loaded, prompt, i, ANSWER).items():
            marks = [bool(re.search(pattern, tokenizer.decode(draw["tokens"]), re.IGNORECASE)) for draw in draws]
            results[name]["right"].append("".join("01"[mark] for mark in marks))
            bits = [draw["entropy"] for draw in draws if draw["tokens"]]
            results[name]["answer_entropy"].append(round(float(np.mean([np.mean(row) for row in bits])), 4))
            results[name]["first_entropy"].append(round(bits[0][0], 4))  # the same for all draws
        print(question, {name: result["right"][-1] for name, result in results.items()}, flush=True)
    for i, story in enumerate(STORIES):
        for name, draws in continuations(loaded, tokenizer.encode(story), i, STORY).items():
            told = [draw for draw in draws if draw["tokens"]]
            results[name]["repeated"].append(round(float(np.mean([repeated(draw["tokens"]) for draw in told])), 4))
            for key in ("entropy", "surprise"):
                results[name][key].append(round(float(np.mean([np.mean(draw[key]) for draw in told])), 4))
            if name in ("greedy", "τ = 1", "τ = 1.6"):
                print(name, tokenizer.decode(told[0]["tokens"])[:200].replace("\n", "↵"), flush=True)
    lines = ",\n".join(f"  {json.dumps(name, ensure_ascii=False)}: {json.dumps(r)}" for name, r in results.items())
    FILE.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8", newline="\n")
    print(f"{FILE.name}: {FILE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
