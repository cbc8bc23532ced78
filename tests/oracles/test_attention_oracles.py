"""torch's own attention, multi-head layer and norms, on random inputs in float64."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.testing import assert_close

from llmcourse.transformer.attention import (
    SelfAttention,
    attention,
    attention_weights,
    causal_mask,
    merge_heads,
    split_heads,
)
from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.norms import layer_norm, rms_norm

CONFIG = ModelConfig(
    vocab=11, width=24, layers=1, heads=6, kv_heads=2, ffn_width=32, context=16, positions="none", bias=True
)


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def qkv(*lead: int, queries: int, keys: int, width: int = 8) -> list[torch.Tensor]:
    return [random(*lead, length, width, seed=i) for i, length in enumerate((queries, keys, keys))]


@pytest.mark.parametrize("lead", [(), (2,), (2, 3)])
@pytest.mark.parametrize(("queries", "keys"), [(5, 5), (3, 7), (7, 3), (1, 6)])
def test_attention_is_torchs(lead, queries, keys):
    q, k, v = qkv(*lead, queries=queries, keys=keys)
    assert_close(attention(q, k, v), F.scaled_dot_product_attention(q, k, v))


def test_causal_attention_is_torchs():
    q, k, v = qkv(2, 3, queries=6, keys=6)
    assert_close(attention(q, k, v, causal_mask(6, 6)), F.scaled_dot_product_attention(q, k, v, is_causal=True))


@pytest.mark.parametrize(("queries", "keys"), [(1, 6), (3, 7), (5, 5)])
def test_the_causal_mask_is_torchs_bottom_right_one(queries, keys):
    from torch.nn.attention.bias import causal_lower_right

    q, k, v = qkv(2, 3, queries=queries, keys=keys)
    theirs = F.scaled_dot_product_attention(q, k, v, attn_mask=causal_lower_right(queries, keys))
    assert_close(attention(q, k, v, causal_mask(queries, keys)), theirs)


def test_any_boolean_mask_means_what_it_means_to_torch():
    q, k, v = qkv(2, 3, queries=4, keys=6)
    mask = random(2, 1, 4, 6, seed=9) > 0
    mask[..., 0] = True
    assert_close(attention(q, k, v, mask), F.scaled_dot_product_attention(q, k, v, attn_mask=mask))


@pytest.mark.parametrize("scale", [1e2, 1e4])  # e^(1e4) overflows even float64
def test_scores_whose_exponential_overflows(scale):
    q, k, v = qkv(2, 3, queries=4, keys=6)
    mask = causal_mask(4, 6)
    assert_close(attention(scale * q, k, v, mask), F.scaled_dot_product_attention(scale * q, k, v, attn_mask=mask))
    assert attention_weights(scale * q, k, mask).isfinite().all()


@pytest.mark.parametrize("kv_heads", [1, 2, 6])
def test_grouped_queries_are_torchs(kv_heads):
    config = ModelConfig(**{**vars(CONFIG), "kv_heads": kv_heads, "bias": False})
    layer = SelfAttention(config).double()
    x = random(2, 5, 24)
    q = split_heads(layer.to_q(x), 6)
    k, v = (split_heads(project(x), kv_heads) for project in (layer.to_k, layer.to_v))
    mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
    assert_close(layer(x), layer.to_out(merge_heads(mixed)))


@pytest.mark.parametrize("causal", [True, False])
def test_the_layer_is_torchs_multi_head_attention(causal):
    theirs = nn.MultiheadAttention(24, 6, batch_first=True, dtype=torch.float64)
    nn.init.normal_(theirs.in_proj_bias)
    nn.init.normal_(theirs.out_proj.bias)
    ours = SelfAttention(ModelConfig(**{**vars(CONFIG), "kv_heads": None})).double()
    rows, shifts = theirs.in_proj_weight.chunk(3), theirs.in_proj_bias.chunk(3)
    ours.load_state_dict(
        {f"to_{name}.weight": rows[i] for i, name in enumerate("qkv")}
        | {f"to_{name}.bias": shifts[i] for i, name in enumerate("qkv")}
        | {"to_out.weight": theirs.out_proj.weight, "to_out.bias": theirs.out_proj.bias}
    )
    x = random(2, 5, 24)
    hidden = ~causal_mask(5, 5) if causal else None  # there, True means hidden
    expected, weights = theirs(x, x, x, attn_mask=hidden, average_attn_weights=False)
    mask = causal_mask(5, 5) if causal else torch.ones(5, 5, dtype=torch.bool)
    assert_close(ours(x, mask=mask), expected)
    q, k = (split_heads(project(x), 6) for project in (ours.to_q, ours.to_k))
    assert_close(attention_weights(q, k, mask), weights)


@pytest.mark.parametrize("eps", [1e-5, 0.1])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e6])
def test_the_norms_are_torchs(eps, scale):
    x, gain, bias = scale * random(2, 5, 24), random(24, seed=1), random(24, seed=2)
    assert_close(layer_norm(x, gain, bias, eps), F.layer_norm(x, (24,), gain, bias, eps))
    assert_close(layer_norm(x, gain, None, eps), F.layer_norm(x, (24,), gain, None, eps))
    assert_close(rms_norm(x, gain, eps), F.rms_norm(x, (24,), gain, eps))


def test_the_norm_modules_start_as_torchs_modules_do():
    from llmcourse.transformer.norms import norm_from

    x = random(2, 5, 24)
    for norm, theirs in (("layer", nn.LayerNorm(24, eps=0.01)), ("rms", nn.RMSNorm(24, eps=0.01))):
        ours = norm_from(ModelConfig(**{**vars(CONFIG), "norm": norm, "norm_eps": 0.01})).double()
        assert_close(ours(x), theirs.double()(x))
        assert {n: p.shape for n, p in ours.named_parameters()} == {n: p.shape for n, p in theirs.named_parameters()}


def test_the_variance_of_a_dot_product_is_its_width():
    """Vaswani et al. (2017), footnote 4: the reason for √K. 20,000 draws: the estimate is within 3 %."""
    q, k = random(20_000, 64), random(20_000, 64, seed=1)
    assert math.isclose((q * k).sum(-1).var().item(), 64, rel_tol=0.03)
