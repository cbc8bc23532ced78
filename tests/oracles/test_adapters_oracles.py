"""Oracles: answers of peft and bitsandbytes, kept in tables/adapters.json, and parameter counts of published models.

tables/make_adapters.py made the table.
"""

import json
from pathlib import Path

import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from llmcourse.alignment.lora import LoRALinear, eject, inject, lora_count, merge, trainable_count
from llmcourse.alignment.nf4 import dequantize_nf4, nf4_levels, quantize_nf4
from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.llama import NAMES, Llama

TABLE = json.loads((Path(__file__).parent / "tables/adapters.json").read_text(encoding="utf-8"))


def test_levels_codes_scales_and_weights_are_those_of_bitsandbytes():
    theirs = TABLE["nf4"]
    assert_allclose(nf4_levels().numpy(), theirs["levels"], atol=1e-6)  # written to six decimals
    stored = quantize_nf4(torch.tensor(theirs["weights"]).view(3, 64))
    assert stored.packed.tolist() == theirs["packed"]
    assert_allclose(stored.scale.numpy(), theirs["scale"], rtol=1e-6)
    assert_allclose(dequantize_nf4(stored).flatten().numpy(), theirs["dequantized"], atol=1e-5)


def test_the_levels_are_those_of_the_paper():
    """QLoRA, appendix E."""
    published = [-1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453]
    published += [-0.28444138169288635, -0.18477343022823334, -0.09105003625154495, 0.0]
    published += [0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224]
    published += [0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0]
    assert_allclose(nf4_levels().numpy(), published, atol=1e-6)


def test_output_and_merged_matrix_are_those_of_peft():
    theirs = {name: torch.tensor(value) for name, value in TABLE["lora"].items()}
    base = nn.Linear(6, 4, bias=False)
    base.weight.data = theirs["w"].clone()
    model = inject(nn.Sequential(base), rank=2, alpha=3.0, targets=("0",), generator=torch.Generator())
    layer = model[0]
    assert isinstance(layer, LoRALinear)
    layer.a.data, layer.b.data = theirs["a"].clone(), theirs["b"].clone()
    torch.testing.assert_close(layer(theirs["x"]), theirs["y"])
    merge(model)
    torch.testing.assert_close(eject(model)[0].weight.data, theirs["merged"])


@pytest.mark.parametrize("case", TABLE["counts"], ids=lambda case: f"{len(case['targets'])}-{case['rank']}")
def test_counts_are_those_of_peft(case):
    sizes = {"vocab": 50, "width": 48, "layers": 3, "heads": 6, "kv_heads": 2, "ffn_width": 80, "context": 16}
    inner = {"q_proj", "k_proj", "v_proj", "o_proj"}
    targets = [NAMES[f"{'self_attn' if t in inner else 'mlp'}.{t}"].rpartition(".")[2] for t in case["targets"]]
    model = inject(Llama(ModelConfig(**sizes)), rank=case["rank"], targets=targets, generator=torch.Generator())
    assert trainable_count(model) == case["count"]


@pytest.mark.parametrize(
    ("layers", "width", "rank", "matrices", "published"),
    [
        (96, 12_288, 1, 2, 4_718_592),  # GPT-3, Table 15: r_q = r_v = 1, "4.7M"
        (96, 12_288, 8, 2, 37_748_736),  # "37.7M"
        (96, 12_288, 64, 2, 301_989_888),  # "301.9M"
        (12, 768, 8, 2, 294_912),  # RoBERTa base, Table 2: "0.3M"
        (24, 1024, 8, 2, 786_432),  # RoBERTa large, "0.8M"
        (48, 1536, 16, 2, 4_718_592),  # DeBERTa XXL, "4.7M"
    ],
)
def test_published_counts_of_lora(layers, width, rank, matrices, published):
    assert layers * matrices * lora_count(width, width, rank) == published
