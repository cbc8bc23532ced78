r"""Scores for probabilities that reward honesty: the negative log-likelihood and Brier's (numpy).

A score is *proper* if its expected value is best for who states the probabilities that hold, and strictly so if for
nobody else. Let an event have probability π, and let q be stated. Both scores are losses, less is better:

    NLL     −π log q − (1 − π) log(1 − q)         derivative in q:  (q − π)/(q(1 − q))
    Brier   π(1 − q)² + (1 − π)q²                 derivative in q:  2(q − π)

Both derivatives are negative below π and positive above, so q = π is the only minimum. What the honest still lose is
the entropy of π, or π(1 − π); what the others lose in addition is KL(π ‖ q), or (π − q)².
"""

import numpy as np

from llmcourse.language.probability import check_distribution
from llmcourse.shapes import Array, Float, Integer

__all__ = ["binary_brier", "binary_nll", "brier", "check_binary", "check_labels", "nll"]


def nll(p: Float[Array, "N V"], label: Integer[Array, " _"]) -> float:
    r"""Mean surprise of what happened, $-\tfrac{1}{N}\sum_i \log p_{i, y_i}$: the cross-entropy.

    Units:   nats. +∞ if something happened that was given probability 0.
    Raises:  ValueError for no rows, rows that are no distributions, as many labels as rows only, labels out of range.
    Source:  Good (1952), the logarithmic score; Guo et al. (2017), section 2. {cite}`good1952,guo2017`

    >>> round(nll(np.array([[0.5, 0.5], [0.25, 0.75]]), np.array([0, 0])), 4)  # (log 2 + log 4)/2
    1.0397
    """
    check_labels(p, label)
    with np.errstate(divide="ignore"):
        return float(-np.log(_of_label(p, label)).mean())


def brier(p: Float[Array, "N V"], label: Integer[Array, " _"]) -> float:
    r"""Mean squared distance to what happened: $\tfrac{1}{N}\sum_i \sum_v (p_{iv} - [y_i = v])^2$.

    Range:   0 to 2, as Brier defined it; twice ``binary_brier`` when there are two classes.
    Raises:  ValueError as ``nll``.
    Source:  Brier (1950), the score P. {cite}`brier1950`

    >>> brier(np.array([[0.5, 0.5], [0.25, 0.75]]), np.array([0, 1]))  # (1/2 + 1/8)/2
    0.3125
    """
    check_labels(p, label)
    happened = np.arange(p.shape[-1]) == label[:, None]  # (N, V)
    return float(((p - happened) ** 2).sum(axis=-1).mean())


def binary_nll(q: Float[Array, " N"], happened: Integer[Array, " _"]) -> float:
    r"""Mean surprise of events of stated probability q: $-\tfrac{1}{N}\sum_i (y_i \log q_i + (1 - y_i) \log(1 - q_i))$.

    Units:   nats. +∞ if what was called certain did not happen.
    Raises:  ValueError for no events, a q outside [0, 1], an outcome that is not 0 or 1, or different lengths.
    Source:  Good (1952), the logarithmic score. {cite}`good1952`

    >>> round(binary_nll(np.array([0.5, 0.75]), np.array([1, 0])), 4)
    1.0397
    """
    check_binary(q, happened)
    with np.errstate(divide="ignore"):
        return float(-np.log(np.where(happened == 1, q, 1 - q)).mean())


def binary_brier(q: Float[Array, " N"], happened: Integer[Array, " _"]) -> float:
    r"""Mean squared error of stated probabilities: $\tfrac{1}{N}\sum_i (q_i - y_i)^2$.

    Range:   0 to 1; always stating 1/2 costs 1/4.
    Raises:  ValueError as ``binary_nll``.
    Source:  Murphy (1973); for one of two classes, half of Brier's (1950) sum. {cite}`murphy1973,brier1950`

    >>> binary_brier(np.array([0.5, 0.75]), np.array([1, 0]))  # (1/4 + 9/16)/2
    0.40625
    """
    check_binary(q, happened)
    return float(((q - happened) ** 2).mean())


def check_labels(p: Float[Array, "N V"], label: Integer[Array, " _"]) -> None:
    """Refuse what is not N distributions with one label each."""
    if len(p) != len(label):
        raise ValueError(f"there are {len(p)} rows of probabilities and {len(label)} labels")
    if not len(p):
        raise ValueError("there are 0 rows of probabilities; a mean needs at least one")
    check_distribution(p)
    wrong = (label < 0) | (label >= p.shape[-1])
    if wrong.any():
        raise ValueError(f"a label must lie in 0 ... {p.shape[-1] - 1}, got {label[wrong].flat[0]}")


def check_binary(q: Float[Array, " N"], happened: Integer[Array, " _"]) -> None:
    """Refuse what is not N probabilities with one outcome, 0 or 1, each."""
    if len(q) != len(happened):
        raise ValueError(f"there are {len(q)} probabilities and {len(happened)} outcomes")
    if not len(q):
        raise ValueError("there are 0 probabilities; a mean needs at least one")
    outside = ~((q >= 0) & (q <= 1))  # written so that NaN is outside
    if outside.any():
        raise ValueError(f"a probability must lie in [0, 1], got {q[outside].flat[0]:.6g}")
    wrong = (happened != 0) & (happened != 1)
    if wrong.any():
        raise ValueError(f"an outcome is 0 (did not happen) or 1 (did), got {happened[wrong].flat[0]}")


def _of_label(p: Float[Array, "N V"], label: Integer[Array, " _"]) -> Float[Array, " N"]:
    return np.take_along_axis(p, label[:, None], axis=-1)[:, 0]
