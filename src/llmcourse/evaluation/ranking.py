r"""What error bars do to an order of models: how often two swap, what parts them, how lucky the best is (numpy, scipy).

Two models answer each item right or wrong, with shares $p_A$, $p_B$ and correlation ρ of their answers, items being
independent. Then $P(\text{both right}) = p_A p_B + \rho\sqrt{p_A(1 - p_A)\,p_B(1 - p_B)}$, and all else follows.
"""

import math

import numpy as np
from scipy import special, stats

from llmcourse.evaluation.intervals import quantile
from llmcourse.shapes import Array, Float

NEGLIGIBLE = 1e-15  # probabilities below this are left out of a sum of many


def joint_answers(p_a: float, p_b: float, correlation: float) -> Float[Array, "2 2"]:
    r"""The table of both answers: rows a wrong and right, columns b wrong and right.

    Raises:  ValueError for a share outside [0, 1] or a correlation that those shares cannot have.
    Derivation: $\rho = (P_{11} - p_A p_B)/\sqrt{p_A(1-p_A)p_B(1-p_B)}$, solved for $P_{11}$.

    >>> joint_answers(0.5, 0.5, 0.5).tolist()
    [[0.375, 0.125], [0.125, 0.375]]
    """
    for p in (p_a, p_b):
        if not 0 <= p <= 1:
            raise ValueError(f"a share must lie in [0, 1], got {p}")
    both = p_a * p_b + correlation * math.sqrt(p_a * (1 - p_a) * p_b * (1 - p_b))
    least, most = max(0.0, p_a + p_b - 1), min(p_a, p_b)
    if not least - 1e-12 <= both <= most + 1e-12:
        raise ValueError(f"shares {p_a} and {p_b} cannot have a correlation of {correlation}")
    both = min(most, max(least, both))
    return np.array([[1 - p_a - p_b + both, p_b - both], [p_a - both, both]])


def largest_correlation(p_a: float, p_b: float) -> float:
    r"""How alike the answers can be at most: the weaker model is right only where the stronger one is.

    Raises:  ValueError for a share that is not inside (0, 1), where nothing varies.
    Derivation: $P_{11} = \min(p_A, p_B)$ in the correlation's definition.

    >>> largest_correlation(0.5, 0.5), round(largest_correlation(0.5, 0.8), 9)
    (1.0, 0.5)
    """
    low, high = sorted((p_a, p_b))
    if not (0 < low and high < 1):  # written so that NaN is refused
        raise ValueError(f"shares must lie between 0 and 1, got {p_a} and {p_b}")
    return math.sqrt(low * (1 - high) / (high * (1 - low)))


def order_probabilities(p_a: float, p_b: float, n: int, *, correlation: float = 0.0) -> Float[Array, " 3"]:
    r"""How often a scores below, level with, and above b on n items.

    Exact: the number m of items on which they disagree is binomial, and among those so is the number that a wins.

    Raises:  ValueError for n below 1, and as ``joint_answers``.
    Derivation: $P(a < b) = \sum_m P(m)\,P(X < m/2)$ with X binomial(m, $P_{10}/(P_{10} + P_{01})$).

    >>> order_probabilities(0.5, 0.5, 1).round(9).tolist()
    [0.25, 0.5, 0.25]
    """
    if n < 1:
        raise ValueError(f"there must be at least 1 item, got n = {n}")
    table = joint_answers(p_a, p_b, correlation)
    apart = float(table[1, 0] + table[0, 1])
    if apart == 0:
        return np.array([0.0, 1.0, 0.0])
    m = np.arange(n + 1)
    weight = stats.binom.pmf(m, n, apart)
    m, weight = m[weight > NEGLIGIBLE], weight[weight > NEGLIGIBLE]
    share = float(table[1, 0]) / apart
    below = weight @ stats.binom.cdf((m + 1) // 2 - 1, m, share)
    level = weight @ np.where(m % 2 == 0, stats.binom.pmf(m // 2, m, share), 0)
    above = weight @ stats.binom.sf(m // 2, m, share)
    return np.array([below, level, above])


def difference_deviation(p_a: float, p_b: float, *, correlation: float = 0.0) -> float:
    r"""Standard deviation of one item's a − b; over √n, the standard error of the difference on n items.

    Raises:  ValueError as ``joint_answers``.
    Derivation: the difference is 1 with $P_{10}$, −1 with $P_{01}$: its variance is $P_{10} + P_{01} - (p_A - p_B)^2$.

    >>> difference_deviation(0.5, 0.5, correlation=0.5)
    0.5
    """
    table = joint_answers(p_a, p_b, correlation)
    return math.sqrt(max(0.0, float(table[1, 0] + table[0, 1]) - (p_a - p_b) ** 2))


def items_needed(difference: float, deviation: float, *, level: float = 0.95, power: float = 0.8) -> int:
    r"""Items on which a test finds a true difference δ with some power: $n = (z + z_{power})^2\sigma^2/\delta^2$.

    By the normal approximation, for a two-sided test at 1 − level, whose ``quantile`` is z. The sign of δ is no matter.

    Raises:  ValueError for a difference of 0, a negative deviation, a level outside (0, 1) or a power outside (0.5, 1).
    Source:  Miller (2024), on power, equation 9 with one answer per item. {cite}`miller2024`

    >>> items_needed(0.03, 0.5)
    2181
    """
    if difference == 0 or not math.isfinite(difference):
        raise ValueError(f"a difference of {difference} cannot be found with any number of items")
    if not 0 <= deviation < math.inf:
        raise ValueError(f"a standard deviation must be a finite number from 0 up, got {deviation}")
    if not 0.5 < power < 1:
        raise ValueError(f"power must lie between 0.5 and 1, got {power}")
    both = quantile(level) + float(special.ndtri(power))
    return max(1, math.ceil((both * deviation / difference) ** 2))


def expected_best(models: int, p: float, n: int, *, correlation: float = 0.0) -> float:
    r"""The score to expect of the best of some models that are all equally good: p plus the winner's luck.

    An item is the same for all models with probability ρ (one answer, right with p, shared by all), else each answers
    by itself; any two then have the correlation ρ. Exact: $E[\max] = \sum_{k} (1 - F(k)^{models})$.

    Raises:  ValueError for fewer than one model or item, or a share or correlation outside [0, 1].
    Derivation: the items that are not shared are binomial(n, 1 − ρ), and the counts on them independent.

    >>> expected_best(2, 0.5, 1)  # one of two coins shows heads
    0.75
    """
    if models < 1 or n < 1:
        raise ValueError(f"there must be at least 1 model and 1 item, got {models} and {n}")
    for name, x in (("share", p), ("correlation", correlation)):
        if not 0 <= x <= 1:
            raise ValueError(f"a {name} must lie in [0, 1], got {x}")
    m = np.arange(n + 1)
    weight = stats.binom.pmf(m, n, 1 - correlation)
    m, weight = m[weight > NEGLIGIBLE], weight[weight > NEGLIGIBLE]
    return float(correlation * p + weight @ np.array([_largest(models, p, int(items)) for items in m]) / n)


def _largest(models: int, p: float, n: int) -> float:
    """The expected largest of some independent binomial counts. Ten deviations below the mean F is 0, above it 1."""
    reach = 10 * math.sqrt(n * p * (1 - p)) + 10
    low, high = max(0, math.floor(n * p - reach)), min(n, math.ceil(n * p + reach))
    return low + float(np.sum(1 - stats.binom.cdf(np.arange(low, high), n, p) ** models))
