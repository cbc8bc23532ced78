"""Small language models that can be looked at whole: two words, an end, and at most three tokens (numpy).

A tree has a distribution over its three tokens after each of the seven beginnings that are not over: none, then those
of one word, then those of two. Fifteen texts can be written.
"""

from collections.abc import Sequence
from typing import TypedDict

import numpy as np

from llmcourse.inference.sequences import Next
from llmcourse.language.probability import check_distribution

END, DEPTH = 2, 3
PREFIXES = ((), (0,), (1,), (0, 0), (0, 1), (1, 0), (1, 1))
LEAVES = tuple(
    sorted(text for prefix in PREFIXES for v in range(3) if len(text := (*prefix, v)) == DEPTH or v == END)
)  # fmt: skip


class Tree(TypedDict):
    """A target and a draft over one vocabulary; row i of each is the distribution after ``PREFIXES[i]``."""

    name: str
    tokens: list[str]
    target: list[list[float]]
    draft: list[list[float]]


WORDS = ["very", "good", "."]
DRAFT = [[0.2, 0.5, 0.3], [0.6, 0.2, 0.2], [0.2, 0.2, 0.6], [0.4, 0.3, 0.3], [0.3, 0.2, 0.5], [0.3, 0.4, 0.3],
         [0.3, 0.2, 0.5]]  # fmt: skip
TREES: tuple[Tree, ...] = (
    {
        "name": "The best start is not the best text",
        "tokens": WORDS,
        "target": [[0.5, 0.35, 0.15], [0.34, 0.46, 0.2], [0.1, 0.1, 0.8], [0.5, 0.4, 0.1], [0.2, 0.2, 0.6],
                   [0.3, 0.6, 0.1], [0.3, 0.1, 0.6]],
        "draft": DRAFT,
    },
    {
        "name": "Nothing is the most probable text",
        "tokens": WORDS,
        "target": [[0.4, 0.3, 0.3], [0.45, 0.35, 0.2], [0.4, 0.3, 0.3], [0.4, 0.4, 0.2], [0.3, 0.3, 0.4],
                   [0.3, 0.5, 0.2], [0.4, 0.2, 0.4]],
        "draft": DRAFT,
    },
    {
        "name": "A loop",
        "tokens": WORDS,
        "target": [[0.35, 0.4, 0.25], [0.85, 0.1, 0.05], [0.2, 0.2, 0.6], [0.95, 0.03, 0.02], [0.2, 0.2, 0.6],
                   [0.7, 0.2, 0.1], [0.3, 0.1, 0.6]],
        "draft": DRAFT,
    },
)  # fmt: skip


def model_of(rows: Sequence[Sequence[float | int]]) -> Next:
    """The rows of a tree as a function of the prefix.

    Raises:  ValueError unless there are seven rows of three probabilities that sum to one.
    """
    table = np.array(rows, dtype=np.float64)
    if table.shape != (len(PREFIXES), 3):
        raise ValueError(f"a tree has {len(PREFIXES)} rows of 3 probabilities, got shape {table.shape}")
    check_distribution(table, name="a row of the tree")
    return lambda prefix: table[PREFIXES.index(prefix)]


def text_of(prefix: Sequence[int], tokens: Sequence[str]) -> str:
    """A text as it is shown, with blanks between its tokens; the empty one is a dash.

    >>> text_of((0, 1, 2), WORDS)
    'very good .'
    """
    return " ".join(tokens[i] for i in prefix) or "–"
