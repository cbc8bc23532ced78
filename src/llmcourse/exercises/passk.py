"""The exercise of page 11.3 on pass@k (numpy)."""

import math

from llmcourse.exercises.checker import Exercise, Misconception


def _pass_at_k(n, c, k):
    return 1 - math.comb(n - c, k) / math.comb(n, k)


def _product(k, factors):
    """One minus the product of 1 − k/i. Where i would fall below k, no k wrong samples are left."""
    return 1 - math.prod(max(0, 1 - k / i) for i in factors)


pass_at_k = Exercise(
    name="11.3.e",
    signature="my_pass_at_k(n, c, k)",
    answer=_pass_at_k,
    cases=[(20, 4, 10), (10, 3, 5), (200, 10, 100), (5, 4, 3), (6, 0, 2), (20, 2, 5)],
    misconceptions=[
        Misconception(
            lambda n, c, k: 1 - (1 - c / n) ** k,
            "You put c/n in the place of p. That draws the k samples with replacement and is too low on average.",
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
            lambda n, c, k: 1 - math.comb(c, k) / math.comb(n, k),
            "This is the chance that *not all* k are right. Count the subsets of wrong samples: C(n − c, k).",
        ),
        Misconception(
            lambda n, c, k: c * math.comb(n - c, k - 1) / math.comb(n, k),
            "This is the chance that *exactly one* of the k is right. Two or more solve the problem as well.",
        ),
        Misconception(
            lambda n, c, k: 1.0 if c else 0.0,
            "This is 1 as soon as one of the n samples is right. It must be among the k that are drawn.",
        ),
        Misconception(
            lambda n, c, k: _product(k, range(n - c, n)),
            "The product runs over i = n − c + 1 … n, both included. Yours starts and ends one too early.",
        ),
        Misconception(
            lambda n, c, k: _product(k, range(n - c + 1, n)),
            "The product runs over c factors, i = n − c + 1 … n. Yours leaves out the last one, i = n.",
        ),
        Misconception(
            lambda n, c, k: c / n,
            "This is pass@1, whatever k is.",
        ),
    ],
)
