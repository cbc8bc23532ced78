"""CalibrationExplorer in Python: what it refuses, and that its numbers are scikit-learn's."""

import re

import numpy as np
import pytest
import traitlets
from scipy.special import softmax
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss

from llmcourse.explore.calibration_explorer import CalibrationExplorer
from llmcourse.explore.choice_scores import KEYS, decode, shipped


def made(rng, n=60, name="made", choices=4):
    z = 2 * rng.standard_normal((n, choices))
    answer = np.where(rng.random(n) < 0.5, z.argmax(axis=-1), rng.integers(0, choices, n))
    return {"name": name, "scores": z.round(4).tolist(), "answer": answer.tolist()}


def numbers_of(html: str) -> dict[str, float]:
    return {key: float(value) for key, value in re.findall(r'data-key="([^"]+)" data-value="([^"]+)"', html)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"temperature": 0.01}, r"between 0.05 and 20.0, got 0\.01"),
        ({"temperature": float("nan")}, "got nan"),
        ({"number": 0}, "0"),
        ({"number": 31}, "31"),
        ({"rule": "height"}, "height"),
        ({"chosen": "other"}, "no set is named 'other'; there are made"),
        ({"sets": []}, "got 0 sets"),
        ({"sets": [{"name": "x"}]}, "set 'x': .*; scores, answer is missing"),
        ({"sets": [{"name": "x", "scores": [[1.0, 2.0], [1.0]], "answer": [0, 0]}]}, r"got \[1, 2\]"),
        ({"sets": [{"name": "x", "scores": [[1.0, 2.0]], "answer": [2]}]}, r"in 0 \.\.\. 1, got 2"),
        ({"sets": [{"name": "x", "scores": [[1.0, 2.0]], "answer": [0, 1]}]}, "1 rows of scores and 2 answers"),
        ({"sets": [{"name": "x", "scores": [[1.0, float("inf")]], "answer": [0]}]}, "1 of 2 scores are not finite"),
    ],
)
def test_states_that_a_view_could_not_show_are_refused(rng, change, message):
    with pytest.raises(traitlets.TraitError, match=message):
        CalibrationExplorer(**{"sets": [made(rng)], **change})


@pytest.mark.parametrize("rule", ["width", "mass"])
@pytest.mark.parametrize("tau", [0.5, 1.0, 3.0])
def test_the_picture_holds_scikit_learns_numbers(rng, rule, tau):
    one = made(rng)
    shown = numbers_of(CalibrationExplorer(sets=[one], temperature=tau, rule=rule, number=5).html())
    p = softmax(np.array(one["scores"]) / tau, axis=-1)
    q, right = p.max(axis=-1), (p.argmax(axis=-1) == one["answer"]).astype(int)
    share, confidence = calibration_curve(right, q, n_bins=5, strategy={"width": "uniform", "mass": "quantile"}[rule])
    filled = [m for m in range(5) if shown[f"count.{m}"]]
    np.testing.assert_allclose([shown[f"share.{m}"] for m in filled], share)
    np.testing.assert_allclose([shown[f"confidence.{m}"] for m in filled], confidence)
    weights = np.array([shown[f"count.{m}"] for m in filled]) / 60
    assert shown["ece"] == pytest.approx(weights @ np.abs(share - confidence))
    assert shown["brier"] == pytest.approx(brier_score_loss(right, q))
    assert shown["nll"] == pytest.approx(log_loss(one["answer"], p, labels=range(4)))
    assert shown["accuracy"] == pytest.approx(right.mean())
    parts = shown["square"] - shown["resolution"] + shown["uncertainty"] + shown["within"]
    assert parts == pytest.approx(shown["brier"])


def test_at_the_best_temperature_the_surprise_is_least(rng):
    widget = CalibrationExplorer(sets=[made(rng)])
    best = widget.best()
    losses = []
    for factor in (0.9, 1, 1.1):
        widget.temperature = factor * best
        losses.append(widget.numbers()["nll"])
    assert min(losses) == losses[1]


def test_where_no_temperature_is_best_it_says_zero_or_infinite():
    always = {"name": "a", "scores": [[1.0, 0.0]], "answer": [0]}
    never = {"name": "n", "scores": [[1.0, 0.0]], "answer": [1]}
    level = {"name": "l", "scores": [[1.0, 1.0]], "answer": [1]}
    assert [CalibrationExplorer(sets=[one]).best() for one in (always, never, level)] == [0, np.inf, np.inf]


def test_the_shipped_sets_are_real_and_load_from_the_site():
    widget = CalibrationExplorer()
    assert widget.assets() == {"sets": "choice_scores"}
    assert '"scores"' not in widget.html()
    for one in shipped():
        assert tuple(one) == KEYS
        z, answer = decode(one)
        assert z.shape == (348, 4)
        assert len(set(answer.tolist())) == 4
