"""Exercises of page 11.2, calibration (numpy)."""

import numpy as np

from llmcourse.evaluation.calibration import bins, calibration_error, debiased_square
from llmcourse.evaluation.temperature import fit_temperature
from llmcourse.exercises.checker import Exercise, Misconception, Number
from llmcourse.language.softmax import softmax

_Q, _Y = np.array([0.6, 0.6, 0.6, 0.6, 0.6, 0.9, 0.9, 0.9, 0.9, 0.9]), np.array([1, 1, 0, 0, 0, 1, 1, 1, 1, 1])

ece_by_hand = Number(
    name="11.2.a",
    answer=calibration_error(_Q, _Y),
    unit="",
    misconceptions=[
        (abs(_Q.mean() - _Y.mean()), "This compares the overall means. Take the gap of each bin first, then average."),
        (0.2, "This is the largest gap, of the first bin. ECE averages the gaps, weighted by the cases."),
        (0.1, "This is the gap of the second bin alone. ECE averages both gaps, weighted by the cases."),
        (0.3, "These are the gaps added up. Each is weighted by its share of the cases, one half."),
        (float(((_Q - _Y) ** 2).mean()), "This is Brier's score, case by case. ECE compares means of bins."),
        (0.025, "These are the squares of the gaps. ECE takes their absolute values."),
    ],
)

best_statement = Number(
    name="11.2.b",
    answer=0.7,
    unit="",
    misconceptions=[
        (
            1.0,
            "This would be best if |q − y| were the loss. The square makes being sure and wrong too costly.",
        ),
        (0.5, "This is best for who knows nothing. You know that it happens 7 times in 10."),
        (0.3, "This is the probability that it does not happen."),
    ],
)

_BETA = float(np.log(0.6 / 0.1))

temperature_by_hand = Number(
    name="11.2.c",
    answer=fit_temperature(np.array([[3.0, 0.0, 0.0, 0.0, 0.0]] * 10), np.array([0] * 6 + [1, 2, 3, 4])),
    unit="",
    misconceptions=[
        (_BETA / 3, "This is β = 1/τ."),
        (3 * _BETA, "You multiplied the score by the log of the odds. Dividing by τ must leave ln 6: 3/τ = ln 6."),
        (3 / float(np.log(1.5)), "The other 40% are shared by four: the odds against *one* of them are .6 to .1."),
        (3 / 0.6, "You divided by the share. The logit is the log of the odds against one other choice."),
    ],
)  # fmt: skip


def _debiased(q: np.ndarray, happened: np.ndarray) -> float:
    return debiased_square(q, happened, number=1)


debiased_gap = Exercise(
    name="11.2.d",
    signature="debiased_gap(q, happened)",
    answer=_debiased,
    cases=[
        (np.array([0.5, 0.5]), np.array([1, 0])),
        (np.array([0.6, 0.7, 0.9, 0.8]), np.array([1, 0, 1, 0])),
        (np.array([0.3, 0.4, 0.2]), np.array([0, 0, 1])),
    ],
    misconceptions=[
        Misconception(
            lambda q, y: float((q - y).mean() ** 2),
            "This is the plug-in square, with every case multiplied by itself. Leave the pairs i = j out.",
        ),
        Misconception(
            lambda q, y: float(((q - y).sum() ** 2 - ((q - y) ** 2).sum()) / len(q) ** 2),
            "The pairs are right, but there are n(n − 1) of them, not n².",
        ),
        Misconception(
            lambda q, y: max(0.0, _debiased(q, y)),
            "Do not cut at 0: then the average over many data sets is too large again.",
        ),
        Misconception(
            lambda q, y: float(((q - y) ** 2).mean()),
            "This is Brier's score: only the pairs i = j, which are the ones to leave out.",
        ),
        Misconception(
            lambda q, y: _debiased(q, y) / 2,
            "You counted each pair once, i < j. There are n(n − 1)/2 of these: divide by that number.",
        ),
        Misconception(
            lambda q, y: _debiased(q, y) * len(q) * (len(q) - 1),
            "This is the sum over the pairs. The mean is wanted: divide by their number, n(n − 1).",
        ),
        Misconception(
            lambda q, y: float((q - y).mean() ** 2 - y.mean() * (1 - y.mean()) / (len(q) - 1)),
            "This is Kumar's form. It is the same only if all q of the bin are equal; here they differ.",
        ),
        Misconception(
            lambda q, y: float((q - y).mean() ** 2 - y.mean() * (1 - y.mean()) / len(q)),
            "Close: the variance of a mean is estimated by ȳ(1 − ȳ)/(n − 1), and only if all q are equal.",
        ),
    ],
)


def _reliability(z: np.ndarray, answer: np.ndarray, tau: float, number: int) -> list[list[float]]:
    p = softmax(z, temperature=tau)
    found = bins(p.max(axis=-1), (z.argmax(axis=-1) == answer).astype(int), number=number)
    filled = found.count > 0
    return [found.confidence[filled].tolist(), found.share[filled].tolist()]


def _of_the_answer(z: np.ndarray, answer: np.ndarray, tau: float, number: int) -> list[list[float]]:
    p = softmax(z, temperature=tau)[np.arange(len(z)), answer]
    found = bins(p, (z.argmax(axis=-1) == answer).astype(int), number=number)
    filled = found.count > 0
    return [found.confidence[filled].tolist(), found.share[filled].tolist()]


def _middles(z: np.ndarray, answer: np.ndarray, tau: float, number: int) -> list[list[float]]:
    p = softmax(z, temperature=tau)
    found = bins(p.max(axis=-1), (z.argmax(axis=-1) == answer).astype(int), number=number)
    filled = found.count > 0
    return [((found.edges[1:] + found.edges[:-1]) / 2)[filled].tolist(), found.share[filled].tolist()]


def _upper_bin(z: np.ndarray, answer: np.ndarray, tau: float, number: int) -> list[list[float]]:
    q, hit = softmax(z, temperature=tau).max(axis=-1), z.argmax(axis=-1) == answer
    place = np.minimum(np.floor(number * q), number - 1)
    groups = [place == m for m in range(number) if (place == m).any()]
    return [[float(q[group].mean()) for group in groups], [float(hit[group].mean()) for group in groups]]


def _every_bin(z: np.ndarray, answer: np.ndarray, tau: float, number: int, empty: float) -> list[list[float]]:
    found = bins(softmax(z, temperature=tau).max(axis=-1), (z.argmax(axis=-1) == answer).astype(int), number=number)
    return [np.where(found.count > 0, row, empty).tolist() for row in (found.confidence, found.share)]


_RNG = np.random.default_rng(11)
_CASES = [
    (2 * _RNG.standard_normal((n, 4)), _RNG.integers(0, 4, n), tau, m) for n, tau, m in ((9, 1.0, 2), (40, 2.0, 5))
]
_CASES.append((np.array([[0.0, 0.0], [3.0, 0.0], [1.0, 0.0]]), np.array([0, 0, 1]), 1.0, 2))  # one confidence is .5

reliability = Exercise(
    name="11.2.e",
    signature="reliability(z, answer, tau, number)",
    answer=_reliability,
    cases=_CASES,
    misconceptions=[
        Misconception(
            _of_the_answer,
            "You took the probability of the *right* choice. Confidence is that of the choice which the model picks: "
            "it does not know which one is right.",
        ),
        Misconception(
            _upper_bin, "A confidence of exactly .5 went into the upper bin. Here a bin ends with its upper edge."
        ),
        *(
            Misconception(
                lambda z, answer, tau, number, empty=empty: _every_bin(z, answer, tau, number, empty),
                "An empty bin has no mean. Leave it out of both lists.",
            )
            for empty in (0.0, float("nan"))
        ),
        Misconception(
            lambda z, answer, tau, number: _reliability(z, answer, tau, number)[::-1],
            "The two lists are swapped: first the mean confidence, then the share right.",
        ),
        Misconception(_middles, "Across goes the mean confidence of the cases in a bin, not the middle of the bin."),
        Misconception(
            lambda z, answer, tau, number: _reliability(z, answer, 1 / tau, number),
            "You multiplied the logits by τ. A temperature divides them.",
        ),
        Misconception(
            lambda z, answer, tau, number: _reliability(z, answer, 1.0, number),
            "The temperature is missing: divide the logits by τ before the softmax.",
        ),
    ],
)
