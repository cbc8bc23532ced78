"""Oracles: scikit-learn (scores, reliability curve, logistic regression), scipy, and examples that others published."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss

from llmcourse.evaluation.calibration import bins, calibration_error
from llmcourse.evaluation.proper import binary_brier, binary_nll, brier, nll
from llmcourse.evaluation.temperature import fit_temperature


@pytest.fixture
def events(rng):
    q = rng.beta(0.7, 0.9, 500).round(2)  # rounded: many ties, and many on the edges of bins
    return np.clip(q, 0.01, 0.99), rng.integers(0, 2, 500)


@pytest.fixture
def rows(rng):
    return rng.dirichlet([0.5, 1.0, 2.0], 300), rng.integers(0, 3, 300)


def test_scores_are_those_of_scikit_learn(events, rows):
    q, happened = events
    assert binary_brier(q, happened) == pytest.approx(brier_score_loss(happened, q), rel=1e-12)
    assert binary_nll(q, happened) == pytest.approx(log_loss(happened, q), rel=1e-12)
    p, label = rows
    assert nll(p, label) == pytest.approx(log_loss(label, p), rel=1e-12)
    assert brier(p, label) == pytest.approx(brier_score_loss(label, p, scale_by_half=False), rel=1e-12)


def test_published_values_of_scikit_learns_documentation():
    assert binary_brier(np.array([0.1, 0.9, 0.8, 0.3]), np.array([0, 1, 1, 0])) == pytest.approx(0.0375, abs=1e-12)
    p = np.array([[0.1, 0.9], [0.9, 0.1], [0.8, 0.2], [0.35, 0.65]])
    assert nll(p, np.array([1, 0, 0, 1])) == pytest.approx(0.21616, abs=1e-5)  # spam, ham, ham, spam


@pytest.mark.parametrize(("rule", "strategy"), [("width", "uniform"), ("mass", "quantile")])
@pytest.mark.parametrize("number", [2, 5, 10, 15])
def test_the_diagram_is_scikit_learns(events, rule, strategy, number):
    q, happened = events
    found = bins(q, happened, number=number, rule=rule)
    share, confidence = calibration_curve(happened, q, n_bins=number, strategy=strategy)
    filled = found.count > 0
    np.testing.assert_allclose(found.share[filled], share)
    np.testing.assert_allclose(found.confidence[filled], confidence)


def test_the_published_three_class_example_of_torchmetrics_by_top_label():
    """MulticlassCalibrationError's documentation, three bins, by the probability of the class that was picked."""
    p = np.array([[0.25, 0.20, 0.55], [0.55, 0.05, 0.40], [0.10, 0.30, 0.60], [0.90, 0.05, 0.05]])
    right = (p.argmax(axis=-1) == np.array([0, 1, 2, 0])).astype(int)
    found = [calibration_error(p.max(axis=-1), right, number=3, norm=norm) for norm in ("l1", "l2", "max")]
    np.testing.assert_allclose(found, [0.2, 0.2081666, 0.2333333], atol=1e-6)


def test_the_temperature_is_that_of_a_bounded_search_over_scipys_log_softmax(rng):
    z, label = 2 * rng.standard_normal((300, 5)), rng.integers(0, 5, 300)
    label = np.where(rng.random(300) < 0.5, z.argmax(axis=-1), label)
    found = minimize_scalar(
        lambda tau: -log_softmax(z / tau, axis=-1)[np.arange(300), label].mean(),
        bounds=(0.05, 50), method="bounded", options={"xatol": 1e-10},
    )  # fmt: skip
    assert fit_temperature(z, label) == pytest.approx(found.x, rel=1e-6)


def test_with_two_classes_it_is_logistic_regression_without_intercept(rng):
    """p(1) = σ((z₁ − z₀)/τ): the weight of the difference is 1/τ."""
    z = 2 * rng.standard_normal((500, 2))
    label = (rng.random(500) < 1 / (1 + np.exp(-(z[:, 1] - z[:, 0]) / 1.7))).astype(int)
    fit = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-10).fit((z[:, 1] - z[:, 0])[:, None], label)
    assert fit_temperature(z, label) == pytest.approx(1 / fit.coef_[0, 0], rel=1e-5)
