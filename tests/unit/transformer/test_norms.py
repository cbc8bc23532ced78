"""The oracle is torch: tests/oracles/test_attention_oracles.py."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.norms import LayerNorm, RMSNorm, layer_norm, norm_from, rms_norm

ONES = torch.ones(4, dtype=torch.float64)
ROW = torch.tensor([[2.0, 4.0, 4.0, 6.0], [0.0, 0.0, 3.0, 1.0]], dtype=torch.float64)


def test_by_hand():
    """Mean 4, deviations −2, 0, 0, 2, variance 8/4 = 2; mean square (4 + 16 + 16 + 36)/4 = 18."""
    half = 2**0.5
    assert_close(layer_norm(ROW, ONES, eps=0.0)[0], torch.tensor([-half, 0, 0, half], dtype=torch.float64))
    assert_close(rms_norm(ROW, ONES, eps=0.0)[0], ROW[0] / 18**0.5)


@given(st.floats(0.01, 100), st.floats(-100, 100))
def test_what_each_norm_forgets(scale, shift):
    assert_close(layer_norm(scale * ROW + shift, ONES, eps=0.0), layer_norm(ROW, ONES, eps=0.0))
    assert_close(rms_norm(scale * ROW, ONES, eps=0.0), rms_norm(ROW, ONES, eps=0.0))


def test_rms_norm_does_not_forget_a_shift():
    assert not torch.allclose(rms_norm(ROW + 1, ONES), rms_norm(ROW, ONES), atol=0.01)


def test_on_rows_of_mean_zero_the_two_are_one():
    centered = ROW - ROW.mean(-1, keepdim=True)
    assert_close(rms_norm(centered, ONES, eps=1e-3), layer_norm(centered, ONES, eps=1e-3))


def test_epsilon_decides_for_tiny_rows():
    """A row of zeros stays zero, and a row whose mean square is ε is divided by √(2ε)."""
    assert (rms_norm(torch.zeros(2, 4), torch.ones(4)) == 0).all()
    assert_close(rms_norm(ONES, ONES, eps=1.0), ONES / 2**0.5)
    assert_close(layer_norm(ROW, ONES, eps=2.0)[0], torch.tensor([-1.0, 0, 0, 1], dtype=torch.float64))


def test_a_constant_row_becomes_the_bias():
    bias = torch.tensor([1.0, 2.0, 3.0, 4.0])
    assert_close(layer_norm(torch.full((2, 4), 7.0), torch.ones(4), bias), bias.expand(2, 4))


@pytest.mark.parametrize(("norm", "kind"), [("layer", LayerNorm), ("rms", RMSNorm)])
def test_the_config_chooses_norm_epsilon_and_bias(norm, kind):
    config = ModelConfig(
        vocab=11, width=4, layers=1, heads=2, ffn_width=8, context=8, norm=norm, norm_eps=2.0, bias=norm == "layer"
    )
    module = norm_from(config).double()
    assert type(module) is kind
    by_hand = layer_norm(ROW, ONES, eps=2.0) if norm == "layer" else rms_norm(ROW, ONES, eps=2.0)
    assert_close(module(ROW), by_hand)
    assert dict(module.named_parameters()).keys() == ({"weight", "bias"} if norm == "layer" else {"weight"})
    module.weight.data.fill_(3.0)
    assert_close(module(ROW), 3 * by_hand)
