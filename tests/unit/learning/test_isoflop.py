import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from llmcourse.learning.isoflop import optima, optimum, power_law
from llmcourse.learning.scaling import LossLaw
from llmcourse.learning.scaling_fit import Runs

SYMMETRIC = LossLaw(1.0, 20.0, 20.0, 0.5, 0.5)


def isoflop(law: LossLaw, compute: float, factors: np.ndarray) -> Runs:
    n = law.optimal_parameters(compute) * factors
    return Runs(n, compute / (6 * n), law.isoflop(n, compute))


@given(st.floats(100.0, 1e9), st.floats(1.0, 5.0), st.floats(0.01, 2.0), st.integers(3, 9), st.floats(0.1, 0.9))
def test_the_vertex_of_an_exact_parabola_comes_back(best, lowest, curvature, sizes, place):
    n = best * np.exp(3 * (np.linspace(0, 1, sizes) - place))
    compute = 6 * best * 1e6
    found = optimum(Runs(n, compute / (6 * n), lowest + curvature / 2 * np.log(n / best) ** 2))
    assert found.parameters == pytest.approx(best, rel=1e-5)
    assert found.tokens == pytest.approx(1e6, rel=1e-5)
    assert (found.loss, found.curvature) == pytest.approx((lowest, curvature), rel=1e-5)


def test_a_symmetric_laws_optimum_is_found_although_it_is_no_parabola():
    found = optimum(isoflop(SYMMETRIC, 6e10, np.geomspace(1 / 3, 3, 5)))
    assert found.parameters == pytest.approx(1e5, rel=1e-6)
    assert found.tokens == pytest.approx(1e5, rel=1e-6)


def test_approach_2_finds_the_exponent_of_the_law_and_less_so_from_lopsided_sizes():
    law = LossLaw(1.2, 30.0, 60.0, 0.4, 0.3)
    budgets = np.array([1e10, 1e11, 1e12, 1e13])
    for factors, tolerance in ((np.geomspace(0.25, 4, 7), 1e-3), (np.geomspace(0.5, 16, 7), 0.02)):
        runs = [isoflop(law, compute, factors) for compute in budgets]
        joined = Runs(*(np.concatenate([getattr(r, f) for r in runs]) for f in ("parameters", "tokens", "loss")))
        best = optima(joined, np.repeat(budgets, 7))
        line = power_law(np.array(list(best)), np.array([one.parameters for one in best.values()]))
        assert line.exponent == pytest.approx(law.growth, abs=tolerance)


def test_the_line_is_scipys_and_its_interval_students(rng):
    x = np.geomspace(1e10, 1e13, 6)
    y = 0.3 * x**0.48 * np.exp(0.1 * rng.standard_normal(6))
    line, theirs = power_law(x, y), stats.linregress(np.log(x), np.log(y))
    assert (line.exponent, line.standard_error) == pytest.approx((theirs.slope, theirs.stderr))
    assert line.at(1e12) == pytest.approx(np.exp(theirs.intercept + theirs.slope * np.log(1e12)))
    assert line.interval(level=0.8) == pytest.approx(stats.t(4, theirs.slope, theirs.stderr).interval(0.8))


def test_the_interval_covers_about_as_often_as_it_says():
    """300 lines through five points: 90% of the intervals hold the true slope, give or take 4 standard errors."""
    rng = np.random.default_rng(2)
    x = np.geomspace(1, 1e4, 5)
    hits = 0
    for _ in range(300):
        low, high = power_law(x, 2 * x**0.5 * np.exp(0.3 * rng.standard_normal(5))).interval()
        hits += low <= 0.5 <= high
    assert 0.9 - 0.07 < hits / 300 < 0.9 + 0.07


def test_what_has_no_optimum_is_refused():
    law, good = SYMMETRIC, isoflop(SYMMETRIC, 6e10, np.array([0.5, 1.0, 2.0]))
    with pytest.raises(ValueError, match="2 sizes do not make a parabola"):
        optimum(good.take(np.array([0, 1, 1])))
    with pytest.raises(ValueError, match=r"between 3e\+10 and 6e\+10 FLOP: not one budget"):
        optimum(Runs(good.parameters, good.tokens * np.array([0.5, 1, 1]), good.loss))
    with pytest.raises(ValueError, match="opens downward"):
        optimum(Runs(good.parameters, good.tokens, 5 - good.loss))
    with pytest.raises(ValueError, match=r"outside the 2e\+05 to 1.6e\+06 that were tried: train smaller ones"):
        optimum(isoflop(law, 6e10, np.geomspace(2, 16, 5)))
    with pytest.raises(ValueError, match="train larger ones"):
        optimum(isoflop(law, 6e10, np.geomspace(1 / 16, 1 / 2, 5)))
    with pytest.raises(ValueError, match=r"budget 6e\+10: 2 sizes do not"):
        optima(good, np.array([6e10, 6e10, 7e10]))
    with pytest.raises(ValueError, match="2 points: a line"):
        power_law(np.array([1.0, 2.0]), np.array([1.0, 2.0]))
    with pytest.raises(ValueError, match="all points stand at x = 3"):
        power_law(np.full(4, 3.0), np.arange(1.0, 5.0))
    with pytest.raises(ValueError, match="y must be positive and finite, got 0"):
        power_law(np.arange(1.0, 4.0), np.array([1.0, 0.0, 2.0]))
    with pytest.raises(ValueError, match="level must lie between 0 and 1, got 1"):
        power_law(np.arange(1.0, 4.0), np.arange(1.0, 4.0)).interval(level=1)
