import math

import pytest
from scipy.optimize import minimize_scalar

from llmcourse.exercises import scaling


def test_the_days_by_hand():
    """7.2e23 FLOP at 4e17 a second are 1.8e6 seconds."""
    assert scaling.days.answer == pytest.approx(1.8e6 / 86_400)


def test_the_compute_that_halves_what_is_above_the_floor():
    alpha, beta = 0.3478, 0.3658

    def gap(compute):
        shortage = lambda x: 482.01 * math.exp(-alpha * x) + 2085.43 * (compute / 6 / math.exp(x)) ** -beta  # noqa: E731
        return minimize_scalar(shortage, (15, 30)).fun

    assert gap(1e22 * scaling.halving.answer) == pytest.approx(gap(1e22) / 2, rel=1e-6)


@pytest.mark.parametrize("case", scaling.allocation.cases)
def test_the_allocation_is_the_lowest_point(case):
    compute, a, b, alpha, beta = case
    n, d = scaling.allocation.answer(*case)
    assert 6 * n * d == pytest.approx(compute)
    loss = lambda x: a * math.exp(-alpha * x) + b * (compute / 6 / math.exp(x)) ** -beta  # noqa: E731
    found = minimize_scalar(loss, (math.log(n) - 3, math.log(n) + 3)).x
    assert math.exp(found) == pytest.approx(n, rel=1e-5)
