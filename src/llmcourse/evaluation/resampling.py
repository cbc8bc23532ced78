"""Error bars without a formula: draw the sample again from itself, or shuffle what chance could have shuffled (numpy).

The bootstrap treats the sample as if it were everything there is, draws as many items from it again and again, with
return, and looks how much the statistic moves. A permutation test asks how extreme the difference is among all that
swapping the two models' names, item by item, could have given.
"""

from collections.abc import Callable

import numpy as np
from scipy import special

from llmcourse.evaluation.intervals import Interval, quantile
from llmcourse.evaluation.paired import Evidence
from llmcourse.shapes import Array, Float, Integer

Statistic = Callable[[np.ndarray], float]  # of an array whose first axis counts the items
EXACT = 20  # differences whose signs are all tried, 2²⁰ ways


def bootstrap(
    statistic: Statistic,
    sample: Float[Array, "N ..."],
    *,
    draws: int,
    rng: np.random.Generator,
    cluster: Integer[Array, " _"] | None = None,
) -> Float[Array, " R"]:
    """The statistic of ``draws`` samples that are drawn from this one, with return.

    A row of ``sample`` is one item, with all models' scores: rows stay whole, which keeps the pairing. With ``cluster``
    whole clusters are drawn, since only those are independent.

    Raises:  ValueError for fewer than two items or clusters, fewer than one draw, one that is not finite, or lengths
             that differ.
    Source:  Efron & Tibshirani (1993), algorithm 6.1. {cite}`efron1993`

    >>> bootstrap(np.mean, np.array([1.0, 1.0, 1.0]), draws=2, rng=np.random.default_rng(0)).tolist()
    [1.0, 1.0]
    """
    _check_sample(sample)
    if draws < 1:
        raise ValueError(f"there must be at least 1 draw, got {draws}")
    if cluster is None:
        return np.array([statistic(sample[rng.integers(len(sample), size=len(sample))]) for _ in range(draws)])
    if len(cluster) != len(sample):
        raise ValueError(f"there are {len(sample)} items and {len(cluster)} cluster numbers")
    members = [np.flatnonzero(cluster == name) for name in np.unique(cluster)]
    if len(members) < 2:
        raise ValueError(f"there must be at least 2 clusters, got {len(members)}")
    chosen = (rng.integers(len(members), size=len(members)) for _ in range(draws))
    return np.array([statistic(sample[np.concatenate([members[i] for i in one])]) for one in chosen])


def percentile_interval(values: Float[Array, " R"], *, level: float = 0.95) -> Interval:
    """The middle ``level`` of the bootstrap's values.

    Raises:  ValueError for a level outside (0, 1), no values, or a value that is not a number.
    Source:  Efron & Tibshirani (1993), section 13.3. {cite}`efron1993`

    >>> [round(float(end), 9) for end in percentile_interval(np.arange(101.0), level=0.9)]
    [5.0, 95.0]
    """
    quantile(level)  # refuses a level outside (0, 1)
    _check_values(values)
    return Interval(*np.quantile(values, [(1 - level) / 2, (1 + level) / 2]))


def bca_interval(
    statistic: Statistic, sample: Float[Array, "N ..."], values: Float[Array, " R"], *, level: float = 0.95
) -> Interval:
    r"""The percentile interval, moved for bias and for an error that changes with the value ("BCa").

    $z_0 = \Phi^{-1}$ of the share of bootstrap values below the estimate; $a$ from leaving out one item at a time:
    $\sum_i d_i^3 / (6 (\sum_i d_i^2)^{3/2})$, $d_i = \bar\theta - \theta_{(i)}$. The ends are the quantiles
    $\Phi(z_0 + (z_0 + z)/(1 - a (z_0 + z)))$.

    Raises:  ValueError for a level outside (0, 1), a sample of one item, values that do not surround the estimate, or
             a statistic that no item changes.
    Source:  Efron & Tibshirani (1993), section 14.3. {cite}`efron1993`

    >>> heights = np.array([1.0, 2.0, 4.0, 9.0])
    >>> values = bootstrap(np.mean, heights, draws=500, rng=np.random.default_rng(0))
    >>> [round(float(end), 1) for end in bca_interval(np.mean, heights, values)]  # percentiles: 1.5 to 7.2
    [1.8, 7.2]
    """
    z = quantile(level) * np.array([-1, 1])
    _check_sample(sample)
    _check_values(values)
    estimate = statistic(sample)
    below = ((values < estimate).mean() + (values <= estimate).mean()) / 2  # half of the ties
    if not 0 < below < 1:
        raise ValueError(f"{below:.0%} of the bootstrap values lie below the estimate; their shift cannot be judged")
    bias = special.ndtri(below)
    without = np.array([statistic(np.delete(sample, i, axis=0)) for i in range(len(sample))])
    spread = without.mean() - without
    if not spread.any():
        raise ValueError(f"leaving out one of the {len(sample)} items never changes the statistic")
    acceleration = (spread**3).sum() / (6 * (spread**2).sum() ** 1.5)
    shares = special.ndtr(bias + (bias + z) / (1 - acceleration * (bias + z)))
    return Interval(*np.quantile(values, shares))


def sign_flip_test(
    difference: Float[Array, " N"], *, draws: int = 0, rng: np.random.Generator | None = None
) -> Evidence:
    r"""How often $|\sum_i \pm d_i| \ge |\sum_i d_i|$, if each item's two scores could have been swapped.

    With ``draws = 0`` all signs are tried, which 20 differences other than zero allow. Otherwise that many random
    ones, and the observed signs count as one of them: $(1 + \#)/(1 + \mathrm{draws})$.

    Raises:  ValueError for no or non-finite differences, too many for all signs, or draws without ``rng``.
    Source:  Phipson & Smyth (2010), on why the observed signs count, and p is never 0. {cite}`phipson2010`

    >>> sign_flip_test(np.array([1.0, 2.0, 4.0]))  # two of the eight: all plus, all minus
    Evidence(statistic=7.0, p=0.25)
    """
    if difference.size == 0:
        raise ValueError("there are 0 differences")
    _check_values(difference)
    observed, moved = abs(float(difference.sum())), difference[difference != 0]
    reached = observed * (1 - 1e-12)  # the same terms in another order may differ in the last digits
    if draws == 0:
        if moved.size > EXACT:
            raise ValueError(f"{moved.size} differences have 2^{moved.size} signs; give draws (10_000) and rng")
        sums = np.zeros(1)
        for d in moved:
            sums = np.concatenate([sums + d, sums - d])
        return Evidence(float(difference.sum()), float((np.abs(sums) >= reached).mean()))
    if draws < 0 or rng is None:
        raise ValueError(f"random signs need draws of at least 1 and an rng, got draws = {draws} and rng = {rng}")
    hits = sum(abs(rng.choice([-1.0, 1.0], size=moved.size) @ moved) >= reached for _ in range(draws))
    return Evidence(float(difference.sum()), float((1 + hits) / (1 + draws)))


def _check_sample(sample: np.ndarray) -> None:
    if len(sample) < 2:
        raise ValueError(f"there must be at least 2 items to draw from, got {len(sample)}")
    _check_values(sample)


def _check_values(values: np.ndarray) -> None:
    if values.size == 0:
        raise ValueError("there are 0 values; draw some first (bootstrap with 2_000 draws)")
    if not np.isfinite(values).all():
        raise ValueError(f"value number {int(np.flatnonzero(~np.isfinite(values))[0])} is not a finite number")
