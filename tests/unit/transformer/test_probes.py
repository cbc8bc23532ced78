"""Losses against torch's own cross-entropy; hiding a key against editing the token that nobody may see."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from llmcourse.transformer import presets
from llmcourse.transformer.gpt2 import GPT2
from llmcourse.transformer.llama import Llama
from llmcourse.transformer.probes import losses_from, losses_without_key, token_losses
from llmcourse.transformer.record import Record

SIZES = {"vocab": 31, "width": 24, "layers": 2, "heads": 4, "ffn_width": 40, "context": 16}
TOKENS = torch.randint(0, 31, (3, 9), generator=torch.Generator().manual_seed(1))


@pytest.fixture(params=["gpt2", "llama"])
def model(request):
    generator = torch.Generator().manual_seed(0)
    if request.param == "gpt2":
        return GPT2(replace(presets.GPT2_SMALL, **SIZES)).initialize(generator, std=0.4).double()
    return Llama(replace(presets.LLAMA3_8B, **SIZES, kv_heads=2)).initialize(generator, std=0.4).double()


def test_losses_are_torchs_cross_entropies(model):
    logits = model(TOKENS)
    theirs = F.cross_entropy(logits[:, :-1].flatten(0, 1), TOKENS[:, 1:].flatten(), reduction="none").view(3, 8)
    np.testing.assert_allclose(token_losses(model, TOKENS), theirs.detach())
    np.testing.assert_allclose(losses_from(logits, TOKENS), theirs.detach())


def test_before_the_place_nothing_changes_and_after_it_something_does(model):
    plain = token_losses(model, TOKENS)
    hidden = losses_without_key(model, TOKENS, key=2, since=5)
    np.testing.assert_allclose(hidden[:, :5], plain[:, :5])
    assert (np.abs(hidden[:, 5:] - plain[:, 5:]) > 1e-6).all()
    np.testing.assert_allclose(losses_without_key(model, TOKENS, key=2, since=9), plain)


def test_what_is_hidden_from_all_may_be_any_token(model):
    """Hidden from the start, token 2 reaches no later place: another one there changes no later loss."""
    other = TOKENS.clone()
    other[:, 2] = (other[:, 2] + 7) % 31
    one, two = (losses_without_key(model, tokens, key=2, since=3) for tokens in (TOKENS, other))
    np.testing.assert_allclose(one[:, 3:], two[:, 3:])
    assert not np.allclose(token_losses(model, TOKENS)[:, 3:], token_losses(model, other)[:, 3:])


def test_the_record_shows_weight_zero_on_the_hidden_key(model):
    record, plain = Record("weights"), Record("weights")
    losses_without_key(model, TOKENS, key=0, since=4, record=record)
    token_losses(model, TOKENS, record=plain)
    assert len(record.weights) == len(plain.weights) == 2
    assert (record.weights[1][:, :, 4:, 0] == 0).all()
    assert (record.weights[1][:, :, :4, 0] > 0).all()
    torch.testing.assert_close(record.weights[1][:, :, :4], plain.weights[1][:, :, :4])


def test_the_other_keys_stay_in_sight(model):
    record = Record("weights")
    losses_without_key(model, TOKENS, key=2, since=4, record=record)
    seen = (record.weights[0] > 0)[0, 0]
    expected = torch.ones(9, 9, dtype=torch.bool).tril()
    expected[4:, 2] = False
    assert torch.equal(seen, expected)


@pytest.mark.parametrize(("key", "since"), [(3, 3), (-1, 2), (2, 10)])
def test_a_key_cannot_be_hidden_from_itself_or_from_places_that_are_not_there(model, key, since):
    with pytest.raises(ValueError, match=f"key {key} can be hidden from later places only, up to 9, not from {since}"):
        losses_without_key(model, TOKENS, key=key, since=since)
