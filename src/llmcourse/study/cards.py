r"""The flashcards of the course: what ``cards.yml`` may hold, checked with file, line and reason (pure Python).

    cards:
      - id: 4.3-c1
        page: 03_softmax.ipynb
        front: "What does temperature do to the odds of two tokens?"
        back: "It raises them to the power $1/\\tau$."
        tags: [softmax, temperature]

``front`` and ``back`` are inline Markdown with ``$…$`` (``study.text``). An id is for good: readers' devices and their
decks in Anki know a card by it, so a card may be reworded under its id, and a new question takes a new one.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llmcourse.study.course import Chapter, chapters, page_id
from llmcourse.study.text import to_html
from llmcourse.study.yaml_lines import Document, read

KEYS = ("id", "page", "front", "back", "tags")
_TAG = re.compile(r"[\w@-]+(?: [\w@-]+)*")


@dataclass(frozen=True)
class Card:
    """One card; ``page`` is the page's id, "4.3", and ``front`` and ``back`` are Markdown."""

    id: str
    page: str
    front: str
    back: str
    tags: tuple[str, ...]

    @property
    def chapter(self) -> str:
        """The chapter's id, "4"; "0" is the digest."""
        return self.page.split(".")[0]


@dataclass(frozen=True)
class Deck:
    """The cards of a chapter, those of its written pages, in the order of the file."""

    chapter: Chapter
    cards: tuple[Card, ...]


def load(path: Path) -> tuple[Card, ...]:
    """The cards of a chapter's ``cards.yml``, in the order of the file.

    Raises:  FileError (file, line, reason) for a key that is missing, unknown or of the wrong kind, an id that stands
             twice or belongs to another page, a page that does not exist, and text that cannot be shown.
    """
    document = read(path)
    if not isinstance(document.value, dict) or set(document.value) != {"cards"}:
        raise document.error('the file must have the one key "cards"')
    entries = document.value["cards"]
    if not isinstance(entries, list) or not entries:
        raise document.error('"cards" must be a list of one card or more', "cards")
    cards: list[Card] = []
    known: dict[str, int] = {}
    for at, entry in enumerate(entries):
        card = _card(document, at, entry)
        if card.id in known:
            raise document.error(f"the id {card.id} stands on line {known[card.id]} already", "cards", at, "id")
        known[card.id] = document.lines["cards", at, "id"]
        cards.append(card)
    return tuple(cards)


def decks(root: Path) -> list[Deck]:
    """The chapters of the table of contents that have cards, each with those of its pages that are in the contents.

    Raises:  FileError if a file of cards is wrong.
    """
    found = []
    for chapter in chapters(root):
        path = root / chapter.folder / "cards.yml"
        pages = {page.id for page in chapter.pages}
        cards = tuple(card for card in (load(path) if path.exists() else ()) if card.page in pages)
        if cards:
            found.append(Deck(chapter, cards))
    return found


def of_page(root: Path, page: str) -> tuple[Card, ...]:
    """The cards of the page with this id. Without any, the tuple is empty.

    Raises:  FileError if the file that holds them is wrong.
    """
    files = [root / "book/digest/cards.yml", *sorted(root.glob("chapters/*/cards.yml"))]
    found = (path for path in files if path.exists() and _chapter(path) == page.split(".")[0])
    return tuple(card for path in found for card in load(path) if card.page == page)


def _chapter(path: Path) -> str:
    """The id of the chapter in whose folder a file stands."""
    return "0" if path.parent.name == "digest" else str(int(path.parent.name.split("_")[0]))


def _card(document: Document, at: int, entry: Any) -> Card:
    place = ("cards", at)
    if not isinstance(entry, dict):
        raise document.error(f"a card has the keys {', '.join(KEYS)}, got {entry!r}", *place)
    name = entry.get("id", f"number {at + 1}")
    if missing := [key for key in KEYS if key not in entry]:
        raise document.error(f"card {name} has no {' and no '.join(missing)}", *place)
    if unknown := sorted(set(entry) - set(KEYS)):
        raise document.error(f"card {name} has an unknown key: {unknown[0]}", *place, unknown[0])
    for key in KEYS[:-1]:
        if not isinstance(entry[key], str) or not entry[key].strip():
            raise document.error(f"{key} of card {name} must be text, got {entry[key]!r}", *place, key)
    page = _page(document, place, entry)
    for key in ("front", "back"):
        try:
            for math in ("tex", "mathml"):
                to_html(entry[key], math)
        except ValueError as error:
            raise document.error(f"{key} of card {name}: {error}", *place, key) from None
    return Card(entry["id"], page, entry["front"], entry["back"], _tags(document, place, entry))


def _page(document: Document, place: tuple[str | int, ...], entry: dict[str, Any]) -> str:
    """The id of the card's page, to which its own id must belong."""
    folder = document.path.parent
    if not (folder / entry["page"]).is_file():
        raise document.error(f"card {entry['id']}: there is no page {entry['page']} here", *place, "page")
    page = page_id("/".join((*folder.parts[-2:], entry["page"])))
    if page is None:
        raise document.error(f"card {entry['id']}: {entry['page']} is no page with cards", *place, "page")
    if not re.fullmatch(rf"{re.escape(page)}-c[1-9]\d*", entry["id"]):
        raise document.error(
            f"the id of a card of {entry['page']} looks like {page}-c1, got {entry['id']}", *place, "id"
        )
    return page


def _tags(document: Document, place: tuple[str | int, ...], entry: dict[str, Any]) -> tuple[str, ...]:
    """One tag or more."""
    tags = entry["tags"]
    if not isinstance(tags, list) or not tags:
        raise document.error(f"tags of card {entry['id']} must be a list of one tag or more", *place, "tags")
    for i, tag in enumerate(tags):
        if not isinstance(tag, str) or not _TAG.fullmatch(tag):
            reason = f"a tag is a word or words with a blank between, such as weight decay, got {tag!r}"
            raise document.error(f"card {entry['id']}: {reason}", *place, "tags", i)
    if len(set(tags)) < len(tags):
        raise document.error(f"card {entry['id']} has a tag twice: {', '.join(tags)}", *place, "tags")
    return tuple(tags)
