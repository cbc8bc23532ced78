"""The review page's widget as the site ships it, and the cards of all chapters as its data (pure Python)."""

from collections.abc import Callable, Sequence

from llmcourse.explore.flashcards_markup import card_sides
from llmcourse.explore.markup import Markup, element, widget_shell
from llmcourse.study.cards import Deck

NAME = "review"
ASSET = "flashcards"  # data/flashcards.js, which the review page alone loads


def chapter_title(deck: Deck) -> str:
    """A chapter as it is named on the review page: "4 Attention"; the digest has no number."""
    return deck.chapter.title if deck.chapter.id == "0" else f"{deck.chapter.id} {deck.chapter.title}"


def review_data(decks: Sequence[Deck]) -> list[dict[str, object]]:
    """Every chapter with its cards: id, both sides as HTML, title of the page and its address from the site's root."""
    found = []
    for deck in decks:
        pages = {page.id: page for page in deck.chapter.pages}
        cards = []
        for card, sides in zip(deck.cards, card_sides(deck.cards), strict=True):
            page = pages[card.page]
            title = page.title if page.id == "0" else f"{page.id} {page.title}"
            cards.append({**sides, "title": title, "href": f"{page.docname}.html"})
        found.append({"id": deck.chapter.id, "title": chapter_title(deck), "cards": cards})
    return found


def review(decks: Sequence[Deck], root: str, link: Callable[[str], str | None]) -> Markup:
    """The widget on a page from which ``root`` leads to the site's root; ``link`` gives a page's address from there.

    Without scripts it says where the cards are, since only a script can know what is due.
    """
    rows = []
    for deck in decks:
        address = link(f"{deck.chapter.folder}/index")
        name = element("a", {"href": address}, chapter_title(deck)) if address else Markup(chapter_title(deck))
        rows.append(element("li", {}, name, f": {len(deck.cards)} cards"))
    words = (
        "What is due today is worked out in your browser, with JavaScript. Without it, each page has its cards folded:"
    )
    picture = Markup(element("p", {}, words) + element("ul", {}, *rows))
    return widget_shell(NAME, {"reviews": {}, "root": root}, picture, {"chapters": ASSET})
