"""GRPO on chains of sums and products: python tools/train_grpo.py RUN-SEED [RUN-SEED ...]

Each run is added to chapters/10_alignment/04_successors.json. Seconds on one idle core:
    base      30  a small GPT imitates 64,000 answers, half of them with working, and is measured
    grpo      15  GRPO from base-0, reward 1 for a right answer; β = 0
    own       15  the same from the imitator of its own seed
    dr        15  Dr. GRPO
    anywhere  15  a checker that is content if the right digit stands anywhere in the answer
    lax       15  a checker that reads the working alone, and is content if it finds no mistake there
    cold     150  GRPO from a model that has learned nothing, ten times as many rounds
    hot       15  GRPO with a rate thirty times as high
    leashed   15  hot with β = 0.04, as in DeepSeekMath
    held      15  hot with β = 1
base-0 comes first, and own-1 needs base-1; the seed of the others is that of their questions and draws. base-0 and
grpo-0 are kept, in half precision, as 04_successors.safetensors.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn

from llmcourse.alignment import chains
from llmcourse.alignment.chains import demonstrations, is_right, questions, results
from llmcourse.alignment.grpo import DR_GRPO, GRPO, Variant
from llmcourse.alignment.grpo_training import answers_to, train_grpo
from llmcourse.alignment.sft import Example, answer_loss, filled_up
from llmcourse.files import replacing
from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.gpt2 import GPT2
from llmcourse.transformer.saved import write_safetensors
from llmcourse.transformer.threads import one_thread

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "chapters/10_alignment/04_successors.json"
MODELS = ROOT / "chapters/10_alignment/04_successors.safetensors"
CACHE = ROOT / "_build/grpo"  # the models of all runs, for the runs that start from them
CONFIG = ModelConfig(
    vocab=len(chains.SYMBOLS), width=64, layers=2, heads=4, ffn_width=256, context=20,
    norm="layer", activation="gelu", positions="learned", bias=True, tied=True,
)  # fmt: skip
STEPS, MAX_NEW, WORKED, SLIPS = 4, 10, 0.5, 0.1
IMITATION, BATCH, IMITATION_RATE = 1000, 64, 4e-3
ROUNDS, ASKED, ANSWERS, RATE = 60, 32, 8, 3e-4
COLD, HOT = 10, 30  # times as many rounds, times as high a rate
HELD_OUT, SAMPLES = 200, 64
PLAIN = Variant()


def held_out() -> np.ndarray:
    """The questions that nobody learns from; the same for all seeds."""
    return questions(HELD_OUT, steps=STEPS, rng=np.random.default_rng(2025))


def right(asked: np.ndarray, answers: list[list[int]]) -> np.ndarray:
    """1 for an answer that ends in > and the right digit."""
    return is_right(asked, answers).astype(float)


def anywhere(asked: np.ndarray, answers: list[list[int]]) -> np.ndarray:
    """1 if the right digit stands anywhere."""
    return np.array([digit in answer for digit, answer in zip(results(asked)[:, -1], answers, strict=True)], float)


def lax(asked: np.ndarray, answers: list[list[int]]) -> np.ndarray:
    """1 if the working shows no mistake: of what it shows, each digit is right. The result is not looked at."""
    good = []
    for steps, answer in zip(results(asked).tolist(), answers, strict=True):
        shown = answer[: answer.index(chains.THEN)] if chains.THEN in answer else answer[:-1]
        good.append(shown == steps[: len(shown)])
    return np.array(good, float)


def form(asked: np.ndarray, answers: list[list[int]]) -> np.ndarray:
    """1 for digits, then >, a digit and the end mark."""
    good = [
        len(a) >= 3 and a[-1] == chains.END and a[-3] == chains.THEN and max([*a[:-3], a[-2]]) < 10 for a in answers
    ]
    return np.array(good, float)


def imitate(model: GPT2, steps: int, rng: np.random.Generator, *, rate: float) -> list[float]:
    """Supervised fine-tuning on demonstrations; the losses."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, betas=(0.9, 0.95), weight_decay=0.01)
    losses, kept_out = [], held_out()
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1, (step + 1) / 50) * (0.05 + 0.95 * (0.5 + 0.5 * np.cos(np.pi * step / steps)))
        asked = questions(BATCH, steps=STEPS, rng=rng, without=kept_out)
        told = demonstrations(asked, worked=WORKED, slips=SLIPS, rng=rng)
        examples = [
            Example((*q, *a), (False,) * len(q) + (True,) * len(a)) for q, a in zip(asked.tolist(), told, strict=True)
        ]
        batch = filled_up(examples, context=CONFIG.context)
        loss = answer_loss(model(batch.tokens), batch.tokens, batch.counts)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(round(loss.item(), 4))
    return losses


def measured(model: GPT2, seed: int) -> dict[str, Any]:
    """For each held-out question, how many answers were right, had their working, and both."""
    asked = held_out()
    generator = torch.Generator().manual_seed(1000 + seed)
    answers = answers_to(model, asked, SAMPLES, max_new=MAX_NEW, stop=(chains.END,), generator=generator)
    flat, rows = [answer for group in answers for answer in group], np.repeat(asked, SAMPLES, axis=0)
    good, worked = is_right(rows, flat), np.array([answer[0] < 10 for answer in flat])
    return {
        "right": good.reshape(HELD_OUT, SAMPLES).sum(1).tolist(),
        "worked": worked.reshape(HELD_OUT, SAMPLES).sum(1).tolist(),
        "right_and_worked": (good & worked).reshape(HELD_OUT, SAMPLES).sum(1).tolist(),
        "anywhere": round(float(anywhere(rows, flat).mean()), 4),
        "lax": round(float(lax(rows, flat).mean()), 4),
        "form": round(float(form(rows, flat).mean()), 4),
        "length": round(float(np.mean([len(answer) for answer in flat])), 3),
        "examples": [chains.decode(group[0]) for group in answers[:6]],
    }


def rounded(model: GPT2) -> GPT2:
    """What is measured is what is kept: weights in half precision."""
    for parameter in model.parameters():
        parameter.data = parameter.data.half().float()
    return model


def fresh(seed: int) -> GPT2:
    """A model that has learned nothing."""
    return GPT2(CONFIG).initialize(torch.Generator().manual_seed(seed))


def base(seed: int = 0) -> GPT2:
    """The imitator of this seed; all runs start from the first but "own" and "cold"."""
    model = GPT2(CONFIG)
    model.load_state_dict(load_file(CACHE / f"base-{seed}.safetensors"))
    return model


def run(name: str, seed: int) -> tuple[GPT2, dict[str, Any]]:
    """The model and its results."""
    rng, result = np.random.default_rng([seed, 0 if name == "base" else 1]), {}
    if name == "base":
        model = fresh(seed)
        losses = imitate(model, IMITATION, rng, rate=IMITATION_RATE)
        result["losses"] = [round(float(np.mean(losses[i : i + 20])), 4) for i in range(0, len(losses), 20)]
    else:
        model = fresh(seed) if name == "cold" else base(seed if name == "own" else 0)
        reference = None if name == "cold" else base(seed if name == "own" else 0)
        merged = COLD if name == "cold" else 1  # so many rounds are one entry, their mean
        batches = [questions(ASKED, steps=STEPS, rng=rng, without=held_out()) for _ in range(ROUNDS * merged)]
        rounds = train_grpo(
            model, batches, {"lax": lax, "anywhere": anywhere}.get(name, right),
            variant={"leashed": GRPO, "held": Variant(beta=1.0), "dr": DR_GRPO}.get(name, PLAIN),
            answers=ANSWERS, rate=RATE * (HOT if name in ("hot", "leashed", "held") else 1),
            max_new=MAX_NEW, stop=(chains.END,),
            generator=torch.Generator().manual_seed(seed), reference=reference,
        )  # fmt: skip
        rows = [one._asdict() for one in rounds]
        keys = [key for key in rows[0] if key != "step" and not np.isnan(rows[0][key])]
        means = {key: np.reshape([row[key] for row in rows], (ROUNDS, merged)).mean(axis=1) for key in keys}
        result["rounds"] = {key: [round(float(x), 4) for x in values] for key, values in means.items()}
    model = rounded(model)
    return model, result | measured(model, seed)


def main() -> None:
    """The named runs, one after the other, each written when it is done."""
    CACHE.mkdir(parents=True, exist_ok=True)
    for what in sys.argv[1:]:
        name, seed = what.split("-")[0], int(what.split("-")[1])
        started = time.process_time()
        with one_thread():  # the sums, and with them the draws, are then the same on any number of cores
            model, result = run(name, seed)
        state = {key: value.contiguous() for key, value in model.state_dict().items()}
        write_safetensors(CACHE / f"{what}.safetensors", state, {})
        stored = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
        stored["command"] = "python tools/train_grpo.py base-0; then the other runs with their seeds, in any order"
        stored.setdefault(name, {})[str(seed)] = result
        with replacing(RESULTS) as part:
            part.write_text(json.dumps(stored, separators=(",", ":")).replace('},"', '},\n"') + "\n", encoding="utf-8")
        share = np.mean(result["right"]) / SAMPLES
        told = {key: result[key] for key in ("anywhere", "lax", "form", "length", "examples")}
        print(what, f"pass@1 {share:.3f}", told, f"{time.process_time() - started:.0f} s", flush=True)
    if all((CACHE / f"{name}-0.safetensors").exists() for name in ("base", "grpo")):
        both = {
            f"{name}.{key}": value.half()
            for name in ("base", "grpo")
            for key, value in load_file(CACHE / f"{name}-0.safetensors").items()
        }
        write_safetensors(MODELS, both, {"command": "python tools/train_grpo.py base-0 grpo-0"})


if __name__ == "__main__":
    main()
