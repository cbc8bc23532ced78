r"""How far a score may be from what it estimates: standard errors and intervals (numpy, scipy).

A benchmark's items are a sample; the share of right answers on them estimates the share on all items like them. Each
interval is a recipe that turns a result into a range and holds the true value in at least, or about, ``level`` of all
samples. Which of the two it is, and how nearly, is what ``coverage`` computes:

    wald              estimate ± z standard errors; far below its level when n is small or the share near 0 or 1
    wilson            all shares that a test at the *hypothesized* share's standard error would not reject
    clopper_pearson   all shares for which so extreme a count is not too rare; never below its level, hence wide
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import special, stats

from llmcourse.shapes import Array, Float, Integer

Counts = int | Integer[Array, "..."]


class Interval(NamedTuple):
    """Two ends, inclusive; arrays when the counts were."""

    low: Float[Array, "..."]
    high: Float[Array, "..."]


def quantile(level: float) -> float:
    r"""How many standard errors on each side hold ``level`` of a normal distribution: $z = \Phi^{-1}((1 + level)/2)$.

    Raises:  ValueError unless ``level`` lies between 0 and 1.
    Source:  Wasserman (2004), section 6.3.2, on the normal-based interval. {cite}`wasserman2004`

    >>> round(quantile(0.95), 4)
    1.96
    """
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1 (0.95 for 95%), got {level}")
    return float(special.ndtri((1 + level) / 2))


def wald(k: Counts, n: Counts, *, level: float = 0.95) -> Interval:
    r"""Estimate plus or minus z estimated standard errors: $\hat p \pm z\sqrt{\hat p(1 - \hat p)/n}$, $\hat p = k/n$.

    Range:   not confined to [0, 1]; of width 0 at k = 0 and k = n, where it claims a certainty that nobody has.
    Raises:  ValueError for n below 1, k outside 0 ... n, or a level outside (0, 1).
    Source:  Newcombe (1998), method 1. {cite}`newcombe1998`

    >>> [round(float(end), 3) for end in wald(80, 100)]
    [0.722, 0.878]
    """
    k, n = _checked(k, n)
    share, z = k / n, quantile(level)
    half = z * np.sqrt(share * (1 - share) / n)
    return Interval(share - half, share + half)


def wilson(k: Counts, n: Counts, *, level: float = 0.95) -> Interval:
    r"""Shares p that a z test would not reject, the roots of $(\hat p - p)^2 = z^2 p(1 - p)/n$.

    $$\frac{\hat p + z^2/2n \pm z\sqrt{\hat p(1 - \hat p)/n + z^2/4n^2}}{1 + z^2/n}$$

    Range:   inside [0, 1]. Its middle lies between the estimate and one half.
    Raises:  ValueError for n below 1, k outside 0 ... n, or a level outside (0, 1).
    Source:  Wilson (1927); Newcombe (1998), method 3. {cite}`wilson1927,newcombe1998`

    >>> [round(float(end), 4) for end in wilson(0, 20)]  # [0, z²/(n + z²)]
    [0.0, 0.1611]
    """
    k, n = _checked(k, n)
    share, z = k / n, quantile(level)
    middle = share + z**2 / (2 * n)
    half = z * np.sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2)
    low, high = (middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n)
    return Interval(np.where(k == 0, 0.0, low)[()], np.where(k == n, 1.0, high)[()])  # exact there, but for rounding


def clopper_pearson(k: Counts, n: Counts, *, level: float = 0.95) -> Interval:
    r"""Shares p for which neither $P(X \ge k)$ nor $P(X \le k)$ is below (1 − level)/2, X binomial(n, p).

    The ends are quantiles of beta(k, n − k + 1) and beta(k + 1, n − k), since a binomial tail is a beta integral.

    Range:   inside [0, 1]; the low end is 0 for k = 0, the high end 1 for k = n.
    Raises:  ValueError for n below 1, k outside 0 ... n, or a level outside (0, 1).
    Source:  Clopper & Pearson (1934); Newcombe (1998), method 5. {cite}`clopper1934,newcombe1998`

    >>> [round(float(end), 4) for end in clopper_pearson(0, 20)]  # [0, 1 − 0.025^(1/20)]
    [0.0, 0.1684]
    """
    k, n = _checked(k, n)
    quantile(level)  # refuses a level outside (0, 1)
    tail = (1 - level) / 2
    low = special.betaincinv(np.maximum(k, 1), n - k + 1, tail)
    high = special.betaincinv(k + 1, np.maximum(n - k, 1), 1 - tail)
    return Interval(np.where(k == 0, 0.0, low)[()], np.where(k == n, 1.0, high)[()])


def coverage(
    interval: Callable[..., Interval], p: Float[Array, " N"], n: int, *, level: float = 0.95
) -> Float[Array, " N"]:
    r"""How often ``interval`` holds each true share: $\sum_k \binom{n}{k} p^k (1 - p)^{n - k}\,[l_k \le p \le h_k]$.

    Exact: every possible count k with its interval from l to h is visited, and nothing is drawn.

    Raises:  ValueError for n below 1 or a share outside [0, 1].
    Source:  Brown, Cai & DasGupta (2001), section 2. {cite}`brown2001`

    >>> coverage(wald, np.array([0.5]), 2).round(4).tolist()  # at k = 0 and k = 2 of width 0: only k = 1 holds it
    [0.5]
    """
    outside = ~((p >= 0) & (p <= 1))  # written so that NaN is outside
    if outside.any():
        raise ValueError(f"a share must lie in [0, 1], got {p[outside].flat[0]:.6g}")
    k = np.arange(n + 1)
    low, high = interval(k, np.full_like(k, n), level=level)
    holds = (low <= p[:, None]) & (p[:, None] <= high)  # (N, n + 1)
    return np.where(holds, stats.binom.pmf(k, n, p[:, None]), 0).sum(axis=-1)


def standard_error(scores: Float[Array, " N"]) -> float:
    r"""Spread of the mean of N independent scores: $\sqrt{\tfrac{1}{N - 1}\sum_i (s_i - \bar s)^2 / N}$.

    Units:   those of the scores.
    Raises:  ValueError for fewer than two scores or one that is not finite.
    Source:  Miller (2024), on the central limit theorem. {cite}`miller2024`

    >>> standard_error(np.array([0.0, 2.0]))
    1.0
    """
    check_scores(scores)
    return float(scores.std(ddof=1) / np.sqrt(scores.size))


def clustered_standard_error(scores: Float[Array, " N"], cluster: Integer[Array, " _"]) -> float:
    r"""Spread of the mean when only clusters (questions on one passage) are independent.

    $$\sqrt{SE^2 + \frac{1}{N^2}\sum_c \sum_{i \in c} \sum_{j \in c,\, j \ne i} (s_i - \bar s)(s_j - \bar s)}$$

    The plain standard error, plus each pair of questions that share a cluster. Equal to it when each stands alone.

    Raises:  ValueError for fewer than two scores or clusters, one that is not finite, or different lengths.
    Source:  Miller (2024), on clustered standard errors, derived in appendix A. {cite}`miller2024`

    >>> round(clustered_standard_error(np.array([0.0, 0.0, 1.0, 1.0]), np.array([0, 0, 1, 1])), 4)  # √(1/12 + 1/16)
    0.3819
    """
    check_scores(scores)
    if scores.shape != cluster.shape:
        raise ValueError(f"there are {scores.size} scores and {cluster.size} cluster numbers")
    names, place = np.unique(cluster, return_inverse=True)
    if names.size < 2:
        raise ValueError(f"there must be at least 2 clusters, got {names.size}: nothing shows how clusters differ")
    deviation = scores - scores.mean()
    pairs = np.bincount(place, deviation) ** 2 - np.bincount(place, deviation**2)  # Σ over i ≠ j of one cluster
    return float(np.sqrt(standard_error(scores) ** 2 + pairs.sum() / scores.size**2))  # a sum of squares, at least 0


def mean_normal(scores: Float[Array, " N"], *, level: float = 0.95, error: float | None = None) -> Interval:
    r"""Mean plus or minus z standard errors, $\bar s \pm z\,SE$; for many scores of any distribution.

    ``error`` replaces the standard error, for instance by the clustered one.

    Raises:  ValueError as ``standard_error``, for a level outside (0, 1), or an error that is not a number from 0 up.
    Source:  Miller (2024); Wasserman (2004), section 6.3.2. {cite}`miller2024,wasserman2004`

    >>> [round(float(end), 2) for end in mean_normal(np.array([0.0, 2.0]))]
    [-0.96, 2.96]
    """
    check_scores(scores)
    error = standard_error(scores) if error is None else error
    if not 0 <= error < np.inf:
        raise ValueError(f"a standard error must be a finite number from 0 up, got {error}")
    half = quantile(level) * error
    return Interval(scores.mean() - half, scores.mean() + half)


def mean_t(scores: Float[Array, " N"], *, level: float = 0.95) -> Interval:
    r"""Mean plus or minus $t_{N-1}$ standard errors: exact for a few *normal* scores, whose spread is a guess too.

    Raises:  ValueError for fewer than two scores, one that is not finite, or a level outside (0, 1).
    Source:  Student (1908). {cite}`student1908`

    >>> [round(float(end), 1) for end in mean_t(np.array([0.0, 2.0]))]  # t with 1 degree of freedom: 12.7
    [-11.7, 13.7]
    """
    quantile(level)  # refuses a level outside (0, 1)
    t = special.stdtrit(scores.size - 1, (1 + level) / 2) if scores.size > 1 else np.nan
    half = t * standard_error(scores)
    return Interval(scores.mean() - half, scores.mean() + half)


def check_scores(scores: Float[Array, " N"]) -> None:
    """Refuse fewer than two scores, or one that is not finite."""
    if scores.size < 2:
        raise ValueError(f"there must be at least 2 scores to see how they spread, got {scores.size}")
    if not np.isfinite(scores).all():
        raise ValueError(f"score number {int(np.flatnonzero(~np.isfinite(scores))[0])} is not a finite number")


def _checked(k: Counts, n: Counts) -> tuple[np.ndarray, np.ndarray]:
    """Both as arrays, if they are counts."""
    right, items = np.broadcast_arrays(np.asarray(k), np.asarray(n))
    if right.size == 0:
        raise ValueError("there are 0 counts to judge; give k in 0 ... n, with n at least 1")
    if (items < 1).any():
        raise ValueError(f"there must be at least 1 item, got n = {items[items < 1].flat[0]}")
    wrong = (right < 0) | (right > items)
    if wrong.any():
        raise ValueError(f"the count must lie in 0 ... {items[wrong].flat[0]}, got k = {right[wrong].flat[0]}")
    return right, items
