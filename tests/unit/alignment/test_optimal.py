import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from llmcourse.alignment.optimal import (
    best_of_n,
    best_of_n_kl_bound,
    leash_path,
    log_partition,
    objective,
    optimal_policy,
    unleashed,
)
from llmcourse.language.information import kl_divergence

REFERENCE, REWARD = np.array([0.5, 0.3, 0.2]), np.array([0.0, 1.0, 2.0])


@pytest.mark.parametrize(
    ("beta", "policy"),
    [(10.0, [0.465, 0.308, 0.227]), (1.0, [0.179, 0.292, 0.529]), (0.1, [0.0, 0.0001, 0.9999])],
)
def test_the_courses_worked_number(beta, policy):
    digits = 4 if beta == 0.1 else 3
    assert optimal_policy(REFERENCE, REWARD, beta=beta).round(digits).tolist() == policy


def some(rng, *shape):
    return rng.dirichlet(np.ones(shape[-1]), size=shape[:-1] or None), rng.normal(size=shape)


def test_no_other_policy_does_better_and_the_gap_is_beta_times_the_divergence(rng):
    """J(π) = β log Z − β D(π ‖ π*), for any π: the line of the derivation, with numbers."""
    for beta in (0.2, 1.0, 7.0):
        reference, reward = some(rng, 6)
        star = optimal_policy(reference, reward, beta=beta)
        best = beta * float(log_partition(reference, reward, beta=beta))
        assert float(objective(star, reference, reward, beta=beta)) == pytest.approx(best)
        others = rng.dirichlet(np.ones(6), size=50)
        gaps = best - objective(others, reference, reward, beta=beta)
        assert (gaps > 0).all()
        assert_allclose(gaps, beta * kl_divergence(others, np.broadcast_to(star, (50, 6)), base=np.e), atol=1e-12)


def test_rows_of_a_batch_are_policies_of_their_own(rng):
    reference, reward = some(rng, 4, 5)
    together = optimal_policy(reference, reward, beta=0.5)
    totals = log_partition(reference, reward, beta=0.5)
    for i in range(4):
        assert_allclose(together[i], optimal_policy(reference[i], reward[i], beta=0.5))
        assert totals[i] == pytest.approx(math.log((reference[i] * np.exp(reward[i] / 0.5)).sum()))


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e3))
def test_a_constant_added_to_the_reward_changes_nothing(constant, beta):
    moved = optimal_policy(REFERENCE, REWARD + constant, beta=beta)
    assert_allclose(moved, optimal_policy(REFERENCE, REWARD, beta=beta), atol=1e-6)


@pytest.mark.parametrize("beta", [1e-300, 1e-12, 1e-3])
def test_a_short_leash_overflows_nothing_and_ties_are_shared_as_the_reference_shares_them(beta):
    reference, reward = np.array([0.2, 0.5, 0.0, 0.3]), np.array([7.0, -1e5, 9e9, 7.0])
    assert_allclose(optimal_policy(reference, reward, beta=beta), [0.4, 0, 0, 0.6])
    assert_allclose(unleashed(reference, reward), [0.4, 0, 0, 0.6])
    assert float(log_partition(reference, reward, beta=beta)) == pytest.approx(7 / beta + math.log(0.5))


def test_the_path_runs_from_the_best_response_to_the_reference(rng):
    reference, reward = some(rng, 5)
    betas = np.array([0.0, 1e-6, 0.1, 0.5, 2.0, 1e6, np.inf])
    path = leash_path(reference, reward, betas)
    assert_allclose(path.policy[0], path.policy[1], atol=1e-9)
    assert_allclose(path.policy[-1], reference)
    assert_allclose(path.policy[-2], reference, atol=1e-5)
    for values in (path.reward, path.kl):
        assert (np.diff(values) <= 1e-12).all()
    assert path.reward[0] == pytest.approx(reward.max())
    assert path.kl[0] == pytest.approx(-math.log(reference[reward.argmax()]))
    assert_allclose(path.entropy, [-(p[p > 0] * np.log(p[p > 0])).sum() for p in path.policy])


def test_the_reward_falls_with_beta_by_its_variance_over_beta_squared():
    beta, step = 0.8, 1e-5
    low, here, high = leash_path(REFERENCE, REWARD, np.array([beta - step, beta, beta + step])).policy
    variance = here @ REWARD**2 - (here @ REWARD) ** 2
    assert (high - low) @ REWARD / (2 * step) == pytest.approx(-variance / beta**2, rel=1e-6)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_best_of_n_is_what_listing_all_draws_gives(n):
    """Every sequence of n draws with its probability; the first of the best ones wins."""
    reference, reward = np.array([0.4, 0.1, 0.0, 0.3, 0.2]), np.array([1.0, 3.0, 9.0, 0.0, 3.0])
    counted = np.zeros(5)
    for draws in np.ndindex(*(5,) * n):
        winner = max(draws, key=lambda y: reward[y])  # max keeps the first of equal ones
        counted[winner] += np.prod(reference[list(draws)])
    assert_allclose(best_of_n(reference, reward, n), counted, atol=1e-15)


def test_best_of_n_stays_below_its_bound_and_reaches_it_as_responses_become_many():
    for n, bound in [(2, 0.1931), (4, 0.6363), (10, 1.4026), (16, 1.8351), (1000, 5.9088), (1024, 5.9324)]:
        assert best_of_n_kl_bound(n) == pytest.approx(bound, abs=5e-5)
    for size, gap in [(3, 0.1), (3000, 1e-3)]:
        uniform = np.full(size, 1 / size)
        spent = float(kl_divergence(best_of_n(uniform, np.arange(size, dtype=float), 4), uniform, base=np.e))
        assert 0 < best_of_n_kl_bound(4) - spent < gap


def test_with_all_rewards_equal_nothing_moves():
    level = np.full(3, 2.5)
    for policy in (
        optimal_policy(REFERENCE, level, beta=0.1),
        unleashed(REFERENCE, level),
        best_of_n(REFERENCE, level, 9),
    ):
        assert_allclose(policy, REFERENCE)


@pytest.mark.parametrize("beta", [0.0, -1.0, math.inf, math.nan])
def test_a_beta_that_is_no_leash_is_refused(beta):
    for call in (optimal_policy, log_partition, lambda p, r, beta: objective(p, p, r, beta=beta)):
        with pytest.raises(ValueError, match=f"beta must be positive and finite, got {beta}"):
            call(REFERENCE, REWARD, beta=beta)


@pytest.mark.parametrize(
    "call", [lambda p, r: optimal_policy(p, r, beta=1.0), unleashed, lambda p, r: best_of_n(p, r, 2)]
)
def test_what_is_no_distribution_or_no_reward_is_refused(call):
    with pytest.raises(ValueError, match=r"reference must sum to 1.*1\.1"):
        call(np.array([0.5, 0.6]), np.array([0.0, 1.0]))
    with pytest.raises(ValueError, match="rewards must be finite, got nan"):
        call(np.array([0.5, 0.5]), np.array([0.0, math.nan]))
    with pytest.raises(ValueError, match="rewards must be finite, got inf"):
        call(np.array([0.5, 0.5]), np.array([math.inf, 0.0]))


def test_best_of_none_and_a_negative_beta_on_the_path_are_refused():
    for call in (lambda: best_of_n(REFERENCE, REWARD, 0), lambda: best_of_n_kl_bound(0)):
        with pytest.raises(ValueError, match="at least 1 draw, got 0"):
            call()
    with pytest.raises(ValueError, match=r"got -1\.0"):
        leash_path(REFERENCE, REWARD, np.array([1.0, -1.0]))


@pytest.mark.usefixtures("as_readers_call")
@pytest.mark.parametrize("reward", [np.array([1.0]), np.array([1.0, 2.0, 3.0]), np.array(1.0)])
def test_each_response_needs_its_own_reward(reward):
    half = np.array([0.5, 0.5])
    for call in (
        lambda: optimal_policy(half, reward, beta=1.0),
        lambda: unleashed(half, reward),
        lambda: log_partition(half, reward, beta=1.0),
        lambda: leash_path(half, reward, np.array([math.inf])),
        lambda: best_of_n(half, reward, 2),
        lambda: objective(half, half, reward, beta=1.0),
    ):
        with pytest.raises(ValueError, match="a number for each response, got shapes"):
            call()
