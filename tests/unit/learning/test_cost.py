from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from llmcourse.learning.cost import Flops, forward_flops, palm_flops, parameters, six_nd, training_flops
from llmcourse.transformer import presets
from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.decoder import Decoder

COURSE = ModelConfig(vocab=1024, width=192, layers=4, heads=6, ffn_width=512, context=256, tied=True)


@st.composite
def configs(draw):
    groups = draw(st.integers(1, 3))
    heads = groups * draw(st.integers(1, 3))
    return ModelConfig(
        vocab=draw(st.integers(2, 90)),
        width=heads * 2 * draw(st.integers(1, 5)),
        layers=draw(st.integers(1, 4)),
        heads=heads,
        kv_heads=groups,
        ffn_width=draw(st.integers(1, 70)),
        context=draw(st.integers(1, 40)),
        norm=draw(st.sampled_from(["rms", "layer"])),
        positions=draw(st.sampled_from(["rotary", "learned", "none"])),
        activation=draw(st.sampled_from(["swiglu", "gelu"])),
        bias=draw(st.booleans()),
        tied=draw(st.booleans()),
    )


@given(configs())
def test_the_count_is_that_of_a_model_with_these_parameters(config):
    with torch.device("meta"):
        model = Decoder(config)
    n = parameters(config)
    assert n.total == model.parameter_count
    sizes = {name: p.numel() for name, p in model.named_parameters()}
    assert n.embedding == sizes["embed.weight"]
    assert n.head == sizes.get("head.weight", 0)
    assert n.positions == sizes.get("position_embed.weight", 0)
    assert n.attention == sum(v for k, v in sizes.items() if ".attention.to_" in k and k.endswith("weight"))
    assert n.ffn == sum(v for k, v in sizes.items() if ".ffn." in k and k.endswith("weight"))
    assert n.norms == sum(v for k, v in sizes.items() if "norm" in k)
    assert n.biases == sum(v for k, v in sizes.items() if k.endswith("bias") and "norm" not in k)


def test_the_course_gpt_by_hand():
    """4 D² and 3 D F a layer, two gains a layer and one at the end, one table of V D."""
    n = parameters(COURSE)
    assert (n.attention, n.ffn, n.norms, n.embedding) == (4 * 4 * 192**2, 4 * 3 * 192 * 512, 9 * 192, 1024 * 192)
    assert n.total == 1_967_808
    assert n.non_embedding == n.total - 1024 * 192


@given(configs(), st.integers(1, 9), st.integers(1, 4), st.integers(0, 9))
def test_reading_a_text_in_two_parts_with_a_cache_costs_what_the_mask_leaves(config, tokens, batch, past):
    whole = forward_flops(config, past + tokens, batch=batch, causal=True)
    second = forward_flops(config, tokens, batch=batch, past=past, causal=True)
    first = forward_flops(config, past, batch=batch, causal=True) if past else Flops(0, 0, 0, 0)
    assert first.total + second.total == whole.total


@given(configs(), st.integers(2, 9))
def test_a_mask_leaves_a_little_more_than_half_of_the_scores(config, tokens):
    whole, masked = forward_flops(config, tokens), forward_flops(config, tokens, causal=True)
    assert masked.scores * 2 * tokens == whole.scores * (tokens + 1)
    assert replace(whole, scores=0) == replace(masked, scores=0)


def test_tying_the_output_layer_saves_parameters_and_no_work():
    untied = replace(COURSE, tied=False)
    assert parameters(untied).total - parameters(COURSE).total == 1024 * 192
    assert forward_flops(untied, 7) == forward_flops(COURSE, 7)


def test_grouped_keys_save_projections_and_no_scores():
    grouped = replace(COURSE, kv_heads=2)
    assert forward_flops(grouped, 7).scores == forward_flops(COURSE, 7).scores
    assert forward_flops(grouped, 7).attention * 3 == forward_flops(COURSE, 7).attention * 2


def test_six_nd_is_the_exact_count_without_scores_norms_and_tables():
    """A model with one row in its vocabulary, read one token at a time: what is left are the matrices of the blocks."""
    config = replace(presets.LLAMA2_7B, vocab=1)
    exact = 3 * (forward_flops(config, 1).attention + forward_flops(config, 1).ffn)
    assert six_nd(parameters(config).matrices, 1) == exact


def test_six_nd_of_chinchilla():
    assert six_nd(70e9, 1.4e12) == pytest.approx(5.88e23)


def test_where_the_rule_fails_for_the_course_gpt():
    """At its full context 12 L D T = 2,359,296 FLOP for scores stand beside 6 N = 11,806,848: PaLM's formula has both.

    Both count the gains of the norms, 9 · 192 of them, as if they were multiplied by like a matrix.
    """
    per_token = training_flops(COURSE, 256) // 256
    assert per_token == 11_806_848 + 2_359_296 - 6 * 9 * 192
    assert palm_flops(COURSE, 256) // 256 == 11_806_848 + 2_359_296


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="tokens must be at least 1, got 0"):
        forward_flops(COURSE, 0)
    with pytest.raises(ValueError, match="batch must be at least 1, got -2"):
        forward_flops(COURSE, 1, batch=-2)
    with pytest.raises(ValueError, match="past must be at least 0, got -1"):
        forward_flops(COURSE, 1, past=-1)
    with pytest.raises(ValueError, match="tokens must be positive, got 0"):
        six_nd(10, 0)
    with pytest.raises(ValueError, match="parameters must be positive, got nan"):
        six_nd(float("nan"), 1)
