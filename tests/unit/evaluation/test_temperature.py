"""The fitted temperature against the condition it solves, against recovery of a known one, and at its limits."""

import numpy as np
import pytest

from llmcourse.evaluation.proper import nll
from llmcourse.evaluation.temperature import fit_temperature, nll_slope
from llmcourse.language.softmax import softmax


@pytest.fixture
def items(rng):
    z = 3 * rng.standard_normal((400, 4))
    label = np.array([rng.choice(4, p=p) for p in softmax(z, temperature=2.0)])
    return z, label


def test_it_recovers_the_temperature_that_made_the_labels(rng):
    z = 3 * rng.standard_normal((40_000, 4))
    label = (softmax(z, temperature=2.0).cumsum(axis=-1) < rng.random((40_000, 1))).sum(axis=-1)
    assert fit_temperature(z, label) == pytest.approx(2.0, rel=0.03)


def test_there_the_expected_logit_is_the_right_one_and_no_neighbor_is_better(items):
    z, label = items
    fitted = fit_temperature(z, label)
    assert nll_slope(z, label, 1 / fitted) == pytest.approx(0, abs=1e-9)
    best = nll(softmax(z, temperature=fitted), label)
    for factor in (0.5, 0.9, 0.99, 1.01, 1.1, 2.0):
        assert nll(softmax(z, temperature=factor * fitted), label) > best


def test_the_slope_is_the_derivative_of_the_mean_surprise(items):
    z, label = items
    for beta in (0.2, 0.7, 1.5):
        h = 1e-6
        up, down = (nll(softmax((beta + d) * z), label) for d in (h, -h))
        assert nll_slope(z, label, beta) == pytest.approx((up - down) / (2 * h), abs=1e-7)


def test_the_slope_grows_so_the_surprise_is_convex_in_one_over_the_temperature(items):
    z, label = items
    slopes = [nll_slope(z, label, beta) for beta in np.linspace(0, 5, 60)]
    assert (np.diff(slopes) > 0).all()


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
def test_scaled_logits_need_a_scaled_temperature_and_a_shift_of_a_row_needs_none(items, rng, scale):
    z, label = items
    fitted = fit_temperature(z, label)
    assert fit_temperature(scale * z, label) == pytest.approx(scale * fitted, rel=1e-8)
    assert fit_temperature(z + rng.standard_normal((400, 1)), label) == pytest.approx(fitted, rel=1e-8)


def test_refuses_where_the_best_temperature_is_zero_or_infinite():
    z = np.array([[2.0, 0.0], [0.0, 3.0]])
    with pytest.raises(ValueError, match="each of the 2 labels has its row's largest logit"):
        fit_temperature(z, np.array([0, 1]))
    with pytest.raises(ValueError, match=r"the labels' logits lie -1\.25 above"):
        fit_temperature(z, np.array([1, 0]))
    with pytest.raises(ValueError, match="lie 0 above"):
        fit_temperature(np.zeros((3, 2)), np.array([1, 0, 0]))


@pytest.mark.parametrize(("z", "label", "message"), [
    ([[1.0, 0.0]], [0, 1], "1 rows of logits and 2 labels"),
    ([[1.0, np.inf]], [0], "row 0 has a logit that is not finite"),
    ([[1.0, 0.0]], [2], r"must lie in 0 \.\.\. 1, got 2"),
    (np.zeros((0, 2)), np.zeros(0, dtype=int), "0 rows"),
])  # fmt: skip
def test_refuses_what_is_no_table_of_logits(z, label, message):
    with pytest.raises(ValueError, match=message):
        fit_temperature(np.array(z), np.array(label))


def test_refuses_a_negative_beta():
    with pytest.raises(ValueError, match=r"must not be negative, got -0\.5"):
        nll_slope(np.array([[1.0, 0.0]]), np.array([0]), -0.5)
