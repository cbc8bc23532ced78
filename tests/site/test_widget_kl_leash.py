"""KLLeash in a real browser: what it shows is what llmcourse computes, in every state."""

import functools
import math
import re

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator

from llmcourse.alignment.optimal import leash_path
from llmcourse.explore.kl_leash import PLACES, WORLDS, KLLeash, beta_at
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

TRAITS = ("labels", "reference", "proxy", "gold", "place")
LUCKY, LONGER, WORKED = (world["name"] for world in WORLDS)


def expected(state: dict) -> dict[str, float]:
    """What the widget must show, from llmcourse.alignment.optimal."""
    reference, proxy, gold = (np.array(state[name], dtype=float) for name in ("reference", "proxy", "gold"))
    path = leash_path(reference, proxy, np.array([beta_at(place) for place in PLACES]))
    earned, at = path.policy @ gold, state["place"] + 41
    values = {"beta": beta_at(state["place"]), "mean_proxy": path.reward[at], "mean_gold": earned[at]}
    values |= {"kl": path.kl[at], "entropy": path.entropy[at], "best": earned.max()}
    for i in range(len(reference)):
        values |= {f"p.{i}": path.policy[at, i], f"q.{i}": reference[i], f"proxy.{i}": proxy[i], f"gold.{i}": gold[i]}
    return {key: float(value) for key, value in values.items()}


def check(div: Locator) -> None:
    """What is on screen belongs to the model's state. Of places that are best alike, any may be named."""
    state = dict(zip(TRAITS, state_of(div, *TRAITS), strict=True))
    found, wanted = shown(div), expected(state)
    named = found.pop("best_beta")
    at = int(np.argmin([abs(beta_at(place) - named) if math.isfinite(named) else -place for place in PLACES]))
    there = expected({**state, "place": PLACES[at]})
    assert there["mean_gold"] == pytest.approx(wanted["best"], abs=1e-9)
    same(found, wanted)


def test_random_answers_and_leashes_show_llmcourses_numbers(open_page, rng):
    div = widget_of(open_page(KLLeash().html()))
    check(div)
    for trial in range(60):
        n = int(rng.integers(2, 9))
        reference = rng.dirichlet(np.full(n, 0.7))
        proxy, gold = rng.uniform(-3, 3, size=(2, n)).round(2)
        if trial % 3 == 0:
            proxy[-1] = proxy[0]  # equal ones
        if trial % 4 == 0:
            reference[0], proxy[0] = 0, 3  # the best answer is one that never comes
            reference /= reference.sum()
        state = {"labels": [f"t{i}" for i in range(n)], "reference": reference.tolist()}
        state |= {
            "proxy": proxy.tolist(),
            "gold": gold.tolist(),
            "place": int(rng.choice([-41, 41, rng.integers(-40, 41)])),
        }
        div.evaluate(SET, state)
        check(div)


def test_keys_move_the_leash_and_the_rewards(open_page):
    page = open_page(KLLeash().html())
    div = widget_of(page)
    leash = div.get_by_role("slider", name="Leash β")
    leash.focus()
    for key, place, text in [
        ("ArrowLeft", -1, "0.891"), ("Home", -41, "0.000"), ("ArrowRight", -40, "0.010"), ("End", 41, "∞"),
    ]:  # fmt: skip
        page.keyboard.press(key)
        page.wait_for_timeout(0)
        assert (state_of(div, "place"), leash.get_attribute("aria-valuetext")) == ([place], text)
        check(div)
    odd = div.get_by_role("slider", name="true reward of odd")
    odd.focus()
    for key, value in [("ArrowRight", -1.4), ("End", 3), ("PageDown", 2), ("Home", -3)]:
        page.keyboard.press(key)
        page.wait_for_timeout(0)
        assert state_of(div, "gold")[0][5] == pytest.approx(value)
        check(div)
    assert odd.get_attribute("aria-valuetext") == "-3"
    div.get_by_role("slider", name="proxy reward of plain").press("Shift+ArrowRight")
    page.wait_for_timeout(0)
    assert state_of(div, "proxy")[0][0] == pytest.approx(1.5)
    check(div)


def test_menu_ends_and_reset(open_page):
    page = open_page(KLLeash(place=-7).html())
    div = widget_of(page)
    button = functools.partial(div.get_by_role, "button", exact=True)
    answers = div.get_by_label("Answers", exact=True)
    assert answers.input_value() == LUCKY
    answers.select_option(WORKED)
    check(div)
    assert div.locator(".lc-row").count() == 1 + 3
    button(name="β = 0").click()
    assert button(name="β = 0").is_disabled()
    check(div)
    button(name="β = ∞").click()
    assert state_of(div, "place") == [41]
    check(div)
    div.get_by_role("slider", name="true reward of b").press("ArrowRight")
    page.wait_for_timeout(0)
    assert answers.input_value() == "your own"
    answers.select_option(LONGER)
    page.wait_for_timeout(0)
    assert answers.locator("option").count() == 3
    check(div)
    button(name="Reset").click()
    assert state_of(div, *TRAITS) == [*(WORLDS[0][name] for name in TRAITS[:4]), -7]
    check(div)


def test_the_longest_leash_buys_the_proxy_at_the_price_of_the_truth(open_page):
    div = widget_of(open_page(KLLeash().html()))
    seen = []
    for place in (41, -10, -41):
        div.evaluate(SET, {"place": place})
        seen.append(shown(div))
    assert seen[0]["mean_proxy"] < seen[1]["mean_proxy"] < seen[2]["mean_proxy"]
    assert seen[2]["mean_gold"] < seen[0]["mean_gold"] < seen[1]["mean_gold"]


def test_a_reward_follows_the_pointer_and_a_finger_that_scrolls_changes_nothing(open_page):
    page = open_page(KLLeash().html())
    div = widget_of(page)
    box = div.get_by_role("slider", name="true reward of odd").bounding_box()
    x = lambda share: box["x"] + 5 + share * (box["width"] - 10)  # noqa: E731
    page.mouse.move(x(0.25), box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(x(0.9), box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    assert state_of(div, "gold")[0][5] == pytest.approx(2.4, abs=0.2)
    check(div)
    touch = open_page(KLLeash().html() + "<p style='height:2000px'></p>", has_touch=True, is_mobile=True, width=390)
    div = widget_of(touch)
    div.locator(".lc-rows").scroll_into_view_if_needed()
    box = div.get_by_role("slider", name="true reward of plain").bounding_box()
    across, y = box["x"] + 0.8 * box["width"], box["y"] + box["height"] / 2
    before = touch.evaluate("scrollY")
    swipe(touch, [(across, y - 12 * step) for step in range(20)])
    assert touch.evaluate("scrollY") > before + 50
    assert state_of(div, "gold") == [WORLDS[0]["gold"]]
    check(div)


def several() -> list[str]:
    own = {"labels": ["<b>", "a very long answer"], "reference": [0.5, 0.5], "proxy": [1, 1], "gold": [-3, 3]}
    states = ({"place": -8}, {"world": LONGER, "place": -41}, {"world": WORKED, "place": 41}, own)
    return [KLLeash(**state).html() for state in states]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("scripts", [True, False])
def test_axe_finds_nothing(open_page, theme, scripts):
    page = open_page(*several(), theme=theme, mount=scripts)
    if not scripts:
        page.evaluate("document.querySelectorAll('.lc-widget').forEach(div => llmcourseHost.unmount(div))")
    found = Axe().run(page).response["violations"]
    assert [(one["id"], node["html"][:120]) for one in found for node in one["nodes"]] == []


def test_a_keyboard_walk_visits_every_control_with_a_visible_ring(open_page):
    page = open_page(KLLeash(WORKED).html())
    div = widget_of(page)
    walk = []
    for _ in range(12):
        page.keyboard.press("Tab")
        walk.append(focused(page))
    rewards = [f"{kind} reward of {label}" for label in "abc" for kind in ("proxy", "true")]
    names = ["Answers", "Leash β", "β = 0", "β = ∞", "Reset", "Skip the rewards", *rewards]
    assert walk == [f"{name}|true" for name in names]
    div.get_by_role("button", name="Skip the rewards").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.tagName") == "FIGURE"


def test_results_are_announced_politely_and_once(open_page):
    page = open_page(KLLeash(WORKED).html())
    div = widget_of(page)
    div.get_by_role("slider", name="Leash β").focus()
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
        assert div.locator(".lc-sr[role=status]").text_content() == ""  # waits until the reader pauses
    said = "/^β 0.562: proxy reward 1.7, true reward 1.7, .* Most likely: c, 0.7\\d/"
    page.wait_for_function(f"{said}.test(document.querySelector('.lc-sr').textContent)")


@pytest.mark.parametrize("width", [360, 622, 900])
def test_the_static_picture_has_the_same_numbers_and_place_as_the_live_widget(open_page, width):
    rows = "div => [...div.querySelectorAll('.lc-row')].map(one => one.innerText)"
    same_without_scripts(open_page, *several(), width=width, also=rows)


def test_the_plots_of_the_static_picture_are_those_of_the_live_widget(open_page):
    curves = """div => [...div.querySelectorAll('.lc-plot .lc-line, .lc-plot .lc-rule')]
        .map(one => one.getAttribute('d') || one.getAttribute('x1'))"""
    ticks = "div => [...div.querySelectorAll('.lc-plot .lc-tick')].map(one => one.textContent)"
    page = open_page(*several())
    live = [(div.evaluate(curves), div.evaluate(ticks)) for div in page.locator(".lc-widget").all()]
    page.evaluate("document.querySelectorAll('.lc-widget').forEach(div => llmcourseHost.unmount(div))")
    for (one, names), div in zip(live, page.locator(".lc-widget").all(), strict=True):
        still = div.evaluate(curves)
        assert names == div.evaluate(ticks)
        assert len(one) == len(still) > 3
        for a, b in zip(one, still, strict=True):
            numbers = [np.array(re.findall(r"-?\d+\.?\d*", text), dtype=float) for text in (a, b)]
            np.testing.assert_allclose(*numbers, atol=0.011)  # both are rounded to 2 decimals


def test_each_answer_has_the_color_of_its_line_live_and_still(open_page):
    colors = """div => [
        [...div.querySelectorAll('[role=rowheader]')].map(name => name.style.getPropertyValue('--own')),
        [...div.querySelectorAll('.lc-bars .lc-bar')].map(bar => bar.style.getPropertyValue('--bar')),
        [...div.querySelectorAll('figure:last-of-type .lc-line')].map(line => line.style.stroke),
    ]"""
    div = widget_of(open_page(KLLeash().html()))
    for live in (True, False):
        if not live:
            div.evaluate("div => llmcourseHost.unmount(div)")
            assert div.locator(".lc-static").count() == 1
        names, bars, lines = div.evaluate(colors)
        assert names == bars == lines == [f"var(--c{i})" for i in range(1, 7)]


@pytest.mark.parametrize("width", [360, 900])
def test_nothing_jumps_when_the_leash_moves(open_page, width):
    page = open_page(KLLeash().html(), width=width)
    div = widget_of(page)
    height = div.bounding_box()["height"]
    for place in (-41, -40, -13, 0, 13, 40, 41):
        div.evaluate(SET, {"place": place})
        assert div.bounding_box()["height"] == pytest.approx(height, abs=1), place
        check(div)


def test_nothing_moves_for_readers_who_asked_for_that(open_page):
    page = open_page(*several(), reduced_motion="reduce")
    assert moving(page) == 0


def test_a_page_opened_as_a_file_shows_it_too(open_page):
    check(widget_of(open_page(KLLeash(LONGER, place=-20).html(), how="file")))


def test_a_notebooks_model_gets_the_same_view_and_python_takes_what_it_sends(open_page):
    widget = KLLeash(place=5)
    page = open_page("", mount=False)
    div = in_notebook(page, widget)
    check(div)
    div.get_by_role("slider", name="proxy reward of odd").press("ArrowLeft")
    widget.proxy = page.evaluate("sent.at(-1).proxy")
    div.get_by_role("slider", name="Leash β").press("ArrowLeft")
    widget.place = page.evaluate("sent.at(-1).place")
    page.wait_for_timeout(0)
    check(div)
    assert shown(div)["mean_gold"] == pytest.approx(widget.numbers()["mean_gold"], abs=1e-9)
    page.evaluate("stop()")
    assert page.evaluate("cell.childElementCount + cell.lcModel.listeners.length") == 0
