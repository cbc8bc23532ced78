"""A training small enough for tests: some milliseconds a step."""

import numpy as np
import torch

from llmcourse.learning.recipe import Recipe
from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.llama import Llama

CONFIG = ModelConfig(vocab=32, width=32, layers=2, heads=2, ffn_width=48, context=16, tied=True)
RECIPE = Recipe(steps=12, batch=8, length=16, rate=1e-2, warmup=2)


def new_model(seed: int = 0, config: ModelConfig = CONFIG) -> Llama:
    """A model before its training."""
    return Llama(config).initialize(torch.Generator().manual_seed(seed))


def chain(count: int, *, seed: int = 0) -> np.ndarray:
    """A text of ids in which the next one depends on the present one: each has two that follow it, at 3 to 1."""
    rng = np.random.default_rng(seed)
    ids = [0]
    for likely in rng.random(count - 1) < 0.75:
        ids.append((5 * ids[-1] + (1 if likely else 11)) % CONFIG.vocab)
    return np.array(ids, np.uint16)


TOKENS = chain(3000)
