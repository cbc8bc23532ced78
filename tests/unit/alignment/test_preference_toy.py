"""What infinitely many comparisons teach, exactly: the closed form of page 10.2, and IPO's finite margin."""

import itertools
import math

import numpy as np
import pytest
import torch

from llmcourse.alignment.optimal import optimal_policy
from llmcourse.alignment.preference_toy import expected_loss, learn, log_ratio_differences, solve

REFERENCE, REWARD = np.array([0.5, 0.3, 0.2]), np.array([0.0, 1.0, 2.0])
REF = torch.from_numpy(np.log(REFERENCE))


def shares(reward):
    r = torch.from_numpy(reward)
    return torch.sigmoid(r[:, None] - r[None, :])


@pytest.mark.parametrize("beta", [0.3, 1.0, 10.0])
def test_dpo_with_infinitely_many_preferences_is_the_closed_form_of_rlhf(beta):
    found = solve(REF, shares(REWARD), beta=beta)
    np.testing.assert_allclose(found, optimal_policy(REFERENCE, REWARD, beta=beta), atol=1e-8)


def test_how_often_a_pair_is_shown_does_not_matter_when_the_model_is_right(rng):
    drawn = torch.from_numpy(rng.uniform(0.05, 1, (3, 3)))
    found = solve(REF, shares(REWARD), beta=1.0, drawn=drawn + drawn.T)
    np.testing.assert_allclose(found, optimal_policy(REFERENCE, REWARD, beta=1.0), atol=1e-8)


def test_it_matters_when_no_reward_explains_the_preferences():
    """Rock, paper, scissors: each is preferred to the next with 0.9. Shown one pair more often, its loser falls."""
    cycle = torch.tensor([[0.5, 0.9, 0.1], [0.1, 0.5, 0.9], [0.9, 0.1, 0.5]], dtype=torch.float64)
    even = torch.full((3,), -math.log(3), dtype=torch.float64)
    torch.testing.assert_close(solve(even, cycle, beta=1.0), torch.full((3,), 1 / 3, dtype=torch.float64))
    drawn = torch.ones(3, 3, dtype=torch.float64)
    drawn[0, 1] = drawn[1, 0] = 10.0
    found = solve(even, cycle, beta=1.0, drawn=drawn)
    assert found[0] > found[2] > found[1]


@pytest.mark.parametrize("tau", [0.2, 1.0])
@pytest.mark.parametrize("share", [0.7, 1.0])
def test_ipo_has_a_finite_margin_even_if_one_response_always_wins(tau, share):
    both = torch.tensor([[0.5, share], [1 - share, 0.5]], dtype=torch.float64)
    found = solve(torch.tensor([0.4, 0.6], dtype=torch.float64).log(), both, beta=tau, method="ipo")
    odds = 0.4 / 0.6 * math.exp((2 * share - 1) / (2 * tau))
    assert found[0].item() == pytest.approx(odds / (1 + odds), abs=1e-8)


def test_gradient_descent_goes_the_same_way_and_on_forever_where_one_always_wins():
    path = list(learn(REF, shares(REWARD), beta=1.0, rate=4.0, steps=400))
    np.testing.assert_allclose(path[-1], optimal_policy(REFERENCE, REWARD, beta=1.0), atol=1e-6)
    always = torch.tensor([[0.5, 1.0], [0.0, 0.5]], dtype=torch.float64)
    loser = [p[1].item() for p in learn(torch.zeros(2, dtype=torch.float64), always, beta=1.0, rate=1.0, steps=300)]
    assert all(later < earlier for earlier, later in itertools.pairwise(loser))
    assert loser[-1] < 0.01 < loser[0]


def test_the_loss_is_a_sum_that_one_can_write_down():
    share = torch.tensor([[0.5, 0.8], [0.2, 0.5]], dtype=torch.float64)
    policy, reference = torch.tensor([0.9, 0.1]).double().log(), torch.tensor([0.5, 0.5]).double().log()
    h = math.log(9)
    by_hand = 0.8 * math.log1p(math.exp(-0.5 * h)) + 0.2 * math.log1p(math.exp(0.5 * h))
    assert expected_loss(policy, reference, share, beta=0.5).item() == pytest.approx(by_hand)
    by_hand = 0.8 * (h - 1) ** 2 + 0.2 * (h + 1) ** 2
    assert expected_loss(policy, reference, share, beta=0.5, method="ipo").item() == pytest.approx(by_hand)
    assert log_ratio_differences(policy, reference)[0, 1].item() == pytest.approx(h)


def test_refusals():
    share = shares(REWARD)
    with pytest.raises(ValueError, match=r"positive and finite, got 0\.0"):
        expected_loss(REF, REF, share, beta=0.0)
    with pytest.raises(ValueError, match="add up to 1"):
        expected_loss(REF, REF, share + 0.1, beta=1.0)
    with pytest.raises(ValueError, match="two responses, got 1"):
        expected_loss(REF[:1], REF[:1], share[:1, :1], beta=1.0)
    always = torch.tensor([[0.5, 1.0], [0.0, 0.5]], dtype=torch.float64)
    with pytest.raises(ValueError, match="no finite best margin"):
        solve(REF[:2], always, beta=1.0)
    with pytest.raises(ValueError, match=r"got 0\.0 and 5"):
        next(learn(REF, share, beta=1.0, rate=0.0, steps=5))


@pytest.mark.usefixtures("as_readers_call")
def test_a_reference_of_another_length_is_not_stretched():
    with pytest.raises(ValueError, match=r"shapes must agree, got policy \(2,\), reference \(1,\)"):
        expected_loss(torch.zeros(2), torch.zeros(1), torch.full((2, 2), 0.5), beta=1.0)
