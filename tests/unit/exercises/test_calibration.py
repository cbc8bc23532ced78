import math

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from llmcourse.exercises import calibration


def test_the_error_by_hand():
    """Five cases at .6 of which two happen, five at .9 which all do: (.2 + .1)/2."""
    assert calibration.ece_by_hand.answer == pytest.approx(0.15)


def test_the_best_statement_is_the_lowest_point_of_the_expected_loss():
    q = np.linspace(0, 1, 1001)
    assert q[np.argmin(0.7 * (1 - q) ** 2 + 0.3 * q**2)] == pytest.approx(calibration.best_statement.answer)


def test_the_temperature_by_hand():
    """A pick that is right 6 times in 10, four others share the rest: odds .6 to .1, so 3/τ = ln 6."""
    assert calibration.temperature_by_hand.answer == pytest.approx(3 / math.log(6))


@pytest.mark.parametrize("case", calibration.reliability.cases)
def test_the_diagram_is_scikit_learns(case):
    z, answer, tau, number = case
    p = np.exp(z / tau) / np.exp(z / tau).sum(axis=-1, keepdims=True)
    share, confidence = calibration_curve(z.argmax(axis=-1) == answer, p.max(axis=-1), n_bins=number)
    np.testing.assert_allclose(calibration.reliability.answer(*case), [confidence, share])
