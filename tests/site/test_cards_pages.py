"""The review page of the built course, the files it offers, and that a wrong file of cards ends the build."""

import csv
import json
import sqlite3
import zipfile
from contextlib import closing

import pytest
from playwright.sync_api import expect

from llmcourse.study.cards import decks
from tests.site.conftest import ROOT, refusal

pytestmark = pytest.mark.browser


@pytest.fixture
def tab(browser):
    context = browser.new_context(viewport={"width": 390, "height": 800})
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("how", ["server", "file"])
def test_the_review_page_asks_a_card_of_the_course_with_its_formulas_set(tab, address, site, how):
    tab.goto(f"{address if how == 'server' else site.as_uri()}/book/review.html")
    expect(tab.locator(".lc-today")).to_have_text("10 cards for today: 0 due, 10 new.")
    tab.get_by_role("checkbox").first.uncheck()  # the digest, whose first card has no formula
    tab.get_by_role("button", name="Start").click()
    expect(tab.locator(".lc-front mjx-container")).to_have_count(1)  # "Read aloud: L = …"
    assert "\\(" not in tab.locator(".lc-card").inner_text()
    tab.get_by_role("button", name="Show the answer").click()
    tab.locator(".lc-ratings").get_by_role("button", name="Good").click()
    tab.get_by_role("link", name="1.1 Notation without fear").click()
    expect(tab.locator("article h1")).to_contain_text("Notation without fear")
    tab.wait_for_function("() => window.llmcourseStore")
    assert list(tab.evaluate("llmcourseStore.all('cards')")) == ["1.1-c1"]


def test_a_deck_on_a_page_shares_its_dates_with_the_review_page(tab, address):
    tab.goto(f"{address}/chapters/04_attention/03_softmax.html#check-yourself")
    deck = tab.locator('[data-widget="flashcards"]')
    deck.scroll_into_view_if_needed()
    deck.get_by_role("button", name="Show the answer").click()
    deck.get_by_role("button", name="Easy").click()
    deck.get_by_role("link", name="Review").click()
    expect(tab.locator('[data-key="4.later"]')).to_have_text("1")
    expect(tab.locator(".lc-today")).to_have_text("9 cards for today: 0 due, 9 new.")  # one of the ten was seen there


def test_no_card_sticks_out_on_a_phone(tab, address):
    pages = sorted({f"{page.docname}.html" for deck in decks(ROOT) for page in deck.chapter.pages})
    wide = []
    for page in pages:
        tab.goto(f"{address}/{page}")
        tab.locator('[data-widget="flashcards"]').scroll_into_view_if_needed()
        tab.wait_for_selector('[data-widget="flashcards"][data-ready=true]')
        tab.wait_for_function("!document.querySelector('.lc-setting')")
        wide += tab.evaluate("""() => [...document.querySelectorAll('.lc-card-text')]
            .filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.textContent.slice(0, 60))""")
    assert wide == []


def test_the_files_to_take_along_hold_every_card(site, tab, address, tmp_path):
    ids = [card.id for deck in decks(ROOT) for card in deck.cards]
    tab.goto(f"{address}/book/review.html")
    links = tab.locator("a[download]")
    assert links.all_inner_texts() == [f"All {len(ids)} cards {form}" for form in ("for Anki", "as a table")]
    for link in links.all():
        assert (site / "book" / link.get_attribute("href")).resolve().is_file()
    with (site / "_static/cards/flashcards.csv").open(encoding="utf-8", newline="") as file:
        assert [row["id"] for row in csv.DictReader(file)] == ids
    with zipfile.ZipFile(site / "_static/cards/flashcards.apkg") as archive:
        archive.extract("collection.anki2", tmp_path)
    with closing(sqlite3.connect(tmp_path / "collection.anki2")) as base:
        notes = [row[0] for row in base.execute("SELECT sfld FROM notes ORDER BY id")]
        names = {one["name"] for one in json.loads(base.execute("SELECT decks FROM col").fetchone()[0]).values()}
    assert notes == ids
    assert "How Large Language Models Work::04 Attention" in names


def test_a_wrong_file_ends_the_build_with_file_line_and_reason(tmp_path):
    line, said = refusal(tmp_path, "chapters/05_position/cards.yml", "    back:", "    rear:")
    assert f"chapters/05_position/cards.yml, line {line - 3}: card 5.3-c1 has no back" in said
