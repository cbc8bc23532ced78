"""Whether what pages say they need is so: ids that exist, an order without circles, links that agree (pure Python)."""

from collections.abc import Iterable
from pathlib import Path

import yaml

from llmcourse.study.course import CourseError, Page, chapters, everything, place_in_book, planned, read
from llmcourse.study.page_text import Links, labels, links, minutes_of, to_read
from llmcourse.study.tree import ancestors, circle

TOLERANCE = 0.3  # between the minutes that a page states and those counted from its words


def problems(root: Path) -> list[str]:
    """What is wrong with the metadata of all pages, one line each, beginning with the file."""
    pages = everything(root)
    found = graph_problems(pages) or text_problems(root, pages)  # links mean nothing in a broken graph
    return [*found, *topic_problems(root, pages)]


def check(root: Path) -> None:
    """Raise CourseError with all problems, if there are any."""
    if found := problems(root):
        raise CourseError("\n".join(found))


def where(page: Page) -> str:
    """The file to mend, and the page."""
    return f"{page.path or 'book/planned.yml'}: page {page.id}"


def graph_problems(pages: list[Page]) -> list[str]:
    """Unknown ids, circles, needs that stand later in the book, needs that follow from others, unwritten needs."""
    known = {page.id: page for page in pages}
    named = [(page, other) for page in pages for other in (*page.needs, *page.mentions)]
    found = [f"{where(page)} names page {other}, which is nowhere" for page, other in named if other not in known]
    if found:
        return found
    if loop := circle({page.id: page.needs for page in pages}):
        return [f"{where(known[loop[0]])} needs itself in a circle: {' → '.join(loop)}"]
    for page in pages:
        for need in page.needs:
            if place_in_book(need) >= place_in_book(page.id):
                found.append(f"{where(page)} needs page {need}, which stands later in the book")
            elif known[need].is_planned and not page.is_planned:
                found.append(f"{where(page)} needs page {need}, which is not written yet")
        for need in page.needs:
            others = [other for other in page.needs if other != need and need in ancestors(pages, other)]
            if others:
                found.append(f"{where(page)}: the need {need} follows from {others[0]}; list the nearest pages only")
    return found


def text_problems(root: Path, pages: list[Page]) -> list[str]:
    """Needs and links that do not agree, and minutes that are far from what the words take."""
    written = [page for page in pages if not page.is_planned]
    known = labels(root, [page.path for page in written])
    index = {one.id: f"{one.folder}/index.md" for one in chapters(root)}
    found = []
    for page in written:
        text = read(root / page.path)[1]
        own = links(text, page.path, known)
        chapter = index.get(page.chapter, "")
        around = links(read(root / chapter)[1], chapter, known) if chapter else Links(frozenset(), frozenset())
        found += link_problems(page, pages, own, around)
        counted = minutes_of(to_read(root / page.path))
        if abs(page.minutes - counted) > max(2, TOLERANCE * counted):
            found.append(f"{where(page)} states {page.minutes} minutes of reading; its words take about {counted}")
    return found


def link_problems(page: Page, pages: list[Page], own: Links, around: Links) -> list[str]:
    """A page's links against its needs and mentions; ``around`` are the links of its chapter's index."""
    before = ancestors(pages, page.id)
    chapter_of = {one.id: one.chapter for one in pages}
    linked, opened = own.pages | around.pages, own.chapters | around.chapters
    found = [
        f"{where(page)} needs page {need}, but neither it nor its chapter's index links there"
        for need in page.needs
        if need not in linked and chapter_of[need] not in opened
    ]
    found += [
        f"{where(page)} links to page {target}; list it under needs, or under mentions"
        for target in sorted(own.pages, key=place_in_book)
        if place_in_book(target) < place_in_book(page.id) and target not in before and target not in page.mentions
    ]
    found += [
        f"{where(page)} links to chapter {number}, of which it needs no page"
        for number in sorted(own.chapters, key=int)
        if int(number) < int(page.chapter) and not any(chapter_of[one] == number for one in before)
    ]
    for target in page.mentions:
        if target in before:
            found.append(f"{where(page)} mentions page {target}, which it needs anyway")
        elif place_in_book(target) > place_in_book(page.id):
            found.append(f"{where(page)} mentions page {target}; what comes later need not be listed")
        elif target not in own.pages:
            found.append(f"{where(page)} mentions page {target}, but does not link there")
    return found


def topic_problems(root: Path, pages: Iterable[Page]) -> list[str]:
    """Topics and goals that do not exist."""
    name = "book/topics.yml"
    data = yaml.safe_load((root / name).read_text(encoding="utf-8"))
    topics, ids = set(data["topics"]), set()
    found = []
    for page in pages:
        ids.add(page.id)
        unknown = [topic for topic in page.topics if topic not in topics]
        found += [f'{where(page)} has the topic "{topic}", which {name} does not list' for topic in unknown]
    listed = [topic for source in data["sources"] for group in source["groups"] for topic in group["topics"]]
    found += [f'{name}: a source lists "{topic}", which is no topic' for topic in listed if topic not in topics]
    goals = data["goals"].items()
    return found + [
        f'{name}: the goal "{goal}" leads to page {page}, which does not exist'
        for goal, page in goals
        if page not in ids
    ]


def plan_problems(root: Path) -> list[str]:
    """Pages that are written and still planned: no fault of the site's, but the plan lags behind."""
    written = {page.id for page in everything(root) if not page.is_planned}
    return [
        f"book/planned.yml: page {page.id} is written; move its needs and topics to the page's own metadata"
        for page in planned(root)
        if page.id in written
    ]
