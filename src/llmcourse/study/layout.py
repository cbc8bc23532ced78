"""Where the pages of the learning tree stand: rows from top to bottom, each page below all that it needs (pure Python).

A page's layer is the longest way down to it. A layer that is wider than a row is cut into several, written pages above
planned ones. Within its row a page moves toward the middle of its neighbors, a few times from top to bottom and back:
the barycenter method, which leaves few crossings.

Source:  Sugiyama, Tagawa and Toda (1981): layers first, then an order within each by barycenters.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from llmcourse.study.course import Page, place_in_book
from llmcourse.study.tree import layers

MOST = 7  # pages in a row: as many as fit a phone
SWEEPS = 6


@dataclass(frozen=True)
class Spot:
    """A row, counted from the top, and how far to the right (0 to 1) the middle of the page stands."""

    row: int
    x: float


def spots(pages: Sequence[Page], *, most: int = MOST) -> dict[str, Spot]:
    """The place of every page.

    Raises:  ValueError for a circle, or if fewer than one page may stand in a row.
    """
    if most < 1:
        raise ValueError(f"a row must hold at least 1 page, got {most}")
    rows = cut(pages, most)
    readers: dict[str, list[str]] = defaultdict(list)
    for page in pages:
        for need in page.needs:
            readers[need].append(page.id)
    needs = {page.id: list(page.needs) for page in pages}
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        for row in rows if down else rows[::-1]:
            at = across(rows)
            toward = needs if down else readers
            row.sort(key=lambda one: middle([at[other] for other in toward[one]], at[one]))
    at = across(rows)
    return {one: Spot(number, at[one]) for number, row in enumerate(rows) for one in row}


def crossings(pages: Sequence[Page], where: dict[str, Spot]) -> int:
    """How many pairs of lines cross, drawn straight."""
    lines = [(where[need], where[page.id]) for page in pages for need in page.needs]
    return sum(cross(one, other) for i, one in enumerate(lines) for other in lines[:i])


def cross(one: tuple[Spot, Spot], other: tuple[Spot, Spot]) -> bool:
    """Whether two lines change sides between the rows that both pass."""
    top, bottom = max(one[0].row, other[0].row), min(one[1].row, other[1].row)
    if top >= bottom:
        return False

    def gap(row: int) -> float:
        a, b = (s.x + (t.x - s.x) * (row - s.row) / (t.row - s.row) for s, t in (one, other))
        return a - b

    return gap(top) * gap(bottom) < 0


def cut(pages: Sequence[Page], most: int) -> list[list[str]]:
    """The ids row by row in the order of the book, rows of one layer about equally long."""
    depth = layers(pages)
    rows: list[list[str]] = []
    for layer in range(max(depth.values(), default=-1) + 1):
        for is_planned in (False, True):
            own = [page for page in pages if depth[page.id] == layer and page.is_planned is is_planned]
            ids = [page.id for page in sorted(own, key=lambda page: place_in_book(page.id))]
            count = -(-len(ids) // most)  # rounded up
            rows += [ids[len(ids) * i // count : len(ids) * (i + 1) // count] for i in range(count)]
    return join_short(rows, depth, most)


def join_short(rows: list[list[str]], depth: dict[str, int], most: int) -> list[list[str]]:
    """Two rows of one layer that fit into one become one."""
    joined: list[list[str]] = []
    for row in rows:
        if joined and depth[joined[-1][0]] == depth[row[0]] and len(joined[-1]) + len(row) <= most:
            joined[-1] += row
        else:
            joined.append(row)
    return joined


def across(rows: Sequence[Sequence[str]]) -> dict[str, float]:
    """Evenly spread over each row."""
    return {one: (i + 0.5) / len(row) for row in rows for i, one in enumerate(row)}


def middle(values: Sequence[float], otherwise: float) -> float:
    """The mean, or where the page stands if it has no neighbors on that side."""
    return sum(values) / len(values) if values else otherwise
