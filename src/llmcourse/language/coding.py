r"""Compression by prediction: arithmetic coding in exact arithmetic (numpy).

A text of T tokens is a cell of a nested partition of [0, 1): the first token picks a cell as wide as its probability,
the next token a part of that cell, and so on. After T tokens the cell has width $\prod_t p_t = P(\text{text})$. Any
binary fraction $0.b_1 b_2 \dots b_n$ whose own cell $[0.b, 0.b + 2^{-n})$ lies inside names the text, and
$n = \lceil -\log_2 P \rceil + 1$ digits are always enough: the multiples of $2^{-n}$ are then at most $P/2$ apart, so
one such cell fits whole. A good model makes wide cells, and wide cells have short names.

Everything here is exact (fractions, not floats), so the receiver repeats the sender's partition to the last digit.
That is slow; practical coders keep a window of a few dozen bits instead.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np

from llmcourse.language.ngram import NGramModel
from llmcourse.language.probability import check_distribution
from llmcourse.shapes import Array, Float

Predict = Callable[[Sequence[int]], Float[Array, " V"]]  # the tokens so far -> distribution of the next one


def encode(tokens: Sequence[int], predict: Predict) -> str:
    r"""The shortest string of 0s and 1s that names ``tokens`` under the model: fewer than $-\log_2 P + 2$ of them.

    Raises:  ValueError at a token that the model thought impossible (no cell), or outside its vocabulary.
    Source:  Cover & Thomas (2006), sections 5.9 (Shannon-Fano-Elias codes) and 13.3 (arithmetic coding).
             {cite}`coverthomas2006`

    >>> encode([0, 1], lambda so_far: np.array([0.5, 0.5]))  # the cell [1/4, 1/2): two fair choices, two bits
    '01'
    """
    low, width = Fraction(0), Fraction(1)
    for t, token in enumerate(tokens):
        edges = _edges(predict(tokens[:t]))
        if not 0 <= token < len(edges) - 1:
            raise ValueError(f"token {token} at position {t} is outside the vocabulary 0 … {len(edges) - 2}")
        low, width = _cell(low, width, edges, token)
        if width == 0:
            raise ValueError(
                f"token {token} at position {t} has probability 0, so no bits can name it; smooth the model"
            )
    digits = 0
    while True:
        numerator = -(-low * 2**digits // 1)  # the first multiple of 2^−digits at or above low
        if numerator + 1 <= (low + width) * 2**digits:
            return f"{numerator:0{digits}b}" if digits else ""
        digits += 1


def decode(bits: str, predict: Predict, *, length: int) -> list[int]:
    """The ``length`` tokens that ``encode`` turned into ``bits`` with the same model.

    Raises:  ValueError for a character other than 0 and 1, or a negative length.
    Source:  Cover & Thomas (2006), section 13.3. {cite}`coverthomas2006`

    >>> decode("01", lambda so_far: np.array([0.5, 0.5]), length=2)
    [0, 1]
    """
    if set(bits) - {"0", "1"}:
        raise ValueError(f"bits must be 0s and 1s, got {sorted(set(bits) - {'0', '1'})}")
    if length < 0:
        raise ValueError(f"length must not be negative, got {length}")
    point = Fraction(int(bits or "0", base=2), 2 ** len(bits))
    tokens: list[int] = []
    low, width = Fraction(0), Fraction(1)
    for _ in range(length):
        edges = _edges(predict(tokens))
        token = bisect_right(edges, (point - low) / width) - 1
        low, width = _cell(low, width, edges, token)
        tokens.append(token)
    return tokens


def _edges(p: Float[Array, " V"]) -> list[Fraction]:
    """The borders of the cells 0 = e_0 ≤ e_1 ≤ … ≤ e_V = 1 along [0, 1), each the exact value of a float."""
    check_distribution(p)
    inner = np.minimum(p[:-1].cumsum(), 1.0)  # rounding may carry a running total past 1
    return [Fraction(0), *map(Fraction, inner.tolist()), Fraction(1)]


def _cell(low: Fraction, width: Fraction, edges: list[Fraction], token: int) -> tuple[Fraction, Fraction]:
    """The part of the cell (low, width) that belongs to ``token``."""
    return low + width * edges[token], width * (edges[token + 1] - edges[token])


def adaptive_code_length(
    text: str, fit: Callable[[str], NGramModel], *, first: int = 256, growth: float = 1.1
) -> float:
    """Bits to send ``text`` to someone who has no model yet, but refits the same one as the text arrives.

    The first ``first`` characters travel as plain bytes. Then both sides fit a model to all that has arrived, use it
    for the next stretch, and fit again whenever the text has grown by the factor ``growth``. No model is sent, so
    nothing but the program itself is left out of the sum; coding each stretch would add at most 2 bits to it.

    Raises:  ValueError for an empty text, ``first`` below 1 or ``growth`` not above 1.
    Source:  Dawid (1984) calls such a sum of one-step-ahead losses prequential. {cite}`dawid1984`

    >>> from llmcourse.language.ngram import AddK
    >>> text = "ab" * 200  # 400 bytes; after the first 256, hardly any surprise is left
    >>> round(adaptive_code_length(text, lambda t: NGramModel.fit(t, order=1, smoothing=AddK(k=0.01)))) - 8 * 256
    0
    """
    if not text:
        raise ValueError("the text is empty (0 characters); there is nothing to send")
    if first < 1 or not growth > 1:
        raise ValueError(f"first must be at least 1 and growth above 1, got first={first}, growth={growth}")
    sent = min(first, len(text))
    bits = 8.0 * len(text[:sent].encode())
    while sent < len(text):
        model = fit(text[:sent])
        context = text[max(0, sent - model.order) : sent]
        stretch = text[sent : math.ceil(sent * growth)]
        skip = len(model.vocabulary.encode(context))  # their bits are counted already
        bits -= float(model.log_probabilities(context + stretch)[skip:].sum()) / math.log(2)
        sent += len(stretch)
    return bits
