import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from llmcourse.language.information import (
    conditional_entropy,
    cross_entropy,
    entropy,
    kl_divergence,
    mutual_information,
    perplexity,
    sequence_perplexity,
    surprise,
)
from llmcourse.language.probability import marginal
from tests.unit.language.strategies import distributions
from tests.unit.language.test_probability import JOINT

P, Q = np.array([0.7, 0.2, 0.1]), np.array([0.5, 0.3, 0.2])


def test_surprise_of_five_probabilities():
    assert_allclose(surprise(np.array([1, 0.5, 0.25, 0.1, 0.01])), [0, 1, 2, 3.3219, 6.6439], atol=5e-5)


def test_surprises_of_independent_events_add():
    assert_allclose(surprise(np.array([0.3 * 0.2])), surprise(np.array([0.3])) + surprise(np.array([0.2])))


def test_the_courses_worked_numbers():
    assert entropy(np.full(4, 0.25)) == 2
    assert_allclose(entropy(P), 1.1568, atol=5e-5)
    assert_allclose(perplexity(P), 2.2296, atol=5e-5)
    assert_allclose(cross_entropy(P, Q), 1.2796, atol=5e-5)
    assert_allclose(kl_divergence(P, Q), 0.1228, atol=5e-5)


def test_textbook_entropies():
    """Cover & Thomas (2006): the horse race of example 1.1.2, the table of 2.2.1, the asymmetry of 2.3.1."""
    assert entropy(np.array([1 / 2, 1 / 4, 1 / 8, 1 / 16, *[1 / 64] * 4])) == 2
    assert_allclose(entropy(marginal(JOINT.T)), 7 / 4)
    assert_allclose(entropy(marginal(JOINT)), 2)
    assert_allclose(entropy(JOINT.ravel()), 27 / 8)
    assert_allclose(mutual_information(JOINT), 3 / 8)
    half, skew = np.array([0.5, 0.5]), np.array([0.75, 0.25])
    assert_allclose(kl_divergence(half, skew), 0.2075187, atol=1e-7)
    assert_allclose(kl_divergence(skew, half), 0.1887219, atol=1e-7)


@given(distributions())
def test_entropy_lies_between_zero_and_uniform(p):
    assert 0 <= entropy(p) <= np.log2(p.size) + 1e-12


@given(distributions(rows=2))
def test_kl_is_never_negative_and_closes_the_gap(pair):
    p, q = pair
    assert kl_divergence(p, q) >= -1e-12
    assert_allclose(cross_entropy(p, q), entropy(p) + kl_divergence(p, q), atol=1e-9)


@given(distributions())
def test_kl_is_zero_at_equality(p):
    assert kl_divergence(p, p) == 0


@given(distributions(size=12))
def test_chain_rule_of_entropy(p):
    joint = p.reshape(3, 4)
    assert_allclose(entropy(p), entropy(marginal(joint)) + conditional_entropy(joint), atol=1e-12)


@given(distributions(size=12))
def test_mutual_information_is_symmetric_and_not_negative(p):
    joint = p.reshape(3, 4)
    assert_allclose(mutual_information(joint), mutual_information(joint.T), atol=1e-12)
    assert mutual_information(joint) >= -1e-12


@given(distributions(rows=2, size=5), st.permutations(range(5)))
def test_relabeling_outcomes_changes_nothing(pair, order):
    p, q = pair
    assert_allclose(entropy(p[order]), entropy(p))
    assert_allclose(cross_entropy(p[order], q[order]), cross_entropy(p, q))


@given(distributions(rows=2, positive=True))
def test_nats_are_bits_times_ln_two(pair):
    p, q = pair
    for measure in (cross_entropy, kl_divergence):
        assert_allclose(measure(p, q, base=np.e), measure(p, q) * np.log(2), atol=1e-12)
    assert_allclose(entropy(p, base=np.e), entropy(p) * np.log(2), atol=1e-12)
    assert_allclose(surprise(p, base=np.e), surprise(p) * np.log(2), atol=1e-12)


@given(distributions(size=6), distributions(size=6), st.floats(0, 1))
def test_entropy_is_concave(p, q, share):
    mixture = share * p + (1 - share) * q
    assert entropy(mixture) >= share * entropy(p) + (1 - share) * entropy(q) - 1e-9


def test_measures_work_on_batches():
    rows = np.stack([P, Q])
    assert_allclose(entropy(rows), [entropy(P), entropy(Q)])
    assert_allclose(kl_divergence(rows, rows[::-1].copy()), [kl_divergence(P, Q), kl_divergence(Q, P)])


def test_what_the_model_excluded_costs_infinitely_much():
    assert kl_divergence(np.array([0.5, 0.5]), np.array([1.0, 0.0])) == np.inf
    assert cross_entropy(np.array([0.5, 0.5]), np.array([1.0, 0.0])) == np.inf
    assert cross_entropy(np.array([1.0, 0.0]), np.array([1.0, 0.0])) == 0
    assert surprise(np.array([0.0])) == np.inf


def test_entropy_of_certainty_is_plain_zero():
    assert not np.signbit(entropy(np.array([1.0, 0.0])))
    assert not np.signbit(surprise(np.array([1.0]))).any()


def test_perplexity_of_the_uniform_distribution_counts_outcomes():
    assert_allclose(perplexity(np.full(50, 0.02)), 50)


def test_sequence_perplexity_is_the_inverse_geometric_mean():
    p = np.array([0.4, 0.5, 0.25, 0.8])
    assert_allclose(sequence_perplexity(p), p.prod() ** (-1 / 4))
    assert_allclose(sequence_perplexity(p), np.sqrt(5))
    assert sequence_perplexity(np.array([0.5, 0.0])) == np.inf


@pytest.mark.parametrize("base", [1.0, 0.5, 0.0, -2.0, np.inf, np.nan])
def test_refused_bases(base):
    with pytest.raises(ValueError, match=f"got {base}"):
        entropy(P, base=base)


def test_refused_distributions():
    with pytest.raises(ValueError, match="q must sum to 1"):
        cross_entropy(P, np.array([0.5, 0.3, 0.3]))
    with pytest.raises(ValueError, match=r"q has a negative entry: -0\.1"):
        kl_divergence(P, np.array([0.6, 0.5, -0.1]))
    with pytest.raises(ValueError, match="p has 1 NaN"):
        entropy(np.array([np.nan, 1.0]))
    with pytest.raises(ValueError, match=r"a probability must lie in \[0, 1\], got 1.5"):
        surprise(np.array([1.5]))
    with pytest.raises(ValueError, match="joint must sum to 1"):
        conditional_entropy(np.full((2, 2), 0.5))
    with pytest.raises(ValueError, match="at least one token"):
        sequence_perplexity(np.zeros(0))


def test_shapes_that_do_not_match_are_refused():
    with pytest.raises(Exception, match="V=3"):
        cross_entropy(P, np.array([0.5, 0.5]))
