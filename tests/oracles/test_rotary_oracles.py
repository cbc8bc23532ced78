"""transformers: Llama's and GPT-J's rotary code for the two layouts, ROPE_INIT_FUNCTIONS for the scalings."""

import pytest
import torch
from torch.testing import assert_close
from transformers import LlamaConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS
from transformers.models.gptj.modeling_gptj import apply_rotary_pos_emb as gptj_rotate
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb as llama_rotate

from llmcourse.transformer.rope_scaling import Llama3, Yarn, dynamic_ntk, frequencies, linear, ntk
from llmcourse.transformer.rotary import cos_sin, rotate


@pytest.fixture
def q_k():
    gen = torch.Generator().manual_seed(0)
    return [torch.randn(2, heads, 7, 16, generator=gen, dtype=torch.float64) for heads in (6, 2)]


POSITIONS = torch.tensor([0, 1, 2, 5, 40, 1000, 99_999])


def angles(scaling=None):
    theta = frequencies(16) if scaling is None else scaling.frequencies(16, 1e4)
    return POSITIONS[:, None] * theta


def test_the_half_layout_is_transformers_llama(q_k):
    table = torch.cat((angles(), angles()), dim=-1)[None]
    theirs = llama_rotate(*q_k, table.cos(), table.sin())
    for ours, other in zip(q_k, theirs, strict=True):
        assert_close(rotate(ours, POSITIONS, pairs="half"), other)


def test_the_interleaved_layout_is_transformers_gptj(q_k):
    for x in q_k:
        theirs = gptj_rotate(x.transpose(1, 2), angles().sin()[None], angles().cos()[None])  # (B, T, H, K)
        assert_close(rotate(x, POSITIONS), theirs.transpose(1, 2))


def llama(width, base, length, **rope):
    """A configuration in which transformers' functions find what they ask for."""
    return LlamaConfig(
        hidden_size=2 * width,
        num_attention_heads=2,
        max_position_embeddings=length,
        rope_parameters={"rope_theta": base, **rope},
    )


CASES = [(128, 1e4, 2048), (64, 1e5, 8192), (128, 5e5, 8192), (96, 1e4, 4096)]


def theirs(kind, width, base, length, seq_len=None, **rope):
    config = llama(width, base, length, rope_type=kind, **rope)
    return ROPE_INIT_FUNCTIONS[kind](config, "cpu", seq_len=seq_len)


def agree(scaling, width, base, other):
    inv_freq, attention_factor = other
    # They compute in float32.
    assert_close(scaling.frequencies(width, base).float(), inv_freq, rtol=2e-5, atol=0)
    assert scaling.attention_factor == pytest.approx(attention_factor)


@pytest.mark.parametrize(("width", "base", "length"), CASES)
@pytest.mark.parametrize("factor", [1.0, 2.0, 8.0, 32.0])
def test_linear_and_yarn_and_llama3_are_transformers(width, base, length, factor):
    original = {"original_max_position_embeddings": length}
    agree(linear(factor), width, base, theirs("linear", width, base, length, factor=factor))
    agree(Yarn(factor, length), width, base, theirs("yarn", width, base, length, factor=factor, **original))
    ends = {"low_freq_factor": 1.0, "high_freq_factor": 4.0}
    other = theirs("llama3", width, base, length, factor=factor, **ends, **original)
    agree(Llama3(factor, length), width, base, other)


def test_yarn_with_other_ends_is_transformers():
    rope = {"factor": 4.0, "beta_fast": 16.0, "beta_slow": 2.0, "original_max_position_embeddings": 4096}
    agree(Yarn(4.0, 4096, slow=2.0, fast=16.0), 64, 1e4, theirs("yarn", 64, 1e4, 4096, **rope))


@pytest.mark.parametrize(("width", "base", "length"), CASES)
@pytest.mark.parametrize("times", [0.5, 1, 2.5, 8])
def test_dynamic_ntk_is_transformers(width, base, length, times):
    seq_len = int(times * length)
    other = theirs("dynamic", width, base, length, seq_len=seq_len, factor=2.0)
    agree(dynamic_ntk(2.0, length, seq_len), width, base, other)


def test_the_ntk_base_is_transformers_dynamic_rule_at_the_end_of_the_new_window():
    """With factor 1 that rule is the NTK base for the plain ratio of lengths."""
    agree(ntk(4), 128, 1e4, theirs("dynamic", 128, 1e4, 2048, seq_len=8192, factor=1.0))


def test_the_factors_carry_yarns_attention_factor_as_transformers_cos_and_sin_do():
    inv_freq, attention_factor = theirs("yarn", 16, 1e4, 64, factor=8.0, original_max_position_embeddings=64)
    table = torch.arange(6)[:, None] * inv_freq
    factors = cos_sin(torch.arange(6), 16, scaling=Yarn(8.0, 64))
    assert_close(factors.real, table.cos() * attention_factor, atol=1e-5, rtol=1e-5)
    assert_close(factors.imag, table.sin() * attention_factor, atol=1e-5, rtol=1e-5)
