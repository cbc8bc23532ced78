"""PreferenceLab in Python: what it refuses, what its picture says, and numbers that one can do by hand."""

import math
import re

import pytest
import traitlets

from llmcourse.explore.preference_lab import PreferenceLab
from llmcourse.explore.preference_lab_picture import CASES


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"policy_win": 0.0}, "policy_win must lie between -100 and -0.5, got 0.0"),
        ({"ref_lose": -101.0}, "ref_lose must lie between -100 and -0.5, got -101.0"),
        ({"beta": 0.0}, "beta must lie between 0.01 and 2, got 0.0"),
        ({"simpo_beta": 11.0}, "simpo_beta must lie between 0.5 and 10"),
        ({"gamma": -0.1}, "gamma must lie between 0 and 5"),
        ({"weight": 3.0}, "weight must lie between 0 and 2"),
        ({"z0": math.nan}, "z0 must lie between 0 and 40, got nan"),
        ({"length_win": 0}, "length_win"),
    ],
)
def test_what_is_out_of_range_is_refused(change, message):
    with pytest.raises(traitlets.TraitError, match=message):
        PreferenceLab(**change)


def test_it_starts_with_the_worked_number():
    values = PreferenceLab().numbers()
    assert values["dpo_margin"] == pytest.approx(0.5)
    assert values["dpo_loss"] == pytest.approx(0.4741, abs=5e-5)
    assert values["ipo_loss"] == pytest.approx(0, abs=1e-20)
    assert values["agree"] == pytest.approx(1 / (1 + math.exp(-0.5)))


def test_at_the_reference_dpo_is_ln_2_and_pulls_with_half_beta():
    values = PreferenceLab.of_case("at the reference", beta=0.3).numbers()
    assert values["dpo_loss"] == pytest.approx(math.log(2))
    assert values["dpo_win"] == values["dpo_lose"] == pytest.approx(0.15)
    assert values["kto_win_win"] == values["kto_lose_lose"] == pytest.approx(0.3 / 4)
    assert values["kto_win_lose"] == values["kto_lose_win"] == 0


def test_an_overconfident_pair_is_pulled_back_by_ipo_alone():
    values = PreferenceLab.of_case("overconfident").numbers()
    assert values["h"] == 85
    assert values["ipo_win"] == pytest.approx(2 * (5 - 85))
    assert 0 < values["dpo_win"] < 1e-4


def test_a_displaced_pair_has_both_log_ratios_below_zero_and_a_margin():
    widget = PreferenceLab.of_case("displaced")
    values = widget.numbers()
    assert values["delta_lose"] < values["delta_win"] < 0 < values["dpo_margin"]
    assert "Displaced: the margin is on the right side" in widget.html()


@pytest.mark.parametrize("name", CASES)
def test_the_still_picture_holds_the_numbers(name):
    widget = PreferenceLab.of_case(name)
    found = dict(re.findall(r'data-key="([^"]+)" data-value="([^"]+)"', widget.html()))
    assert {key: float(value) for key, value in found.items()} == widget.numbers()
    assert widget.html() == PreferenceLab.of_case(name).html()


def test_an_unknown_case_is_refused():
    with pytest.raises(ValueError, match="no case 'perfect'; there are at the reference, worked number"):
        PreferenceLab.of_case("perfect")
