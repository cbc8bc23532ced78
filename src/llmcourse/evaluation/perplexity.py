r"""One total surprise, many ways to share it out: perplexity, bits per byte, per word (numpy).

What a model assigns is a probability to a text. Its negative logarithm S, in nats, is the text's total surprise, and
all of these numbers are S divided by something:

    S / T            loss: nats per token, T of the model's own tokens       exp → perplexity per token
    S / (ln 2 · L)   bits per byte, L bytes of the text                      2^  → perplexity per byte
    S / W            nats per word, W words                                  exp → perplexity per word

T depends on the tokenizer. L and W belong to the text, and are the same for every model.
"""

from typing import NamedTuple

import numpy as np

from llmcourse.shapes import Array, Float, Integer

__all__ = ["Ratio", "bits_of_loss", "bits_per", "perplexity_per", "ratio", "reshared"]

Counts = Integer[Array, " _"] | Float[Array, " _"]


class Ratio(NamedTuple):
    """The ratio of two sums, and its standard error over documents (``nan`` for one document)."""

    value: float
    error: float


def ratio(amounts: Float[Array, " N"], sizes: Counts) -> Ratio:
    r"""Amount per unit of size over all documents: $R = \sum_i a_i / \sum_i s_i$, and its standard error.

    $$SE = \frac{1}{\sum_i s_i}\sqrt{\frac{N}{N - 1}\sum_i (a_i - R\,s_i)^2}$$

    Documents are the independent units; tokens are not. A long document counts for more than a short one, which is
    what "per byte" means: the mean of the documents' own ratios is another number.

    Raises:  ValueError for no documents, a size that is not positive, an amount that is not finite, or other lengths.
    Source:  Cochran (1977), chapter 6, on the ratio of two sums, for an unlimited population. {cite}`cochran1977`

    >>> ratio(np.array([10.0, 30.0]), np.array([10, 10]))
    Ratio(value=2.0, error=1.0)
    """
    if amounts.shape != sizes.shape:
        raise ValueError(f"there are {amounts.size} amounts and {sizes.size} sizes; give one of each for a document")
    if amounts.size == 0:
        raise ValueError("there are 0 documents")
    if not (sizes > 0).all():
        raise ValueError(f"the size of a document must be positive, got {sizes[~(sizes > 0)][0]}")
    if not np.isfinite(amounts).all():
        place = int(np.flatnonzero(~np.isfinite(amounts))[0])
        raise ValueError(f"document {place} has the amount {amounts[place]}; a text thought impossible has no average")
    value, n = float(amounts.sum() / sizes.sum()), amounts.size
    if n == 1:
        return Ratio(value, float("nan"))
    spread = np.sqrt(((amounts - value * sizes) ** 2).sum() * n / (n - 1))
    return Ratio(value, float(spread / sizes.sum()))


def bits_per(nats: Float[Array, " N"], sizes: Counts) -> Ratio:
    r"""Bits per unit, of bytes for instance: $\sum_i S_i / (\ln 2 \sum_i L_i)$, S the documents' surprises in nats.

    Units:   bits per unit of ``sizes``.
    Raises:  ValueError as ``ratio``, and for a negative surprise.
    Source:  Gao et al. (2020), "The Pile", section 3.1; as in lm-evaluation-harness. {cite}`gao2020pile`

    >>> round(bits_per(np.array([100.0, 60.0]), np.array([50, 30])).value, 4)  # 2 nats per byte
    2.8854
    """
    _check_surprise(nats)
    return ratio(nats / np.log(2), sizes)


def perplexity_per(nats: Float[Array, " N"], counts: Counts) -> Ratio:
    r"""$\exp(\sum_i S_i / \sum_i T_i)$ over documents of $T_i$ tokens (or words, or bytes): the exponent of *one* mean.

    The error is that of the exponent times the value (the delta method).

    Range:   1 (everything was foretold) upward; V for a model that thinks V tokens equally likely.
    Raises:  ValueError as ``ratio``, and for a negative surprise.
    Source:  Jelinek et al. (1977); Jurafsky & Martin (2025), section 3.3. {cite}`jelinek1977,jurafsky2025`

    >>> round(perplexity_per(np.array([100.0, 60.0]), np.array([50, 30])).value, 4)  # e²
    7.3891
    """
    _check_surprise(nats)
    loss = ratio(nats, counts)
    value = float(np.exp(loss.value))
    return Ratio(value, value * loss.error)


def reshared(perplexity: int | float, units: int | float, others: int | float) -> float:
    r"""The perplexity per other unit of a text that has ``units`` of the first and ``others`` of the second.

    $\mathrm{PPL}' = \mathrm{PPL}^{\,units/others}$, since both stand for the same total surprise.

    Raises:  ValueError for a perplexity below 1 or a count that is not positive.
    Derivation: $\ln \mathrm{PPL} \cdot units = S = \ln \mathrm{PPL}' \cdot others$.

    >>> reshared(16.0, 10, 20)  # 10 tokens of 4 bits are 20 of 2 bits
    4.0
    """
    if not perplexity >= 1:
        raise ValueError(f"a perplexity is at least 1, got {perplexity}")
    if not (units > 0 and others > 0):
        raise ValueError(f"both counts must be positive, got {units} and {others}")
    return float(perplexity ** (units / others))


def bits_of_loss(loss: int | float, tokens: int | float, size: int | float) -> float:
    r"""Bits per byte from a loss in nats per token: $(L_T / L_B) \cdot \ell / \ln 2$, for $L_T$ tokens in $L_B$ bytes.

    Raises:  ValueError for a negative loss or a count that is not positive.
    Source:  Gao et al. (2020), "The Pile", section 3.1. {cite}`gao2020pile`

    >>> round(bits_of_loss(2.0, 0.29335, 1), 6)  # GPT-2's tokens on the Pile: 0.29335 of a token for each byte
    0.846429
    """
    if not loss >= 0:
        raise ValueError(f"a loss is at least 0 nats, got {loss}")
    if not (tokens > 0 and size > 0):
        raise ValueError(f"both counts must be positive, got {tokens} tokens and {size} bytes")
    return float(tokens / size * loss / np.log(2))


def _check_surprise(nats: np.ndarray) -> None:
    if (nats < 0).any():
        raise ValueError(f"a surprise is at least 0 nats, got {nats.min():.6g}; is it a log-probability? Turn its sign")
