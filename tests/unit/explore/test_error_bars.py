"""ErrorBars in Python: what it refuses, what its numbers and its picture say."""

import math
import re

import numpy as np
import pytest
import traitlets

from llmcourse.explore.error_bars import ErrorBars


def numbers_of(html: str) -> dict[str, float]:
    return {key: float(value) for key, value in re.findall(r'data-key="([^"]+)" data-value="([^"]+)"', html)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"items": 9}, "items must be from 10 to 10,000, got 9"),
        ({"items": 10_001}, "got 10001"),
        ({"models": 0}, "models must be from 1 to 100, got 0"),
        ({"models": 101}, "got 101"),
        ({"share": 0.0}, r"share must lie between 0\.01 and 0\.99, got 0\.0"),
        ({"share": math.nan}, "got nan"),
        ({"gap": -0.1}, r"gap must lie between 0 and 0\.3, got -0\.1"),
        ({"gap": 0.31}, r"got 0\.31"),
        ({"gap": 0.3}, r"share \+ gap must be at most 0\.99, got 0\.7 \+ 0\.3"),
        ({"correlation": 0.95}, r"correlation must lie between 0 and 0\.929, got 0\.95"),
        ({"correlation": -0.1}, r"got -0\.1"),
        ({"level": 0.5}, "level"),
        ({"plot": "bars"}, "plot"),
    ],
)
def test_what_cannot_be_is_refused(change, message):
    with pytest.raises(traitlets.TraitError, match=message):
        ErrorBars(**change)


def test_a_refused_value_leaves_the_widget_as_it_was():
    widget = ErrorBars(gap=0.0, correlation=1.0)
    with pytest.raises(traitlets.TraitError, match="correlation must lie between 0 and 0"):
        widget.gap = 0.02
    assert widget.gap == 0
    widget.correlation = 0.5
    widget.gap = 0.02
    assert widget.gap == 0.02


def test_the_numbers_are_those_of_a_simulation(rng):
    widget = ErrorBars(items=40, share=0.6, gap=0.08, correlation=0.4, models=7, level=0.9)
    shown = numbers_of(widget.html())
    both = 0.6 * 0.68 + 0.4 * math.sqrt(0.6 * 0.4 * 0.68 * 0.32)
    counts = rng.multinomial(40, [both, 0.6 - both, 0.68 - both, 0.4 - 0.68 + both], size=100_000)
    lead = counts[:, 1] - counts[:, 2]
    assert shown["flip"] == pytest.approx((lead > 0).mean(), abs=4e-3)
    assert shown["tie"] == pytest.approx((lead == 0).mean(), abs=4e-3)
    assert shown["paired"] == pytest.approx(lead.std() / 40, rel=0.01)
    assert shown["apart"] == pytest.approx(math.sqrt((0.24 + 0.68 * 0.32) / 40))
    shared = rng.random((20_000, 40)) < 0.4
    answers = rng.random((20_000, 7, 40)) < 0.6
    answers = np.where(shared[:, None], answers[:, :1], answers)
    assert shown["luck"] == pytest.approx(answers.mean(axis=2).max(axis=1).mean() - 0.6, abs=3e-3)


def test_equal_models_need_infinitely_many_items():
    shown = numbers_of(ErrorBars(gap=0.0).html())
    assert shown["needed"] == shown["needed_apart"] == math.inf


def test_both_plots_are_small_and_the_chosen_one_has_its_caption():
    for plot, words in (("coverage", "every possible count is visited"), ("order", "worse model A is ahead")):
        html = ErrorBars(plot=plot).html()
        assert len(html) < 60_000
        assert words in html


def test_the_repr_is_short_and_has_no_address():
    assert repr(ErrorBars()) == (
        "ErrorBars(correlation=0.5, gap=0.03, items=300, level=0.95, models=20, plot='coverage', share=0.7)"
    )
