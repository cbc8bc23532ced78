"""Exercises of page 10.1: each mistake gets its own message, and the answers are the package's values."""

import math

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from llmcourse.alignment.lora import LoRALinear, lora_count
from llmcourse.alignment.sft import answer_loss
from llmcourse.exercises import sft as exercises


@pytest.mark.parametrize("case", exercises.masked_loss.cases)
def test_the_masked_loss_is_the_packages(case):
    logp, tokens, counts = (torch.from_numpy(part) for part in case)
    assert exercises.masked_loss.answer(*case) == pytest.approx(answer_loss(logp, tokens, counts).item())


@pytest.mark.parametrize("case", exercises.adapted.cases)
def test_the_adapted_layer_is_the_packages(case):
    x, w, a, b, alpha = case
    layer = LoRALinear(
        nn.Linear(w.shape[1], w.shape[0], bias=False), rank=len(a), alpha=alpha, generator=torch.Generator()
    )
    layer.base.weight.data, layer.a.data, layer.b.data = (torch.from_numpy(part) for part in (w, a, b))
    assert_allclose(exercises.adapted.answer(*case), layer(torch.from_numpy(x)).detach().numpy(), rtol=1e-12)


def test_the_numbers_are_what_the_questions_ask():
    assert exercises.adapter_size.answer == 32 * 4 * lora_count(4096, 4096, 16) == 16_777_216
    logits = torch.log(torch.tensor([[[0.5, 0.5, 0, 0], [0.25, 0.75, 0, 0], [0.5, 0.5, 0, 0], [0.125, 0.875, 0, 0],
                                      [0.5, 0.5, 0, 0], [1, 0, 0, 0]]]))  # fmt: skip
    counts = torch.tensor([[False, False, False, True, True, True]])
    found = answer_loss(logits, torch.zeros(1, 6, dtype=torch.int64), counts)
    assert exercises.answer_surprise.answer == pytest.approx(found.item())


def test_right_solutions_written_another_way_pass():
    def with_a_loop(logp, tokens, counts):
        prices = [
            -logp[row, t - 1, tokens[row, t]]
            for row in range(len(tokens))
            for t in range(1, tokens.shape[1])
            if counts[row, t]
        ]
        return sum(prices) / len(prices)

    assert exercises.masked_loss.check(with_a_loop).passed
    assert exercises.adapted.check(lambda x, w, a, b, alpha: x @ w.T + alpha / len(a) * (x @ a.T) @ b.T).passed
    assert all(exercises.answer_surprise.check(number).passed for number in (1.15, 1.155, 1.16))
    assert not exercises.answer_surprise.check(1.11).passed
    assert exercises.adapter_size.check(2**24).passed
    assert math.isclose(np.log(32) / 3, exercises.answer_surprise.answer)
