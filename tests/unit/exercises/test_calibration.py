import math

import numpy as np
import pytest
from scipy.stats import binom
from sklearn.calibration import calibration_curve

from llmcourse.exercises import calibration


def test_the_luck_by_hand_is_the_mean_absolute_deviation_of_a_binomial():
    """A share of 100 cases of probability .8, from its exact distribution; the exercise takes it as normal."""
    hits = np.arange(101)
    exact = float(binom.pmf(hits, 100, 0.8) @ np.abs(hits / 100 - 0.8))
    assert exact == pytest.approx(calibration.luck_by_hand.answer, rel=calibration.luck_by_hand.tolerance)


def test_the_best_statement_is_the_lowest_point_of_the_expected_loss():
    q = np.linspace(0, 1, 1001)
    assert q[np.argmin(0.7 * (1 - q) + 0.3 * q)] == pytest.approx(calibration.best_statement.answer)


def test_the_temperature_by_hand():
    """A pick that is right 6 times in 10, four others share the rest: odds .6 to .1, so 3/τ = ln 6."""
    assert calibration.temperature_by_hand.answer == pytest.approx(3 / math.log(6))


@pytest.mark.parametrize("case", calibration.reliability.cases)
def test_the_diagram_is_scikit_learns(case):
    z, answer, tau, number = case
    p = np.exp(z / tau) / np.exp(z / tau).sum(axis=-1, keepdims=True)
    share, confidence = calibration_curve(z.argmax(axis=-1) == answer, p.max(axis=-1), n_bins=number)
    np.testing.assert_allclose(calibration.reliability.answer(*case), [confidence, share])
