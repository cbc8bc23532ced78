r"""The many ways to spell one text in tokens, and their probabilities together (standard library, numpy).

A tokenizer answers with one row of tokens, the *canonical* one. The vocabulary allows others: "the" is also "t", "h",
"e", and a model gives each of them a probability. As the rows are different, these events exclude each other:

    P(text) = Σ over all rows that spell the text of P(row)  ≥  P(canonical row),

so surprise that is measured on the canonical row alone is an upper bound. (A row counts here as "the model says these
tokens next"; no row that spells the text is the beginning of another one that does.)
"""

from collections.abc import Iterator, Sequence

import numpy as np

from llmcourse.shapes import Array, Float

__all__ = ["count_spellings", "log_sum", "spellings"]


def count_spellings(data: bytes, tokens: Sequence[bytes]) -> int:
    r"""How many rows of tokens spell ``data``: $n_0 = 1$, $n_j = \sum_i n_i$, i < j with bytes i … j a token.

    Raises:  ValueError for no bytes, an empty token, or one that is listed twice.
    Derivation: the last token of a row begins at some i; before it stands any row that spells the first i bytes.

    >>> count_spellings(b"the", [b"t", b"h", b"e", b"th", b"he"])  # t h e, th e, t he
    3
    """
    known, longest = _known(data, tokens)
    ways = [1] + [0] * len(data)
    for end in range(1, len(data) + 1):
        ways[end] = sum(ways[start] for start in range(max(0, end - longest), end) if data[start:end] in known)
    return ways[-1]


def spellings(data: bytes, tokens: Sequence[bytes], *, limit: int = 100_000) -> Iterator[tuple[int, ...]]:
    """Every row of ids whose tokens spell ``data``, in the order of the first tokens' lengths, the longest first.

    Leave out the special tokens of a model by giving them as tokens that cannot occur; an id is a place in ``tokens``.

    Raises:  ValueError, before the first row, if there are more than ``limit`` or none, and as ``count_spellings``.
    Derivation: a definition.

    >>> list(spellings(b"the", [b"t", b"h", b"e", b"th", b"he"]))
    [(3, 2), (0, 4), (0, 1, 2)]
    """
    known, longest = _known(data, tokens)
    number = count_spellings(data, tokens)
    if not 1 <= number <= limit:
        raise ValueError(f"{data!r} has {number} spellings, not 1 to {limit}; take a text that can be spelled, shorter")

    def _rows(start: int) -> Iterator[tuple[int, ...]]:
        if start == len(data):
            yield ()
        for end in range(min(len(data), start + longest), start, -1):
            if (first := known.get(data[start:end])) is not None:
                for rest in _rows(end):
                    yield (first, *rest)

    return _rows(0)


def log_sum(logp: Float[Array, " N"]) -> float:
    r"""The logarithm of the sum of probabilities that are given by their logarithms: $\ln \sum_i e^{\ell_i}$.

    Raises:  ValueError for no entries or NaN.
    Source:  Cao & Rimell (2021), who call it the marginal likelihood over tokenizations. {cite}`cao2021`

    >>> round(log_sum(np.log(np.array([0.25, 0.25]))), 6) == round(float(np.log(0.5)), 6)
    True
    """
    if logp.size == 0 or np.isnan(logp).any():
        raise ValueError(f"{logp.size} log-probabilities, {int(np.isnan(logp).sum())} of them NaN: no sum to take")
    return float(np.logaddexp.reduce(logp))


def _known(data: bytes, tokens: Sequence[bytes]) -> tuple[dict[bytes, int], int]:
    if not data:
        raise ValueError("there are 0 bytes to spell")
    known = {token: i for i, token in enumerate(tokens)}
    if b"" in known or len(known) < len(tokens):
        raise ValueError(f"{len(tokens)} tokens must be different and not empty; {len(known)} differ")
    return known, max(map(len, tokens), default=0)
