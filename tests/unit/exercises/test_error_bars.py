import math

import pytest
from numpy.testing import assert_allclose

from llmcourse.evaluation import intervals, paired, ranking
from llmcourse.exercises import error_bars as exercises


def test_the_numbers_are_the_packages():
    low, high = intervals.wald(240, 400)
    assert exercises.half_width.answer == pytest.approx(100 * (high - low) / 2, rel=1e-4)
    assert math.ceil(exercises.items_for_three_points.answer) == ranking.items_needed(0.03, 0.4)


def test_the_functions_are_the_packages():
    for k, n, z in exercises.wilson.cases:
        level = math.erf(z / math.sqrt(2))
        assert_allclose(exercises.wilson.answer(k, n, z), intervals.wilson(k, n, level=level), atol=1e-9)
    for a, b in exercises.paired_error.cases:
        assert exercises.paired_error.answer(a, b) == pytest.approx(paired.paired_difference(a, b).error)
