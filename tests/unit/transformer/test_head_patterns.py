"""Scores of hand-made heads are 1 or 0 exactly, those of uniform attention are known in closed form."""

import math
import re
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from llmcourse.language.information import entropy
from llmcourse.transformer.head_patterns import (
    SCORES,
    Head,
    attention_entropy,
    find_heads,
    induction_pattern,
    induction_score,
    mean_distance,
    pattern_score,
    previous_token_score,
    rank_heads,
    repeated_block,
    self_score,
    sink_score,
    uniform_attention,
)

P = 5
BLOCK = np.tile(np.arange(20, 20 + P), 2)  # a block of 5 different tokens and its copy
BY_PLACE = (previous_token_score, self_score, sink_score)


def looking_at(keys: list[int]) -> np.ndarray:
    """A head whose query t gives all its weight to keys[t]."""
    return np.eye(len(keys))[keys]


def causal(rng: np.random.Generator, *shape: int, queries: int, keys: int) -> np.ndarray:
    """Random attention to the past."""
    weights = rng.exponential(size=(*shape, queries, keys)) * np.tri(queries, keys, keys - queries)
    return weights / weights.sum(axis=-1, keepdims=True)


def harmonic(n: int) -> Fraction:
    return sum((Fraction(1, i) for i in range(1, n + 1)), Fraction(0))


def test_ideal_heads_score_one_in_their_own_pattern_and_nothing_in_the_others():
    T = 2 * P
    previous, itself, first = [0, *range(T - 1)], list(range(T)), [0] * T
    assert previous_token_score(looking_at(previous)) == 1
    assert self_score(looking_at(itself)) == 1
    assert sink_score(looking_at(first)) == 1
    assert previous_token_score(looking_at(itself)) == self_score(looking_at(previous)) == 0
    assert sink_score(looking_at(itself)) == self_score(looking_at(first)) == 0
    # Query 1 has the first token as its previous one, and no choice could separate the two.
    assert previous_token_score(looking_at(first)) == sink_score(looking_at(previous)) == 1 / (T - 1)


def test_an_ideal_induction_head_looks_at_what_followed_the_first_copy():
    keys = [0] * P + [t - P + 1 for t in range(P, 2 * P)]
    assert induction_score(looking_at(keys), BLOCK) == 1
    assert induction_score(looking_at([0] * P + list(range(P))), BLOCK) == 0  # at the copy itself, one place too early
    assert induction_score(looking_at(list(range(2 * P))), BLOCK) == 0
    assert induction_score(looking_at([0] * 2 * P), BLOCK) == 0
    assert (
        induction_score(looking_at([5 if t == 9 else 0 for t in range(10)]), BLOCK) == 1 / P
    )  # the block's last token


@pytest.mark.parametrize("T", [2, 3, 10, 40])
def test_uniform_attention_has_the_scores_of_its_closed_forms(T):
    weights = uniform_attention(T)
    for score in BY_PLACE:
        assert_allclose(score(weights), float((harmonic(T) - 1) / (T - 1)), rtol=1e-12)
    assert_allclose(mean_distance(weights), T / 4, rtol=1e-12)
    assert_allclose(attention_entropy(weights), math.log2(math.factorial(T)) / (T - 1), rtol=1e-12)


@pytest.mark.parametrize("size", [2, 7, 25])
def test_uniform_attention_has_the_induction_score_of_its_closed_form(rng, size):
    tokens = repeated_block(np.arange(100), size, rng=rng)
    expected = float((harmonic(2 * size) - harmonic(size)) / size)
    assert_allclose(induction_score(uniform_attention(2 * size), tokens), expected, rtol=1e-12)


@given(st.lists(st.integers(0, 4), min_size=3, max_size=14), st.integers(0, 2**32 - 1))
def test_scores_are_the_sums_of_their_definitions(tokens, seed):
    """Written out token by token, without tables."""
    T = len(tokens)
    A = causal(np.random.default_rng(seed), queries=T, keys=T)
    assert_allclose(previous_token_score(A), sum(A[t][t - 1] for t in range(1, T)) / (T - 1))
    assert_allclose(self_score(A), sum(A[t][t] for t in range(1, T)) / (T - 1))
    assert_allclose(sink_score(A), sum(A[t][0] for t in range(1, T)) / (T - 1))
    assert_allclose(mean_distance(A), sum(A[t][s] * (t - s) for t in range(1, T) for s in range(t)) / (T - 1))
    shares = []
    for t in range(1, T):
        after = {s + 1 for s in range(t - 1) if tokens[s] == tokens[t]}
        if after:
            shares.append(sum(A[t][s] for s in after))
    if shares:
        assert_allclose(induction_score(A, np.array(tokens)), sum(shares) / len(shares))
    else:
        with pytest.raises(ValueError, match=f"no token of these {T} comes again"):
            induction_score(A, np.array(tokens))


def test_the_first_query_never_counts():
    """It gives itself the weight 1, whatever the head is like."""
    A = np.array([[1.0, 0.0], [0.25, 0.75]])
    assert (previous_token_score(A), self_score(A), sink_score(A), mean_distance(A)) == (0.25, 0.75, 0.25, 0.25)
    assert_allclose(attention_entropy(A), entropy(A[1]))


def test_the_newest_queries_alone_stand_at_the_end_of_the_keys(rng):
    A = causal(rng, 3, queries=12, keys=12)
    last = A[:, -4:]
    for score, key in ((previous_token_score, lambda t: t - 1), (self_score, lambda t: t), (sink_score, lambda t: 0)):
        assert_allclose(score(last), np.mean([A[:, t, key(t)] for t in range(8, 12)], axis=0))
    assert_allclose(mean_distance(last), np.mean([A[:, t] @ (t - np.arange(12)) for t in range(8, 12)], axis=0))
    assert_allclose(attention_entropy(last), entropy(A[:, 8:]).mean(axis=-1))


def test_batches_score_like_their_members_each_with_its_own_tokens(rng):
    A = causal(rng, 4, 3, queries=12, keys=12)
    tokens = rng.integers(0, 4, size=(4, 1, 12))
    together = induction_score(A, tokens)
    assert together.shape == (4, 3)
    for b in range(4):
        assert_allclose(together[b], [induction_score(A[b, h], tokens[b, 0]) for h in range(3)])
    for score in (*BY_PLACE, mean_distance, attention_entropy):
        assert_allclose(score(A), [[score(A[b, h]) for h in range(3)] for b in range(4)])


def test_names_of_tokens_do_not_matter(rng):
    A, tokens = causal(rng, queries=15, keys=15), rng.integers(0, 6, 15)
    assert induction_score(A, tokens) == induction_score(A, rng.permutation(6)[tokens])


def test_a_token_that_came_twice_before_has_two_targets_and_a_stutter_has_none():
    assert np.argwhere(induction_pattern(np.array([1, 2, 1, 3, 1]))).tolist() == [[2, 1], [4, 1], [4, 3]]
    assert not induction_pattern(np.array([1, 1])).any()
    assert induction_pattern(np.array([1, 1, 1])).tolist()[2] == [False, True, False]


def test_weights_in_half_the_precision_give_the_same_scores(rng):
    A = causal(rng, 2, queries=10, keys=10)
    for name, score in SCORES.items():
        got = score(A.astype(np.float32), BLOCK)
        assert got.dtype == np.float64, name
        assert_allclose(got, score(A, BLOCK), rtol=1e-5)  # float32 keeps 7 digits


def test_a_repeated_block_repeats_different_tokens_and_takes_its_randomness_from_the_caller(rng):
    tokens = repeated_block(np.arange(10, 20), 10, rng=rng)
    assert tokens.tolist()[:10] == tokens.tolist()[10:]
    assert sorted(set(tokens)) == list(range(10, 20))
    first, again, other = (repeated_block(np.arange(50), 9, rng=np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_heads_are_ranked_with_the_best_first_and_ties_in_reading_order():
    scores = np.array([[0.5, 0.9, 0.5], [0.9, 0.1, 1.0]])
    assert rank_heads(scores, 5) == [
        Head(1, 2, 1.0), Head(0, 1, 0.9), Head(1, 0, 0.9), Head(0, 0, 0.5), Head(0, 2, 0.5)
    ]  # fmt: skip
    assert rank_heads(scores, 6)[-1] == Head(1, 1, 0.1)


def test_the_search_finds_the_head_that_was_planted(rng):
    weights = causal(rng, 3, 4, queries=10, keys=10)
    planted = {
        "previous": (0, 2, [0, *range(9)]),
        "induction": (2, 1, [0] * P + list(range(1, P + 1))),
        "sink": (1, 3, [0] * 10),
        "self": (1, 0, list(range(10))),
    }
    for layer, head, keys in planted.values():
        weights[layer, head] = looking_at(keys)
    for by, (layer, head, _) in planted.items():
        assert find_heads(weights, BLOCK, by, count=1) == [Head(layer, head, 1.0)]
    assert find_heads(weights, BLOCK, "distance", count=1)[0][:2] == (1, 3)
    assert find_heads(weights, BLOCK, "entropy", count=12)[-1].score == 0


@pytest.mark.parametrize("score", [*BY_PLACE, mean_distance, attention_entropy])
def test_one_token_is_too_short(score):
    with pytest.raises(ValueError, match=r"1 token: a head's habits need at least 2"):
        score(np.ones((3, 1, 1)))
    with pytest.raises(ValueError, match="3 queries for 2 keys"):
        score(np.full((3, 2), 0.5))


def test_refusals_name_the_number():
    A = uniform_attention(4)
    with pytest.raises(ValueError, match="names no key for any query among 4 tokens"):
        pattern_score(A, np.zeros((4, 4), dtype=bool))
    only_first = np.zeros((4, 4), dtype=bool)
    only_first[0, 0] = True
    with pytest.raises(ValueError, match="names no key"):
        pattern_score(A, only_first)
    with pytest.raises(ValueError, match=r"the worst sums to 0\.5"):
        sink_score(A * np.array([1, 1, 0.5, 1])[:, None])
    with pytest.raises(ValueError, match=r"a weight of 0\.25 on a later token"):
        mean_distance(np.full((4, 4), 0.25))
    with pytest.raises(ValueError, match=r"a block needs 2 to 6 different tokens .*, got 7"):
        repeated_block(np.arange(6), 7, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="got 1"):
        repeated_block(np.arange(6), 1, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="count must be 1 to 6, the number of heads, got 7"):
        rank_heads(np.zeros((2, 3)), 7)
    with pytest.raises(ValueError, match="1 of 2 scores are NaN"):
        rank_heads(np.array([[0.5, np.nan]]), 1)
    with pytest.raises(ValueError, match=re.escape("no score is named 'prev'; there are previous, induction, sink")):
        find_heads(A[None, None], BLOCK[:4], "prev")


def test_these_statistics_start_without_torch():
    code = "import sys, llmcourse.transformer.head_patterns; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
