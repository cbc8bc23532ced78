"""DecodingTree in a real browser: every probability on display is what llmcourse.inference computes, in every state."""

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator

from llmcourse.explore.decoding_tree import DecodingTree
from llmcourse.explore.decoding_trees import DEPTH, LEAVES, TREES
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

FIRST, NOTHING, LOOP = (one["name"] for one in TREES)
TRAITS = ("tree", "algorithm", "step", "width", "length_penalty", "temperature", "top_k", "top_p", "gamma", "repair")
FLOATS = ("length_penalty", "temperature", "top_p")


def twin(div: Locator) -> DecodingTree:
    """The Python widget in the state of the one on the page."""
    trees, *values = state_of(div, "trees", *TRAITS)
    state = {name: float(x) if name in FLOATS else x for name, x in zip(TRAITS, values, strict=True)}
    return DecodingTree(trees=tuple(trees), **state)


def check(div: Locator) -> None:
    """What is on screen belongs to the model's state."""
    widget = twin(div)
    truth, law = widget.truth(), widget.law()
    values = dict(widget.numbers())
    values |= {f"p.{i}": truth.get(leaf, 0.0) for i, leaf in enumerate(LEAVES)}
    if widget.step == DEPTH:
        values |= {f"a.{i}": law.get(leaf, 0.0) for i, leaf in enumerate(LEAVES)}
    same(shown(div), values)


def random_trees(rng, number: int) -> list[dict]:
    def rows() -> list[list[float]]:
        p = rng.dirichlet(np.full(3, 0.8), size=7)
        return p.tolist()

    return [{"name": f"t{i}", "tokens": ["a", "b", "!"], "target": rows(), "draft": rows()} for i in range(number)]


def test_random_trees_and_knobs_show_llmcourses_numbers(open_page, rng):
    trees = random_trees(rng, 6)
    trees[0]["target"][0] = [0.0, 1.0, 0.0]  # impossible tokens
    trees[1]["draft"] = trees[1]["target"]  # nothing is ever rejected
    div = widget_of(open_page(DecodingTree(trees=tuple(trees)).html()))
    check(div)
    for trial in range(60):
        state = {"tree": f"t{trial % 6}", "algorithm": ["greedy", "beam", "sampling", "speculative"][trial % 4]}
        state |= {"step": int(rng.integers(0, 4)), "width": int(rng.integers(1, 7))}
        state |= {"length_penalty": float(rng.choice([0, rng.uniform(0, 3)]))}
        state |= {"temperature": float(np.exp(rng.uniform(-2.9, 2.9))), "top_k": int(rng.integers(0, 3))}
        state |= {"top_p": float(rng.choice([1, rng.uniform(0.01, 1)])), "gamma": int(rng.integers(1, 4))}
        state |= {"repair": ["residual", "target"][int(rng.integers(2))]}
        div.evaluate(SET, state)
        check(div)


def several() -> list[str]:
    return [
        DecodingTree(FIRST, algorithm="beam", width=2, step=2).html(),
        DecodingTree(NOTHING, algorithm="speculative", repair="target").html(),
        DecodingTree(LOOP, algorithm="sampling", temperature=0.5, top_k=2).html(),
        DecodingTree(FIRST, step=0).html(),
    ]


LOOK = """div => ({
  words: div.querySelector('.lc-message').textContent,
  rows: [...div.querySelectorAll('.lc-row')].map(
    row => [...row.children].map(cell => cell.textContent.trim()).join('|')),
  numbers: [...div.querySelectorAll('.lc-number')].map(one => one.textContent.replace(/\\s+/g, ' ').trim()),
  edges: [...div.querySelectorAll('.lc-edge')].map(one =>
    [one.getAttribute('class'), one.getAttribute('d'), one.getAttribute('stroke-width')].join('|')),
})"""


@pytest.mark.parametrize("width", [360, 900])
def test_the_static_picture_says_and_draws_what_the_live_widget_does(open_page, width):
    same_without_scripts(open_page, *several(), width=width, also=LOOK)


def test_menus_keys_steps_and_reset(open_page):
    page = open_page(DecodingTree(FIRST).html())
    div = widget_of(page)
    hidden = div.get_by_label("Beam width", exact=True)
    assert hidden.is_hidden()
    div.get_by_label("Decoding").select_option("beam")
    assert state_of(div, "algorithm") == ["beam"]
    assert hidden.is_visible()
    check(div)
    div.get_by_role("slider", name="Tokens decided").focus()
    page.keyboard.press("Home")
    assert state_of(div, "step") == [0]
    assert div.locator(".lc-message").inner_text() == "Nothing has been decided yet."
    words = []
    for step in (1, 2, 3):
        page.keyboard.press("ArrowRight")
        assert state_of(div, "step") == [step]
        page.wait_for_timeout(0)
        words.append(div.locator(".lc-message").inner_text())
        check(div)
    assert words[0] == "Live: very 0.500, good 0.350. Set aside: none."
    assert words[1] == "Live: very good 0.230, very very 0.170. Set aside: good . 0.280 (score −1.273)."
    hidden.focus()
    page.keyboard.press("ArrowRight")
    assert state_of(div, "width") == [3]
    div.get_by_label("Model").select_option(LOOP)
    div.get_by_label("Decoding").select_option("speculative")
    div.get_by_label("A rejected draft is replaced from").select_option("target")
    assert state_of(div, "tree", "algorithm", "repair") == [LOOP, "speculative", "target"]
    page.wait_for_timeout(0)
    check(div)
    assert shown(div)["distance"] > 0.02
    div.get_by_role("button", name="Reset").click()
    assert state_of(div, *TRAITS) == [FIRST, "greedy", 3, 2, 0, 1, 0, 1, 2, "residual"]
    page.wait_for_timeout(0)
    check(div)


@pytest.mark.parametrize(
    ("algorithm", "name", "trait", "key", "value"),
    [
        ("beam", "Length penalty λ", "length_penalty", "ArrowRight", 0.1),
        ("sampling", "Temperature τ", "temperature", "PageUp", 400**0.1),
        ("sampling", "top-k", "top_k", "ArrowRight", 1),
        ("sampling", "top-p", "top_p", "ArrowLeft", 0.99),
        ("speculative", "Drafts γ", "gamma", "ArrowRight", 3),
    ],
)
def test_each_slider_moves_by_key(open_page, algorithm, name, trait, key, value):
    page = open_page(DecodingTree(FIRST, algorithm=algorithm).html())
    div = widget_of(page)
    div.get_by_role("slider", name=name).focus()
    page.keyboard.press(key)
    assert state_of(div, trait)[0] == pytest.approx(value)
    page.wait_for_timeout(0)
    check(div)
    assert focused(page) == f"{name}|true"


@pytest.mark.parametrize(
    ("algorithm", "own"),
    [
        ("greedy", []),
        ("beam", ["Beam width", "Length penalty λ"]),
        ("sampling", ["Temperature τ", "top-k", "top-p"]),
        ("speculative", ["Drafts γ", "A rejected draft is replaced from"]),
    ],
)
def test_a_keyboard_walk_visits_every_control_with_a_visible_ring(open_page, algorithm, own):
    page = open_page(DecodingTree(FIRST, algorithm=algorithm).html())
    names = ["Model", "Decoding", "Reset", "Tokens decided", *own]
    walk = []
    for _ in names:
        page.keyboard.press("Tab")
        walk.append(focused(page))
    assert walk == [f"{name}|true" for name in names]
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.lc-widget')") is None  # nothing hidden takes the focus


def test_a_finger_moves_a_slider_and_one_that_scrolls_changes_nothing(open_page):
    html = DecodingTree(FIRST, algorithm="beam").html() + "<p style='height:2000px'></p>"
    page = open_page(html, has_touch=True, is_mobile=True, width=360)
    div = widget_of(page)
    box = div.get_by_role("slider", name="Beam width").bounding_box()
    y, x = box["y"] + box["height"] / 2, lambda share: box["x"] + 8 + share * (box["width"] - 16)
    swipe(page, [(x(0.2), y), (x(0.5), y), (x(0.8), y), (x(0.8), y)])
    assert state_of(div, "width") == [5]
    check(div)
    before, values = page.evaluate("scrollY"), state_of(div, *TRAITS)
    box = div.locator(".lc-rows").bounding_box()
    swipe(page, [(box["x"] + 40, box["y"] + 200 - 12 * step) for step in range(20)])
    assert page.evaluate("scrollY") > before + 50
    assert state_of(div, *TRAITS) == values


CUT = """div => {
  const inside = div.querySelector('.lc-view').getBoundingClientRect();
  const range = document.createRange();
  return [...div.querySelectorAll('.lc-row > *, .lc-number dt, .lc-number dd, .lc-field, .lc-range-value')]
    .filter(one => one.getClientRects().length)
    .filter(one => {
      range.selectNodeContents(one);
      const [text, box] = [range.getBoundingClientRect(), one.getBoundingClientRect()];
      return Math.max(text.right, box.right) > inside.right - 15.5 || one.scrollWidth > one.clientWidth + 1
        || text.left < box.left - 0.5;  // a number that is set to the right sticks out at the left
    })
    .map(one => `${one.className}: ${one.textContent}`);
}"""


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("width", [300, 310, 340, 390, 430, 560])
def test_no_column_is_cut_or_sticks_out_of_the_card(open_page, width, scripts):
    tiny = DecodingTree(FIRST, algorithm="sampling", temperature=0.05).html()  # powers of ten with two digits
    page = open_page(*several(), tiny, width=width, mount=scripts, java_script_enabled=scripts)
    for div in page.locator(".lc-widget").all():
        assert div.evaluate(CUT) == []
        bars = div.evaluate("div => [...div.querySelectorAll('.lc-bar')].map(bar => bar.getBoundingClientRect().width)")
        assert min(bars) > 60


def test_a_page_opened_as_a_file_shows_it_too(open_page):
    check(widget_of(open_page(DecodingTree(LOOP, algorithm="speculative", gamma=3).html(), how="file")))


def test_dead_branches_are_those_that_no_text_of_the_algorithm_uses(open_page):
    div = widget_of(open_page(DecodingTree(FIRST, algorithm="sampling", top_k=1).html()))
    looks = [one.rsplit(" ", 1)[1] for one in div.evaluate(
        "div => [...div.querySelectorAll('.lc-edge')].map(one => one.getAttribute('class'))")]  # fmt: skip
    assert looks.count("lc-alive") == 3  # very, good, the end
    assert looks.count("lc-dead") == 18


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("scripts", [True, False])
def test_axe_finds_nothing(open_page, theme, scripts):
    page = open_page(*several(), theme=theme, mount=scripts)
    if not scripts:
        page.evaluate("document.querySelectorAll('.lc-widget').forEach(div => llmcourseHost.unmount(div))")
    found = Axe().run(page).response["violations"]
    assert [(one["id"], node["html"][:120]) for one in found for node in one["nodes"]] == []


def test_results_are_announced_politely_and_once(open_page):
    page = open_page(DecodingTree(FIRST).html())
    div = widget_of(page)
    div.get_by_role("slider", name="Tokens decided").press("Home")
    assert div.locator(".lc-sr[role=status]").text_content() == ""
    page.wait_for_function(
        "document.querySelector('.lc-sr').textContent.startsWith('greedy, 0 of 3 tokens. Nothing has been decided')"
    )


@pytest.mark.parametrize("width", [310, 360, 900])  # a page leaves 294 of a phone's 360 pixels
def test_nothing_jumps_when_the_algorithm_changes(open_page, width):
    div = widget_of(open_page(DecodingTree(FIRST).html(), width=width))
    height = div.bounding_box()["height"]
    for state in (
        {"algorithm": "beam", "width": 1}, {"width": 6}, {"step": 2}, {"algorithm": "sampling"}, {"step": 0},
        {"algorithm": "speculative"}, {"tree": LOOP, "step": 3},
    ):  # fmt: skip
        div.evaluate(SET, state)
        assert div.bounding_box()["height"] == pytest.approx(height, abs=1), state


def test_nothing_moves_for_readers_who_asked_for_that(open_page):
    assert moving(open_page(*several(), reduced_motion="reduce")) == 0


def test_a_notebooks_model_gets_the_same_view_and_python_takes_what_it_sends(open_page):
    widget = DecodingTree(NOTHING, algorithm="beam")
    page = open_page("", mount=False)
    div = in_notebook(page, widget)
    check(div)
    div.get_by_role("slider", name="Beam width").press("ArrowRight")
    widget.width = page.evaluate("sent.at(-1).width")
    div.get_by_label("Decoding").select_option("speculative")
    widget.algorithm = page.evaluate("sent.at(-1).algorithm")
    page.wait_for_timeout(0)
    check(div)
    same({k: v for k, v in shown(div).items() if k in widget.numbers()}, widget.numbers())
    page.evaluate("stop()")
    assert page.evaluate("cell.childElementCount + cell.lcModel.listeners.length") == 0
