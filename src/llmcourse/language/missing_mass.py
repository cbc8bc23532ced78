r"""How much of a distribution a sample has not seen: Good and Turing's estimate (numpy).

n draws from p. What was never drawn has, together, the *missing mass* M = Σ p_v [v not drawn]. It cannot be seen, but

    E[M]       = Σ_v p_v (1 − p_v)^n             each v is missed by all n draws
    E[N₁ / n]  = Σ_v p_v (1 − p_v)^(n − 1)       N₁ outcomes were drawn exactly once: n p_v (1 − p_v)^(n − 1) each

differ by Σ p_v² (1 − p_v)^(n − 1), which is at most 1/n. So the share of draws that stand alone estimates what is
missing.
"""

import numpy as np

from llmcourse.language.probability import check_distribution
from llmcourse.shapes import Array, Float, Integer

__all__ = ["expected_missing", "expected_singletons", "good_turing", "missing_mass"]


def good_turing(counts: Integer[Array, " V"]) -> float:
    r"""The share of draws whose outcome came once: $N_1 / n$, an estimate of the missing mass.

    Raises:  ValueError for a negative count or no draws.
    Source:  Good (1953), who credits Turing. {cite}`good1953`

    >>> good_turing(np.array([3, 1, 1, 0, 0]))  # two of five draws
    0.4
    """
    return float((counts == 1).sum() / _draws(counts))


def missing_mass(p: Float[Array, " V"], counts: Integer[Array, " _"]) -> float:
    r"""The probability of what was not drawn: $\sum_v p_v [c_v = 0]$.

    Raises:  ValueError unless ``p`` is a distribution over as many outcomes as there are counts, and there are draws.
    Source:  Good (1953). {cite}`good1953`

    >>> missing_mass(np.array([0.5, 0.25, 0.25]), np.array([3, 0, 1]))
    0.25
    """
    check_distribution(p)
    if p.shape != counts.shape:
        raise ValueError(f"there are {p.size} probabilities and {counts.size} counts")
    _draws(counts)
    return float(p[counts == 0].sum())


def expected_missing(p: Float[Array, " V"], draws: int) -> float:
    r"""$E[M] = \sum_v p_v (1 - p_v)^n$ after n draws.

    Raises:  ValueError unless ``p`` is a distribution and there is at least one draw.
    Derivation: linearity of expectation; the draws are independent.

    >>> expected_missing(np.array([0.5, 0.5]), 2)  # both alike, half of the time: the other's half is missing
    0.25
    """
    check_distribution(p)
    if draws < 1:
        raise ValueError(f"there must be at least 1 draw, got {draws}")
    return float((p * (1 - p) ** draws).sum())


def expected_singletons(p: Float[Array, " V"], draws: int) -> float:
    r"""$E[N_1/n] = \sum_v p_v (1 - p_v)^{n - 1}$: what Good and Turing's estimate is on average.

    Range:   between E[M] and E[M] + 1/n.
    Raises:  ValueError as ``expected_missing``.
    Derivation: each outcome is drawn exactly once with probability $n p_v (1 - p_v)^{n - 1}$.

    >>> expected_singletons(np.array([0.5, 0.5]), 2)  # different, half of the time: both stand alone
    0.5
    """
    check_distribution(p)
    if draws < 1:
        raise ValueError(f"there must be at least 1 draw, got {draws}")
    return float((p * (1 - p) ** (draws - 1)).sum())


def _draws(counts: np.ndarray) -> int:
    if (counts < 0).any():
        raise ValueError(f"a count cannot be negative, got {counts.min()}")
    if not counts.sum():
        raise ValueError("there are 0 draws")
    return int(counts.sum())
