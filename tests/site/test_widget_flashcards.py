"""The deck of a page in a real browser: turned over and rated by click, key and swipe; the dates are py-fsrs's."""

from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from fsrs import Card as Reference
from fsrs import Rating, Scheduler
from playwright.sync_api import expect

from llmcourse.explore import bundle
from llmcourse.explore.flashcards import Flashcards
from llmcourse.explore.flashcards_markup import flashcards
from llmcourse.study.cards import Card
from tests.site.widgets import finger, focused, in_notebook, moving, state_of, widget_of

pytestmark = pytest.mark.browser

CARDS = [
    Card("4.3-c1", "4.3", "What is $a < b$?", "An *inequality*: $\\frac{a}{b} < 1$ for $b > 0$.", ("a",)),
    Card("4.3-c2", "4.3", "Second?", "Yes. [Where](https://example.org)", ("a",)),
    Card("4.3-c3", "4.3", "Third, with a question that is longer than a line of a phone can hold?", "No.", ("a",)),
]
NOW = datetime(2026, 3, 2, 10, 30, tzinfo=UTC)
KEPT = "() => llmcourseStore.all('cards')"


def deck(**options) -> str:
    return str(flashcards(CARDS, math="mathml", **options))


def seen(div) -> str:
    """What can be read on the card just now."""
    return " | ".join(" ".join(side.text_content().split()) for side in div.locator(".lc-side:visible").all())


def buttons(div) -> list[str]:
    return [" ".join(one.inner_text().split()) for one in div.locator(".lc-ratings button:visible").all()]


def end_of(div) -> str | None:
    """The sentence after the last card, None before."""
    line = div.locator(".lc-end p")
    return line.inner_text() if line.is_visible() else None


def pinned(open_page, **options):
    """The page at a fixed time."""
    page = open_page(deck(), mount=False, **options)
    page.clock.install(time=NOW)
    page.reload()
    page.evaluate("llmcourseHost.mount(document.querySelector('.lc-widget'))")
    return page


def test_the_button_shows_the_answer_and_turns_back(open_page):
    div = widget_of(open_page(deck()))
    assert seen(div) == "What is a<b?"
    assert buttons(div) == []
    div.get_by_role("button", name="Show the answer").click()
    assert seen(div).startswith("What is a<b? | An inequality:")
    assert buttons(div) == ["Again 1 min", "Hard 5.5 min", "Good 10 min", "Easy 8 days"]
    div.get_by_role("button", name="Turn back").click()
    assert seen(div) == "What is a<b?"


def test_a_click_on_the_card_turns_it_but_not_one_on_a_link_nor_the_end_of_a_selection(open_page):
    page = open_page(deck())
    div = widget_of(page)
    card = div.locator(".lc-stack")
    card.click(position={"x": 20, "y": 150})
    assert "inequality" in seen(div)
    card.click(position={"x": 20, "y": 150})
    assert "inequality" not in seen(div)
    words = div.locator(".lc-front .lc-card-text").first.bounding_box()
    page.mouse.move(words["x"] + 2, words["y"] + 8)
    page.mouse.down()
    page.mouse.move(words["x"] + 60, words["y"] + 8)
    page.mouse.up()
    assert page.evaluate("String(getSelection())") != ""
    assert "inequality" not in seen(div)
    page.evaluate("getSelection().removeAllRanges()")
    div.get_by_role("button", name="Next").click()
    card.click(position={"x": 20, "y": 150})
    page.evaluate("document.querySelector('.lc-card a').addEventListener('click', event => event.preventDefault())")
    div.get_by_role("link", name="Where").click()
    assert seen(div) == "Second? | Yes. Where"


def test_keys_turn_rate_and_lead_through_the_deck(open_page):
    page = open_page(deck())
    div = widget_of(page)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert focused(page) == "Show the answer|true"
    page.keyboard.press("3")  # not yet: nobody has seen the answer
    assert page.evaluate(KEPT) == {}
    page.keyboard.press("Enter")
    assert focused(page) == "Answer|true"  # where a screen reader goes on
    page.keyboard.press("Space")
    assert focused(page) == "Question 1 of 3|true"
    page.keyboard.press("Enter")
    page.keyboard.press("3")
    assert focused(page) == "Question 2 of 3|true"
    assert (seen(div), list(page.evaluate(KEPT))) == ("Second?", ["4.3-c1"])
    for key in ("Space", "1", "Space", "4"):
        page.keyboard.press(key)
    kept = page.evaluate(KEPT)
    assert {name: (one["state"], one["reviews"]) for name, one in kept.items()} == {
        "4.3-c1": (1, 1), "4.3-c2": (1, 1), "4.3-c3": (2, 1),
    }  # fmt: skip
    assert end_of(div) == "That was the last card. You rated 3 of 3."


def test_a_key_that_is_held_down_or_meant_for_the_browser_does_nothing(open_page):
    page = open_page(deck())
    div = widget_of(page)
    div.locator(".lc-front").first.focus()
    page.keyboard.down("Space")
    page.keyboard.down("Space")  # a repeat
    page.keyboard.up("Space")
    assert "inequality" in seen(div)  # turned once
    page.keyboard.down("3")
    page.keyboard.down("3")
    page.keyboard.up("3")
    assert list(page.evaluate(KEPT)) == ["4.3-c1"]
    page.keyboard.press("Space")
    page.keyboard.press("Control+2")
    page.keyboard.press("Alt+2")
    page.keyboard.press("5")
    assert list(page.evaluate(KEPT)) == ["4.3-c1"]


@pytest.mark.parametrize("way", [(-120, 0), (120, 10)])
def test_a_swipe_turns_the_card_and_a_scroll_does_not(open_page, way):
    page = open_page(deck(), width=390, has_touch=True, is_mobile=True)
    div = widget_of(page)
    answer = div.locator(".lc-back").first
    card = div.locator(".lc-front").first
    box = div.locator(".lc-stack").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + 60
    finger(card, [(x + way[0] * i / 6, y + way[1] * i / 6) for i in range(7)])
    expect(answer).to_be_visible()
    finger(card, [(x - way[0] * i / 6, y - way[1] * i / 6) for i in range(7)])
    expect(answer).not_to_be_visible()
    finger(card, [(x, y + 20 * i) for i in range(6)])
    finger(card, [(x + 5 * i, y) for i in range(7)])  # too far for a tap, too short for a swipe
    expect(answer).not_to_be_visible()
    page.touchscreen.tap(x, y)
    expect(answer).to_be_visible()


def test_each_rating_keeps_what_the_reference_keeps_and_the_buttons_tell_it_before(open_page):
    for number, (waits, name) in enumerate(
        zip(["1 min", "5.5 min", "10 min", "8 days"], ("Again", "Hard", "Good", "Easy"), strict=True), 1
    ):
        page = pinned(open_page)
        div = widget_of(page)
        div.get_by_role("button", name="Show the answer").click()
        chosen = div.get_by_role("button", name=name)
        assert chosen.get_attribute("aria-keyshortcuts") == str(number)
        assert waits in chosen.inner_text()
        now = datetime.fromtimestamp(page.evaluate("Date.now()") / 1000, UTC)
        chosen.click()
        kept = page.evaluate(KEPT)["4.3-c1"]
        reference, _ = Scheduler(enable_fuzzing=False).review_card(Reference(1, due=now), Rating(number), now)
        due = datetime.fromisoformat(kept["due"])
        assert abs(due - reference.due) < timedelta(seconds=2)  # the clock goes on while we click
        assert kept["stability"] == pytest.approx(reference.stability, rel=1e-12)
        assert kept["introduced"] == kept["reviewed"]


def test_a_reload_finds_the_dates_and_another_tab_shows_them_at_once(open_page):
    page = pinned(open_page)
    div = widget_of(page)
    other = page.context.new_page()
    other.clock.install(time=NOW)
    other.goto(page.url)
    other.evaluate("llmcourseHost.mount(document.querySelector('.lc-widget'))")
    assert other.locator(".lc-status").inner_text() == "new"
    div.get_by_role("button", name="Show the answer").click()
    div.get_by_role("button", name="Easy").click()
    expect(other.locator(".lc-status")).to_have_text("back on March 10")
    page.reload()
    page.evaluate("llmcourseHost.mount(document.querySelector('.lc-widget'))")
    assert page.locator(".lc-status").inner_text() == "back on March 10"
    page.get_by_role("button", name="Show the answer").click()
    assert buttons(widget_of(page))[2] == "Good 8 days"  # a second look on the same day changes nothing
    other.close()


def test_a_record_from_another_hand_is_a_new_card(open_page):
    page = pinned(open_page)
    page.evaluate(
        """reviewed => llmcourseStore.put('cards', '4.3-c1', { reviewed, due: reviewed, stability: null, state: 2 })""",
        NOW.isoformat().replace("+00:00", "Z"),
    )
    div = widget_of(page)
    assert div.locator(".lc-status").inner_text() == "new"
    div.get_by_role("button", name="Show the answer").click()
    assert buttons(div)[3] == "Easy 8 days"
    div.get_by_role("button", name="Easy").click()
    assert page.evaluate(KEPT)["4.3-c1"]["reviews"] == 1


def test_a_browser_that_keeps_nothing_still_schedules_until_the_page_is_left(open_page):
    page = open_page(deck(), mount=False)
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } })"
    )
    page.reload()
    page.evaluate("llmcourseHost.mount(document.querySelector('.lc-widget'))")
    div = widget_of(page)
    div.get_by_role("button", name="Show the answer").click()
    div.get_by_role("button", name="Easy").click()
    div.get_by_role("button", name="Previous").click()
    assert div.locator(".lc-status").inner_text().startswith("back on")
    page.wait_for_selector(".lc-notice")


def test_after_the_last_card_the_deck_says_so_and_offers_two_ways_on(open_page):
    page = open_page(deck(review="../review.html"))
    div = widget_of(page)
    off = lambda name: div.get_by_role("button", name=name).get_attribute("aria-disabled") == "true"  # noqa: E731
    assert (off("Previous"), off("Next")) == (True, False)
    div.get_by_role("button", name="Show the answer").click()
    div.get_by_role("button", name="Easy").click()
    for _ in range(2):
        div.get_by_role("button", name="Next").click()
    assert (seen(div), end_of(div)) == ("", "That was the last card. You rated 1 of 3.")
    assert div.locator(".lc-deck-head").inner_text().strip() == "The end"
    assert (off("Previous"), off("Show the answer"), off("Next")) == (False, True, True)
    end = div.get_by_role("group", name="That was the last card. You rated 1 of 3.")
    expect(end).to_be_focused()  # a screen reader says its name
    page.keyboard.press("Space")
    end.click(position={"x": 20, "y": 20})
    assert end_of(div) is not None  # there is nothing to turn
    assert div.get_by_role("link", name="Review what is due today").get_attribute("href") == "../review.html"
    div.get_by_role("button", name="Previous").click()
    assert (div.locator(".lc-place").inner_text(), end_of(div)) == ("Card 3 of 3", None)
    div.get_by_role("button", name="Next").click()
    assert end_of(div) == "That was the last card. You rated 1 of 3."  # the same round
    page.keyboard.press("Tab")
    assert focused(page) == "Once more|true"
    page.keyboard.press("Enter")
    assert (focused(page), end_of(div)) == ("Question 1 of 3|true", None)
    for _ in range(3):
        div.get_by_role("button", name="Next").click()
    assert end_of(div) == "That was the last card. You rated 0 of 3."


def test_a_card_that_was_rated_twice_counts_once_and_a_deck_of_one_ends_too(open_page):
    page = open_page(str(flashcards(CARDS[:1], math="mathml")))
    div = widget_of(page)
    for key in ("Show the answer", "Again", "Previous", "Show the answer", "Good"):
        div.get_by_role("button", name=key).click()
    assert end_of(div) == "That was the last card. You rated 1 of 1."
    assert div.get_by_role("link").count() == 0  # no review page to go to


def test_the_arrows_go_back_and_on_while_the_focus_is_in_the_deck_and_not_in_a_text(open_page):
    page = open_page(deck(), deck())
    div = widget_of(page)
    place = div.locator(".lc-place")
    page.keyboard.press("ArrowRight")  # the focus is elsewhere
    assert place.inner_text() == "Card 1 of 3"
    div.get_by_role("button", name="Show the answer").click()
    page.keyboard.press("ArrowRight")
    assert (place.inner_text(), seen(div), focused(page)) == ("Card 2 of 3", "Second?", "Question 2 of 3|true")
    page.keyboard.press("Tab")  # on a button they work too
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")  # there is nothing before the first
    assert (place.inner_text(), seen(div)) == ("Card 1 of 3", "What is a<b?")
    for key in ("Shift+ArrowRight", "Control+ArrowRight", "Alt+ArrowUp", "ArrowDown"):
        page.keyboard.press(key)
    assert place.inner_text() == "Card 1 of 3"
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    assert end_of(div) == "That was the last card. You rated 0 of 3."
    page.keyboard.press("ArrowLeft")
    assert place.inner_text() == "Card 3 of 3"
    assert page.locator(".lc-place").nth(1).inner_text() == "Card 1 of 3"  # the other deck of the page
    for tag in ("input", "textarea"):
        div.locator(".lc-stack").evaluate(
            "(one, tag) => one.append(Object.assign(document.createElement(tag), { value: 'abc' }))", tag
        )
        div.locator(tag).focus()
        page.keyboard.press("ArrowLeft")
        assert place.inner_text() == "Card 3 of 3"


def test_the_note_names_the_keys_and_the_swipe(open_page):
    note = widget_of(open_page(deck())).locator(".lc-note").inner_text()
    for word in ("Space", "swipe", "1 to 4", "←", "→"):
        assert word in note


def test_the_way_back_is_quiet_once_the_answer_is_there(open_page):
    div = widget_of(open_page(deck()))
    button = lambda name: div.get_by_role("button", name=name)  # noqa: E731
    main, plain = (
        button(name).evaluate("one => getComputedStyle(one).backgroundColor") for name in ("Show the answer", "Next")
    )
    assert main != plain
    button("Show the answer").focus()
    div.page.keyboard.press("Enter")
    for name in ("Turn back", "Good"):
        expect(button(name)).to_have_css("background-color", plain)
    div.page.keyboard.press("Space")
    expect(button("Show the answer")).to_have_css("background-color", main)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("scripts", [True, False])
def test_axe_finds_nothing(open_page, theme, scripts):
    page = open_page(deck(review="x.html"), theme=theme)
    if not scripts:
        page.evaluate("document.querySelectorAll('.lc-widget').forEach(div => llmcourseHost.unmount(div))")
    for step in range(3):
        if scripts and step == 1:
            page.get_by_role("button", name="Show the answer").click()
            page.wait_for_function("document.getAnimations().length === 0")  # the answer has come in
        elif scripts and step == 2:
            for _ in CARDS:
                page.get_by_role("button", name="Next").click()
        elif step == 1:
            page.locator("summary").first.click()
        found = Axe().run(page).response["violations"]
        assert [(one["id"], node["html"][:120]) for one in found for node in one["nodes"]] == []


def test_without_scripts_the_fronts_stand_there_and_the_backs_unfold(open_page):
    page = open_page(str(flashcards(CARDS)), mount=False, java_script_enabled=False)
    assert page.locator("summary").all_text_contents() == ["What is a<b?", "Second?", CARDS[2].front]
    page.locator("summary").nth(1).click()
    assert page.get_by_text("Yes.").is_visible()
    assert "\\(" not in page.locator("main").inner_text()


def test_on_paper_every_card_stands_with_its_answer(open_page):
    page = open_page(deck())
    page.emulate_media(media="print")
    sides = page.locator(".lc-side")
    assert [side.is_visible() for side in sides.all()] == [True] * 6
    tops = [side.bounding_box()["y"] for side in sides.all()]
    assert tops == sorted(set(tops))  # one below the other
    assert not page.get_by_role("button", name="Show the answer").is_visible()
    assert not page.locator(".lc-end").is_visible()


@pytest.mark.parametrize("width", [360, 390, 900])
def test_nothing_jumps_and_nothing_sticks_out(open_page, width):
    page = open_page(deck(), width=width)
    div = widget_of(page)
    height = div.bounding_box()["height"]
    for press in ("Show the answer", "Again", "Next", "Show the answer", "Next"):
        div.get_by_role("button", name=press).click()
        assert div.bounding_box()["height"] == pytest.approx(height, abs=1)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_nothing_moves_for_readers_who_asked_for_that(open_page):
    page = open_page(deck(), reduced_motion="reduce")
    page.get_by_role("button", name="Show the answer").click()
    assert moving(page) == 0


def test_a_page_opened_as_a_file_works(open_page):
    page = open_page(deck(review="../review.html"), how="file")
    div = widget_of(page)
    div.get_by_role("button", name="Show the answer").click()
    div.get_by_role("button", name="Good").click()
    assert list(page.evaluate(KEPT)) == ["4.3-c1"]
    assert div.get_by_role("link", name="Review").get_attribute("href") == "../review.html"


def test_formulas_are_typeset_once_and_are_not_seen_before(open_page):
    page = open_page(
        f'<div style="height:3000px"></div>{flashcards(CARDS)}', mount=False
    )  # far from sight: not yet alive
    page.evaluate("""() => { window.calls = []; window.MathJax = {
        startup: { promise: Promise.resolve() },
        typesetPromise(nodes) { return new Promise(done => calls.push([nodes[0], done])); } }; }""")
    page.evaluate("llmcourseHost.mount(document.querySelector('.lc-widget'))")
    words = page.locator(".lc-card .lc-card-text").first
    page.wait_for_function("calls.length === 1")
    assert not words.is_visible()
    assert page.evaluate("calls[0][0].matches('.lc-card') && calls[0][0].querySelectorAll('.math').length") == 3
    page.evaluate("calls[0][1]()")
    page.wait_for_function("!document.querySelector('.lc-setting')")
    assert words.is_visible()
    page.get_by_role("button", name="Show the answer").click()
    assert page.evaluate("calls.length") == 1


def test_in_a_notebook_python_reads_the_reviews(open_page):
    widget = Flashcards(cards=[{"id": "a", "front": "Q", "back": "A"}, {"id": "b", "front": "R", "back": "B"}])
    page = open_page("", mount=False)
    div = in_notebook(page, widget)
    div.get_by_role("button", name="Show the answer").click()
    div.get_by_role("button", name="Easy").click()
    widget.reviews = page.evaluate("sent.at(-1).reviews")
    widget.at = page.evaluate("sent.at(-1).at")
    assert (widget.at, widget.reviews["a"]["state"]) == (1, 2)
    assert page.evaluate(KEPT) == {}  # a notebook's reviews are its own
    assert state_of(div, "turned") == [False]
    page.evaluate("stop()")
    assert page.evaluate("cell.childElementCount + cell.lcModel.listeners.length") == 0


def test_waits_and_dates_are_said_as_a_reader_says_them(open_page):
    page = open_page("", mount=False, timezone_id="America/New_York", locale="en-US")
    run = """async ([source, now]) => {
      const twin = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
      const day = 86400000, at = Date.parse(now);
      const waits = [60000, 330000, day, 2 * day, 59 * day, 61 * day, 364 * day, 366 * day, 1000 * day, 36500 * day];
      const card = due => ({ state: 2, reviewed: new Date(at - 5 * day).toISOString(), due });
      const dues = ["03-06T15:00Z", "03-08T20:00Z", "03-07T16:00Z", "03-09T16:00Z"].map(text => `2026-${text}`);
      const backs = [...dues, "2027-06-01T00:00Z"].map(due => twin.backText(card(due), at));
      return [waits.map(twin.waitText), backs, twin.dayStart(at, 1) - twin.dayStart(at)];
    }"""
    text = bundle.bundle("flashcards").replace(
        "export default", "export { waitText, backText, dayStart }; export default"
    )
    waits, dues, day = page.evaluate(run, [text, "2026-03-07T15:30:00Z"])
    assert waits == [
        "1 min",
        "5.5 min",
        "1 day",
        "2 days",
        "59 days",
        "2 months",
        "12 months",
        "1 year",
        "2.7 years",
        "99.9 years",
    ]
    assert dues == ["due now", "back tomorrow", "due now", "back on March 9", "back on May 31, 2027"]
    assert day == 23 * 3_600_000  # the clocks go forward in the night to March 8
