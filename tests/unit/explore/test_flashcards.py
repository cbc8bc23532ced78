"""Flashcards in Python: the deck of a page, its form without scripts, and what is refused."""

import json
import re

import pytest
import traitlets

from llmcourse.explore.flashcards import Flashcards, flashcards
from llmcourse.explore.flashcards_markup import card_sides, folded
from llmcourse.explore.flashcards_markup import flashcards as markup
from llmcourse.study.cards import Card, of_page
from tests.chapters.pages import ROOT

CARDS = [Card("4.3-c1", "4.3", "Is $a < b$?", "*Yes*", ("a",)), Card("4.3-c2", "4.3", "Why?", "`<b>`", ("a",))]


def test_a_notebook_gets_the_cards_of_a_page_with_formulas_that_need_no_script():
    deck = flashcards("4.3")
    assert [one["id"] for one in deck.cards] == [card.id for card in of_page(ROOT, "4.3")]
    assert "<math" in deck.html()
    assert "\\(" not in json.dumps(deck.cards)
    assert deck.html() == flashcards("4.3").html()


def test_reviews_of_an_earlier_session_are_taken_up():
    kept = {"4.3-c1": {"due": "2026-03-10T10:00:00.000Z"}}
    assert flashcards("4.3", reviews=kept).reviews == kept


def test_a_page_without_cards_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r'no cards for a page "4\.99"'):
        flashcards("4.99")
    with pytest.raises(ValueError, match="no cards"):
        flashcards("4.3", root=tmp_path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cards": []}, "one card or more"),
        ({"cards": [{"id": "a", "front": "Q"}]}, r"id, front and back, got \['front', 'id'\]"),
        ({"cards": [{"id": "a", "front": "Q", "back": "A"}], "at": 2}, "numbered from 0, and 1 is the end; got 2"),
    ],
)
def test_what_a_view_could_not_show_is_refused(options, message):
    with pytest.raises(traitlets.TraitError, match=message):
        Flashcards(**options)


def test_the_place_after_the_last_card_is_the_end():
    assert Flashcards(cards=[{"id": "a", "front": "Q", "back": "A"}], at=1).at == 1


def test_the_site_gets_tex_for_mathjax_and_mathml_without_scripts():
    html = markup(CARDS, review="../review.html")
    state = json.loads(re.search(r'json">(.*?)</script>', html)[1])
    assert state == {
        "at": 0,
        "cards": card_sides(CARDS),
        "review": "../review.html",
        "reviews": {},
        "turned": False,
    }
    assert "\\(a &lt; b\\)" in state["cards"][0]["front"]
    assert html.endswith(f"{folded(card_sides(CARDS, 'mathml'))}</div></div>")
    assert html.count("<details") == html.count("<math") + 1 == 2


def test_nothing_in_a_card_becomes_markup_of_its_own():
    assert "<code>&lt;b&gt;</code>" in folded(card_sides(CARDS))
    assert "<script" not in folded(card_sides([Card("1.1-c1", "1.1", "<script>x</script>", "<i>", ("a",))]))


def test_a_deck_without_cards_is_refused():
    with pytest.raises(ValueError, match="a deck needs one card or more"):
        markup([])
