"""AttentionSteps in a real browser: each number is llmcourse's, by mouse, finger, keyboard and ear."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator

from llmcourse.explore.attention_steps import COMPUTED, AttentionSteps
from llmcourse.explore.attention_steps_picture import brief, explain, sources
from llmcourse.transformer.attention import attention_scores, attention_weights, causal_mask
from tests.site.widgets import READ, SET, focused, in_notebook, same, same_without_scripts, shown, state_of, widget_of

pytestmark = pytest.mark.browser

Q, K, V, LABELS = [[1, 0], [0, 2], [2, 1]], [[1, 0], [0, 1], [1, 1]], [[1, 0], [0, 1], [2, 2]], ["the", "cat", "sat"]
FOUR = AttentionSteps(
    [[1, 0, 1], [0, 2, 0.5], [2, 1, -3], [8, 9, 10]],
    [[1, 0, 1], [0, 1, 1], [1, 1, -2], [9, 9, 9]],
    [[1], [0], [2], [-1]],
    ["Well", " ", "done", "!"],
    selected="output.3.0",
    causal=False,
)
TRAITS = ("q", "k", "v", "labels", "scaled", "causal", "selected")


def twin(div: Locator) -> AttentionSteps:
    """The widget in Python with the state on screen."""
    return AttentionSteps(**dict(zip(TRAITS, state_of(div, *TRAITS), strict=True)))


def check_steps(div: Locator) -> None:
    """Every number is that of llmcourse.transformer.attention, every text and the sentence those of the picture."""
    state = twin(div)
    q, k, v = (torch.tensor(getattr(state, name), dtype=torch.float64) for name in "qkv")
    mask = causal_mask(len(q), len(k)) if state.causal else None
    larger = 1.0 if state.scaled else q.shape[1] ** 0.5  # cancels the √K of the package
    numbers = shown(div)
    table = lambda name: [[numbers[f"{name}.{i}.{j}"] for j in range(len(k))] for i in range(len(q))]  # noqa: E731
    np.testing.assert_allclose(table("divided"), attention_scores(q * larger, k), atol=1e-6)
    np.testing.assert_allclose(table("weight"), attention_weights(q * larger, k, mask), atol=1e-6)
    output = F.scaled_dot_product_attention(q * larger, k, v, attn_mask=mask)
    for i, row in enumerate(output.tolist()):
        for c, x in enumerate(row):
            assert numbers[f"output.{i}.{c}"] == pytest.approx(x, abs=1e-6)
    same(numbers, state.cells())
    for key, (value, text) in div.evaluate(READ).items():
        assert key[0] in "qkv" or text == brief(float(value)), key
    assert div.locator(".lc-why").inner_text() == explain(state.selected, state)


def cell(div: Locator, key: str) -> Locator:
    return div.locator(f"[data-key='{key}']")


def test_random_states_show_torchs_numbers_and_python_s_sentences(open_page, rng):
    div = widget_of(open_page(AttentionSteps(Q, K, V, LABELS).html()))
    check_steps(div)
    for trial in range(60):
        n, width, value_width = (int(rng.integers(low, 5)) for low in (2, 1, 1))
        q, k = rng.normal(size=(2, n, width), scale=[0.1, 1, 3][trial % 3]).clip(-10, 10)
        state = {
            "q": q.round(trial % 4).tolist(),
            "k": k.round(2).tolist(),
            "v": rng.normal(size=(n, value_width)).tolist(),
            "labels": ["a", "bb", " ", "dddd"][:n],
            "scaled": trial % 2 == 0,
            "causal": trial % 5 > 1,
        }
        names = list(AttentionSteps(**state, selected="score.0.0").cells())
        div.evaluate(SET, state | {"selected": names[int(rng.integers(len(names)))]})
        check_steps(div)


def test_every_number_of_a_state_has_python_s_sentence_and_sources(open_page):
    page = open_page(FOUR.html(), AttentionSteps(Q, K, V, LABELS).html())
    walk = """async (div, keys) => {
      const found = [];
      const marked = (name) => [...div.querySelectorAll(".lc-" + name)].map((node) => node.dataset.key);
      for (const key of keys) {
        div.lcModel.set("selected", key);
        await new Promise((done) => setTimeout(done));
        found.push([div.querySelector(".lc-why").textContent, marked("from"), marked("beside"), marked("chosen")]);
      }
      return found;
    }"""
    for div in page.locator(".lc-widget").all():
        state = twin(div)
        keys = list(state.cells())
        for key, (sentence, first, second, chosen) in zip(keys, div.evaluate(walk, keys), strict=True):
            assert sentence == explain(key, state)
            assert (set(first), set(second)) == tuple(map(set, sources(key, state)))
            assert chosen == [key]


def test_typing_changes_a_number_and_what_is_no_number_is_refused(open_page):
    page = open_page(AttentionSteps(Q, K, V, LABELS).html())
    div = widget_of(page)
    box = div.get_by_label("q of “sat”, entry 1", exact=True)
    box.fill("-1.5")
    assert state_of(div, "q", "selected") == [[[1, 0], [0, 2], [-1.5, 1]], "q.2.0"]
    check_steps(div)
    page.keyboard.press("ArrowUp")
    assert state_of(div, "q")[0][2][0] == -0.5
    check_steps(div)
    for wrong in ("", "10.5", "-1e9"):
        box.fill(wrong)
        assert state_of(div, "q")[0][2][0] == -0.5
        assert box.get_attribute("aria-invalid") == "true"
        assert div.locator(".lc-why").inner_text() == "An entry must be a number from −10 to 10; it is still −0.5."
    page.keyboard.press("Tab")
    assert (box.input_value(), box.get_attribute("aria-invalid")) == ("-0.5", None)
    check_steps(div)
    for name, label in [("k", "k of “the”, entry 2"), ("v", "v of “cat”, entry 1")]:
        div.get_by_label(label, exact=True).fill("3")
        assert 3 in np.array(state_of(div, name)[0])
        check_steps(div)
    div.get_by_role("button", name="Reset").click()
    assert state_of(div, "q", "k", "v", "selected") == [Q, K, V, "score.1.0"]
    check_steps(div)


def test_the_switches_change_the_tables_and_their_titles(open_page):
    div = widget_of(open_page(AttentionSteps(Q, K, V, LABELS, selected="weight.1.2").html()))
    for group, option, trait, value, title in [
        ("Scores", "as they are", "scaled", False, "not divided"),
        ("Mask", "none", "causal", False, "no mask"),
        ("Scores", "÷ √d", "scaled", True, "divided by √2"),
        ("Mask", "causal", "causal", True, "future masked"),
    ]:
        div.get_by_role("group", name=group).get_by_role("radio", name=option).check()
        assert state_of(div, trait) == [value]
        assert title in div.locator(".lc-panels").inner_text()
        check_steps(div)


def test_a_finger_chooses_a_number(open_page):
    page = open_page(AttentionSteps(Q, K, V, LABELS).html(), has_touch=True, is_mobile=True, width=360)
    div = widget_of(page)
    for key in ("weight.2.1", "sum.0.0", "score.0.2"):
        cell(div, key).tap()
        assert state_of(div, "selected") == [key]
        check_steps(div)
        size = cell(div, key).bounding_box()
        assert min(size["width"], size["height"]) >= 24
    assert div.locator(".lc-why").evaluate("node => node.getBoundingClientRect().bottom <= innerHeight")  # in sight


def test_a_keyboard_walk_visits_every_control_and_arrows_move_inside_a_table(open_page):
    page = open_page(AttentionSteps(Q, K, V, LABELS).html())
    div = widget_of(page)
    walk = []
    for _ in range(4 + 18):
        page.keyboard.press("Tab")
        walk.append(focused(page))
    boxes = [f"{name} of “{label}”, entry {c}|true" for name in "qkv" for label in LABELS for c in (1, 2)]
    assert walk == ["÷ √d|true", "causal|true", "Reset|true", "Skip to the scores|true", *boxes]
    for name in ("score", "divided", "masked", "exp", "weight", "output"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.dataset.key").startswith(name)
        assert focused(page).endswith("|true")
        assert state_of(div, "selected") == [page.evaluate("document.activeElement.dataset.key")]
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement === document.body")
    div.get_by_role("button", name="Skip to the scores").focus()
    page.keyboard.press("Enter")
    for key, expected in [
        ("Home", "score.0.0"), ("ArrowRight", "score.0.1"), ("ArrowDown", "score.1.1"), ("End", "score.1.2"),
        ("ArrowRight", "score.1.2"), ("ArrowUp", "score.0.2"), ("ArrowUp", "score.0.2"), ("ArrowLeft", "score.0.1"),
    ]:  # fmt: skip
        if key == "Home":
            cell(div, "score.0.2").focus()
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement.dataset.key") == expected
        assert state_of(div, "selected") == [expected]
        check_steps(div)
    cell(div, "exp.1.2").focus()
    for key, expected in [
        ("ArrowRight", "sum.1.0"),
        ("ArrowDown", "sum.2.0"),
        ("ArrowLeft", "exp.2.2"),
        ("End", "sum.2.0"),
    ]:
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement.dataset.key") == expected
    assert div.locator("[aria-selected=true]").count() == 1


def test_the_sentence_is_announced_after_a_pause(open_page):
    page = open_page(AttentionSteps(Q, K, V, LABELS).html())
    div = widget_of(page)
    status = div.locator(".lc-sr[role=status]")
    assert status.text_content() == ""
    cell(div, "score.2.2").click()
    assert status.text_content() == ""
    spoken = "document.querySelector('.lc-sr[role=status]').textContent.startsWith"
    page.wait_for_function(f"{spoken}('Score of “sat” for “sat”')")
    div.get_by_role("radio", name="as they are").check()
    div.get_by_label("q of “sat”, entry 1", exact=True).fill("99")
    page.wait_for_function(f"{spoken}('An entry must be a number')")


def both() -> list[str]:
    return [AttentionSteps(Q, K, V, LABELS, selected="weight.2.0").html(), FOUR.html()]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("scripts", [True, False])
def test_axe_finds_nothing(open_page, theme, scripts):
    page = open_page(*both(), theme=theme, mount=scripts)
    if not scripts:
        page.evaluate("document.querySelectorAll('.lc-widget').forEach(div => llmcourseHost.unmount(div))")
    found = Axe().run(page).response["violations"]
    assert [(one["id"], node["html"][:120]) for one in found for node in one["nodes"]] == []


@pytest.mark.parametrize("width", [360, 622, 900])
def test_the_static_picture_has_the_same_numbers_and_place_as_the_live_widget(open_page, width):
    same_without_scripts(open_page, *both(), width=width, texts=lambda key: key.split(".")[0] in COMPUTED)


@pytest.mark.parametrize("width", [360, 622, 900])
def test_nothing_jumps_whichever_number_is_chosen(open_page, width):
    page = open_page(AttentionSteps(Q, K, V, LABELS).html(), width=width)
    div = widget_of(page)
    before = div.bounding_box()["height"]
    for key in ("q.0.0", "v.2.1", "divided.2.2", "masked.0.2", "weight.2.2", "output.2.1", "sum.2.0"):
        div.evaluate(SET, {"selected": key, "scaled": key[0] != "o"})
        assert div.bounding_box()["height"] == pytest.approx(before, abs=1), key


@pytest.mark.parametrize("width", [360, 622])
def test_no_number_is_cut_off(open_page, width):
    page = open_page(*both(), width=width)
    cut = "cells => cells.filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.textContent)"
    assert page.locator(".lc-cell, .lc-title").evaluate_all(cut) == []


def test_nothing_moves_for_readers_who_asked_for_that(open_page):
    page = open_page(*both(), reduced_motion="reduce")
    moving = "nodes => nodes.filter(node => parseFloat(getComputedStyle(node).transitionDuration) > 0).length"
    assert page.locator(".lc-widget *").evaluate_all(moving) == 0


def test_a_page_opened_as_a_file_shows_it_and_the_host_takes_it_down_again(open_page):
    page = open_page(AttentionSteps(Q, K, V, LABELS).html(), how="file")
    div = widget_of(page)
    check_steps(div)
    div.evaluate("div => { window.kept = div.lcModel; llmcourseHost.unmount(div); }")
    assert page.evaluate("kept.listeners.length") == 0
    assert div.locator(".lc-static").count() == 1


def test_a_notebooks_model_gets_the_same_view_and_python_takes_what_it_sends(open_page):
    widget = AttentionSteps(Q, K, V, LABELS)
    page = open_page("", mount=False)
    div = in_notebook(page, widget)
    check_steps(div)
    div.get_by_label("v of “the”, entry 1", exact=True).fill("-2")
    sent = page.evaluate("sent.at(-1)")
    widget.v, widget.selected = sent["v"], sent["selected"]
    assert (widget.v[0], widget.selected) == ([-2, 0], "v.0.0")
    check_steps(div)
    page.evaluate("stop()")
    assert page.evaluate("cell.childElementCount + cell.lcModel.listeners.length") == 0
