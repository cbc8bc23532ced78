import numpy as np
import pytest
import torch
from torch import nn

from llmcourse.learning.optim import AdamState, adamw_step, make_adamw, parameter_groups
from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.gpt2 import GPT2
from tests.unit.learning.small import CONFIG, new_model


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_the_first_step_has_the_length_of_the_rate_however_steep_the_slope(rng, scale):
    theta = rng.standard_normal((3, 4))
    gradient = scale * rng.choice([-1.0, 1.0], (3, 4)) * rng.uniform(1, 2, (3, 4))
    after, _ = adamw_step(theta, gradient, AdamState.zeros(theta), rate=0.01, eps=0.0, weight_decay=0.0)
    np.testing.assert_allclose(theta - after, 0.01 * np.sign(gradient), rtol=1e-9)  # 9 digits are left of 1 − 0.01


def test_without_a_gradient_only_the_decay_is_left(rng):
    theta = rng.standard_normal(5)
    state = AdamState.zeros(theta)
    for _ in range(3):
        theta_before = theta
        theta, state = adamw_step(theta, np.zeros(5), state, rate=0.1, weight_decay=0.5)
        np.testing.assert_allclose(theta, 0.95 * theta_before)


def test_a_constant_gradient_moves_by_the_rate_at_every_step():
    """Both averages of a constant are the constant once the beginning is corrected for."""
    theta, gradient = np.zeros(2), np.array([0.3, -40.0])
    state = AdamState.zeros(theta)
    for step in range(1, 6):
        theta, state = adamw_step(theta, gradient, state, rate=0.1, eps=0.0, weight_decay=0.0)
        np.testing.assert_allclose(theta, [-0.1 * step, 0.1 * step])
    assert state.step == 5


def test_the_inputs_are_left_as_they_were(rng):
    theta, gradient = rng.standard_normal(4), rng.standard_normal(4)
    state = AdamState.zeros(theta)
    copies = theta.copy(), gradient.copy()
    adamw_step(theta, gradient, state, rate=0.1)
    assert (theta == copies[0]).all()
    assert (gradient == copies[1]).all()
    assert state.step == 0
    assert not state.mean.any()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"rate": -0.1}, r"must not be negative, got -0\.1"),
        ({"eps": -1.0}, r"must not be negative, got 0\.1, -1\.0"),
        ({"weight_decay": -2.0}, r"must not be negative, got .*-2\.0"),
        ({"betas": (0.9, 1.0)}, r"betas must lie in \[0, 1\), got \(0\.9, 1\.0\)"),
        ({"betas": (-0.1, 0.9)}, r"betas must lie in \[0, 1\), got \(-0\.1"),
    ],
)
def test_refuses_settings_that_mean_nothing(wrong, message):
    theta = np.ones(2)
    with pytest.raises(ValueError, match=message):
        adamw_step(theta, theta, AdamState.zeros(theta), **{"rate": 0.1, **wrong})


GPT2_CONFIG = ModelConfig(
    vocab=11, width=8, layers=2, heads=2, ffn_width=12, context=6,
    norm="layer", positions="learned", activation="gelu", bias=True, tied=True,
)  # fmt: skip


@pytest.mark.parametrize("model", [new_model(), GPT2(GPT2_CONFIG)], ids=["llama", "gpt2"])
def test_matrices_decay_and_gains_and_biases_do_not_and_none_is_forgotten(model):
    decays, rest = parameter_groups(model, 0.1)
    assert (decays["weight_decay"], rest["weight_decay"]) == (0.1, 0.0)
    by_id = {id(p): name for name, p in model.named_parameters()}
    in_first, in_second = ({by_id[id(p)] for p in group["params"]} for group in (decays, rest))
    assert in_first | in_second == set(by_id.values())
    assert not in_first & in_second
    assert in_second == {name for name in by_id.values() if name.endswith("bias") or "norm" in name}


def test_frozen_parameters_are_left_out_and_an_empty_group_too():
    model = new_model()
    for name, p in model.named_parameters():
        p.requires_grad_("norm" not in name and name != "embed.weight")
    (group,) = parameter_groups(model, 0.1)
    assert len(group["params"]) == 7 * CONFIG.layers


def test_torchs_optimizer_gets_all_settings():
    optimizer = make_adamw(nn.Linear(3, 2), rate=0.02, betas=(0.8, 0.9), eps=1e-6, weight_decay=0.3)
    assert isinstance(optimizer, torch.optim.AdamW)
    settings = [(g["lr"], g["betas"], g["eps"], g["weight_decay"]) for g in optimizer.param_groups]
    assert settings == [(0.02, (0.8, 0.9), 1e-6, 0.3), (0.02, (0.8, 0.9), 1e-6, 0.0)]
