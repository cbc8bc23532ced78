import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmcourse.evaluation.passk import moments, pass_at_k, plugged_in_pass_at_k

CASES = st.integers(1, 60).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n)))


@pytest.mark.parametrize(("n", "c", "k"), [(5, 0, 2), (5, 2, 2), (5, 4, 2), (6, 3, 3), (4, 1, 4)])
def test_it_is_the_share_of_subsets_with_a_right_sample(n, c, k):
    hits = [min(chosen) < c for chosen in itertools.combinations(range(n), k)]  # the first c are right
    assert pass_at_k(n, c, k) == pytest.approx(np.mean(hits))


@given(CASES)
def test_it_is_the_quotient_of_binomials(case):
    n, c, k = case
    assert pass_at_k(n, c, k) == pytest.approx(1 - math.comb(n - c, k) / math.comb(n, k), abs=1e-12)


@given(CASES)
def test_more_tries_and_more_right_ones_never_hurt(case):
    n, c, k = case
    assert pass_at_k(n, c, 1) == pytest.approx(c / n)
    if k < n:
        assert pass_at_k(n, c, k) <= pass_at_k(n, c, k + 1) + 1e-12
    if c < n:
        assert pass_at_k(n, c, k) <= pass_at_k(n, c + 1, k) + 1e-12
    assert plugged_in_pass_at_k(n, c, k) <= pass_at_k(n, c, k) + 1e-12


@pytest.mark.parametrize("p", [0.0, 0.03, 0.4, 1.0])
@pytest.mark.parametrize(("n", "k"), [(1, 1), (10, 1), (10, 4), (10, 10), (30, 7)])
def test_on_average_it_is_right_and_the_plugged_in_guess_too_low(p, n, k):
    assert moments(p, n, k)[0] == pytest.approx(1 - (1 - p) ** k, abs=1e-12)
    assert moments(p, n, k, plugged_in=True)[0] <= 1 - (1 - p) ** k + 1e-12
    if k > 1 and 0 < p < 1:
        assert moments(p, n, k, plugged_in=True)[0] < moments(p, n, k)[0] - 1e-4


def test_the_moments_are_those_of_many_draws(rng):
    c = rng.binomial(12, 0.2, size=50_000)
    for estimator, plugged_in in ((pass_at_k, False), (plugged_in_pass_at_k, True)):
        drawn = estimator(np.full_like(c, 12), c, 5)
        mean, deviation = moments(0.2, 12, 5, plugged_in=plugged_in)
        assert drawn.mean() == pytest.approx(mean, abs=4e-3)
        assert drawn.std() == pytest.approx(deviation, rel=0.02)


def test_large_counts_do_not_overflow():
    assert pass_at_k(100_000, 50_000, 30_000) == 1.0
    assert pass_at_k(100_000, 1, 50_000) == pytest.approx(0.5)
    assert pass_at_k(10**6, 3, 10) == pytest.approx(3e-5, rel=1e-4)


def test_problems_are_estimated_one_by_one():
    found = pass_at_k(np.array([10, 20, 5]), np.array([[3, 4, 5], [0, 20, 1]]), 5)
    assert found.shape == (2, 3)
    assert found[0, 1] == pass_at_k(20, 4, 5)
    assert found[0, 2] == 1
    assert found[1].tolist() == [0, 1, 1]


@pytest.mark.parametrize("estimator", [pass_at_k, plugged_in_pass_at_k])
@pytest.mark.parametrize(
    ("n", "c", "k", "message"),
    [
        (10, 3, 0, "k must lie in 1 ... n, got k = 0 for n = 10"),
        (10, 3, 11, "k must lie in 1 ... n, got k = 11 for n = 10"),
        (0, 0, 1, "got k = 1 for n = 0"),
        (10, 11, 2, "in 0 ... 10, got c = 11"),
        (10, -1, 2, "in 0 ... 10, got c = -1"),
    ],
)
def test_refuses_counts_that_cannot_be(estimator, n, c, k, message):
    with pytest.raises(ValueError, match=message):
        estimator(n, c, k)
    with pytest.raises(ValueError, match=message):
        estimator(np.array([20, n]), np.array([1, c]), k)


def test_refuses_no_problems_and_no_probability():
    with pytest.raises(ValueError, match="0 problems"):
        pass_at_k(np.array([], dtype=int), np.array([], dtype=int), 1)
    for wrong in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match=f"a probability must lie in \\[0, 1\\], got {wrong}"):
            moments(wrong, 5, 2)
