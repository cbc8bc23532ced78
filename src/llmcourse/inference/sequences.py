r"""The exact distribution of the texts that a decoding rule writes, by listing them all (numpy).

A model is a function from what has been written to the distribution of the next token. Over a small vocabulary and a
small depth all texts can be listed, and what a rule does is a table instead of a matter of samples. A text ends with
the token ``end``, which is part of it, or at ``depth`` tokens.
"""

import math
from collections.abc import Callable, Iterator

import numpy as np

from llmcourse.language.probability import check_distribution
from llmcourse.shapes import Float

__all__ = ["Law", "Next", "Rule", "law_entropy", "one_hot", "sequence_law", "total_variation"]

Next = Callable[[tuple[int, ...]], Float[np.ndarray, " V"]]  # from a prefix to the distribution of what comes next
Rule = Callable[[Float[np.ndarray, " V"]], Float[np.ndarray, " V"]]  # what a sampler makes of that distribution
Law = dict[tuple[int, ...], float]  # from each text that is possible to its probability


def sequence_law(next_p: Next, *, depth: int, end: int | None = None, rule: Rule | None = None) -> Law:
    r"""The probability of each text, $\prod_t p(x_t \mid x_{<t})$, in the order of the tokens; 0 is left out.

    With a ``rule`` each token is drawn from what the rule makes of the model's distribution. Note that a rule is local:
    it rescales what is left after each prefix, so that the result is not the model's law conditioned on anything.

    Raises:  ValueError for a depth below 1, and if a distribution does not sum to one.
    Derivation: the chain rule of probability.

    >>> sequence_law(lambda prefix: np.array([0.75, 0.25]), depth=2, end=1)
    {(0, 0): 0.5625, (0, 1): 0.1875, (1,): 0.25}
    """
    if depth < 1:
        raise ValueError(f"depth must be at least 1, got {depth}")
    return dict(_walk(next_p, (), 1.0, depth, end, rule))


def _walk(
    next_p: Next, prefix: tuple[int, ...], weight: float, left: int, end: int | None, rule: Rule | None
) -> Iterator[tuple[tuple[int, ...], float]]:
    if left == 0 or (prefix and prefix[-1] == end):
        yield prefix, weight
        return
    p = next_p(prefix)
    p = p if rule is None else rule(p)
    check_distribution(p, name=f"the distribution after {prefix}")
    for token in np.flatnonzero(p).tolist():
        yield from _walk(next_p, (*prefix, token), weight * float(p[token]), left - 1, end, rule)


def total_variation(a: Law, b: Law) -> float:
    r"""How far two laws are apart: $\tfrac12 \sum_x |a(x) - b(x)|$, the largest difference that any event can have.

    Range:   0 (the same) to 1 (nothing in common).
    Derivation: the sum over the x with a > b equals the sum over those with b > a, since both laws sum to one.

    >>> total_variation({(0,): 0.75, (1,): 0.25}, {(0,): 0.5, (2,): 0.5})
    0.5
    """
    return math.fsum(abs(a.get(x, 0.0) - b.get(x, 0.0)) for x in {**a, **b}) / 2


def law_entropy(law: Law) -> float:
    r"""$-\sum_x a(x) \log_2 a(x)$ over texts.

    Units:   bits per text.
    Source:  Shannon (1948), section 6. {cite}`shannon1948`

    >>> law_entropy({(0,): 0.5, (1, 1): 0.25, (1, 2): 0.25})
    1.5
    """
    return -math.fsum(p * math.log2(p) for p in law.values() if p > 0) + 0.0


def one_hot(values: Float[np.ndarray, " V"]) -> Float[np.ndarray, " V"]:
    """All probability on the largest value, of equal ones the first: greedy decoding as a distribution.

    Derivation: the limit τ → 0 of the softmax of the values, if the largest is unique.

    >>> one_hot(np.array([1.0, 3.0, 2.0])).tolist()
    [0.0, 1.0, 0.0]
    """
    p = np.zeros(values.shape)
    p[values.argmax()] = 1.0
    return p
