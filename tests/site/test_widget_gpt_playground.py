"""GPTPlayground in a real browser: loaded on a click and not before, its numbers, its writing, its failures."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator

from llmcourse.explore.gpt_playground import GPTPlayground
from llmcourse.explore.gpt_playground_picture import said
from llmcourse.explore.gpt_reading import read
from tests.site.gpt_files import PIECES, check, load, numbers, playground, rounded, settled, write_files
from tests.site.widgets import READ, SET, focused, in_notebook, moving, state_of, widget_of
from tests.unit.explore.tiny_gpt import tiny_gpt, tokenizer

pytestmark = pytest.mark.browser

ASKED = "[...document.querySelectorAll('script[src*=\"/data/\"]')].map(one => one.src.split('/').at(-1))"
WORDS = ":is(.lc-rows, .lc-tokens, .lc-title, .lc-note):visible"
LONG = "The cat sat on the mat. The rat’s hat, and the end of 1865.\n" * 2
SCROLLED = "The cat\n" * 20  # more lines than the box of the chips has room for


@pytest.fixture(scope="session", autouse=True)
def files(widget_folder: Path) -> None:
    write_files(widget_folder)


@pytest.fixture
def open_loaded(open_page) -> Callable[..., Locator]:
    """A page with one playground whose model is loaded."""

    def open_it(text: str = "The cat sat", *, how: str = "http", theme: str = "light", width: int = 900, **options):
        page = open_page(playground(text, **options).html(), how=how, theme=theme, width=width)
        div = widget_of(page)
        load(div)
        return div

    return open_it


# ---- loading ----


@pytest.mark.parametrize("how", ["http", "file"])
def test_nothing_is_asked_for_before_the_click_and_everything_works_afterwards(open_page, how):
    page = open_page(playground().html(), how=how)
    div = widget_of(page)
    page.wait_for_timeout(300)
    assert page.evaluate(ASKED) == []
    assert div.get_by_role("button").all_inner_texts()[0].startswith("Load the model (0.")
    load(div)
    assert sorted(page.evaluate(ASKED)) == sorted(["tiny_gpt.js", *(f"tiny_gpt_{i}.js" for i in range(PIECES))])
    assert div.get_by_role("button", name="Load the model").count() == 0
    check(div)
    div.get_by_role("button", name="Next token").click()
    settled(div)
    assert len(state_of(div, "generated")[0]) == 1
    check(div)


def test_progress_follows_the_pieces(open_page):
    page = open_page(playground().html())
    div = widget_of(page)
    page.evaluate("""() => {
      const div = document.querySelector('.lc-widget'), load = div.lcModel.load;
      window.waiting = []; window.shares = [];
      div.lcModel.load = name => new Promise(done => waiting.push(() => done(load(name))));
    }""")
    bar = div.locator("progress")
    assert bar.is_hidden()
    div.get_by_role("button", name="Load the model").click()
    bar.wait_for()
    assert bar.get_attribute("value") is None  # not known yet
    assert div.get_by_role("button", name="Load the model").get_attribute("aria-disabled") == "true"
    page.evaluate("waiting.shift()()")
    shares = []
    for i in range(PIECES):
        page.wait_for_function("waiting.length > 0")
        page.evaluate("waiting.shift()()")
        if i < PIECES - 1:
            page.wait_for_function(f"document.querySelector('progress').value > {i / PIECES}")
            shares.append(float(bar.get_attribute("value")))
    assert shares == [0.25, 0.5, 0.75]
    settled(div)
    check(div)


def test_a_failure_is_told_and_can_be_tried_again(open_page, widget_folder):
    write_files(widget_folder, "late_gpt", leave_out=2)
    page = open_page(playground(asset="late_gpt").html())
    div = widget_of(page)
    div.get_by_role("button", name="Load the model").click()
    again = div.get_by_role("button", name="Try again")
    again.wait_for()
    message = div.locator(".lc-message")
    assert message.inner_text() == ("The model could not be loaded: the file data/late_gpt_2.js could not be loaded.")
    assert (message.get_attribute("role"), div.locator("progress").is_hidden()) == ("status", True)
    page.complaints.clear()  # the browser's own line about the missing file
    write_files(widget_folder, "late_gpt")
    again.click()
    div.get_by_role("button", name="Next token").wait_for()
    settled(div)
    assert message.inner_text() == ""
    check(div)


def test_pieces_of_two_versions_are_refused(open_page, widget_folder):
    write_files(widget_folder, "stale_gpt", spoil=True)
    div = widget_of(open_page(playground(asset="stale_gpt").html()))
    div.get_by_role("button", name="Load the model").click()
    div.get_by_role("button", name="Try again").wait_for()
    assert "its pieces do not fit together" in div.locator(".lc-message").inner_text()


def test_a_model_that_the_site_does_not_have_says_so(open_page):
    div = widget_of(open_page(playground(asset="").html()))
    div.get_by_role("button", name="Load the model").click()
    div.get_by_role("button", name="Try again").wait_for()
    assert "it runs in a notebook" in div.locator(".lc-message").inner_text()


def test_without_a_worker_the_page_itself_computes_and_says_so(open_page):
    page = open_page(playground().html(), mount=False)
    page.evaluate("() => { window.Worker = class { constructor() { throw new Error('refused'); } }; }")
    page.evaluate("llmcourseHost.mount(document.querySelector('.lc-widget'))")
    div = page.locator(".lc-widget")
    load(div)
    assert "computes on the page itself" in div.locator(".lc-message").inner_text()
    check(div)
    div.get_by_role("button", name="Write 40").click()
    settled(div)
    check(div)


# ---- numbers ----


def test_random_states_show_the_models_numbers(open_loaded, rng):
    div = open_loaded()
    check(div)
    for trial in range(25):
        text = " ".join(rng.choice(["The", "cat", "naïve", "😉", "\n", "1865", "hat's"], size=rng.integers(0, 9)))
        count = 1 + len(tokenizer().encode(text))
        generated = rng.integers(1, 300, size=rng.integers(0, 5)).tolist()
        state = {"text": text, "generated": generated, "position": int(rng.integers(-1, count + len(generated)))}
        state |= {"temperature": float(np.exp(rng.uniform(-2, 1.5))), "top_k": int(rng.choice([0, 1, 4, 50]))}
        state |= {"top_p": float(rng.choice([1, rng.uniform(0.05, 1)])), "shade": ["attention", "surprise"][trial % 2]}
        div.evaluate(SET, state | {"layer": int(rng.integers(3)), "head": int(rng.integers(2))})
        settled(div)
        check(div)


def test_the_tokens_of_the_next_rows_stand_in_the_order_of_their_probabilities(open_loaded):
    div = open_loaded()
    ids = [0, *tokenizer().encode("The cat sat")]
    z = read(rounded(tiny_gpt()).model, ids).logits[-1]
    names = [tokenizer().token_text(i) for i in np.argsort(-z, kind="stable")[:10]]
    assert div.locator(".lc-rows .lc-label").all_inner_texts()[1:] == [*names, "290 others"]
    div.evaluate(SET, {"top_k": 3})
    settled(div)
    assert div.locator(".lc-rows .lc-drawn").all_inner_texts()[3:] == ["cut"] * 8
    assert sum(numbers(div)[f"drawn.{i}"] for i in range(3)) == pytest.approx(1)


def test_a_text_longer_than_the_context_loses_its_beginning_and_the_page_says_so(open_loaded):
    div = open_loaded(LONG)
    check(div)
    ids = [0, *tokenizer().encode(LONG)]
    seen = playground(LONG).ids()
    lost = len(ids) - len(seen)
    assert lost > 0
    note = div.locator(".lc-earlier").inner_text()
    assert note.startswith(f"The model no longer sees the first {lost} tokens, which end with “…")
    assert div.locator(".lc-one").count() == len(seen)
    div.evaluate(SET, {"text": "The cat"})
    settled(div)
    assert div.locator(".lc-earlier").is_hidden()
    check(div)


def test_chips_are_shaded_by_where_the_head_looks_and_the_sentence_says_it(open_loaded):
    div = open_loaded("The cat sat on the mat", layer=2, head=1, position=5)
    ids = [0, *tokenizer().encode("The cat sat on the mat")]
    reading = read(rounded(tiny_gpt()).model, ids)
    weights = reading.weights[2, 1, 5, :6]
    shades = div.locator(".lc-one").evaluate_all("all => all.map(one => Number(one.style.getPropertyValue('--shade')))")
    np.testing.assert_allclose(shades, [*np.sqrt(weights), *[0] * (len(ids) - 6)], atol=0.006)
    best = int(weights.argmax())
    name = "itself" if best == 5 else said(tokenizer().token_text(ids[best]))
    sentence = div.locator(".lc-reading").inner_text()
    assert f"most at {name} ({weights[best]:.2f})" in sentence
    assert sentence.startswith("Layer 2, head 1: ")
    radios = div.locator(".lc-one input")
    assert radios.nth(best).get_attribute("aria-label").endswith(f", looked at with weight {weights[best]:.2f}")
    assert radios.nth(6).get_attribute("aria-label") == said(tokenizer().token_text(ids[6]))
    div.get_by_role("radio", name="surprise", exact=True).check()
    settled(div)
    bits = reading.surprises()
    shades = div.locator(".lc-one").evaluate_all("all => all.map(one => Number(one.style.getPropertyValue('--shade')))")
    np.testing.assert_allclose(shades, [0, *np.minimum(1, bits / 12)], atol=0.006)
    assert f"{bits.mean():.2f} bits on average" in div.locator(".lc-reading").inner_text()
    assert radios.nth(3).get_attribute("aria-label").endswith(f", surprise {bits[2]:.1f} bits")


def test_the_maps_are_the_heads_weights(open_loaded):
    div = open_loaded("The cat sat on the mat", layer=1, head=0)
    ids = [0, *tokenizer().encode("The cat sat on the mat")]
    weights = read(rounded(tiny_gpt()).model, ids).weights.reshape(6, len(ids), len(ids))
    opacity = """all => all.map(one => [...one.getContext('2d').getImageData(0, 0, one.width, one.height).data]
        .filter((_, i) => i % 4 === 3))"""
    maps = div.locator("canvas").evaluate_all(opacity)
    div.page.complaints.clear()  # the browser would like to know beforehand that a canvas is read
    for drawn, expected in zip(maps, [*weights, weights[2]], strict=True):
        np.testing.assert_allclose(drawn, 255 * np.sqrt(expected).ravel(), atol=0.6)
    div.locator(".lc-maps input").nth(5).check()
    settled(div)
    assert state_of(div, "layer", "head") == [2, 1]
    assert div.locator(".lc-large .lc-title").inner_text() == "Layer 2, head 1"
    large = div.locator(".lc-map canvas").evaluate_all(opacity)[0]
    div.page.complaints.clear()
    np.testing.assert_allclose(large, 255 * np.sqrt(weights[5]).ravel(), atol=0.6)


def test_the_pointer_on_a_token_shows_where_that_one_looks_until_it_leaves(open_loaded):
    div = open_loaded("The cat sat on the mat")
    before = div.locator(".lc-reading").inner_text()
    div.locator(".lc-one").nth(3).hover()
    settled(div)
    assert (
        said(tokenizer().token_text(playground("The cat sat on the mat").ids()[3]))
        in (div.locator(".lc-reading").inner_text().split("looks")[0])
    )
    check(div)  # the distribution stays that of the chosen one
    div.locator("textarea").hover()
    settled(div)
    assert div.locator(".lc-reading").inner_text() == before


def test_maps_change_color_with_the_theme(open_loaded):
    div = open_loaded()
    page = div.page
    pixel = "one => [...one.getContext('2d').getImageData(0, 0, 1, 1).data]"
    light = div.locator(".lc-map canvas").evaluate(pixel)
    page.evaluate("document.documentElement.style.setProperty('--lc-c1', '#ff0000')")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.wait_for_function(f"({pixel})(document.querySelector('.lc-map canvas'))[0] === 255")
    assert light[:3] != [255, 0, 0]
    page.complaints.clear()


# ---- writing ----


def test_the_button_writes_what_the_seed_draws_in_python(open_loaded):
    div = open_loaded(temperature=3.0, top_k=200, seed=7)
    page = div.page
    div.get_by_role("button", name="Write 40").click()
    settled(div)
    twin = GPTPlayground("The cat sat", loaded=rounded(tiny_gpt()), temperature=3.0, top_k=200, seed=7)
    written = state_of(div, "generated")[0]
    twin.write(len(written))
    assert written == twin.generated
    assert len(written) == 40 or written[-1] == 0
    check(div)
    assert re.fullmatch(r"\d+ tokens/s", div.locator(".lc-speed").inner_text())
    assert div.locator(".lc-one.lc-new").count() == min(len(written), div.locator(".lc-one").count())
    undo = div.get_by_role("button", name="Undo")
    undo.click()
    undo.click()
    settled(div)
    assert state_of(div, "generated") == [written[:-2]]
    check(div)
    div.get_by_role("button", name="Next token").click()
    settled(div)
    assert state_of(div, "generated") == [written[:-1]]  # the same step of the same seed
    div.get_by_role("button", name="Edit the text").click()
    settled(div)
    text = "The cat sat" + tokenizer().decode(written[:-1])
    assert state_of(div, "text", "generated") == [text, []]
    assert (div.locator("textarea").input_value(), focused(page).split("|")[0]) == (text, "Text to go on from")
    div.get_by_role("button", name="Start over").click()
    settled(div)
    assert state_of(div, "text", "generated", "seed") == ["The cat sat", [], 7]
    check(div)


def test_the_box_follows_what_is_written_and_the_page_stays(open_loaded):
    div = open_loaded(SCROLLED, width=390)
    page = div.page
    box = div.locator(".lc-chips-box")
    assert box.evaluate("one => one.scrollHeight - one.clientHeight") > 50

    def inside(which):
        inner, outer = which.bounding_box(), box.bounding_box()
        return outer["y"] <= inner["y"] and inner["y"] + inner["height"] <= outer["y"] + outer["height"]

    assert inside(div.locator(".lc-one").last)
    at = page.evaluate("scrollY")
    page.evaluate("document.querySelector('.lc-chips-box').scrollTop = 0")
    assert not inside(div.locator(".lc-one").last)
    div.get_by_role("button", name="Next token").evaluate("one => one.click()")
    settled(div)
    assert inside(div.locator(".lc-one").last)
    assert page.evaluate("scrollY") == at
    page.evaluate("document.querySelector('.lc-chips-box').scrollTop = 0")
    div.get_by_role("radio", name="surprise", exact=True).evaluate("one => one.click()")
    settled(div)
    assert box.evaluate("one => one.scrollTop") == 0  # whoever scrolls away is not called back
    div.evaluate(SET, {"position": 0})
    settled(div)
    div.evaluate(SET, {"position": -1})
    settled(div)
    assert inside(div.locator(".lc-one").last)


def test_writing_stops_when_told_and_when_the_reader_types(open_loaded):
    div = open_loaded(top_k=30)
    page = div.page
    click = "[...document.querySelectorAll('button')].find(one => /^(Write 40|Stop)$/.test(one.textContent)).click()"
    page.evaluate(f"{click}; new Promise(done => setTimeout(done)).then(() => {click})")
    settled(div)
    assert len(state_of(div, "generated")[0]) < 40
    check(div)
    page.evaluate(click)
    div.locator("textarea").fill("A rat")
    settled(div)
    assert state_of(div, "text", "generated") == ["A rat", []]
    check(div)


def test_a_model_that_ends_its_text_stops_and_says_so(open_loaded):
    div = open_loaded()
    seeds = (seed for seed in range(2000) if 0 in _written(seed)[:-1] or _written(seed)[-1] == 0)
    seed = next(seeds)
    expected = _written(seed)
    div.evaluate(SET, {"seed": seed, "temperature": 5.0})
    settled(div)
    div.get_by_role("button", name="Write 40").click()
    settled(div)
    assert state_of(div, "generated") == [expected[: expected.index(0) + 1]]
    assert "here this one ends" in div.locator(".lc-message").inner_text()


def _written(seed: int) -> list[int]:
    twin = GPTPlayground("The cat sat", loaded=rounded(tiny_gpt()), temperature=5.0, seed=seed)
    twin.write(6)
    return twin.generated


def test_a_row_can_be_taken_as_the_next_token_at_the_end_only(open_loaded):
    div = open_loaded()
    z = read(rounded(tiny_gpt()).model, playground().ids()).logits[-1]
    third = int(np.argsort(-z, kind="stable")[2])
    rows = div.locator("button.lc-row")
    assert rows.nth(2).get_attribute("aria-label").endswith("; write it")
    rows.nth(2).click()
    settled(div)
    assert state_of(div, "generated") == [[third]]
    check(div)
    div.locator(".lc-one input").nth(1).check()
    settled(div)
    assert rows.nth(0).get_attribute("aria-disabled") == "true"
    rows.nth(0).click(force=True)
    assert state_of(div, "generated") == [[third]]
    assert re.search(r" \(2 of \d+\)$", div.locator(".lc-title").first.inner_text())
    check(div)


def test_a_seed_that_is_none_is_refused_with_its_reason(open_loaded):
    div = open_loaded(seed=3)
    seed, message = div.get_by_label("Seed"), div.locator(".lc-message")
    for wrong in ("-1", "1.5", "4294967296", ""):
        seed.fill(wrong)
        settled(div)
        assert message.inner_text() == "Seed must be a whole number from 0 to 4,294,967,295; it is still 3."
        assert (state_of(div, "seed"), seed.get_attribute("aria-invalid")) == ([3], "true")
    seed.fill("12")
    settled(div)
    assert (state_of(div, "seed"), message.inner_text(), seed.get_attribute("aria-invalid")) == ([12], "", None)


# ---- ways to use it ----


def test_before_loading_another_text_has_no_numbers(open_page):
    page = open_page(playground().html())
    div = widget_of(page)
    assert div.locator(".lc-one").count() == len(playground().ids())
    div.locator("textarea").fill("A rat sat")
    settled(div)
    assert (div.locator(".lc-one").count(), div.locator(".lc-rows").is_hidden()) == (0, True)
    assert "Load the model to see" in div.locator(".lc-reading").inner_text()
    load(div)
    check(div)
    assert state_of(div, "text") == ["A rat sat"]


def test_a_keyboard_walk_visits_every_control_with_a_visible_ring(open_loaded):
    div = open_loaded("The cat")
    page = div.page
    assert focused(page).startswith("Next token|")  # where the button to load was; clicked, and so without a ring
    div.locator("textarea").focus()
    walk = []
    for _ in range(10):
        page.keyboard.press("Tab")
        walk.append(focused(page))
    assert walk[:6] == [
        f"{name}|true" for name in ("Next token", "Write 40", "Undo", "Edit the text", "Start over")
    ] + ["attention|true"]
    assert walk[6].startswith("“cat”, looked at with weight 0.") or "“" in walk[6]
    assert all(one.endswith("|true") for one in walk)
    assert all("probability" in one for one in walk[7:])
    rest = []
    for _ in range(13):
        page.keyboard.press("Tab")
        rest.append(focused(page).removesuffix("|true"))
    assert rest[7:12] == ["Temperature τ", "top-k", "top-p", "Seed", "layer 0, head 0"]
    div.locator(".lc-maps input").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    settled(div)
    assert state_of(div, "layer", "head") == [1, 0]
    div.locator(".lc-one input").last.focus()
    page.keyboard.press("ArrowLeft")
    settled(div)
    assert state_of(div, "position") == [1 + len(tokenizer().encode("The cat")) - 2]
    check(div)
    div.get_by_role("slider", name="top-k").focus()
    page.keyboard.press("Home")
    settled(div)
    assert state_of(div, "top_k") == [1]
    check(div)


def test_what_the_model_expects_is_announced_politely(open_loaded):
    div = open_loaded()
    page = div.page
    div.get_by_role("button", name="Next token").click()
    text = r"/^\d+ tokens\. Most likely after “.*”: .* 0\.\d\d/"
    page.wait_for_function(f"{text}.test(document.querySelector('.lc-sr[role=status]').textContent)")


def several() -> list[str]:
    return [playground().html(), playground("It’s <b>\n\nnaïve 😉 “", temperature=0.5).html(), playground(LONG).html()]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_before_and_after_loading(open_page, theme):
    page = open_page(*several(), theme=theme)
    for loaded in (False, True):
        if loaded:
            for div in page.locator(".lc-widget").all():
                load(div)
            div.get_by_role("button", name="Next token").click()
            div.get_by_role("radio", name="surprise", exact=True).check()
            settled(div)
        found = Axe().run(page).response["violations"]
        assert [(one["id"], node["html"][:120]) for one in found for node in one["nodes"]] == []


def test_axe_finds_nothing_without_scripts(open_page):
    page = open_page(*several())  # axe is a script itself
    page.evaluate("document.querySelectorAll('.lc-widget').forEach(div => llmcourseHost.unmount(div))")
    found = Axe().run(page).response["violations"]
    assert [(one["id"], node["html"][:120]) for one in found for node in one["nodes"]] == []


def clean(texts: list[str]) -> list[str]:
    """Texts without their white space, and without the line that only the picture has."""
    return ["".join(one.split()) for one in texts if one.strip() and "scripts on" not in one]


@pytest.mark.parametrize("width", [360, 390, 622, 900])
def test_the_static_picture_has_the_same_numbers_and_place_as_the_live_widget(open_page, width):
    page = open_page(*several(), width=width, mount=False, java_script_enabled=False)
    still = [(div.evaluate(READ), div.bounding_box()) for div in page.locator(".lc-widget").all()]
    texts = [div.locator(WORDS).all_inner_texts() for div in page.locator(".lc-widget").all()]
    page = open_page(*several(), width=width)
    for div, (values, place), words in zip(page.locator(".lc-widget").all(), still, texts, strict=True):
        live = div.evaluate(READ)
        assert {key: text for key, (_, text) in values.items()} == {key: text for key, (_, text) in live.items()}
        assert div.bounding_box()["height"] == pytest.approx(place["height"], abs=1)
        shown = div.locator(WORDS).all_inner_texts()
        assert [one.replace("Tokeninfocus", "") for one in clean(shown)] == clean(words)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [320, 390, 622])
def test_the_loaded_widget_fits_its_width_and_its_height_stays(open_loaded, width):
    div = open_loaded("The cat sat on the mat", width=width)
    page = div.page
    height = div.bounding_box()["height"]
    for state in (
        {"layer": 2, "head": 1},
        {"position": 0},
        {"top_k": 1},
        {"top_k": 0, "top_p": 0.1},
        {"shade": "surprise"},
    ):
        div.evaluate(SET, state)
        settled(div)
        assert div.bounding_box()["height"] == pytest.approx(height, abs=1), state
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    spilled = "all => all.filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.className)"
    assert div.locator(".lc-columns, .lc-knobs, .lc-maps, .lc-rows, .lc-controls").evaluate_all(spilled) == []


def test_nothing_moves_for_readers_who_asked_for_that(open_page):
    page = open_page(*several(), reduced_motion="reduce")
    assert moving(page) == 0


def test_a_view_that_is_taken_down_stops_its_worker_and_listens_no_more(open_page):
    page = open_page(playground().html(), mount=False)
    page.evaluate("""() => {
      const Real = Worker;
      window.ended = 0;
      window.Worker = class extends Real { terminate() { ended += 1; super.terminate(); } };
      return llmcourseHost.mount(document.querySelector('.lc-widget'));
    }""")
    div = page.locator(".lc-widget")
    load(div)
    div.get_by_role("button", name="Write 40").click()
    left = page.evaluate("""() => {
      const div = document.querySelector('.lc-widget'), model = div.lcModel;
      llmcourseHost.unmount(div);
      return [ended, model.listeners.length];
    }""")
    assert left == [1, 0]
    page.wait_for_timeout(200)
    assert div.locator(".lc-static").count() == 1


def test_in_a_notebook_python_hands_over_the_weights(open_page):
    page = open_page("", mount=False)
    widget = playground(asset="")
    div = in_notebook(page, widget)
    answers = []
    widget.send = lambda content, buffers: answers.append((content, buffers))
    page.evaluate(
        """source => {
      const model = document.querySelector('#cell').lcModel;
      window.asked = [];
      Object.assign(model, { send: content => asked.push(content) });
      model.state._esm = source;
    }""",
        str(widget._esm),
    )
    assert div.get_by_role("button").all_inner_texts()[0].startswith("Load the model")
    div.get_by_role("button", name="Load the model").click()
    widget._answer(widget, page.evaluate("asked")[0], [])
    ((content, (data,)),) = answers
    page.evaluate(
        """([content, bytes]) => {
          const view = new DataView(Uint8Array.from(bytes).buffer);
          const heard = cell.lcModel.listeners.filter(([event]) => event === "msg:custom");
          heard.forEach(([, listen]) => listen(content, [view]));
        }""",
        [content, list(data)],
    )
    settled(div)
    check(div)
    div.get_by_role("button", name="Next token").click()
    settled(div)
    widget.generated = page.evaluate("sent.at(-1).generated")
    assert len(widget.generated) == 1
    page.evaluate("stop()")
    assert page.evaluate("cell.childElementCount + cell.lcModel.listeners.length") == 0
