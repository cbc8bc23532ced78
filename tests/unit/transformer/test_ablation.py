"""Removing a head removes its term of the sum, in a copy, and nothing else."""

from dataclasses import replace

import pytest
import torch

from llmcourse.transformer.ablation import without_heads
from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.gpt2 import GPT2
from llmcourse.transformer.llama import Llama
from llmcourse.transformer.record import Record

LLAMA = ModelConfig(vocab=40, width=24, layers=3, heads=6, kv_heads=2, ffn_width=20, context=30)
GPT = replace(LLAMA, kv_heads=None, norm="layer", positions="learned", activation="gelu", bias=True, tied=True)
FAMILIES = [(Llama, LLAMA), (GPT2, GPT)]


def model_of(family: type, config: ModelConfig):
    model = family(config).initialize(torch.Generator().manual_seed(0), std=0.4).double().eval()
    for name, parameter in model.named_parameters():
        if name.endswith("to_out.bias"):
            parameter.data.normal_(generator=torch.Generator().manual_seed(1))
    return model


def run(model) -> tuple[torch.Tensor, Record]:
    record = Record()
    tokens = torch.randint(40, (2, 9), generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        return model(tokens, record=record), record


@pytest.mark.parametrize(("family", "config"), FAMILIES)
def test_the_layer_writes_the_sum_of_its_other_heads(family, config):
    model = model_of(family, config)
    removed = {1, 4}
    _, record = run(without_heads(model, [(1, head) for head in removed]))
    _, full = run(model)
    torch.testing.assert_close(record.attention_out[0], full.attention_out[0])  # the layer below is as before
    output = model.blocks[1].attention.to_out
    width, share = config.head_width, config.heads // config.groups
    expected = output.bias.detach() if config.bias else 0
    for head in set(range(config.heads)) - removed:  # the attention below is unchanged, so weights and values are too
        mixed = full.weights[1][:, head] @ full.values[1][:, head // share]
        expected = expected + mixed @ output.weight.detach()[:, head * width : (head + 1) * width].T
    torch.testing.assert_close(record.attention_out[1], expected)
    assert not torch.allclose(record.residual[2], full.residual[2])


@pytest.mark.parametrize(("family", "config"), FAMILIES)
def test_the_model_itself_stays_as_it_was_and_lends_all_its_other_parameters(family, config):
    model = model_of(family, config)
    before, _ = run(model)
    other = without_heads(model, [(2, 0), (2, 3), (0, 5)])
    after, _ = run(model)
    torch.testing.assert_close(before, after, rtol=0, atol=0)
    mine, theirs = dict(model.named_parameters()), dict(other.named_parameters())
    copied = {name for name in mine if mine[name] is not theirs[name]}
    assert copied == {f"blocks.{i}.attention.to_out.weight" for i in (0, 2)}
    assert isinstance(other, family)
    assert not other.training


def test_without_any_head_a_layers_attention_adds_nothing():
    model = model_of(Llama, LLAMA)
    _, record = run(without_heads(model, [(1, head) for head in range(6)]))
    assert not record.attention_out[1].any()
    same, _ = run(without_heads(model, []))
    torch.testing.assert_close(same, run(model)[0], rtol=0, atol=0)


def test_removing_one_after_the_other_is_removing_both():
    model = model_of(Llama, LLAMA)
    twice, _ = run(without_heads(without_heads(model, [(0, 2)]), [(0, 4)]))
    once, _ = run(without_heads(model, [(0, 2), (0, 4)]))
    torch.testing.assert_close(twice, once, rtol=0, atol=0)


@pytest.mark.parametrize("head", [(3, 0), (0, 6), (-1, 0), (0, -1)])
def test_a_head_that_does_not_exist_is_refused(head):
    with pytest.raises(ValueError, match=f"no head {head[1]} in layer {head[0]}: there are 3 × 6"):
        without_heads(model_of(Llama, LLAMA), [head])
