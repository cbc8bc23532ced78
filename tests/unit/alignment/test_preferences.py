"""The relatives of DPO: by hand, in their limits, and where each is satisfied."""

import inspect
import math

import pytest
import torch

from llmcourse.alignment.dpo import dpo_loss, reward_margin
from llmcourse.alignment.preferences import (
    cdpo_loss,
    ipo_loss,
    kto_loss,
    kto_reference_point,
    log_odds,
    loss_of_margin,
    orpo_loss,
    per_token,
    simpo_loss,
)


def vector(*values):
    return torch.tensor(values, dtype=torch.float64)


@pytest.fixture
def four():
    return -20 * torch.rand(4, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def slope(shape, at, **options):
    u = vector(at).requires_grad_()
    loss_of_margin(u, shape, **options).sum().backward()
    return u.grad.item()


def test_the_shapes_by_hand():
    u = vector(-2.0, 0.0, 3.0)
    logistic = [math.log1p(math.exp(2)), math.log(2), math.log1p(math.exp(-3))]
    torch.testing.assert_close(loss_of_margin(u, "logistic"), vector(*logistic))
    assert loss_of_margin(u, "square", target=1.0).tolist() == [9.0, 1.0, 4.0]
    assert loss_of_margin(u, "hinge", target=1.0).tolist() == [3.0, 1.0, 0.0]
    torch.testing.assert_close(loss_of_margin(u, "sigmoid"), 1 / (1 + u.exp()))


def test_how_each_shape_treats_a_settled_and_a_hopeless_pair():
    assert -1e-4 < slope("logistic", 10.0) < 0  # never done
    assert slope("logistic", -40.0) == pytest.approx(-1.0)
    assert slope("square", 10.0, target=5.0) == 10.0  # pulls back
    assert slope("hinge", 10.0, target=5.0) == 0.0
    assert slope("sigmoid", 0.0) == -0.25
    assert abs(slope("sigmoid", -40.0)) < 1e-15  # gives up


def test_large_margins_do_not_overflow():
    assert loss_of_margin(vector(-1e4, 1e4), "logistic").tolist() == [1e4, 0.0]
    assert loss_of_margin(vector(-1e4, 1e4), "sigmoid").tolist() == [1.0, 0.0]


def test_without_flipped_labels_cdpo_is_dpo(four):
    torch.testing.assert_close(cdpo_loss(*four, beta=0.2, flipped=0.0), dpo_loss(*four, beta=0.2))


def test_cdpo_is_satisfied_where_sigma_is_the_share_of_right_labels():
    margin = vector(math.log(0.9 / 0.1)).requires_grad_()
    loss_of_margin(margin, "logistic", flipped=0.1).sum().backward()
    assert margin.grad.item() == pytest.approx(0, abs=1e-12)
    assert slope("logistic", 1.0, flipped=0.1) < 0 < slope("logistic", 3.0, flipped=0.1)


def test_ipo_is_zero_at_its_target_whatever_beta_would_be(four):
    win, lose, ref_win, ref_lose = four = four - 20  # so that the winner's stay log-probabilities below
    margin = reward_margin(*four, beta=1.0)
    at_target = win + (1 / (2 * 0.25) - margin)
    assert ipo_loss(at_target, lose, ref_win, ref_lose, tau=0.25).item() == pytest.approx(0, abs=1e-20)
    torch.testing.assert_close(ipo_loss(*four, tau=0.25), ((margin - 2) ** 2).mean())


def test_simpo_is_dpo_per_token_without_a_reference():
    mean_win, mean_lose = vector(-1.0, -2.0), vector(-1.5, -0.5)
    zero = torch.zeros(2, dtype=torch.float64)
    torch.testing.assert_close(
        simpo_loss(mean_win, mean_lose, beta=2.0), dpo_loss(mean_win, mean_lose, zero, zero, beta=2.0)
    )
    by_hand = [math.log1p(math.exp(-(2 * 0.5 - 0.3))), math.log1p(math.exp(-(2 * -1.5 - 0.3)))]
    assert simpo_loss(mean_win, mean_lose, beta=2.0, gamma=0.3).item() == pytest.approx(sum(by_hand) / 2)


def test_orpo_by_hand():
    win, lose = vector(0.8).log(), vector(0.5).log()  # odds 4 and 1
    preference = -math.log(4 / 5)  # σ(log 4 - log 1)
    assert orpo_loss(win, lose, weight=0.0).item() == pytest.approx(-math.log(0.8))
    assert orpo_loss(win, lose, weight=0.5).item() == pytest.approx(-math.log(0.8) + 0.5 * preference)


def test_log_odds_keeps_its_digits_near_certainty_and_far_from_it():
    assert log_odds(vector(-1e-12)).item() == pytest.approx(math.log(1e12), rel=1e-9)
    assert log_odds(vector(-800.0)).item() == -800.0
    with pytest.raises(ValueError, match=r"below 0, got 0\.0"):
        log_odds(vector(-1.0, 0.0))


def test_kto_by_hand():
    ratio, liked = vector(2.0, 2.0, -3.0), torch.tensor([True, False, False])
    z = vector(1.0)[0]
    parts = [1 - 1 / (1 + math.exp(-0.5)), 1 / (1 + math.exp(-0.5)), 1 / (1 + math.exp(2.0))]
    found = kto_loss(ratio, liked, beta=0.5, reference_point=z, desirable=2.0)
    assert found.item() == pytest.approx((2 * parts[0] + parts[1] + parts[2]) / 3)


def test_kto_pushes_a_liked_response_up_and_a_disliked_one_down():
    ratio = vector(0.0, 0.0).requires_grad_()
    z = kto_reference_point(ratio)
    kto_loss(ratio, torch.tensor([True, False]), beta=0.4, reference_point=z).backward()
    torch.testing.assert_close(ratio.grad, vector(-0.05, 0.05))  # β σ'(0) / 2; nothing through z₀


def test_the_reference_point_is_never_negative():
    assert kto_reference_point(vector(-5.0, 1.0)).item() == 0.0
    assert kto_reference_point(vector(5.0, 1.0)).item() == 3.0


def test_per_token_divides_each_by_its_own_length():
    assert per_token(vector(-6.0, -6.0), torch.tensor([2, 3])).tolist() == [-3.0, -2.0]
    with pytest.raises(ValueError, match="0 tokens"):
        per_token(vector(-6.0, -6.0), torch.tensor([2, 0]))
    with pytest.raises(ValueError, match="3 lengths for 2"):
        inspect.unwrap(per_token)(vector(-6.0, -6.0), torch.tensor([2, 1, 1]))  # as without the shape checks


def test_refusals(four):
    one, none = vector(-1.0), vector()
    with pytest.raises(ValueError, match="0 margins"):
        loss_of_margin(none, "logistic")
    with pytest.raises(ValueError, match=r"flipped labels .* got 0\.5"):
        loss_of_margin(one, "logistic", flipped=0.5)
    with pytest.raises(ValueError, match="no shape 'cube'"):
        inspect.unwrap(loss_of_margin)(one, "cube")
    with pytest.raises(ValueError, match=r"tau must be positive and finite, got 0\.0"):
        ipo_loss(*four, tau=0.0)
    with pytest.raises(ValueError, match="0 pairs"):
        ipo_loss(none, none, none, none, tau=0.1)
    with pytest.raises(ValueError, match=r"beta must be positive and finite, got -1\.0"):
        simpo_loss(one, one, beta=-1.0)
    with pytest.raises(ValueError, match=r"gamma must be at least 0 and finite, got -0\.5"):
        simpo_loss(one, one, beta=1.0, gamma=-0.5)
    with pytest.raises(ValueError, match=r"got mean_win \(1,\), mean_lose \(5,\)"):
        inspect.unwrap(simpo_loss)(one, four[0], beta=1.0)
    with pytest.raises(ValueError, match=r"at least 0 and finite, got -0\.1"):
        orpo_loss(one, one, weight=-0.1)
    with pytest.raises(ValueError, match="0 margins"):
        orpo_loss(none, none, weight=0.1)
    with pytest.raises(ValueError, match="0 responses"):
        kto_reference_point(none)
    with pytest.raises(ValueError, match=r"undesirable must be positive and finite, got 0\.0"):
        kto_loss(one, torch.tensor([True]), beta=0.1, reference_point=one[0], undesirable=0.0)
    with pytest.raises(ValueError, match=r"got log_ratio \(5,\), is_desirable \(1,\)"):
        inspect.unwrap(kto_loss)(four[0], torch.tensor([True]), beta=0.1, reference_point=one[0])


def test_what_is_no_log_probability_is_refused(four):
    bad = four.clone()
    bad[0, 0] = math.nan
    for call in (lambda: ipo_loss(*bad, tau=0.1), lambda: cdpo_loss(*bad, beta=0.1, flipped=0.1)):
        with pytest.raises(ValueError, match="policy has 1 NaN of 5"):
            call()
    with pytest.raises(ValueError, match=r"mean_lose must be log-probabilities, not above 0, got 2"):
        simpo_loss(vector(-1.0), vector(2.0), beta=1.0)
    with pytest.raises(ValueError, match=r"below 0, got nan"):
        orpo_loss(vector(math.nan), vector(-1.0), weight=1.0)
    with pytest.raises(ValueError, match="1 of 2 margins are NaN"):
        kto_loss(vector(math.nan, 1.0), torch.tensor([True, False]), beta=0.1, reference_point=vector(0.0)[0])
