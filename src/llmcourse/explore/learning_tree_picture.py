"""The static picture of the learning tree, word for word and number for number as learning_tree.js draws it (pure)."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from llmcourse.explore.learning_tree_state import ROOMY, STANDINGS, page_of, shown_pages
from llmcourse.explore.markup import (
    Markup,
    element,
    number,
    placeholder,
    static_button,
    static_choice,
    static_menu,
    widget_shell,
)
from llmcourse.study.tree import Way, standing, way_to

NONE = "choose a goal"
HINT = (
    "Every line leads down from a page to one that needs it. Choose a page to see what it needs and what it opens; "
    "the arrow keys go from page to page."
)


def learning_tree(state: Mapping[str, Any]) -> Markup:
    """The widget as the site ships it, from ``learning_tree_state.course_state``."""
    return widget_shell("learning_tree", state, picture(state))


def picture(state: Mapping[str, Any]) -> Markup:
    """Everything inside the view."""
    pages = [page_of(entry) for entry in state["pages"]]
    stands = standing(pages, state["read"])
    way = way_to(pages, state["goal"], state["read"]) if state["goal"] else None
    controls = placeholder(
        "A picture of the starting state. With scripts on, it follows what you have read.",
        static_menu("Shortest path to", goal_name(state) or NONE, [NONE, *(name for name, _ in state["goals"])]),
        static_button("Clear"),
        static_choice("Pages shown", ["written ones", "all pages"]),
    )
    entries = shown_pages(state)
    most = columns_of(entries)
    box = {"class": "lc-graph lc-dense" if most > ROOMY else "lc-graph"}
    drawing = element("div", box | {"style": f"--rows:{rows_of(entries)};--columns:{most}"}, lines(entries, way))
    nodes = [node(entry, stands[entry["id"]], place_on(way, entry["id"])) for entry in entries]
    graph = Markup(drawing.removesuffix("</div>") + "".join(nodes) + "</div>")
    parts = [controls, counts(stands), legend(), way_box(state, way), graph, element("p", {"class": "lc-note"}, HINT)]
    return Markup("".join([*parts, plain_list(state, stands, is_open=True)]))


def rows_of(entries: Sequence[Mapping[str, Any]]) -> int:
    """How many rows the picture has."""
    return 1 + max((entry["row"] for entry in entries), default=-1)


def columns_of(entries: Sequence[Mapping[str, Any]]) -> int:
    """The most pages that stand in one row."""
    return max(Counter(entry["row"] for entry in entries).values(), default=0)


def goal_name(state: Mapping[str, Any]) -> str:
    """What the goal is called in the menu, or the page's own name; empty without a goal."""
    named = {page: name for name, page in reversed(state["goals"])}
    titles = {entry["id"]: f"{entry['id']} {entry['title']}" for entry in state["pages"]}
    return named.get(state["goal"]) or titles.get(state["goal"], "")


def place_on(way: Way | None, identity: str) -> int:
    """The page's number on the way, from 1; 0 if it is not on it."""
    ids = [page.id for page in way.pages] if way else []
    return ids.index(identity) + 1 if identity in ids else 0


def counts(stands: Mapping[str, str]) -> Markup:
    """How many pages are read, how many can be read now, and how many are written."""
    words = list(stands.values())
    read, ready, written = words.count("read"), words.count("next"), len(words) - words.count("planned")

    def tally(key: str, x: int) -> Markup:
        return number(key, x, str(x))

    return element(
        "p", {"class": "lc-counts"},
        "Read: ", tally("read", read), " of ", tally("written", written), " pages. Ready to be read: ",
        tally("next", ready), ". Not written yet: ", tally("planned", words.count("planned")), ".",
    )  # fmt: skip


def legend() -> Markup:
    """What the signs and borders mean."""
    items = (
        element("li", {}, element("span", {"class": f"lc-key lc-{name}", "aria-hidden": "true"}, sign), f" {words}")
        for name, (words, sign) in STANDINGS.items()
    )
    return element("ul", {"class": "lc-legend", "aria-label": "Signs"}, *items)


def lines(entries: Sequence[Mapping[str, Any]], way: Way | None) -> Markup:
    """The lines between pages. The picture is for the eye: each page says in words what it needs."""
    by_id = {entry["id"]: entry for entry in entries}
    on_way = {page.id for page in way.pages} if way else set()
    paths = [
        element(
            "path",
            {
                "d": curve(by_id[need], entry, entries),
                "class": "lc-edge lc-on-way" if {need, entry["id"]} <= on_way else "lc-edge",
                "data-from": need,
                "data-to": entry["id"],
            },
        )
        for entry in entries
        for need in entry["needs"]
    ]
    box = f"0 0 1000 {100 * rows_of(entries)}"
    return element("svg", {"viewBox": box, "preserveAspectRatio": "none", "aria-hidden": "true"}, *paths)


def curve(need: Mapping[str, Any], page: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]) -> str:
    """From below the middle of one page to above that of the other, upright where it leaves and arrives.

    In a row between them that has a page in the way, the line passes beside it, where the next page's share of the
    width begins.
    """
    most, here = columns_of(entries), whole(1000 * need["x"])
    top, bottom = need["row"], page["row"]
    path = f"M{here} {100 * top + 86}"
    for row in range(top + 1, bottom + 1):
        x = need["x"] + ((page["x"] - need["x"]) * (row - top)) / (bottom - top)
        near = [one["x"] for one in entries if one["row"] == row < bottom and abs(one["x"] - x) < 0.499 / most]
        if near:
            x = near[0] + (-0.5 if x < near[0] else 0.5) / most
        there, middle = whole(1000 * x), 100 * row - 5
        path += f"C{here} {middle} {there} {middle} {there} {100 * row + 4}"
        path += f"V{100 * row + 86}" if row < bottom else ""
        here = there
    return path


def whole(x: float) -> int:
    """The nearest whole number, a half upward as JavaScript has it."""
    return math.floor(x + 0.5)


def node(entry: Mapping[str, Any], stands: str, step: int) -> Markup:
    """A page in the picture: a link if it has an address."""
    tag, attributes = ("a", {"href": entry["href"]}) if entry["href"] else ("span", {})
    badge = [element("span", {"class": "lc-step"}, str(step))] if step else []
    css = f"lc-node lc-{stands}{' lc-on-way' if step else ''}"
    style = f"--row:{entry['row']};--x:{entry['x']:g}"
    return element(
        tag, {"class": css, "style": style, "data-id": entry["id"], **attributes},
        element("span", {"class": "lc-sign"}, f"{STANDINGS[stands][1]} "),
        element("b", {}, entry["id"]),
        element("span", {"class": "lc-title"}, f" {entry['title']}"),
        *badge,
    )  # fmt: skip


def way_box(state: Mapping[str, Any], way: Way | None) -> Markup:
    """The shortest path in words: how many pages, how long, and which."""
    if way is None:
        return element("div", {"class": "lc-way"})
    if not way.pages:
        return element("div", {"class": "lc-way"}, element("p", {}, f"You know {goal_name(state)} already."))
    entries = {entry["id"]: entry for entry in state["pages"]}
    count, time = len(way.pages), way.minutes
    head = element(
        "p", {}, f"Shortest path to {goal_name(state)}: ", number("way.pages", count, str(count)),
        f" {'page' if count == 1 else 'pages'}, about ", number("way.minutes", time, str(time)), " minutes of reading.",
        f" Not written yet: {', '.join(way.unwritten)}." if way.unwritten else "",
    )  # fmt: skip
    items = (element("li", {}, named(entries[page.id])) for page in way.pages)
    return element("div", {"class": "lc-way"}, head, element("ol", {}, *items))


def named(entry: Mapping[str, Any]) -> Markup:
    """A page's number and title, as a link if it has an address."""
    text = f"{entry['id']} {entry['title']}"
    return element("a", {"href": entry["href"]}, text) if entry["href"] else element("span", {}, text)


def plain_list(state: Mapping[str, Any], stands: Mapping[str, str], *, is_open: bool) -> Markup:
    """The same as a list, chapter by chapter."""
    parts = []
    for chapter, title in sorted(state["chapters"].items(), key=lambda one: int(one[0])):
        own = [entry for entry in shown_pages(state) if entry["chapter"] == chapter]
        items = (
            element("li", {"data-id": entry["id"]}, link_box(entry), named(entry), facts(entry, stands[entry["id"]]))
            for entry in own
        )
        if own:
            heading = "In short" if chapter == "0" else f"{chapter} {title}"
            parts.append(
                element("li", {}, element("span", {"class": "lc-chapter"}, heading), element("ul", {}, *items))
            )
    summary = element("summary", {}, "The same as a list")
    return element("details", {"class": "lc-list", "open": is_open}, summary, element("ul", {}, *parts))


def link_box(entry: Mapping[str, Any]) -> Markup:
    """Where the box to tick will be: room of the same size beside a written page."""
    return Markup("") if entry["planned"] else element("span", {"class": "lc-box", "aria-hidden": "true"})


def facts(entry: Mapping[str, Any], stands: str) -> str:
    """Needs and standing of a page in words, and its time where that is known."""
    time = "" if entry["planned"] else f"{entry['minutes']} minutes, "
    needs = f"needs {', '.join(entry['needs'])}" if entry["needs"] else "needs nothing"
    return f": {time}{needs}; {STANDINGS[stands][0]}"
