"""Exercises of page 5.1, why position (numpy)."""

import math
from collections.abc import Callable

import numpy as np

from llmcourse.exercises.checker import Exercise, Misconception, Number

marker_at_eight = Number(
    name="5.1.a",
    answer=12 / 8,
    misconceptions=[
        (12 / 7, "You divided by 7, the tokens before the eighth. A token sees itself too: that makes 8."),
        (12 / 9, "You divided by 9. The eighth token sees eight tokens: the seven before it, and itself."),
        (12 / 10, "You averaged over all ten. The mask hides the ninth and the tenth from the eighth."),
        (12.0, "Equal scores do not pick the first token: they spread the weight over all that may be seen."),
        (96.0, "You multiplied. An average over eight tokens, of which one holds 12, is smaller than 12."),
    ],
)

orders_of_a_sentence = Number(
    name="5.1.b",
    answer=math.factorial(5) / 2,
    unit="orders",
    tolerance=1e-9,
    misconceptions=[
        (
            120.0,
            "This is 5!, as if the two “the” could be told apart. Swapping them gives the same sentence: halve it.",
        ),
        (59.0, "This leaves out the sentence itself. It is one of the orders that the model confuses."),
        (119.0, "This is 5! − 1. The two “the” are the same word, and the sentence itself counts."),
        (5.0, "This is the number of words. Count in how many orders they can stand."),
        (24.0, "This is 4!, the orders of the four different words. The second “the” stands somewhere too."),
        (30.0, "You divided by 4. Two equal words can be swapped in 2! = 2 ways: divide 120 by 2."),
    ],
)


def _running_means(v: np.ndarray) -> np.ndarray:
    return np.cumsum(v, axis=0) / np.arange(1, len(v) + 1)[:, None]


def _gap(f: Callable, x: np.ndarray, order: np.ndarray) -> float:
    return float(np.abs(f(x[order]) - f(x)[order]).max())


def _invariance(f: Callable, x: np.ndarray, order: np.ndarray) -> float:
    return float(np.abs(f(x[order]) - f(x)).max())


def _twice(f: Callable, x: np.ndarray, order: np.ndarray) -> float:
    return float(np.abs(f(x[order])[order] - f(x)).max())


def _signed(f: Callable, x: np.ndarray, order: np.ndarray) -> float:
    return float((f(x[order]) - f(x)[order]).max())


def center(x: np.ndarray) -> np.ndarray:
    """Each row minus the mean row: it treats all places alike."""
    return x - x.mean(axis=0)


def add_place(x: np.ndarray) -> np.ndarray:
    """Each row minus ten times its place: it does not treat all places alike."""
    return x - 10.0 * np.arange(len(x))[:, None]


equivariance_gap = Exercise(
    name="5.1.d",
    signature="equivariance_gap(f, x, order)",
    answer=_gap,
    cases=[
        (center, np.array([[1.0, 2.0], [3.0, 0.0], [8.0, 1.0]]), np.array([1, 2, 0])),
        (add_place, np.array([[1.0], [4.0], [4.5]]), np.array([1, 2, 0])),
        (_running_means, np.array([[3.0], [5.0], [1.0]]), np.array([2, 0, 1])),
    ],
    misconceptions=[
        Misconception(
            _invariance,
            "You compared f(x[order]) with f(x) itself. That asks whether order is ignored altogether; equivariance "
            "says that the results come out in the new order: compare with f(x)[order].",
        ),
        Misconception(
            _twice,
            "You put the rows of f(x[order]) into the new order again. They are in it already: reorder f(x) instead.",
        ),
        Misconception(_signed, "Take absolute values first: a difference of −3 is as large a gap as one of 3."),
    ],
)
