"""Exercises of page 8.3, scaling laws (numpy)."""

import math

from llmcourse.exercises.checker import Exercise, Misconception, Number
from llmcourse.learning.scaling import BESIROGLU

_FLOP = 6 * 8e9 * 15e12
_A_DAY = 1000 * 400e12 * 86_400

days = Number(
    name="8.3.a",
    answer=_FLOP / _A_DAY,
    unit="days",
    misconceptions=[
        (_FLOP / 3 / _A_DAY, "This is the forward pass alone, 2ND. Going back takes twice as much again: 6ND."),
        (_FLOP / _A_DAY * 24, "These are hours."),
        (_FLOP / _A_DAY * 86_400, "These are seconds."),
        (_FLOP / _A_DAY * 1000, "This is for one processor. There are 1,000."),
        (_FLOP / 6 / _A_DAY, "This is ND. Each weight takes 6 FLOP for each token."),
        (_FLOP / 2 / _A_DAY, "This is 3ND: a multiplication and its addition were counted as one. They are two."),
    ],
)

_ALPHA, _BETA = BESIROGLU.size_exponent, BESIROGLU.data_exponent

halving = Number(
    name="8.3.b",
    answer=2 ** ((_ALPHA + _BETA) / (_ALPHA * _BETA)),
    unit="times the compute",
    tolerance=0.01,
    misconceptions=[
        (2 ** (1 / _ALPHA), "So many times the *parameters* halve the shortage of size alone, with data to spare."),
        (2 ** (1 / _BETA), "So many times the *data* halve the shortage of data alone, with size to spare."),
        (2 ** (2 / (_ALPHA * _BETA)), "You divided by αβ/2. The exponent of C is αβ/(α + β)."),
        (2 ** (1 / (_ALPHA + _BETA)), "You took α + β as the exponent of C. N and D share the growth of C."),
        (2.0, "That would be so if the loss above the floor fell as 1/C. It falls as C to the power −αβ/(α + β)."),
    ],
)  # fmt: skip


def _allocation(
    compute: float, a: float, b: float, alpha: float, beta: float, *, rule: float = 6.0, ratio: float | None = None
) -> tuple[float, float]:
    g = ((alpha * a) / (beta * b) if ratio is None else ratio) ** (1 / (alpha + beta))
    n = g * (compute / rule) ** (beta / (alpha + beta))
    return n, compute / (rule * n)


def _swapped(compute: float, a: float, b: float, alpha: float, beta: float) -> tuple[float, float]:
    g = (alpha * a / (beta * b)) ** (1 / (alpha + beta))
    return g * (compute / 6) ** (alpha / (alpha + beta)), (compute / 6) ** (beta / (alpha + beta)) / g


allocation = Exercise(
    name="8.3.c",
    signature="allocation(compute, a, b, alpha, beta)",
    answer=_allocation,
    cases=[
        (6e10, 20.0, 20.0, 0.5, 0.5),
        (5.76e23, 482.01, 2085.43, 0.3478, 0.3658),
        (1e20, 406.4, 410.7, 0.34, 0.28),
    ],
    misconceptions=[
        Misconception(
            lambda c, a, b, alpha, beta: _allocation(c, a, b, alpha, beta, rule=1.0),
            "A budget of C pays for C/6 products ND, not for C of them.",
        ),
        Misconception(
            _swapped,
            "The exponent of N is β/(α + β). Where data pay off fast (a large β), fewer of them do, and N gets more.",
        ),
        Misconception(
            lambda c, a, b, alpha, beta: _allocation(c, a, b, alpha, beta, ratio=a / b),
            "G has αA/(βB) inside. The derivatives of the two shortages are equal, not the shortages themselves.",
        ),
        Misconception(
            lambda c, a, b, alpha, beta: _allocation(c, a, b, alpha, beta, ratio=beta * b / (alpha * a)),
            "Your G stands upside down. A larger A means that small models miss more, so N must grow with it.",
        ),
        Misconception(
            lambda c, a, b, alpha, beta: _allocation(c, a, b, alpha, beta)[::-1],
            "The two are right and in the wrong order: parameters first, then tokens.",
        ),
        Misconception(
            lambda c, a, b, alpha, beta: (math.sqrt(c / 120), 20 * math.sqrt(c / 120)),
            "This is the rule of thumb D = 20N. The question is what the constants given say.",
        ),
    ],
)
