"""Promises of both families. Their logits are compared with transformers' in tests/oracles/test_models_oracles.py."""

import math
from dataclasses import replace

import pytest
import torch
from torch.testing import assert_close

from llmcourse.transformer import presets
from llmcourse.transformer.decoder import Decoder
from llmcourse.transformer.gpt2 import GPT2
from llmcourse.transformer.kv_cache import KVCache
from llmcourse.transformer.llama import Llama
from llmcourse.transformer.record import Record

SIZES = {"vocab": 31, "width": 24, "layers": 3, "heads": 6, "ffn_width": 40, "context": 16}
LLAMA = replace(presets.LLAMA3_8B, **SIZES, kv_heads=2)
GPT = replace(presets.GPT2_SMALL, **SIZES)
BOTH = pytest.mark.parametrize("model", [GPT2(GPT), Llama(LLAMA), Llama(replace(LLAMA, tied=True))])


@pytest.fixture(autouse=True)
def known_weights(request):
    """Large random weights in float64, the same in each test."""
    if "model" in request.fixturenames:
        generator = torch.Generator().manual_seed(0)
        for parameter in request.getfixturevalue("model").double().requires_grad_(False).parameters():
            parameter.copy_(0.4 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64))


@pytest.fixture
def tokens() -> torch.Tensor:
    return torch.randint(0, 31, (3, 9), generator=torch.Generator().manual_seed(1))


@BOTH
@pytest.mark.parametrize("cuts", [[1] * 9, [4, 1, 1, 1, 1, 1], [3, 4, 2], [9]])
def test_cached_is_uncached(model: Decoder, tokens, cuts):
    cache = KVCache(model.config, batch=3, dtype=torch.float64)
    parts = [model(part, cache=cache) for part in tokens.split(cuts, dim=1)]
    assert_close(torch.cat(parts, dim=1), model(tokens))
    assert cache.length == 9


@BOTH
def test_after_forgetting_another_text_can_follow(model: Decoder, tokens):
    cache = KVCache(model.config, batch=3, dtype=torch.float64)
    model(tokens, cache=cache)
    cache.truncate(2)
    other = torch.cat([tokens[:, :2], tokens[:, 5:]], dim=1)
    assert_close(model(other[:, 2:], cache=cache), model(other)[:, 2:])


@BOTH
def test_a_padded_batch_is_each_text_alone(model: Decoder, tokens):
    """Two texts of 9 and 6 tokens, the shorter one filled on the left with a token that should not matter."""
    short = tokens[1, :6]
    batch = torch.stack([tokens[0], torch.cat([torch.tensor([5, 5, 5]), short])])
    out = model(batch, padding=torch.tensor([0, 3]))
    assert_close(out[0], model(tokens[:1])[0])
    assert_close(out[1, 3:], model(short[None])[0])
    assert out.isfinite().all()


@BOTH
def test_a_padded_batch_can_be_continued_with_a_cache(model: Decoder, tokens):
    padding = torch.tensor([0, 3])
    batch = torch.stack([tokens[0], torch.cat([torch.tensor([5, 5, 5]), tokens[1, :6]])])
    cache = KVCache(model.config, batch=2, dtype=torch.float64)
    parts = [model(part, cache=cache, padding=padding) for part in batch.split([5, 3, 1], dim=1)]
    assert_close(torch.cat(parts, dim=1), model(batch, padding=padding))


@BOTH
def test_filling_on_the_right_needs_no_mask(model: Decoder, tokens):
    longer = torch.cat([tokens, torch.full((3, 4), 7)], dim=1)
    assert_close(model(longer)[:, :9], model(tokens))


@BOTH
def test_a_batch_is_its_rows(model: Decoder, tokens):
    assert_close(model(tokens), torch.cat([model(row[None]) for row in tokens]))


@BOTH
def test_the_last_logits_alone(model: Decoder, tokens):
    assert_close(model(tokens, last_only=True), model(tokens)[:, -1:])


@BOTH
def test_the_output_ignores_the_future(model: Decoder, tokens):
    changed = tokens.clone()
    changed[:, 6:] = (changed[:, 6:] + 1) % 31
    assert torch.equal(model(tokens)[:, :6], model(changed)[:, :6])
    assert not torch.allclose(model(tokens)[:, 6:], model(changed)[:, 6:])


@BOTH
def test_the_stream_is_the_embedding_and_all_that_was_added(model: Decoder, tokens):
    record = Record()
    logits = model(tokens, record=record)
    start = model.embed(tokens)
    if model.config.positions == "learned":
        start = start + model.position_embed.weight[:9]
    assert torch.equal(record.residual[0], start)
    assert_close(record.residual[-1], start + sum(record.attention_out) + sum(record.ffn_out))
    assert_close(model.logits(record.residual[-1]), logits)
    assert [len(getattr(record, name)) for name in record.names] == [4, 3, 3, 3, 3, 3, 3]


@BOTH
def test_another_config_shares_the_parameters(model: Decoder, tokens):
    before = model(tokens)
    shallow = model.reconfigured(replace(model.config, layers=2))
    assert all(p is dict(model.named_parameters())[name] for name, p in shallow.named_parameters())
    record = Record("residual")
    model(tokens, record=record)
    assert_close(shallow(tokens), model.logits(record.residual[2]))
    without = model.reconfigured(replace(model.config, positions="none"))
    assert not torch.allclose(without(tokens), before)
    assert torch.equal(model(tokens), before)
    assert not any(p.requires_grad for p in without.parameters())


@BOTH
def test_parameters_that_are_missing_or_differ_are_named(model: Decoder):
    with pytest.raises(ValueError, match=r"the new config needs blocks\.3\.attention_norm\.weight"):
        model.reconfigured(replace(model.config, layers=4))
    with pytest.raises(ValueError, match=r"ffn\.\w+\.weight has shape \(40, 24\), not \(48, 24\)"):
        model.reconfigured(replace(model.config, ffn_width=48))


@BOTH
def test_a_text_beyond_the_context_is_refused(model: Decoder):
    with pytest.raises(ValueError, match="17 tokens do not fit into the context of 16"):
        model(torch.zeros(2, 17, dtype=torch.long))
    cache = KVCache(model.config, batch=2, dtype=torch.float64)
    model(torch.zeros(2, 10, dtype=torch.long), cache=cache)
    with pytest.raises(ValueError, match="7 tokens after 10 cached ones do not fit into the context of 16"):
        model(torch.zeros(2, 7, dtype=torch.long), cache=cache)
    assert cache.length == 10


@BOTH
@pytest.mark.parametrize("token", [31, -1])
def test_a_token_outside_the_vocabulary_is_refused(model: Decoder, token):
    with pytest.raises(ValueError, match=f"token {token} is not in the vocabulary of 31"):
        model(torch.tensor([[0, token], [1, 2]]))


@BOTH
def test_no_tokens_are_refused(model: Decoder):
    with pytest.raises(ValueError, match=r"at least one token, got shape \(2, 0\)"):
        model(torch.zeros(2, 0, dtype=torch.long))


@BOTH
def test_a_row_of_padding_is_refused(model: Decoder, tokens):
    with pytest.raises(ValueError, match="padding must be at least 0 and leave a token in each row of 9"):
        model(tokens, padding=torch.tensor([0, 9, 1]))
    with pytest.raises(ValueError, match="padding must be at least 0"):
        model(tokens, padding=torch.tensor([0, -1, 1]))


@BOTH
def test_gradients_reach_each_parameter(model: Decoder, tokens):
    model.requires_grad_(True)
    model(tokens).square().mean().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0 or name.endswith("to_k.bias"), name  # that one cancels in the softmax
    model.zero_grad()
    model.requires_grad_(False)


def test_the_initial_stream_keeps_its_size_at_any_depth():
    """The matrices that write into the stream are 1/√(2L) times smaller, so that 2L additions add up to one."""
    tokens = torch.randint(0, 31, (4, 16), generator=torch.Generator().manual_seed(1))
    growth = []
    for layers in (2, 32):
        model = GPT2(replace(GPT, layers=layers)).initialize(torch.Generator().manual_seed(0), std=0.2)
        record = Record("residual")
        with torch.no_grad():
            model(tokens, record=record)
        growth.append((record.residual[-1].std() / record.residual[0].std()).item())
    assert math.isclose(growth[0], growth[1], rel_tol=0.25)
    stds = {name: p.std().item() for name, p in model.named_parameters() if p.ndim > 1}
    assert math.isclose(stds["blocks.0.ffn.up.weight"], 0.2, rel_tol=0.1)
    assert math.isclose(stds["blocks.0.ffn.down.weight"], 0.2 / 8, rel_tol=0.1)
    assert math.isclose(stds["blocks.9.attention.to_out.weight"], 0.2 / 8, rel_tol=0.1)
    even = GPT2(replace(GPT, layers=32)).initialize(torch.Generator().manual_seed(0), std=0.2, shrink=False)
    assert math.isclose(even.blocks[0].ffn.down.weight.std().item(), 0.2, rel_tol=0.1)
    assert (model.final_norm.weight == 1).all()
    assert (model.blocks[0].ffn.up.bias == 0).all()


def test_the_same_generator_gives_the_same_weights():
    first, second = (Llama(LLAMA).initialize(torch.Generator().manual_seed(3)) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


@BOTH
def test_a_mask_stands_in_for_the_causal_one(model: Decoder, tokens):
    causal = torch.ones(9, 9, dtype=torch.bool).tril()
    assert_close(model(tokens, mask=causal), model(tokens))
    assert not torch.allclose(model(tokens, mask=torch.ones_like(causal)), model(tokens))
    with pytest.raises(ValueError, match="padding or a mask, not both"):
        model(tokens, mask=causal, padding=torch.tensor([0, 1, 2]))
