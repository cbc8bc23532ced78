"""Exercises of page 4.1, self-attention (numpy)."""

from collections.abc import Callable

import numpy as np

from llmcourse.exercises.checker import Exercise, Misconception, Number
from llmcourse.language.softmax import softmax

_SCORES = np.array([4.0, 2.0])  # of the query (1, 1, 0, 2) with its two keys, in four dimensions

weight_on_the_first = Number(
    name="4.1.a",
    answer=float(softmax(_SCORES / 2)[0]),
    misconceptions=[
        (
            float(softmax(_SCORES)[0]),
            "You did not divide by √d. With d = 4 both scores are halved before the softmax: 2 and 1.",
        ),
        (
            float(softmax(_SCORES / 4)[0]),
            "You divided by d = 4. The typical size of a dot product grows like √d, so the divisor is √4 = 2.",
        ),
        (4 / 6, "This is 4/(4 + 2), the share of the scores. The shares are taken of e^score, after a division by 2."),
        (float(softmax(_SCORES / 2)[1]), "This is the weight on the second key. The two weights add up to 1."),
        (
            float(softmax(_SCORES / np.sqrt(2))[0]),
            "You divided by √2, two being the number of keys. d is their length, 4.",
        ),
    ],
)

spread_across_keys = Number(
    name="4.1.b",
    answer=8 * np.sqrt(2.0),
    misconceptions=[
        (
            8 * np.sqrt(3.0),
            "This is the spread over pairs: each product has variance (1 + 1)(1 + 1) − 1 = 3. But one query keeps its "
            "q while it looks from key to key, so q is a constant there.",
        ),
        (
            8.0,
            "With q fixed, Var(q·k) = Σ qᵢ² · Var(kᵢ), and the mean of qᵢ² is not its variance: add the mean squared.",
        ),
        (64.0, "This is the mean of q·k, 64 · 1 · 1. It is the same for all keys, and softmax does not see it."),
        (
            8 * np.sqrt(67.0),
            "This is the typical size √(64² + 192) that the table prints. It contains the mean, 64, which all keys "
            "of a query share; ask how far the scores lie from it.",
        ),
        (128.0, "This is the variance. The typical distance from the mean is its root."),
    ],
)


def _attend(q: np.ndarray, k: np.ndarray, v: np.ndarray, visible: np.ndarray) -> np.ndarray:
    return softmax(np.where(visible, q @ k.T / np.sqrt(q.shape[1]), -np.inf)) @ v


def _with_divisor(divisor: Callable[[np.ndarray, np.ndarray], float]) -> Callable:
    """Attention with something else in the place of √d."""
    return lambda q, k, v, visible: softmax(np.where(visible, q @ k.T / divisor(q, k), -np.inf)) @ v


def _over_the_queries(q: np.ndarray, k: np.ndarray, v: np.ndarray, visible: np.ndarray) -> np.ndarray:
    weights = np.exp(np.where(visible, q @ k.T / np.sqrt(q.shape[1]), -np.inf))
    with np.errstate(invalid="ignore"):
        return weights / weights.sum(axis=0) @ v


def _masked_after(q: np.ndarray, k: np.ndarray, v: np.ndarray, visible: np.ndarray) -> np.ndarray:
    return (softmax(q @ k.T / np.sqrt(q.shape[1])) * visible) @ v


def _masked_with_zero(q: np.ndarray, k: np.ndarray, v: np.ndarray, visible: np.ndarray) -> np.ndarray:
    return softmax(np.where(visible, q @ k.T / np.sqrt(q.shape[1]), 0.0)) @ v


def _no_mask(q: np.ndarray, k: np.ndarray, v: np.ndarray, visible: np.ndarray) -> np.ndarray:
    return softmax(q @ k.T / np.sqrt(q.shape[1])) @ v


def _no_softmax(q: np.ndarray, k: np.ndarray, v: np.ndarray, visible: np.ndarray) -> np.ndarray:
    return np.where(visible, q @ k.T / np.sqrt(q.shape[1]), 0.0) @ v


def _mask_upside_down(q: np.ndarray, k: np.ndarray, v: np.ndarray, visible: np.ndarray) -> np.ndarray:
    scores = np.where(visible, -np.inf, q @ k.T / np.sqrt(q.shape[1]))
    weights = np.exp(scores - np.where(visible.all(axis=1, keepdims=True), 0.0, scores.max(axis=1, keepdims=True)))
    with np.errstate(invalid="ignore"):
        return weights / weights.sum(axis=1, keepdims=True) @ v


_rng = np.random.default_rng(41)

attend = Exercise(
    name="4.1.c",
    signature="attend(q, k, v, visible)",
    answer=_attend,
    cases=[
        (
            np.array([[1.0, 1.0, 0.0, 2.0]]),
            np.array([[2.0, 0, 1, 1], [0, 2, 3, 0]]),
            np.eye(2),
            np.ones((1, 2), dtype=bool),
        ),
        (*(2 * _rng.standard_normal((2, 3, 4))), _rng.standard_normal((3, 2)), np.tri(3, dtype=bool)),
        (2 * _rng.standard_normal((2, 4)), *(_rng.standard_normal((2, 4, 4))), np.tri(2, 4, 2, dtype=bool)),
    ],
    misconceptions=[
        Misconception(
            _with_divisor(lambda q, k: 1.0),
            "The scores are not divided by √d, so they grow with the length of q and k.",
        ),
        Misconception(
            _with_divisor(lambda q, k: float(q.shape[1])),
            "You divided by d. The typical size of a sum of d products is √d: divide by np.sqrt(q.shape[1]).",
        ),
        Misconception(
            _with_divisor(lambda q, k: np.sqrt(k.shape[0])),
            "You divided by the root of the number of keys. The sum in q·k has as many terms as a vector, q.shape[1].",
        ),
        Misconception(
            _over_the_queries,
            "The softmax runs over the wrong axis: each query shares out a 1 among the keys, so each row sums to 1.",
        ),
        Misconception(
            _masked_after,
            "The mask comes after the softmax: the rows no longer sum to 1, and what is hidden still stands in the "
            "denominator, so the past changes when the future does. Put −∞ in before the softmax.",
        ),
        Misconception(
            _masked_with_zero,
            "A masked score became 0, and e⁰ = 1 is a weight like any other. Use −np.inf, whose exponential is 0.",
        ),
        Misconception(_no_mask, "`visible` is not used: every query sees every key."),
        Misconception(
            _no_softmax, "The scores themselves are used as weights. Softmax makes them positive and sum to 1."
        ),
        Misconception(_mask_upside_down, "The mask is upside down. `visible` is True where a query may look."),
    ],
)


def _leak(f: Callable, x: np.ndarray, t: int) -> float:
    edited = x.copy()
    edited[t + 1 :] += 1
    return float(np.abs(f(edited) - f(x))[: t + 1].max())


def _leak_of_all_rows(f: Callable, x: np.ndarray, t: int) -> float:
    edited = x.copy()
    edited[t + 1 :] += 1
    return float(np.abs(f(edited) - f(x)).max())


def _leak_with_own_row_edited(f: Callable, x: np.ndarray, t: int) -> float:
    edited = x.copy()
    edited[t:] += 1
    return float(np.abs(f(edited) - f(x))[: t + 1].max())


def _leak_without_the_last_row(f: Callable, x: np.ndarray, t: int) -> float:
    edited = x.copy()
    edited[t + 1 :] += 1
    return float(np.abs(f(edited) - f(x))[:t].max(initial=0.0))


def _signed_leak(f: Callable, x: np.ndarray, t: int) -> float:
    edited = x.copy()
    edited[t + 1 :] += 1
    return float((f(edited) - f(x))[: t + 1].max())


def running_mean(x: np.ndarray) -> np.ndarray:
    """Honest: row t is the mean of the rows 0 … t."""
    return np.cumsum(x, axis=0) / np.arange(1, len(x) + 1)[:, None]


def minus_the_next_row(x: np.ndarray) -> np.ndarray:
    """Leaks by one place: row t holds minus row t + 1 (the last row, itself)."""
    return -np.concatenate([x[1:], x[-1:]])


def minus_the_mean_of_all(x: np.ndarray) -> np.ndarray:
    """Leaks from everywhere: each row is compared with the mean over all rows."""
    return x - x.mean(axis=0)


leak = Exercise(
    name="4.1.d",
    signature="leak(f, x, t)",
    answer=_leak,
    cases=[
        (running_mean, _rng.standard_normal((5, 3)).round(1), 2),
        (minus_the_next_row, _rng.standard_normal((4, 2)).round(1), 1),
        (minus_the_mean_of_all, _rng.standard_normal((4, 2)).round(1), 1),
    ],
    misconceptions=[
        Misconception(
            _leak_of_all_rows,
            "You compared all rows. The rows after t were edited, so they may change; only the rows 0 … t must not.",
        ),
        Misconception(
            _leak_with_own_row_edited,
            "You edited row t itself, which its own output may use. Edit what comes after it: x[t + 1:].",
        ),
        Misconception(
            lambda f, x, t: 0.0,
            "The result is always 0: no test that cannot fail has ever found a bug. If you edit x in place, f(x) and "
            "f(edited) are the same call; copy first.",
        ),
        Misconception(_signed_leak, "Take the absolute value: a row that falls has changed as well."),
        Misconception(
            _leak_without_the_last_row,
            "Row t is missing from the comparison: [:t] ends before it. A mask that is off by one shows exactly there.",
        ),
    ],
)
