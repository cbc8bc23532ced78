import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from llmcourse.language.probability import (
    check_distribution,
    conditional,
    expectation,
    marginal,
    normalize,
    sample,
    sequence_log_probability,
)
from tests.unit.language.strategies import distributions

# Cover & Thomas (2006), example 2.2.1: rows are Y, columns are X.
JOINT = np.array([[4, 2, 1, 1], [2, 4, 1, 1], [2, 2, 2, 2], [8, 0, 0, 0]]) / 32


@pytest.mark.parametrize(
    ("p", "message"),
    [
        ([0.5, 0.6], "the worst row sums to 1.1"),
        ([1.5, -0.5], "p has a negative entry: -0.5"),
        ([np.nan, 1.0], "p has 1 NaN of 2 entries"),
        ([[0.5, 0.5], [0.2, 0.2]], "the worst row sums to 0.4"),
        ([np.inf, 0.0], "the worst row sums to inf"),
    ],
)
def test_what_is_not_a_distribution_is_refused(p, message):
    with pytest.raises(ValueError, match=message):
        check_distribution(np.array(p))


def test_no_outcomes_is_not_a_distribution():
    with pytest.raises(ValueError, match=r"no outcomes: its last axis is empty, shape \(2, 0\)"):
        check_distribution(np.zeros((2, 0)))


def test_a_float32_softmax_over_a_large_vocabulary_is_accepted(rng):
    z = rng.standard_normal((3, 50_000)).astype(np.float32)
    weights = np.exp(z)
    check_distribution((weights / weights.sum(-1, keepdims=True)).astype(float))


def test_normalize_works_row_by_row():
    assert_allclose(normalize(np.array([[1.0, 3.0], [5.0, 5.0]])), [[0.25, 0.75], [0.5, 0.5]])


@given(distributions(rows=3), st.floats(1e-3, 1e3))
def test_normalize_forgets_the_scale(p, scale):
    assert_allclose(normalize(p * scale), p, rtol=1e-12)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1.0, -2.0], "got -2"),
        ([1.0, np.nan], "got nan"),
        ([np.inf, 1.0], "got inf"),
        ([0.0, 0.0], "sums to 0"),
    ],
)
def test_normalize_refuses(weights, message):
    with pytest.raises(ValueError, match=message):
        normalize(np.array(weights))


def test_marginals_of_the_textbook_table():
    assert_allclose(marginal(JOINT), [1 / 4] * 4)
    assert_allclose(marginal(JOINT.T), [1 / 2, 1 / 4, 1 / 8, 1 / 8])


@given(distributions(size=12, positive=True))
def test_joint_is_marginal_times_conditional(p):
    joint = p.reshape(3, 4)
    assert_allclose(marginal(joint)[:, None] * conditional(joint), joint)
    assert_allclose(conditional(joint).sum(axis=1), 1)


def test_conditional_given_an_impossible_row_is_refused():
    with pytest.raises(ValueError, match="row 1 has probability 0"):
        conditional(np.array([[0.5, 0.5], [0.0, 0.0]]))


def test_expectation_ignores_what_cannot_happen():
    assert expectation(np.array([0.5, 0.5, 0.0]), np.array([1.0, 2.0, np.inf])) == 1.5


@given(distributions(size=4), st.floats(-5, 5), st.floats(-5, 5))
def test_expectation_is_linear(p, a, b):
    f, g = np.array([1.0, -2.0, 3.0, 0.0]), np.array([0.5, 0.5, -4.0, 2.0])
    assert_allclose(expectation(p, a * f + b * g), a * expectation(p, f) + b * expectation(p, g), atol=1e-12)


def test_sequence_log_probability_is_the_log_of_the_product():
    p = np.array([[0.4, 0.5, 0.25, 0.8], [1.0, 1.0, 0.5, 0.5]])
    assert_allclose(sequence_log_probability(p), np.log(p.prod(axis=-1)))


def test_a_million_tokens_do_not_underflow():
    p = np.full(1_000_000, 0.1)
    assert p.prod() == 0.0  # what the naive product gives
    assert_allclose(sequence_log_probability(p), 1_000_000 * math.log(0.1), rtol=1e-12)


def test_one_impossible_token_makes_the_text_impossible():
    assert sequence_log_probability(np.array([0.5, 0.0])) == -np.inf


@pytest.mark.parametrize(
    ("p", "message"), [([0.5, 1.2], "got 1.2"), ([-0.1], "got -0.1"), ([np.nan], "got nan"), ([], "at least one")]
)
def test_sequence_log_probability_refuses(p, message):
    with pytest.raises(ValueError, match=message):
        sequence_log_probability(np.array(p, dtype=float))


def test_samples_have_the_probabilities_they_were_drawn_with(rng):
    p = np.array([0.5, 0.0, 0.3, 0.2])
    share = np.bincount(sample(p, rng=rng, size=100_000), minlength=4) / 100_000
    # 5 standard errors: a right sampler fails this for fewer than one seed in a million.
    assert (np.abs(share - p) <= 5 * np.sqrt(p * (1 - p) / 100_000)).all()


@given(distributions(), st.integers(0, 2**32))
def test_sampling_never_draws_the_impossible(p, seed):
    drawn = sample(p, rng=np.random.default_rng(seed), size=50)
    assert (p[drawn] > 0).all()


def test_sample_inverts_the_running_total():
    class Throws(np.random.Generator):
        def random(self, size):
            return np.array([0.0, 0.2499, 0.25, 0.7499, 0.75, 0.9999])[:size]

    assert sample(np.array([0.25, 0.5, 0.25]), rng=Throws(np.random.PCG64()), size=6).tolist() == [0, 0, 1, 1, 2, 2]


def test_sample_refuses_a_negative_size(rng):
    with pytest.raises(ValueError, match="got -1"):
        sample(np.array([1.0]), rng=rng, size=-1)
