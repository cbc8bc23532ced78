"""What the learning tree knows: the course's pages with their places, as JSON values (pure Python)."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from llmcourse.study.course import Page, chapters, everything, planned_chapters
from llmcourse.study.layout import Spot, spots

# What each standing is called, and its sign: never color alone.
STANDINGS = {
    "read": ("read", "✓"),
    "next": ("you can read it now", "▸"),
    "later": ("needs others first", "·"),
    "planned": ("not written yet", "…"),
}

ROOMY = 4  # pages in a row of the written ones: as many as have room for their titles on a phone


def nowhere(_page: Page) -> str:
    """No address: in a notebook a page of the tree leads nowhere."""
    return ""


def tree_of(pages: Sequence[Page], *, address: Callable[[Page], str] = nowhere) -> list[dict[str, Any]]:
    """The pages with their places in both pictures; ``address`` gives a written page's link.

    ``at`` is [row, share of the width] among all pages, ``alone`` among the written ones (None for a planned page).

    Raises:  ValueError if pages need each other in a circle.
    """
    at, alone = spots(pages), spots([page for page in pages if not page.is_planned], most=ROOMY)
    return [
        {
            "id": page.id,
            "title": page.title,
            "chapter": page.chapter,
            "needs": list(page.needs),
            "minutes": page.minutes,
            "planned": page.is_planned,
            "href": "" if page.is_planned else address(page),
            "at": place_in(at[page.id]),
            "alone": None if page.is_planned else place_in(alone[page.id]),
        }
        for page in pages
    ]


def place_in(spot: Spot) -> list[float | int]:
    """A place as JSON: row, and share of the width to four digits."""
    return [spot.row, round(spot.x, 4)]


def shown_pages(state: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The entries in the picture, each with the ``row`` and ``x`` that it has there."""
    key = "at" if state["show_planned"] else "alone"
    return [entry | {"row": entry[key][0], "x": entry[key][1]} for entry in state["pages"] if entry[key]]


def course_state(root: Path, *, address: Callable[[Page], str] = nowhere) -> dict[str, Any]:
    """The widget's whole state for the course that stands in ``root``: nothing read, no goal chosen."""
    titles = planned_chapters(root) | {one.id: one.title for one in chapters(root)}
    goals = yaml.safe_load((root / "book/topics.yml").read_text(encoding="utf-8"))["goals"]
    return {
        "chapters": titles,
        "goal": "",
        "goals": [[name, page] for name, page in goals.items()],
        "pages": tree_of(everything(root), address=address),
        "read": [],
        "show_planned": False,
    }


def page_of(entry: dict[str, Any]) -> Page:
    """An entry of the state as a page, for the functions of ``study.tree``."""
    path = "" if entry["planned"] else entry["href"] or "written"
    return Page(
        id=entry["id"],
        path=path,
        title=entry["title"],
        chapter=entry["chapter"],
        needs=tuple(entry["needs"]),
        topics=(),
        minutes=entry["minutes"],
    )
