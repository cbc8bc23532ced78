"""Small random language models: a distribution for each prefix, always the same for the same seed."""

import functools
from collections.abc import Callable

import numpy as np


def tree(seed: int, *, vocab: int = 3, sharpness: float = 1.0) -> Callable[[tuple[int, ...]], np.ndarray]:
    """A model whose distribution after a prefix depends on the whole prefix."""

    @functools.cache
    def next_p(prefix: tuple[int, ...]) -> np.ndarray:
        rng = np.random.default_rng([seed, len(prefix), *prefix])
        return rng.dirichlet(np.full(vocab, sharpness))

    return next_p
