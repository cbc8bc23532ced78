import math

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from llmcourse.exercises import rotary as exercises
from llmcourse.transformer.rope_scaling import frequencies
from llmcourse.transformer.rotary import rotate


def test_the_answers_are_those_of_the_package():
    q, k = (torch.tensor([x], dtype=torch.float64) for x in ([3.0, 0.0], [0.0, 2.0]))
    # A head of width 4 with base 100 has the frequencies 1 and 1/10; the second pair is ours.
    wide = [torch.cat((torch.zeros(1, 2, dtype=torch.float64), x), dim=1) for x in (q, k)]
    score = rotate(wide[0], torch.tensor([25]), base=100) @ rotate(wide[1], torch.tensor([10]), base=100).mT
    assert exercises.score_by_hand.answer == pytest.approx(float(score))
    turns = 4096 * frequencies(128, base=1e4) / (2 * math.pi)
    assert exercises.whole_turns.answer == int((turns >= 1).sum())
    llama3 = 8192 * frequencies(128, base=5e5) / (2 * math.pi)
    assert (llama3 >= 1).sum() == 35  # the solution says so
    for x, t, base in exercises.rotated.cases:
        theirs = rotate(torch.from_numpy(x)[None], torch.tensor([t]), base=base, pairs="half")[0]
        assert_allclose(exercises.rotated.answer(x, t, base), theirs.numpy())


def test_the_wrong_numbers_are_what_their_mistakes_give():
    """46 pairs of 64, and the usual slips on the way there."""
    reach = lambda base, radians: 64 * math.log(4096 / radians) / math.log(base)  # noqa: E731
    last = math.floor(reach(1e4, 2 * math.pi))
    whole = {value for value, _ in exercises.whole_turns.misconceptions}
    assert whole == {
        64 - (last + 1),
        last,
        math.floor(reach(5e5, 2 * math.pi)) + 1,
        min(64, math.floor(2 * reach(1e4, 2 * math.pi)) + 1),
        math.floor(reach(1e4, 1)) + 1,
    }


def test_right_solutions_written_another_way_pass():
    def with_complex_numbers(x, t, base):
        z = (x[: len(x) // 2] + 1j * x[len(x) // 2 :]) * np.exp(1j * t * base ** (-np.arange(0, len(x), 2) / len(x)))
        return np.concatenate((z.real, z.imag))

    assert exercises.rotated.check(with_complex_numbers).passed
    assert exercises.score_by_hand.check(5.98).passed
