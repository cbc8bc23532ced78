"""Exercises of page 4.3, softmax, temperature and the filters (numpy)."""

import numpy as np

from llmcourse.exercises.checker import Exercise, Misconception, Number
from llmcourse.inference.sampling import top_p
from llmcourse.language.softmax import softmax

temperature_for_odds = Number(
    name="4.3.a",
    answer=2.0,
    misconceptions=[
        (
            3.0,
            "You divided the odds by τ. It is the difference of the logits that is divided, so the odds become their "
            "τ-th root: 9 to the power 1/τ.",
        ),
        (
            0.5,
            "At τ = ½ the odds are squared, 81 to 1: a low temperature widens the lead. Here it shrinks: τ is above 1.",
        ),
        (
            6.0,
            "You subtracted: 9 − 6 = 3. Odds are exponentials of differences of logits: take logarithms first.",
        ),
        (np.log(9.0), "This is the difference of the logits, ln 9. Divide it by τ so that ln 3 is left."),
        (np.log(3.0), "This is the difference that is to be left, ln 3. By which τ must ln 9 be divided to give it?"),
    ],
)

cut_by_the_nucleus = Number(
    name="4.3.b",
    answer=0.15,
    misconceptions=[
        (
            0.30,
            "You stopped before the token that reaches 0.75. It stays: 0.4 + 0.3 = 0.7 is not enough yet.",
        ),
        (
            0.25,
            "This is 1 − 0.75, the most that may be cut. The nucleus ends with a whole token, and holds more here.",
        ),
        (0.85, "This is what is kept. The question asks for what is cut."),
        (0.05, "You went one token too far: 0.4 + 0.3 + 0.15 = 0.85 has reached 0.75 already."),
    ],
)


def _without_the_peak(z: np.ndarray, tau: float) -> np.ndarray:
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        weights = np.exp(z / tau)
        return weights / weights.sum(axis=-1, keepdims=True)


def _peak_before_tau(z: np.ndarray, tau: float) -> np.ndarray:
    with np.errstate(over="ignore", invalid="ignore"):
        weights = np.exp(z / tau - z.max(axis=-1, keepdims=True))
        return weights / weights.sum(axis=-1, keepdims=True)


def _times_tau(z: np.ndarray, tau: float) -> np.ndarray:
    return softmax(z * tau)


def _over_the_batch(z: np.ndarray, tau: float) -> np.ndarray:
    weights = np.exp((z - z.max()) / tau)
    return weights / weights.sum()


def _tau_forgotten(z: np.ndarray, tau: float) -> np.ndarray:
    return softmax(z)


def _after_the_exponential(z: np.ndarray, tau: float) -> np.ndarray:
    """The probabilities at τ = 1 divided by τ and normalized: τ cancels."""
    return softmax(z) / tau


stable_softmax = Exercise(
    name="4.3.d",
    signature="stable_softmax(z, tau)",
    answer=lambda z, tau: softmax(z, temperature=tau),
    cases=[
        (np.array([[2.0, 1.0, 0.0]]), 0.5),
        (np.array([[2.0, 1.0, 0.0], [0.0, 4.0, -1.0]]), 2.0),
        (np.array([[1002.0, 1001.0, 1000.0], [-2000.0, -2001.0, -2002.0]]), 1.5),
        (np.array([[2000.0, 1999.0, 1998.0]]), 0.5),
    ],
    misconceptions=[
        Misconception(
            _without_the_peak,
            "NaN: at logits of 1000 the exponential overflows, at −2000 every one is 0. Subtract the largest logit of "
            "the row first; that changes no probability.",
        ),
        Misconception(
            _peak_before_tau,
            "NaN: subtract the largest of z/τ, not of z. At τ = ½ the largest exponent here is still 4000 − 2000.",
        ),
        Misconception(
            _times_tau,
            "You multiplied by τ. Dividing is right: a small τ makes the differences large, and the draw sure.",
        ),
        Misconception(
            _over_the_batch,
            "The rows together sum to 1. Each row is a distribution of its own: use axis=-1 and keepdims=True, for the "
            "largest logit too.",
        ),
        Misconception(_tau_forgotten, "This is the softmax at τ = 1, whatever τ is."),
        Misconception(
            _after_the_exponential,
            "You divided the probabilities by τ, so they no longer sum to 1. Divide the logits, before exp.",
        ),
    ],
)


def _nucleus(p: np.ndarray, mass: float, *, crossing: bool = True, scale: bool = True, back: bool = True) -> np.ndarray:
    order = np.argsort(-p, kind="stable")
    total = p[order].cumsum()
    stays = (total - p[order] < mass) if crossing else (total <= mass)
    kept = np.where(stays, p[order], 0)
    if scale:
        kept = kept / kept.sum() if kept.any() else kept
    if not back:
        return kept
    out = np.zeros_like(p)
    out[order] = kept
    return out


def _more_than_a_threshold(p: np.ndarray, mass: float) -> np.ndarray:
    kept = np.where(p >= (1 - mass) * p.max(), p, 0)
    return kept / kept.sum()


def _with_all_ties(p: np.ndarray, mass: float) -> np.ndarray:
    """Keeps whatever is at least as probable as the last token of the nucleus."""
    kept = np.where(p >= p[top_p(p, mass) > 0].min(), p, 0)
    return kept / kept.sum()


def _in_the_order_given(p: np.ndarray, mass: float) -> np.ndarray:
    kept = np.where(p.cumsum() - p < mass, p, 0)
    return kept / kept.sum()


nucleus = Exercise(
    name="4.3.e",
    signature="nucleus(p, mass)",
    answer=lambda p, mass: top_p(p, mass),
    cases=[
        (np.array([0.1, 0.5, 0.15, 0.05, 0.2]), 0.8),
        (np.array([0.5, 0.3, 0.2]), 0.6),
        (np.array([0.2, 0.7, 0.1]), 0.05),
        (np.array([0.3, 0.3, 0.4]), 0.6),
    ],
    misconceptions=[
        Misconception(
            lambda p, mass: _nucleus(p, mass, crossing=False),
            "You left out the token that reaches the mass. Without it the nucleus holds too little, and may be empty.",
        ),
        Misconception(
            lambda p, mass: _nucleus(p, mass, scale=False),
            "The right tokens stay, but they do not sum to 1. Divide by what they hold together.",
        ),
        Misconception(
            lambda p, mass: _nucleus(p, mass, back=False),
            "The right numbers, at the wrong places: they are sorted. Entry v of the result belongs to token v.",
        ),
        Misconception(
            _in_the_order_given,
            "You added up in the order of the vocabulary. The nucleus takes the most probable tokens first.",
        ),
        Misconception(
            _with_all_ties,
            "You kept every token as probable as the last one of the nucleus. Of equal tokens the earlier one comes "
            "first, and when the mass is reached the later one goes.",
        ),
        Misconception(
            _more_than_a_threshold,
            "This compares each token with the largest one, which is min-p. Top-p asks what the tokens hold together.",
        ),
    ],
)
