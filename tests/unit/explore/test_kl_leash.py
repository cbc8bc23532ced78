"""KLLeash in Python: what it refuses, what its picture says, that its numbers are those of the formula."""

import math
import re

import numpy as np
import pytest
import traitlets

from llmcourse.explore.kl_leash import PLACES, WORLDS, KLLeash, beta_at


def numbers_of(html: str) -> dict[str, float]:
    return {key: float(value) for key, value in re.findall(r'data-key="([^"]+)" data-value="([^"]+)"', html)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"world": "elsewhere"}, "no world is named 'elsewhere'"),
        ({"labels": ["a"], "reference": [1.0], "proxy": [0], "gold": [0]}, "2 to 8 answers can be shown, got 1"),
        ({"labels": ["a", "a"], "reference": [0.5, 0.5], "proxy": [0, 1], "gold": [0, 1]}, "labels must differ"),
        ({"reference": [0.5, 0.5]}, "reference has 2 numbers for 6 labels"),
        ({"reference": [0.5, 0.5, 0.5, 0, 0, 0]}, "reference must sum to 1"),
        ({"proxy": [0.0] * 5}, "proxy has 5 numbers for 6 labels"),
        ({"gold": [0.0] * 5 + [3.5]}, r"between -3 and 3, got \[3\.5\]"),
        ({"proxy": [math.nan] * 6}, "between -3 and 3, got .nan"),
        ({"place": 42}, "42"),
    ],
)
def test_what_a_view_could_not_show_is_refused(change, message):
    with pytest.raises(traitlets.TraitError, match=message):
        KLLeash(**change)


def test_the_slider_reaches_both_limits_and_one_in_the_middle():
    assert [beta_at(place) for place in (-41, -20, 0, 20, 41)] == [0, 0.1, 1, 10, math.inf]
    assert all(a < b for a, b in zip(map(beta_at, PLACES[:-1]), map(beta_at, PLACES[1:]), strict=True))


def test_the_worked_number_of_the_page():
    shown = KLLeash("the worked number", place=0).numbers()
    assert [round(shown[f"p.{i}"], 3) for i in range(3)] == [0.179, 0.292, 0.529]
    assert KLLeash("the worked number", place=-41).numbers()["p.2"] == 1
    assert KLLeash("the worked number", place=41).numbers()["kl"] == 0


def test_the_numbers_are_those_of_the_formula(rng):
    for _ in range(20):
        n = int(rng.integers(2, 9))
        reference, proxy, gold = rng.dirichlet(np.ones(n)), rng.uniform(-3, 3, n), rng.uniform(-3, 3, n)
        place = int(rng.integers(-40, 41))
        widget = KLLeash(labels=[str(i) for i in range(n)], reference=reference, proxy=proxy, gold=gold, place=place)
        weights = reference * np.exp((proxy - proxy.max()) / beta_at(place))
        p = weights / weights.sum()
        shown = widget.numbers()
        assert [shown[f"p.{i}"] for i in range(n)] == pytest.approx(p)
        assert shown["mean_proxy"] == pytest.approx(p @ proxy)
        assert shown["mean_gold"] == pytest.approx(p @ gold)
        seen = p > 0
        assert shown["kl"] == pytest.approx((p[seen] * np.log(p[seen] / reference[seen])).sum())
        assert shown["entropy"] == pytest.approx(-(p[seen] * np.log(p[seen])).sum())


@pytest.mark.parametrize("world", [world["name"] for world in WORLDS[:2]])
def test_in_the_worlds_with_a_wrong_proxy_the_true_reward_rises_and_then_falls_below_the_references(world):
    gold = KLLeash(world).gold_path()
    best = int(gold.argmax())
    assert 0 < best < len(gold) - 1
    assert gold[0] < gold[-1] < gold[best]
    assert (np.diff(KLLeash(world).path().reward) <= 1e-12).all()  # the proxy never notices


def test_where_the_proxy_is_the_true_reward_the_longest_leash_is_the_best():
    assert KLLeash("the worked number").numbers()["best_beta"] == 0


@pytest.mark.parametrize("place", [-41, -10, 41])
def test_the_picture_holds_the_numbers_and_the_same_state_gives_the_same_text(place):
    widget = KLLeash(place=place)
    assert numbers_of(widget.html()) == pytest.approx(widget.numbers())
    assert widget.html() == KLLeash(place=place).html()
    assert "NaN" not in widget.html()


def test_changed_rewards_are_called_your_own():
    assert ">your own<" not in KLLeash().html()
    assert ">your own<" in KLLeash(gold=[0.0] * 6).html()
