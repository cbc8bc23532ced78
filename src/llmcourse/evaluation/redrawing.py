r"""Does a recipe for intervals keep its promise? Draw sets from a pool whose value is known, and count (numpy).

For a share all results can be visited (``intervals.coverage``). For a median, a gap between two models or clusters of
any size they cannot: there the items at hand play everything there is, and their value the truth.
"""

from collections.abc import Callable

import numpy as np

from llmcourse.evaluation.intervals import Interval
from llmcourse.shapes import Array, Bool, Float, Integer

Recipe = Callable[[np.ndarray, np.ndarray, np.random.Generator], Interval]  # of items, their clusters, and luck


def holds(
    recipe: Recipe,
    pool: Float[Array, "N ..."],
    truth: float,
    *,
    samples: int,
    rng: np.random.Generator,
    cluster: Integer[Array, " _"] | None = None,
) -> Bool[Array, "R ..."]:
    r"""For each of some sets drawn from the pool, whether the recipe's interval holds the truth, ends included.

    As many items as the pool has, with replacement; with ``cluster`` as many whole clusters. A cluster that comes twice
    is two clusters, numbered 0, 1, 2 … in the order of the draw. Each set has a generator of its own, so that the sets
    are the same for every recipe, however much luck it uses. A recipe may return several intervals, as arrays of ends.

    The mean over the sets is the coverage c, with a standard error of $\sqrt{c(1 - c)/R}$.

    Raises:  ValueError for fewer than two clusters (or items), fewer than one set, or lengths that differ.
    Source:  Efron & Tibshirani (1993), algorithm 6.1, for the drawing. {cite}`efron1993`

    >>> always = lambda rows, cluster, rng: Interval(np.array(0.0), np.array(1.0))
    >>> holds(always, np.array([0.0, 1.0]), 0.5, samples=3, rng=np.random.default_rng(0)).tolist()
    [True, True, True]
    """
    cluster = np.arange(len(pool)) if cluster is None else cluster
    if len(cluster) != len(pool):
        raise ValueError(f"there are {len(pool)} items and {len(cluster)} cluster numbers")
    members = [np.flatnonzero(cluster == name) for name in np.unique(cluster)]
    if len(members) < 2:
        raise ValueError(f"there must be at least 2 clusters to draw from, got {len(members)}")
    if samples < 1:
        raise ValueError(f"there must be at least 1 set, got {samples}")
    held = []
    for own in rng.spawn(samples):
        chosen = [members[i] for i in own.integers(len(members), size=len(members))]
        number = np.repeat(np.arange(len(chosen)), [len(one) for one in chosen])
        low, high = recipe(pool[np.concatenate(chosen)], number, own)
        held.append((low <= truth) & (truth <= high))
    return np.array(held)
