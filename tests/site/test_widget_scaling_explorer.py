"""ScalingExplorer in a real browser: what it shows is what llmcourse computes."""

import json
import math

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page

from llmcourse.explore import bundle
from llmcourse.explore.scaling_explorer import ScalingExplorer
from llmcourse.explore.scaling_explorer_words import amount
from llmcourse.explore.scaling_laws import PUBLISHED_LAWS
from llmcourse.explore.scaling_models import KNOWN_MODELS
from llmcourse.learning.scaling import LossLaw
from tests.site.widgets import (
    SET,
    focused,
    in_notebook,
    moving,
    same_without_scripts,
    shown,
    state_of,
    swipe,
    widget_of,
)

pytestmark = pytest.mark.browser

LAWS = [one.key for one in PUBLISHED_LAWS]
MODELS = ["", *(one.name for one in KNOWN_MODELS)]
TRAITS = ["budget", "served", "law", "model"]


def same(actual: dict[str, float], expected: dict[str, float]) -> None:
    """The same numbers under the same names, to one part in 10⁹: they run from 0.001 to 10³⁰."""
    assert set(actual) == set(expected)
    for key, value in expected.items():
        assert actual[key] == pytest.approx(value, rel=1e-9, abs=1e-9, nan_ok=True), key


def check(div: Locator) -> None:
    """What is on screen belongs to the model's state, in numbers and in words."""
    widget = ScalingExplorer(**dict(zip(TRAITS, state_of(div, *TRAITS), strict=True)))
    same(shown(div), widget.numbers())
    words = [div.locator(name).text_content() for name in (".lc-words-of-law", ".lc-source")]
    html = widget.html()
    assert all(text in html for text in words)
    outside = [", ".join(one.beyond(widget.budget)) or "–" for one in PUBLISHED_LAWS]
    assert div.locator(".lc-laws tbody td:last-child").all_text_contents() == outside


def mixed() -> ScalingExplorer:
    return ScalingExplorer(law="printed", budget=6 * 8e9 * 15e12, model="Llama 3.1 8B", served=3e13)


def own(law: LossLaw) -> ScalingExplorer:
    pairs = [(n, c / (6 * n)) for c in (1e13, 1e14) for n in (1e5, 3e5, 1e6, 3e6)]
    runs = [{"parameters": n, "tokens": d, "loss": law.loss(n, d) * (1 + 0.01 * math.sin(n))} for n, d in pairs]
    return ScalingExplorer.from_runs(law, runs)


def random_state(rng: np.random.Generator, trial: int) -> dict:
    return {
        "budget": float(10 ** rng.uniform(17, 27)),
        "served": float(10 ** rng.uniform(6, 16)) if trial % 4 else 0.0,
        "law": LAWS[trial % len(LAWS)],
        "model": MODELS[int(rng.integers(len(MODELS)))],
    }


def test_random_states_show_llmcourses_numbers(open_page, rng):
    div = widget_of(open_page(ScalingExplorer().html()))
    check(div)
    for trial in range(28):
        div.evaluate(SET, random_state(rng, trial))
        check(div)


def called(page: Page, *calls: list) -> list:
    """What functions of scaling.js return: each call is a name and the arguments."""
    run = """async ([source, calls]) => {
      const module = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
      return JSON.stringify(calls.map(([name, ...values]) => module[name](...values)));
    }"""
    return json.loads(page.evaluate(run, [bundle.read_script("scaling.js"), list(calls)]))


def test_random_laws_have_the_optimum_and_the_cheapest_model_of_the_learning_module(open_page, rng):
    page = open_page("", mount=False)
    for _ in range(60):
        floor, alpha, beta = rng.uniform(0, 2), *rng.uniform(0.1, 0.9, size=2)
        a, b = 10 ** rng.uniform(0, 4, size=2)
        law = LossLaw(float(floor), float(a), float(b), float(alpha), float(beta))
        given = {"E": law.floor, "A": law.size_scale, "B": law.data_scale, "alpha": alpha, "beta": beta}
        compute, served = float(10 ** rng.uniform(12, 28)), float(10 ** rng.uniform(3, 17))
        loss = law.floor + 0.1  # given, so that both invert the same number
        size, data = law.cheapest_for(loss, served=served)
        best, small, least, use = called(
            page,
            ["optimum", given, compute],
            ["cheapest", given, loss, served],
            ["computeFor", given, loss],
            ["servedFor", given, size, data],
        )
        found = [law.optimal_parameters(compute), law.optimal_tokens(compute), law.optimal_loss(compute)]
        assert [best["n"], best["d"], best["loss"]] == pytest.approx(found, rel=1e-10)
        assert (small["n"], small["d"]) == pytest.approx((size, data), rel=1e-8)
        assert least == pytest.approx(law.compute_for(loss), rel=1e-10)
        assert use == pytest.approx(law.served_for(size, data), rel=1e-6)


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"budget": 1.3 * 5.88e23},  # near Chinchilla's, yet not its own
        {"law": "kaplan", "budget": 1e21},
        {"law": "unrounded", "budget": 1e17, "served": 1e16, "model": ""},
        {"law": "besiroglu", "budget": 6 * 8e9 * 15e12, "served": 3e13, "model": "Llama 3.1 8B"},
    ],
)
def test_curves_bars_lines_and_models_are_drawn_where_python_draws_them(open_page, state):
    read = """div => [...div.querySelectorAll('.lc-line, .lc-dot, .lc-plot text')].map(node =>
        [node.textContent, node.style.fill || node.style.stroke, ['d', 'cx', 'cy', 'r', 'x', 'y', 'stroke-width']
          .map(name => node.getAttribute(name) || '').join(' ').match(/-?[\\d.]+/g).map(Number)])"""
    for widget in (ScalingExplorer(**state), own(LossLaw(0.6, 30.0, 200.0, 0.35, 0.37))):
        still = open_page(widget.html(), mount=False, java_script_enabled=False).locator(".lc-widget").evaluate(read)
        live = widget_of(open_page(widget.html())).evaluate(read)
        assert len(live) == len(still) >= 20
        for (text, color, ours), (their_text, their_color, theirs) in zip(live, still, strict=True):
            assert (text, color) == (their_text, their_color)
            np.testing.assert_allclose(ours, theirs, atol=0.02)  # both round to a hundredth of a unit


def test_own_runs_show_python_s_numbers(open_page):
    widget = own(LossLaw(0.6, 30.0, 200.0, 0.35, 0.37))
    div = widget_of(open_page(widget.html()))
    same(shown(div), widget.numbers())
    div.get_by_label("Put the budget at").select_option(index=1)
    widget.model, widget.budget = state_of(div, "model", "budget")
    same(shown(div), widget.numbers())
    assert widget.model.startswith("run 1: 100K on")
    assert div.get_by_role("slider", name="Served bytes Dₛ").is_enabled()


def test_a_model_puts_the_budget_at_its_own_compute(open_page):
    div = widget_of(open_page(ScalingExplorer().html()))
    menu = div.get_by_label("Put the budget at")
    for one in KNOWN_MODELS:
        menu.select_option(one.name)
        assert state_of(div, "budget")[0] == pytest.approx(one.compute, rel=1e-12)
        assert div.locator(".lc-source").text_content().startswith(f"{one.name}, {one.source}.")
    check(div)
    menu.select_option("no model")
    assert state_of(div, "model", "budget") == ["", pytest.approx(KNOWN_MODELS[-1].compute)]
    assert div.locator("[data-key=model_loss]").text_content() == "–"
    check(div)


def test_keys_move_the_sliders_and_choose_laws(open_page):
    page = open_page(ScalingExplorer(budget=1e20).html())
    div = widget_of(page)
    budget = div.get_by_role("slider", name="Budget C (FLOP)")
    budget.press("ArrowRight")
    assert state_of(div, "budget")[0] == pytest.approx(1.26e20)
    budget.press("PageUp")
    assert state_of(div, "budget")[0] == pytest.approx(1.26e21)
    for key, end in (("Home", 1e17), ("End", 1e27)):
        budget.press(key)
        assert state_of(div, "budget")[0] == pytest.approx(end)
        check(div)
    served = div.get_by_role("slider", name="Served tokens Dₛ")
    served.press("End")
    assert state_of(div, "served")[0] == pytest.approx(1e16)
    check(div)
    served.press("Home")
    assert state_of(div, "served") == [0]
    served.press("ArrowRight")
    assert state_of(div, "served")[0] == pytest.approx(1e6)
    check(div)
    div.get_by_label("Law", exact=True).select_option("kaplan")
    assert served.is_disabled()
    assert div.locator(".lc-chosen th").text_content() == "Kaplan et al., 2020"
    check(div)
    div.get_by_role("button", name="Reset").press("Enter")
    assert state_of(div, *TRAITS) == [1e20, 0, "besiroglu", "Chinchilla"]
    assert served.is_enabled()
    check(div)


def test_amounts_are_written_alike(open_page, rng):
    """Every budget that the slider can take, and the numbers that belong to it, as the still picture writes them."""
    div = widget_of(open_page(ScalingExplorer().html()))
    read = "div => [...div.querySelectorAll('[data-key]')].map(node => [node.dataset.key, node.textContent])"
    for trial in range(15):
        state = random_state(rng, trial)
        div.evaluate(SET, state)
        html = ScalingExplorer(**state).html()
        for key, text in div.evaluate(read):
            assert f'data-key="{key}"' in html
            assert html.split(f'data-key="{key}"')[1].split(">", 1)[1].startswith(f"{text}<"), key
        assert div.locator("output").nth(1).text_content() == amount(state["served"])


def test_a_keyboard_walk_visits_every_control_with_a_visible_ring(open_page):
    page = open_page(mixed().html())
    walk = []
    for _ in range(5):
        page.keyboard.press("Tab")
        walk.append(focused(page))
    names = ["Budget C (FLOP)", "Served tokens Dₛ", "Law", "Put the budget at", "Reset"]
    assert walk == [f"{name}|true" for name in names]


def test_a_finger_moves_a_slider(open_page):
    page = open_page(ScalingExplorer().html(), has_touch=True, is_mobile=True, width=360)
    div = widget_of(page)
    box = div.get_by_role("slider", name="Budget C (FLOP)").bounding_box()
    y = box["y"] + box["height"] / 2
    swipe(page, [(box["x"] + 8, y), (box["x"] + box["width"] / 4, y), (box["x"] + box["width"] / 2, y)])
    assert math.log10(state_of(div, "budget")[0]) == pytest.approx(22, abs=0.5)
    check(div)


def test_results_are_announced_politely_and_once(open_page):
    page = open_page(ScalingExplorer(budget=1e21, model="").html())
    div = widget_of(page)
    status = div.locator(".lc-sr[role=status]")
    slider = div.get_by_role("slider", name="Budget C (FLOP)")
    burst = """async input => {
      for (const budget of [1.2e21, 1.5e21, 2e21]) {
        input.value = Math.log(budget);
        input.dispatchEvent(new Event("input"));
        await Promise.resolve();
      }
      return document.querySelector(".lc-sr").textContent;
    }"""
    assert slider.evaluate(burst) == ""
    page.wait_for_function("document.querySelector('.lc-sr').textContent.startsWith('Budget 2 times 10 to the 21 ')")
    said = (
        "Besiroglu et al., 2024: 3.96 billion parameters, 84.1 billion tokens, 21.2 tokens per parameter, loss 2.249."
    )
    assert said in status.text_content()
    assert slider.get_attribute("aria-valuetext") == "2.00·10²¹"
    div.evaluate(SET, {"served": 1e13, "model": "Gopher"})
    page.wait_for_function("document.querySelector('.lc-sr').textContent.includes('Gopher: 1.07 tokens')")
    assert "To serve 10 trillion tokens as well: " in status.text_content()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("scripts", [True, False])
def test_axe_finds_nothing(open_page, theme, scripts):
    html = [mixed().html(), ScalingExplorer(law="kaplan").html()]
    page = open_page(*html, theme=theme, mount=scripts)
    found = Axe().run(page).response["violations"]
    assert [(one["id"], node["html"][:120]) for one in found for node in one["nodes"]] == []


@pytest.mark.parametrize("width", [320, 390, 622, 900])
def test_the_static_picture_has_the_same_numbers_and_place_as_the_live_widget(open_page, width):
    laws = (mixed(), ScalingExplorer(law="kaplan", model=""), own(LossLaw(0.6, 9.0, 20.0, 0.35, 0.3)))
    same_without_scripts(open_page, *(one.html() for one in laws), width=width)


@pytest.mark.parametrize("width", [360, 622, 900])
def test_nothing_jumps_when_the_law_the_model_or_the_use_changes(open_page, width):
    page = open_page(ScalingExplorer().html(), width=width)
    div = widget_of(page)
    height = div.bounding_box()["height"]
    states = [{"law": law, "served": served} for law in LAWS for served in (0.0, 1e16)]
    states += [{"model": name} for name in MODELS]
    states += [{"budget": budget} for budget in (1e17, 1e21, 1e27)]
    for state in states:
        div.evaluate(SET, state)
        assert div.bounding_box()["height"] == pytest.approx(height, abs=1), state


def test_nothing_moves_for_readers_who_asked_for_that(open_page):
    page = open_page(mixed().html(), reduced_motion="reduce")
    assert moving(page) == 0


def test_a_notebooks_model_gets_the_same_view_and_sends_what_python_accepts(open_page):
    widget = mixed()
    page = open_page("", mount=False)
    div = in_notebook(page, widget)
    check(div)
    div.get_by_role("slider", name="Served tokens Dₛ").press("ArrowRight")
    widget.served = page.evaluate("sent.at(-1).served")
    assert widget.served == pytest.approx(10**13.6)  # the slider stood at 10^13.5: it has tenths of a power of ten
    check(div)
    page.evaluate("stop()")
    assert page.evaluate("cell.childElementCount + cell.lcModel.listeners.length") == 0
