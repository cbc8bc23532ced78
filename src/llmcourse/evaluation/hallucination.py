r"""Does a model know what it says? Ask it several times and see whether the answers agree (numpy).

M answers are drawn to one question. Those of one meaning form a cluster C (by a rule that is stated: equal normalized
strings, or embeddings closer than a threshold). Three ways to weigh the clusters, in rising order of what is needed:

    discrete      P(C) = number of answers in C / M                      needs the answers
    likelihood    P(C) = Σ p(s) over the different answers s of C, / Z    needs their probabilities too
    exact         P(C) = Σ p(s) over all answers s of C                   needs all there are; for toys

Semantic entropy is the entropy of these weights. Without clusters, each different string being its own, it is the naive
entropy of the answers, which is never smaller.
"""

from collections.abc import Callable, Hashable, Sequence
from math import comb

import numpy as np

from llmcourse.language.information import entropy
from llmcourse.language.probability import check_distribution
from llmcourse.shapes import Array, Float, Integer

__all__ = [
    "clusters_of",
    "clusters_within",
    "discrete_entropy",
    "likelihood_entropy",
    "majority_right",
    "merged",
    "support",
    "vote",
]


def clusters_of(answers: Sequence[str], meaning: Callable[[str], Hashable]) -> Integer[Array, " N"]:
    """The number of each answer's cluster, 0 for the first one's: equal if ``meaning`` gives equal values.

    Raises:  ValueError for no answers.
    Derivation: the classes of an equivalence, in order of appearance.

    >>> clusters_of(["Paris", "paris", "Lyon"], str.casefold).tolist()
    [0, 0, 1]
    """
    if not answers:
        raise ValueError("there are 0 answers; draw at least one")
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(meaning(answer), len(numbers)) for answer in answers])


def clusters_within(vectors: Float[Array, "N D"], *, cosine: float) -> Integer[Array, " N"]:
    """Clusters of answers given as embeddings: each joins the first cluster whose first member is at least that near.

    Closeness is no equivalence (a may be near b and b near c, but a far from c), so the order of the answers matters.

    Raises:  ValueError for no answers, a threshold outside [-1, 1], or a vector of length 0.
    Source:  Farquhar et al. (2024), whose published code does this with entailment in both directions in place of a
             cosine. {cite}`farquhar2024`

    >>> clusters_within(np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]]), cosine=0.9).tolist()
    [0, 0, 1]
    """
    if len(vectors) == 0:
        raise ValueError("there are 0 answers; draw at least one")
    if not -1 <= cosine <= 1:
        raise ValueError(f"a cosine lies between -1 and 1, got a threshold of {cosine}")
    lengths = np.linalg.norm(vectors, axis=-1)
    if not (lengths > 0).all():
        raise ValueError(f"vector {int(np.flatnonzero(~(lengths > 0))[0])} has no direction: its length is 0 or NaN")
    unit = vectors / lengths[:, None]
    first: list[int] = []
    found = np.empty(len(unit), dtype=np.int64)
    for i, vector in enumerate(unit):
        near = [c for c, member in enumerate(first) if unit[member] @ vector >= cosine]
        if not near:
            first.append(i)
        found[i] = near[0] if near else len(first) - 1
    return found


def merged(p: Float[Array, " N"], clusters: Integer[Array, " _"]) -> Float[Array, " V"]:
    r"""Probability of each cluster: $P(C) = \sum_{s \in C} p(s)$.

    Raises:  ValueError unless ``p`` is a distribution with one cluster number from 0 up for each of its outcomes.
    Source:  Kuhn et al. (2023), the probability of a meaning. {cite}`kuhn2023`

    >>> merged(np.array([0.5, 0.4, 0.1]), np.array([0, 0, 1])).round(6).tolist()
    [0.9, 0.1]
    """
    if p.size and np.isnan(p).all():
        raise ValueError(f"all {p.size} probabilities are NaN; answers of log-probability -inf alone have no weights")
    check_distribution(p)
    _check_clusters(p.size, clusters)
    return np.bincount(clusters, weights=p)


def discrete_entropy(clusters: Integer[Array, " N"]) -> float:
    r"""Entropy of how often each cluster was drawn, $-\sum_C \frac{m_C}{M}\ln\frac{m_C}{M}$.

    Units:   nats.
    Range:   0 (all alike) to ln M (all different), however uncertain the model is: M answers show no more.
    Raises:  ValueError for no answers.
    Source:  Farquhar et al. (2024), "discrete" semantic entropy. {cite}`farquhar2024`

    >>> round(discrete_entropy(np.array([0, 1, 2, 1])), 4)  # 1/4, 1/2, 1/4: 1.5 bits
    1.0397
    """
    _check_clusters(clusters.size, clusters)
    counts = np.bincount(clusters)
    return float(entropy(counts[counts > 0] / clusters.size, base=np.e))


def likelihood_entropy(answers: Sequence[str], logp: Float[Array, " N"], clusters: Integer[Array, " _"]) -> float:
    r"""Entropy of the clusters weighed by probability: $P(C) \propto \sum_{s \in C} p(s)$ over *different* answers s.

    An answer that was drawn five times counts once, since its probability already says how often it comes. This differs
    in two points from Farquhar et al., who take exp of the *mean* log-probability per token as the weight and whose
    published code sums it over all draws. Of a string that was drawn
    through several rows of tokens all rows' probabilities are summed.

    Units:   nats.
    Raises:  ValueError for no answers, other lengths, a log-probability that is NaN or positive, or none above −∞.
    Source:  P(C) of Kuhn et al. (2023), normalized over the sample as in Farquhar et al. (2024), whose weights are
             others (above). {cite}`kuhn2023,farquhar2024`

    >>> logp = np.log(np.array([0.5, 0.5, 0.4, 0.1]))
    >>> round(likelihood_entropy(["Nile", "Nile", "It's the Nile", "Congo"], logp, np.array([0, 0, 0, 1])), 4)
    0.3251
    """
    if len(answers) != logp.size:
        raise ValueError(f"there are {len(answers)} answers and {logp.size} log-probabilities")
    if not (logp <= 0).all():
        raise ValueError(f"a log-probability is at most 0, got {logp[~(logp <= 0)][0]}")
    _check_clusters(logp.size, clusters)
    pairs = dict.fromkeys(zip(answers, logp.tolist(), clusters.tolist(), strict=True))  # equal draws once
    distinct = np.array([value for _, value, _ in pairs])
    weights = np.exp(distinct - distinct.max())
    return float(entropy(merged(weights / weights.sum(), np.array([c for _, _, c in pairs])), base=np.e))


def vote(clusters: Integer[Array, " N"]) -> tuple[int, float]:
    """The cluster that most answers are in, the first of equals, and its share of the answers.

    Raises:  ValueError for no answers.
    Source:  Wang et al. (2023), self-consistency: a majority vote over sampled answers. {cite}`wang2023selfconsistency`

    >>> vote(np.array([0, 1, 1, 2]))
    (1, 0.5)
    """
    _check_clusters(clusters.size, clusters)
    counts = np.bincount(clusters)
    return int(counts.argmax()), float(counts.max() / clusters.size)


def majority_right(p: float, votes: int) -> float:
    r"""The chance that most of n independent ``votes`` are right: $\sum_{k > n/2} \binom{n}{k} p^k (1 - p)^{n - k}$.

    Each is right with probability p, and all wrong ones agree, which is the worst case. Above 1/2 voting helps and
    tends to 1, below it hurts and tends to 0.

    Raises:  ValueError for p outside [0, 1] or an even or non-positive number of votes.
    Source:  Condorcet's jury theorem: the binomial distribution. {cite}`wasserman2004`

    >>> [round(majority_right(0.6, n), 3) for n in (1, 5, 41)]
    [0.6, 0.683, 0.903]
    """
    if not 0 <= p <= 1:
        raise ValueError(f"a probability lies between 0 and 1, got {p}")
    if votes < 1 or votes % 2 == 0:
        raise ValueError(f"the number of votes must be odd and positive, so that there is no tie, got {votes}")
    return float(sum(comb(votes, k) * p**k * (1 - p) ** (votes - k) for k in range(votes // 2 + 1, votes + 1)))


def support(answer: Sequence[str], passage: Sequence[str], *, ignored: frozenset[str] = frozenset()) -> float:
    """The share of the words of an answer that stand in a passage too: a crude measure of groundedness.

    Order and meaning do not enter: "Rome beat Carthage" and "Carthage beat Rome" have the same support.

    Raises:  ValueError if nothing is left of the answer without the ignored words.
    Source:  a precision over single words, as in ROUGE-1; on what it misses, Maynez et al. (2020). {cite}`maynez2020`

    >>> support("rome beat gaul".split(), "rome beat carthage in 202".split())  # two of three words
    0.6666666666666666
    """
    words = [word for word in answer if word not in ignored]
    if not words:
        raise ValueError(f"none of the answer's {len(answer)} words counts")
    known = set(passage)
    return sum(word in known for word in words) / len(words)


def _check_clusters(number: int, clusters: np.ndarray) -> None:
    if number == 0:
        raise ValueError("there are 0 answers; draw at least one")
    if clusters.size != number:
        raise ValueError(f"there are {number} answers and {clusters.size} cluster numbers")
    if (clusters < 0).any():
        raise ValueError(f"a cluster number is 0 or more, got {clusters.min()}")
