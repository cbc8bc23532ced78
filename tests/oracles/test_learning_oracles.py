"""transformers' schedules, torch's AdamW, a transformers model trained beside ours, and lm-eval's bits per byte."""

import math

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM
from transformers.optimization import (
    get_cosine_schedule_with_warmup,
    get_cosine_with_min_lr_schedule_with_warmup,
    get_wsd_schedule,
)

from llmcourse.evaluation.likelihood import bits_per_byte
from llmcourse.learning.batches import Windows
from llmcourse.learning.optim import AdamState, adamw_step
from llmcourse.learning.schedules import cosine, stable_then_decay
from llmcourse.learning.train import train
from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.llama import Llama, llama_weights
from tests.unit.learning.small import RECIPE, TOKENS


def theirs(schedule, count: int, **settings) -> list[float]:
    """The shares of a schedule of transformers at the steps 0 to ``count``."""
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    made, shares = schedule(optimizer, **settings), []
    for _ in range(count + 1):
        shares.append(made.get_last_lr()[0])
        optimizer.step()
        made.step()
    return shares


@pytest.mark.parametrize("warmup", [0, 1, 10])
def test_the_cosine_is_transformers_at_every_step(warmup):
    expected = theirs(get_cosine_schedule_with_warmup, 110, num_warmup_steps=warmup, num_training_steps=110)
    assert_allclose([cosine(s, steps=110, warmup=warmup) for s in range(111)], expected, atol=1e-15)
    low = theirs(
        get_cosine_with_min_lr_schedule_with_warmup,
        110, num_warmup_steps=warmup, num_training_steps=110, min_lr_rate=0.1,
    )  # fmt: skip
    assert_allclose([cosine(s, steps=110, warmup=warmup, final=0.1) for s in range(111)], low, atol=1e-15)


def test_the_cosine_has_the_values_that_transformers_prints():
    """Warm-up 10 of 110 steps, as computed with transformers 5.23."""
    values = {0: 0.0, 1: 0.1, 9: 0.9, 10: 1.0, 60: 0.5, 109: 2.4672e-4}
    assert {s: cosine(s, steps=110, warmup=10) for s in values} == pytest.approx(values, abs=1e-8)


@pytest.mark.parametrize(("warmup", "decay"), [(0, 1), (5, 20), (10, 50)])
def test_the_decay_is_transformers_with_a_straight_line(warmup, decay):
    """With a final share above 0 theirs also *begins* at it; ours begins at 0. The rest is the same."""
    settings = {"num_warmup_steps": warmup, "num_decay_steps": decay, "num_training_steps": 60, "decay_type": "linear"}
    ours = [stable_then_decay(s, steps=60, warmup=warmup, decay=decay) for s in range(61)]
    assert_allclose(ours, theirs(get_wsd_schedule, 60, **settings), atol=1e-15)
    ours = [stable_then_decay(s, steps=60, warmup=warmup, decay=decay, final=0.2) for s in range(61)]
    other = theirs(get_wsd_schedule, 60, min_lr_ratio=0.2, **settings)
    assert_allclose(ours[warmup:], other[warmup:], atol=1e-15)
    assert all(a < b for a, b in zip(ours[:warmup], other[:warmup], strict=True))


@pytest.mark.parametrize("betas", [(0.9, 0.999), (0.9, 0.95), (0.0, 0.5), (0.5, 0.0)])
@pytest.mark.parametrize("decay", [0.0, 0.01, 0.3])
def test_a_step_is_torchs_over_many_steps(rng, betas, decay):
    theta = rng.standard_normal((3, 4))
    parameter = nn.Parameter(torch.from_numpy(theta.copy()))
    optimizer = torch.optim.AdamW([parameter], betas=betas, eps=1e-8, weight_decay=decay)
    state = AdamState.zeros(theta)
    for step in range(60):
        gradient, rate = 10 ** rng.uniform(-3, 3) * rng.standard_normal((3, 4)), 0.1 / (1 + step)
        parameter.grad = torch.from_numpy(gradient.copy())
        optimizer.param_groups[0]["lr"] = rate
        optimizer.step()
        theta, state = adamw_step(theta, gradient, state, rate=rate, betas=betas, weight_decay=decay)
        assert_allclose(theta, parameter.detach().numpy(), rtol=1e-10)
    remembered = optimizer.state[parameter]
    assert_allclose(state.mean, remembered["exp_avg"].numpy(), rtol=1e-10, atol=1e-12)
    assert_allclose(state.square, remembered["exp_avg_sq"].numpy(), rtol=1e-10, atol=1e-12)
    assert state.step == remembered["step"] == 60


def test_the_first_step_of_torchs_adamw_to_ten_digits():
    theta, gradient = np.array([1.0, -2.0]), np.array([0.3, -4.0])
    after, _ = adamw_step(theta, gradient, AdamState.zeros(theta), rate=0.1, weight_decay=0.01)
    assert_allclose(after, [0.8990000033, -1.898], atol=1e-9)


def test_a_training_is_that_of_transformers_model_in_a_plain_loop():
    """Another model, torch's loss, torch's clipping, transformers' schedule: the same losses, step by step."""
    config = ModelConfig(
        vocab=32, width=32, layers=2, heads=4, kv_heads=2, ffn_width=48, context=16, rope_pairs="half", tied=True
    )
    ours = Llama(config)
    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=32, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
            intermediate_size=48, max_position_embeddings=16, rms_norm_eps=1e-5, tie_word_embeddings=True,
        )
    )  # fmt: skip
    ours.load_state_dict({k: v.clone() for k, v in llama_weights(model.state_dict(), tied=True).items()})
    matrices = [p for p in model.parameters() if p.ndim > 1]
    gains = [p for p in model.parameters() if p.ndim == 1]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.1}, {"params": gains, "weight_decay": 0.0}],
        lr=RECIPE.rate, betas=RECIPE.betas, eps=RECIPE.eps,
    )  # fmt: skip
    schedule = get_cosine_with_min_lr_schedule_with_warmup(
        optimizer, RECIPE.warmup, RECIPE.steps, min_lr_rate=RECIPE.final
    )
    windows, expected = Windows(TOKENS, RECIPE.length, RECIPE.batch, RECIPE.seed), []
    for step in range(RECIPE.steps):
        rows = torch.from_numpy(windows.of_step(step))
        logits = model(input_ids=rows[:, :-1]).logits
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        expected.append(loss.item())
    losses = [record["loss"] for record in train(ours, TOKENS, RECIPE)]
    assert losses == pytest.approx(expected, rel=1e-4)  # float32, summed in another order
    assert losses[-1] < losses[0] - 0.5


class Unigram(Llama):
    """A model that predicts token 0 with probability exp(−2) and token 1 with exp(−0.5), wherever it is."""

    def forward(self, tokens, **_):
        logits = torch.full((*tokens.shape, 32), -200.0)
        logits[..., 0], logits[..., 1] = -2.0, -0.5
        logits[..., 2] = math.log(1 - math.exp(-2.0) - math.exp(-0.5))
        return logits


def test_bits_per_byte_are_lm_evals():
    """lm_eval 0.4.13, ``api.metrics``: −100 and −60 nats over 50 and 30 bytes are 2.8853901 bits per byte."""
    model = Unigram(ModelConfig(vocab=32, width=32, layers=1, heads=2, ffn_width=48, context=16, tied=True))
    documents = [([1, *[0] * 50], 50), ([1, *[0] * 20, *[1] * 40], 30)]  # 50 · 2 = 100 nats, 20 · 2 + 40 / 2 = 60
    value, _ = bits_per_byte(model, documents, stride=8)
    assert value == pytest.approx(2.8853901, rel=1e-6)  # float32 surprises
    # The Pile, section 3.1: BPB = (tokens / bytes) · loss / ln 2; with 0.29335 tokens a byte, 2 nats are 0.846429.
    one = bits_per_byte(model, [([1, *[0] * 29_335], 100_000)], stride=16)[0]
    assert one == pytest.approx(0.846429, rel=1e-5)
