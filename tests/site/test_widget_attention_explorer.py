"""AttentionExplorer in a real browser: the heads' numbers, the search, texts that load when chosen, ways to use it."""

import re
from itertools import pairwise

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page

from llmcourse.explore.attention_explorer import AttentionExplorer
from llmcourse.explore.attention_explorer_picture import TYPED
from llmcourse.explore.attention_sentences import SENTENCES
from llmcourse.explore.attention_trace import decode, encode, error_bound, model_weights, read_trace
from llmcourse.explore.gpt_weights import quantized
from llmcourse.transformer.checkpoint import load
from llmcourse.transformer.head_patterns import SCORES, induction_pattern, rank_heads, uniform_attention
from llmcourse.transformer.saved import SavedModel, course_gpt
from tests.site.test_draw import marks
from tests.site.widgets import SET, focused, in_notebook, moving, same, same_without_scripts, shown, state_of, widget_of

pytestmark = pytest.mark.browser

WORDS = ["The", " cat", " ", "\n", " sat", " <b>", "&", " naïve", "“", "."]
NAMES = [sentence["name"] for sentence in SENTENCES]


def random_trace(rng: np.random.Generator, size: int = 12, layers: int = 4, heads: int = 3, repeats=True) -> dict:
    """Attention that is sharp in some rows and broad in others."""
    weights = rng.gamma(rng.choice([0.05, 0.4, 3], size=(layers, heads, size, 1)), size=(layers, heads, size, size))
    weights = (weights + 1e-9) * np.tri(size)
    ids = rng.integers(0, len(WORDS), size) if repeats else np.arange(size)
    return encode(weights / weights.sum(axis=-1, keepdims=True), [WORDS[i % 10] for i in ids], ids.tolist())


def explorer(trace: dict, **options: object) -> AttentionExplorer:
    return AttentionExplorer(trace=trace, sentences=(), **options)


def expected(state: dict) -> dict[str, float]:
    """What the widget must show, from the trace and llmcourse.transformer.head_patterns."""
    A, ids, t = decode(state["trace"]), np.array(state["trace"]["ids"]), state["token"]
    own = A[state["layer"], state["head"]]
    values = {f"to.{s}": own[t, s] for s in range(t + 1)}
    values |= {f"from.{s}": own[s, t] for s in range(t + 1, len(ids))}
    for name, score in SCORES.items():
        if name == "induction" and not induction_pattern(ids).any():
            continue
        values[f"stat.{name}"] = score(own, ids)
        values[f"even.{name}"] = score(uniform_attention(len(ids)), ids)
        if name == state["statistic"]:
            best = rank_heads(score(A, ids), min(5, A.shape[0] * A.shape[1]))
            values |= {f"rank.{i}": one.score for i, one in enumerate(best)}
    return {key: float(value) for key, value in values.items()}


def check(div: Locator) -> None:
    """What is on screen belongs to the model's state."""
    names = ["trace", "layer", "head", "token", "statistic"]
    same(shown(div), expected(dict(zip(names, state_of(div, *names), strict=True))))


def settled(page: Page, name: str) -> None:
    """Wait until the text that was asked for is on display."""
    page.wait_for_function("name => document.querySelector('.lc-widget').lcModel.get('trace').name === name", arg=name)
    page.wait_for_timeout(0)


# ---- the numbers ----


def test_random_heads_show_llmcourses_numbers(open_page, rng):
    trace = random_trace(rng)
    div = widget_of(open_page(explorer(trace).html()))
    check(div)
    for trial in range(60):
        if trial % 4 == 3:
            trace = random_trace(rng, *(int(rng.integers(low, high)) for low, high in ((3, 30), (1, 6), (1, 9))))
        state = {
            "trace": trace,
            "layer": int(rng.integers(trace["layers"])),
            "head": int(rng.integers(trace["heads"])),
            "token": int(rng.integers(len(trace["tokens"]))),
            "statistic": list(SCORES)[trial % len(SCORES)],
            "hide_first": bool(trial % 3 == 0),
        }
        div.evaluate(SET, state)
        check(div)


@pytest.mark.parametrize("name", NAMES)
def test_each_sentence_shows_the_numbers_of_its_trace(open_page, rng, name):
    div = widget_of(open_page(AttentionExplorer(name).html()))
    assert state_of(div, "trace") == [read_trace(name)]
    check(div)
    size = len(read_trace(name)["tokens"])
    for _ in range(12):
        state = {"layer": int(rng.integers(30)), "head": int(rng.integers(9)), "token": int(rng.integers(size))}
        div.evaluate(SET, state | {"statistic": str(rng.choice([*SCORES]))})
        check(div)


def test_a_text_without_repetition_has_no_induction_and_says_so(open_page, rng):
    trace = random_trace(rng, size=6, repeats=False)
    div = widget_of(open_page(explorer(trace, statistic="induction").html()))
    check(div)
    assert "No token comes again" in div.locator(".lc-grid-note").inner_text()
    assert div.locator("[data-key='stat.induction']").inner_text() == "—"
    assert div.locator(".lc-ranks button:visible").count() == 0
    div.evaluate(SET, {"statistic": "sink"})
    check(div)
    assert div.locator(".lc-ranks button:visible").count() == 5


@pytest.mark.parametrize("skip", [False, True])
def test_arcs_and_squares_are_the_same_with_and_without_scripts(open_page, rng, skip):
    widget = explorer(random_trace(rng, size=15), layer=2, head=1, token=6, hide_first=skip, statistic="entropy")
    div = widget_of(open_page(widget.html()))
    live = div.locator(".lc-view").evaluate("view => view.outerHTML")
    assert len(marks(live)) > 60
    assert sorted(marks(live)) == sorted(marks(widget.picture()))
    rects = r'<rect class="([^"]+)" x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)"'
    assert re.findall(rects, live) == re.findall(rects, widget.picture())
    strengths = div.locator(".lc-arc-all path").evaluate_all(
        "paths => paths.map(p => Number(p.getAttribute('stroke-width')))"
    )
    weights = np.tril(widget.weights())[:, int(skip) :]
    top = weights[1:].max() if skip else 1
    widest = np.sort(weights[weights >= 0.02 * top])
    np.testing.assert_allclose(np.sort(strengths), 7 * widest / top, atol=0.006)  # drawn to a hundredth of a pixel


def test_without_the_first_token_the_rest_is_drawn_stronger_and_no_number_changes(open_page):
    div = widget_of(open_page(AttentionExplorer("list", layer=18, head=6, token=16).html()))
    before, note = shown(div), div.locator(".lc-note", has_text="Rows look")
    assert "stand for a weight of 1.00" in note.inner_text()
    div.get_by_role("radio", name="left out").check()
    assert state_of(div, "hide_first") == [True]
    assert shown(div) == before
    largest = AttentionExplorer("list", layer=18, head=6).weights()[1:, 1:].max()
    text = f"left out, and the strongest color and the widest arc stand for a weight of {largest:.2f}."
    assert text in note.inner_text()
    assert div.locator(".lc-arc-all path[stroke-width='7']").count() == 1


# ---- texts that load when they are chosen ----


@pytest.mark.parametrize("how", ["http", "file"])
def test_a_text_is_loaded_when_it_is_chosen_and_not_before(open_page, how):
    page = open_page(AttentionExplorer("repeat", layer=3, head=5, token=12).html(), how=how)
    div = widget_of(page)
    loaded = "[...document.querySelectorAll('head script[src*=attention_]')].map(s => s.src.split('/').at(-1))"
    assert [one for one in page.evaluate(loaded) if "widget" not in one] == ["attention_repeat.js"]
    menu = div.get_by_label("Text", exact=True)
    menu.select_option("code")
    settled(page, "code")
    check(div)
    assert state_of(div, "sentence", "layer", "head", "token") == ["code", 3, 5, 12]  # the same head, on another text
    assert [one for one in page.evaluate(loaded) if "widget" not in one] == ["attention_repeat.js", "attention_code.js"]
    assert div.locator(".lc-about").inner_text() == next(s["about"] for s in SENTENCES if s["name"] == "code")
    div.get_by_role("button", name="Show it").click()
    assert state_of(div, "layer", "head", "token", "statistic") == [17, 4, 16, "induction"]
    check(div)
    div.evaluate(SET, {"sentence": "agreement"})  # as another widget would
    settled(page, "agreement")
    assert state_of(div, "token") == [15]  # its last: it has no token 16
    assert menu.input_value() == "agreement"
    check(div)
    div.get_by_role("button", name="Reset").click()
    page.wait_for_timeout(50)
    assert state_of(div, "sentence", "layer", "head", "token") == ["repeat", 3, 5, 12]
    check(div)


def test_of_two_choices_in_a_row_the_last_one_counts(open_page):
    page = open_page(AttentionExplorer("repeat").html())
    div = widget_of(page)
    div.evaluate("div => ['code', 'list', 'pronoun'].forEach(name => div.lcModel.set('sentence', name))")
    settled(page, "pronoun")
    page.wait_for_timeout(100)
    assert state_of(div, "sentence") == ["pronoun"]
    check(div)


def test_a_text_that_cannot_be_loaded_is_reported_and_the_old_one_stays(open_page):
    gone = {"name": "gone", "title": "Gone", "about": "", "show": {}}
    page = open_page(AttentionExplorer("repeat", sentences=[*SENTENCES, gone]).html())
    div = widget_of(page)
    div.get_by_label("Text", exact=True).select_option("gone")
    message = div.locator(".lc-message")
    message.wait_for(state="visible")
    assert message.inner_text() == "This text could not be loaded: the file data/attention_gone.js could not be loaded."
    assert state_of(div, "sentence") == ["repeat"]
    assert div.get_by_label("Text", exact=True).input_value() == "repeat"
    check(div)
    div.get_by_label("Text", exact=True).select_option("code")
    settled(page, "code")
    assert message.is_hidden()
    page.complaints[:] = [one for one in page.complaints if "404" not in one]


def test_a_view_that_is_gone_takes_no_text_any_more(open_page):
    page = open_page(AttentionExplorer("repeat").html())
    div = widget_of(page)
    div.evaluate("""div => { window.kept = div.lcModel; kept.set('sentence', 'code'); llmcourseHost.unmount(div); }""")
    page.wait_for_timeout(200)
    assert page.evaluate("[kept.get('trace').name, kept.listeners.length]") == ["repeat", 0]
    assert div.locator(".lc-static").count() == 1


# ---- pointer, touch, keyboard, ear ----


def center(box: dict, across: tuple[int, int], down: tuple[int, int]) -> tuple[float, float]:
    """The middle of a square of a map: (column, of how many), (row, of how many)."""
    return (
        box["x"] + (across[0] + 0.5) / across[1] * box["width"],
        box["y"] + (down[0] + 0.5) / down[1] * box["height"],
    )


def test_the_pointer_reads_a_square_links_rows_and_columns_and_leaves_no_trace(open_page):
    page = open_page(AttentionExplorer("repeat").html())
    div = widget_of(page)
    div.locator(".lc-map").scroll_into_view_if_needed()
    said, box = div.locator(".lc-reading"), div.locator(".lc-map").bounding_box()
    rest, before = said.inner_text(), state_of(div, "token", "layer", "head")
    page.mouse.move(*center(box, (2, 15), (12, 15)))
    weights = AttentionExplorer("repeat").weights()
    assert said.inner_text() == f"“Or” looks at “l” with weight {weights[12, 2]:.2f}."
    same({k: v for k, v in shown(div).items() if k[0] in "tf"}, {
        **{f"to.{s}": weights[12, s] for s in range(13)}, **{f"from.{t}": weights[t, 12] for t in (13, 14)}
    })  # fmt: skip
    assert div.locator(".lc-columns-names .lc-is").inner_text() == "l"
    assert div.locator(".lc-tokens .lc-is").inner_text() == "␣Or"
    page.mouse.move(*center(box, (9, 15), (4, 15)))  # ahead of the query: only the row counts
    assert said.inner_text().startswith("“checked” looks most at “Captain” with weight ")
    page.mouse.move(5, 5)
    assert said.inner_text() == rest
    assert state_of(div, "token", "layer", "head") == before
    page.mouse.click(*center(box, (2, 15), (12, 15)))
    assert state_of(div, "token") == [12]
    div.locator(".lc-tokens label").nth(3).hover()
    assert said.inner_text().startswith("“ova” looks most at")
    page.mouse.move(5, 5)
    check(div)


def test_a_square_of_the_map_of_heads_is_read_and_picked(open_page):
    page = open_page(AttentionExplorer("list", statistic="sink").html())
    div = widget_of(page)
    box = div.locator(".lc-heads").bounding_box()
    note = div.locator(".lc-grid-note")
    rest = note.inner_text()
    page.mouse.move(*center(box, (11, 30), (6, 9)))
    score = AttentionExplorer("list").scores("sink")[11, 6]
    assert f"L11H6: first token {score:.2f}, mean weight on the first token" in note.inner_text()
    page.mouse.move(5, 5)
    assert note.inner_text() == rest
    page.mouse.click(*center(box, (11, 30), (6, 9)))
    page.mouse.move(5, 5)
    assert state_of(div, "layer", "head") == [11, 6]
    check(div)
    chosen = div.locator(".lc-heads .lc-chosen")
    assert (chosen.get_attribute("x"), chosen.get_attribute("y")) == ("11", "6")


def test_the_search_goes_to_the_best_heads_of_each_pattern(open_page):
    div = widget_of(open_page(AttentionExplorer("repeat").html()))
    for name in SCORES:
        div.get_by_label("Color the heads by").select_option(name)
        best = AttentionExplorer("repeat", statistic=name).ranking()
        buttons = div.locator(".lc-ranks button")
        assert [text.split()[0] for text in buttons.all_inner_texts()] == [f"L{b.layer}H{b.head}" for b in best]
        buttons.nth(4).click()
        assert state_of(div, "layer", "head") == [best[4].layer, best[4].head]
        assert buttons.nth(4).get_attribute("aria-pressed") == "true"
        assert [b.get_attribute("aria-pressed") for b in buttons.all()].count("true") == 1
        check(div)


def test_fingers_pick_heads_and_tokens(open_page):
    page = open_page(AttentionExplorer("pronoun").html(), has_touch=True, is_mobile=True, width=390)
    div = widget_of(page)
    box = div.locator(".lc-heads").bounding_box()
    page.touchscreen.tap(*center(box, (7, 30), (2, 9)))
    assert state_of(div, "layer", "head") == [7, 2]
    label = div.locator(".lc-tokens label").nth(9)
    assert label.bounding_box()["height"] >= 24
    label.tap()
    assert state_of(div, "token") == [9]
    page.evaluate("window.scrollTo(0, document.querySelector('.lc-map').offsetTop - 100)")
    page.touchscreen.tap(*center(div.locator(".lc-map").bounding_box(), (1, 17), (14, 17)))
    assert state_of(div, "token") == [14]
    check(div)


def test_a_keyboard_walk_visits_every_control_with_a_visible_ring(open_page):
    page = open_page(AttentionExplorer("repeat").html())
    div = widget_of(page)
    walk = []
    for _ in range(15):
        page.keyboard.press("Tab")
        walk.append(focused(page))
    assert all(one.endswith("|true") for one in walk), walk
    names = [one.removesuffix("|true") for one in walk]
    assert names[:4] == ["Text", "Show it", TYPED, "Read it"]
    assert names[4:7] == ["Color the heads by", "Layer", "Head"]
    assert [re.match(r"layer \d+, head \d+: induction 0\.\d+", one) is not None for one in names[7:12]] == [True] * 5
    assert names[12:14] == ["shown", "Reset"]
    assert names[14] == "“l”: in focus, looks at itself with weight 0.00"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert state_of(div, "token") == [11]
    assert focused(page).startswith("“Captain”: in focus")
    check(div)
    div.get_by_role("slider", name="Layer").focus()
    page.keyboard.press("ArrowRight")
    div.get_by_role("slider", name="Head").focus()
    page.keyboard.press("Home")
    assert state_of(div, "layer", "head") == [19, 0]
    page.keyboard.press("End")
    assert state_of(div, "head") == [8]
    check(div)
    div.locator(".lc-ranks button").nth(1).focus()
    page.keyboard.press("Enter")
    assert state_of(div, "layer", "head") == [17, 4]
    div.get_by_role("radio", name="shown").focus()
    page.keyboard.press("ArrowRight")
    assert state_of(div, "hide_first") == [True]
    check(div)


def test_each_token_says_by_name_how_much_it_has_to_do_with_the_one_in_focus(open_page):
    div = widget_of(open_page(AttentionExplorer("pronoun").html()))
    names = div.get_by_role("radio").evaluate_all(
        "inputs => inputs.map(one => one.getAttribute('aria-label')).filter(Boolean)"
    )
    assert len(names) == 17
    assert re.fullmatch(r"“watch”: looked at with weight 0\.84", names[3])
    assert re.fullmatch(r"“it”: in focus, looks at itself with weight 0\.0\d", names[12])
    assert re.fullmatch(r"“under”: looks at it with weight 0\.2\d", names[13])


def test_changes_are_announced_politely_and_once(open_page):
    page = open_page(AttentionExplorer("repeat").html())
    status = widget_of(page).locator(".lc-sr[role=status]")
    page.get_by_role("slider", name="Head").focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
        assert status.text_content() == ""  # waits until the reader pauses
    text = r"/^Layer 18, head 3\. “l” looks most at “[^”]+” with weight [01]\.\d\d; /"
    page.wait_for_function(f"{text}.test(document.querySelector('.lc-sr[role=status]').textContent)")


# ---- looks, hosts ----


def several() -> list[str]:
    rng = np.random.default_rng(5)
    own = explorer(random_trace(rng, size=8), layer=1, token=3, statistic="sink", hide_first=True)
    lone = explorer(random_trace(rng, size=4, repeats=False), statistic="induction")
    long = explorer(random_trace(rng, size=40, layers=6), token=20, statistic="entropy")
    return [AttentionExplorer("repeat").html(), AttentionExplorer("code").html(), own.html(), lone.html(), long.html()]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("scripts", [True, False])
def test_axe_finds_nothing(open_page, theme, scripts):
    page = open_page(*several(), theme=theme, mount=scripts)
    if not scripts:
        page.evaluate("document.querySelectorAll('.lc-widget').forEach(div => llmcourseHost.unmount(div))")
    found = Axe().run(page).response["violations"]
    assert [(one["id"], node["html"][:120]) for one in found for node in one["nodes"]] == []


@pytest.mark.parametrize("width", [360, 390, 622, 900])
def test_the_static_picture_has_the_same_numbers_and_place_as_the_live_widget(open_page, width):
    same_without_scripts(open_page, *several(), width=width)


@pytest.mark.parametrize("width", [390, 622])
def test_nothing_jumps_when_heads_tokens_and_statistics_change(open_page, rng, width):
    page = open_page(AttentionExplorer("repeat").html(), width=width)
    div = widget_of(page)
    height = div.bounding_box()["height"]
    for statistic in SCORES:
        state = {"layer": int(rng.integers(30)), "head": int(rng.integers(9)), "token": int(rng.integers(15))}
        div.evaluate(SET, state | {"statistic": statistic})
        assert div.bounding_box()["height"] == pytest.approx(height, abs=1), (statistic, state)


@pytest.mark.parametrize("width", [320, 390, 622])
def test_rows_stand_side_by_side_and_nothing_overlaps(open_page, width):
    page = open_page(AttentionExplorer("code").html(), width=width)
    div = widget_of(page)
    tops = lambda css: div.locator(css).evaluate_all("nodes => nodes.map(n => n.getBoundingClientRect().top)")  # noqa: E731
    labels, numbers = tops(".lc-tokens label"), tops(".lc-token-numbers span")
    np.testing.assert_allclose(labels, numbers, atol=0.6)
    box = div.locator(".lc-map").bounding_box()
    np.testing.assert_allclose(labels, box["y"] + np.arange(23) / 23 * box["height"], atol=1.5)
    boxes = [div.locator(css).bounding_box() for css in (".lc-arcs", ".lc-tokens", ".lc-token-numbers", ".lc-map")]
    for left, right in pairwise(boxes):
        assert left["x"] + left["width"] <= right["x"] + 0.5
    spilled = "nodes => nodes.filter(n => n.scrollWidth > n.clientWidth + 1).map(n => n.textContent)"
    assert div.locator(".lc-token-numbers span, .lc-number, .lc-number dd").evaluate_all(spilled) == []


def test_nothing_moves_for_readers_who_asked_for_that(open_page):
    page = open_page(*several(), reduced_motion="reduce")
    assert moving(page) == 0


def test_a_notebook_takes_a_typed_text_and_python_answers(open_page, rng):
    page = open_page("", mount=False)
    widget = explorer(random_trace(rng), can_type=True, text="old")
    div = in_notebook(page, widget)
    check(div)
    assert "AttentionExplorer.from_text" not in div.inner_text()
    box = div.get_by_label("Your own text")
    assert box.input_value() == "old"
    box.fill("a new text")
    box.press("Enter")
    assert page.evaluate("sent.at(-1).text") == "a new text"
    answer = random_trace(rng, size=5)
    div.evaluate(SET, {"trace": answer, "token": 4})  # what Python sends back
    check(div)
    div.evaluate(SET, {"problem": "a trace holds 2 to 64 tokens, got 80."})
    assert div.locator(".lc-message").inner_text() == "a trace holds 2 to 64 tokens, got 80."
    div.get_by_role("slider", name="Layer").press("ArrowRight")
    assert page.evaluate("sent.at(-1).layer") == 1
    page.evaluate("stop()")
    assert page.evaluate("cell.childElementCount + cell.lcModel.listeners.length") == 0


def test_in_a_notebook_a_chosen_sentence_is_left_to_python(open_page):
    page = open_page("", mount=False)
    widget = AttentionExplorer("repeat")
    div = in_notebook(page, widget)
    div.get_by_label("Text", exact=True).select_option("code")
    widget.sentence = page.evaluate("sent.at(-1).sentence")
    div.evaluate(SET, {"trace": widget.trace, "token": widget.token})
    check(div)
    assert state_of(div, "sentence") == ["code"]


def test_on_the_site_a_typed_text_goes_to_the_course_gpt(open_page, widget_folder):
    """Its files are loaded at the first text, and not before; its attention is torch's, in one byte a weight."""
    data = [path.stat().st_size for path in (widget_folder / "_static/data").glob("course_gpt*.js")]
    assert f"loads {sum(data) / 1e6:.1f} MB" in TYPED
    page = open_page(AttentionExplorer("repeat", can_type=True).html())
    div = widget_of(page)
    asked = "document.querySelectorAll('script[src*=\"course_gpt\"]').length"
    box = div.get_by_label(TYPED)
    text = "And God said, Let there be light: and there was light."
    box.fill(text)
    box.blur()
    assert page.evaluate(asked) == 0
    box.press("Enter")
    page.wait_for_function("document.querySelector('.lc-widget').lcModel.get('trace').layers === 4")
    page.wait_for_timeout(0)
    assert page.evaluate(asked) == len(data)
    check(div)
    gpt = course_gpt()
    ids = [0, *gpt.tokenizer.encode(text)]
    (trace,) = state_of(div, "trace")
    assert (trace["ids"], trace["tokens"]) == (ids, [gpt.tokenizer.decode([i]) for i in ids])
    exact = model_weights(SavedModel(quantized(gpt.model), gpt.tokenizer, {}), ids)
    assert np.abs(decode(trace) - exact).max() <= error_bound(len(ids)) + 1e-5
    assert "4 layers of 6 heads" in div.locator(".lc-about").inner_text()
    assert div.locator(".lc-message").is_hidden()
    for wrong, words in (
        ("", None),
        ("light " * 80, "it may have 2 to 64 tokens with the mark at its beginning, and has"),
    ):
        box.fill(wrong)
        div.get_by_role("button", name="Read it").click()
        if words:
            div.locator(".lc-message").get_by_text(words).wait_for()
        assert state_of(div, "trace") == [trace]
    div.get_by_label("Text", exact=True).select_option("refrain")
    settled(page, "refrain")
    check(div)
    assert "SmolLM2" not in div.locator(".lc-about").inner_text()


@pytest.mark.network
def test_traces_are_the_models_own_attention_within_their_rounding():
    loaded = load("smollm2-135m")
    for sentence in SENTENCES:
        trace = read_trace(sentence["name"])
        assert loaded.tokenizer.encode(sentence["text"]) == trace["ids"]
        error = np.abs(decode(trace) - model_weights(loaded, trace["ids"]))
        assert error.max() <= error_bound(len(trace["ids"])) + 1e-4  # another processor's sums differ by about 1e-5
        assert error.max() < 0.005
