"""Exercises of page 10.1 about adapters: a message for each mistake, and the package's values as answers."""

import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from llmcourse.alignment.lora import LoRALinear, lora_count
from llmcourse.exercises import lora as exercises


@pytest.mark.parametrize("case", exercises.adapted.cases)
def test_the_adapted_layer_is_the_packages(case):
    x, w, a, b, alpha = case
    layer = LoRALinear(
        nn.Linear(w.shape[1], w.shape[0], bias=False), rank=len(a), alpha=alpha, generator=torch.Generator()
    )
    layer.base.weight.data, layer.a.data, layer.b.data = (torch.from_numpy(part) for part in (w, a, b))
    assert_allclose(exercises.adapted.answer(*case), layer(torch.from_numpy(x)).detach().numpy(), rtol=1e-12)


def test_the_number_is_what_the_question_asks():
    assert exercises.adapter_size.answer == 32 * 4 * lora_count(4096, 4096, 16) == 16_777_216
    assert exercises.adapter_size.check(2**24).passed


def test_a_right_layer_written_another_way_passes():
    assert exercises.adapted.check(lambda x, w, a, b, alpha: x @ w.T + alpha / len(a) * (x @ a.T) @ b.T).passed


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (65_536, "one thin matrix."),
        (2_097_152, "one thin matrix a layer"),
        (33_554_432, "doubled"),
        (12_582_912, "three matrices"),
        (262_144, "one layer's four"),
    ],
)
def test_a_number_that_comes_to_mind_gets_its_reason(number, said):
    verdict = exercises.adapter_size.check(number)
    assert not verdict.passed
    assert said in verdict.message


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        (lambda x, w, a, b, al: x @ w.T + al**2 / len(a) * x @ a.T @ b.T, "α stands in it twice"),
        (lambda x, w, a, b, al: x @ w.T + (al / len(a) * x @ a.T) @ (al / len(a) * b).T, "scale stands in it twice"),
        (lambda x, w, a, b, al: al / len(a) * x @ w.T + x @ a.T @ b.T, "scaled the frozen matrix. "),
        (lambda x, w, a, b, al: x @ w.T + x @ a.T @ b.T / len(a), "left α out"),
        (lambda x, w, a, b, al: x @ w.T - al / len(a) * x @ a.T @ b.T, "sign"),
        (lambda x, w, a, b, al: x @ a.T @ b.T, "alone"),
    ],
)
def test_a_layer_that_comes_to_mind_gets_its_reason(layer, said):
    assert said in exercises.adapted.check(layer).message
