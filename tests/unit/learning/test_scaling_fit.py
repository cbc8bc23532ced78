import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import huber as scipy_huber

from llmcourse.learning.scaling import LossLaw
from llmcourse.learning.scaling_fit import Bootstrap, Runs, bootstrap, fit_law, forecast, huber, percentiles, residuals

TRUTH = LossLaw(1.2, 30.0, 60.0, 0.35, 0.33)


def design(law: LossLaw, *, budgets=(1e11, 3e11, 1e12, 3e12, 1e13), sizes=5) -> tuple[np.ndarray, np.ndarray]:
    """Parameters and tokens of an isoFLOP design: at each budget, sizes from a fifth to five times the best one."""
    compute = np.repeat(budgets, sizes)
    n = law.optimal_parameters(compute) * np.tile(np.geomspace(0.2, 5, sizes), len(budgets))
    return n, compute / (6 * n)


def noisy(law: LossLaw, rng: np.random.Generator, noise: float) -> Runs:
    n, d = design(law)
    return Runs(n, d, law.loss(n, d) * np.exp(noise * rng.standard_normal(n.size)))


def test_huber_is_scipys(rng):
    r = 3 * rng.standard_normal((2, 9))
    np.testing.assert_allclose(huber(r, 0.7), scipy_huber(0.7, r))


def test_residuals_by_hand():
    runs = Runs(np.array([400.0, 100.0]), np.array([900.0, 225.0]), np.array([3.0, 5.5]))
    np.testing.assert_allclose(residuals(LossLaw(1.0, 20.0, 30.0, 0.5, 0.5), runs), [0, np.log(1.1)], atol=1e-15)


@settings(max_examples=15)
@given(
    st.floats(0.3, 2.5), st.floats(0.15, 0.6), st.floats(0.15, 0.6), st.floats(0.1, 1.0), st.floats(0.1, 1.0)
)  # fmt: skip
def test_constants_come_back_from_runs_without_noise(floor, alpha, beta, of_size, of_data):
    """The shortages are ``of_size`` and ``of_data`` for 100,000 parameters and for a million tokens."""
    law = LossLaw(floor, of_size * 1e5**alpha, of_data * 1e6**beta, alpha, beta)
    n, d = design(law)
    found = fit_law(Runs(n, d, law.loss(n, d)))
    assert (found.size_exponent, found.data_exponent) == pytest.approx((alpha, beta), rel=1e-3)
    assert found.floor == pytest.approx(floor, abs=2e-3)
    assert found.optimal_parameters(1e14) == pytest.approx(law.optimal_parameters(1e14), rel=1e-2)


def test_constants_come_back_roughly_from_noisy_runs(rng):
    found = fit_law(noisy(TRUTH, rng, 0.003))
    assert found.floor == pytest.approx(1.2, abs=0.1)
    assert found.growth == pytest.approx(TRUTH.growth, abs=0.03)


def test_a_run_that_went_wrong_does_not_pull_the_law(rng):
    runs = noisy(TRUTH, rng, 0.001)
    spoiled = Runs(runs.parameters, runs.tokens, np.where(np.arange(25) == 12, 1.5, 1.0) * runs.loss)
    fair, robust = fit_law(runs), fit_law(spoiled)
    assert robust.loss(1e6, 1e7) == pytest.approx(fair.loss(1e6, 1e7), rel=0.002)
    squares = fit_law(spoiled, delta=10.0)
    assert abs(squares.loss(1e6, 1e7) - fair.loss(1e6, 1e7)) > 5 * abs(robust.loss(1e6, 1e7) - fair.loss(1e6, 1e7))


def test_other_units_change_the_scales_and_nothing_else(rng):
    runs = noisy(TRUTH, rng, 0.003)
    law = fit_law(runs)
    other = fit_law(Runs(runs.parameters * 1e6, runs.tokens * 1e3, runs.loss))
    assert (other.size_exponent, other.data_exponent) == pytest.approx((law.size_exponent, law.data_exponent), rel=1e-4)
    assert other.floor == pytest.approx(law.floor, rel=1e-4)
    assert other.size_scale == pytest.approx(law.size_scale * 1e6**law.size_exponent, rel=1e-2)
    assert other.loss(1e13, 1e11) == pytest.approx(law.loss(1e7, 1e8), rel=1e-5)


def test_without_a_floor_the_exponents_are_too_small():
    n, d = design(TRUTH)
    runs = Runs(n, d, TRUTH.loss(n, d))
    law = fit_law(runs, floor=False)
    assert law.floor == 0
    assert law.size_exponent < 0.9 * TRUTH.size_exponent
    assert law.data_exponent < 0.5 * TRUTH.data_exponent
    assert law.loss(1e12, 1e14) < 0.9 * TRUTH.loss(1e12, 1e14)  # its forecasts fall through the floor


def test_records_become_runs():
    record = {"parameters": 100, "tokens": 2000, "loss": 1.5, "seed": 0}
    runs = Runs.from_records([record, record | {"loss": 1.25}])
    assert (len(runs), runs.parameters.tolist(), runs.loss.tolist()) == (2, [100.0, 100.0], [1.5, 1.25])
    assert runs.take(np.array([False, True])).loss.tolist() == [1.25]
    assert len(Runs.from_records([])) == 0


def test_the_bootstrap_covers_about_as_often_as_it_says():
    """20 worlds: a 90% interval should hold the truth in 18 of them; fewer than 15 has a chance of 1%."""
    rng = np.random.default_rng(5)
    hits = {"growth": 0, "loss": 0, "new run": 0}
    n, d = TRUTH.optimal_parameters(1e14), TRUTH.optimal_tokens(1e14)
    for _ in range(20):
        runs = noisy(TRUTH, rng, 0.005)
        law = fit_law(runs, attempts=2)
        laws = bootstrap(runs, law, rng=rng, resamples=30)
        low, high = laws.interval(lambda one: one.growth)
        hits["growth"] += low <= TRUTH.growth <= high
        low, high = laws.interval(lambda one: one.loss(n, d))
        hits["loss"] += low <= TRUTH.loss(n, d) <= high
        low, high = forecast(laws, runs, law, n, d, rng=rng)
        hits["new run"] += low <= TRUTH.loss(n, d) * np.exp(0.005 * rng.standard_normal()) <= high
    assert all(15 <= hit for hit in hits.values()), hits


def test_more_noise_gives_wider_intervals_and_the_same_seed_the_same(rng):
    quiet, loud = noisy(TRUTH, rng, 0.001), noisy(TRUTH, rng, 0.01)
    widths = []
    for runs in (quiet, loud):
        law = fit_law(runs, attempts=2)
        laws = bootstrap(runs, law, rng=np.random.default_rng(1), resamples=20)
        assert laws == bootstrap(runs, law, rng=np.random.default_rng(1), resamples=20)
        low, high = laws.interval(lambda one: one.floor)
        widths.append(high - low)
    assert widths[1] > 3 * widths[0]


def test_a_forecast_is_wider_than_the_laws_alone(rng):
    runs = noisy(TRUTH, rng, 0.01)
    law = fit_law(runs, attempts=2)
    laws = bootstrap(runs, law, rng=rng, resamples=60)
    inside = laws.interval(lambda one: one.loss(1e5, 1e6))
    low, high = forecast(laws, runs, law, 1e5, 1e6, rng=rng)
    assert high - low > inside[1] - inside[0]


def test_percentiles_leave_out_as_many_on_each_side():
    assert percentiles(np.arange(101.0), 0.9) == pytest.approx((5, 95))


def test_what_cannot_be_fitted_is_refused(rng):
    runs = noisy(TRUTH, rng, 0.003)
    with pytest.raises(ValueError, match="4 runs cannot tell 5 unknowns"):
        fit_law(runs.take(np.arange(4)))
    fit_law(runs.take(np.arange(0, 25, 6)), floor=False)  # 5 runs for 4 unknowns
    same = Runs(np.full(6, 1e5), np.geomspace(1e6, 1e7, 6), np.linspace(3, 2, 6))
    with pytest.raises(ValueError, match="all runs have 100000 parameters"):
        fit_law(same)
    with pytest.raises(ValueError, match=r"all runs have 100000 tokens"):
        fit_law(Runs(same.tokens, same.parameters, same.loss))
    with pytest.raises(ValueError, match="do not improve with data"):
        fit_law(Runs(runs.parameters, runs.tokens, 1 + 30 * runs.parameters**-0.4 + 0.002 * runs.tokens**0.3))
    with pytest.raises(ValueError, match="delta must be positive, got 0"):
        fit_law(runs, delta=0.0)
    with pytest.raises(ValueError, match="loss must be positive and finite, got -1"):
        Runs(np.ones(1), np.ones(1), -np.ones(1))
    with pytest.raises(ValueError, match="resamples must be at least 2, got 1"):
        bootstrap(runs, TRUTH, rng=rng, resamples=1)
    with pytest.raises(ValueError, match="3 resamples of 4 runs had no law: train more runs"):
        bootstrap(runs.take(np.arange(4)), TRUTH, rng=rng, resamples=2)
    laws = Bootstrap((TRUTH, TRUTH), 0)
    with pytest.raises(ValueError, match="5 runs leave nothing over"):
        forecast(laws, runs.take(np.arange(5)), TRUTH, 1e5, 1e6, rng=rng)
    with pytest.raises(ValueError, match=r"level must lie between 0 and 1, got 90"):
        laws.interval(lambda one: one.floor, level=90)
