r"""What a head does, as one number: how much of its attention goes where a pattern says it would (numpy).

A *pattern* is a table of True and False: the keys at which an ideal head would look from each query. The score of a
head is the mean, over the queries that have such a key, of the weight they give to it. The last query is aligned with
the last key, as in ``attention.causal_mask``; the query at position 0 sees only itself and is left out of everything.

A score alone says little in a short text, because a head without preferences has one as well: compare it with that of
``uniform_attention``, which is $(H_T - 1)/(T - 1)$ for the previous token, for the first and for the token itself
($H_T = 1 + 1/2 + \dots + 1/T$; 0.14 for T = 20).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from llmcourse.language.information import entropy
from llmcourse.shapes import Array, Bool, Float, Int


def pattern_score(weights: Float[Array, "*B T S"], pattern: Bool[Array, "*#B T S"]) -> Float[Array, " *B"]:
    r"""Mean weight on the keys of a pattern: $\frac{1}{|Q|} \sum_{t \in Q} \sum_{s : \text{pattern}_{ts}} A_{ts}$.

    $Q$ holds the queries for which the pattern names at least one key, position 0 excepted.

    Range:   0 (never looks there) to 1 (looks nowhere else).
    Raises:  ValueError if the pattern names no key for any query, or if a row of weights is not a distribution.
    Derivation: the head evaluators of Olsson et al. (2022) are this mean, each for a pattern of its own.
    """
    keys = weights.shape[-1]
    visible = _positions(weights) > 0  # (T,)
    counted = pattern.any(axis=-1) & visible  # (*B, T)
    if not counted.any(axis=-1).all():
        raise ValueError(f"the pattern names no key for any query among {keys} tokens, so there is nothing to average")
    _check_rows(weights)
    on_pattern = (weights * pattern).sum(axis=-1, dtype=np.float64)  # (*B, T)
    return (on_pattern * counted).sum(axis=-1) / counted.sum(axis=-1)


def previous_token_score(weights: Float[Array, "*B T S"]) -> Float[Array, " *B"]:
    r"""Mean weight on the token just before: $\frac{1}{T-1} \sum_{t \geq 1} A_{t,t-1}$.

    Range:   0 to 1; $(H_T - 1)/(T - 1)$ for uniform causal attention.
    Raises:  ValueError for fewer than 2 tokens.
    Source:  Olsson et al. (2022), "head activation evaluators". Elhage et al. (2021), "Induction heads", say what such
             heads are good for: the layers above learn what stood before each token. {cite}`olsson2022,elhage2021`

    >>> float(previous_token_score(np.array([[1.0, 0.0], [0.75, 0.25]])))
    0.75
    """
    _check_length(weights)
    queries, keys = weights.shape[-2:]
    return pattern_score(weights, np.eye(queries, keys, keys - queries - 1, dtype=bool))


def self_score(weights: Float[Array, "*B T S"]) -> Float[Array, " *B"]:
    r"""Mean weight on the token itself: $\frac{1}{T-1} \sum_{t \geq 1} A_{tt}$.

    Range:   0 to 1; $(H_T - 1)/(T - 1)$ for uniform causal attention.
    Raises:  ValueError for fewer than 2 tokens.
    Source:  Clark et al. (2019), section 3.1, attention to the current token. {cite}`clark2019`

    >>> float(self_score(np.array([[1.0, 0.0], [0.75, 0.25]])))
    0.25
    """
    _check_length(weights)
    queries, keys = weights.shape[-2:]
    return pattern_score(weights, np.eye(queries, keys, keys - queries, dtype=bool))


def sink_score(weights: Float[Array, "*B T S"]) -> Float[Array, " *B"]:
    r"""Mean weight on the first token of the text: $\frac{1}{T-1} \sum_{t \geq 1} A_{t0}$.

    At position 1 the first token is the previous one too: a perfect previous-token head has the score 1/(T − 1) here.

    Range:   0 to 1; $(H_T - 1)/(T - 1)$ for uniform causal attention.
    Raises:  ValueError for fewer than 2 tokens.
    Source:  Xiao et al. (2024), section 3.1, "attention sink"; here with one initial token. {cite}`xiao2024`

    >>> float(sink_score(np.array([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.75, 0.0, 0.25]])))
    0.625
    """
    _check_length(weights)
    first = np.zeros(weights.shape[-2:], dtype=bool)
    first[:, 0] = True
    return pattern_score(weights, first)


def induction_pattern(tokens: Int[Array, "*B S"]) -> Bool[Array, "*B S S"]:
    """True where the key comes right after an earlier copy of the query's token: …A **B** … A looks at B.

    The query itself is not a target: after "A A" the second A is what followed the first.

    >>> induction_pattern(np.array([7, 8, 9, 7]))[3].tolist()
    [False, True, False, False]
    """
    same = tokens[..., :, None] == tokens[..., None, :]  # (*B, S, S): the query's token stands at this key
    after = np.zeros_like(same)
    after[..., 1:] = same[..., :-1]  # one place to the right: the key that follows it
    return after & np.tri(tokens.shape[-1], k=-1, dtype=bool)


def induction_score(weights: Float[Array, "*B S S"], tokens: Int[Array, "*#B S"]) -> Float[Array, " *B"]:
    r"""Mean weight on what followed earlier copies of the query's token, over the queries that have one.

    For a block of P tokens, all different, and its copy these are the queries $t = P \dots 2P-1$ with the key
    $t - P + 1$ each: $\frac1P \sum_t A_{t,\,t-P+1}$. If a token came several times before, the keys' weights add up.

    Range:   0 to 1; for uniform causal attention on a block and its copy $(H_{2P} - H_P)/P$.
    Raises:  ValueError if no token comes again after another one.
    Source:  Elhage et al. (2021), "Induction heads"; Olsson et al. (2022), "prefix matching", by its definition under
             "Key concepts": to "the token which induction would suggest comes next". The paper's description of the
             measurement speaks of the tokens that *preceded* the copies. {cite}`elhage2021,olsson2022`

    >>> tokens = np.array([5, 6, 5, 6])
    >>> looks_at_what_followed = np.array([[1.0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]])
    >>> float(induction_score(looks_at_what_followed, tokens))
    1.0
    """
    pattern = induction_pattern(tokens)
    if not pattern.any(axis=(-1, -2)).all():
        raise ValueError(
            f"no token of these {tokens.shape[-1]} comes again after another one, so induction has nothing to find"
        )
    return pattern_score(weights, pattern)


def attention_entropy(weights: Float[Array, "*B T S"]) -> Float[Array, " *B"]:
    r"""Mean entropy of the rows: how broadly a head looks. $\frac{1}{T-1} \sum_{t \geq 1} H(A_t)$.

    Units:   bits. For the entropy of each row call ``information.entropy``.
    Range:   0 (one key each) to $\log_2(T!)/(T-1)$ (uniform causal attention).
    Raises:  ValueError for fewer than 2 tokens, or if a row is not a distribution.
    Source:  Clark et al. (2019), section 3.3. {cite}`clark2019`
    """
    _check_length(weights)
    _check_rows(weights)
    return entropy(weights[..., _positions(weights) > 0, :].astype(np.float64), base=2.0).mean(axis=-1)


def mean_distance(weights: Float[Array, "*B T S"]) -> Float[Array, " *B"]:
    r"""How many tokens back a head looks on average: $\frac{1}{T-1} \sum_{t \geq 1} \sum_s A_{ts}\,(t - s)$.

    Units:   tokens.
    Range:   0 (only at itself) to T/2 (only at the first token); T/4 for uniform causal attention.
    Raises:  ValueError for fewer than 2 tokens, or if a row is not a distribution.
    Source:  Vig & Belinkov (2019), the mean distance spanned by attention; theirs counts position 0. {cite}`vig2019`
    """
    _check_length(weights)
    _check_rows(weights)
    positions = _positions(weights)
    back = positions[:, None] - np.arange(weights.shape[-1])  # (T, S); keys in the future have weight 0
    return (weights * back).sum(axis=-1, dtype=np.float64)[..., positions > 0].mean(axis=-1)


def uniform_attention(length: int) -> Float[Array, "T T"]:
    """A head without preferences: each query shares its attention equally among itself and the past.

    >>> uniform_attention(2).tolist()
    [[1.0, 0.0], [0.5, 0.5]]
    """
    return np.tri(length) / np.arange(1, length + 1)[:, None]


def repeated_block(choices: Int[Array, " N"], size: int, *, rng: np.random.Generator) -> Int[Array, " S"]:
    """``size`` different tokens drawn from ``choices`` in random order, and the same block once more.

    No grammar and no meaning: whoever predicts the second half well must have copied.

    Raises:  ValueError if there are fewer than ``size`` choices, or if the block has fewer than 2 tokens.
    Source:  Elhage et al. (2021), "Induction heads"; Olsson et al. (2022), with 25 tokens repeated 4 times.
             {cite}`elhage2021,olsson2022`
    """
    if not 2 <= size <= choices.size:
        raise ValueError(f"a block needs 2 to {choices.size} different tokens (so many are given), got {size}")
    block = rng.choice(choices, size=size, replace=False)
    return np.concatenate([block, block])


class Head(NamedTuple):
    """One head of a model and its score; layers and heads count from 0."""

    layer: int
    head: int
    score: float


Score = Callable[[Float[Array, "*B S S"], Int[Array, " S"]], Float[Array, " *B"]]
SCORES: dict[str, Score] = {
    "previous": lambda weights, _tokens: previous_token_score(weights),
    "induction": induction_score,
    "sink": lambda weights, _tokens: sink_score(weights),
    "self": lambda weights, _tokens: self_score(weights),
    "entropy": lambda weights, _tokens: attention_entropy(weights),
    "distance": lambda weights, _tokens: mean_distance(weights),
}


def rank_heads(scores: Float[Array, "layers H"], count: int = 5) -> list[Head]:
    """The ``count`` heads with the highest scores, best first; of equal ones the earlier layer and head.

    >>> rank_heads(np.array([[0.1, 0.9], [0.5, 0.2]]), count=2)
    [Head(layer=0, head=1, score=0.9), Head(layer=1, head=0, score=0.5)]
    """
    if not 1 <= count <= scores.size:
        raise ValueError(f"count must be 1 to {scores.size}, the number of heads, got {count}")
    if np.isnan(scores).any():
        raise ValueError(f"{np.isnan(scores).sum()} of {scores.size} scores are NaN; a rank needs numbers")
    best = np.argsort(-scores, axis=None, kind="stable")[:count]
    places = (np.unravel_index(i, scores.shape) for i in best)
    return [Head(int(layer), int(head), float(scores[layer, head])) for layer, head in places]


def find_heads(weights: Float[Array, "layers H S S"], tokens: Int[Array, " S"], by: str, count: int = 5) -> list[Head]:
    """The heads of a model that follow a pattern most closely in one text: previous, induction, sink, self, ...

    Raises:  ValueError for a pattern that is not in ``SCORES``, and as the score itself does.
    """
    if by not in SCORES:
        raise ValueError(f"no score is named {by!r}; there are {', '.join(SCORES)}")
    return rank_heads(SCORES[by](weights, tokens), count)


def _positions(weights: Float[Array, "*B T S"]) -> Int[Array, " T"]:
    """Where each query stands among the keys."""
    queries, keys = weights.shape[-2:]
    return np.arange(keys - queries, keys)


def _check_length(weights: Float[Array, "*B T S"]) -> None:
    queries, keys = weights.shape[-2:]
    if keys < 2:
        raise ValueError(f"{keys} token: a head's habits need at least 2, since the first can look only at itself")
    if not 1 <= queries <= keys:
        raise ValueError(f"{queries} queries for {keys} keys; queries are the newest tokens, so 1 to {keys} of them")


def _check_rows(weights: Float[Array, "*B T S"]) -> None:
    """Raise unless each row sums to 1 and none looks ahead."""
    totals = weights.sum(axis=-1, dtype=np.float64)
    if not np.allclose(totals, 1.0, rtol=0, atol=1e-5):
        worst = totals.flat[np.abs(totals - 1.0).argmax()]
        raise ValueError(f"each row of attention weights must sum to 1; the worst sums to {worst:.6g}")
    queries, keys = weights.shape[-2:]
    ahead = weights[..., ~np.tri(queries, keys, keys - queries, dtype=bool)]
    if ahead.any():
        raise ValueError(f"a weight of {ahead.max():.3g} on a later token: these scores are for causal attention")
