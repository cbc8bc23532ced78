"""Surprise, entropy and their relatives (numpy)."""

import numpy as np

from llmcourse.language.probability import (
    TOLERANCE,
    check_distribution,
    check_token_probabilities,
    expectation,
    marginal,
)
from llmcourse.shapes import Array, Float


def surprise(p: Float[Array, "*B"], *, base: float = 2.0) -> Float[Array, "*B"]:
    r"""How unexpected an outcome of probability $p$ is: $-\log p$. Entry by entry; rows need not sum to one.

    Units:   bits for ``base=2``, nats for ``base=np.e``.
    Range:   0 for a certain outcome, ∞ for an impossible one.
    Raises:  ValueError for an entry outside [0, 1] or a base not above 1.
    Source:  MacKay (2003), section 2.4, "Shannon information content". {cite}`mackay2003`

    >>> surprise(np.array([1.0, 0.5, 0.25])).tolist()
    [0.0, 1.0, 2.0]
    """
    outside = ~((p >= 0) & (p <= 1 + TOLERANCE))  # written so that NaN is outside
    if outside.any():
        raise ValueError(f"a probability must lie in [0, 1], got {p[outside].flat[0]:.6g}")
    if not 1 < base < np.inf:
        raise ValueError(f"base must be a finite number above 1 (2 for bits, np.e for nats), got {base}")
    with np.errstate(divide="ignore"):  # −log 0 = ∞ is the answer here, not an accident
        return -np.log(p) / np.log(base) + 0.0  # + 0.0 turns -0.0 into 0.0


def entropy(p: Float[Array, "*B V"], *, base: float = 2.0) -> Float[Array, " *B"]:
    r"""Average surprise of a draw from ``p``: $H(p) = -\sum_v p_v \log p_v$, with $0 \log 0 = 0$.

    Units:   bits for ``base=2``, nats for ``base=np.e``.
    Range:   0 (one certain outcome) to log V (uniform).
    Raises:  ValueError if a row of ``p`` is not a distribution.
    Source:  Shannon (1948), section 6. {cite}`shannon1948`

    >>> float(entropy(np.array([0.5, 0.25, 0.25])))
    1.5
    """
    check_distribution(p)
    return expectation(p, surprise(p, base=base))


def cross_entropy(p: Float[Array, "*B V"], q: Float[Array, "*B V"], *, base: float = 2.0) -> Float[Array, " *B"]:
    r"""Average surprise of someone who believes ``q`` while ``p`` is true: $H(p, q) = -\sum_v p_v \log q_v$.

    Units:   bits for ``base=2``, nats for ``base=np.e``.
    Range:   H(p), reached at q = p, to ∞, reached when q excludes something that happens.
    Raises:  ValueError if a row of ``p`` or ``q`` is not a distribution.
    Source:  Jurafsky & Martin (2025), chapter 3, on perplexity's relation to entropy. {cite}`jurafsky2025`

    >>> float(cross_entropy(np.array([0.5, 0.5]), np.array([0.25, 0.75])).round(4))
    1.2075
    """
    check_distribution(q, name="q")
    return expectation(p, surprise(q, base=base))


def kl_divergence(p: Float[Array, "*B V"], q: Float[Array, "*B V"], *, base: float = 2.0) -> Float[Array, " *B"]:
    r"""Extra surprise paid for believing ``q`` while ``p`` is true: $D(p \,\|\, q) = \sum_v p_v \log (p_v / q_v)$.

    Units:   bits for ``base=2``, nats for ``base=np.e``.
    Range:   0, reached only at q = p (up to rounding), to ∞. Not symmetric.
    Raises:  ValueError if a row of ``p`` or ``q`` is not a distribution.
    Source:  Kullback & Leibler (1951); Cover & Thomas (2006), section 2.3. {cite}`kullback1951,coverthomas2006`

    >>> float(kl_divergence(np.array([0.5, 0.5]), np.array([0.75, 0.25])).round(7))
    0.2075187
    """
    check_distribution(p)
    check_distribution(q, name="q")
    with np.errstate(invalid="ignore"):  # ∞ − ∞ where both exclude an outcome; it has weight 0 in the average
        extra = surprise(q, base=base) - surprise(p, base=base)
    return expectation(p, extra)


def conditional_entropy(joint: Float[Array, "C V"], *, base: float = 2.0) -> Float[Array, ""]:
    r"""Entropy left in the column once the row is known: $H(Y \mid X) = -\sum_{x,y} P(x,y) \log P(y \mid x)$.

    Units:   bits for ``base=2``, nats for ``base=np.e``.
    Range:   0 (the row decides) to H(Y) (the row tells nothing).
    Raises:  ValueError unless the whole table is one distribution.
    Source:  Shannon (1948), section 6; Cover & Thomas (2006), section 2.2. {cite}`shannon1948,coverthomas2006`

    >>> float(conditional_entropy(np.array([[0.25, 0.25], [0.5, 0.0]])))
    0.5
    """
    row = marginal(joint)
    possible = row > 0
    return expectation(row[possible], entropy(joint[possible] / row[possible, None], base=base))


def mutual_information(joint: Float[Array, "C V"], *, base: float = 2.0) -> Float[Array, ""]:
    r"""Bits that the row tells about the column: $I(X; Y) = H(Y) - H(Y \mid X)$. The same the other way round.

    Units:   bits for ``base=2``, nats for ``base=np.e``.
    Range:   0 (independent, up to rounding) to the smaller of H(X) and H(Y).
    Raises:  ValueError unless the whole table is one distribution.
    Source:  Cover & Thomas (2006), section 2.4. {cite}`coverthomas2006`

    >>> float(mutual_information(np.array([[0.5, 0.0], [0.0, 0.5]])))
    1.0
    """
    return entropy(marginal(joint.T), base=base) - conditional_entropy(joint, base=base)


def perplexity(p: Float[Array, "*B V"]) -> Float[Array, " *B"]:
    r"""The number of equally likely outcomes that would be as uncertain as ``p``: $2^{H(p)}$, H in bits.

    Range:   1 (one certain outcome) to V (uniform).
    Raises:  ValueError if a row of ``p`` is not a distribution.
    Source:  Jelinek et al. (1977). {cite}`jelinek1977`

    >>> float(perplexity(np.array([0.25, 0.25, 0.25, 0.25])))
    4.0
    """
    return np.exp2(entropy(p))


def sequence_perplexity(token_probabilities: Float[Array, "*B T"]) -> Float[Array, " *B"]:
    r"""Inverse geometric mean of a text's token probabilities: $\exp\!\big(-\frac1T \sum_t \log p_t\big)$.

    Range:   1 (each token was certain) to ∞ (one token was thought impossible).
    Raises:  ValueError for an empty text or an entry outside [0, 1].
    Source:  Jurafsky & Martin (2025), section 3.3. {cite}`jurafsky2025`

    >>> float(sequence_perplexity(np.array([0.4, 0.5, 0.25, 0.8])).round(4))
    2.2361
    """
    check_token_probabilities(token_probabilities)
    return np.exp(surprise(token_probabilities, base=np.e).mean(axis=-1))
