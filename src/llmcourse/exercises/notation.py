"""The exercises of page 1.1, notation without fear (numpy)."""

import math
from collections import Counter
from itertools import pairwise

import numpy as np

from llmcourse.exercises.checker import Exercise, Misconception, Number
from llmcourse.shapes import Array, Float, Int

_BAT = "twinkle twinkle little bat how i wonder what you are at".split()


def _seen_once(x: list[str]) -> int:
    return sum(count == 1 for count in Counter(x).values())


words_seen_once = Exercise(
    name="1.1.a (i)",
    signature="words_seen_once(x)",
    answer=_seen_once,
    cases=[(_BAT,), (["a", "b", "a", "c", "a", "b", "d", "e"],), (["yes"],), (["no", "no", "no"],)],
    misconceptions=[
        Misconception(
            lambda x: len(set(x)),
            "This is the size of the whole vocabulary. After the colon, c(v) = 1 keeps only the words that occur "
            "exactly once.",
        ),
        Misconception(
            lambda x: sum(count > 1 for count in Counter(x).values()),
            "You kept the words that occur more than once. The condition after the colon says c(v) = 1.",
        ),
        Misconception(
            lambda x: len(x) - len(set(x)),
            "This is the number of repetitions, T − |V|. Collect the v with c(v) = 1, then count how many you have.",
        ),
        Misconception(
            lambda x: {v for v in x if x.count(v) == 1},
            "This is the right set. The bars |…| around it ask for its size, so one len() is missing.",
        ),
        Misconception(
            lambda x: [v for v in x if x.count(v) == 1],
            "You return the words themselves, in a list. The bars |…| ask how many they are: take len() of it.",
        ),
        Misconception(  # in the set's own order, which only another run over the same set gives
            lambda x: [v for v in set(x) if x.count(v) == 1],
            "These are the right words, in a list. The bars |…| ask how many they are: take len() of it.",
        ),
    ],
)

root_of_product = Exercise(
    name="1.1.a (ii)",
    signature="root_of_product(p)",
    answer=lambda p: float(np.exp(-np.log(p).mean())),
    cases=[(np.array([0.2, 0.5, 0.1]),), (np.array([0.25, 0.25]),), (np.array([0.9, 0.01, 0.5, 0.5]),)],
    misconceptions=[
        Misconception(
            lambda p: float(np.prod(1 / p)),
            "The exponent 1/T outside the parentheses is missing: this is the product, not its T-th root.",
        ),
        Misconception(
            lambda p: float((1 / p).mean()),
            "This adds and divides by T, which a Σ with 1/T in front would ask for. ∏ multiplies, and an exponent of "
            "1/T is a root.",
        ),
        Misconception(
            lambda p: float(np.prod(p) ** (1 / len(p))),
            "You multiplied the p's themselves. Each factor is 1/p, so the result is at least 1.",
        ),
        Misconception(
            lambda p: float(np.prod(1 / p) / len(p)),
            "You divided by T where the exponent asks for the T-th root. If you wrote ** 1 / T, Python read it as "
            "(… ** 1) / T: put parentheses around (1 / T).",
        ),
        Misconception(
            lambda p: float(-np.log(p).mean()),
            "This is the log of the answer: −log p is log(1/p), and their mean is the log of the T-th root. Take exp "
            "of it.",
        ),
    ],
)


def _earlier(a: Float[Array, " T"]) -> float:
    return float(sum(a[i] * a[j] for i in range(len(a)) for j in range(i)))


pairs_with_earlier = Exercise(
    name="1.1.a (iii)",
    signature="pairs_with_earlier(a)",
    answer=_earlier,
    cases=[(np.array([2.0, 3.0, 5.0]),), (np.array([1.0, -1.0, 4.0, 0.5]),), (np.array([7.0]),)],
    misconceptions=[
        Misconception(
            lambda a: float(sum(a[i] * a[j] for i in range(len(a)) for j in range(i + 1))),
            "The inner sum stops at i − 1, so j never equals i; yours has the squares a_i · a_i. Python's range(i) "
            "already stops one before i.",
        ),
        Misconception(
            lambda a: float(sum(a[i] * a[j] for i in range(len(a)) for j in range(len(a)) if i != j)),
            "You let j run on both sides of i, so each pair is counted twice. The inner sum ends at i − 1.",
        ),
        Misconception(
            lambda a: float(a.sum() ** 2),
            "Both of your sums run to n. The inner one ends at i − 1: its end depends on the outer index.",
        ),
        Misconception(
            lambda a: float(sum(a[i] * a[j] for i in range(1, len(a)) for j in range(1, i))),
            "You copied the paper's 1 into range. Python counts from 0, so a_1 is a[0]; yours never uses it.",
        ),
        Misconception(
            lambda a: float(sum(a[i] * a[i - 1] for i in range(1, len(a)))),
            "You paired each entry with the one just before it. The inner Σ asks for every earlier one.",
        ),
        Misconception(
            lambda a: float(sum(a[i] * a[j] for i in range(len(a)) for j in range(i - 1))),
            "range(i − 1) already stops at i − 2: both Python's open end and the −1 were subtracted. Use range(i).",
        ),
    ],
)

tokens_until_zero = Number(
    name="1.1.b",
    answer=1075 * math.log(2) / 3,
    unit="tokens, so the 249th makes it zero",
    tolerance=0.01,  # "about": 248 and 249 are as good as 248.4, and so is a round 250
    misconceptions=[
        (
            1075 / 3,
            "1075 counts halvings (base 2), but the loss of 3 is in nats. Convert: 1075 · ln 2 ≈ 745.",
        ),
        (
            324 / 3,
            "324 counts powers of ten, but the loss of 3 is in nats. Convert: 324 · ln 10 ≈ 745.",
        ),
        (
            1075 * math.log(2) * 3,
            "You multiplied. Each token uses up 3 of the 745 nats, so divide.",
        ),
        (
            1075 * math.log(2),
            "This is how many nats there are to lose. Each token uses up 3 of them.",
        ),
        (
            1022 * math.log(2) / 3,
            "You stopped at 2^−1022, the smallest normal float64. Below it come the subnormal ones, which give up "
            "digits to get smaller, down to 2^−1074. Zero begins below half of that: 1075 · ln 2 ≈ 745 nats.",
        ),
    ],
)


def _pairs(x: Int[Array, " T"]) -> list[tuple[int, int]]:
    return list(pairwise(x.tolist()))


def _round(x: Int[Array, " T"]) -> list[tuple[int, int]]:
    """The pairs of a loop that starts at 0: Python's x[-1], the last token, comes before the first."""
    return [(int(x[t - 1]), int(x[t])) for t in range(len(x))]


def _logs(table: Float[Array, "V V"], pairs: list[tuple[int, int]]) -> Float[Array, " T"]:
    return np.log([table[given, token] for given, token in pairs])


_WEATHER = np.array([[0.7, 0.2, 0.1], [0.3, 0.3, 0.4], [0.25, 0.5, 0.25]])
_COIN = np.array([[0.9, 0.1], [0.4, 0.6]])

average_nll = Exercise(
    name="1.1.d",
    signature="average_nll(table, x)",
    answer=lambda table, x: float(-_logs(table, _pairs(x)).mean()),
    cases=[
        (_WEATHER, np.array([0, 0, 1, 2, 1, 0])),
        (_COIN, np.array([0, 1, 1, 0])),
        (_COIN, np.array([1, 0])),
    ],
    misconceptions=[
        Misconception(
            lambda table, x: float(_logs(table, _pairs(x)).mean()),
            "The minus in front is missing. The log of a probability is never above 0, so this loss is negative.",
        ),
        Misconception(
            lambda table, x: float(-_logs(table, _pairs(x)).mean() / np.log(10)),
            "This is log10. A log without a base is the natural one here: np.log or math.log.",
        ),
        Misconception(
            lambda table, x: float(-_logs(table, _pairs(x)).mean() / np.log(2)),
            "This is log2, which gives bits. A log without a base is the natural one here: np.log or math.log.",
        ),
        Misconception(
            lambda table, x: float(-np.log(np.exp(_logs(table, _pairs(x))).mean())),
            "You averaged the probabilities and took one log at the end. The log stands inside the Σ: take it of each "
            "probability, then average. Otherwise one impossible token would hardly cost anything.",
        ),
        Misconception(
            lambda table, x: float(-_logs(table, _pairs(x)).sum()),
            "This is the sum. The fraction in front of Σ divides by the number of terms, or longer texts always lose.",
        ),
        Misconception(
            lambda table, x: float(-_logs(table, _pairs(x)).sum() / len(x)),
            "You divided by T, but the sum starts at t = 2: it has T − 1 terms, and the fraction says so.",
        ),
        Misconception(
            lambda table, x: float(-_logs(table, [(token, token) for token in x[1:].tolist()]).mean()),
            "You looked up table[x[t], x[t]]: the context already holds the token to predict. The row is the token "
            "before, x[t - 1].",
        ),
        Misconception(
            lambda table, x: float(-_logs(table, [(token, given) for given, token in _pairs(x)]).mean()),
            "Row and column are swapped: this is P(x_{t−1} | x_t), reading backward. What is given picks the row.",
        ),
        Misconception(
            lambda table, x: float(-_logs(table, _pairs(x)[1:]).sum() / (len(x) - 1)),
            "Your first term is lost. The paper's t = 2 is Python's x[1], because Python counts from 0: the loop is "
            "range(1, len(x)).",
        ),
        Misconception(
            lambda table, x: float(-_logs(table, _pairs(x)[1:]).mean()) if len(x) > 2 else math.nan,
            "Your first term is lost, and you averaged the rest. The paper's t = 2 is Python's x[1], because Python "
            "counts from 0.",
        ),
        Misconception(
            lambda table, x: float(-_logs(table, _round(x)).sum() / (len(x) - 1)),
            "Your loop starts at 0, where x[t − 1] is x[−1], the last token. The paper's t = 2 is Python's t = 1.",
        ),
        Misconception(
            lambda table, x: float(-_logs(table, _round(x)).mean()),
            "Your loop starts at 0, where x[t − 1] is x[−1], the last token; so you have T terms and divide by T. "
            "Start at 1 and divide by T − 1.",
        ),
        Misconception(
            lambda table, x: -_logs(table, _pairs(x)) / (len(x) - 1),
            "You return an array, one entry for each t. The Σ is missing: add the entries up.",
        ),
        Misconception(
            lambda table, x: -_logs(table, _pairs(x)),
            "You return an array, one entry for each t. The Σ and the fraction in front of it are missing: add the "
            "entries up and divide by how many they are.",
        ),
    ],
)
