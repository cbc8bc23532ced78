"""Flashcards in a notebook: the cards of a page to flip through, with the dates of their reviews (anywidget)."""

from pathlib import Path
from typing import Any, ClassVar

import traitlets

from llmcourse.explore.flashcards_markup import NAME, card_sides, folded
from llmcourse.explore.markup import Markup
from llmcourse.explore.widget import Widget, check
from llmcourse.study.cards import of_page

__all__ = ["Flashcards", "flashcards"]


class Flashcards(Widget):
    """A deck of cards. State: ``cards`` (id, front, back as HTML), ``at``, ``turned`` and ``reviews``.

    ``at`` counts from 0; the number of cards is the place after the last one, where the deck ends.

    ``reviews`` holds, by the card's id, what the scheduler keeps after each rating: when the card is ``due``, when it
    was ``reviewed``, ``stability`` in days, ``difficulty`` from 1 to 10, ``state``, ``step``, and how many ``reviews``
    and ``lapses`` there were. Hand it over in a later session to go on: ``flashcards("4.3", reviews=kept)``.

    Raises:  traitlets.TraitError for a deck without cards, a card without both sides, and a place outside the deck.
    Source:  The schedule is FSRS, version 6, with its default parameters. {cite}`fsrs6`
    """

    script: ClassVar[str] = NAME

    cards = traitlets.List(traitlets.Dict()).tag(sync=True)
    at = traitlets.Int(0, min=0).tag(sync=True)
    turned = traitlets.Bool(False).tag(sync=True)
    reviews = traitlets.Dict().tag(sync=True)
    review = traitlets.Unicode("").tag(sync=True)

    @traitlets.validate("cards")
    def _valid_cards(self, proposal: dict[str, Any]) -> list[dict[str, str]]:
        cards = proposal["value"]
        check(bool(cards), "a deck needs one card or more")
        for one in cards:
            check(set(one) == {"id", "front", "back"}, f"a card has id, front and back, got {sorted(one)}")
        return cards

    @traitlets.validate("at")
    def _valid_place(self, proposal: dict[str, Any]) -> int:
        place = proposal["value"]
        count = len(self.cards)
        check(place <= count, f"there are {count} cards, numbered from 0, and {count} is the end; got {place}")
        return place

    def picture(self) -> Markup:
        """Every front with its back folded below."""
        return folded(self.cards)


def flashcards(page: str, *, root: Path | None = None, **options: Any) -> Flashcards:
    """The cards of the page with this id, such as "4.3"; formulas are MathML, which needs no script.

    ``root`` is the folder of the course, by default the one that this package was installed from.

    Raises:  ValueError if there are no cards for such a page.
    """
    folder = Path(__file__).parents[3] if root is None else root
    cards = of_page(folder, page)
    if not cards:
        raise ValueError(f'no cards for a page "{page}" in {folder / "chapters"}; an id looks like "4.3"')
    return Flashcards(cards=card_sides(cards, "mathml"), **options)
