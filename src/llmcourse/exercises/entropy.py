"""Exercises of page 1.3, entropy and information (numpy)."""

import math

import numpy as np

from llmcourse.exercises.checker import Exercise, Misconception, Number
from llmcourse.language.information import kl_divergence, surprise

LN2 = np.log(2)

overpaid_in_nats = Number(
    name="1.3.a",
    answer=0.5 * LN2,
    unit="nats",
    misconceptions=[
        (0.5, "This is in bits. One bit is ln 2 = 0.693 nats, so the number of nats is smaller: multiply by it."),
        (1.5 * LN2, "This is the whole bill H(p, q) in nats. What you overpay is that minus H(p)."),
        (
            0.5 / LN2,
            "You divided by ln 2. A nat is the larger unit (1.443 bits), so the number of nats is the smaller one.",
        ),
        (math.inf, "This is D(q‖p): the weights are those of p, which never draws the third outcome."),
    ],
)

bits_per_character = Number(
    name="1.3.b",
    answer=1.90 / LN2 / 3.8,
    unit="bits per character",
    misconceptions=[
        (
            1.90 * LN2 / 3.8,
            "You multiplied by ln 2. A bit is the smaller unit (0.693 nats), so the number of bits is the larger one.",
        ),
        (1.90 / 3.8, "This is in nats per character. One bit is ln 2 = 0.693 nats: divide by it."),
        (
            1.90 / LN2 * 3.8,
            "You multiplied by the characters per token. One token's bill is shared by 3.8 characters: divide.",
        ),
        (1.90 / LN2, "This is in bits per token. A token has 3.8 characters, which share its bill."),
        (np.exp(1.90), "This is the perplexity, the number of equally likely tokens. The bill is its logarithm."),
    ],
)


def _swapped_logs(p: np.ndarray, q: np.ndarray) -> float:
    return float(kl_divergence(q, p))


def _natural(p: np.ndarray, q: np.ndarray) -> float:
    return float(kl_divergence(p, q, base=np.e))


def _unweighted(p: np.ndarray, q: np.ndarray) -> float:
    seen = p > 0
    with np.errstate(divide="ignore"):
        return float((np.log2(p[seen]) - np.log2(q[seen])).mean())


def _terms_with_q_zero_dropped(p: np.ndarray, q: np.ndarray) -> float:
    both = (p > 0) & (q > 0)
    return float((p[both] * np.log2(p[both] / q[both])).sum())


def _zero_times_infinity(p: np.ndarray, q: np.ndarray) -> float:
    with np.errstate(divide="ignore", invalid="ignore"):
        return float((p * (np.log2(p) - np.log2(q))).sum())


def _cross_entropy_only(p: np.ndarray, q: np.ndarray) -> float:
    seen = p > 0
    with np.errstate(divide="ignore"):
        return float(-(p[seen] * np.log2(q[seen])).sum())


overpaid = Exercise(
    name="1.3.e",
    signature="overpaid(p, q)",
    answer=lambda p, q: float(kl_divergence(p, q)),
    cases=[
        (np.array([0.7, 0.2, 0.1]), np.array([0.5, 0.3, 0.2])),
        (np.array([0.9, 0.1, 0.0]), np.array([0.6, 0.2, 0.2])),
        (np.array([0.5, 0.5]), np.array([1.0, 0.0])),
    ],
    misconceptions=[
        Misconception(
            lambda p, q: _zero_times_infinity(q, p),
            "This is D(q‖p), and NaN where q is 0: the weights are those of the truth, p; a weight of 0 means no term.",
        ),
        Misconception(
            lambda p, q: _zero_times_infinity(p, q) * LN2,
            "This is in nats, and NaN where p is 0. Use log2, and leave out what never happens.",
        ),
        Misconception(
            lambda p, q: -_zero_times_infinity(p, q),
            "The ratio is upside down or the sign is off: overpaying is never negative. Where p is 0 you also get NaN.",
        ),
        Misconception(
            _zero_times_infinity,
            "NaN: where p is 0 you computed 0 · (−∞). What never happens is never billed; leave those outcomes out.",
        ),
        Misconception(
            _terms_with_q_zero_dropped,
            "You dropped the outcomes with q = 0. If p > 0 there, that outcome happens and its surprise is infinite: "
            "the bill must be infinite too.",
        ),
        Misconception(_swapped_logs, "This is D(q‖p). The weights are those of the truth, p: it decides what happens."),
        Misconception(_natural, "This is in nats; the question asks for bits. Use log2, or divide by ln 2."),
        Misconception(
            _unweighted, "You averaged over the outcomes as if they were equally likely. Weight each by its p."
        ),
        Misconception(
            _cross_entropy_only, "This is the whole bill H(p, q). What you overpay is that minus the entropy H(p)."
        ),
    ],
)

average_bill = Exercise(
    name="1.3.d",
    signature="average_bill(q, tokens)",
    answer=lambda q, tokens: float(surprise(q[tokens]).mean()),
    cases=[
        (np.array([0.5, 0.25, 0.125, 0.125]), np.array([0, 0, 1, 3])),
        (np.array([0.7, 0.2, 0.1]), np.array([2, 0, 0, 1, 0, 0])),
    ],
    misconceptions=[
        Misconception(
            lambda q, tokens: float(-np.log2(q[tokens].mean())),
            "You averaged the probabilities and took the logarithm afterwards. Prices add up, probabilities multiply: "
            "take the logarithm of each first.",
        ),
        Misconception(
            lambda q, tokens: float(-(q * np.log2(q)).sum()),
            "This is the entropy of q, the bill if the tokens came as q says. They came as the text says.",
        ),
        Misconception(
            lambda q, tokens: float(-np.log(q[tokens]).mean()), "This is in nats; the question asks for bits."
        ),
        Misconception(lambda q, tokens: float(-np.log2(q[tokens]).sum()), "This is the total. Divide by the tokens."),
        Misconception(
            lambda q, tokens: float(np.log2(q[tokens]).mean()),
            "The sign is off: the logarithm of a probability is negative, a price is not.",
        ),
    ],
)
