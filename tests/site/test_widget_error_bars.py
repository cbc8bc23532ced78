"""ErrorBars in a real browser: what it shows is what llmcourse computes, by any way of moving it."""

import math

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator

from llmcourse.evaluation.intervals import clopper_pearson, coverage, wald, wilson
from llmcourse.evaluation.ranking import (
    difference_deviation,
    expected_best,
    items_needed,
    largest_correlation,
    order_probabilities,
)
from llmcourse.explore.error_bars import ErrorBars
from tests.site.widgets import SET, focused, in_notebook, moving, same, same_without_scripts, shown, state_of, widget_of

pytestmark = pytest.mark.browser

NAMES = ("items", "share", "gap", "correlation", "models", "level", "plot")
SLIDERS = ["Items n", "True share p of A", "B is better by", "Correlation ρ", "Equal models M"]
POINTS = """div => [...div.querySelectorAll('.lc-plot path.lc-line')].map(path => path.getAttribute('d'))"""


def expected(div: Locator) -> dict[str, float]:
    """What must be on screen, from llmcourse.evaluation and not through the widget's own Python."""
    n, p, gap, rho, models, level, _ = state_of(div, *NAMES)
    p, gap, rho, level = float(p), float(gap), float(rho), float(level)
    values = {"right": math.floor(n * p + 0.5), "error": math.sqrt(p * (1 - p) / n)}
    for interval in (wald, wilson, clopper_pearson):
        low, high = interval(values["right"], n, level=level)
        held = coverage(interval, np.array([p]), n, level=level)[0]
        name = interval.__name__
        values |= {f"{name}.low": low, f"{name}.high": high, f"{name}.coverage": held}
    _, values["tie"], values["flip"] = order_probabilities(p, p + gap, n, correlation=rho)
    for suffix, key, used in (("_apart", "apart", 0.0), ("", "paired", rho)):
        deviation = difference_deviation(p, p + gap, correlation=used)
        values[key] = deviation / math.sqrt(n)
        values[f"needed{suffix}"] = items_needed(gap, deviation, level=level) if gap else math.inf
    values["luck"] = expected_best(models, p, n, correlation=rho) - p
    return {key: float(value) for key, value in values.items()}


def test_random_states_show_llmcourses_numbers(open_page, rng):
    div = widget_of(open_page(ErrorBars().html()))
    same(shown(div), expected(div))
    for trial in range(50):
        share = float(rng.integers(1, 100)) / 100
        gap = float(round(rng.uniform(0, min(0.3, 0.99 - share)), 3)) if trial % 5 else 0.0
        most = largest_correlation(share, share + gap)
        state = {"share": share, "gap": gap, "correlation": float(rng.uniform(0, most)) if trial % 7 else 0.0}
        state |= {"items": int(10 ** rng.uniform(1, 3.7)), "models": int(rng.integers(1, 101))}
        state |= {"level": float(rng.choice([0.8, 0.9, 0.95, 0.99])), "plot": ["coverage", "order"][trial % 2]}
        div.evaluate(SET, state)
        same(shown(div), expected(div))


@pytest.mark.parametrize(
    "state",
    [
        {"items": 10_000, "share": 0.99, "gap": 0.0, "correlation": 1.0, "models": 100},
        {"items": 10, "share": 0.01, "gap": 0.3, "correlation": 0.0, "models": 1},
        {"items": 10_000, "share": 0.5, "gap": 0.0, "correlation": 0.5},
    ],
)
def test_the_ends_of_the_sliders_show_llmcourses_numbers(open_page, state):
    div = widget_of(open_page(ErrorBars().html()))
    div.evaluate(SET, state)
    same(shown(div), expected(div))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("scripts", [True, False])
def test_axe_finds_nothing(open_page, theme, scripts):
    page = open_page(ErrorBars().html(), theme=theme, mount=scripts)
    if not scripts:
        page.evaluate("document.querySelectorAll('.lc-widget').forEach(div => llmcourseHost.unmount(div))")
    found = Axe().run(page).response["violations"]
    assert [(one["id"], node["html"][:120]) for one in found for node in one["nodes"]] == []


def test_a_keyboard_walk_visits_every_control_with_a_visible_ring(open_page):
    page = open_page(ErrorBars().html())
    div = widget_of(page)
    walk = []
    for _ in range(8):
        page.keyboard.press("Tab")
        walk.append(focused(page))
    assert walk == [f"{name}|true" for name in [*SLIDERS, "95%", "coverage", "Reset"]]
    moved = {"items": 320, "share": 0.71, "gap": 0.035, "correlation": 0.51, "models": 21}
    for (name, value), label in zip(moved.items(), SLIDERS, strict=True):
        div.get_by_role("slider", name=label).focus()
        page.keyboard.press("ArrowRight")
        assert state_of(div, name) == [value]
        page.wait_for_timeout(0)
        same(shown(div), expected(div))
    said = [div.get_by_role("slider", name=label).get_attribute("aria-valuetext") for label in SLIDERS]
    assert said == ["320", "71%", "3.5 points", "0.51", "21"]
    div.get_by_role("radio", name="95%").focus()
    page.keyboard.press("ArrowRight")
    assert state_of(div, "level") == [0.99]
    div.get_by_role("radio", name="coverage").focus()
    page.keyboard.press("ArrowRight")
    assert state_of(div, "plot") == ["order"]
    page.wait_for_timeout(0)
    assert "worse model A is ahead" in div.locator("figcaption").last.inner_text()
    div.get_by_role("button", name="Reset").focus()
    page.keyboard.press("Space")
    assert state_of(div, *NAMES) == [300, 0.7, 0.03, 0.5, 20, 0.95, "coverage"]


def test_a_gap_or_share_that_allows_less_likeness_takes_the_correlation_along(open_page):
    page = open_page(ErrorBars(gap=0.0, correlation=1.0).html())
    div = widget_of(page)
    gap = div.get_by_role("slider", name="B is better by")
    gap.focus()
    page.keyboard.press("End")
    share, gap_now, rho = state_of(div, "share", "gap", "correlation")
    assert (share, gap_now) == (0.7, 0.29)  # A at 70 and B at 99 %
    assert rho == math.floor(100 * largest_correlation(0.7, 0.99)) / 100
    page.wait_for_timeout(0)
    same(shown(div), expected(div))
    div.get_by_role("slider", name="True share").press("End")
    assert state_of(div, "share", "gap", "correlation") == [0.99, 0, rho]
    div.get_by_role("slider", name="Correlation").press("End")
    assert state_of(div, "correlation") == [1]
    ErrorBars(**dict(zip(NAMES, state_of(div, *NAMES), strict=True)))  # Python accepts what the view has set


def test_results_are_announced_politely_and_once(open_page):
    page = open_page(ErrorBars(items=100).html())
    div = widget_of(page)
    status = div.locator(".lc-sr[role=status]")
    div.get_by_role("slider", name="True share").focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
        assert status.text_content() == ""  # waits until the reader pauses
    page.wait_for_function(
        "document.querySelector('.lc-sr').textContent.startsWith('75 of 100 right: Wilson from 65.7')"
    )
    assert "The best of 20 gains" in status.text_content()


@pytest.mark.parametrize("width", [360, 390, 640, 900])
def test_nothing_jumps_when_the_state_changes(open_page, width):
    div = widget_of(open_page(ErrorBars().html(), width=width))
    height = lambda: div.bounding_box()["height"]  # noqa: E731
    before = height()
    for state in (
        {"items": 10_000, "share": 0.01},
        {"items": 10, "gap": 0.0, "correlation": 1.0},
        {"plot": "order", "models": 100},
        {"gap": 0.005, "correlation": 0.0, "items": 10_000},
    ):
        div.evaluate(SET, state)
        assert height() == pytest.approx(before, abs=1), state


@pytest.mark.parametrize("width", [360, 640, 900])
@pytest.mark.parametrize("how", [{}, {"items": 25, "share": 0.9, "gap": 0.02, "plot": "order", "level": 0.9}])
def test_the_static_picture_has_the_same_numbers_and_place_as_the_live_widget(open_page, width, how):
    same_without_scripts(open_page, ErrorBars(**how).html(), width=width)


@pytest.mark.parametrize("plot", ["coverage", "order"])
def test_the_static_picture_draws_the_same_lines(open_page, plot):
    """The curves are computed by two different algorithms; they must agree to a hundredth of a pixel."""
    html = ErrorBars(items=60, share=0.85, gap=0.04, plot=plot).html()
    still = open_page(html, mount=False, java_script_enabled=False).locator(".lc-widget").evaluate(POINTS)
    assert len(still) == {"coverage": 6, "order": 5}[plot]
    numbers = lambda path: [float(x) for x in path.replace("M", " ").replace("L", " ").split()]  # noqa: E731
    for a, b in zip(widget_of(open_page(html)).evaluate(POINTS), still, strict=True):
        np.testing.assert_allclose(numbers(a), numbers(b), atol=0.0101)


def test_nothing_moves_for_readers_who_asked_for_that(open_page):
    assert moving(open_page(ErrorBars().html(), reduced_motion="reduce")) == 0


def test_a_page_opened_as_a_file_mounts_it(open_page):
    div = widget_of(open_page(ErrorBars().html(), how="file"))
    same(shown(div), expected(div))


def test_a_notebooks_model_gets_the_same_view(open_page):
    page = open_page("", mount=False)
    widget = ErrorBars()
    div = in_notebook(page, widget)
    same(shown(div), expected(div))
    div.get_by_role("slider", name="Equal models M").press("ArrowRight")
    widget.models = page.evaluate("sent.at(-1).models")  # Python accepts what the view sends
    assert widget.models == 21
    page.evaluate("stop()")
    assert page.evaluate("cell.childElementCount + cell.lcModel.listeners.length") == 0
