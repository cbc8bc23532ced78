"""Exercises of page 11.3, error bars; the one on pass@k is in ``passk`` (numpy)."""

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
        (
            2 * math.sqrt(0.6 * 0.4 / 400) * 100,
            "Close. It comes from 2 in place of 1.96, or from a share of .5 in place of .6.",
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
            "The difference of 3 points is 0.03 on the scale on which the spread is 0.4.",
        ),
        (
            ((1.644854 + 0.841621) * 0.4 / 0.03) ** 2,
            "1.645 belongs to a one-sided test at 5%. A two-sided one leaves 2.5% on each side: 1.96.",
        ),
        (
            ((1.959964 + 0.8) * 0.4 / 0.03) ** 2,
            "You added the chance of 80% itself. What is added is its z: 80% of a bell curve lies below 0.84.",
        ),
    ],
)


def _wilson(k, n, z, *, shift=1.0, shrink=True, inner=1.0, square=True, outer=True):
    share, zz = k / n, z**2 if square else z
    middle = share + shift * zz / (2 * n)
    half = (z if outer else 1) * math.sqrt(share * (1 - share) / n + inner * zz / (4 * n**2))
    size = 1 + zz / n if shrink else 1
    return ((middle - half) / size, (middle + half) / size)


wilson = Exercise(
    name="11.3.c",
    signature="my_wilson(k, n, z)",
    answer=_wilson,
    cases=[(3, 10, 1.96), (0, 20, 1.96), (80, 100, 1.645), (29, 29, 2.576)],
    misconceptions=[
        Misconception(
            lambda k, n, z: _wilson(k, n, z, shift=0, shrink=False, inner=0),
            "This is Wald's interval, with the standard error at the estimate. Wilson's takes each p at *its own*.",
        ),
        Misconception(
            lambda k, n, z: _wilson(k, n, z, shrink=False),
            "Everything must be divided by 1 + z²/n, the factor of p² in the quadratic.",
        ),
        Misconception(
            lambda k, n, z: _wilson(k, n, z, shift=0),
            "The middle is p̂ + z²/2n (before the division), not p̂: the quadratic's linear term holds it.",
        ),
        Misconception(
            lambda k, n, z: _wilson(k, n, z, inner=0),
            "Under the root z²/4n² is missing. Without it, 0 right answers give an interval of width 0 again.",
        ),
        Misconception(
            lambda k, n, z: _wilson(k, n, z, square=False),
            "z stands where z² belongs: the test |p̂ − p| ≤ z·SE was squared.",
        ),
        Misconception(
            lambda k, n, z: _wilson(k, n, z, shift=2),
            "The middle is p̂ + z²/2n (before the division). The quadratic has z²/n there, and its root halves it.",
        ),
        Misconception(
            lambda k, n, z: _wilson(k, n, z, inner=n),
            "Under the root stands z²/4n², not z²/4n: (z²/n)² over 4z², after z is taken out.",
        ),
        Misconception(
            lambda k, n, z: _wilson(k, n, z, outer=False),
            "The factor z before the root is missing: the half-width counts standard errors.",
        ),
        Misconception(
            lambda k, n, z: tuple(2 * end for end in _wilson(k, n, z)),
            "Both ends are doubled: the roots are (B ± √(B² − 4AC))/2A, with 2A below, not A.",
        ),
        Misconception(
            lambda k, n, z: _wilson(k, n, z)[::-1],
            "The ends are swapped: give the lower one first.",
        ),
        Misconception(
            lambda k, n, z: tuple(100 * end for end in _wilson(k, n, z)),
            "These are percent. Give shares between 0 and 1.",
        ),
    ],
)


def _paired_error(a, b):
    return float((a - b).std(ddof=1) / math.sqrt(a.size))


def _by_formula(a, b, *, times, ddof=1):
    """The formula with the covariance, taken so many times; not a number where the radicand is negative."""
    variance = a.var(ddof=ddof) + b.var(ddof=ddof) - times * np.cov(a, b)[0, 1]
    return math.sqrt(variance / a.size) if variance >= 0 else math.nan


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
            lambda a, b: float((a - b).std(ddof=1) / a.size),
            "You divided the spread by n. It is the *variance* of the mean that has 1/n, so the spread has 1/√n.",
        ),
        Misconception(
            lambda a, b: 1.96 * _paired_error(a, b),
            "This is half of a 95% interval. The standard error is asked for, without the 1.96.",
        ),
        Misconception(
            lambda a, b: float((a.std(ddof=1) + b.std(ddof=1)) / math.sqrt(a.size)),
            "You added two standard errors, which is too much even for two separate sets. Take the differences first.",
        ),
        Misconception(
            lambda a, b: float(math.sqrt((a.var() + b.var()) / a.size)),
            "This is the error for two separate sets, squares divided by n. Take the differences first, and ddof=1.",
        ),
        Misconception(
            lambda a, b: float(np.abs(a - b).std(ddof=1) / math.sqrt(a.size)),
            "You took the size of each difference. The sign must stay: items won and lost cancel.",
        ),
        Misconception(
            lambda a, b: _by_formula(a, b, times=1),
            "The covariance counts twice: Var(a − b) = Var(a) + Var(b) − 2 Cov(a, b).",
        ),
        Misconception(
            lambda a, b: _by_formula(a, b, times=-2),
            "This is the error of the *sum*. For a difference the covariance is subtracted.",
        ),
        Misconception(
            lambda a, b: _by_formula(a, b, times=2, ddof=0),
            "You mixed n and n − 1: np.cov divides by n − 1, var() by n. Give ddof=1 to both.",
        ),
    ],
)
