"""Oracle: networkx (ancestors, circles, longest paths), and for the shortest way a search through all sets of pages."""

from itertools import combinations, pairwise

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmcourse.study.course import Page
from llmcourse.study.tree import ancestors, circle, layers, next_pages, way_to


def page(number, needs, minutes=10, planned=False):
    path = "" if planned else f"chapters/01_x/{number:02d}_x.ipynb"
    return Page(f"1.{number}", path, "T", "1", tuple(f"1.{need}" for need in needs), (), minutes)


@st.composite
def courses(draw, most=9):
    """Arguments of ``page``, each page needing earlier ones only, in any way.

    Pages are made outside of strategies: beartype checks them, and draws from ``random`` to do so.
    """
    size = draw(st.integers(1, most))
    needs = [draw(st.sets(st.integers(1, number - 1))) if number > 1 else set() for number in range(1, size + 1)]
    times = draw(st.lists(st.integers(1, 40), min_size=size, max_size=size))
    planned = draw(st.lists(st.booleans(), min_size=size, max_size=size))
    return [(i + 1, sorted(needs[i]), times[i], planned[i]) for i in range(size)]


def graph(pages):
    """An arrow from each need to the page that needs it."""
    drawn = nx.DiGraph()
    drawn.add_nodes_from(page.id for page in pages)
    drawn.add_edges_from((need, page.id) for page in pages for need in page.needs)
    return drawn


@given(courses(most=14))
def test_ancestors_and_layers_are_networkx(rows):
    pages = [page(*row) for row in rows]
    drawn = graph(pages)
    depth = layers(pages)
    for one in pages:
        assert ancestors(pages, one.id) == nx.ancestors(drawn, one.id)
        below = drawn.subgraph(nx.ancestors(drawn, one.id) | {one.id})
        assert depth[one.id] == nx.dag_longest_path_length(below)


@given(st.dictionaries(st.integers(1, 7), st.sets(st.integers(1, 7)), max_size=7))
def test_a_circle_is_found_exactly_if_there_is_one_and_is_one(needs):
    drawn = nx.DiGraph([(a, b) for a, others in needs.items() for b in others])
    loop = circle({str(a): sorted(map(str, others)) for a, others in needs.items()})
    assert bool(loop) != nx.is_directed_acyclic_graph(drawn)
    if loop:
        assert loop[0] == loop[-1]
        assert len(set(loop[:-1])) == len(loop) - 1
        assert all(drawn.has_edge(int(a), int(b)) for a, b in pairwise(loop))


@given(courses(most=14), st.data())
def test_the_way_is_what_networkx_still_reaches_without_the_known_pages(rows, data):
    pages = [page(*row) for row in rows]
    ids = [page.id for page in pages]
    goal, known = data.draw(st.sampled_from(ids)), data.draw(st.sets(st.sampled_from(ids)))
    way = way_to(pages, goal, known)
    drawn = graph(pages)
    drawn.remove_nodes_from(known)
    assert {page.id for page in way.pages} == (set() if goal in known else nx.ancestors(drawn, goal) | {goal})
    assert way.unwritten == tuple(page.id for page in way.pages if page.is_planned)


@settings(deadline=None, max_examples=60)
@given(courses(most=8), st.data())
def test_no_other_set_of_pages_is_shorter(rows, data):
    """Every set of unknown pages that can be read in some order and holds the goal, by trying all of them."""
    pages = [page(*row) for row in rows]
    ids = [page.id for page in pages]
    goal, known = data.draw(st.sampled_from(ids)), data.draw(st.sets(st.sampled_from(ids)))
    way = way_to(pages, goal, known)
    rest = [page for page in pages if page.id not in known]
    readable = [
        chosen
        for size in range(len(rest) + 1)
        for chosen in combinations(rest, size)
        if goal in known | {page.id for page in chosen}
        and all(known | {page.id for page in chosen} >= set(page.needs) for page in chosen)
    ]
    assert len(way.pages) == min(map(len, readable))
    assert way.minutes == min(sum(page.minutes for page in chosen) for chosen in readable)


@given(courses(most=14), st.data())
def test_the_way_can_be_read_in_its_order_and_begins_with_what_is_next(rows, data):
    pages = [page(*row) for row in rows]
    ids = [page.id for page in pages]
    goal, known = data.draw(st.sampled_from(ids)), data.draw(st.sets(st.sampled_from(ids)))
    have = set(known)
    for one in (way := way_to(pages, goal, known)).pages:
        # a need that is known through nothing but its reader counts as met
        assert set(one.needs) <= have
        have.add(one.id)
    ready = {page.id for page in next_pages(pages, known)}
    if way.pages and not way.unwritten:
        assert way.pages[0].id in ready
    assert ready.isdisjoint(known)


@given(courses(most=14), st.data())
def test_what_is_next_is_every_written_page_without_open_needs(rows, data):
    pages = [page(*row) for row in rows]
    known = data.draw(st.sets(st.sampled_from([page.id for page in pages])))
    drawn = graph(pages)
    expected = [
        p.id for p in pages if p.id not in known and not p.is_planned and set(drawn.predecessors(p.id)) <= known
    ]
    assert [page.id for page in next_pages(pages, known)] == expected


def test_an_unknown_goal_and_a_circle_are_refused_and_forgotten_pages_are_passed_over():
    pages = [page(1, []), page(2, [1])]
    with pytest.raises(ValueError, match=r"no page has the id '9.9'; there are 1.1, 1.2"):
        way_to(pages, "9.9")
    with pytest.raises(ValueError, match=r"in a circle: 1.1 → 1.2 → 1.1"):
        layers([page(1, [2]), page(2, [1])])
    assert [one.id for one in way_to(pages, "1.2", {"7.7", "1.1"}).pages] == ["1.2"]
    assert way_to(pages, "1.2", {"1.2"}).pages == ()
    assert way_to(pages, "1.2").minutes == 20
