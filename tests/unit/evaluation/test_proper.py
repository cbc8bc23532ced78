"""Values by hand, propriety by a grid, and each refusal. The oracle is scikit-learn (tests/oracles)."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmcourse.evaluation.proper import binary_brier, binary_nll, brier, nll

GRID = np.linspace(0.001, 0.999, 999)


@pytest.mark.parametrize("score", [binary_brier, binary_nll])
@pytest.mark.parametrize("often", [1, 3, 7, 10])
def test_stating_the_true_probability_is_the_only_best(score, often):
    """Of ten cases ``often`` happen: the mean score is the expectation under π = often/10."""
    happened = np.array([1] * often + [0] * (10 - often))
    losses = [score(np.full(10, q), happened) for q in GRID]
    honest = score(np.full(10, often / 10), happened)
    assert GRID[np.argmin(losses)] == pytest.approx(min(often / 10, GRID[-1]))
    assert sum(loss <= honest + 1e-12 for loss in losses) <= 1
    assert honest == pytest.approx(
        (often / 10) * (1 - often / 10) if score is binary_brier else binary_entropy(often / 10), abs=1e-12
    )


def binary_entropy(p):
    return -sum(q * math.log(q) for q in (p, 1 - p) if q > 0)


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 1)), min_size=1, max_size=8))
def test_two_classes_are_the_binary_scores(cases):
    q, happened = np.array([q for q, _ in cases]), np.array([y for _, y in cases])
    p = np.stack([1 - q, q], axis=-1)
    assert brier(p, happened) == pytest.approx(2 * binary_brier(q, happened))
    np.testing.assert_allclose(nll(p, happened), binary_nll(q, happened))  # +∞ in both, if in one


def test_the_doubly_sure_and_wrong_lose_everything():
    assert binary_nll(np.array([0.0]), np.array([1])) == math.inf
    assert nll(np.array([[1.0, 0.0]]), np.array([1])) == math.inf
    assert brier(np.array([[1.0, 0.0, 0.0]]), np.array([1])) == 2.0
    assert binary_nll(np.array([1.0, 0.0]), np.array([1, 0])) == 0.0


@pytest.mark.parametrize("score", [brier, nll])
@pytest.mark.parametrize(("p", "label", "message"), [
    ([[0.5, 0.5]], [0, 1], "1 rows of probabilities and 2 labels"),
    ([[0.5, 0.6]], [0], "the worst row sums to 1.1"),
    ([[1.5, -0.5]], [0], "negative entry: -0.5"),
    ([[0.5, 0.5]], [2], r"must lie in 0 \.\.\. 1, got 2"),
    ([[0.5, 0.5]], [-1], r"must lie in 0 \.\.\. 1, got -1"),
    ([[0.5, math.nan]], [0], "1 NaN"),
])  # fmt: skip
def test_refuses_rows_that_are_no_distributions_and_labels_out_of_range(score, p, label, message):
    with pytest.raises(ValueError, match=message):
        score(np.array(p), np.array(label))


@pytest.mark.parametrize("score", [binary_brier, binary_nll])
@pytest.mark.parametrize(("q", "happened", "message"), [
    ([0.5], [0, 1], "1 probabilities and 2 outcomes"),
    ([0.5, 1.25], [0, 1], "got 1.25"),
    ([0.5, -0.01], [0, 1], "got -0.01"),
    ([0.5, math.nan], [0, 1], "got nan"),
    ([0.5, 0.5], [0, 2], "got 2"),
])  # fmt: skip
def test_refuses_what_is_no_probability_or_no_outcome(score, q, happened, message):
    with pytest.raises(ValueError, match=message):
        score(np.array(q), np.array(happened))


def test_nothing_has_no_mean():
    empty = np.zeros(0)
    for score in (binary_brier, binary_nll):
        with pytest.raises(ValueError, match="0 probabilities"):
            score(empty, empty.astype(int))
    for score in (brier, nll):
        with pytest.raises(ValueError, match="0 rows"):
            score(np.zeros((0, 3)), empty.astype(int))
