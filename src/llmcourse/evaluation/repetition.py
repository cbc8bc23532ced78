"""How much a text repeats itself (numpy)."""

from collections.abc import Sequence

__all__ = ["repeated_ngrams"]


def repeated_ngrams(tokens: Sequence[int], n: int = 4) -> float:
    r"""The share of a text's n-grams that have come before in it: $1 - \frac{\text{distinct}}{\text{all}}$.

    Range:   0 (none twice) to almost 1. It grows with the length: compare texts of equal length.
    Raises:  ValueError for n < 1, or a text of fewer than n tokens.
    Source:  Welleck et al. (2020), their measure "seq-rep-n". {cite}`welleck2020`

    >>> repeated_ngrams([1, 2, 1, 2, 1], n=2)  # 12 and 21, each twice
    0.5
    """
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    if len(tokens) < n:
        raise ValueError(f"a text of {len(tokens)} tokens has no run of {n}")
    runs = list(zip(*(tokens[i:] for i in range(n)), strict=False))
    return 1 - len(set(runs)) / len(runs)
