"""Whole models are compared with transformers' in tests/oracles/test_models_oracles.py."""

from dataclasses import replace

import pytest
import torch
from torch.testing import assert_close

from llmcourse.transformer.attention import causal_mask
from llmcourse.transformer.block import Block
from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.record import Record

LLAMA = ModelConfig(vocab=11, width=24, layers=1, heads=6, kv_heads=2, ffn_width=32, context=16)
GPT = replace(LLAMA, kv_heads=None, norm="layer", positions="none", activation="gelu", bias=True)
BOTH = pytest.mark.parametrize("config", [LLAMA, GPT])


def block_of(config: ModelConfig) -> Block:
    block = Block(config).double()
    generator = torch.Generator().manual_seed(0)
    for parameter in block.parameters():
        parameter.data = 0.4 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
    return block.requires_grad_(False)


@pytest.fixture
def x() -> torch.Tensor:
    return torch.randn(2, 5, 24, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@BOTH
def test_pre_norm_adds_to_the_stream_twice(config, x):
    block = block_of(config)
    middle = x + block.attention(block.attention_norm(x))
    assert_close(block(x), middle + block.ffn(block.ffn_norm(middle)))


@BOTH
def test_post_norm_normalizes_the_sums(config, x):
    block = block_of(replace(config, norm_place="post"))
    middle = block.attention_norm(x + block.attention(x))
    assert_close(block(x), block.ffn_norm(middle + block.ffn(middle)))


def test_gpts_block_is_torchs_with_either_place_of_the_norm(x):
    block = block_of(replace(GPT, norm_place="post"))
    theirs = torch.nn.TransformerEncoderLayer(
        24, 6, 32, dropout=0.0, activation=lambda t: torch.nn.functional.gelu(t, approximate="tanh"),
        batch_first=True, dtype=torch.float64,
    ).eval()  # fmt: skip
    ours = block.state_dict()
    theirs.load_state_dict(
        {
            f"self_attn.in_proj_{kind}": torch.cat([ours[f"attention.to_{part}.{kind}"] for part in "qkv"])
            for kind in ("weight", "bias")
        }
        | {f"self_attn.out_proj.{kind}": ours[f"attention.to_out.{kind}"] for kind in ("weight", "bias")}
        | {
            f"{other}.{kind}": ours[f"{mine}.{kind}"]
            for other, mine in (
                ("linear1", "ffn.up"),
                ("linear2", "ffn.down"),
                ("norm1", "attention_norm"),
                ("norm2", "ffn_norm"),
            )
            for kind in ("weight", "bias")
        }
    )
    assert_close(block(x), theirs(x, src_mask=~causal_mask(5, 5)))
    pre = Block(GPT).double()
    pre.load_state_dict(ours)
    theirs.norm_first = True
    assert_close(pre(x), theirs(x, src_mask=~causal_mask(5, 5)))


@BOTH
def test_a_pre_norm_block_whose_outputs_are_zero_changes_nothing(config, x):
    block = block_of(config)
    for name, parameter in block.named_parameters():
        if name.startswith(("attention.to_out", "ffn.down")):
            parameter.zero_()
    assert torch.equal(block(x), x)


@BOTH
def test_the_record_says_what_each_half_added(config, x):
    block, record = block_of(config), Record()
    out = block(x, record=record)
    assert_close(x + record.attention_out[0] + record.ffn_out[0], out)


@BOTH
def test_the_scale_of_the_stream_hardly_matters_to_what_is_added(config, x):
    """Pre-norm: attention reads a normalized stream, so that its share shrinks when the stream has grown."""
    block = block_of(replace(config, norm_eps=0.0))
    small, large = Record(), Record()
    block(x, record=small)
    block(100 * x, record=large)
    assert_close(small.attention_out[0], large.attention_out[0])
