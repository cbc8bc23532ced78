r"""Two models on the same items: the difference, its error, tests, and many comparisons at once (numpy, scipy).

Scores of two models on one item are alike, because the item is easy or hard for both. What they share drops out of the
difference:

$$\mathrm{Var}(\bar a - \bar b) = \mathrm{Var}(\bar a) + \mathrm{Var}(\bar b) - 2\,\mathrm{Cov}(\bar a, \bar b).$$

For right or wrong answers only the items on which the models disagree are left, and McNemar's tests count those.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import stats

from llmcourse.evaluation.intervals import Interval, check_scores, quantile, standard_error
from llmcourse.shapes import Array, Bool, Float


@dataclass(frozen=True)
class Difference:
    """The mean of a − b over the same items, with its standard error and what that would be without the pairing."""

    mean: float
    error: float
    unpaired_error: float

    @property
    def variance_saved(self) -> float:
        """The share of the variance that pairing takes away; negative if the models' scores oppose each other.

        Raises:  ValueError if neither score varies.
        """
        if self.unpaired_error == 0:
            raise ValueError("neither model's score varies, so there is no variance to save")
        return 1 - (self.error / self.unpaired_error) ** 2

    def interval(self, *, level: float = 0.95) -> Interval:
        """The mean plus or minus z paired standard errors."""
        half = quantile(level) * self.error
        return Interval(*np.array([self.mean - half, self.mean + half]))


class Evidence(NamedTuple):
    """A statistic and how often chance alone would give one at least as extreme."""

    statistic: float
    p: float


def paired_difference(a: Float[Array, " N"], b: Float[Array, " _"]) -> Difference:
    r"""$\bar a - \bar b$ with the standard error of the differences $a_i - b_i$, item by item.

    Raises:  ValueError for different lengths, fewer than two items, or a score that is not finite.
    Source:  Miller (2024), on paired differences, equation 7. {cite}`miller2024`

    >>> one = paired_difference(np.array([1.0, 1.0, 0.0, 1.0]), np.array([1.0, 0.0, 0.0, 1.0]))
    >>> one.mean, one.error, round(one.unpaired_error, 3)
    (0.25, 0.25, 0.382)
    """
    _check_pairs(a.size, b.size)
    check_scores(a)
    check_scores(b)
    apart = float(np.hypot(standard_error(a), standard_error(b)))
    return Difference(float((a - b).mean()), standard_error(a - b), apart)


def gap_over_groups(rows: Float[Array, "N 3"]) -> float:
    r"""The mean over groups, each counted alike, of the mean of a − b in the group.

    A row holds the number of the item's group (0, 1, 2 …), a's score and b's, as ``resampling.bootstrap`` draws them.
    Groups that have no item are left out.

    Raises:  ValueError for no rows or a group number below 0.
    Derivation: $\frac1G\sum_g \frac{1}{n_g}\sum_{i \in g}(a_i - b_i)$, from the group's count and sum.

    >>> gap_over_groups(np.array([[0, 1, 0], [0, 1, 1], [2, 0, 1]]) * 1.0)  # (1/2 − 1)/2
    -0.25
    """
    if len(rows) == 0 or rows[:, 0].min() < 0:
        raise ValueError(f"there must be rows with groups from 0 up, got {len(rows)} rows")
    group = rows[:, 0].astype(int)
    n, won = np.bincount(group), np.bincount(group, rows[:, 1] - rows[:, 2])
    return float((won[n > 0] / n[n > 0]).mean())


def discordant(a: Bool[Array, " N"], b: Bool[Array, " _"]) -> tuple[int, int]:
    """On how many items only ``a`` is right, and on how many only ``b``.

    Raises:  ValueError for different lengths or no items.
    Source:  McNemar (1947). {cite}`mcnemar1947`

    >>> discordant(np.array([True, True, False]), np.array([False, False, True]))
    (2, 1)
    """
    _check_pairs(a.size, b.size)
    return int((a & ~b).sum()), int((~a & b).sum())


def mcnemar(only_a: int, only_b: int, *, how: str = "exact") -> Evidence:
    r"""Two-sided test that both models are equally often right, from the items on which they disagree.

    "exact": as heads and tails of a fair coin; the statistic is the smaller count. "plain": $(b - c)^2/(b + c)$
    against $\chi^2$ with one degree of freedom. "corrected": $(|b - c| - 1)^2/(b + c)$, for the steps of the counts.

    Range:   p = 1 for equal counts under "exact", also if both are 0: no disagreement is no evidence.
    Raises:  ValueError for a negative count, an unknown ``how``, or two zeros where the approximation divides by them.
    Source:  McNemar (1947); Edwards (1948) for the correction. {cite}`mcnemar1947,edwards1948`

    >>> mcnemar(5, 0)  # 2 · (1/2)⁵
    Evidence(statistic=0.0, p=0.0625)
    """
    if min(only_a, only_b) < 0:
        raise ValueError(f"counts cannot be negative, got {only_a} and {only_b}")
    if how not in ("exact", "corrected", "plain"):
        raise ValueError(f"how must be 'exact', 'corrected' or 'plain', got {how!r}")
    n = only_a + only_b
    if how == "exact":
        less = min(only_a, only_b)
        return Evidence(float(less), float(min(1.0, 2 * stats.binom.cdf(less, n, 0.5))) if n else 1.0)
    if n == 0:
        raise ValueError("the models disagree on 0 items, which χ² cannot judge; use how='exact' (p = 1)")
    gap = abs(only_a - only_b) if how == "plain" else max(0, abs(only_a - only_b) - 1)
    return Evidence(gap**2 / n, float(stats.chi2.sf(gap**2 / n, 1)))


def bonferroni(p: Float[Array, " N"]) -> Float[Array, " N"]:
    """P-values times the number of tests: below α with probability at most α if *no* effect is real.

    Raises:  ValueError for no p-values or one outside [0, 1].
    Source:  Holm (1979), on the classical test that it improves. {cite}`holm1979`

    >>> bonferroni(np.array([0.01, 0.5])).tolist()
    [0.02, 1.0]
    """
    _check_p(p)
    return np.minimum(1, p.size * p)


def holm(p: Float[Array, " N"]) -> Float[Array, " N"]:
    r"""As safe as Bonferroni and never worse: the i-th smallest times N − i + 1, made to rise.

    Once the smallest has been rejected, only N − 1 hypotheses can still be wrongly rejected, and so on.

    Raises:  ValueError for no p-values or one outside [0, 1].
    Source:  Holm (1979), the sequentially rejective test. {cite}`holm1979`

    >>> holm(np.array([0.01, 0.04, 0.03])).tolist()
    [0.03, 0.06, 0.06]
    """
    _check_p(p)
    order = np.argsort(p, kind="stable")
    scaled = np.maximum.accumulate((p.size - np.arange(p.size)) * p[order])
    return _placed(np.minimum(1, scaled), order)


def benjamini_hochberg(p: Float[Array, " N"]) -> Float[Array, " N"]:
    r"""Another promise: of those below q, an expected share of at most q is no effect. The i-th smallest times N/i.

    Holds for independent tests, and for some positively dependent ones.

    Raises:  ValueError for no p-values or one outside [0, 1].
    Source:  Benjamini & Hochberg (1995), theorem 1. {cite}`benjamini1995`

    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03])).round(4).tolist()
    [0.03, 0.04, 0.04]
    """
    _check_p(p)
    order = np.argsort(p, kind="stable")
    scaled = p.size / np.arange(1, p.size + 1) * p[order]
    return _placed(np.minimum.accumulate(scaled[::-1])[::-1], order)


def _placed(values: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Values in rising order back in the places of their p-values."""
    back = np.empty_like(values)
    back[order] = values
    return back


def _check_pairs(a: int, b: int) -> None:
    if a != b:
        raise ValueError(f"there are {a} scores of one model and {b} of the other; pairs need the same items")
    if a == 0:
        raise ValueError("there are 0 items to compare on")


def _check_p(p: np.ndarray) -> None:
    if p.size == 0:
        raise ValueError("there are 0 p-values")
    outside = ~((p >= 0) & (p <= 1))  # written so that NaN is outside
    if outside.any():
        raise ValueError(f"a p-value must lie in [0, 1], got {p[outside][0]:.6g}")
