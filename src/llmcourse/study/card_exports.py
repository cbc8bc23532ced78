"""The flashcards as files for other programs: a table (CSV) and a package for Anki (genanki, loaded when needed)."""

import csv
import hashlib
import io
import re
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

from llmcourse.study.cards import Card, Deck
from llmcourse.study.text import MACROS, to_html

COURSE = "How Large Language Models Work"
COLUMNS = ("id", "page", "front", "back", "tags")
MODEL_ID = 1_607_392_319  # any number, but for good: Anki knows the layout of our cards by it
FRONT = '<div class="front">{{Front}}</div>'
BACK = '{{FrontSide}}<hr id="answer">{{Back}}<p class="page">Page {{Page}}</p>'
STYLE = """\
.card { max-width: 34em; margin: 0 auto; font-family: sans-serif; font-size: 20px; line-height: 1.5; text-align: left; }
.page { color: gray; font-size: 75%; }
.lc-bound { white-space: nowrap; }
"""
_COMMAND = re.compile(r"\\[A-Za-z]+")


def csv_text(cards: Iterable[Card]) -> str:
    """The cards as a table with a head, in Markdown as we write it; tags are parted by semicolons.

    >>> print(csv_text([Card("4.3-c1", "4.3", "Why?", 'So, "so".', ("a", "b"))]), end="")
    id,page,front,back,tags
    4.3-c1,4.3,Why?,"So, ""so"".",a; b
    """
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(COLUMNS)
    rows.writerows((c.id, c.page, c.front.strip(), c.back.strip(), "; ".join(c.tags)) for c in cards)
    return table.getvalue()


def anki_html(markdown: str) -> str:
    r"""A side of a card as Anki shows it: its own MathJax sets ``\(…\)``, and knows none of our macros.

    >>> anki_html(r"*Why* $\E[x]$ here?")
    '<em>Why</em> <span class="math notranslate nohighlight">\\(\\operatorname{E}[x]\\)</span> here?'
    """
    return _COMMAND.sub(lambda found: MACROS.get(found[0], found[0]), to_html(markdown))


def deck_id(name: str) -> int:
    """A number for a deck that is the same in every build and differs between decks.

    >>> deck_id("4") == deck_id("4") != deck_id("5")
    True
    """
    return int.from_bytes(hashlib.sha256(f"llmcourse deck {name}".encode()).digest()[:4]) // 2 + 2**30


def write_anki(path: Path, decks: Iterable[Deck], *, when: float) -> int:
    """Write an .apkg file with one deck for each chapter under the course's; the number of its cards.

    The same cards at the same ``when`` give the same bytes. Who imports a later file keeps their schedule: Anki finds
    a card again by its id, and takes the new text because ``when`` is later.

    Units:   ``when`` in seconds since 1970, UTC: the time that the notes carry as last changed.
    Raises:  ValueError unless ``when`` is positive, and without any card.
    """
    import genanki  # wanted by nobody who only reads

    if not when > 0:
        raise ValueError(f"when must be a time after 1970 in seconds, got {when}")
    fields = [{"name": name} for name in ("Front", "Back", "Page", "Id")]
    template = {"name": "Card", "qfmt": FRONT, "afmt": BACK}
    model = genanki.Model(MODEL_ID, f"{COURSE}: flashcard", fields=fields, templates=[template], css=STYLE)
    packed, count = [], 0
    for one in decks:
        number = f"{one.chapter.id:0>2} " if one.chapter.id != "0" else ""
        deck = genanki.Deck(deck_id(one.chapter.id), f"{COURSE}::{number}{one.chapter.title}")
        titles = {page.id: page.title if page.id == "0" else f"{page.id} {page.title}" for page in one.chapter.pages}
        for card in one.cards:
            page = titles[card.page]
            values = [anki_html(card.front), anki_html(card.back), page, card.id]
            tags = [tag.replace(" ", "-") for tag in card.tags]
            guid = genanki.guid_for("llmcourse", card.id)
            deck.add_note(genanki.Note(model, values, sort_field=card.id, tags=tags, guid=guid, due=count))
            count += 1
        packed.append(deck)
    if not count:
        raise ValueError("there is no card to write")
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder, "cards.apkg")
        genanki.Package(packed).write_to_file(raw, timestamp=when)
        with zipfile.ZipFile(raw) as archive, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
            for name in archive.namelist():  # once more, with dates that do not depend on this machine's clock
                out.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), archive.read(name), zipfile.ZIP_DEFLATED)
    return count
