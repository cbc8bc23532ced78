"""Logits against transformers: tests/oracles/test_models_oracles.py; what both families promise: test_decoder.py."""

from dataclasses import replace

import pytest
import torch
from torch.testing import assert_close

from llmcourse.transformer import presets, rope_scaling
from llmcourse.transformer.llama import Llama, llama_weights

CONFIG = replace(presets.LLAMA3_8B, vocab=31, width=24, layers=2, heads=6, kv_heads=2, ffn_width=40, context=64)


@pytest.fixture
def model() -> Llama:
    model = Llama(CONFIG).initialize(torch.Generator().manual_seed(0), std=0.3)
    return model.double().requires_grad_(False)


def test_names_of_the_parameters():
    inner = ["attention_norm", "attention.to_q", "attention.to_k", "attention.to_v", "attention.to_out"]
    inner += ["ffn_norm", "ffn.gate", "ffn.up", "ffn.down"]
    expected = {f"blocks.{i}.{name}.weight" for i in range(2) for name in inner} | {"embed.weight", "final_norm.weight"}
    assert {name for name, _ in Llama(replace(CONFIG, tied=True)).named_parameters()} == expected
    assert {name for name, _ in Llama(CONFIG).named_parameters()} == expected | {"head.weight"}


@pytest.mark.parametrize(
    "change",
    [{"norm": "layer"}, {"activation": "gelu"}, {"positions": "learned"}],
    ids=lambda change: next(iter(change)),
)
def test_another_familys_config_is_refused(change):
    with pytest.raises(ValueError, match=f"Llama has RMSNorm, SwiGLU and no learned.*{next(iter(change.values()))}"):
        Llama(replace(CONFIG, **change))


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match=r"model\.layers\.0\.self_attn\.q_norm\.weight has no place in Llama"):
        llama_weights({"model.layers.0.self_attn.q_norm.weight": torch.zeros(4)}, tied=False)


def test_base_pairs_and_scaling_reach_the_rotation(model):
    tokens = torch.randint(0, 31, (2, 40), generator=torch.Generator().manual_seed(1))
    plain = model(tokens)
    for change in (
        {"rope_base": 1000.0},
        {"rope_pairs": "half"},
        {"rope_scaling": rope_scaling.linear(4.0)},
        {"rope_scaling": rope_scaling.yarn(4.0, 16)},
    ):
        other = model.reconfigured(replace(CONFIG, **change))
        assert not torch.allclose(other(tokens), plain, atol=1e-3), change
    assert_close(model.reconfigured(replace(CONFIG, rope_scaling=rope_scaling.linear(1.0)))(tokens), plain)


def test_position_interpolation_by_two_is_every_second_position(model):
    """With one token at each even place and attention that sees only those, factor 2 undoes the spreading."""
    from llmcourse.transformer.attention import SelfAttention, causal_mask
    from llmcourse.transformer.rotary import cos_sin

    attention: SelfAttention = model.blocks[0].attention
    x = torch.randn(2, 10, 24, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    spread = cos_sin(
        2 * torch.arange(10), 4, base=CONFIG.rope_base, scaling=rope_scaling.linear(2.0), dtype=torch.float64
    )
    assert_close(attention(x, rotation=spread, mask=causal_mask(10, 10)), attention(x))


def test_the_models_of_a_later_chapter_can_be_laid_out_on_the_meta_device():
    """Logits of the right shape, at no cost: what a count of floating-point operations needs."""
    with torch.device("meta"):
        model = Llama(presets.LLAMA3_8B)
        tokens = torch.zeros(2, 5, dtype=torch.long)
    assert model(tokens).shape == (2, 5, 128_256)
    assert model(tokens, last_only=True).is_meta
