"""Train the family of small models of page 8.3 and write what each has reached to 03_scaling_runs.json.

    python tools/scaling_runs.py [fitted | forecast | smaller]

Each model reads bytes (256 tokens, so that a loss is nats per byte) of the training text: as many as its budget
of 6·N·D FLOP allows, with a schedule of its own that ends there. Its loss is that of the validation text. The runs that
are to be fitted come first, then the larger and the smaller ones that are to be forecast. What stands in the file
already is not trained again. About an hour on one core for the first, half an hour for the larger ones.
"""

import dataclasses
import itertools
import json
import math
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from llmcourse.evaluation.likelihood import sliding_surprises
from llmcourse.learning.corpus import course_corpus
from llmcourse.learning.cost import parameters, six_nd
from llmcourse.learning.recipe import Recipe
from llmcourse.learning.train import train
from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.llama import Llama

RESULTS = Path(__file__).parents[1] / "chapters/08_how_models_learn/03_scaling_runs.json"
COMMAND = "for part in fitted forecast smaller; do python tools/scaling_runs.py $part; done"
CONTEXT = 128
BLOCK = 2000  # bytes of the validation text whose mean loss counts as one independent observation


@dataclass(frozen=True)
class Size:
    """A model of the family: its width, layers and feed-forward width. A head is 8 to 16 wide."""

    width: int
    layers: int
    heads: int
    ffn_width: int

    @property
    def config(self) -> ModelConfig:
        """The model's config: Llama's choices, one table for input and output."""
        return ModelConfig(vocab=256, context=CONTEXT, tied=True, **asdict(self))


XXS, XS, S = Size(16, 2, 2, 48), Size(24, 2, 2, 64), Size(32, 2, 2, 96)
M, L, XL = Size(48, 3, 3, 128), Size(64, 3, 4, 192), Size(80, 4, 5, 224)
XXL = Size(112, 4, 7, 304)

# FLOP, sizes, seeds. The best size lies inside each list, and no run reads the text more than four times: up to there
# a second reading is worth nearly as much as new text (Muennighoff et al., 2023).
FITTED = (
    (2e11, (XXS, XS, S, M, L), (0, 1, 2)),
    (6.3e11, (XXS, XS, S, M, L), (0,)),
    (2e12, (S, M, L, XL), (0,)),
    (6.3e12, (M, L, XL, XXL), (0,)),
)
FORECAST = ((2e13, (XL, XXL, L), (0,)),)
SMALLER = ((2e10, (XXS, XS, S), (0,)),)  # seconds each: the page trains one of them again
PARTS = {"fitted": FITTED, "forecast": FORECAST, "smaller": SMALLER}


def recipe_of(size: Size, tokens: float) -> Recipe:
    """The same rules for every run: more tokens a step in longer runs, a lower peak for wider models."""
    batch = next(b for b, most in ((2, 5e5), (4, 1.5e6), (8, 4e6), (16, 1e7), (32, math.inf)) if tokens < most)
    steps = round(tokens / (batch * CONTEXT))
    return Recipe(
        steps=steps,
        batch=batch,
        length=CONTEXT,
        rate=0.007 * math.sqrt(32 / size.width),
        warmup=steps // 20,
        final=0.0,
    )


def run(size: Size, budget: float, train_bytes: np.ndarray, validation: np.ndarray, *, seed: int = 0) -> dict[str, Any]:
    """Train one model and measure it."""
    count = parameters(size.config)
    recipe = recipe_of(size, budget / six_nd(count.total, 1))
    std = 0.5 / math.sqrt(size.width)  # GPT-2's 0.02 is for widths near 1,000: at 32 it costs 0.15 nats
    model = Llama(size.config).initialize(torch.Generator().manual_seed(seed), std=std)
    started, records = time.perf_counter(), list(train(model, train_bytes, dataclasses.replace(recipe, seed=seed)))
    seconds = time.perf_counter() - started
    surprises = sliding_surprises(model.eval(), validation.tolist(), stride=CONTEXT // 2, batch=64).double()
    blocks = torch.stack([block.mean() for block in surprises.split(BLOCK) if len(block) == BLOCK])
    return {
        **asdict(size),
        "parameters": count.total,
        "non_embedding": count.non_embedding,
        "tokens": recipe.tokens,
        "flops": six_nd(count.total, recipe.tokens),
        "budget": budget,
        "batch": recipe.batch,
        "rate": round(recipe.rate, 6),
        "seed": seed,
        "loss": round(surprises.mean().item(), 5),
        "loss_se": round((blocks.std() / math.sqrt(len(blocks))).item(), 5),
        "training_loss": round(float(np.mean([r["loss"] for r in records[-max(1, len(records) // 20) :]])), 5),
        "seconds": round(seconds, 1),
    }


def main() -> None:
    """Train what is missing, the cheapest first, and write the file after each run."""
    chosen = sys.argv[1] if len(sys.argv) > 1 else "fitted"
    if chosen not in PARTS:
        raise SystemExit(f"say {', '.join(PARTS)}, not {chosen!r}")
    torch.set_num_threads(1)  # tensors are small, and the sums are then the same on any number of cores
    corpus = course_corpus()
    train_bytes = np.frombuffer(corpus.training_text.encode(), np.uint8)
    validation = np.frombuffer("".join(corpus.validation).encode(), np.uint8)
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"command": COMMAND, "runs": []}
    done = {(r["budget"], r["width"], r["seed"]) for r in results["runs"]}
    for budget, sizes, seeds in PARTS[chosen]:
        for size, seed in itertools.product(sizes, seeds):
            if (budget, size.width, seed) in done:
                continue
            results["runs"].append(run(size, budget, train_bytes, validation, seed=seed) | {"part": chosen})
            print(results["runs"][-1], flush=True)
            RESULTS.parent.mkdir(exist_ok=True)
            RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
