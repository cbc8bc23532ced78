"""A packed model is the same model. Float64 where the sums are compared, since they are added in another order."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.testing import assert_close

from llmcourse.inference.generate import generate
from llmcourse.inference.sampling import greedy
from llmcourse.transformer.checkpoint import load
from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.gpt2 import GPT2
from llmcourse.transformer.linear import (
    WIDTH,
    PackedEmbedding,
    PackedLinear,
    matrix_of,
    pack,
    project_by_panels,
    project_together,
    unembed,
)
from llmcourse.transformer.llama import Llama
from llmcourse.transformer.record import Record
from tests.unit.transformer.small_gguf import CONFIG as SMALL
from tests.unit.transformer.small_gguf import random_tensors, write_llama

CONFIG = ModelConfig(vocab=96, width=64, layers=2, heads=4, kv_heads=2, ffn_width=96, context=32, tied=True)
TOKENS = torch.tensor([[3, 90, 0, 17, 95, 5], [9, 9, 10, 31, 32, 64]])


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def linears(*outputs, inputs=5):
    layers = [nn.Linear(inputs, size, bias=False, dtype=torch.float64) for size in outputs]
    for layer in layers:
        nn.init.normal_(layer.weight, generator=seeded(layer.out_features))
    return layers


def packed(*names_and_layers):
    """The layers under their names in one module, packed."""
    module = nn.Module()
    for name, layer in names_and_layers:
        setattr(module, name, layer)
    pack(module)
    return module


def model(**changes):
    return Llama(ModelConfig(**(vars(CONFIG) | changes))).initialize(seeded(), std=0.3).double().eval()


@given(st.integers(1, 4), st.integers(1, 7), st.integers(1, 5), st.integers(0, 99))
def test_projecting_by_panels_is_multiplying_by_the_matrix(panels, inputs, rows, seed):
    stored = torch.randn(panels, inputs, WIDTH, dtype=torch.float64, generator=seeded(seed))
    for shape in ((rows, inputs), (2, rows, inputs), (1, 1, inputs), (inputs,)):
        x = torch.randn(shape, dtype=torch.float64, generator=seeded(seed))
        assert_close(project_by_panels(x, stored), F.linear(x, matrix_of(stored)))


def test_packing_reorders_and_changes_no_number():
    (layer,) = linears(96)
    weight = layer.weight.detach().clone()
    module = packed(("to_out", layer))
    assert isinstance(module.to_out, PackedLinear)
    assert torch.equal(matrix_of(module.to_out.panels), weight)
    assert module.to_out.panels[2, 4, 7] == weight[2 * WIDTH + 7, 4]


@pytest.mark.parametrize("shape", [(1, 1, 5), (2, 3, 5), (1, 5)])
def test_layers_packed_together_give_what_each_gives_alone(shape):
    layers = linears(64, 32, 96)
    x = torch.randn(shape, dtype=torch.float64, generator=seeded())
    expected = [layer(x) for layer in layers]
    module = packed(*zip(("to_q", "to_k", "to_v"), layers, strict=True))
    found = (module.to_q, module.to_k, module.to_v)
    assert len({layer.panels.data_ptr() for layer in found}) == 1  # read in one go
    assert_close(list(project_together(x, found)), expected)
    assert_close([layer(x) for layer in found], expected)
    assert_close(list(project_together(x, layers)), expected)


def test_an_embedding_is_a_table_for_looking_up_and_for_comparing():
    embed = nn.Embedding(96, 5, dtype=torch.float64)
    x = torch.randn(2, 3, 5, dtype=torch.float64, generator=seeded())
    rows, logits = embed(TOKENS), unembed(x, embed)
    assert_close(logits, F.linear(x, embed.weight))
    module = packed(("embed", embed))
    assert isinstance(module.embed, PackedEmbedding)
    assert torch.equal(module.embed(TOKENS), rows)
    assert_close(unembed(x, module.embed), logits)


@pytest.mark.parametrize("tied", [True, False])
def test_a_packed_model_is_the_same_model(tied):
    plain, other = model(tied=tied), model(tied=tied)
    pack(other)
    names = {type(module).__name__ for module in other.modules()}
    assert "Linear" not in names
    assert "Embedding" not in names
    assert other.parameter_count == plain.parameter_count
    mine, yours = Record(), Record()
    with torch.no_grad():
        assert_close(other(TOKENS), plain(TOKENS))
        plain(TOKENS, record=mine, padding=torch.tensor([0, 2]))
        other(TOKENS, record=yours, padding=torch.tensor([0, 2]))
    for name in mine.names:
        assert_close(getattr(yours, name), getattr(mine, name))
    texts = [list(generate(each, [1, 2, 3], choose=greedy, max_new=20)) for each in (plain, other)]
    assert texts[0] == texts[1]


def test_a_packed_model_can_change_its_precision():
    plain, other = model(), model()
    pack(other)
    with torch.no_grad():
        assert_close(other.float()(TOKENS), plain.float()(TOKENS))
    assert other.blocks[0].attention.to_q.panels is other.blocks[0].attention.to_k.panels


def test_what_does_not_fill_panels_stays_as_it_is():
    odd = model(vocab=97, ffn_width=80)
    expected = odd(TOKENS).detach()
    pack(odd)
    assert isinstance(odd.embed, nn.Embedding)
    assert isinstance(odd.blocks[0].ffn.up, nn.Linear)
    assert isinstance(odd.blocks[0].ffn.down, PackedLinear)
    assert_close(odd(TOKENS), expected, check_stride=False)
    biased = GPT2(ModelConfig(**(vars(CONFIG) | GPT2_CHOICES))).initialize(seeded())
    expected = biased(TOKENS).detach()
    pack(biased)
    assert isinstance(biased.blocks[0].attention.to_q, nn.Linear)
    assert_close(biased(TOKENS), expected)


GPT2_CHOICES = {"norm": "layer", "activation": "gelu", "positions": "learned", "bias": True, "kv_heads": None}


def test_packing_twice_changes_nothing():
    once = model()
    pack(once)
    expected = once(TOKENS)
    pack(once)
    assert torch.equal(once(TOKENS), expected)


def test_a_packed_model_has_no_weight_and_cannot_be_reconfigured():
    other = model()
    pack(other)
    with pytest.raises(AttributeError, match="weight"):
        _ = other.blocks[0].attention.to_q.weight
    with pytest.raises(ValueError, match=r"the new config needs \w+\.weight"):
        other.reconfigured(CONFIG)


@pytest.mark.parametrize("piece", [1, 3000, 10**6])
def test_a_model_loaded_packed_is_the_one_loaded_plain(tmp_path, monkeypatch, piece):
    """With small pieces each matrix comes in many. (260 tokens are no whole number of panels.)"""
    monkeypatch.setattr("llmcourse.gguf_file._PIECE", piece)
    path = tmp_path / "small.gguf"
    write_llama(path, SMALL, random_tensors(SMALL, np.random.default_rng(0)))
    plain, other = load(path), load(path, packed=True)
    with torch.no_grad():
        assert_close(other.model(TOKENS), plain.model(TOKENS), atol=1e-4, rtol=1e-4)  # float32, another order
    assert isinstance(other.model.blocks[1].ffn.gate, PackedLinear)
    for name in ("to_q", "to_k", "to_v", "to_out"):
        layer = getattr(other.model.blocks[1].attention, name)
        expected = getattr(plain.model.blocks[1].attention, name).weight
        assert torch.equal(matrix_of(layer.panels[layer.start : layer.stop]), expected)
    assert {p.requires_grad for p in other.model.parameters()} == {False}
    assert other.model.parameter_count == plain.model.parameter_count
