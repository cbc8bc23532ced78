"""The learning tree: which page rests on which, what is next, and the shortest way to a goal (pure Python).

A page may be read when all its needs are known. To reach a goal one reads everything that it rests on, directly or by
way of others, and that is not known yet. There is no choice in this: every need has to be met, so the set is unique,
and the way is shortest in pages and in minutes alike. What is known stays known: below a known page nothing is asked
for again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from llmcourse.study.course import Page, place_in_book


@dataclass(frozen=True)
class Way:
    """What is still to read, in an order in which each page comes after its needs; the goal is the last one."""

    pages: tuple[Page, ...]

    @property
    def minutes(self) -> int:
        """Of reading, unwritten pages with what they are expected to take."""
        return sum(page.minutes for page in self.pages)

    @property
    def unwritten(self) -> tuple[str, ...]:
        """The ids on the way that nobody has written yet."""
        return tuple(page.id for page in self.pages if page.is_planned)


def circle(needs: Mapping[str, Iterable[str]]) -> list[str]:
    """A circle of needs, its first id repeated at its end, or an empty list if there is none.

    >>> circle({"1.1": ["1.3"], "1.2": ["1.1"], "1.3": ["1.2"]}), circle({"1.1": [], "1.2": ["1.1"]})
    (['1.1', '1.3', '1.2', '1.1'], [])
    """
    done: set[str] = set()
    for start in needs:
        trail: list[str] = []
        branches = [iter([start])]
        while branches:
            node = next(branches[-1], None)
            if node is None:
                branches.pop()
                if trail:
                    done.add(trail.pop())
            elif node in trail:
                return [*trail[trail.index(node) :], node]
            elif node not in done:
                trail.append(node)
                branches.append(iter(needs.get(node, ())))
    return []


def ancestors(pages: Sequence[Page], goal: str) -> set[str]:
    """The ids of all pages that ``goal`` rests on, directly or by way of others.

    Raises:  ValueError if no page has this id.
    """
    return _before(pages, goal, frozenset())


def way_to(pages: Sequence[Page], goal: str, known: Iterable[str] = ()) -> Way:
    """The shortest way: what ``goal`` rests on without what is known and what only known pages rest on, and the goal.

    Empty if the goal itself is known. In the order of the book, in which each page comes after its needs.

    Raises:  ValueError if no page has the goal's id; known ids without a page are passed over (a course changes).
    """
    have = frozenset(known)
    unread = set() if goal in have else _before(pages, goal, have) | {goal}
    return Way(tuple(sorted((page for page in pages if page.id in unread), key=lambda page: place_in_book(page.id))))


def next_pages(pages: Sequence[Page], known: Iterable[str]) -> list[Page]:
    """The written pages that are not known and whose needs all are, in the order of the book."""
    have = set(known)
    return [page for page in pages if not page.is_planned and page.id not in have and have.issuperset(page.needs)]


def layers(pages: Sequence[Page]) -> dict[str, int]:
    """How many pages stand below each on the longest way down: 0 for one that needs nothing.

    Raises:  ValueError for a circle.
    """
    needs = {page.id: page.needs for page in pages}
    if loop := circle(needs):
        raise ValueError(f"pages need each other in a circle: {' → '.join(loop)}")
    found: dict[str, int] = {}

    def layer(identity: str) -> int:
        if identity not in found:
            found[identity] = max((layer(need) + 1 for need in needs[identity]), default=0)
        return found[identity]

    return {page.id: layer(page.id) for page in pages}


def _before(pages: Sequence[Page], goal: str, known: frozenset[str]) -> set[str]:
    needs = {page.id: page.needs for page in pages}
    if goal not in needs:
        raise ValueError(f"no page has the id {goal!r}; there are {', '.join(needs)}")
    found: set[str] = set()
    waiting = list(needs[goal])
    while waiting:
        identity = waiting.pop()
        if identity not in found and identity not in known:
            found.add(identity)
            waiting.extend(needs.get(identity, ()))
    return found


def standing(pages: Sequence[Page], known: Iterable[str]) -> dict[str, str]:
    """How each page stands to a reader who knows some: "read", "next", "later" or "planned".

    A page that is read stays so, whatever it needs; one that nobody has written is never next.
    """
    have = set(known)
    ready = {page.id for page in next_pages(pages, have)}
    words = {}
    for page in pages:
        unread = "planned" if page.is_planned else "next" if page.id in ready else "later"
        words[page.id] = "read" if page.id in have else unread
    return words
