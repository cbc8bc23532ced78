"""The two toy tasks: limits that are known without training, and what training must reach."""

import math

import pytest
import torch

from llmcourse.transformer.attention import causal_mask
from llmcourse.transformer.toy_tasks import dice_loss, lookup_loss


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_a_head_that_looks_at_all_items_alike_errs_by_their_variance():
    """1/16 of the right value is right: (1 − 1/16)² + 15/16² = 15/16."""
    loss = lookup_loss(1e9, rate=1e-9, generator=seeded(), steps=20, batch=300)
    assert loss == pytest.approx(15 / 16, rel=0.04)


def test_a_head_that_looks_at_one_item_at_random_errs_twice_the_variance():
    """Without learning and with a tiny divisor, the head picks one item; one time in sixteen the right one."""
    loss = lookup_loss(1e-6, rate=1e-30, generator=seeded(), steps=20, batch=300)
    assert loss == pytest.approx(2 * 15 / 16, rel=0.1)


@pytest.mark.parametrize("seed", [0, 1])
def test_the_root_lets_it_learn_at_rates_at_which_the_others_do_not(seed):
    loss = {divisor: lookup_loss(divisor, rate=1.0, generator=seeded(seed)) for divisor in (1, 8, 64)}
    assert loss[8] < 0.02
    assert loss[1] > 1
    assert loss[64] > 0.5


def test_a_run_that_blows_up_has_an_infinite_loss():
    assert lookup_loss(1.0, rate=1e30, generator=seeded(), steps=5) == math.inf


def test_nobody_predicts_dice_unless_shown_the_next_throw():
    honest = dice_loss(causal_mask(8, 8), generator=seeded())
    leaky = dice_loss(torch.ones(8, 8, dtype=torch.bool).tril(1), generator=seeded())
    assert honest == pytest.approx(math.log(6), rel=0.01)
    assert math.log(6) / 8 < leaky < 0.35  # the last throw is not among the inputs


def test_the_same_generator_gives_the_same_loss():
    assert len({lookup_loss(8, rate=0.1, generator=seeded(), steps=3) for _ in range(2)}) == 1
    assert len({dice_loss(causal_mask(3, 3), generator=seeded(s), steps=3) for s in (0, 0, 1)}) == 2


@pytest.mark.parametrize(("divisor", "rate"), [(0, 0.1), (-8, 0.1), (8, 0)])
def test_a_divisor_or_rate_that_is_not_positive_is_refused(divisor, rate):
    with pytest.raises(ValueError, match=f"must be positive, got {divisor} and {rate}"):
        lookup_loss(divisor, rate=rate, generator=seeded())
