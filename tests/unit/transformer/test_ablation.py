from dataclasses import replace

import pytest
import torch
from torch.testing import assert_close

from llmcourse.transformer import presets
from llmcourse.transformer.ablation import without_heads
from llmcourse.transformer.gpt2 import GPT2
from llmcourse.transformer.llama import Llama
from llmcourse.transformer.record import Record

SIZES = {"vocab": 31, "width": 24, "layers": 3, "heads": 6, "ffn_width": 40, "context": 16}
TOKENS = torch.randint(0, 31, (3, 9), generator=torch.Generator().manual_seed(1))


@pytest.fixture(params=["gpt2", "llama"])
def model(request):
    generator = torch.Generator().manual_seed(0)
    if request.param == "gpt2":
        return GPT2(replace(presets.GPT2_SMALL, **SIZES)).initialize(generator, std=0.4).double().requires_grad_(False)
    config = replace(presets.LLAMA3_8B, **SIZES, kv_heads=2)
    return Llama(config).initialize(generator, std=0.4).double().requires_grad_(False)


def test_what_is_missing_is_what_those_heads_wrote(model):
    whole, cut = Record(), Record()
    model(TOKENS, record=whole)
    without_heads(model, 1, [0, 4])(TOKENS, record=cut)
    assert_close(cut.residual[1], whole.residual[1])  # nothing changes before
    mixed = whole.weights[1] @ whole.values[1].repeat_interleave(6 // model.config.groups, dim=1)  # (B, H, T, K)
    columns = model.blocks[1].attention.to_out.weight.unflatten(1, (6, 4))  # (D, H, K)
    written = sum(mixed[:, h] @ columns[:, h].T for h in (0, 4))
    assert_close(whole.attention_out[1] - cut.attention_out[1], written)


def test_the_model_itself_stays_as_it_was_and_the_rest_is_shared(model):
    before = model(TOKENS)
    cut = without_heads(model, 2, [3])
    mine, its = dict(model.named_parameters()), dict(cut.named_parameters())
    assert [name for name in mine if mine[name] is not its[name]] == ["blocks.2.attention.to_out.weight"]
    assert not torch.allclose(cut(TOKENS), before)
    assert torch.equal(model(TOKENS), before)
    assert torch.equal(without_heads(model, 2, [])(TOKENS), before)


def test_heads_and_layers_that_do_not_exist_are_refused(model):
    with pytest.raises(ValueError, match="layer 3 is not one of the 3 layers, 0 to 2"):
        without_heads(model, 3, [0])
    with pytest.raises(ValueError, match="head 6 is not one of the 6 heads, 0 to 5"):
        without_heads(model, 0, [1, 6])
    with pytest.raises(ValueError, match="head -1 is not"):
        without_heads(model, 0, [-1])
