"""The files for other programs, opened again: Anki's is a zip with a SQLite data base in it."""

import csv
import io
import json
import re
import sqlite3
import zipfile
from contextlib import closing
from dataclasses import replace

import pytest

from llmcourse.study.card_exports import COURSE, MODEL_ID, anki_html, csv_text, deck_id, write_anki
from llmcourse.study.cards import Card, Deck, decks
from llmcourse.study.course import Chapter, Page
from tests.chapters.pages import ROOT

WHEN = 1_790_000_000.0
CARDS = [
    Card("4.3-c1", "4.3", "Is $a < b$ & “so”, *really*?", "$\\E[x] = \\frac12$\n", ("softmax", "weight decay")),
    Card("4.3-c2", "4.3", "A, \"b\"; 'c'", "`<b>`", ("softmax",)),
]


def deck(chapter: str, title: str, page: str, *cards: Card) -> Deck:
    """A chapter with one page that has these cards."""
    one = Page(chapter if chapter == "0" else f"{chapter}.1", "x", page, chapter, (), (), 20)
    pages = tuple(replace(one, id=name) for name in sorted({card.page for card in cards}))
    return Deck(Chapter(chapter, "x", title, pages), cards)


DECK = deck("4", "Attention", "Softmax", *CARDS)


@pytest.fixture
def opened(tmp_path):
    """Writes a package and opens it: the rows of a query, as dictionaries."""

    def ask(decks, query, when=WHEN):
        path = tmp_path / "cards.apkg"
        write_anki(path, decks, when=when)
        with zipfile.ZipFile(path) as archive:
            assert sorted(archive.namelist()) == ["collection.anki2", "media"]
            assert archive.read("media") == b"{}"
            archive.extract("collection.anki2", tmp_path)
        with closing(sqlite3.connect(tmp_path / "collection.anki2")) as base:
            assert base.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            base.row_factory = sqlite3.Row
            return [dict(row) for row in base.execute(query)]

    return ask


def test_the_table_read_again_is_the_cards():
    rows = list(csv.DictReader(io.StringIO(csv_text(CARDS))))
    assert [row["id"] for row in rows] == ["4.3-c1", "4.3-c2"]
    assert rows[0]["front"] == CARDS[0].front
    assert rows[0]["back"] == "$\\E[x] = \\frac12$"
    assert (rows[0]["tags"], rows[1]["front"]) == ("softmax; weight decay", CARDS[1].front)


def test_a_note_holds_both_sides_the_page_and_the_id(opened):
    first, second = opened([DECK], "SELECT * FROM notes ORDER BY id")
    front, back, page, name = first["flds"].split("\x1f")
    assert front.startswith(
        'Is <span class="math notranslate nohighlight">\\(a &lt; b\\)</span> &amp; “so”, <em>really'
    )
    assert "\\(\\operatorname{E}[x] = \\frac12\\)" in back
    assert (page, name) == ("4.3 Softmax", "4.3-c1")
    assert "<code>&lt;b&gt;</code>" in second["flds"]
    assert first["tags"].split() == ["softmax", "weight-decay"]
    assert (first["mid"], first["mod"]) == (MODEL_ID, int(WHEN))


def test_every_note_has_one_card_in_its_chapters_deck_and_comes_in_our_order(opened):
    other = deck("10", "Alignment", "SFT", Card("10.1-c1", "10.1", "Q", "A", ("sft",)))
    digest = deck("0", "Digest", "What is a large language model?", Card("0-c1", "0", "Q", "A", ("a",)))
    all_three = [digest, DECK, other]
    cards = opened(
        all_three,
        "SELECT c.did, c.due, c.type, c.queue, n.sfld FROM cards c JOIN notes n ON c.nid = n.id ORDER BY c.due",
    )
    assert [one["sfld"] for one in cards] == ["0-c1", "4.3-c1", "4.3-c2", "10.1-c1"]
    assert [one["did"] for one in cards] == [deck_id("0"), deck_id("4"), deck_id("4"), deck_id("10")]
    assert [one["due"] for one in cards] == [0, 1, 2, 3]
    assert {(one["type"], one["queue"]) for one in cards} == {(0, 0)}  # new
    names = json.loads(opened(all_three, "SELECT decks FROM col")[0]["decks"])
    assert names[str(deck_id("0"))]["name"] == f"{COURSE}::Digest"
    assert names[str(deck_id("4"))]["name"] == f"{COURSE}::04 Attention"
    assert names[str(deck_id("10"))]["name"] == f"{COURSE}::10 Alignment"
    model = json.loads(opened(all_three, "SELECT models FROM col")[0]["models"])[str(MODEL_ID)]
    assert [field["name"] for field in model["flds"]] == ["Front", "Back", "Page", "Id"]


def test_a_later_build_changes_the_time_and_no_id(opened):
    query = "SELECT guid, mid, mod FROM notes ORDER BY id"
    reworded = replace(DECK, cards=(Card("4.3-c1", "4.3", "Said better", "A", ("x",)), CARDS[1]))
    before, after = opened([DECK], query), opened([reworded], query, when=WHEN + 86_400)
    assert [one["guid"] for one in before] == [one["guid"] for one in after]
    assert len({one["guid"] for one in before}) == 2
    assert all(one["mod"] - other["mod"] == 86_400 for one, other in zip(after, before, strict=True))


def test_the_same_cards_at_the_same_time_are_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        write_anki(tmp_path / name, [DECK], when=WHEN)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_ids_of_decks_differ_and_fit_into_ankis_numbers():
    ids = {deck_id(str(n)) for n in range(200)}
    assert len(ids) == 200
    assert all(2**30 <= one < 2**32 for one in ids)


def test_nothing_and_no_time_are_refused(tmp_path):
    with pytest.raises(ValueError, match="no card to write"):
        write_anki(tmp_path / "x", [replace(DECK, cards=())], when=WHEN)
    with pytest.raises(ValueError, match="after 1970 in seconds, got 0"):
        write_anki(tmp_path / "x", [DECK], when=0.0)


def test_every_card_of_the_course_reaches_anki_without_our_macros(opened):
    found = decks(ROOT)
    cards = [card for one in found for card in one.cards]
    rows = opened(found, "SELECT flds FROM notes ORDER BY id")
    assert [row["flds"].split("\x1f")[3] for row in rows] == [card.id for card in cards]
    for row, card in zip(rows, cards, strict=True):
        assert row["flds"].split("\x1f")[0] == anki_html(card.front)
        assert not {"\\E", "\\KL", "\\softmax"} & set(re.findall(r"\\[A-Za-z]+", row["flds"]))
        assert row["flds"].count("\\(") == row["flds"].count("\\)")
