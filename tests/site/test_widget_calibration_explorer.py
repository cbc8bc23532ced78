"""CalibrationExplorer in a real browser: what it shows is what llmcourse computes, in every state."""

import re

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator

from llmcourse.explore.calibration_explorer import CalibrationExplorer
from tests.site.widgets import SET, focused, in_notebook, moving, same, same_without_scripts, shown, state_of, widget_of

pytestmark = pytest.mark.browser

TRAITS = ("sets", "chosen", "temperature", "number", "rule")


def made(rng, n, name="made", choices=4, scale=2.0):
    z = scale * rng.standard_normal((n, choices))
    answer = np.where(rng.random(n) < 0.5, z.argmax(axis=-1), rng.integers(0, choices, n))
    return {"name": name, "scores": z.round(4).tolist(), "answer": answer.tolist()}


def expected(state: dict) -> dict[str, float]:
    """What the widget must show, from llmcourse.evaluation."""
    state = state | {"temperature": float(state["temperature"])}
    widget = CalibrationExplorer(**state)
    bins, intervals = widget.found()
    values = widget.numbers() | {f"count.{m}": float(count) for m, count in enumerate(bins.count)}
    for m in np.flatnonzero(bins.count):
        values |= {f"confidence.{m}": bins.confidence[m], f"share.{m}": bins.share[m]}
        values |= {f"low.{m}": intervals.low[m], f"high.{m}": intervals.high[m]}
    return {key: float(value) for key, value in values.items()}


def check(div: Locator) -> None:
    """What is on screen belongs to the model's state."""
    same(shown(div), expected(dict(zip(TRAITS, state_of(div, *TRAITS), strict=True))))


def several(rng) -> list[str]:
    sets = [made(rng, 90), made(rng, 7, "few", choices=2)]
    return [
        CalibrationExplorer(sets=sets, temperature=1.5, number=8).html(),
        CalibrationExplorer("few", sets=sets, rule="mass", number=3).html(),
    ]


def test_random_answers_and_knobs_show_llmcourses_numbers(open_page, rng):
    div = widget_of(open_page(CalibrationExplorer(sets=[made(rng, 40)]).html()))
    check(div)
    for trial in range(30):
        one = made(rng, int(rng.integers(1, 90)), choices=int(rng.integers(2, 6)), scale=float(rng.choice([0.1, 1, 4])))
        if trial % 5 == 0:
            one["scores"] = [one["scores"][0]] * len(one["scores"])  # equal confidences: bins of equal mass have ties
        state = {"sets": [one], "number": int(rng.integers(1, 31)), "rule": ["width", "mass"][trial % 2]}
        div.evaluate(SET, state | {"temperature": float(np.exp(rng.uniform(-2.5, 2.5)))})
        check(div)


def test_every_shipped_set_at_several_temperatures(open_page):
    widget = CalibrationExplorer()
    div = widget_of(open_page(widget.html()))
    for one in widget.sets:
        for temperature, number, rule in ((1.0, 10, "width"), (2.5, 15, "mass"), (0.4, 1, "width")):
            div.evaluate(SET, {"chosen": one["name"], "temperature": temperature, "number": number, "rule": rule})
            check(div)


def test_limits_of_the_best_temperature_are_shown_as_such(open_page):
    sets = [{"name": "always", "scores": [[1.0, 0.0]], "answer": [0]}]
    sets += [{"name": "never", "scores": [[1.0, 0.0]], "answer": [1]}]
    page = open_page(CalibrationExplorer(sets=sets).html())
    div = widget_of(page)
    div.get_by_role("button", name="Best τ").click()
    assert state_of(div, "temperature") == [0.05]
    check(div)
    div.get_by_label("Asked how").select_option("never")
    assert div.locator("[data-key=best]").inner_text() == "∞"
    div.get_by_role("button", name="Best τ").click()
    assert state_of(div, "temperature") == [20]
    check(div)


def test_keys_and_buttons_move_each_control(open_page, rng):
    page = open_page(CalibrationExplorer(sets=[made(rng, 50), made(rng, 30, "other")], temperature=2.0).html())
    div = widget_of(page)
    for name, trait, key, value in [
        ("Temperature τ", "temperature", "PageUp", 2 * 400**0.1),
        ("Number of bins", "number", "ArrowRight", 11),
        ("Number of bins", "number", "Home", 1),
    ]:
        div.get_by_role("slider", name=name).focus()
        page.keyboard.press(key)
        assert state_of(div, trait)[0] == pytest.approx(value)
        page.wait_for_timeout(0)
        check(div)
    div.get_by_role("radio", name="mass").check()
    div.get_by_label("Asked how").select_option("other")
    check(div)
    div.get_by_role("button", name="Best τ").click()
    assert state_of(div, "temperature")[0] == pytest.approx(shown(div)["best"])
    div.get_by_role("button", name="τ = 1").click()
    assert state_of(div, "temperature") == [1]
    div.get_by_role("button", name="Reset").click()
    assert state_of(div, *TRAITS[1:]) == ["made", 2, 10, "width"]
    check(div)


def test_a_keyboard_walk_visits_every_control_with_a_visible_ring(open_page, rng):
    page = open_page(CalibrationExplorer(sets=[made(rng, 50)], temperature=2.0).html())
    walk = []
    for _ in range(8):
        page.keyboard.press("Tab")
        walk.append(focused(page))
    names = ["Asked how", "width", "Temperature τ", "Number of bins", "Best τ", "τ = 1", "Reset", "Bins"]
    assert walk == [f"{name}|true" for name in names]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("scripts", [True, False])
def test_axe_finds_nothing(open_page, rng, theme, scripts):
    page = open_page(*several(rng), theme=theme, mount=scripts)
    if not scripts:
        page.evaluate("document.querySelectorAll('.lc-widget').forEach(div => llmcourseHost.unmount(div))")
    found = Axe().run(page).response["violations"]
    assert [(one["id"], node["html"][:120]) for one in found for node in one["nodes"]] == []


def test_results_are_announced_politely_and_once(open_page, rng):
    page = open_page(CalibrationExplorer(sets=[made(rng, 50)]).html())
    div = widget_of(page)
    div.get_by_role("slider", name="Number of bins").focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
        assert div.locator(".lc-sr[role=status]").text_content() == ""
    page.wait_for_function(
        "document.querySelector('.lc-sr').textContent.startsWith('Temperature 1, 7 bins: confidence')"
    )


@pytest.mark.parametrize("width", [360, 622, 900])
def test_the_static_picture_has_the_same_numbers_and_place_as_the_live_widget(open_page, rng, width):
    rows = "div => [...div.querySelectorAll('tr')].map(one => one.innerText)"
    same_without_scripts(open_page, *several(rng), width=width, also=rows)


def test_the_diagram_of_the_static_picture_is_that_of_the_live_widget(open_page, rng):
    marks = """div => [...div.querySelectorAll('.lc-plot .lc-line, .lc-plot .lc-dot')]
        .map(one => one.getAttribute('d') || ['cx', 'cy', 'r'].map(name => one.getAttribute(name)).join(' '))"""
    page = open_page(*several(rng))
    live = [div.evaluate(marks) for div in page.locator(".lc-widget").all()]
    page.evaluate("document.querySelectorAll('.lc-widget').forEach(div => llmcourseHost.unmount(div))")
    for one, div in zip(live, page.locator(".lc-widget").all(), strict=True):
        still = div.evaluate(marks)
        assert len(one) == len(still) > 3
        for a, b in zip(one, still, strict=True):
            numbers = [np.array(re.findall(r"-?\d+\.?\d*", text), dtype=float) for text in (a, b)]
            np.testing.assert_allclose(*numbers, atol=0.011)  # both are rounded to 2 decimals


@pytest.mark.parametrize("width", [360, 900])
def test_nothing_jumps_when_a_knob_turns(open_page, rng, width):
    page = open_page(CalibrationExplorer(sets=[made(rng, 90)]).html(), width=width)
    div = widget_of(page)
    height = div.bounding_box()["height"]
    for state in ({"temperature": 0.05}, {"temperature": 20}, {"number": 1}, {"number": 30}, {"rule": "mass"}):
        div.evaluate(SET, state)
        assert div.bounding_box()["height"] == pytest.approx(height, abs=1), state


def test_nothing_moves_for_readers_who_asked_for_that(open_page, rng):
    assert moving(open_page(*several(rng), reduced_motion="reduce")) == 0


def test_a_page_opened_as_a_file_loads_the_scores_when_it_is_scrolled_to(open_page):
    page = open_page(
        f'<div style="height:3000px"></div>{CalibrationExplorer(number=7).html()}', how="file", mount=False
    )
    page.wait_for_timeout(200)
    assert page.locator("[data-widget=calibration_explorer]").get_attribute("data-ready") is None
    page.locator("#end").scroll_into_view_if_needed()
    page.wait_for_selector("[data-widget=calibration_explorer][data-ready=true]")
    check(page.locator("[data-widget=calibration_explorer]"))


def test_a_notebooks_model_gets_the_same_view_and_python_takes_what_it_sends(open_page, rng):
    widget = CalibrationExplorer(sets=[made(rng, 60)], temperature=2.0)
    page = open_page("", mount=False)
    div = in_notebook(page, widget)
    check(div)
    div.get_by_role("slider", name="Number of bins").press("ArrowLeft")
    widget.number = page.evaluate("sent.at(-1).number")
    div.get_by_role("button", name="Best τ").click()
    widget.temperature = page.evaluate("sent.at(-1).temperature")
    page.wait_for_timeout(0)
    assert (widget.number, widget.temperature) == (9, pytest.approx(widget.best()))
    same({k: v for k, v in shown(div).items() if "." not in k}, widget.numbers())
    page.evaluate("stop()")
    assert page.evaluate("cell.childElementCount + cell.lcModel.listeners.length") == 0
