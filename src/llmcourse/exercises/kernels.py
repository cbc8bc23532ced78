"""Exercises of page 4.4: a smoother by hand, the price of a random feature, sums formed once (numpy)."""

import math

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


def _answer(phi_q: np.ndarray, phi_k: np.ndarray, v: np.ndarray) -> np.ndarray:
    return (phi_q @ (phi_k.T @ v)) / (phi_q @ phi_k.sum(axis=0))[:, None]


def _cases() -> list[tuple]:
    rng = np.random.default_rng(4)
    return [tuple(rng.uniform(0.1, 1.0, size=shape) for shape in ((3, 4), (5, 4), (5, 2))) for _ in range(2)]


def _each_query_apart(phi_q: np.ndarray, phi_k: np.ndarray, v: np.ndarray) -> np.ndarray:
    scores = phi_q @ phi_k.T
    weights = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return weights @ v


average_once = Exercise(
    name="4.4.d",
    signature="average_once(phi_q, phi_k, v)",
    answer=_answer,
    cases=_cases(),
    misconceptions=[
        Misconception(
            lambda phi_q, phi_k, v: phi_q @ (phi_k.T @ v),
            "The numerator is right, but the weights do not sum to 1. Divide each row by φ(q) · Σ φ(k).",
        ),
        Misconception(
            lambda phi_q, phi_k, v: (phi_q @ (phi_k.T @ v)) / len(phi_k),
            "You divided by the number of keys. Divide by the total of the weights, φ(q) · Σ φ(k).",
        ),
        Misconception(
            lambda phi_q, phi_k, v: (phi_q @ (phi_k.T @ v)) / (phi_q @ phi_k.sum(axis=0)).sum(),
            "You divided every row by the same number. Each query has a total of its own.",
        ),
        Misconception(
            _each_query_apart,
            "You took a softmax over φ(q) · φ(k). The dot product of features is the weight already; nothing is "
            "exponentiated again.",
        ),
    ],
)
