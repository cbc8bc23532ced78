"""RotaryExplorer in a real browser: what it shows is what llmcourse computes."""

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator

from llmcourse.explore.rotary import RotaryExplorer
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

SCALINGS = ["none", "interpolation", "NTK", "YaRN"]
TRAITS = ["query", "key", "base", "pair", "position", "offset", "scaling", "factor", "original_context", "span"]


def check(div: Locator) -> None:
    """What is on screen belongs to the model's state."""
    state = dict(zip(TRAITS, state_of(div, *TRAITS), strict=True))
    same(shown(div), RotaryExplorer(**state).numbers())


def random_state(rng, trial: int) -> dict:
    width = int(rng.choice([4, 8, 64, 128]))
    q, k = rng.standard_normal((2, width))
    return {
        "query": q.tolist(),
        "key": k.tolist(),
        "base": float(10 ** rng.uniform(1, 7)),
        "pair": int(rng.integers(width // 2)),
        "position": int(rng.integers(10_000)),
        "offset": int(rng.integers(4097)),
        "scaling": SCALINGS[trial % 4],
        "factor": float(2 ** rng.uniform(0, 6)),
        "original_context": int(rng.integers(256, 20_000)),
        "span": int(rng.choice([64, 256, 1024, 4096])),
    }


def mixed() -> RotaryExplorer:
    q, k = np.random.default_rng(1).standard_normal((2, 64))
    return RotaryExplorer(q, k, base=1e5, scaling="YaRN", offset=37, position=120, pair=20, original_context=8192)


def test_random_states_show_llmcourses_numbers(open_page, rng):
    div = widget_of(open_page(RotaryExplorer().html()))
    check(div)
    for trial in range(40):
        div.evaluate(SET, random_state(rng, trial))
        check(div)


@pytest.mark.parametrize("scaling", SCALINGS)
def test_curves_clocks_and_arrows_are_drawn_where_python_draws_them(open_page, scaling):
    widget = mixed()
    widget.scaling = scaling
    read = """div => [...div.querySelectorAll('.lc-line, .lc-dot, .lc-rule, .lc-dial path')].map(node =>
        ['d', 'cx', 'cy', 'y1'].map(name => node.getAttribute(name) || '').join(' ').match(/-?[\\d.]+/g).map(Number))"""
    still = open_page(widget.html(), mount=False, java_script_enabled=False).locator(".lc-widget").evaluate(read)
    live = widget_of(open_page(widget.html())).evaluate(read)
    assert len(live) == len(still) >= 11
    for ours, theirs in zip(live, still, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=0.02)  # both round to a hundredth of a unit


def test_keys_move_every_slider_and_moving_the_key_alone_keeps_the_score(open_page):
    page = open_page(RotaryExplorer(offset=9, pair=2).html())
    div = widget_of(page)
    before = shown(div)
    slider = lambda name: div.get_by_role("slider", name=name, exact=True)  # noqa: E731
    slider("Key position s").focus()
    for key in ("ArrowRight", "ArrowUp", "PageUp"):
        page.keyboard.press(key)
    assert state_of(div, "position")[0] > 2
    check(div)
    after = shown(div)
    assert {name: after[name] for name in ("score", "part", "between")} == pytest.approx(
        {name: before[name] for name in ("score", "part", "between")}
    )
    assert after["key_turn"] != before["key_turn"]
    slider("Offset n = t − s").press("ArrowRight")
    slider("Pair i").press("End")
    slider("Base b").press("ArrowRight")
    assert state_of(div, "offset", "pair") == [10, 31]
    assert state_of(div, "base")[0] == pytest.approx(1e4 * (1e7 / 10) ** 0.01)
    assert slider("Factor").is_disabled()
    div.get_by_role("radio", name="YaRN").check()
    slider("Factor").press("Home")
    check(div)
    div.get_by_role("radio", name="64", exact=True).check()
    assert state_of(div, "span", "offset") == [64, 10]
    slider("Offset n = t − s").press("End")
    assert state_of(div, "offset") == [64]
    check(div)
    div.get_by_role("button", name="Reset").press("Enter")
    assert state_of(div, "offset", "pair", "position", "scaling", "span") == [9, 2, 0, "none", 256]
    check(div)


def test_a_keyboard_walk_visits_every_control_with_a_visible_ring(open_page):
    page = open_page(mixed().html())
    walk = []
    for _ in range(8):
        page.keyboard.press("Tab")
        walk.append(focused(page))
    names = ["Offset n = t − s", "Key position s", "Pair i", "Base b", "Factor", "YaRN", "256", "Reset"]
    assert walk == [f"{name}|true" for name in names]


def test_a_span_that_changes_under_the_keyboard_leaves_the_focus_where_it_was(open_page):
    page = open_page(RotaryExplorer(offset=64, span=64).html())
    div = widget_of(page)
    div.get_by_role("slider", name="Offset n = t − s", exact=True).focus()
    div.evaluate(SET, {"offset": 200})
    assert focused(page).startswith("Offset n = t − s|")
    check(div)


def test_a_finger_moves_a_slider(open_page):
    page = open_page(RotaryExplorer().html(), has_touch=True, is_mobile=True, width=360)
    div = widget_of(page)
    box = div.get_by_role("slider", name="Offset n = t − s", exact=True).bounding_box()
    y = box["y"] + box["height"] / 2
    swipe(page, [(box["x"] + 8, y), (box["x"] + box["width"] / 4, y), (box["x"] + box["width"] / 2, y)])
    assert state_of(div, "offset")[0] == pytest.approx(128, abs=12)
    check(div)


def test_results_are_announced_politely_and_once(open_page):
    page = open_page(RotaryExplorer(pair=1).html())
    div = widget_of(page)
    status = div.locator(".lc-sr[role=status]")
    slider = div.get_by_role("slider", name="Offset n = t − s", exact=True)
    for _ in range(3):
        slider.press("ArrowRight")
        assert status.text_content() == ""
    page.wait_for_function("document.querySelector('.lc-sr').textContent.startsWith('Offset 3: score ')")
    assert "Pair 1 adds" in status.text_content()
    assert slider.get_attribute("aria-valuetext") == "3"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("scripts", [True, False])
def test_axe_finds_nothing(open_page, theme, scripts):
    page = open_page(mixed().html(), RotaryExplorer().html(), theme=theme, mount=scripts)
    found = Axe().run(page).response["violations"]
    assert [(one["id"], node["html"][:120]) for one in found for node in one["nodes"]] == []


@pytest.mark.parametrize("width", [320, 390, 622, 900])
def test_the_static_picture_has_the_same_numbers_and_place_as_the_live_widget(open_page, width):
    same_without_scripts(open_page, mixed().html(), RotaryExplorer().html(), width=width)


@pytest.mark.parametrize("width", [360, 622, 900])
def test_nothing_jumps_when_a_scaling_or_a_span_changes(open_page, width):
    page = open_page(RotaryExplorer().html(), width=width)
    div = widget_of(page)
    height = div.bounding_box()["height"]
    for state in (*({"scaling": name} for name in SCALINGS), {"span": 4096, "offset": 4000}, {"position": 2048}):
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
    div.get_by_role("slider", name="Pair i").press("ArrowLeft")
    widget.pair = page.evaluate("sent.at(-1).pair")
    assert widget.pair == 19
    check(div)
    page.evaluate("stop()")
    assert page.evaluate("cell.childElementCount + cell.lcModel.listeners.length") == 0
