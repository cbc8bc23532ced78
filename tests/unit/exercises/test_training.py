import math

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from llmcourse.exercises import training as exercises
from llmcourse.learning.optim import AdamState, adamw_step


@pytest.mark.parametrize("case", exercises.adamw.cases)
def test_the_answer_is_the_packages_step(case):
    theta, g, m, v, t, rate = case
    ours, m_after, v_after = exercises.adamw.answer(*case)
    betas = (exercises.BETA1, exercises.BETA2)
    theirs, state = adamw_step(theta, g, AdamState(t - 1, m, v), rate=rate, betas=betas, weight_decay=exercises.DECAY)
    assert_allclose(ours, theirs, rtol=1e-13)
    assert_allclose(m_after, state.mean, rtol=1e-13)
    assert_allclose(v_after, state.square, rtol=1e-13)


def test_the_first_case_is_torchs_first_step():
    theta, g, *_, rate = exercises.adamw.cases[0]
    parameter = torch.nn.Parameter(torch.from_numpy(theta.copy()))
    parameter.grad = torch.from_numpy(g)
    torch.optim.AdamW([parameter], lr=rate, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.1).step()
    assert_allclose(exercises.adamw.answer(*exercises.adamw.cases[0])[0], parameter.detach().numpy(), rtol=1e-12)


def test_the_numbers_are_what_the_questions_ask():
    uniform = torch.nn.functional.cross_entropy(torch.zeros(2, 50_257, dtype=torch.float64), torch.tensor([3, 7]))
    assert exercises.first_loss.answer == pytest.approx(uniform.item())
    tokens = 1000
    assert exercises.bits_of_a_byte.answer == pytest.approx(3.0 * tokens / math.log(2) / (2.5 * tokens))


def test_right_solutions_written_another_way_pass():
    def with_corrected_rate(theta, g, m, v, t, rate):
        m, v = m + 0.1 * (g - m), v + 0.05 * (g * g - v)
        scale = np.sqrt(1 - 0.95**t) / (1 - 0.9**t)
        return theta * (1 - 0.1 * rate) - rate * scale * m / (np.sqrt(v) + 1e-8 * np.sqrt(1 - 0.95**t)), m, v

    assert exercises.adamw.check(with_corrected_rate).passed
    assert exercises.first_loss.check(10.82).passed
    assert exercises.bits_of_a_byte.check(1.73).passed
