"""Expectations are sums over all groups of answers here, each weighted by its probability."""

import itertools
import math

import pytest
import torch
from torch.testing import assert_close

from llmcourse.alignment.grpo import DAPO, DR_GRPO, GRPO, Variant, group_advantages, grpo_loss

REWARD = torch.tensor([0.0, 1.0, 2.5, -1.0], dtype=torch.float64)
PLAIN = Variant()


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def answers(lengths, longest=4):
    return torch.arange(longest) < torch.tensor(lengths)[:, None]


def expected_gradient(z, size, *, scaled):
    """Over all 4^size groups of one-token answers, by their probabilities."""
    p, total = z.softmax(-1).detach(), torch.zeros(4, dtype=torch.float64)
    for group in itertools.product(range(4), repeat=size):
        drawn = torch.tensor(group)
        z = z.detach().requires_grad_()
        logp = z.log_softmax(-1)[drawn][:, None]
        advantage = group_advantages(REWARD[drawn][None], scaled=scaled)[0]
        loss = grpo_loss(logp, logp.detach(), advantage, torch.ones(size, 1) > 0, variant=PLAIN)
        total += p[drawn].prod() * -torch.autograd.grad(loss, z)[0]
    return total


@pytest.mark.parametrize("size", [2, 3, 4])
def test_the_mean_of_the_group_makes_the_expected_gradient_shorter_by_one_answer_and_no_other(size):
    z = normal(4)
    w = z.clone().requires_grad_()
    true = torch.autograd.grad((w.softmax(-1) * REWARD).sum(), w)[0]
    assert_close(expected_gradient(z, size, scaled=False), (size - 1) / size * true)


def test_the_standard_deviation_turns_the_expected_gradient_elsewhere():
    z = normal(4)
    plain, scaled = (expected_gradient(z, 3, scaled=scaled) for scaled in (False, True))
    assert torch.cosine_similarity(plain, scaled, dim=0) < 0.99


def test_advantages_of_a_row_sum_to_zero_and_have_spread_one():
    advantage = group_advantages(normal(5, 6))
    assert_close(advantage.sum(1), torch.zeros(5, dtype=torch.float64))
    assert_close(advantage.std(1, correction=0), torch.ones(5, dtype=torch.float64))
    assert_close(group_advantages(normal(5, 6), ddof=1).std(1), torch.ones(5, dtype=torch.float64))


def test_rows_are_compared_within_themselves_only():
    rewards = normal(2, 3)
    assert_close(group_advantages(rewards)[0], group_advantages(rewards[:1] + 100)[0])


@pytest.mark.parametrize("scaled", [True, False])
def test_rewards_that_are_all_equal_teach_nothing(scaled):
    rewards = torch.full((3, 7), 0.1)  # its mean is not 0.1 in floating point
    assert (group_advantages(rewards, scaled=scaled) == 0).all()


def test_the_scale_of_the_rewards_is_divided_out_and_kept_without():
    rewards = normal(3, 4)
    assert_close(group_advantages(1000 * rewards), group_advantages(rewards))
    assert_close(group_advantages(1000 * rewards, scaled=False), 1000 * group_advantages(rewards, scaled=False))


def test_the_first_gradient_is_that_of_reinforce_token_by_token():
    logp = -normal(3, 4).abs()
    logp.requires_grad_()
    advantage, kept = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64), answers([4, 1, 2])
    grpo_loss(logp, logp.detach(), advantage, kept, variant=PLAIN).backward()
    lengths = torch.tensor([4.0, 1.0, 2.0], dtype=torch.float64)
    assert_close(logp.grad, -(advantage / lengths)[:, None] / 3 * kept)


def test_what_a_token_of_a_long_answer_weighs_is_the_difference_of_the_divisors():
    weights = {}
    for name, variant in {"own": PLAIN, "constant": DR_GRPO, "all": DAPO}.items():
        logp = torch.zeros(2, 4, requires_grad=True)
        grpo_loss(logp, torch.zeros(2, 4), torch.ones(2), answers([4, 1]), variant=variant, constant=4.0).backward()
        weights[name] = (-logp.grad[0, 0]).item(), (-logp.grad[1, 0]).item()
    assert weights["own"] == pytest.approx((1 / 8, 1 / 2))  # the short one's token weighs four times as much
    assert weights["constant"] == pytest.approx((1 / 8, 1 / 8))
    assert weights["all"] == pytest.approx((1 / 5, 1 / 5))


def test_beyond_its_clip_a_token_no_longer_pulls_and_the_other_way_it_does():
    ratio = torch.tensor([[1.25, 1.25, 0.75, 0.75]], dtype=torch.float64)
    gradients = {}
    for sign in (1.0, -1.0):
        for variant in (PLAIN, DAPO):
            logp = ratio.log().requires_grad_()
            advantage = torch.tensor([sign], dtype=torch.float64)
            grpo_loss(logp, torch.zeros(1, 4), advantage, answers([4]), variant=variant).backward()
            gradients[sign, variant.high] = (logp.grad[0] != 0).tolist()
    assert gradients[1.0, 0.2] == [False, False, True, True]
    assert gradients[1.0, 0.28] == [True, True, True, True]  # 1.25 is still inside
    assert gradients[-1.0, 0.2] == gradients[-1.0, 0.28] == [True, True, False, False]


def test_at_the_reference_the_leash_costs_nothing_and_away_from_it_k3():
    logp, kept, advantage = -normal(2, 4).abs(), answers([4, 2]), torch.zeros(2, dtype=torch.float64)
    options = {"variant": Variant(beta=0.5)}
    at_home = grpo_loss(logp, logp, advantage, kept, reference_logp=logp, **options)
    away = grpo_loss(logp, logp, advantage, kept, reference_logp=logp - math.log(2), **options)
    assert_close(at_home, torch.zeros((), dtype=torch.float64))
    assert_close(away, torch.tensor(0.5 * (0.5 - 1 + math.log(2)), dtype=torch.float64))


def test_what_stands_outside_the_answers_is_never_looked_at():
    logp, kept, advantage = -normal(2, 4).abs(), answers([3, 2]), normal(2, seed=1)
    odd = logp.masked_fill(~kept, -torch.inf).requires_grad_()
    plain = grpo_loss(logp, logp, advantage, kept, variant=GRPO, reference_logp=logp - 1)
    same = grpo_loss(odd, odd.detach(), advantage, kept, variant=GRPO, reference_logp=odd.detach() - 1)
    assert_close(same, plain)
    same.backward()
    assert torch.isfinite(odd.grad).all()


def test_the_named_variants_are_those_of_the_papers():
    assert (GRPO.scaled, GRPO.divisor, GRPO.beta) == (True, "own", 0.04)
    assert (DR_GRPO.scaled, DR_GRPO.divisor) == (False, "constant")
    assert (DAPO.scaled, DAPO.divisor, DAPO.clip, DAPO.high, DAPO.beta) == (True, "all", 0.2, 0.28, 0.0)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"reward": torch.zeros(2, 1)}, "got 2 of 1"),
        ({"reward": torch.zeros(0, 4)}, "got 0 of 4"),
        ({"reward": torch.tensor([[1.0, math.nan, math.inf]])}, "2 of 3 rewards are not finite"),
        ({"ddof": 2}, "ddof must be 0 or 1 and eps at least 0, got 2"),
        ({"eps": -1.0}, r"got 0 and -1\.0"),
    ],
)
def test_advantages_refuse(change, match):
    with pytest.raises(ValueError, match=match):
        group_advantages(**({"reward": torch.tensor([[0.0, 1.0]])} | change))


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"is_response": answers([4, 0])}, "answer 1 has 0 tokens"),
        ({"logp": torch.full((2, 4), math.nan)}, "logp has 6 NaN of 6"),
        ({"old_logp": torch.full((2, 4), math.nan)}, "old_logp has 6 NaN of 6"),
        ({"advantage": torch.tensor([1.0, math.nan])}, "advantage has 1 NaN of 2"),
        ({"constant": 0.0}, r"constant must be positive and finite, got 0\.0"),
        ({"variant": GRPO}, r"beta is 0\.04, but there is no reference_logp"),
    ],
)
def test_the_loss_refuses(change, match):
    inputs = {"logp": torch.zeros(2, 4), "old_logp": torch.zeros(2, 4), "advantage": torch.zeros(2)}
    inputs |= {"is_response": answers([4, 2]), "variant": PLAIN}
    with pytest.raises(ValueError, match=match):
        grpo_loss(**(inputs | change))


def test_the_loss_refuses_no_answers():
    nothing = torch.zeros(0, 4)
    with pytest.raises(ValueError, match="there are 0 answers"):
        grpo_loss(nothing, nothing, torch.zeros(0), nothing > 0, variant=PLAIN)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"clip": 1.0}, r"the lower one below 1, got 1\.0"),
        ({"clip_high": 0.0}, r"got 0\.2 and 0\.0"),
        ({"beta": -0.1}, r"beta must be at least 0 and finite, got -0\.1"),
    ],
)
def test_a_variant_refuses(options, match):
    with pytest.raises(ValueError, match=match):
        Variant(**options)


def test_a_variant_refuses_another_divisor():
    variant = Variant()
    object.__setattr__(variant, "divisor", "longest")  # past the type checker, which only the tests have
    with pytest.raises(ValueError, match="divisor must be own, constant or all, got 'longest'"):
        variant.__post_init__()


@pytest.mark.usefixtures("as_readers_call")
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"old_logp": torch.zeros(2, 1)}, r"old_logp \(2, 1\)"),
        ({"is_response": torch.ones(1, 4) > 0}, r"is_response \(1, 4\)"),
        ({"advantage": torch.zeros(1)}, r"advantage \(1,\), logp\[:, 0\] \(2,\)"),
        ({"advantage": torch.zeros(2, 4)}, r"advantage \(2, 4\), logp\[:, 0\] \(2,\)"),
    ],
)
def test_answers_and_tokens_without_a_partner_are_not_stretched(change, message):
    inputs = {"logp": torch.zeros(2, 4), "old_logp": torch.zeros(2, 4), "advantage": torch.zeros(2)}
    with pytest.raises(ValueError, match="the shapes must agree.*" + message):
        grpo_loss(**(inputs | {"is_response": answers([4, 2]), "variant": PLAIN} | change))


@pytest.mark.usefixtures("as_readers_call")
def test_a_reference_of_another_length_is_not_stretched():
    four, gain, leash = torch.zeros(2, 4), torch.zeros(2), Variant(beta=0.1)
    with pytest.raises(ValueError, match=r"logp \(2, 4\), reference_logp \(2, 1\)"):
        grpo_loss(four, four, gain, answers([4, 2]), variant=leash, reference_logp=torch.zeros(2, 1))
