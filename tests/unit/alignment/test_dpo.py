"""The DPO loss by hand, by its derivation, and against the closed form of the best policy."""

import inspect
import math

import pytest
import torch

from llmcourse.alignment.dpo import (
    dpo_loss,
    gradient_weight,
    implicit_reward,
    preference_accuracy,
    response_logprob,
    reward_margin,
)


@pytest.fixture
def four():
    """Log-probabilities of 5 pairs: winners and losers under the policy, then under the reference."""
    return -20 * torch.rand(4, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def rows():
    #              prompt  |  response | padding
    tokens = torch.tensor([[3, 1, 4, 2, 0], [5, 2, 2, 1, 3]])
    is_response = torch.tensor([[False, False, True, True, False], [False, True, True, True, True]])
    logits = torch.randn(2, 5, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return logits, tokens, is_response


def test_the_logprob_of_a_response_counts_each_of_its_tokens_once():
    logits, tokens, is_response = rows()
    logp = logits.log_softmax(-1)
    first = logp[0, 1, 4] + logp[0, 2, 2]  # token 2 is told by the logits at 1, token 3 by those at 2
    second = logp[1, 0, 2] + logp[1, 1, 2] + logp[1, 2, 1] + logp[1, 3, 3]
    torch.testing.assert_close(response_logprob(logits, tokens, is_response), torch.stack([first, second]))


def test_the_probabilities_of_all_responses_of_one_length_sum_to_one():
    """A policy that looks at the last token only: 4 words, responses of 3 words after one word of prompt."""
    table = torch.randn(4, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    tokens = torch.cartesian_prod(torch.tensor([2]), *(torch.arange(4) for _ in range(3)))
    is_response = torch.tensor([[False, True, True, True]]).expand(len(tokens), -1)
    logp = response_logprob(table[tokens], tokens, is_response)
    torch.testing.assert_close(logp.exp().sum(), torch.tensor(1.0, dtype=torch.float64))


def test_padding_with_an_impossible_token_changes_nothing():
    logits, tokens, is_response = rows()
    forbidden = logits.clone()
    forbidden[0, 3, 0] = -math.inf  # the padding of row 0
    torch.testing.assert_close(
        response_logprob(forbidden, tokens, is_response), response_logprob(logits, tokens, is_response)
    )


def test_a_response_needs_tokens_and_something_before_it():
    logits, tokens, is_response = rows()
    empty = is_response.clone()
    empty[1] = False
    with pytest.raises(ValueError, match="row 1 has 0 response tokens"):
        response_logprob(logits, tokens, empty)
    first = is_response.clone()
    first[1, 0] = True
    with pytest.raises(ValueError, match="row 1 begins at position 0"):
        response_logprob(logits, tokens, first)
    with pytest.raises(ValueError, match="0 responses"):
        response_logprob(logits[:0], tokens[:0], is_response[:0])


def test_the_worked_numbers():
    """Rafailov et al. (2023), eq. 7: the course's number, and the one of the table of oracles."""
    win, lose, ref_win, ref_lose = torch.tensor([[-10.0], [-14.0], [-12.0], [-11.0]], dtype=torch.float64)
    assert reward_margin(win, lose, ref_win, ref_lose, beta=0.1).item() == pytest.approx(0.5)
    assert dpo_loss(win, lose, ref_win, ref_lose, beta=0.1).item() == pytest.approx(0.4740770, abs=1e-7)
    other = torch.tensor([[-10.0], [-12.0], [-11.0], [-11.5]], dtype=torch.float64).requires_grad_()
    loss = dpo_loss(*other, beta=0.1)
    loss.backward()
    assert loss.item() == pytest.approx(0.6209570, abs=1e-7)
    assert other.grad[0].item() == pytest.approx(-0.0462570, abs=1e-7)


@pytest.mark.parametrize("beta", [0.01, 0.3, 5.0])
def test_the_loss_is_log_two_at_the_reference_and_for_identical_texts(four, beta):
    policy, ref = four[0], four[2]
    zero = torch.tensor(math.log(2), dtype=torch.float64)
    torch.testing.assert_close(dpo_loss(policy, ref, policy, ref, beta=beta), zero)
    policy = policy.clone().requires_grad_()
    same = dpo_loss(policy, policy, ref, ref, beta=beta)
    same.backward()
    torch.testing.assert_close(same.detach(), zero)
    assert policy.grad.abs().max() == 0


def test_the_gradient_is_the_papers(four):
    """Section 4: up with the winner by β σ(-u), down with the loser by as much."""
    win, lose, ref_win, ref_lose = (one.clone().requires_grad_() for one in four)
    dpo_loss(win, lose, ref_win, ref_lose, beta=0.5).backward()
    margin = reward_margin(win, lose, ref_win, ref_lose, beta=0.5).detach()
    weight = gradient_weight(margin, beta=0.5) / len(margin)
    torch.testing.assert_close(win.grad, -weight)
    torch.testing.assert_close(lose.grad, weight)
    assert gradient_weight(torch.tensor([-1e4, 1e4]), beta=0.5).tolist() == [0.5, 0.0]


def test_large_margins_do_not_overflow():
    huge = torch.tensor([1e4], dtype=torch.float64)
    zero = torch.zeros_like(huge)
    assert dpo_loss(-huge, zero, zero, zero, beta=1.0).item() == 1e4
    assert dpo_loss(zero, -huge, zero, zero, beta=1.0).item() == 0


def test_the_best_policy_has_its_reward_as_implicit_reward_up_to_a_constant():
    """Five responses, by enumeration: the constant is β log Z, the same for all of them."""
    gen = torch.Generator().manual_seed(2)
    ref = torch.randn(5, generator=gen, dtype=torch.float64).log_softmax(-1)
    reward = torch.randn(5, generator=gen, dtype=torch.float64)
    best = (ref + reward / 0.4).log_softmax(-1)
    difference = implicit_reward(best, ref, beta=0.4) - reward
    torch.testing.assert_close(difference, difference[:1].expand(5))
    torch.testing.assert_close(-difference[0], 0.4 * (ref.exp() * (reward / 0.4).exp()).sum().log())


def test_accuracy_counts_a_tie_half():
    assert preference_accuracy(torch.tensor([1.0, -1.0, -2.0, 0.0])).item() == 0.375
    assert preference_accuracy(torch.zeros(3)).item() == 0.5
    with pytest.raises(ValueError, match="0 pairs"):
        preference_accuracy(torch.zeros(0))


@pytest.mark.parametrize("beta", [0.0, -0.1, math.inf, math.nan])
def test_beta_must_be_positive_and_finite(four, beta):
    with pytest.raises(ValueError, match=f"beta must be positive and finite, got {beta}"):
        dpo_loss(*four, beta=beta)
    with pytest.raises(ValueError, match="beta must be positive"):
        gradient_weight(four[0], beta=beta)


def test_pairs_must_be_there_and_whole(four):
    with pytest.raises(ValueError, match="0 pairs"):
        dpo_loss(*(one[:0] for one in four), beta=0.1)
    with pytest.raises(ValueError, match=r"got \[5, 4, 5, 5\]"):
        inspect.unwrap(reward_margin)(four[0], four[1][:4], four[2], four[3], beta=0.1)  # as without the shape checks


@pytest.mark.parametrize(
    ("which", "value", "message"),
    [
        (0, math.nan, "policy has 1 NaN of 5"),
        (3, math.nan, "ref has 1 NaN of 5"),
        (1, 3.0, r"policy must be log-probabilities, not above 0, got 3"),
        (2, 0.5, r"ref must be log-probabilities, not above 0, got 0\.5"),
        (2, -math.inf, "ref gives 1 of 5 responses probability 0"),
    ],
)
def test_what_is_no_log_probability_is_refused(four, which, value, message):
    four[which, 1] = value
    for call in (dpo_loss, reward_margin):
        with pytest.raises(ValueError, match=message):
            call(*four, beta=0.1)


def test_a_policy_may_exclude_a_text(four):
    four[1, 0] = -math.inf
    assert dpo_loss(*four[:, :1], beta=0.1).item() == 0  # the loser never comes
    assert dpo_loss(*four[[1, 0, 2, 3], :1], beta=0.1).item() == math.inf


@pytest.mark.usefixtures("as_readers_call")
def test_log_probabilities_of_tokens_and_other_lengths_are_refused():
    with pytest.raises(ValueError, match=r"one log-probability for each response, got shape \(2, 3\)"):
        implicit_reward(torch.zeros(2, 3), torch.zeros(2, 3), beta=0.1)
    with pytest.raises(ValueError, match=r"got policy \(2,\), ref \(1,\)"):
        implicit_reward(torch.zeros(2), torch.zeros(1), beta=0.1)


@pytest.mark.usefixtures("as_readers_call")
@pytest.mark.parametrize(("logits", "mask"), [(4, 3), (5, 4)])
def test_a_mask_or_logits_of_another_length_are_refused(logits, mask):
    tokens, is_response = torch.zeros(1, 4, dtype=torch.long), torch.arange(mask)[None] > 0
    with pytest.raises(ValueError, match=rf"tokens \(1, 4\), is_response \(1, {mask}\), logits.* \(1, {logits}\)"):
        response_logprob(torch.zeros(1, logits, 7), tokens, is_response)
