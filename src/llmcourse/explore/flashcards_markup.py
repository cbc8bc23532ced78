"""A page's flashcards as the site ships them, and without scripts: fronts with folded backs (pure Python)."""

from collections.abc import Mapping, Sequence
from typing import Literal

from llmcourse.explore.markup import Markup, element, widget_shell
from llmcourse.study.cards import Card
from llmcourse.study.text import to_html

NAME = "flashcards"
Side = Mapping[str, str]


def card_sides(cards: Sequence[Card], math: Literal["tex", "mathml"] = "tex") -> list[dict[str, str]]:
    """What the script needs of each card: its id, and both sides as HTML.

    >>> card_sides([Card("4.3-c1", "4.3", "*Why?*", "So.", ("a",))])
    [{'id': '4.3-c1', 'front': '<em>Why?</em>', 'back': 'So.'}]
    """
    return [{"id": one.id, "front": to_html(one.front, math), "back": to_html(one.back, math)} for one in cards]


def flashcards(cards: Sequence[Card], *, math: Literal["tex", "mathml"] = "tex", review: str = "") -> Markup:
    """The deck of a page; ``review`` is the address of the review page, seen from there.

    Formulas that stand there without scripts are MathML, whatever ``math`` is.

    Raises:  ValueError without any card.
    """
    if not cards:
        raise ValueError("a deck needs one card or more")
    state = {"at": 0, "cards": card_sides(cards, math), "review": review, "reviews": {}, "turned": False}
    return widget_shell(NAME, state, folded(card_sides(cards, "mathml")))


def folded(sides: Sequence[Side]) -> Markup:
    """Every front, with its back folded below: for readers without scripts, for paper and e-books."""
    folds = (
        element(
            "details",
            {"class": "lc-fold"},
            element("summary", {}, Markup(one["front"])),
            element("div", {}, Markup(one["back"])),
        )
        for one in sides
    )
    return Markup("".join(folds))
