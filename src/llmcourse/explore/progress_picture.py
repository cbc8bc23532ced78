"""The progress report for the site, without numpy and anywidget: its state and its still picture (pure Python)."""

from collections.abc import Callable, Iterable
from typing import Any

from llmcourse.explore.markup import Markup, element, widget_shell
from llmcourse.study.course import Chapter
from llmcourse.study.outline import PageOutline

SCRIPT = "progress"
KINDS = ("exercises", "questions", "cards")  # of what there is to do on a page
HEADS = ("Page", "Exercises", "Questions", "Cards")
STILL = (
    "This is what there is to do. What you have done appears here when scripts are on; without them nothing is kept."
)


def chapter_state(chapter: Chapter, pages: Iterable[PageOutline], link: Callable[[str], str | None]) -> dict[str, Any]:
    """A chapter as the widget's state. ``link`` gives the address of a page by its path without ending, or None."""
    return {
        "id": chapter.id,
        "title": chapter.title,
        "link": link(f"{chapter.folder}/index"),
        "pages": [
            {
                "id": one.page.id,
                "title": one.page.title,
                "link": link(one.page.docname),
                "exercises": [[name, list(parts)] for name, parts in one.exercises.items()],
                "questions": list(one.questions),
                "cards": list(one.cards),
            }
            for one in pages
        ],
    }


def progress(chapters: list[dict[str, Any]], *, compact: bool = False, link: str | None = None) -> Markup:
    """The whole report, or (``compact``) one line for a chapter with a ``link`` to the report."""
    state = {"chapters": chapters, "compact": compact, "link": link, "record": ""}
    return widget_shell(SCRIPT, state, picture(chapters, compact=compact))


def picture(chapters: list[dict[str, Any]], *, compact: bool = False) -> Markup:
    """What there is to do, as far as it can be said without knowing the reader."""
    pages = [page for chapter in chapters for page in chapter["pages"]]
    if compact:
        counts = ((sum(len(page[name]) for page in pages), name.removesuffix("s")) for name in KINDS)
        said = (_count(len(pages), "page"), *(_count(n, word) for n, word in counts if n))  # like the live line
        return element("p", {"class": "lc-line"}, " · ".join(said))
    tables = (_table(chapter) for chapter in chapters if chapter["pages"])
    return Markup("".join((element("p", {"class": "lc-note"}, STILL), *tables)))


def _count(n: int, word: str) -> str:
    return f"{n} {word}{'' if n == 1 else 's'}"


def _named(item: dict[str, Any]) -> str:
    return element("a", {"href": item["link"]}, item["title"]) if item["link"] else item["title"]


def _table(chapter: dict[str, Any]) -> Markup:
    number = "" if chapter["id"] == "0" else f"{chapter['id']}. "
    head = (element("th", {"scope": "col", "role": "columnheader"}, text) for text in HEADS)
    return element(
        "div",
        {"class": "lc-chapter"},
        element("p", {"class": "lc-caption"}, number, _named(chapter)),
        element(
            "table",
            {"role": "table", "aria-label": f"{number}{chapter['title']}"},
            element("thead", {"role": "rowgroup"}, element("tr", {"role": "row"}, *head)),
            element("tbody", {"role": "rowgroup"}, *(_row(page) for page in chapter["pages"])),
        ),
    )


def _row(page: dict[str, Any]) -> Markup:
    number = "" if page["id"] == "0" else f"{page['id']} "
    counts = (len(page[name]) for name in KINDS)
    return element(
        "tr",
        {"role": "row"},
        element("th", {"scope": "row", "role": "rowheader"}, number, _named(page)),
        *(element("td", {"role": "cell"}, str(n or "none")) for n in counts),
    )
