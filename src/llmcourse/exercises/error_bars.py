"""Exercises of page 11.3, error bars (numpy)."""

import math

import numpy as np

from llmcourse.exercises.checker import Exercise, Misconception, Number

half_width = Number(
    name="11.3.a",
    answer=1.96 * math.sqrt(0.6 * 0.4 / 400) * 100,
    unit="points",
    misconceptions=[
        (
            math.sqrt(0.6 * 0.4 / 400) * 100,
            "This is one standard error. The interval reaches 1.96 of them to each side.",
        ),
        (
            2 * 1.96 * math.sqrt(0.6 * 0.4 / 400) * 100,
            "This is the whole width. The number after ± is one half of it.",
        ),
        (
            1.96 * math.sqrt(0.6 * 0.4) / 400 * 100,
            "You divided the spread of one item by n. The mean has 1/n of its *variance*, so 1/√n of its spread.",
        ),
        (1.96 * 0.6 * 0.4 / 400 * 100, "This is built from the variance. Take its root first."),
        (
            1.96 * math.sqrt(0.6 * 0.4) * 100,
            "This is the spread of a single item. The mean of 400 spreads 20 times less.",
        ),
        (1.96 * math.sqrt(0.6 * 0.4 / 400), "Right as a share. In percentage points it is 100 times that number."),
    ],
)

items_for_three_points = Number(
    name="11.3.b",
    answer=((1.959964 + 0.841621) * 0.4 / 0.03) ** 2,
    unit="items",
    tolerance=1e-2,
    misconceptions=[
        (
            (1.959964 * 0.4 / 0.03) ** 2,
            "This gives an interval that just reaches 0 when the difference comes out at its true value, which half of "
            "all samples miss. For a chance of 80% add z = 0.84 before you square.",
        ),
        (
            (1.959964 + 0.841621) * 0.4 / 0.03,
            "You have the ratio of the spread to the difference. The error falls with √n, so n is its *square*.",
        ),
        (
            ((1.959964 + 0.841621) / 0.03) ** 2 * 0.4,
            "The spread of a difference, 0.4, must be squared too: n = (z + z')²σ²/δ².",
        ),
        (
            2 * ((1.959964 + 0.841621) * 0.4 / 0.03) ** 2,
            "You doubled it, as for two separate sets. The 0.4 is already the spread of the paired *difference*.",
        ),
        (
            ((1.959964 + 0.841621) * 0.4 / 3) ** 2,
            "The difference of 3 points is 0.03 on the scale on which the spread is 0.5.",
        ),
    ],
)


def _wilson(k, n, z, *, shift=True, shrink=True, inner=True, square=True):
    share, zz = k / n, z**2 if square else z
    middle = share + (zz / (2 * n) if shift else 0)
    half = z * math.sqrt(share * (1 - share) / n + (zz / (4 * n**2) if inner else 0))
    size = 1 + zz / n if shrink else 1
    return ((middle - half) / size, (middle + half) / size)


wilson = Exercise(
    name="11.3.c",
    signature="wilson(k, n, z)",
    answer=_wilson,
    cases=[(3, 10, 1.96), (0, 20, 1.96), (80, 100, 1.645), (29, 29, 2.576)],
    misconceptions=[
        Misconception(
            lambda k, n, z: _wilson(k, n, z, shift=False, shrink=False, inner=False),
            "This is Wald's interval, with the standard error at the estimate. Wilson's takes each p at *its own*.",
        ),
        Misconception(
            lambda k, n, z: _wilson(k, n, z, shrink=False),
            "Everything must be divided by 1 + z²/n, the factor of p² in the quadratic.",
        ),
        Misconception(
            lambda k, n, z: _wilson(k, n, z, shift=False),
            "The middle is p̂ + z²/2n (before the division), not p̂: the quadratic's linear term holds it.",
        ),
        Misconception(
            lambda k, n, z: _wilson(k, n, z, inner=False),
            "Under the root z²/4n² is missing. Without it, 0 right answers give an interval of width 0 again.",
        ),
        Misconception(
            lambda k, n, z: _wilson(k, n, z, square=False),
            "z stands where z² belongs: the test |p̂ − p| ≤ z·SE was squared.",
        ),
        Misconception(
            lambda k, n, z: tuple(100 * end for end in _wilson(k, n, z)),
            "These are percent. Give shares between 0 and 1.",
        ),
    ],
)


def _paired_error(a, b):
    return float((a - b).std(ddof=1) / math.sqrt(a.size))


paired_error = Exercise(
    name="11.3.d",
    signature="paired_error(a, b)",
    answer=_paired_error,
    cases=[
        (np.array([1.0, 1.0, 0.0, 1.0, 0.0]), np.array([1.0, 0.0, 0.0, 1.0, 1.0])),
        (np.array([0.2, 0.9, 0.4]), np.array([0.1, 0.7, 0.5])),
        (np.array([1.0, 0.0, 1.0, 0.0, 1.0, 1.0]), np.array([1.0, 0.0, 1.0, 0.0, 1.0, 0.0])),
    ],
    misconceptions=[
        Misconception(
            lambda a, b: float(math.sqrt(a.var(ddof=1) / a.size + b.var(ddof=1) / b.size)),
            "This is the error for two separate sets of items: the two variances added. Take the differences first.",
        ),
        Misconception(
            lambda a, b: float((a - b).std() / math.sqrt(a.size)),
            "You divided the squares by n. The mean was taken from the same n numbers, so n − 1 are left (ddof=1).",
        ),
        Misconception(
            lambda a, b: float((a - b).std(ddof=1)),
            "This is the spread of one item's difference. The mean of n of them spreads √n times less.",
        ),
        Misconception(
            lambda a, b: float((a - b).var(ddof=1) / a.size),
            "This is the variance of the mean difference; its root is the standard error.",
        ),
        Misconception(
            lambda a, b: float(np.abs(a - b).std(ddof=1) / math.sqrt(a.size)),
            "You took the size of each difference. The sign must stay: items won and lost cancel.",
        ),
    ],
)


def _pass_at_k(n, c, k):
    return 1 - math.comb(n - c, k) / math.comb(n, k)


pass_at_k = Exercise(
    name="11.3.e",
    signature="pass_at_k(n, c, k)",
    answer=_pass_at_k,
    cases=[(20, 4, 10), (10, 3, 5), (200, 10, 100), (5, 4, 3), (6, 0, 2)],
    misconceptions=[
        Misconception(
            lambda n, c, k: 1 - (1 - c / n) ** k,
            "You put c/n in the place of p. That draws the k samples with return and is too low on average.",
        ),
        Misconception(
            lambda n, c, k: math.comb(n - c, k) / math.comb(n, k),
            "This is the chance that all k are wrong. pass@k is one minus it.",
        ),
        Misconception(
            lambda n, c, k: min(1.0, k * c / n),
            "k·c/n counts the right ones to be expected among k. Two of them do not solve the problem twice.",
        ),
        Misconception(
            lambda n, c, k: math.comb(c, k) / math.comb(n, k),
            "This is the chance that *all* k are right. One right one is enough.",
        ),
        Misconception(
            lambda n, c, k: c / n,
            "This is pass@1, whatever k is.",
        ),
    ],
)
