"""The data of the review page: each card of the course once, with its page; made without torch or NumPy."""

import json
import subprocess
import sys

from llmcourse.explore.review_markup import ASSET, chapter_title, review, review_data
from llmcourse.study.cards import decks
from llmcourse.study.course import contents
from tests.chapters.pages import ROOT


def test_every_card_of_the_course_is_there_once_with_its_page():
    found = decks(ROOT)
    data = review_data(found)
    cards = [card for one in data for card in one["cards"]]
    assert [card["id"] for card in cards] == [card.id for one in found for card in one.cards]
    assert len({card["id"] for card in cards}) == len(cards) >= 161
    assert {card["href"].removesuffix(".html") for card in cards} <= set(contents(ROOT))
    assert [one["title"] for one in data] == [chapter_title(one) for one in found]
    softmax = next(card for card in cards if card["id"] == "4.3-c1")
    assert softmax["title"] == "4.3 Softmax and temperature"
    assert softmax["href"] == "chapters/04_attention/03_softmax.html"
    json.dumps(data, allow_nan=False)


def test_the_page_holds_no_card_itself_and_links_only_to_what_is_built():
    found = decks(ROOT)
    html = review(found, "../", lambda target: f"../{target}.html" if "04_attention" in target else None)
    assert f'data-assets="{{&quot;chapters&quot;: &quot;{ASSET}&quot;}}"' in html
    assert found[0].cards[0].front not in html
    assert html.count("<a href=") == 1
    assert html.count(" cards</li>") == len(found)


def test_the_site_build_needs_neither_numpy_nor_anywidget_for_cards():
    code = """
import sys
from llmcourse.explore import bundle, flashcards_markup, review_markup
from llmcourse.study import card_exports, cards
print(sorted({"numpy", "torch", "anywidget", "traitlets", "genanki"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
