import math

import pytest
import torch
from torch.testing import assert_close

from llmcourse.inference.reading import token_surprises
from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.llama import Llama

CONFIG = ModelConfig(vocab=37, width=16, layers=2, heads=4, kv_heads=2, ffn_width=24, context=64, tied=True)


@pytest.fixture
def model():
    torch.manual_seed(0)
    made = Llama(CONFIG).double().requires_grad_(False)
    made.embed.weight.mul_(8)  # so that the model has opinions
    return made


@pytest.fixture
def tokens():
    return torch.randint(0, 37, (41,), generator=torch.Generator().manual_seed(1)).tolist()


def test_it_is_torchs_cross_entropy_of_each_next_token(model, tokens):
    text = torch.tensor([tokens])
    theirs = torch.nn.functional.cross_entropy(model(text)[0, :-1], text[0, 1:], reduction="none") / math.log(2)
    assert theirs.std() > 0.1
    assert_close(token_surprises(model, tokens), theirs)


@pytest.mark.parametrize("chunk", [1, 7, 40, 1000])
@pytest.mark.parametrize("skip", [0, 1, 7, 13, 39])
def test_pieces_and_skipped_beginnings_change_no_number(model, tokens, chunk, skip):
    whole = token_surprises(model, tokens)
    assert len(whole) == 40
    assert_close(token_surprises(model, tokens, skip=skip, chunk=chunk), whole[skip:])


def test_two_tokens_are_enough_and_the_first_has_no_surprise(model):
    logp = model(torch.tensor([[3]])).log_softmax(-1)[0, 0]
    assert_close(token_surprises(model, [3, 5]), -logp[5:6] / math.log(2))


@pytest.mark.parametrize(("tokens", "skip"), [([3], 0), ([], 0), ([1, 2, 3], 2), ([1, 2, 3], -1)])
def test_refuses_what_leaves_nothing_to_predict(model, tokens, skip):
    with pytest.raises(ValueError, match=f"with {len(tokens)} tokens, skip .* got {skip}"):
        token_surprises(model, tokens, skip=skip)


def test_refuses_more_than_the_context(model):
    with pytest.raises(ValueError, match="64"):
        token_surprises(model, [1] * 70)
