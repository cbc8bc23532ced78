"""PreferenceLab in a real browser: what it shows is what llmcourse.alignment computes, its gradients torch's."""

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator

from llmcourse.explore.preference_lab import LIMITS, PreferenceLab
from llmcourse.explore.preference_lab_picture import CASES
from tests.site.widgets import (
    SET,
    focused,
    in_notebook,
    moving,
    same,
    same_without_scripts,
    shown,
    state_of,
    swipe,
    widget_of,
)

pytestmark = pytest.mark.browser

TRAITS = [*LIMITS, "length_win", "length_lose"]
SLIDERS = [
    *("Winner now, log π(y⁺)", "Winner in the reference", "Loser now, log π(y⁻)", "Loser in the reference"),
    *("Tokens of the winner", "Tokens of the loser", "β of DPO and KTO, τ of IPO", "z₀ of KTO"),
    *("β of SimPO", "γ of SimPO", "λ of ORPO"),
]


def check(div: Locator) -> None:
    """What is on screen belongs to the model's state, in numbers and in words."""
    widget = PreferenceLab(**dict(zip(TRAITS, state_of(div, *TRAITS), strict=True)))
    same(shown(div), widget.numbers())
    assert f">{div.locator('.lc-story').text_content()}<" in widget.html().replace("&#x27;", "'")


def random_state(rng: np.random.Generator) -> dict:
    state = {name: float(rng.uniform(low, high)) for name, (low, high) in LIMITS.items()}
    return state | {"length_win": int(rng.integers(1, 61)), "length_lose": int(rng.integers(1, 61))}


def several() -> list[str]:
    own = PreferenceLab(policy_win=-3.0, ref_win=-2.5, length_win=4, length_lose=25, beta=1.5, gamma=0.0, weight=1.0)
    return [PreferenceLab.of_case("displaced", z0=4.0).html(), own.html()]


def test_random_states_show_llmcourses_numbers(open_page, rng):
    div = widget_of(open_page(PreferenceLab().html()))
    check(div)
    for _ in range(25):
        div.evaluate(SET, random_state(rng))
        check(div)


def test_the_cases_of_the_menu_are_pythons(open_page):
    div = widget_of(open_page(PreferenceLab().html()))
    menu = div.get_by_label("Case")
    assert menu.input_value() == "worked number"
    assert menu.locator("option").all_text_contents() == [*CASES, "your own"]
    for name, four in CASES.items():
        menu.select_option(name)
        assert tuple(state_of(div, "policy_win", "policy_lose", "ref_win", "ref_lose")) == four
        check(div)
    div.get_by_role("slider", name=SLIDERS[0]).press("ArrowRight")
    assert menu.input_value() == "your own"
    check(div)


@pytest.mark.parametrize("state", [{}, {"policy_win": -0.5, "policy_lose": -90.0}, {"beta": 2.0, "ref_win": -60.0}])
def test_curves_and_dots_are_drawn_where_python_draws_them(open_page, state):
    read = """div => [...div.querySelectorAll('.lc-line, .lc-dot, .lc-rule, .lc-plot text')].map(node =>
        [node.textContent, node.style.fill || node.style.stroke, ['d', 'cx', 'cy', 'r', 'x', 'y', 'x1', 'y1']
          .map(name => node.getAttribute(name) || '').join(' ').match(/-?[\\d.]+/g).map(Number)])"""
    html = PreferenceLab(**state).html()
    still = open_page(html, mount=False, java_script_enabled=False).locator(".lc-widget").evaluate(read)
    live = widget_of(open_page(html)).evaluate(read)
    assert len(live) == len(still) > 20
    for (text, color, ours), (their_text, their_color, theirs) in zip(live, still, strict=True):
        assert (text, color) == (their_text, their_color)
        np.testing.assert_allclose(ours, theirs, atol=0.03, rtol=1e-4)  # both round to a hundredth of a unit


def test_keys_move_the_sliders(open_page):
    div = widget_of(open_page(PreferenceLab().html()))
    beta = div.get_by_role("slider", name=SLIDERS[6])
    for key, value in (("Home", 0.01), ("End", 2.0)):
        beta.press(key)
        assert state_of(div, "beta")[0] == pytest.approx(value)
        check(div)
    tokens = div.get_by_role("slider", name=SLIDERS[4])
    tokens.press("ArrowRight")
    assert state_of(div, "length_win") == [11]
    check(div)
    div.get_by_role("button", name="Reset").press("Enter")
    assert state_of(div, "beta", "length_win") == [0.1, 10]
    check(div)


def test_a_keyboard_walk_visits_every_control_with_a_visible_ring(open_page):
    page = open_page(PreferenceLab().html())
    walk = []
    for _ in range(13):
        page.keyboard.press("Tab")
        walk.append(focused(page))
    assert walk == [f"{name}|true" for name in ["Case", "Reset", *SLIDERS]]


def test_a_finger_moves_a_slider(open_page):
    page = open_page(PreferenceLab().html(), has_touch=True, is_mobile=True, width=360)
    div = widget_of(page)
    slider = div.get_by_role("slider", name=SLIDERS[2])
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    y = box["y"] + box["height"] / 2
    swipe(
        page, [(box["x"] + box["width"] - 20, y), (box["x"] + box["width"] * 0.7, y), (box["x"] + box["width"] / 2, y)]
    )
    assert state_of(div, "policy_lose")[0] == pytest.approx(-50, abs=5)
    check(div)


def test_results_are_announced_politely_and_once(open_page):
    page = open_page(PreferenceLab().html())
    div = widget_of(page)
    slider = div.get_by_role("slider", name=SLIDERS[0])
    for _ in range(4):
        slider.press("ArrowLeft")
    assert div.locator(".lc-sr[role=status]").text_content() == ""  # waits until the reader pauses
    page.wait_for_function("document.querySelector('.lc-sr').textContent.startsWith('Margin 0.3, pull of DPO 0.0426.')")
    assert slider.get_attribute("aria-valuetext") == "−12.0"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("scripts", [True, False])
def test_axe_finds_nothing(open_page, theme, scripts):
    page = open_page(*several(), theme=theme, mount=scripts)
    found = Axe().run(page).response["violations"]
    assert [(one["id"], node["html"][:120]) for one in found for node in one["nodes"]] == []


@pytest.mark.parametrize("width", [320, 390, 622, 900])
def test_the_static_picture_has_the_same_numbers_and_place_as_the_live_widget(open_page, width):
    same_without_scripts(open_page, *several(), width=width)


@pytest.mark.parametrize("width", [360, 622, 900])
def test_nothing_jumps_when_a_slider_moves(open_page, rng, width):
    page = open_page(PreferenceLab().html(), width=width)
    div = widget_of(page)
    height = div.bounding_box()["height"]
    four = ("policy_win", "policy_lose", "ref_win", "ref_lose")
    states = [dict(zip(four, values, strict=True)) for values in CASES.values()] + [random_state(rng) for _ in range(6)]
    for state in states:
        div.evaluate(SET, state)
        assert div.bounding_box()["height"] == pytest.approx(height, abs=1), state


def test_nothing_moves_for_readers_who_asked_for_that(open_page):
    page = open_page(*several(), reduced_motion="reduce")
    assert moving(page) == 0


def test_a_notebooks_model_gets_the_same_view_and_sends_what_python_accepts(open_page):
    widget = PreferenceLab(beta=0.5)
    page = open_page("", mount=False)
    div = in_notebook(page, widget)
    check(div)
    div.get_by_role("slider", name=SLIDERS[3]).press("ArrowLeft")
    widget.ref_lose = page.evaluate("sent.at(-1).ref_lose")
    assert widget.ref_lose == -11.5
    check(div)
    page.evaluate("stop()")
    assert page.evaluate("cell.childElementCount + cell.lcModel.listeners.length") == 0
