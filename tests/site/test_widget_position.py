"""PositionExplorer in a real browser: what it shows is what llmcourse computes, by any way of moving it."""

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator

from llmcourse.explore.position import PositionExplorer
from tests.site.widgets import SET, focused, in_notebook, moving, same, same_without_scripts, shown, state_of, widget_of

pytestmark = pytest.mark.browser

NAMES = ("width", "base", "length", "position", "dimension", "offset", "scale")
SLIDERS = ["Position t", "Offset k", "Dimension j", "Width D", "Base b"]
POINTS = """div => [...div.querySelectorAll('.lc-plot path.lc-line')].map(path => path.getAttribute('d'))"""


def check_position(div: Locator) -> None:
    """What is on screen belongs to the model's state."""
    twin = PositionExplorer(**dict(zip(NAMES, state_of(div, *NAMES), strict=True)))
    same(shown(div), twin.numbers())


def test_random_states_show_llmcourses_numbers(open_page, rng):
    div = widget_of(open_page(PositionExplorer().html()))
    check_position(div)
    for trial in range(60):
        width, length = 2 * int(rng.integers(1, 33)), int(rng.integers(2, 129))
        state = {"width": width, "length": length, "base": float(np.exp(rng.uniform(np.log(2), np.log(1e6))))}
        state |= {"position": int(rng.integers(length)), "offset": int(rng.integers(length))}
        state |= {"dimension": int(rng.integers(width)), "scale": ["product", "cosine"][trial % 2]}
        div.evaluate(SET, state)
        check_position(div)


def test_the_measured_curve_lies_on_the_formula_for_every_position(open_page):
    """The bold line (dot products of row t) and the dotted one (the sum of cosines) have the same points."""
    div = widget_of(open_page(PositionExplorer(length=40).html()))
    for t in (0, 7, 39):
        div.evaluate(SET, {"position": t})
        _, formula, bold = (set(path.replace("M", "L").split("L")[1:]) for path in div.evaluate(POINTS))
        assert len(bold) == 40
        assert bold <= formula


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("scripts", [True, False])
def test_axe_finds_nothing(open_page, theme, scripts):
    page = open_page(PositionExplorer().html(), theme=theme, mount=scripts)
    if not scripts:
        page.evaluate("document.querySelectorAll('.lc-widget').forEach(div => llmcourseHost.unmount(div))")
    found = Axe().run(page).response["violations"]
    assert [(one["id"], node["html"][:120]) for one in found for node in one["nodes"]] == []


def test_a_keyboard_walk_visits_every_control_with_a_visible_ring(open_page):
    page = open_page(PositionExplorer().html())
    div = widget_of(page)
    walk = []
    for _ in range(7):
        page.keyboard.press("Tab")
        walk.append(focused(page))
    assert walk == [f"{name}|true" for name in [*SLIDERS, "dot product", "Reset"]]
    expected = {"position": 11, "offset": 6, "dimension": 5, "width": 34}
    for name, label in zip(expected, SLIDERS, strict=False):
        div.get_by_role("slider", name=label).focus()
        page.keyboard.press("ArrowRight")
        assert state_of(div, name) == [expected[name]]
        page.wait_for_timeout(0)
        check_position(div)
    div.get_by_role("slider", name="Base b").focus()
    page.keyboard.press("PageUp")
    assert state_of(div, "base") == [37_100.0]  # a tenth of the way from 2 to a million, by factors, to 3 digits
    page.keyboard.press("End")
    assert state_of(div, "base") == [1_000_000.0]
    div.get_by_role("radio", name="dot product").focus()
    page.keyboard.press("ArrowRight")
    assert state_of(div, "scale") == ["cosine"]
    check_position(div)
    div.get_by_role("button", name="Reset").focus()
    page.keyboard.press("Space")
    assert state_of(div, *NAMES) == [32, 10_000.0, 64, 10, 4, 5, "product"]
    check_position(div)


def test_a_smaller_width_takes_the_dimension_along(open_page):
    page = open_page(PositionExplorer(dimension=31).html())
    div = widget_of(page)
    slider = div.get_by_role("slider", name="Width D")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    assert state_of(div, "width", "dimension") == [30, 29]
    page.keyboard.press("Home")
    assert state_of(div, "width", "dimension") == [2, 1]
    page.wait_for_timeout(0)
    check_position(div)
    assert div.get_by_role("slider", name="Dimension j").get_attribute("max") == "1"
    assert div.get_by_role("slider", name="Dimension j").get_attribute("aria-valuetext") == "1, cos"


@pytest.mark.parametrize("touch", [False, True])
def test_a_tap_on_the_table_chooses_row_and_column(open_page, touch):
    page = open_page(PositionExplorer().html(), has_touch=touch, is_mobile=touch, width=360)
    div = widget_of(page)
    div.locator(".lc-map").scroll_into_view_if_needed()
    box = div.locator(".lc-map").bounding_box()
    at = (box["x"] + box["width"] * (20.5 / 32), box["y"] + box["height"] * (40.5 / 64))
    (page.touchscreen.tap if touch else page.mouse.click)(*at)
    assert state_of(div, "dimension", "position") == [20, 40]
    page.wait_for_timeout(0)
    check_position(div)
    outline = div.locator(".lc-mark").first.bounding_box()
    assert outline["y"] == pytest.approx(box["y"] + box["height"] * 40 / 64, abs=2)


def test_results_are_announced_politely_and_once(open_page):
    page = open_page(PositionExplorer(position=8).html())
    div = widget_of(page)
    status = div.locator(".lc-sr[role=status]")
    div.get_by_role("slider", name="Position t").focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
        assert status.text_content() == ""  # waits until the reader pauses
    page.wait_for_function("document.querySelector('.lc-sr').textContent.includes('Rows 13 and 18: dot product 11.8')")
    assert status.text_content().startswith("Dimension 4, sine, wavelength 19.9; at position 13 it is -0.825")


@pytest.mark.parametrize("width", [360, 390, 622, 900])
def test_nothing_jumps_when_the_state_changes(open_page, width):
    div = widget_of(open_page(PositionExplorer().html(), width=width))
    height = lambda: div.bounding_box()["height"]  # noqa: E731
    before = height()
    for state in (
        {"position": 63, "offset": 63},
        {"width": 2, "dimension": 1},
        {"base": 1e6, "width": 64, "dimension": 63},
        {"scale": "cosine", "offset": 37},
        {"length": 128, "position": 127, "offset": 127},
    ):
        div.evaluate(SET, state)
        assert height() == pytest.approx(before, abs=1), state


@pytest.mark.parametrize("width", [360, 622, 900])
@pytest.mark.parametrize("how", [{}, {"width": 64, "length": 128, "dimension": 63, "scale": "cosine", "position": 127}])
def test_the_static_picture_has_the_same_numbers_and_place_as_the_live_widget(open_page, width, how):
    same_without_scripts(open_page, PositionExplorer(**how).html(), width=width)


def test_the_static_picture_draws_the_same_lines(open_page):
    html = PositionExplorer(width=12, dimension=3, base=300.0).html()
    still = open_page(html, mount=False, java_script_enabled=False).locator(".lc-widget").evaluate(POINTS)
    assert widget_of(open_page(html)).evaluate(POINTS) == still
    assert len(still) == 3


def test_nothing_moves_for_readers_who_asked_for_that(open_page):
    page = open_page(PositionExplorer().html(), reduced_motion="reduce")
    assert moving(page) == 0


def test_a_page_opened_as_a_file_mounts_it(open_page):
    check_position(widget_of(open_page(PositionExplorer().html(), how="file")))


def test_a_notebooks_model_gets_the_same_view(open_page):
    page = open_page("", mount=False)
    widget = PositionExplorer()
    div = in_notebook(page, widget)
    check_position(div)
    div.get_by_role("slider", name="Position t").press("ArrowRight")
    widget.position = page.evaluate("sent.at(-1).position")  # Python accepts what the view sends
    assert widget.position == 11
    check_position(div)
    page.evaluate("stop()")
    assert page.evaluate("cell.childElementCount + cell.lcModel.listeners.length") == 0
