"""ScalingExplorer in Python: what it refuses, what it says of laws and models, and that serving costs the least."""

import math
import re

import numpy as np
import pytest
import traitlets
from scipy.optimize import minimize_scalar

from llmcourse.explore.scaling_explorer import ScalingExplorer
from llmcourse.explore.scaling_explorer_words import amount, percent, power, ratio, users
from llmcourse.explore.scaling_laws import PUBLISHED_LAWS, Allocation, ShownLaw
from llmcourse.explore.scaling_models import KNOWN_MODELS
from llmcourse.learning import kaplan
from llmcourse.learning.scaling import BESIROGLU, LossLaw

SURFACES = [one for one in PUBLISHED_LAWS if isinstance(one.law, LossLaw)]
ALLOCATIONS = [one for one in PUBLISHED_LAWS if isinstance(one.law, Allocation)]


def numbers_of(html: str) -> dict[str, float]:
    return {key: float(value) for key, value in re.findall(r'data-key="([^"]+)" data-value="([^"]+)"', html)}


def runs(law: LossLaw, seed: int = 0) -> list[dict[str, float]]:
    """Runs at three budgets, five sizes each, with the law's loss and a little noise."""
    noise = np.random.default_rng(seed)
    pairs = [(n, c / (6 * n)) for c in (1e13, 1e14, 1e15) for n in np.geomspace(1e5, 1e7, 5)]
    return [{"parameters": n, "tokens": d, "loss": law.loss(n, d) + 0.01 * noise.standard_normal()} for n, d in pairs]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"law": "gpt5"}, "no law 'gpt5'; there are besiroglu, printed"),
        ({"model": "GPT-5"}, "no model 'GPT-5'; there are GPT-3, Gopher"),
        ({"budget": 9e16}, r"budget must lie in 1e\+17 … 1e\+27 FLOP, got 9e\+16"),
        ({"budget": math.nan}, "got nan"),
        ({"served": -1.0}, "got -1"),
        ({"served": 1e5}, r"0 or in 1e\+06 … 1e\+16 tokens, got 100000"),
        ({"served": 1e17}, r"got 1e\+17"),
        ({"budgets": (1e20, 1e20)}, "a lowest and a highest"),
        ({"shown_laws": ALLOCATIONS}, "one law at least must give a loss"),
        ({"shown_laws": [SURFACES[0], SURFACES[0]]}, "two laws have the same key"),
        ({"shown_models": [KNOWN_MODELS[0]] * 2}, "two models have the same name"),
    ],
)
def test_what_is_not_there_or_out_of_range_is_refused(change, message):
    with pytest.raises(traitlets.TraitError, match=message):
        ScalingExplorer(**change)


def test_a_refused_value_leaves_the_widget_as_it_was():
    widget = ScalingExplorer(served=1e12)
    with pytest.raises(traitlets.TraitError, match="got 3"):
        widget.served = 3.0
    assert widget.served == 1e12


@pytest.mark.parametrize("shown", SURFACES, ids=lambda one: one.key)
@pytest.mark.parametrize("budget", [1e18, 5.88e23, 1e27])
def test_the_optimum_is_the_lowest_point_of_the_curve(shown, budget):
    values = ScalingExplorer(law=shown.key, budget=budget).numbers()
    best = minimize_scalar(lambda log: float(shown.law.isoflop(math.exp(log), budget)), bracket=(10, 20))
    assert values[f"{shown.key}_n"] == pytest.approx(math.exp(best.x), rel=1e-3)
    assert values[f"{shown.key}_loss"] == pytest.approx(best.fun, rel=1e-12)
    assert 6 * values[f"{shown.key}_n"] * values[f"{shown.key}_d"] == pytest.approx(budget)


@pytest.mark.parametrize("shown", SURFACES, ids=lambda one: one.key)
@pytest.mark.parametrize("served", [1e6, 1e12, 1e16])
def test_no_size_of_the_same_loss_is_cheaper_to_train_and_to_serve(shown, served):
    values = ScalingExplorer(law=shown.key, budget=1e24, served=served).numbers()
    loss = values[f"{shown.key}_loss"]
    assert float(shown.law.loss(values["small_n"], values["small_d"])) == pytest.approx(loss, rel=1e-12)
    for size in values["small_n"] * np.array([0.97, 0.999, 1.001, 1.03]):
        total = size * (6 * shown.law.tokens_for(loss, float(size)) + 2 * served)
        assert total > values["small_total"]
    assert values["saved"] == pytest.approx(1 - values["small_total"] / values["plain_total"])
    assert values["saved"] > 0


def test_nothing_served_is_nothing_saved():
    values = ScalingExplorer(budget=1e24).numbers()
    assert values["saved"] == 0
    assert (values["small_n"], values["small_d"]) == (values["besiroglu_n"], values["besiroglu_d"])


def test_a_model_is_justified_by_the_use_for_which_it_would_have_been_the_answer():
    values = ScalingExplorer(law="printed", model="Llama 3.1 8B").numbers()
    size, data = SURFACES[1].law.cheapest_for(values["model_loss"], served=values["model_served"])
    assert (size, data) == pytest.approx((8e9, 15e12))


def test_gopher_has_too_little_data_for_any_use():
    widget = ScalingExplorer(model="Gopher")
    assert widget.numbers()["model_served"] < 0
    assert re.search(r'data-key="model_served"[^>]*>none<', widget.html())


def test_the_chosen_models_numbers_are_its_own_whatever_the_budget():
    low, high = (ScalingExplorer(model="Chinchilla", budget=c).numbers() for c in (1e19, 1e26))
    of_model = [name for name in low if name.startswith("model_")]
    assert {name: low[name] for name in of_model} == {name: high[name] for name in of_model}
    assert low["model_compute"] == pytest.approx(5.88e23)
    assert low["model_loss"] == pytest.approx(float(BESIROGLU.loss(70e9, 1.4e12)))
    assert low["model_factor"] >= 1


@pytest.mark.parametrize("shown", ALLOCATIONS, ids=lambda one: one.key)
def test_a_law_without_a_curve_leaves_what_it_cannot_say_open(shown):
    widget = ScalingExplorer(law=shown.key, served=1e12, model="Chinchilla")
    values = widget.numbers()
    open_ones = {"small_n", "small_d", "small_total", "saved", "model_loss", "model_factor", "model_served"}
    assert all(math.isnan(values[name]) for name in open_ones)
    assert "It names an optimum and no loss beside it" in widget.html()
    assert 6 * values[f"{shown.key}_n"] * values[f"{shown.key}_d"] == pytest.approx(5.88e23)


def test_kaplans_law_is_the_one_of_the_learning_module():
    values = ScalingExplorer(law="kaplan", budget=3e21).numbers()
    days = 3e21 / 8.64e19
    assert values["kaplan_n"] == pytest.approx(kaplan.optimal_parameters(days), rel=1e-12)
    assert values["kaplan_loss"] == pytest.approx((3.1e8 / days) ** 0.05)


def test_what_lies_outside_the_runs_is_said():
    words = lambda **state: re.search(r'lc-words-of-law">([^<]*)<', ScalingExplorer(**state).html())[1]  # noqa: E731
    assert "70M to 16B parameters, 5B to 500B tokens; the optimum lies inside them." in words(budget=1e21)
    assert "the optimum lies outside them (N, D): an extrapolation." in words(budget=5.88e23)
    assert "6.00·10¹⁸ to 3.00·10²¹ FLOP; the optimum lies outside them (C)" in words(law="approach2", budget=1e22)
    assert "serve" not in words(budget=1e21)
    assert "The cheapest to serve lies outside them (D)" in words(budget=1e21, served=1e15)


def test_a_model_outside_the_runs_of_the_law_is_said_to_be_so():
    words = lambda **state: re.search(r'lc-source">([^<]*)<', ScalingExplorer(**state).html())[1]  # noqa: E731
    assert words(model="Llama 3.1 8B").endswith("counted as 15T. Outside the runs of this law: D.")
    assert (
        words(model="Gopher")
        == "Gopher, December 2021; Hoffmann et al. (2022), table 1. Outside the runs of this law: N."
    )
    assert words(model="Pythia 1.4B").endswith("and its model card.")
    assert words(model="") == "No model is chosen."


def test_ends_of_the_runs_are_inside_and_just_beyond_is_not():
    shown = ShownLaw("one", "One", Allocation(1.0, 0.5), {"N": (10.0, 100.0), "C": (100.0, 10_000.0)})
    assert [shown.beyond(c) for c in (100.0, 10_000.0, 99.0, 10_001.0)] == [[], [], ["N", "C"], ["N", "C"]]


def test_own_runs_stand_beside_their_law():
    law = LossLaw(0.6, 30.0, 200.0, 0.35, 0.37)
    ours = runs(law)
    widget = ScalingExplorer.from_runs(law, ours)
    best = min(ours, key=lambda one: one["loss"])
    values = widget.numbers()
    assert (values["model_n"], values["model_measured"]) == (best["parameters"], best["loss"])
    assert widget.budget == pytest.approx(1e15)
    assert values["own_n"] == pytest.approx(law.optimal_parameters(1e15))
    html = widget.html()
    assert html.count('style="fill:var(--c3)"') == 5  # the runs of this budget, at the losses they reached
    assert "training bytes" in html
    assert "token" not in html
    assert "the optimum lies inside them" in html


def test_a_run_held_out_is_shown_and_does_not_widen_what_the_law_rests_on():
    law = LossLaw(0.6, 30.0, 200.0, 0.35, 0.37)
    far = {"parameters": 1e7, "tokens": 1e9, "loss": 1.3}
    widget = ScalingExplorer.from_runs(law, runs(law), held_out=[far])
    assert widget.laws == ScalingExplorer.from_runs(law, runs(law)).laws
    widget.model, widget.budget = "held out 1: 10M on 1B", 6e16
    assert widget.numbers()["model_measured"] == 1.3
    assert "the optimum lies outside them" in widget.html()
    assert widget.budgets == [1e13, 1e18]


def test_a_law_needs_runs():
    with pytest.raises(ValueError, match="several runs, got 1"):
        ScalingExplorer.from_runs(BESIROGLU, [{"parameters": 1e6, "tokens": 1e8, "loss": 2.0}])


def test_the_picture_holds_the_numbers_and_the_same_state_gives_the_same_text():
    widget = ScalingExplorer(law="unrounded", served=3e12, model="SmolLM2-135M", budget=2e21)
    assert numbers_of(widget.html()) == pytest.approx(widget.numbers(), nan_ok=True)
    again = ScalingExplorer(law="unrounded", served=3e12, model="SmolLM2-135M", budget=2e21)
    assert widget.html() == again.html()
    assert len(widget.html()) < 40_000


def test_a_model_is_drawn_on_the_curve_only_at_its_own_budget():
    dots = lambda **state: ScalingExplorer(**state).html().split("</figure>")[0].count("fill:var(--c4)")  # noqa: E731
    own = 6 * 280e9 * 300e9
    assert (dots(model="Gopher", budget=own), dots(model="Gopher", budget=2 * own)) == (1, 0)
    assert dots(model="Gopher", budget=own, law="kaplan") == 0  # it says nothing of Gopher's loss


@pytest.mark.parametrize(
    ("write", "pairs"),
    [
        (amount, {1.4e12: "1.4T", 134_515_008: "135M", 9.996e11: "1T", 1e15: "1,000T", 950: "950"}),
        (amount, {math.nan: "–", 0: "0"}),
        (ratio, {1.875: "1.88", 20.0: "20.0", 1875: "1,875", 0.0048: "0.005", 0.148: "0.15", math.nan: "–"}),
        (power, {5.88e23: "5.88·10²³", math.nan: "–"}),
        (percent, {0.28412: "28.4%", math.nan: "–"}),
        (users, {-3e12: "none", 190e12: "190T", math.nan: "–"}),
    ],
)  # fmt: skip
def test_numbers_are_written_short(write, pairs):
    assert [write(x) for x in pairs] == list(pairs.values())
