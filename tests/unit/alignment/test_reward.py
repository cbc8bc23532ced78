import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from llmcourse.alignment.reward import (
    accuracy,
    bradley_terry_loss,
    fit_rewards,
    outcome_probabilities,
    preference_probability,
)

DOUBLE = {"dtype": torch.float64}


def pairs(n=7, seed=0):
    return torch.randn(2, n, generator=torch.Generator().manual_seed(seed), **DOUBLE)


def test_a_lead_of_one_wins_at_odds_of_e():
    one, zero = torch.ones(1, **DOUBLE), torch.zeros(1, **DOUBLE)
    assert preference_probability(one, zero).item() == pytest.approx(0.7310586, abs=1e-7)
    assert bradley_terry_loss(one, zero).item() == pytest.approx(0.3132617, abs=1e-7)


def test_four_hundred_elo_points_are_odds_of_ten_to_one():
    lead = torch.tensor([400.0], **DOUBLE) * math.log(10) / 400
    assert preference_probability(lead, torch.zeros(1, **DOUBLE)).item() == pytest.approx(10 / 11, abs=1e-12)


@given(st.floats(-1e3, 1e3))
def test_a_constant_added_to_all_rewards_changes_no_loss_and_no_probability(constant):
    chosen, rejected = pairs()
    moved = bradley_terry_loss(chosen + constant, rejected + constant)
    assert_close(moved, bradley_terry_loss(chosen, rejected), atol=1e-9, rtol=0)


def test_the_two_orders_add_up_to_one_and_equal_rewards_cost_log_two():
    first, second = pairs()
    assert_close(preference_probability(first, second) + preference_probability(second, first), torch.ones(7, **DOUBLE))
    assert bradley_terry_loss(first, first).item() == pytest.approx(math.log(2))


def test_the_gradient_is_minus_the_probability_of_the_other_outcome():
    chosen, rejected = pairs()
    chosen.requires_grad_()
    bradley_terry_loss(chosen, rejected).backward()
    assert_close(chosen.grad, -torch.sigmoid(rejected - chosen.detach()) / 7)


def test_leads_of_a_thousand_overflow_nothing():
    far = torch.tensor([1000.0, -1000.0], **DOUBLE)
    assert bradley_terry_loss(far, torch.zeros(2, **DOUBLE)).item() == 500


def test_a_margin_asks_for_so_much_more_lead():
    chosen, rejected = pairs()
    margin = torch.linspace(0, 3, 7, **DOUBLE)
    assert_close(bradley_terry_loss(chosen, rejected, margin=margin), bradley_terry_loss(chosen - margin, rejected))
    assert bradley_terry_loss(chosen, rejected, margin=margin) > bradley_terry_loss(chosen, rejected)


def test_accuracy_counts_equal_rewards_half():
    assert accuracy(torch.tensor([1.0, 0.0, 5.0, 2.0]), torch.tensor([0.0, 1.0, 5.0, 1.0])) == 0.625


def test_davidsons_outcomes_are_distributions_that_keep_the_odds_of_bradley_terry():
    first, second = pairs()
    for ties in (0.0, 0.5, 3.0):
        win, tie, loss = outcome_probabilities(first, second, ties=ties).unbind(-1)
        assert_close(win + tie + loss, torch.ones(7, **DOUBLE))
        assert_close(win / (win + loss), preference_probability(first, second))
        assert_close(tie, ties * (win * loss).sqrt())  # Davidson's definition of ν
    assert_close(outcome_probabilities(first, second, ties=0.0)[:, 0], preference_probability(first, second))


def test_a_fit_to_all_comparisons_in_their_true_shares_finds_the_true_rewards():
    """Each pair compared 10,000 times with exactly the frequencies of the model: the fit must give them back."""
    truth = torch.tensor([-0.9, -0.2, 0.3, 0.8], **DOUBLE)
    winners, losers = [], []
    for i in range(4):
        for j in range(4):
            if i != j:
                wins = round(10_000 * torch.sigmoid(truth[i] - truth[j]).item())
                winners += [i] * wins
                losers += [j] * wins
    fit = fit_rewards(torch.tensor(winners), torch.tensor(losers), 4, ridge=1e-6)
    assert_close(fit.reward, truth - truth.mean(), atol=1e-3, rtol=0)


def test_a_smaller_ridge_believes_a_single_win_more():
    once = torch.tensor([0]), torch.tensor([1])
    gaps = [-fit_rewards(*once, 3, ridge=ridge).reward.diff()[0].item() for ridge in (10.0, 1.0, 0.01)]
    assert 0 < gaps[0] < gaps[1] < gaps[2]
    assert fit_rewards(*once, 3, ridge=1.0).reward[2].item() == pytest.approx(0, abs=1e-12)  # never compared


def test_what_is_no_comparison_is_refused():
    none = torch.zeros(0)
    for call in (bradley_terry_loss, accuracy, preference_probability):
        with pytest.raises(ValueError, match="there are 0 comparisons"):
            call(none, none)
        with pytest.raises(ValueError, match="finite, got nan in 1 of 2"):
            call(torch.tensor([1.0, math.nan]), torch.zeros(2))
    with pytest.raises(ValueError, match="a margin must be finite and not negative, got -1"):
        bradley_terry_loss(torch.ones(1), torch.zeros(1), margin=torch.tensor([-1.0]))
    with pytest.raises(ValueError, match=r"ties must be finite and not negative, got -0\.5"):
        outcome_probabilities(torch.ones(1), torch.zeros(1), ties=-0.5)


@pytest.mark.parametrize(
    ("winners", "losers", "ridge", "message"),
    [
        ([], [], 1.0, "0 comparisons"),
        ([0, 3], [1, 0], 1.0, "response 3 is not one of 3"),
        ([0], [-1], 1.0, "response -1 is not one of 3"),
        ([0, 1], [1, 1], 1.0, "response 1 is compared with itself"),
        ([0], [1], 0.0, "ridge must be positive and finite, got 0.0"),
    ],
)
def test_a_fit_without_an_answer_is_refused(winners, losers, ridge, message):
    with pytest.raises(ValueError, match=message):
        fit_rewards(torch.tensor(winners, dtype=torch.long), torch.tensor(losers, dtype=torch.long), 3, ridge=ridge)


def test_a_fit_that_does_not_arrive_says_so():
    with pytest.raises(ValueError, match="1 steps of Newton's method left a slope of"):
        fit_rewards(torch.tensor([0, 0, 1]), torch.tensor([1, 2, 2]), 3, ridge=0.01, steps=1)


@pytest.mark.usefixtures("as_readers_call")
@pytest.mark.parametrize("call", [bradley_terry_loss, accuracy, preference_probability])
def test_rewards_of_other_numbers_are_not_stretched(call):
    with pytest.raises(ValueError, match=r"shapes must agree, got first \(3,\), second \(1,\)"):
        call(torch.zeros(3), torch.zeros(1))


@pytest.mark.usefixtures("as_readers_call")
def test_neither_are_outcomes_nor_the_comparisons_of_a_fit():
    with pytest.raises(ValueError, match=r"got first \(1,\), second \(3,\)"):
        outcome_probabilities(torch.zeros(1), torch.zeros(3), ties=1.0)
    with pytest.raises(ValueError, match=r"got winners \(3,\), losers \(1,\)"):
        fit_rewards(torch.tensor([0, 1, 0]), torch.tensor([2]), 3, ridge=0.1)
