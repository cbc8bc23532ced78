r"""Counts of n-grams, as a trie in sorted arrays (numpy).

Number the distinct n-grams of each length 0, 1, 2, … in sorted order; the number of an n-gram is its *node*. An n-gram
is then two numbers, the node of all its tokens but the last and that last token, packed into one key: node × V + token.
A key is below (number of tokens) × V whatever the order, so 64 bits are enough for words too, and sorting the keys of
one length counts them.
"""

from dataclasses import dataclass

import numpy as np

from llmcourse.shapes import Int


@dataclass(frozen=True, eq=False)
class Level:
    r"""The distinct n-grams $hw$ of one length, $w$ being the last token and $h$ the context before it.

    Arrays over n-grams or contexts end in an extra 0, so that node -1, "never seen", counts as 0.
    """

    keys: Int[np.ndarray, " N"]  # context node × V + token, ascending
    counts: Int[np.ndarray, " P"]  # c(h w), occurrences
    weights: Int[np.ndarray, " P"]  # what the model distributes: c(h w), or N₁₊(• h w) below the highest level
    totals: Int[np.ndarray, " C"]  # sum of the weights after each context
    kinds: Int[np.ndarray, " C"]  # how many tokens have a positive weight after each context

    def find(self, keys: Int[np.ndarray, "*B"]) -> Int[np.ndarray, "*B"]:
        """The node of each key, or -1 where the n-gram was never seen."""
        nearest = np.minimum(np.searchsorted(self.keys, keys), self.keys.size - 1)
        return np.where(self.keys[nearest] == keys, nearest, -1)


def count_ngrams(ids: Int[np.ndarray, " T"], *, size: int, order: int, continuation: bool) -> tuple[Level, ...]:
    r"""The n-grams of 1, 2, …, order + 1 tokens in ``ids``, whose tokens are numbers below ``size``.

    With ``continuation``, the weight of an n-gram $hw$ below the highest level is the number of distinct tokens that
    occur just before it, $N_{1+}(\bullet hw) = |\{v : c(vhw) > 0\}|$; otherwise, and on the highest level, its count.
    An n-gram that occurs at the very start of the text and nowhere else has nothing before it: its weight is 0.

    Raises:  ValueError if ``ids`` has fewer than order + 1 tokens.
    Source:  Chen & Goodman (1999), section 2.7, for the continuation counts. {cite}`chen1999`
    """
    if ids.size <= order:
        raise ValueError(f"order {order} needs at least {order + 1} tokens, got {ids.size}; lower the order")
    # nodes[i] is the n-gram that starts at i; at first the empty one, everywhere. distinct[j] counts those of j tokens.
    nodes, distinct = np.zeros(ids.size + 1, dtype=np.int64), [1]
    keys, counts, continuations = [], [], []
    for length in range(order + 1):
        # The n-gram at i: its first tokens are the shorter n-gram at i, its last tokens the shorter one at i + 1.
        context, suffix = nodes[:-1], nodes[1:]
        level_keys, level_counts, place, nodes = _group(context * size + ids[length:])
        keys.append(level_keys)
        counts.append(level_counts)
        # Each distinct n-gram is one continuation of the shorter one that it ends with.
        continuations.append(np.bincount(suffix[place], minlength=distinct[-1]))
        distinct.append(level_keys.size)
    weights = [*continuations[1:], counts[-1]] if continuation else counts
    return tuple(_level(*level, size) for level in zip(keys, counts, weights, distinct[:-1], strict=True))


def _group(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Distinct keys in ascending order, how often each occurs, one place where it does, and each key's rank."""
    order = np.argsort(keys)
    ordered = keys[order]
    is_first = np.append(True, ordered[1:] != ordered[:-1])
    start = np.flatnonzero(is_first)
    rank = np.empty_like(keys)
    rank[order] = np.cumsum(is_first) - 1
    return ordered[start], np.diff(start, append=keys.size), order[start], rank


def _level(keys: np.ndarray, counts: np.ndarray, weights: np.ndarray, contexts: int, size: int) -> Level:
    context = keys // size
    totals = np.bincount(context, weights=weights, minlength=contexts + 1).astype(np.int64)
    kinds = np.bincount(context[weights > 0], minlength=contexts + 1)
    return Level(keys, np.append(counts, 0), np.append(weights, 0), totals, kinds)
