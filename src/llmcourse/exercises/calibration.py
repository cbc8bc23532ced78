"""Exercises of page 11.2, calibration (numpy)."""

import numpy as np

from llmcourse.evaluation.calibration import bins, debiased_square
from llmcourse.evaluation.temperature import fit_temperature
from llmcourse.exercises.checker import Exercise, Misconception, Number
from llmcourse.language.softmax import softmax

_SPREAD = float(np.sqrt(0.8 * 0.2))  # of one case that happens with probability .8

luck_by_hand = Number(
    name="11.2.a",
    answer=float(np.sqrt(2 / np.pi)) * _SPREAD / 10,
    unit="",
    misconceptions=[
        (0.0, "This is her true error. The measured one is an absolute value: chance makes it larger than 0."),
        (_SPREAD / 10, "This is the standard deviation of the gap. Its absolute value is .80 of that on average."),
        (
            float(np.sqrt(2 / np.pi)) * _SPREAD / np.sqrt(10),
            "You spread the cases over ten bins. She says one number: all 100 stand in one bin.",
        ),
        (float(np.sqrt(2 / np.pi)) * _SPREAD / 100, "You divided by n. The gap of a mean falls with the root of n."),
        (float(np.sqrt(2 / np.pi)) * _SPREAD, "This is for one case. A mean of 100 cases spreads ten times less."),
        (_SPREAD**2 / 100, "This is the variance of the gap. Take its root, then .80 of it."),
    ],
    tolerance=0.01,
)

best_statement = Number(
    name="11.2.b",
    answer=1.0,
    unit="",
    misconceptions=[
        (0.7, "This is best under a proper score. Here the expected loss is .7(1 − q) + .3q: which way does it fall?"),
        (0.5, "This is best for who knows nothing. You know that it happens 7 times in 10."),
        (0.3, "This is the loss that is left, .3, when you say the best thing. What do you say?"),
        (0.42, "This is the expected loss of saying .7. Another q has a smaller one."),
        (0.0, "The expected loss is .7 − .4q. It falls with q, so go to the other end."),
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
        (3 / float(np.log2(6)), "You took the logarithm to base 2. The softmax has powers of e: 3/τ = ln 6."),
        (3 / float(np.log(1 / 0.6)), "This takes the surprise −ln .6. A softmax compares: the odds .6 to .1 count."),
        (3 / float(np.log(4)), "ln 4 is for four choices alike. Here one has .6, and each of the others .1."),
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
            lambda q, y: float((q - y).sum() ** 2 / (len(q) * (len(q) - 1))),
            "The products of a case with itself are still in the sum. Take Σd² off before you divide.",
        ),
        Misconception(
            lambda q, y: float((q - y).mean() ** 2 - ((q - y) ** 2).mean()),
            "Σd² was divided by n, the square of the sum by n². Subtract the sums first, then divide by n(n − 1).",
        ),
        Misconception(
            lambda q, y: abs(_debiased(q, y)),
            "A mean of products may be negative. Without its sign the bias is back.",
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
