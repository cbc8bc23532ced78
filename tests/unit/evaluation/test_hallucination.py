import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from llmcourse.evaluation.hallucination import (
    clusters_of,
    clusters_within,
    discrete_entropy,
    likelihood_entropy,
    majority_right,
    merged,
    support,
    vote,
)
from llmcourse.language.information import entropy

numbers = arrays(np.int64, st.integers(1, 12), elements=st.integers(0, 5))


@given(numbers)
def test_merging_meanings_never_raises_the_entropy(clusters):
    strings = np.arange(clusters.size)  # every answer another string
    assert discrete_entropy(clusters) <= discrete_entropy(strings) + 1e-12
    assert 0 <= discrete_entropy(clusters) <= math.log(clusters.size) + 1e-12


@given(numbers)
def test_the_names_and_the_order_of_clusters_do_not_matter(clusters):
    other = (clusters * 7 + 3)[::-1]
    assert discrete_entropy(other) == pytest.approx(discrete_entropy(clusters))
    assert vote(other)[1] == vote(clusters)[1]


def test_ten_answers_show_at_most_ln_10_however_unsure_the_model_is():
    assert discrete_entropy(np.arange(10)) == pytest.approx(math.log(10))


def test_likelihoods_count_each_answer_once_and_are_normalized_over_the_sample():
    answers = ["a", "A", "b", "a", "a"]
    logp = np.log(np.array([0.3, 0.1, 0.2, 0.3, 0.3]))
    clusters = clusters_of(answers, str.casefold)
    expected = float(entropy(np.array([0.4, 0.2]) / 0.6, base=np.e))
    assert likelihood_entropy(answers, logp, clusters) == pytest.approx(expected)
    assert likelihood_entropy(answers, logp - 800, clusters) == pytest.approx(expected)  # exp(-800) would be 0


def test_with_all_answers_drawn_the_likelihood_entropy_is_the_exact_one():
    p = np.array([0.5, 0.4, 0.1])
    clusters = np.array([0, 0, 1])
    drawn = np.array([0, 2, 1, 0, 1])
    found = likelihood_entropy([str(i) for i in drawn], np.log(p)[drawn], clusters[drawn])
    assert found == pytest.approx(float(entropy(merged(p, clusters), base=np.e)))


def test_one_string_by_two_rows_of_tokens_has_both_probabilities():
    logp = np.log(np.array([0.2, 0.1, 0.3]))
    found = likelihood_entropy(["a", "a", "b"], logp, np.array([0, 0, 1]))
    assert found == pytest.approx(math.log(2))


def test_clusters_are_numbered_as_they_appear():
    assert clusters_of(["b", "a", "B", "c"], str.casefold).tolist() == [0, 1, 0, 2]


def test_near_is_not_an_equivalence_and_the_order_decides():
    at = np.deg2rad(np.array([0.0, 40.0, 80.0]))
    vectors = np.stack([np.cos(at), np.sin(at)], axis=-1) * np.array([[1.0], [5.0], [0.1]])
    limit = math.cos(math.radians(45))
    assert clusters_within(vectors, cosine=limit).tolist() == [0, 0, 1]
    assert clusters_within(vectors[[1, 0, 2]], cosine=limit).tolist() == [0, 0, 0]
    assert clusters_within(vectors, cosine=1.0).tolist() == [0, 1, 2]


def test_a_majority_is_counted_over_all_votes_one_by_one():
    for p, n in itertools.product((0.0, 0.3, 0.6, 1.0), (1, 3, 5)):
        total = sum(
            math.prod(p if right else 1 - p for right in votes)
            for votes in itertools.product((True, False), repeat=n)
            if sum(votes) > n / 2
        )
        assert majority_right(p, n) == pytest.approx(total)


def test_voting_hurts_below_one_half_and_changes_nothing_at_it():
    assert majority_right(0.4, 41) < majority_right(0.4, 5) < 0.4
    assert majority_right(0.5, 41) == pytest.approx(0.5)


def test_support_counts_words_and_not_their_order():
    passage = "carthage lost to rome in 202".split()
    assert support("rome lost to carthage".split(), passage) == 1.0
    assert support("the rome of gaul".split(), passage, ignored=frozenset({"the", "of"})) == 0.5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: clusters_of([], str), "0 answers"),
        (lambda: discrete_entropy(np.zeros(0, int)), "0 answers"),
        (lambda: vote(np.zeros(0, int)), "0 answers"),
        (lambda: clusters_within(np.zeros((0, 3)), cosine=0.5), "0 answers"),
        (lambda: clusters_within(np.ones((2, 3)), cosine=1.5), r"got a threshold of 1\.5"),
        (lambda: clusters_within(np.array([[1.0], [0.0]]), cosine=0.5), "vector 1 has no direction"),
        (lambda: discrete_entropy(np.array([0, -1])), "0 or more, got -1"),
        (lambda: merged(np.array([0.5, 0.4]), np.array([0, 1])), r"the worst row sums to 0\.9"),
        (lambda: merged(np.array([0.5, 0.5]), np.array([0])), "2 answers and 1 cluster"),
        (lambda: likelihood_entropy(["a"], np.array([-1.0, -2.0]), np.array([0, 0])), "1 answers and 2 log"),
        (lambda: likelihood_entropy(["a"], np.array([0.5]), np.array([0])), r"at most 0, got 0\.5"),
        (lambda: likelihood_entropy(["a"], np.array([np.nan]), np.array([0])), "at most 0, got nan"),
        (lambda: likelihood_entropy([], np.zeros(0), np.zeros(0, int)), "0 answers"),
        (lambda: majority_right(1.2, 3), r"between 0 and 1, got 1\.2"),
        (lambda: majority_right(0.5, 4), "odd and positive, so that there is no tie, got 4"),
        (lambda: support(["the"], ["cat"], ignored=frozenset({"the"})), "none of the answer's 1 words counts"),
    ],
)
def test_refuses(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_the_toy_of_the_page():
    p = np.array([0.5, 0.4, 0.1])
    assert_allclose(entropy(p, base=np.e), 0.9433484, atol=5e-8)
    assert_allclose(entropy(merged(p, np.array([0, 0, 1])), base=np.e), 0.3250830, atol=5e-8)


def test_answers_that_never_come_have_no_entropy():
    with (
        pytest.warns(RuntimeWarning, match="invalid value"),
        pytest.raises(ValueError, match="all 2 probabilities are NaN; answers of log-probability -inf alone"),
    ):
        likelihood_entropy(["a", "b"], np.array([-math.inf, -math.inf]), np.array([0, 1]))
    assert likelihood_entropy(["a", "b"], np.array([-math.inf, -1.0]), np.array([0, 1])) == 0  # one that comes will do
