import cmath
import math

import pytest
import torch

from llmcourse.exercises import fourier as exercises
from llmcourse.transformer.fourier import alias, score_waves
from llmcourse.transformer.positions import wavelengths


def test_a_right_solution_written_another_way_passes():
    def pair_by_pair(q, k):
        z = [complex(q[i], q[i + 1]) / complex(k[i], k[i + 1]) * abs(complex(k[i], k[i + 1])) ** 2 for i in
             range(0, len(q), 2)]  # fmt: skip
        return [abs(one) / len(q) ** 0.5 for one in z], [cmath.phase(one) for one in z]

    assert exercises.amplitudes_and_phases.check(pair_by_pair).passed
    assert exercises.amplitudes_and_phases.check(lambda *args: None).status == "not attempted"


def test_the_answers_are_what_the_package_computes():
    folded = alias(torch.tensor(280.0, dtype=torch.float64).deg2rad()).rad2deg().item()
    assert folded == pytest.approx(exercises.folded_angle.answer)
    assert (wavelengths(64, base=1e5) > 2048).sum().item() == exercises.slow_clocks.answer == 15
    q, k = exercises.amplitudes_and_phases.cases[0]
    ours = score_waves(torch.from_numpy(q), torch.from_numpy(k))
    for mine, theirs in zip(ours, exercises.amplitudes_and_phases.answer(q, k), strict=True):
        assert mine.tolist() == pytest.approx(theirs.tolist())
    assert math.isfinite(ours[1][0])
