"""Exercises of page 4.4: a smoother by hand, random features and their price, sums a block at a time (numpy)."""

import math
from functools import partial

import numpy as np

from llmcourse.exercises.checker import Exercise, Misconception, Number

# Keys 0, 1, 2 with values 6, 0, 12; query 1; weights e^(−1/2), 1, e^(−1/2).
_SIDE = math.exp(-1 / 2)

smoother = Number(
    name="4.4.a",
    answer=18 * _SIDE / (1 + 2 * _SIDE),
    misconceptions=[
        (18 * _SIDE, "This is the weighted sum. A query shares out one vote: divide by the total of the weights."),
        (18 * _SIDE / 3, "You divided by the number of keys. Divide by the total of the weights."),
        (18 * math.exp(-1) / (1 + 2 * math.exp(-1)), "The exponent is −distance²/2: you left out the 2."),
        (6.0, "This is the plain average, in which a far key counts as much as a near one."),
        (0.0, "This is the value of the nearest key alone. The others have smaller weights, not none."),
    ],
)

features_needed = Number(
    name="4.4.b",
    answer=math.expm1(2.0) / 0.05**2,
    unit="features",
    misconceptions=[
        (math.expm1(2.0) / 0.05, "The error falls with √M: set (e² − 1)/M equal to 0.05², not to 0.05."),
        (math.expm1(4.0) / 0.05**2, "The length is already squared: e to the 2, not e to the 4."),
        (math.expm1(2**0.5) / 0.05**2, "The exponent is the squared length, 2, and not the length, √2."),
        (math.exp(2.0) / 0.05**2, "You left out the −1: subtract the square of the mean from the mean square."),
        (math.expm1(2.0) ** 0.5 / 0.05, "This is the standard deviation over 0.05; square it to get M."),
    ],
)


# The integrand of the mean of e^(ω·u) along u is a bell around |u|; |u|² = 58.
peak = Number(
    name="4.4.c",
    answer=math.sqrt(58),
    misconceptions=[
        (58.0, "This is the squared length. The bell is e^(−(g − |u|)²/2): its middle is the length itself."),
        (2 * math.sqrt(58), "This is where the square of the feature peaks, which decides its error and not its mean."),
        (0.0, "This is where the draws are densest. Each counts e^(|u|g), which moves the peak."),
        (29.0, "This is the exponent of the mean, |u|²/2. The question is at which g the integrand is largest."),
    ],
)


def _in_blocks(
    phi_q: np.ndarray,
    phi_k: np.ndarray,
    v: np.ndarray,
    block: int,
    *,
    mask: bool = True,
    inside: bool = True,
    before: bool = True,
) -> np.ndarray:
    """The causal average a block at a time; a part is left out if its flag is off."""
    state, total, rows = np.zeros((phi_k.shape[1], v.shape[1])), np.zeros(phi_k.shape[1]), []
    for start in range(0, len(v), block):
        q, k, values = (x[start : start + block] for x in (phi_q, phi_k, v))
        weights = inside * (np.tril(q @ k.T) if mask else q @ k.T)
        with np.errstate(invalid="ignore"):
            rows.append((q @ state + weights @ values) / (q @ total + weights.sum(axis=1))[:, None])
        if before:
            state, total = state + k.T @ values, total + k.sum(axis=0)
    return np.concatenate(rows)


def _undivided(phi_q: np.ndarray, phi_k: np.ndarray, v: np.ndarray, block: int) -> np.ndarray:
    return np.tril(phi_q @ phi_k.T) @ v


def _without_the_mask(phi_q: np.ndarray, phi_k: np.ndarray, v: np.ndarray, block: int) -> np.ndarray:
    return (phi_q @ (phi_k.T @ v)) / (phi_q @ phi_k.sum(axis=0))[:, None]


def _cases() -> list[tuple]:
    rng = np.random.default_rng(4)
    features = [[rng.uniform(0.1, 1.0, size=shape) for shape in ((7, 4), (7, 4), (7, 2))] for _ in range(2)]
    return [(*features[0], 7), (*features[0], 2), (*features[1], 3)]


average_in_blocks = Exercise(
    name="4.4.d",
    signature="average_in_blocks(phi_q, phi_k, v, block)",
    answer=_in_blocks,
    cases=_cases(),
    misconceptions=[
        Misconception(
            _undivided,
            "The numerator is right, but the weights do not sum to 1. Divide each row by the sum of its weights, from "
            "earlier blocks and from its own.",
        ),
        Misconception(
            _without_the_mask,
            "Every query sees every key, the later ones too. Sum over earlier blocks only, and mask inside the block.",
        ),
        Misconception(
            partial(_in_blocks, mask=False),
            "A query sees the later tokens of its own block. Inside the block keep the lower triangle: np.tril.",
        ),
        Misconception(
            partial(_in_blocks, before=False),
            "You forget the earlier blocks. Add k.T @ v and k.sum(axis=0) of each block to sums that stay.",
        ),
        Misconception(
            partial(_in_blocks, inside=False),
            "You use the earlier blocks only. A query also sees its own block up to itself, and itself.",
        ),
    ],
)
