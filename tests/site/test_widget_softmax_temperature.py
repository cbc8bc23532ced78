"""SoftmaxTemperature in a real browser: what it shows is what llmcourse computes, in every state."""

import functools
import math
import re

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator

from llmcourse.explore import bundle
from llmcourse.explore.softmax_prompts import decode, shipped
from llmcourse.explore.softmax_temperature import SoftmaxTemperature
from llmcourse.inference.sampling import cut_mass, min_p, next_distribution, top_k, top_p
from llmcourse.language.information import entropy
from llmcourse.language.softmax import softmax
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

Z, LABELS = [2.0, 1.0, 0.0], ["cat", "dog", "owl"]
FRANCE, CAT = "The capital of France is …", "The cat sat on the …"
TRAITS = ("logits", "labels", "prompt", "temperature", "top_k", "top_p", "min_p", "draws", "seed", "rows")


@functools.cache
def stored(name: str) -> np.ndarray:
    return decode(next(prompt for prompt in shipped() if prompt["name"] == name))


def expected(state: dict) -> dict[str, float]:
    """What the widget must show, from llmcourse.inference.sampling; the draws by the twin in Python."""
    state = {name: float(x) if name in ("temperature", "top_p", "min_p") else x for name, x in state.items()}
    z = stored(state["prompt"]) if state["prompt"] else np.array(state["logits"], dtype=float)
    rows = state["rows"] if state["prompt"] else z.size
    before = softmax(z, temperature=state["temperature"])
    off = {"top_k": 0, "top_p": 1, "min_p": 0}
    settings = {name: state[name] for name, value in off.items() if state[name] != value}
    p = next_distribution(z, temperature=state["temperature"], **settings)
    values = {"entropy": entropy(p), "perplexity": 2 ** entropy(p), "cut": cut_mass(before, p)}
    values |= {"left": (p > 0).sum() if settings else p.size, "draws": state["draws"]}
    values |= {f"z.{i}": z[i] for i in range(rows)} | {f"p.{i}": p[i] for i in range(rows)}
    if z.size > rows:
        values["others"] = p[rows:].sum()
    if state["draws"]:
        twin = SoftmaxTemperature(state["logits"], state["labels"], **{name: state[name] for name in TRAITS[2:]})
        share = twin.counts() / state["draws"]
        values |= {f"drawn.{i}": share[i] for i in range(rows)} | {"distance": np.abs(share - p).sum() / 2}
        if z.size > rows:
            values["drawn_others"] = share[rows:].sum()
    return {key: float(value) for key, value in values.items()}


def check(div: Locator) -> None:
    """What is on screen belongs to the model's state."""
    same(shown(div), expected(dict(zip(TRAITS, state_of(div, *TRAITS), strict=True))))


def test_random_logits_and_knobs_show_llmcourses_numbers(open_page, rng):
    div = widget_of(open_page(SoftmaxTemperature(Z, LABELS).html()))
    check(div)
    for trial in range(60):
        n = int(rng.integers(2, 12))
        z = rng.uniform(-10, 10, size=n).round(2)
        if trial % 3 == 0:
            z[-1] = z[0]  # equal ones
        state = {"logits": z.tolist(), "labels": [f"t{i}" for i in range(n)], "prompt": ""}
        state |= {"temperature": float(np.exp(rng.uniform(-2.9, 2.9))), "top_k": int(rng.integers(0, 14))}
        state |= {"top_p": float(rng.choice([1, rng.uniform(0.01, 1)]))}
        state |= {"min_p": float(rng.choice([0, rng.uniform(0, 1)]))}
        state |= {"draws": int(rng.choice([0, 1, 333])), "seed": int(rng.integers(2**32))}
        div.evaluate(SET, state)
        check(div)


def test_random_knobs_on_the_models_whole_vocabulary(open_page, rng):
    div = widget_of(open_page(SoftmaxTemperature(prompt=FRANCE).html()))
    check(div)
    names = [prompt["name"] for prompt in shipped()]
    for trial in range(15):
        state = {"prompt": names[trial % 5], "rows": [10, 25, 50][trial % 3]}
        state |= {"temperature": float(np.exp(rng.uniform(-2, 2.9))), "top_k": int(rng.choice([0, 1, 7, 400, 9999]))}
        state |= {"top_p": float(rng.choice([1, rng.uniform(0.01, 1)]))}
        state |= {"min_p": float(rng.choice([0, rng.uniform(0, 0.3)]))}
        state |= {"draws": int(rng.choice([0, 50, 5000])), "seed": int(rng.integers(2**32))}
        div.evaluate(SET, state)
        check(div)


def test_the_twins_give_whole_distributions_equal_to_pythons(open_page, rng):
    """Not only what is shown: every entry, after every filter, at sizes up to the vocabulary's."""
    page = open_page("", mount=False)
    run = """async ([source, prompt, cases]) => {
      const twin = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
      const all = twin.logitsOf(prompt);
      return cases.map(([z, settings]) => Array.from(twin.nextDistribution(z || all, settings)));
    }"""
    z = rng.normal(0, 3, size=400)
    z[100:104] = z[:4]
    cases = [
        (rows, {"temperature": tau, **knobs})
        for rows in (z.tolist(), None)
        for tau in (0.3, 1.0, 4.0)
        for knobs in ({}, {"top_k": 12}, {"top_p": 0.77}, {"min_p": 0.04}, {"top_k": 300, "top_p": 0.9, "min_p": 0.01})
    ]
    prompt = next(prompt for prompt in shipped() if prompt["name"] == CAT)
    found = page.evaluate(run, [bundle.bundle("softmax_temperature"), prompt, cases])
    for (rows, settings), row in zip(cases, found, strict=True):
        scores = stored(CAT) if rows is None else z
        np.testing.assert_allclose(row, next_distribution(scores, **settings), rtol=1e-9, atol=1e-15)


def test_keys_move_a_logit_and_each_slider(open_page):
    page = open_page(SoftmaxTemperature(Z, LABELS).html())
    div = widget_of(page)
    div.get_by_role("slider", name="logit of “dog”").focus()
    for key, logit in [("ArrowRight", 1.1), ("PageDown", 0.1), ("Home", -10), ("End", 10), ("Shift+ArrowLeft", 9)]:
        page.keyboard.press(key)
        assert state_of(div, "logits")[0] == pytest.approx([2, logit, 0])
        page.wait_for_timeout(0)
        check(div)
    assert focused(page).startswith("logit of “dog”|true")
    one = div.get_by_role("slider", name="logit of “dog”")
    assert re.fullmatch(r"9, probability 0\.999", one.get_attribute("aria-valuetext"))
    for name, trait, key, value in [
        ("Temperature τ", "temperature", "PageUp", 400**0.1),
        ("top-k", "top_k", "ArrowLeft", 2),
        ("top-k", "top_k", "ArrowLeft", 1),
        ("top-k", "top_k", "End", 0),
        ("top-p", "top_p", "ArrowLeft", 0.99),
        ("min-p", "min_p", "ArrowRight", 0.01),
    ]:
        div.get_by_role("slider", name=name).focus()
        page.keyboard.press(key)
        assert state_of(div, trait)[0] == pytest.approx(value)
        page.wait_for_timeout(0)
        check(div)
    assert div.get_by_role("slider", name="top-k").get_attribute("aria-valuetext") == "off"
    assert div.get_by_role("slider", name="top-p").get_attribute("aria-valuetext") == "0.99"


def test_every_k_of_the_slider_can_be_reached_in_a_large_vocabulary(open_page):
    page = open_page(SoftmaxTemperature(prompt=FRANCE).html())
    div = widget_of(page)
    knob = div.get_by_role("slider", name="top-k")
    knob.focus()
    page.keyboard.press("Home")
    seen = []
    for _ in range(40):
        seen.append(state_of(div, "top_k")[0])
        page.keyboard.press("ArrowRight")
    assert seen[:11] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12]
    assert [seen[25], seen[26], seen[-1]] == [20_000, 0, 0]
    div.evaluate(SET, {"top_k": 37})  # not a place of the slider
    assert knob.get_attribute("aria-valuetext") == "37"
    check(div)


def test_menu_rows_draws_and_reset(open_page):
    page = open_page(SoftmaxTemperature(Z, LABELS, seed=3).html())
    div = widget_of(page)
    button = functools.partial(div.get_by_role, "button", exact=True)
    assert button(name="Clear draws").is_disabled()
    assert div.get_by_role("radio", name="25").is_hidden()
    button(name="Draw 1").click()
    button(name="Draw 100").click()
    assert state_of(div, "draws") == [101]
    check(div)
    div.get_by_label("Logits").select_option(CAT)
    check(div)
    div.get_by_role("radio", name="25").check()
    assert div.locator(".lc-row").count() == 1 + 25 + 1
    assert div.locator(".lc-rest .lc-label").inner_text() == "49,127 others"
    check(div)
    for _ in range(10):
        button(name="Draw 10,000").click()
    assert state_of(div, "draws") == [100_000]
    assert button(name="Draw 1").is_disabled()
    assert "100,000 draws are the most" in div.locator(".lc-message").inner_text()
    check(div)
    button(name="Clear draws").click()
    assert state_of(div, "draws") == [0]
    seed, message = div.get_by_label("Seed"), div.locator(".lc-message")
    for wrong in ("-1", "1.5", "4294967296", ""):
        seed.fill(wrong)
        assert message.inner_text().endswith("from 0 to 4,294,967,295; it is still 3.")
        assert (state_of(div, "seed"), seed.get_attribute("aria-invalid")) == ([3], "true")
    seed.fill("12")
    assert (state_of(div, "seed"), message.inner_text(), seed.get_attribute("aria-invalid")) == ([12], "", None)
    seed.fill("-1")
    button(name="Reset").click()
    assert state_of(div, *TRAITS) == [Z, LABELS, "", 1, 0, 1, 0, 0, 3, 10]
    assert (seed.input_value(), message.inner_text()) == ("3", "")
    check(div)


def test_more_draws_come_nearer_to_the_bars(open_page):
    div = widget_of(open_page(SoftmaxTemperature(Z, LABELS).html()))
    distances = []
    for n in (10, 1000, 100_000):
        div.evaluate(SET, {"draws": n})
        distances.append(shown(div)["distance"])
    assert distances[0] > distances[1] > distances[2]
    assert distances[2] < 0.005


def test_a_logit_follows_the_pointer_and_a_finger_that_scrolls_changes_nothing(open_page):
    page = open_page(SoftmaxTemperature(Z, LABELS).html())
    div = widget_of(page)
    box = div.get_by_role("slider", name="logit of “owl”").bounding_box()
    x = lambda share: box["x"] + 5 + share * (box["width"] - 10)  # noqa: E731
    page.mouse.move(x(0.5), box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(x(0.9), box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    assert state_of(div, "logits")[0] == [2, 1, pytest.approx(8, abs=0.5)]
    check(div)
    touch = open_page(
        SoftmaxTemperature(Z, LABELS).html() + "<p style='height:2000px'></p>",
        has_touch=True,
        is_mobile=True,
        width=390,
    )
    div = widget_of(touch)
    div.locator(".lc-rows").scroll_into_view_if_needed()
    box = div.get_by_role("slider", name="logit of “cat”").bounding_box()
    across, y = box["x"] + 0.8 * box["width"], box["y"] + box["height"] / 2
    before = touch.evaluate("scrollY")
    swipe(touch, [(across, y - 12 * step) for step in range(20)])
    assert touch.evaluate("scrollY") > before + 50
    assert state_of(div, "logits") == [Z]
    check(div)


def several() -> list[str]:
    return [
        SoftmaxTemperature(Z, LABELS, temperature=0.5, draws=10, top_k=2).html(),
        SoftmaxTemperature(prompt=CAT, top_p=0.9, draws=1000).html(),
        SoftmaxTemperature(prompt=FRANCE, top_k=3, temperature=1.5, rows=25).html(),
        SoftmaxTemperature([-3.0, 2.5], ["<b>", " x"], prompts=[]).html(),
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("scripts", [True, False])
def test_axe_finds_nothing(open_page, theme, scripts):
    page = open_page(*several(), theme=theme, mount=scripts)
    if not scripts:
        page.evaluate("document.querySelectorAll('.lc-widget').forEach(div => llmcourseHost.unmount(div))")
    found = Axe().run(page).response["violations"]
    assert [(one["id"], node["html"][:120]) for one in found for node in one["nodes"]] == []


def test_a_keyboard_walk_visits_every_control_with_a_visible_ring(open_page):
    page = open_page(SoftmaxTemperature(Z, LABELS, draws=1).html())
    div = widget_of(page)
    walk = []
    for _ in range(15):
        page.keyboard.press("Tab")
        walk.append(focused(page))
    names = ["Logits", "Temperature τ", "top-k", "top-p", "min-p", "Seed"]
    names += ["Draw 1", "Draw 100", "Draw 10,000", "Clear draws", "Reset", "Skip the logits"]
    assert walk == [f"{name}|true" for name in [*names, *(f"logit of “{label}”" for label in LABELS)]]
    div.get_by_role("button", name="Clear draws").focus()
    page.keyboard.press("Enter")
    page.wait_for_timeout(0)
    assert (state_of(div, "draws"), focused(page)) == ([0], "Clear draws|true")  # off, and the focus is not lost
    div.get_by_role("button", name="Skip the logits").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.tagName") == "FIGURE"


def test_results_are_announced_politely_and_once(open_page):
    page = open_page(SoftmaxTemperature(Z, LABELS).html())
    div = widget_of(page)
    status = div.locator(".lc-sr[role=status]")
    div.get_by_role("slider", name="Temperature τ").focus()
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
        assert status.text_content() == ""  # waits until the reader pauses
    page.wait_for_function(
        "document.querySelector('.lc-sr').textContent.startsWith('Temperature 0.741: entropy 0.986 bits')"
    )
    div.get_by_role("button", name="Draw 100", exact=True).click()
    page.wait_for_function(
        "/Most likely: “cat” 0\\.\\d+.* 100 draws, distance/.test(document.querySelector('.lc-sr').textContent)"
    )


@pytest.mark.parametrize("width", [360, 622, 900])
def test_the_static_picture_has_the_same_numbers_and_place_as_the_live_widget(open_page, width):
    rows = "div => [...div.querySelectorAll('.lc-row')].map(one => one.innerText)"
    same_without_scripts(open_page, *several(), width=width, also=rows)


def test_the_plots_of_the_static_picture_are_those_of_the_live_widget(open_page):
    curves = """div => [...div.querySelectorAll('.lc-plot .lc-line, .lc-plot .lc-rule')]
        .map(one => one.getAttribute('d') || one.getAttribute('x1'))"""
    page = open_page(*several())
    live = [div.evaluate(curves) for div in page.locator(".lc-widget").all()]
    page.evaluate("document.querySelectorAll('.lc-widget').forEach(div => llmcourseHost.unmount(div))")
    for one, div in zip(live, page.locator(".lc-widget").all(), strict=True):
        still = div.evaluate(curves)
        assert len(one) == len(still) > 1
        for a, b in zip(one, still, strict=True):
            numbers = [np.array(re.findall(r"-?\d+\.?\d*", text), dtype=float) for text in (a, b)]
            np.testing.assert_allclose(*numbers, atol=0.011)  # both are rounded to 2 decimals


@pytest.mark.parametrize("width", [360, 622, 900])
def test_nothing_jumps_when_a_knob_turns_or_a_message_comes(open_page, width):
    page = open_page(SoftmaxTemperature(prompt=CAT).html(), width=width)
    div = widget_of(page)
    height = div.bounding_box()["height"]
    for state in (
        {"temperature": 0.05}, {"temperature": 20}, {"top_k": 1}, {"top_k": 20_000}, {"top_k": 0, "top_p": 0.01},
        {"top_p": 1, "min_p": 1}, {"min_p": 0, "draws": 100_000}, {"prompt": "Her name was …"},
    ):  # fmt: skip
        div.evaluate(SET, state)
        assert div.bounding_box()["height"] == pytest.approx(height, abs=1), state
        check(div)


def test_nothing_moves_for_readers_who_asked_for_that(open_page):
    page = open_page(*several(), reduced_motion="reduce")
    assert moving(page) == 0


def test_a_page_opened_as_a_file_loads_the_prompts_when_it_is_scrolled_to(open_page):
    html = f'<div style="height:3000px"></div>{SoftmaxTemperature(prompt=FRANCE, top_p=0.5).html()}'
    page = open_page(html, how="file", mount=False)
    page.wait_for_timeout(200)
    assert page.locator("[data-widget=softmax_temperature]").get_attribute("data-ready") is None
    page.locator("#end").scroll_into_view_if_needed()
    page.wait_for_selector("[data-widget=softmax_temperature][data-ready=true]")
    check(page.locator("[data-widget=softmax_temperature]"))


def test_a_notebooks_model_gets_the_same_view_and_python_takes_what_it_sends(open_page):
    widget = SoftmaxTemperature(Z, LABELS, temperature=2.0)
    page = open_page("", mount=False)
    div = in_notebook(page, widget)
    check(div)
    div.get_by_role("slider", name="logit of “cat”").press("ArrowRight")
    widget.logits = page.evaluate("sent.at(-1).logits")
    div.get_by_role("slider", name="top-k").press("Home")
    widget.top_k = page.evaluate("sent.at(-1).top_k")
    div.get_by_label("Logits").select_option(CAT)
    widget.prompt = page.evaluate("sent.at(-1).prompt")
    page.wait_for_timeout(0)
    check(div)
    assert math.isclose(shown(div)["entropy"], widget.numbers()["entropy"], abs_tol=1e-9)
    page.evaluate("stop()")
    assert page.evaluate("cell.childElementCount + cell.lcModel.listeners.length") == 0


def test_the_filters_of_the_page_alone(open_page, rng):
    page = open_page("", mount=False)
    run = """async ([source, p]) => {
      const twin = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
      return [twin.topK(p, 3), twin.topP(p, 0.6), twin.topP(p, 1e-300), twin.minP(p, 0.2)];
    }"""
    p = rng.dirichlet(np.full(9, 0.7))
    p[4] = p[2]
    p /= p.sum()
    found = page.evaluate(run, [bundle.bundle("softmax_temperature"), p.tolist()])
    for row, ours in zip(found, (top_k(p, 3), top_p(p, 0.6), top_p(p, 1e-300), min_p(p, 0.2)), strict=True):
        np.testing.assert_allclose(row, ours, atol=1e-14)
