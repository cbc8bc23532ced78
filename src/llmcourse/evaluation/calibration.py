r"""Whether stated probabilities come true as often as they say: bins, calibration error, Brier's decomposition (numpy).

A forecaster is *calibrated* if among the cases that got probability q, a share q happens, for every q:
$P(Y = 1 \mid Q = q) = q$. No single case can show it, and no finite set of cases has many of equal q, so they are put
into bins. Bin m holds the q in $(e_{m-1}, e_m]$, the first one 0 as well: the convention of Guo et al. (2017), section
2, and of scikit-learn; torchmetrics puts a q that is an edge into the bin above.

The plug-in error of a bin is biased upwards. With $d_i = q_i - y_i$ and n cases, $\bar d^2 = \frac{1}{n^2}\sum_{ij} d_i
d_j$. The pairs i ≠ j are independent, so on average they give the product of the true gaps, which is what is wanted;
the n squares $d_i^2$ are positive even when every gap is zero. ``debiased_square`` leaves them out.
"""

from typing import NamedTuple

import numpy as np

from llmcourse.evaluation.proper import check_binary
from llmcourse.shapes import Array, Float, Integer

__all__ = ["Bins", "Decomposition", "bins", "calibration_error", "debiased_square", "decomposition"]


class Bins(NamedTuple):
    """What a reliability diagram shows. Empty bins have NaN for the means."""

    edges: Float[Array, " M+1"]
    count: Integer[Array, " M"]
    confidence: Float[Array, " M"]  # mean stated probability
    share: Float[Array, " M"]  # share of cases that happened
    place: Integer[Array, " N"]  # the bin of each case

    @property
    def gap(self) -> Float[Array, " M"]:
        """Stated minus happened; 0 in empty bins, which weigh nothing."""
        return np.where(self.count > 0, self.confidence - self.share, 0.0)


class Decomposition(NamedTuple):
    """Parts of Brier's score: ``reliability − resolution + uncertainty + within``."""

    reliability: float  # squared gaps of the bins, weighted: 0 is calibrated
    resolution: float  # how far the bins' shares lie from the overall share: large is informative
    uncertainty: float  # variance of the outcomes: not the forecaster's doing
    within: float  # what binning hides; 0 if all cases of a bin got the same probability


def bins(q: Float[Array, " N"], happened: Integer[Array, " _"], *, number: int = 10, rule: str = "width") -> Bins:
    """Cases sorted into ``number`` bins of their stated probability, of equal ``width`` or of equal ``mass``.

    Bins of equal mass end at quantiles (interpolated, as numpy's); cases of equal probability stay together, so that
    masses can differ, and bins be empty, when there are ties.

    Raises:  ValueError for no cases, a q outside [0, 1], an outcome not 0 or 1, different lengths, fewer than one bin,
             or another rule.
    Source:  Guo et al. (2017), section 2, for equal width; Nguyen & O'Connor (2015), for equal mass.
             {cite}`guo2017,nguyen2015`

    >>> found = bins(np.array([0.2, 0.6, 0.8]), np.array([0, 1, 0]), number=2)
    >>> found.count.tolist(), found.share.tolist()
    ([1, 2], [0.0, 0.5])
    """
    check_binary(q, happened)
    if number < 1:
        raise ValueError(f"the number of bins must be at least 1, got {number}")
    if rule not in ("width", "mass"):
        raise ValueError(f"rule must be 'width' or 'mass', got {rule!r}")
    parts = np.linspace(0, 1, number + 1)
    edges = parts if rule == "width" else np.quantile(q, parts)
    place = np.searchsorted(edges[1:-1], q)  # (N,): number of inner edges below q
    count = np.bincount(place, minlength=number)
    with np.errstate(invalid="ignore"):
        means = (np.bincount(place, values, minlength=number) / count for values in (q, happened))
        confidence, share = means
    return Bins(edges, count, confidence, share, place)


def calibration_error(
    q: Float[Array, " N"],
    happened: Integer[Array, " _"],
    *,
    number: int = 10,
    rule: str = "width",
    norm: str = "l1",
) -> float:
    r"""Gaps $g_m$ between stated and happened, over bins: ``l1`` $\sum_m \frac{n_m}{N} |g_m|$, known as ECE.

    ``l2`` is $\sqrt{\sum_m \frac{n_m}{N} g_m^2}$, ``max`` the largest $|g_m|$ of a bin that is not empty. All depend on
    the bins, and all are above 0 even for a calibrated forecaster, by chance (see ``debiased_square``).

    Range:   0 to 1.
    Raises:  ValueError as ``bins``, or for another norm.
    Source:  Guo et al. (2017), section 2, for l1 and max; Kumar et al. (2019), for l2. {cite}`guo2017,kumar2019`

    >>> q, happened = np.array([0.2, 0.6, 0.8]), np.array([0, 1, 0])
    >>> round(calibration_error(q, happened, number=2), 4)  # (1 · 0.2 + 2 · |0.7 − 0.5|)/3
    0.2
    """
    if norm not in ("l1", "l2", "max"):
        raise ValueError(f"norm must be 'l1', 'l2' or 'max', got {norm!r}")
    found = bins(q, happened, number=number, rule=rule)
    gap, weight = np.abs(found.gap), found.count / len(q)
    if norm == "max":
        return float(gap.max())
    return float(weight @ gap) if norm == "l1" else float(np.sqrt(weight @ gap**2))


def debiased_square(
    q: Float[Array, " N"], happened: Integer[Array, " _"], *, number: int = 10, rule: str = "width"
) -> float:
    r"""The squared ``l2`` error from pairs of cases, without the bias of few cases.

    $$\sum_m \frac{n_m}{N}\,\frac{1}{n_m(n_m - 1)} \sum_{i \ne j} d_i d_j, \qquad d_i = q_i - y_i$$

    Bins with a single case have no pair and count as 0. For given bins its expectation is that of the true gaps; for a
    calibrated forecaster 0, so that a single value may be negative: do not take its root.

    Raises:  ValueError as ``bins``.
    Derivation: the module's head. If all cases of a bin got the same q, the value is that of Kumar et al. (2019),
             $\bar d_m^2 - \frac{\bar y_m(1 - \bar y_m)}{n_m - 1}$, which is also the bias-corrected
             reliability of Ferro & Fricker (2012). {cite}`kumar2019,ferro2012`

    >>> round(debiased_square(np.array([0.5, 0.5]), np.array([1, 0]), number=1), 4)  # one pair: 0.5 · (−0.5)
    -0.25
    """
    found = bins(q, happened, number=number, rule=rule)
    d = q - happened
    totals, squares = (np.bincount(found.place, values, minlength=number) for values in (d, d**2))
    pairs = np.maximum(found.count - 1, 1)  # bins of one case: totals² − squares is 0 already
    return float(((totals**2 - squares) / pairs).sum() / len(q))


def decomposition(
    q: Float[Array, " N"], happened: Integer[Array, " _"], *, number: int = 10, rule: str = "width"
) -> Decomposition:
    r"""Brier's score in parts: $\sum_m \frac{n_m}{N} (g_m^2 - (\bar y_m - \bar y)^2) + \bar y(1 - \bar y)$.

    Murphy's identity holds when all cases of a bin got the same probability. Otherwise ``within`` is the rest: the
    variance of q inside the bins, less twice its covariance with the outcomes there.

    Limits:  if all cases happened, or none, resolution and uncertainty are 0.
    Raises:  ValueError as ``bins``.
    Source:  Murphy (1973), for the three terms; Stephenson, Coelho & Jolliffe (2008), for the rest.
             {cite}`murphy1973,stephenson2008`

    >>> parts = decomposition(np.array([0.5, 0.5, 1.0]), np.array([1, 0, 1]), number=2)
    >>> [round(part, 4) for part in parts]  # calibrated: 0 − 1/18 + 2/9 = 1/6, the Brier score
    [0.0, 0.0556, 0.2222, 0.0]
    """
    found = bins(q, happened, number=number, rule=rule)
    weight, overall = found.count / len(q), happened.mean()
    spread = np.where(found.count > 0, found.share - overall, 0.0)
    q_inside, y_inside = q - found.confidence[found.place], happened - found.share[found.place]
    return Decomposition(
        reliability=float(weight @ found.gap**2),
        resolution=float(weight @ spread**2),
        uncertainty=float(overall * (1 - overall)),
        within=float((q_inside**2 - 2 * q_inside * y_inside).mean()),
    )
