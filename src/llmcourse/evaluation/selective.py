r"""When to answer and when to be silent: AUROC, risk and coverage (numpy, scipy).

A score says how doubtful each answer is (higher: more doubtful). Two questions about it:

    AUROC            are wrong answers more doubtful than right ones? The chance that of a random pair the wrong one is
    risk–coverage    if only the least doubtful share c of the questions is answered, what share of those is wrong?
"""

from typing import NamedTuple

import numpy as np
from scipy import stats

from llmcourse.evaluation.intervals import Interval, quantile
from llmcourse.shapes import Array, Bool, Float

__all__ = ["Area", "area_difference", "aurc", "auroc", "best_aurc", "risk_coverage"]


class Area(NamedTuple):
    """An AUROC (or a difference of two) with its standard error."""

    value: float
    error: float

    def interval(self, *, level: float = 0.95) -> Interval:
        """The value plus or minus z standard errors, not cut to [0, 1].

        Derivation: the area is nearly normal for many answers of both kinds.
        """
        low, high = self.value + quantile(level) * self.error * np.array([-1, 1])
        return Interval(low, high)


def auroc(doubt: Float[Array, " N"], wrong: Bool[Array, " _"]) -> Area:
    r"""The share of pairs in which the wrong answer is more doubtful than the right one, ties counting one half.

    $$A = \frac{1}{mn}\sum_{i \text{ wrong}}\sum_{j \text{ right}} \big([d_i > d_j] + \tfrac12 [d_i = d_j]\big)$$

    It is Mann and Whitney's U over mn. The error is DeLong's: $\sqrt{s_w^2/m + s_r^2/n}$, where $s_w^2$ and $s_r^2$ are
    the variances, over the wrong and over the right answers, of the share of the others that each beats.

    Range:   1 (every wrong answer is more doubtful), 1/2 (the score says nothing), 0 (the wrong way round).
    Raises:  ValueError unless there are at least 2 right and 2 wrong answers, all scores numbers, of equal lengths.
    Source:  DeLong, DeLong & Clarke-Pearson (1988), by structural components. {cite}`delong1988`

    >>> area = auroc(np.array([3.0, 2.0, 2.0, 1.0]), np.array([True, True, False, False]))
    >>> area.value  # of four pairs three are in order and one is tied
    0.875
    """
    beaten, beating = _components(doubt, wrong)
    return Area(float(beaten.mean()), float(np.sqrt(_variance(beaten) + _variance(beating))))


def area_difference(one: Float[Array, " N"], other: Float[Array, " _"], wrong: Bool[Array, " _"]) -> Area:
    """The AUROC of one score minus that of another on the same answers, with the error of the *paired* difference.

    Raises:  ValueError as ``auroc``.
    Source:  DeLong, DeLong & Clarke-Pearson (1988): the variance of a contrast of two correlated areas.
             {cite}`delong1988`

    >>> score, wrong = np.array([3.0, 2.0, 2.0, 1.0]), np.array([True, True, False, False])
    >>> area_difference(score, 10 * score, wrong)  # the same order: the same area, without doubt
    Area(value=0.0, error=0.0)
    """
    pairs = [a - b for a, b in zip(_components(one, wrong), _components(other, wrong), strict=True)]
    return Area(float(pairs[0].mean()), float(np.sqrt(_variance(pairs[0]) + _variance(pairs[1]))))


def risk_coverage(doubt: Float[Array, " N"], wrong: Bool[Array, " _"]) -> tuple[Float[Array, " N"], Float[Array, " N"]]:
    r"""Coverage k/N and the risk of the k least doubtful answers, $r_k = \frac1k\sum_{i \le k} w_{(i)}$, for k = 1 … N.

    Answers of equal doubt cannot be told apart, so each counts as the average wrongness of its group: what a random
    order within the group gives on average.

    Raises:  ValueError for no answers, other lengths, or a score that is not a number.
    Source:  El-Yaniv & Wiener (2010); Geifman & El-Yaniv (2017), their definitions. {cite}`elyaniv2010,geifman2017`

    >>> risk_coverage(np.array([0.1, 0.2, 0.3, 0.4]), np.array([False, False, True, False]))[1].round(3).tolist()
    [0.0, 0.0, 0.333, 0.25]
    """
    _check(doubt, wrong)
    _, group = np.unique(doubt, return_inverse=True)  # groups in the order of doubt
    sizes = np.bincount(group)
    shares = np.repeat(np.bincount(group, weights=wrong) / sizes, sizes)
    k = np.arange(1, doubt.size + 1)
    return k / doubt.size, shares.cumsum() / k


def aurc(doubt: Float[Array, " N"], wrong: Bool[Array, " _"]) -> float:
    r"""Area under the risk–coverage curve: $\frac1N\sum_k r_k$, the risk averaged over all coverages. Lower is better.

    Limits:  a score that says nothing has the error rate itself, in expectation; ``best_aurc`` is the least.
    Raises:  ValueError as ``risk_coverage``.
    Source:  Geifman, Uziel & El-Yaniv (2019), who name it AURC. {cite}`geifman2019`

    >>> round(aurc(np.array([0.1, 0.2, 0.3, 0.4]), np.array([False, False, True, False])), 4)
    0.1458
    """
    return float(risk_coverage(doubt, wrong)[1].mean())


def best_aurc(wrong: Bool[Array, " N"]) -> float:
    """The area of a score that puts every wrong answer last: what is left is the error rate's own doing.

    Raises:  ValueError for no answers.
    Source:  Geifman, Uziel & El-Yaniv (2019), the optimal area in "excess AURC". {cite}`geifman2019`

    >>> round(best_aurc(np.array([False, False, True, False])), 4)  # 0, 0, 0, 1/4
    0.0625
    """
    return aurc(wrong.astype(float), wrong)


def _components(doubt: np.ndarray, wrong: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each wrong answer the share of right ones below it; for each right one that of wrong ones above it."""
    _check(doubt, wrong)
    m, n = int(wrong.sum()), int((~wrong).sum())
    if min(m, n) < 2:
        raise ValueError(f"there are {m} wrong and {n} right answers; an AUROC with its error needs 2 of each")
    ranks = stats.rankdata(doubt)
    above = (ranks[wrong] - stats.rankdata(doubt[wrong])) / n
    below = 1 - (ranks[~wrong] - stats.rankdata(doubt[~wrong])) / m
    return above, below


def _variance(components: np.ndarray) -> float:
    return float(components.var(ddof=1) / components.size)


def _check(doubt: np.ndarray, wrong: np.ndarray) -> None:
    if doubt.shape != wrong.shape:
        raise ValueError(f"there are {doubt.size} scores and {wrong.size} verdicts")
    if doubt.size == 0:
        raise ValueError("there are 0 answers")
    if np.isnan(doubt).any():
        raise ValueError(f"the score of answer {int(np.flatnonzero(np.isnan(doubt))[0])} is not a number")
