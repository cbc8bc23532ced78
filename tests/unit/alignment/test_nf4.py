"""Sixteen levels, blocks of 64, nothing further off than half a gap; and adapters that learn over rounded weights."""

import pytest
import torch
from torch import nn

from llmcourse.alignment.lora import adapters, eject, inject, merge
from llmcourse.alignment.nf4 import (
    NF4Linear,
    dequantize_nf4,
    nf4_levels,
    quantize_linear,
    quantize_nf4,
)
from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.llama import Llama

CONFIG = ModelConfig(vocab=48, width=32, layers=2, heads=4, kv_heads=2, ffn_width=64, context=16)


def seeded(n=0):
    return torch.Generator().manual_seed(n)


def test_the_levels_are_sixteen_with_zero_and_both_ends():
    levels = nf4_levels()
    assert len(levels) == 16
    assert (levels.diff() > 0).all()
    assert (levels[0], levels[7], levels[15]) == (-1, 0, 1)


@pytest.mark.parametrize("size", [1.0, 1e-30, 1e30])
def test_each_weight_gets_the_nearest_level_of_its_block(size):
    w = size * torch.randn(4, 3, 128, generator=seeded())
    found = dequantize_nf4(quantize_nf4(w))
    assert found.shape == w.shape
    blocks, levels = w.view(-1, 64), nf4_levels()
    for block, back in zip(blocks, found.view(-1, 64), strict=True):
        grid = levels * block.abs().max()
        nearest = (block[:, None] - grid).abs().min(dim=1).values
        torch.testing.assert_close((block - back).abs(), nearest, rtol=1e-4, atol=1e-6 * float(block.abs().max()))
    off = (blocks - found.view(-1, 64)).abs() / blocks.abs().amax(dim=1, keepdim=True)
    assert off.max() <= 0.152


def test_what_is_on_the_grid_comes_back_and_zeros_stay():
    w = torch.cat([3.5 * nf4_levels().repeat(4), torch.zeros(64)])
    torch.testing.assert_close(dequantize_nf4(quantize_nf4(w)), w, rtol=1e-6, atol=0)


def test_the_first_of_two_weights_stands_in_the_upper_half_of_the_byte():
    w = torch.zeros(64)
    w[0], w[1], w[3] = 1.0, -1.0, 0.5
    assert quantize_nf4(w).packed[:2].tolist() == [15 << 4 | 0, 7 << 4 | 12]


def test_four_and_a_half_bits_a_weight():
    assert quantize_nf4(torch.randn(32, 64, generator=seeded())).bits_per_weight == 4.5


def test_normal_weights_use_all_levels_about_equally():
    """But the outermost: the scale is the largest of 64, so that few come near the ends."""
    packed = quantize_nf4(torch.randn(64_000, generator=seeded())).packed
    share = torch.bincount(torch.cat([packed >> 4, packed & 15]).long(), minlength=16) / 64_000
    assert share[2:14].min() > 0.045
    assert share[2:14].max() < 0.1
    assert share[[0, 15]].max() < 0.025


def test_a_model_in_four_bits_is_that_of_its_rounded_weights_and_adapters_learn_over_it():
    model, tokens = Llama(CONFIG).initialize(seeded(), std=0.2), torch.randint(48, (3, 9), generator=seeded(1))
    plain, before = Llama(CONFIG), model(tokens)
    weights = {name: w if w.ndim == 1 else dequantize_nf4(quantize_nf4(w)) for name, w in model.named_parameters()}
    plain.load_state_dict(
        weights | {name: getattr(model, name[:-7]).weight for name in ("embed.weight", "head.weight")}
    )
    quantize_linear(model)
    assert sum(isinstance(module, NF4Linear) for module in model.modules()) == 14
    assert isinstance(model.head, nn.Linear)
    rounded = model(tokens)
    torch.testing.assert_close(rounded, plain(tokens))
    assert (rounded - before).square().mean() > 0.01
    inject(model, rank=2, targets=("to_q", "to_v"), generator=seeded(2))
    torch.testing.assert_close(model(tokens), rounded, rtol=0, atol=0)
    model(tokens).square().mean().backward()
    assert all(layer.b.grad.abs().max() > 0 for layer in adapters(model).values())
    layer = adapters(model)["blocks.0.attention.to_q"]
    layer.b.data.normal_(generator=seeded(3))
    x = torch.randn(2, 32, generator=seeded(4))
    torch.testing.assert_close(layer(x), x @ (layer.base.weight + layer.delta).T)
    with pytest.raises(ValueError, match="4 bits"):
        merge(model)
    torch.testing.assert_close(eject(model)(tokens), rounded, rtol=0, atol=0)


def test_refusals():
    with pytest.raises(ValueError, match="65 weights"):
        quantize_nf4(torch.ones(65))
    with pytest.raises(ValueError, match="0 weights"):
        quantize_nf4(torch.ones(0))
    with pytest.raises(ValueError, match="got inf"):
        quantize_nf4(torch.full((64,), torch.inf))
    with pytest.raises(ValueError, match="bias of 8 numbers"):
        NF4Linear(nn.Linear(64, 8))
