"""The review page in a real browser, over a simulated month: what comes when is what its rules and py-fsrs say."""

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from axe_playwright_python.sync_playwright import Axe
from fsrs import Card as Reference
from fsrs import Rating, Scheduler
from playwright.sync_api import Page, expect

from llmcourse.explore import bundle
from llmcourse.explore.review_markup import ASSET, review, review_data
from llmcourse.study.cards import Card, Deck
from llmcourse.study.course import Chapter
from llmcourse.study.course import Page as CoursePage
from tests.site.widgets import finger, focused, moving

pytestmark = pytest.mark.browser

ZONE = "Europe/Berlin"
MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=ZoneInfo(ZONE))
KEPT = "() => llmcourseStore.all('cards')"
NAMES = ("Again", "Hard", "Good", "Easy")


def chapter(number: str, title: str, count: int) -> Deck:
    page = CoursePage(f"{number}.1", f"chapters/{number}_x/01_y.ipynb", f"Page of {title}", number, (), (), 20)
    cards = tuple(
        Card(f"{number}.1-c{i}", page.id, f"Question {number}.1-c{i}?", f"Answer {i}.", ("a",))
        for i in range(1, count + 1)
    )
    return Deck(Chapter(number, f"chapters/{number}_x", title, (page,)), cards)


DECKS = [chapter("4", "Attention", 8), chapter("5", "Position", 6)]


@pytest.fixture
def session(open_page, widget_folder):
    """Opens the review page at a fixed time, with a setting for new cards."""
    data = bundle.data_script(ASSET, review_data(DECKS))
    (widget_folder / f"_static/data/{ASSET}.js").write_text(data, encoding="utf-8")
    html = str(review(DECKS, "../", lambda target: f"../{target}.html"))

    def open_it(now: datetime = MORNING, per_day: int | None = None, **options) -> Page:
        page = open_page(html, mount=False, timezone_id=ZONE, **options)
        page.clock.set_fixed_time(now)
        if per_day is not None:
            page.evaluate("value => localStorage.setItem('llmcourse-review', value)", json.dumps({"perDay": per_day}))
        return again(page)

    return open_it


def again(page: Page) -> Page:
    """The page loaded anew."""
    page.reload()
    page.evaluate("llmcourseHost.mount(document.querySelector('.lc-widget'))")
    return page


def asked(page: Page) -> str | None:
    """The id of the card that is shown, None outside a session."""
    front = page.locator(".lc-front")
    return front.text_content().removeprefix("Question ").rstrip("?") if front.is_visible() else None


def rate(page: Page, name: str) -> None:
    page.get_by_role("button", name="Show the answer").click()
    page.locator(".lc-ratings").get_by_role("button", name=name).click()


def line(page: Page) -> str:
    return page.locator(".lc-today").inner_text()


def counts(page: Page, number: str) -> list[int]:
    return [int(page.locator(f'[data-key="{number}.{key}"]').inner_text()) for key in ("due", "fresh", "later")]


def day_end(now: datetime) -> datetime:
    """Four in the morning after ``now``, on the wall clock."""
    start = now if now.hour >= 4 else now - timedelta(days=1)
    return (start + timedelta(days=1)).replace(hour=4, minute=0, second=0, microsecond=0)


def test_a_month_of_sessions_asks_what_is_due_and_keeps_the_reference_dates(session, rng):
    page, now, history = session(per_day=3), MORNING, {}
    entries, shown_days = {}, []
    for day in range(31):
        # someone who comes at different hours, once after midnight, and misses a week
        now = MORNING + timedelta(days=day, hours=float(rng.uniform(-3, 12)) if day != 12 else 16.5)
        if 17 <= day < 24:
            continue
        page.clock.set_fixed_time(now)
        again(page)
        new_before, today = len(history), 0
        if line(page).startswith("Nothing"):
            continue
        page.get_by_role("button", name="Start").click()
        while (card := asked(page)) is not None:
            end = day_end(now)
            if card in entries:
                due = datetime.fromisoformat(entries[card]["due"])
                assert due <= now or due < end, f"{card} was not due on day {day}"
            else:
                history[card] = []
                assert len(history) - new_before <= 3
            rating = int(rng.choice([1, 2, 3, 4], p=[0.2, 0.15, 0.5, 0.15]))
            rate(page, NAMES[rating - 1])
            history[card].append((now, rating))
            entries = page.evaluate(KEPT)
            now += timedelta(seconds=int(rng.integers(3, 40)))
            page.clock.set_fixed_time(now)
            today += 1
            assert today < 200
        shown_days.append(day)
        for name, entry in entries.items():  # nothing is left that counts for today
            due, seen = (datetime.fromisoformat(entry[key]) for key in ("due", "reviewed"))
            assert due > now
            assert due >= day_end(now) or (entry["state"] == 2 and now - seen < timedelta(days=1)), name
    assert len(history) == 14
    assert len(shown_days) > 15
    assert sum(map(len, history.values())) > 60
    scheduler = Scheduler(enable_fuzzing=False)
    for name, reviews in history.items():
        reference = Reference(1, due=reviews[0][0].astimezone(UTC))
        for when, rating in reviews:
            when = when.astimezone(UTC)
            cut = when.replace(microsecond=when.microsecond // 1000 * 1000)  # a browser counts milliseconds
            reference, _ = scheduler.review_card(reference, Rating(rating), cut)
        entry = entries[name]
        assert datetime.fromisoformat(entry["due"]) == reference.due
        assert (entry["state"], entry["step"], entry["reviews"]) == (reference.state, reference.step, len(reviews))
        assert entry["stability"] == pytest.approx(reference.stability, rel=1e-9)
        assert entry["difficulty"] == pytest.approx(reference.difficulty, rel=1e-9)


def test_the_overview_counts_by_chapter_and_the_setting_lasts(session):
    page = session()
    assert line(page) == "10 cards for today: 0 due, 10 new."
    assert (counts(page, "4"), counts(page, "5")) == ([0, 8, 0], [0, 6, 0])
    field = page.get_by_label("New cards a day")
    field.fill("2")
    assert line(page) == "2 cards for today: 0 due, 2 new."
    page.get_by_label("4 Attention").uncheck()
    again(page)
    assert page.get_by_label("New cards a day").input_value() == "2"
    assert not page.get_by_label("4 Attention").is_checked()
    page.get_by_role("button", name="Start").click()
    assert asked(page) == "5.1-c1"
    rate(page, "Easy")
    rate(page, "Easy")
    limit = "The limit of 2 new cards a day is reached."
    assert line(page) == f"Done: 2 ratings. Nothing is left for today. {limit} The next card is back on March 10."
    assert counts(page, "5") == [0, 4, 2]
    assert page.get_by_role("button", name="Start").get_attribute("aria-disabled") == "true"
    assert page.evaluate("document.activeElement.className") == "lc-today"
    page.get_by_label("4 Attention").check()
    assert line(page).startswith("Done: 2 ratings. Nothing is left")  # the day's two new cards are taken
    page.get_by_label("New cards a day").fill("3")
    assert line(page) == "Done: 2 ratings. 1 card for today: 0 due, 1 new."


@pytest.mark.parametrize("wrong", ["-1", "101", "2.5", ""])
def test_a_limit_that_is_none_is_refused_with_words(session, wrong):
    page = session()
    field = page.get_by_label("New cards a day")
    field.fill("4")
    field.fill(wrong)
    assert page.locator(".lc-message").inner_text() == "A whole number from 0 to 100; it is still 4."
    assert field.get_attribute("aria-invalid") == "true"
    assert line(page) == "4 cards for today: 0 due, 4 new."
    field.fill("0")
    assert page.locator(".lc-message").inner_text() == ""
    assert line(page) == "Nothing is left for today. The limit of 0 new cards a day is reached."


@pytest.mark.parametrize("text", ["{", "null", '{"perDay": -3, "off": 4}', '{"perDay": "7", "off": [4]}', "[]"])
def test_settings_from_another_hand_count_as_never_set(session, text):
    page = session()
    page.evaluate("text => localStorage.setItem('llmcourse-review', text)", text)
    assert line(again(page)) == "10 cards for today: 0 due, 10 new."


def test_steps_come_before_what_is_due_and_that_before_new_cards(session):
    page = session(per_day=1)
    put = """([id, state, minutes, seen]) => llmcourseStore.put('cards', id, {
      due: new Date(Date.now() + minutes * 60000).toISOString(),
      reviewed: new Date(Date.now() - seen * 3600000).toISOString(),
      stability: 3, difficulty: 5, state, step: state === 2 ? null : 0, reviews: 1, lapses: 0 })"""
    for values in (
        ["4.1-c1", 2, 600, 72],  # due this evening, last seen three days ago
        ["4.1-c2", 2, 120, 22],  # due in two hours, seen yesterday: it waits for its hour
        ["4.1-c3", 1, -1, 0.1],  # its minutes are over
        ["4.1-c4", 3, 8, 0.1],  # in eight minutes
        ["4.1-c5", 2, -5000, 300],  # overdue
        ["9.9-c1", 2, -5000, 300],  # a card that the course has no longer
    ):
        page.evaluate(put, values)
    assert line(page) == "5 cards for today: 4 due, 1 new."
    assert counts(page, "4") == [4, 3, 1]
    page.get_by_role("button", name="Start").click()
    order = []
    while (card := asked(page)) is not None:
        order.append(card)
        rate(page, "Easy")
    assert order == ["4.1-c3", "4.1-c5", "4.1-c1", "4.1-c6", "4.1-c4"]
    limit = "The limit of 1 new card a day is reached."
    assert line(page) == f"Done: 5 ratings. Nothing is left for today. {limit} The next card is back today at 11:00 AM."
    page.clock.set_fixed_time(MORNING + timedelta(hours=2, minutes=1))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert line(page) == "Done: 5 ratings. 1 card for today: 1 due, 0 new (the limit of 1 a day is reached)."


PUT = """([id, minutes, state = 1]) => llmcourseStore.put('cards', id, {
  due: new Date(Date.now() + minutes * 60000).toISOString(), reviewed: new Date(Date.now() - 60000).toISOString(),
  introduced: new Date(Date.now() - 60000).toISOString(),
  stability: 3, difficulty: 5, state, step: state === 2 ? null : 0, reviews: 1, lapses: 0 })"""


def test_the_card_just_rated_does_not_come_back_at_once_while_another_waits(session):
    page = session(per_day=0)
    for number, minutes in ((1, 5), (2, 6), (3, 9)):
        page.evaluate(PUT, [f"4.1-c{number}", minutes])
    page.get_by_role("button", name="Start").click()
    order = []
    for name in ("Again", "Again", "Easy", "Again", "Again"):
        order.append(asked(page))
        rate(page, name)
    # "again" is a minute, so these two are first in line; once one is done, the third has its turn
    assert order == ["4.1-c1", "4.1-c2", "4.1-c1", "4.1-c2", "4.1-c3"]
    rate(page, "Easy")
    assert asked(page) == "4.1-c3"
    rate(page, "Again")
    assert asked(page) == "4.1-c3"  # no other is left


def test_it_says_when_the_limit_is_reached_by_cards_that_were_rated_elsewhere(session):
    page = session(per_day=2)
    for number in (1, 2, 3):
        page.evaluate(PUT, [f"4.1-c{number}", -1])
    assert line(page) == "3 cards for today: 3 due, 0 new (the limit of 2 a day is reached)."
    page.get_by_label("New cards a day").fill("3")
    assert line(page) == "3 cards for today: 3 due, 0 new (the limit of 3 a day is reached)."
    page.get_by_label("New cards a day").fill("4")
    assert line(page) == "4 cards for today: 3 due, 1 new."


def test_no_word_of_a_limit_that_is_reached_where_every_card_was_seen(session):
    page = session(per_day=2)
    page.get_by_label("5 Position").uncheck()
    for number in range(1, 9):
        page.evaluate(PUT, [f"4.1-c{number}", 60 * 24 * 3, 2])
    assert line(page) == "Nothing is left for today. The next card is back on March 5."
    page.get_by_label("5 Position").check()
    limit = "The limit of 2 new cards a day is reached."
    assert line(page) == f"Nothing is left for today. {limit} The next card is back on March 5."


def test_without_a_chapter_it_says_that_no_chapter_is_chosen(session):
    page = session()
    for name in ("4 Attention", "5 Position"):
        page.get_by_label(name).uncheck()
    assert line(page) == "No chapter is chosen: tick one below."
    assert page.get_by_role("button", name="Start").get_attribute("aria-disabled") == "true"
    page.get_by_label("5 Position").check()
    assert line(page) == "6 cards for today: 0 due, 6 new."


def test_a_day_lasts_until_four_in_the_morning(session):
    page = session(MORNING + timedelta(hours=13), per_day=1)
    page.get_by_role("button", name="Start").click()
    rate(page, "Easy")
    for hours, says in (
        (16.5, "Nothing is left for today."),
        (18.9, "Nothing"),
        (19.1, "1 card for today: 0 due, 1 new."),
    ):
        page.clock.set_fixed_time(MORNING + timedelta(hours=hours))
        assert line(again(page)).startswith(says)


def test_a_review_does_not_count_as_a_new_card(session):
    page = session(per_day=1)
    page.get_by_role("button", name="Start").click()
    rate(page, "Easy")
    first = page.evaluate(KEPT)["4.1-c1"]
    page.clock.set_fixed_time(MORNING + timedelta(days=9))
    assert line(again(page)) == "2 cards for today: 1 due, 1 new."
    page.get_by_role("button", name="Start").click()
    assert asked(page) == "4.1-c1"
    rate(page, "Good")
    page.get_by_role("button", name="Stop").click()
    assert line(page) == "Done: 1 rating. 1 card for today: 0 due, 1 new."
    second = page.evaluate(KEPT)["4.1-c1"]
    assert second["introduced"] == first["introduced"] == first["reviewed"] < second["reviewed"]


def test_who_wipes_the_record_wipes_the_settings_too(session):
    page = session(per_day=2)
    page.evaluate("localStorage.setItem('of-another-site', '1')")
    assert page.evaluate("llmcourseStore.wipe()") is True
    assert page.evaluate("Object.keys(localStorage)") == ["of-another-site"]
    assert line(again(page)) == "10 cards for today: 0 due, 10 new."


def test_a_failed_card_comes_again_in_the_same_session_and_the_page_is_named(session):
    page = session(per_day=2)
    page.get_by_role("button", name="Start").click()
    source = page.get_by_role("link", name="4.1 Page of Attention")
    assert source.get_attribute("href") == "../chapters/4_x/01_y.html"
    assert page.locator(".lc-place").inner_text() == "2 left today"
    rate(page, "Again")
    assert (asked(page), page.locator(".lc-place").inner_text()) == ("4.1-c2", "2 left today")
    rate(page, "Easy")
    assert (asked(page), page.locator(".lc-place").inner_text()) == ("4.1-c1", "1 left today")
    page.get_by_role("button", name="Stop").click()
    assert line(page) == "Done: 2 ratings. 1 card for today: 1 due, 0 new (the limit of 2 a day is reached)."


def test_undo_takes_ratings_back_one_after_another(session):
    page = session(per_day=2)
    page.get_by_role("button", name="Start").click()
    undo = page.get_by_role("button", name="Undo")
    assert undo.get_attribute("aria-disabled") == "true"
    rate(page, "Again")
    before = page.evaluate(KEPT)
    rate(page, "Good")
    rate(page, "Easy")
    undo.click()
    undo.click()
    assert asked(page) == "4.1-c2"
    assert page.evaluate(KEPT) == before
    undo.click()
    assert (asked(page), page.evaluate(KEPT)) == ("4.1-c1", {})
    assert undo.get_attribute("aria-disabled") == "true"


def test_a_reload_in_a_session_loses_nothing(session):
    page = session(per_day=3)
    page.get_by_role("button", name="Start").click()
    rate(page, "Easy")
    rate(page, "Again")
    kept = page.evaluate(KEPT)
    again(page)
    assert page.evaluate(KEPT) == kept
    assert line(page) == "2 cards for today: 1 due, 1 new."
    page.get_by_role("button", name="Start").click()
    assert asked(page) == "4.1-c3"


def test_two_tabs_do_not_ask_the_same_card_twice(session):
    page = session(per_day=3)
    other = page.context.new_page()
    other.clock.set_fixed_time(MORNING)
    other.goto(page.url)
    other.evaluate("llmcourseHost.mount(document.querySelector('.lc-widget'))")
    for tab in (page, other):
        tab.get_by_role("button", name="Start").click()
    other.get_by_role("button", name="Show the answer").click()
    rate(page, "Easy")
    expect(other.locator(".lc-front")).to_have_text("Question 4.1-c2?")  # the first was rated next door
    assert not other.locator(".lc-back").is_visible()
    rate(other, "Easy")
    expect(page.locator(".lc-front")).to_have_text("Question 4.1-c3?")
    rate(page, "Easy")
    limit = "The limit of 3 new cards a day is reached."
    end = f"Done: 1 rating. Nothing is left for today. {limit} The next card is back on March 10."
    expect(other.locator(".lc-today")).to_have_text(end)
    assert len(page.evaluate(KEPT)) == 3
    other.evaluate("llmcourseStore.wipe()")
    expect(page.locator(".lc-today")).to_have_text("Done: 2 ratings. 3 cards for today: 0 due, 3 new.")
    other.close()


def test_a_session_by_keyboard_alone(session):
    page = session(per_day=2)
    page.keyboard.press("Tab")
    assert focused(page) == "Start|true"
    page.keyboard.press("Enter")
    assert focused(page) == "Question|true"
    page.keyboard.press("4")  # before the answer was seen
    assert page.evaluate(KEPT) == {}
    for key in ("Space", "1", "Enter", "4", "Space", "3"):
        page.keyboard.press(key)
    assert (focused(page), asked(page)) == (
        "Question|true",
        "4.1-c1",
    )  # good, then ten minutes, and nothing else is left
    page.keyboard.press("Space")
    assert focused(page) == "Answer|true"
    walk = []
    for _ in range(7):
        page.keyboard.press("Tab")
        walk.append(focused(page))
    buttons = ["Undo", "Turn back", "Stop", "Again 1 min", "Hard 10 min", "Good 1 day", "Easy 1 day"]
    assert walk == [f"{name}|true" for name in buttons]
    page.keyboard.press("Enter")
    assert asked(page) is None
    limit = "The limit of 2 new cards a day is reached."
    assert line(page) == f"Done: 4 ratings. Nothing is left for today. {limit} The next card is back tomorrow."


def test_a_swipe_turns_the_card_of_a_session(session):
    page = session(width=390, has_touch=True, is_mobile=True)
    page.get_by_role("button", name="Start").tap()
    box = page.locator(".lc-stack").bounding_box()
    finger(page.locator(".lc-front"), [(box["x"] + 250 - 30 * i, box["y"] + 50) for i in range(6)])
    expect(page.locator(".lc-back")).to_be_visible()
    page.locator(".lc-ratings").get_by_role("button", name="Good").tap()
    expect(page.locator(".lc-front")).to_have_text("Question 4.1-c2?")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_before_in_and_after_a_session(session, theme):
    page = session(theme=theme, per_day=1)
    for step in ("overview", "question", "answer", "end"):
        if step == "question":
            page.get_by_role("button", name="Start").click()
        elif step == "answer":
            page.get_by_role("button", name="Show the answer").click()
            page.wait_for_function("document.getAnimations().length === 0")  # the answer has come in
        elif step == "end":
            page.locator(".lc-ratings").get_by_role("button", name="Easy").click()
        found = Axe().run(page).response["violations"]
        assert [(step, one["id"], node["html"][:120]) for one in found for node in one["nodes"]] == []


@pytest.mark.parametrize("width", [360, 390, 900])
def test_nothing_sticks_out_and_nothing_moves_for_who_asked_for_that(session, width):
    page = session(width=width, reduced_motion="reduce")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="Show the answer").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert moving(page) == 0


def test_the_page_opened_as_a_file_reviews_and_keeps(session):
    page = session(how="file", per_day=1)
    page.get_by_role("button", name="Start").click()
    rate(page, "Easy")
    again(page)
    assert line(page).startswith("Nothing is left for today.")
    assert list(page.evaluate(KEPT)) == ["4.1-c1"]


def test_a_browser_that_keeps_nothing_reviews_until_the_page_is_left(session):
    page = session()
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } })"
    )
    again(page)
    page.get_by_label("New cards a day").fill("1")
    page.get_by_role("button", name="Start").click()
    rate(page, "Easy")
    limit = "The limit of 1 new card a day is reached."
    assert line(page) == f"Done: 1 rating. Nothing is left for today. {limit} The next card is back on March 10."
    expect(page.locator(".lc-notice")).to_contain_text("keep nothing")


def test_without_scripts_the_page_says_where_the_cards_are(open_page):
    page = open_page(review(DECKS, "../", lambda target: f"../{target}.html"), mount=False, java_script_enabled=False)
    text = page.locator(".lc-widget").inner_text()
    assert "with JavaScript" in text
    assert page.get_by_role("link", name="5 Position").get_attribute("href") == "../chapters/5_x/index.html"
    assert "4 Attention: 8 cards" in text


def test_a_view_that_is_taken_down_listens_no_more(session):
    page = session(per_day=1)
    page.evaluate("llmcourseHost.unmount(document.querySelector('.lc-widget'))")
    page.evaluate("""() => { document.dispatchEvent(new Event('visibilitychange')); llmcourseStore.wipe(); }""")
    assert page.locator(".lc-widget .lc-static").is_visible()
