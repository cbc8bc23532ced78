import math

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from llmcourse.evaluation.likelihood import bits_per_byte, sliding_surprises
from llmcourse.inference.reading import token_surprises
from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.llama import Llama

CONFIG = ModelConfig(vocab=37, width=16, layers=2, heads=4, kv_heads=2, ffn_width=24, context=16, tied=True)
TOKENS = torch.randint(0, 37, (75,), generator=torch.Generator().manual_seed(1)).tolist()


@pytest.fixture(scope="module")
def model():
    made = Llama(CONFIG).initialize(torch.Generator().manual_seed(0), std=0.4)
    return made.double().requires_grad_(False).eval()


def one_by_one(model, tokens, context, stride):
    """Each token's surprise in the window that counts it, computed alone."""
    found = []
    for t in range(1, len(tokens)):
        end = context if t <= context else context + math.ceil((t - context) / stride) * stride
        end = min(end, len(tokens) - 1)  # the last window ends where the text does
        window = tokens[max(0, end - context) : t]
        found.append(-model(torch.tensor([window]))[0, -1].log_softmax(-1)[tokens[t]])
    return torch.stack(found).float()  # the logits are float32 there


@pytest.mark.parametrize("stride", [1, 3, 8, 16])
@pytest.mark.parametrize("count", [2, 16, 17, 18, 33, 75])
def test_each_token_is_counted_once_with_the_context_that_the_stride_leaves_it(model, stride, count):
    ours = sliding_surprises(model, TOKENS[:count], stride=stride, batch=3)
    assert len(ours) == count - 1
    assert_close(ours, one_by_one(model, TOKENS[:count], 16, stride), atol=1e-5, rtol=1e-5)


def test_a_stride_of_one_gives_each_token_the_whole_context(model):
    ours = sliding_surprises(model, TOKENS, stride=1)
    for t in (20, 41, 74):
        logp = model(torch.tensor([TOKENS[t - 16 : t]]))[0, -1].log_softmax(-1)
        assert ours[t - 1].item() == pytest.approx(-logp[TOKENS[t]].item(), abs=1e-5)


def test_inside_one_context_it_is_what_reading_says_in_nats(model):
    ours = sliding_surprises(model, TOKENS[:17], stride=4).double()  # computed in float32
    assert_close(ours, math.log(2) * token_surprises(model, TOKENS[:17]), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("batch", [1, 2, 100])
def test_the_batch_changes_nothing(model, batch):
    assert_close(sliding_surprises(model, TOKENS, stride=5, batch=batch), sliding_surprises(model, TOKENS, stride=5))


def test_a_shorter_context_is_that_of_a_model_with_it(model):
    short = model.reconfigured(ModelConfig(**{**CONFIG.__dict__, "context": 9}))
    assert_close(
        sliding_surprises(model, TOKENS, stride=4, context=9),
        sliding_surprises(short, TOKENS, stride=4),
        rtol=1e-6,
        atol=1e-6,
    )


def test_bits_per_byte_is_a_ratio_of_sums_and_not_a_mean_of_ratios(model):
    documents = [(TOKENS[:20], 50), (TOKENS[20:25], 9), (TOKENS[25:], 130)]
    nats = [sliding_surprises(model, tokens, stride=8).double().sum().item() for tokens, _ in documents]
    value, _ = bits_per_byte(model, documents, stride=8)
    assert value == pytest.approx(sum(nats) / math.log(2) / 189)
    assert bits_per_byte(model, iter(documents), stride=8)[0] == value


def test_one_document_has_no_standard_error_and_equal_ones_have_none(model):
    value, error = bits_per_byte(model, [(TOKENS, 200)], stride=8)
    assert math.isnan(error)
    twice = bits_per_byte(model, [(TOKENS, 200)] * 2, stride=8)
    assert twice == pytest.approx((value, 0.0))


class Biased(Llama):
    """A model whose surprise is 1 nat for token 0 and 3 nats for token 1, whatever came before."""

    def forward(self, tokens, **_):
        logits = torch.full((*tokens.shape, 37), -100.0)
        logits[..., 0], logits[..., 1] = -1.0, -3.0
        logits[..., 2] = math.log(1 - math.exp(-1) - math.exp(-3))
        return logits


def test_the_standard_error_is_the_spread_over_many_samples_of_documents():
    """Documents are drawn again and again; the ratio's spread is what the error should have said, on average."""
    rng, model = np.random.default_rng(0), Biased(CONFIG)

    def sample():
        documents = []
        for _ in range(12):
            share, length = rng.uniform(0.2, 0.8), int(rng.integers(8, 16))  # documents differ in what they are
            tokens = [0, *(rng.random(length) < share).astype(int).tolist()]
            documents.append((tokens, length * 4))
        return bits_per_byte(model, documents, stride=8)

    values, errors = np.array([sample() for _ in range(400)]).T
    assert errors.mean() == pytest.approx(values.std(), rel=0.1)  # 400 samples: 3.5 % of noise in the spread


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"stride": 0}, "stride must lie between 1 and the context of 16, got 0"),
        ({"stride": 17}, "stride must lie between 1 and the context of 16, got 17"),
        ({"stride": 5, "context": 4}, "the context of 4, got 5"),
        ({"stride": 1, "context": 17}, "a context of 17 is longer than the model's, 16"),
    ],
)
def test_refuses_windows_that_do_not_exist(model, settings, message):
    with pytest.raises(ValueError, match=message):
        sliding_surprises(model, TOKENS, **settings)


def test_refuses_texts_without_a_prediction(model):
    with pytest.raises(ValueError, match="at least 2 tokens, the second to be predicted, got 1"):
        sliding_surprises(model, [3], stride=4)
    with pytest.raises(ValueError, match="there are 0 documents"):
        bits_per_byte(model, [], stride=4)
    with pytest.raises(ValueError, match="a document has 0 bytes"):
        bits_per_byte(model, [(TOKENS, 0)], stride=4)
