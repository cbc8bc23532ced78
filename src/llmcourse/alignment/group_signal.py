r"""What a group of answers can teach, when each is right (1) with probability p or wrong (0) (numpy).

The number of right answers among G is binomial, so that every average over groups is a sum of G + 1 terms. With k of
them right the gradient $\frac1G\sum_i A_i \nabla\log\pi(y_i)$ averages to

    $\big[\,k A^+ E[\nabla\log\pi \mid right] + (G-k) A^- E[\nabla\log\pi \mid wrong]\,\big] / G$,

where $E[\nabla\log\pi \mid right] = \nabla p / p$ and $E[\nabla\log\pi \mid wrong] = -\nabla p / (1 - p)$. All of it
is a multiple of ∇p, and ``question_weight`` is the number before it.
"""

import numpy as np
from scipy import stats

from llmcourse.shapes import Array, Float


def silent_share(p: Float[Array, "*C"], group: int) -> Float[Array, "*C"]:
    r"""The chance that all answers of a group get the same reward, so that nothing is learned: $p^G + (1-p)^G$.

    Range:   $2^{1-G}$ at p = 1/2 to 1 at p = 0 and p = 1.
    Raises:  ValueError for a p outside [0, 1] or a group of fewer than 2.
    Derivation: all G right, or all G wrong.

    >>> silent_share(np.array([0.1, 0.5]), 8).round(4).tolist()
    [0.4305, 0.0078]
    """
    _check(p, group)
    return (p**group + (1 - p) ** group)[()]


def question_weight(p: Float[Array, "*C"], group: int, *, scaled: bool, ddof: int = 0) -> Float[Array, "*C"]:
    r"""By how much of ∇p a question moves the policy on average: $\frac{1}{p(1-p)}\,E\big[\hat p(1-\hat p)/s\big]$.

    p̂ is the share of right answers of a group and s its standard deviation, or 1 if not ``scaled``: then this is
    (G − 1)/G for every question.

    Limits:  ``scaled``, G → ∞: $1/\sqrt{p(1-p)}$. ``scaled``, p → 0 or 1: $\sqrt{G-1}$ for ddof 0.
    Raises:  ValueError unless 0 < p < 1, for a group of fewer than 2, or a ddof other than 0 and 1.
    Derivation: the module's first lines with A⁺ = (1 − p̂)/s and A⁻ = −p̂/s.

    >>> question_weight(np.array([0.1, 0.5]), 8, scaled=False).round(3).tolist()
    [0.875, 0.875]
    >>> question_weight(np.array([0.1, 0.5]), 8, scaled=True).round(2).tolist()
    [2.33, 1.86]
    """
    _check(p, group)
    if not ((p > 0) & (p < 1)).all():
        raise ValueError(f"p must lie strictly between 0 and 1, got {p.min()} … {p.max()}: otherwise ∇p is 0")
    if ddof not in (0, 1):
        raise ValueError(f"ddof must be 0 or 1, got {ddof}")
    k = np.arange(1, group)  # groups without spread give nothing
    variance = k / group * (1 - k / group)  # p̂(1 − p̂)
    push = np.sqrt(variance * (group - ddof) / group) if scaled else variance
    return (stats.binom.pmf(k, group, p[..., None]) @ push / (p * (1 - p)))[()]


def _check(p: Float[Array, "*C"], group: int) -> None:
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError(f"a probability must lie in [0, 1], got {p.min()} … {p.max()}")
    if group < 2:
        raise ValueError(f"a group needs at least 2 answers to compare, got {group}")
