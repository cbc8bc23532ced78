"""Expectations are sums over all draws here, weighted by their probabilities: unbiased means equal."""

import math

import pytest
import torch
from torch.testing import assert_close

from llmcourse.alignment.ppo import (
    advantages,
    clipped_loss,
    is_clipped,
    penalized_reward,
    reinforce_loss,
    standardized,
)

REWARD = torch.tensor([0.0, 1.0, 2.0, -1.0], dtype=torch.float64)


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def one_draw_gradients(z, baseline):
    """The gradient that each single draw would give, one row a draw."""
    rows = []
    for y in range(4):
        z = z.detach().requires_grad_()
        logp = z.log_softmax(-1)[y : y + 1]
        rows.append(torch.autograd.grad(reinforce_loss(logp, REWARD[y : y + 1], baseline=baseline), z)[0])
    return torch.stack(rows)


@pytest.mark.parametrize("baseline", [0.0, 0.7, -100.0])
def test_with_any_baseline_the_expected_gradient_is_that_of_the_mean_reward(baseline):
    z = normal(4)
    p = z.softmax(-1)
    expected = p @ one_draw_gradients(z, baseline)
    z = z.requires_grad_()
    (exact,) = torch.autograd.grad(z.softmax(-1) @ REWARD, z)
    assert_close(expected, -exact, atol=1e-10, rtol=0)


def test_the_baseline_changes_the_spread_and_a_good_one_makes_it_smaller():
    z = normal(4)
    p = z.softmax(-1)

    def spread(baseline):
        rows = one_draw_gradients(z, baseline)
        return (p @ (rows - p @ rows).square()).sum().item()

    mean = (p @ REWARD).item()
    assert spread(mean) < spread(0.0) < spread(-100.0)


def test_a_baseline_of_each_draws_own_reward_is_no_baseline():
    """What the rule forbids: it depends on the draw, and the gradient is gone."""
    assert (
        normal(4).softmax(-1) @ torch.stack([one_draw_gradients(normal(4), r.item())[y] for y, r in enumerate(REWARD)])
    ).abs().max() == 0


def test_the_penalty_adds_up_to_the_estimate_of_the_divergence():
    logp, reference = -normal(3, 4).abs(), -normal(3, 4, seed=1).abs()
    rewards = penalized_reward(torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64), logp, reference, beta=0.3)
    by_hand = torch.tensor([1.0, 2.0, 3.0]) - 0.3 * (logp - reference).sum(1)
    assert_close(rewards.sum(1), by_hand)
    assert_close(rewards[:, :-1], -0.3 * (logp - reference)[:, :-1])


def test_the_penalty_carries_no_gradient():
    logp = (-normal(2, 3).abs()).requires_grad_()
    assert not penalized_reward(torch.ones(2, dtype=torch.float64), logp, -normal(2, 3).abs(), beta=1.0).requires_grad


def test_without_trace_an_advantage_is_one_step_and_with_all_of_it_the_whole_rest():
    reward, value = normal(3, 5), normal(3, 5, seed=1)
    following = torch.cat((value[:, 1:], torch.zeros(3, 1, dtype=torch.float64)), 1)
    assert_close(advantages(reward, value, discount=0.9, trace=0.0), reward + 0.9 * following - value)
    rest = torch.stack([sum(0.9**k * reward[:, t + k] for k in range(5 - t)) for t in range(5)], dim=1)
    assert_close(advantages(reward, value, discount=0.9, trace=1.0), rest - value)


def test_the_true_values_make_every_advantage_average_to_zero_whatever_the_trace():
    """Two tokens out of two; value = expected rest of the reward under the policy, by listing the four responses."""
    double = {"dtype": torch.float64}
    first, second = torch.tensor([0.3, 0.7], **double), torch.tensor([[0.6, 0.4], [0.1, 0.9]], **double)
    final = torch.tensor([[1.0, -2.0], [0.5, 3.0]], **double)
    after = (second * final).sum(1)
    for trace in (0.0, 0.5, 1.0):
        total = torch.zeros(2, dtype=torch.float64)
        for a in range(2):
            for b in range(2):
                reward = torch.tensor([[0.0, final[a, b].item()]], dtype=torch.float64)
                value = torch.tensor([[(first @ after).item(), after[a].item()]], dtype=torch.float64)
                total += first[a] * second[a, b] * advantages(reward, value, trace=trace)[0]
        assert_close(total, torch.zeros(2, dtype=torch.float64), atol=1e-12, rtol=0)


def test_equal_advantages_become_zeros_and_others_have_mean_0_and_spread_1():
    assert standardized(torch.full((3, 2), 0.1)).tolist() == [[0.0, 0.0]] * 3
    one = standardized(normal(50))
    assert one.mean().item() == pytest.approx(0, abs=1e-12)
    assert one.square().mean().item() == pytest.approx(1)


def test_tiny_differences_are_blown_up_to_size_one():
    """What the docstring warns of: the noise of a reward that is nearly flat counts as much as a real difference."""
    assert standardized(torch.tensor([5.0, 5.0 + 1e-6])).abs().tolist() == pytest.approx([1, 1])


def test_at_the_first_pass_the_gradient_is_that_of_reinforce():
    z, drawn, gain = normal(4), torch.tensor([0, 2, 2, 3, 1]), normal(5, seed=2)
    gradients = []
    for loss in (lambda logp: clipped_loss(logp, logp, gain, clip=0.2), lambda logp: reinforce_loss(logp, gain)):
        z = z.detach().requires_grad_()
        gradients.append(torch.autograd.grad(loss(z.log_softmax(-1)[drawn]), z)[0])
    assert_close(*gradients)


@pytest.mark.parametrize(
    ("ratio", "gain", "pulls"),
    [(1.3, 1.0, False), (1.3, -1.0, True), (0.7, 1.0, True), (0.7, -1.0, False), (1.1, 1.0, True), (0.9, -1.0, True)],
)
def test_the_gradient_is_zero_exactly_where_the_token_has_gone_far_enough_the_right_way(ratio, gain, pulls):
    logp = torch.tensor([math.log(ratio), 0.0], dtype=torch.float64, requires_grad=True)
    gains = torch.tensor([gain, 1.0], dtype=torch.float64)
    clipped_loss(logp, torch.zeros(2, dtype=torch.float64), gains, clip=0.2).backward()
    assert logp.grad[0].item() == pytest.approx(-ratio * gain / 2 if pulls else 0)
    clipped = is_clipped(logp, torch.zeros(2, dtype=torch.float64), gains, clip=0.2)
    assert clipped.tolist() == [not pulls, False]


def test_the_surrogate_never_promises_more_than_the_plain_one():
    logp, old, gain = normal(40) / 2, normal(40, seed=1) / 2, normal(40, seed=2)
    plain = -((logp - old).exp() * gain).mean()
    assert clipped_loss(logp, old, gain, clip=0.2) >= plain
    assert_close(clipped_loss(logp, old, gain, clip=1e9), plain)


@pytest.mark.parametrize("clip", [0.0, -0.2, math.nan])
def test_a_clip_that_leaves_no_room_is_refused(clip):
    for call in (clipped_loss, is_clipped):
        with pytest.raises(ValueError, match=f"clip must be positive, got {clip}"):
            call(torch.zeros(2), torch.zeros(2), torch.ones(2), clip=clip)


def test_empty_batches_and_nan_are_refused_by_name():
    none, bad = torch.zeros(0), torch.tensor([0.0, math.nan])
    for call, name in (
        (lambda x: reinforce_loss(x, x), "logp"),
        (standardized, "advantage"),
        (lambda x: clipped_loss(x, x, x, clip=0.2), "logp"),
        (lambda x: advantages(x[None], x[None]), "reward"),
        (lambda x: penalized_reward(x, x[:, None], x[:, None], beta=1.0), "reward"),
    ):
        with pytest.raises(ValueError, match=f"{name} is empty, shape"):
            call(none)
        with pytest.raises(ValueError, match=f"{name} has 1 NaN of 2"):
            call(bad)


def test_a_negative_beta_and_a_share_outside_0_to_1_are_refused():
    one = torch.zeros(1, 1)
    with pytest.raises(ValueError, match=r"beta must not be negative, got -0\.1"):
        penalized_reward(torch.zeros(1), one, one, beta=-0.1)
    with pytest.raises(ValueError, match=r"trace must lie between 0 and 1, got 1\.5"):
        advantages(one, one, trace=1.5)
    with pytest.raises(ValueError, match="discount must lie between 0 and 1, got -1"):
        advantages(one, one, discount=-1.0)


@pytest.mark.usefixtures("as_readers_call")
@pytest.mark.parametrize(
    ("call", "shapes", "message"),
    [
        (lambda a, b, c: clipped_loss(a, b, c, clip=0.2), [(3,), (1,), (3,)], r"old_logp \(1,\)"),
        (lambda a, b, c: clipped_loss(a, b, c, clip=0.2), [(2, 2), (2, 2), (2,)], r"advantage \(2,\)"),
        (lambda a, b, c: is_clipped(a, b, c, clip=0.2), [(3,), (3,), (1,)], r"advantage \(1,\)"),
        (reinforce_loss, [(3,), (1,)], r"logp \(3,\), reward \(1,\)"),
        (lambda a, b, c: reinforce_loss(a, b, baseline=c), [(3,), (3,), (1,)], r"baseline \(1,\)"),
        (advantages, [(2, 3), (2, 1)], r"reward \(2, 3\), value \(2, 1\)"),
        (lambda *all_: penalized_reward(*all_, beta=1.0), [(1,), (2, 3), (2, 3)], r"reward \(1,\), logp"),
        (lambda *all_: penalized_reward(*all_, beta=1.0), [(2,), (2, 3), (2, 1)], r"logp \(2, 1\)"),
        (lambda *all_: penalized_reward(*all_, beta=1.0), [(2,), (2,), (2,)], r"logp\[:, -1\] \(\)"),
    ],
)
def test_numbers_without_a_partner_are_not_stretched(call, shapes, message):
    """Torch would stretch most of these, and give a wrong number."""
    with pytest.raises(ValueError, match="the shapes must agree.*" + message):
        call(*(torch.zeros(shape) for shape in shapes))


@pytest.mark.usefixtures("as_readers_call")
def test_a_baseline_may_be_one_number_for_all():
    logp, reward = torch.tensor([-0.5, -1.0]), torch.tensor([3.0, 1.0])
    assert reinforce_loss(logp, reward, baseline=torch.tensor(2.0)) == reinforce_loss(logp, reward, baseline=2.0)
