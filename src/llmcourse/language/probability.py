"""Finite distributions, and texts as chains of choices (numpy)."""

import numpy as np

from llmcourse.shapes import Array, Float, Int

TOLERANCE = 1e-6  # how far a total may be from 1: float32 models miss by about 1e-7 times the vocabulary's square root


def check_distribution(p: Float[Array, "*B V"], *, name: str = "p") -> None:
    """Raise ValueError unless every row of ``p`` is non-negative and sums to one.

    Raises:  ValueError that names the offending number, for NaN, a negative entry, an empty row or a wrong total.
    """
    if p.shape[-1] == 0:
        raise ValueError(f"{name} has no outcomes: its last axis is empty, shape {p.shape}")
    if np.isnan(p).any():
        raise ValueError(f"{name} has {np.isnan(p).sum()} NaN of {p.size} entries; find where they come from first")
    if (p < 0).any():
        raise ValueError(f"{name} has a negative entry: {p.min():.3g}")
    totals = p.sum(axis=-1)
    if not np.allclose(totals, 1.0, rtol=0, atol=TOLERANCE):
        worst = totals.flat[np.abs(totals - 1.0).argmax()]
        raise ValueError(
            f"{name} must sum to 1 over its last axis; the worst row sums to {worst:.6g}. "
            "For counts or weights use probability.normalize, for logits use softmax.softmax"
        )


def check_token_probabilities(token_probabilities: Float[Array, "*B T"]) -> None:
    """Raise ValueError unless there is at least one token and each entry lies between 0 and 1."""
    if token_probabilities.shape[-1] == 0:
        raise ValueError("a text needs at least one token probability, got none")
    outside = ~((token_probabilities >= 0) & (token_probabilities <= 1))  # written so that NaN is outside
    if outside.any():
        raise ValueError(f"token probabilities must lie in [0, 1], got {token_probabilities[outside].flat[0]:.6g}")


def normalize(weights: Float[Array, "*B V"]) -> Float[Array, "*B V"]:
    r"""Weights divided by their total: $p_v = w_v / \sum_u w_u$.

    Raises:  ValueError for a negative or non-finite weight, and for a row whose total is 0.
    Source:  Jurafsky & Martin (2025), chapter 3: relative frequencies. {cite}`jurafsky2025`

    >>> normalize(np.array([3.0, 1.0])).tolist()
    [0.75, 0.25]
    """
    wrong = ~((weights >= 0) & np.isfinite(weights))
    if wrong.any():
        raise ValueError(f"weights must be finite and not negative, got {weights[wrong].flat[0]:.3g}")
    totals = weights.sum(axis=-1, keepdims=True)
    if (totals == 0).any():
        raise ValueError("a row of weights sums to 0, so there is nothing to share out; smooth the counts first")
    return weights / totals


def marginal(joint: Float[Array, "C V"]) -> Float[Array, " C"]:
    r"""Probability of each row, whatever the column: $P(c) = \sum_v P(c, v)$.

    Raises:  ValueError unless the whole table is one distribution.
    Source:  Cover & Thomas (2006), section 2.2. {cite}`coverthomas2006`

    >>> marginal(np.array([[0.25, 0.25], [0.5, 0.0]])).tolist()
    [0.5, 0.5]
    """
    check_distribution(joint.ravel(), name="joint")
    return joint.sum(axis=1)


def conditional(joint: Float[Array, "C V"]) -> Float[Array, "C V"]:
    r"""Distribution of the column once the row is known: $P(v \mid c) = P(c, v) / P(c)$.

    Raises:  ValueError unless the whole table is one distribution and no row is impossible.
    Source:  Cover & Thomas (2006), section 2.2. {cite}`coverthomas2006`

    >>> conditional(np.array([[0.25, 0.25], [0.5, 0.0]])).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    row = marginal(joint)
    if (row == 0).any():
        impossible = int((row == 0).argmax())
        raise ValueError(f"row {impossible} has probability 0: nothing can be said given an impossible event")
    return joint / row[:, None]


def expectation(p: Float[Array, "*B V"], values: Float[Array, "*#B V"]) -> Float[Array, " *B"]:
    r"""Average of ``values`` when outcome v is drawn with probability $p_v$: $E[f] = \sum_v p_v f_v$.

    Outcomes of probability 0 do not count, even where their value is infinite.

    Raises:  ValueError if a row of ``p`` is not a distribution.
    Source:  Cover & Thomas (2006), section 2.1. {cite}`coverthomas2006`

    >>> float(expectation(np.array([0.5, 0.5]), np.array([1.0, 3.0])))
    2.0
    """
    check_distribution(p)
    return np.multiply(p, values, out=np.zeros_like(p), where=p > 0).sum(axis=-1)


def sequence_log_probability(token_probabilities: Float[Array, "*B T"]) -> Float[Array, " *B"]:
    r"""Natural log of a text's probability by the chain rule: $\log \prod_t p_t = \sum_t \log p_t$.

    Entry t is the probability that the model gave to the token that came, given all tokens before it. After a few
    hundred tokens the product itself is below the smallest float64; its logarithm is not.

    Units:   nats, never positive.
    Limits:  −∞ if one token had probability 0.
    Raises:  ValueError for an empty text or an entry outside [0, 1].
    Source:  Jurafsky & Martin (2025), section 3.1. {cite}`jurafsky2025`

    >>> round(float(sequence_log_probability(np.array([0.4, 0.5, 0.25, 0.8]))), 4)
    -3.2189
    """
    check_token_probabilities(token_probabilities)
    with np.errstate(divide="ignore"):  # log 0 = −∞ is the answer here, not an accident
        return np.log(token_probabilities).sum(axis=-1)


def sample(p: Float[Array, " V"], *, rng: np.random.Generator, size: int) -> Int[Array, " N"]:
    r"""Outcomes drawn with the probabilities ``p``, by inverting the running total.

    Derivation: lay the probabilities end to end on a stick of length 1 and throw a point at it, every place alike. The
    segment of outcome v is hit with the probability that is its length, $p_v$.

    Raises:  ValueError if ``p`` is not a distribution or ``size`` is negative.

    >>> sample(np.array([0.0, 1.0]), rng=np.random.default_rng(0), size=3).tolist()
    [1, 1, 1]
    """
    check_distribution(p)
    if size < 0:
        raise ValueError(f"size must not be negative, got {size}")
    edges = p.cumsum()
    edges = edges / edges[-1]  # rounding leaves the last edge a little off 1, and a throw must not miss the stick
    return np.searchsorted(edges, rng.random(size), side="right")
