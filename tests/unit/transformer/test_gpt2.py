"""Logits against transformers: tests/oracles/test_models_oracles.py; what both families promise: test_decoder.py."""

from dataclasses import replace

import pytest
import torch

from llmcourse.transformer import presets
from llmcourse.transformer.gpt2 import GPT2, gpt2_weights

CONFIG = replace(presets.GPT2_SMALL, vocab=31, width=24, layers=2, heads=6, ffn_width=40, context=16)


def test_names_of_the_parameters():
    names = {name for name, _ in GPT2(CONFIG).named_parameters()}
    assert {"embed.weight", "position_embed.weight", "blocks.1.attention.to_q.bias", "final_norm.bias"} <= names
    assert not any(name.startswith("head") for name in names)


@pytest.mark.parametrize(
    "change",
    [{"norm": "rms"}, {"activation": "swiglu"}, {"positions": "rotary"}],
    ids=lambda change: next(iter(change)),
)
def test_another_familys_config_is_refused(change):
    with pytest.raises(ValueError, match=f"GPT-2 has LayerNorm, GELU and no rotary.*{next(iter(change.values()))}"):
        GPT2(replace(CONFIG, **change))


def test_published_names_find_their_places():
    """The matrix of queries, keys and values stands inputs first, and is cut into three."""
    both = torch.arange(24 * 72, dtype=torch.float32).reshape(24, 72)
    ours = gpt2_weights(
        {
            "transformer.wte.weight": torch.zeros(31, 24),
            "h.1.attn.c_attn.weight": both,
            "h.1.attn.c_attn.bias": both[0],
            "h.0.mlp.c_fc.weight": torch.zeros(24, 40),
            "h.0.attn.bias": torch.ones(1, 1, 16, 16),  # the causal mask, a constant of the old checkpoints
            "lm_head.weight": torch.zeros(31, 24),
        }
    )
    assert ours["embed.weight"].shape == (31, 24)
    assert ours["blocks.0.ffn.up.weight"].shape == (40, 24)
    assert torch.equal(ours["blocks.1.attention.to_k.weight"], both[:, 24:48].T)
    assert torch.equal(ours["blocks.1.attention.to_v.bias"], both[0, 48:])
    assert len(ours) == 8


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match=r"h\.0\.adapter\.weight has no place in GPT-2"):
        gpt2_weights({"h.0.adapter.weight": torch.zeros(2, 2)})
