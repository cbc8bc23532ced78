"""The weights are held against the gradient that the loss itself gives, over all groups; limits and refusals."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from llmcourse.alignment.group_signal import question_weight, silent_share
from llmcourse.alignment.grpo import Variant, group_advantages, grpo_loss


def test_the_published_sizes_of_a_silent_group():
    assert silent_share(np.array([0.1]), 8)[0] == pytest.approx(0.4305, abs=5e-5)
    assert silent_share(np.array([0.1]), 16)[0] == pytest.approx(0.1853, abs=5e-5)


@given(st.floats(0, 1), st.integers(2, 64))
def test_least_silent_at_a_half_and_the_same_from_both_ends(p, group):
    share = silent_share(np.array([p, 1 - p]), group)
    assert share[0] == pytest.approx(share[1])
    assert 2.0 ** (1 - group) <= share[0] * (1 + 1e-12)
    assert share[0] <= 1


@pytest.mark.parametrize("scaled", [True, False])
@pytest.mark.parametrize("ddof", [0, 1])
@pytest.mark.parametrize("group", [2, 4])
def test_the_weight_is_what_the_loss_does_to_the_probability_of_a_right_answer(scaled, ddof, group):
    """Three answers, the last two of them right; the gradient over all 3^group groups is the weight times ∇p."""
    z = torch.tensor([0.8, 0.1, -0.9], dtype=torch.float64)
    right, p = torch.tensor([0.0, 1.0, 1.0], dtype=torch.float64), z.softmax(-1)
    total = torch.zeros(3, dtype=torch.float64)
    for drawn in map(torch.tensor, itertools.product(range(3), repeat=group)):
        w = z.clone().requires_grad_()
        logp = w.log_softmax(-1)[drawn][:, None]
        advantage = group_advantages(right[drawn][None], scaled=scaled, ddof=ddof)[0]
        loss = grpo_loss(logp, logp.detach(), advantage, torch.ones(group, 1) > 0, variant=Variant())
        total += p[drawn].prod() * -torch.autograd.grad(loss, w)[0]
    w = z.clone().requires_grad_()
    (slope,) = torch.autograd.grad((w.softmax(-1) * right).sum(), w)
    weight = question_weight(np.array([(p * right).sum().item()]), group, scaled=scaled, ddof=ddof)[0]
    torch.testing.assert_close(total, weight * slope)


def test_for_large_groups_the_weight_is_one_over_the_standard_deviation():
    p = np.array([0.05, 0.3, 0.5, 0.9])
    np.testing.assert_allclose(question_weight(p, 20_000, scaled=True), (p * (1 - p)) ** -0.5, rtol=1e-3)


@pytest.mark.parametrize("group", [2, 8, 64])
def test_for_rare_successes_the_weight_is_capped(group):
    weight = question_weight(np.array([1e-9, 1 - 1e-9]), group, scaled=True)
    np.testing.assert_allclose(weight, np.sqrt(group - 1), rtol=1e-6)


def test_a_single_number_is_an_array_too():
    assert silent_share(np.float64(0.5), 2) == 0.5
    assert question_weight(np.float64(0.5), 2, scaled=False) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: silent_share(np.array([1.2]), 8), r"in \[0, 1\], got 1\.2"),
        (lambda: silent_share(np.array([np.nan]), 8), "got nan"),
        (lambda: silent_share(np.array([0.5]), 1), "at least 2 answers to compare, got 1"),
        (lambda: question_weight(np.array([0.0, 0.5]), 8, scaled=True), r"strictly between 0 and 1, got 0\.0"),
        (lambda: question_weight(np.array([0.5]), 8, scaled=True, ddof=3), "ddof must be 0 or 1, got 3"),
    ],
)
def test_refusals(call, match):
    with pytest.raises(ValueError, match=match):
        call()
