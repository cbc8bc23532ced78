import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmcourse.study.course import Page, everything
from llmcourse.study.layout import MOST, Spot, across, cross, crossings, cut, spots
from llmcourse.study.tree import layers

ROOT = Path(__file__).parents[3]


def page(number, needs=(), *, planned=False):
    path = "" if planned else f"chapters/01_x/{number:02d}_x.ipynb"
    return Page(f"1.{number}", path, "T", "1", tuple(f"1.{need}" for need in needs), (), 10)


@st.composite
def rows_of_needs(draw, most=14):
    """Arguments of ``page``; the pages are made in the test, where beartype may draw random numbers."""
    size = draw(st.integers(1, most))
    needs = [draw(st.sets(st.integers(1, number - 1))) if number > 1 else set() for number in range(1, size + 1)]
    planned = draw(st.lists(st.booleans(), min_size=size, max_size=size))
    return [(i + 1, sorted(needs[i]), planned[i]) for i in range(size)]


@given(rows_of_needs(), st.integers(1, 5))
def test_every_page_stands_below_all_that_it_needs_and_no_two_on_one_spot(rows, most):
    pages = [page(number, needs, planned=planned) for number, needs, planned in rows]
    where = spots(pages, most=most)
    assert set(where) == {one.id for one in pages}
    assert len(set(where.values())) == len(pages)
    for one in pages:
        assert all(where[need].row < where[one.id].row for need in one.needs)
    by_row = [
        [one for one in where.values() if one.row == row] for row in range(1 + max(one.row for one in where.values()))
    ]
    assert all(1 <= len(row) <= most for row in by_row)
    for row in by_row:
        assert sorted(one.x for one in row) == [(i + 0.5) / len(row) for i in range(len(row))]


def test_a_wide_layer_is_cut_evenly_with_written_pages_above():
    pages = [page(n, planned=n % 2 == 0) for n in range(1, 11)]
    assert cut(pages, 3) == [["1.1", "1.3"], ["1.5", "1.7", "1.9"], ["1.2", "1.4"], ["1.6", "1.8", "1.10"]]
    assert cut(pages, 5) == [["1.1", "1.3", "1.5", "1.7", "1.9"], ["1.2", "1.4", "1.6", "1.8", "1.10"]]
    assert len(cut(pages, 10)) == 1


def test_lines_that_swap_sides_cross_and_others_do_not():
    def line(x1, x2, top=0, bottom=1):
        return Spot(top, x1), Spot(bottom, x2)

    assert cross(line(0.2, 0.8), line(0.8, 0.2))
    assert not cross(line(0.2, 0.2), line(0.8, 0.8))
    assert not cross(line(0.2, 0.8), line(0.2, 0.2))  # they begin together
    assert not cross(line(0.2, 0.8), line(0.8, 0.2, 1, 2))  # one above the other
    assert cross(line(0.0, 1.0, 0, 4), line(0.6, 0.1, 1, 2))  # a long line is at 0.25 and at 0.5 there
    assert not cross(line(0.0, 1.0, 0, 4), line(0.6, 0.55, 1, 2))


def test_of_two_parents_each_child_stands_below_its_own():
    pages = [page(1), page(2), page(3, [2]), page(4, [1])]
    where = spots(pages)
    assert crossings(pages, where) == 0
    assert where["1.4"].x == where["1.1"].x


def test_the_real_course_has_far_fewer_crossings_than_in_the_order_of_the_book():
    pages = everything(ROOT)
    rows = cut(pages, MOST)
    at = across(rows)
    plain = {one: Spot(number, at[one]) for number, row in enumerate(rows) for one in row}
    assert crossings(pages, spots(pages)) < 0.5 * crossings(pages, plain)


def test_no_other_order_of_a_small_course_crosses_less():
    """All orders of three rows, by trying them."""
    pages = [page(1), page(2), page(3), page(4, [3]), page(5, [1]), page(6, [2, 3]), page(7, [4]), page(8, [5, 6])]
    rows = cut(pages, MOST)
    fewest = min(
        crossings(
            pages, {one: Spot(r, (i + 0.5) / len(row)) for r, row in enumerate(order) for i, one in enumerate(row)}
        )
        for order in itertools.product(*(itertools.permutations(row) for row in rows))
    )
    assert crossings(pages, spots(pages)) == fewest


def test_the_same_pages_get_the_same_places():
    pages = everything(ROOT)
    assert spots(pages) == spots(list(pages))
    assert max(one.row for one in spots(pages).values()) >= max(layers(pages).values())


def test_rows_without_room_and_circles_are_refused():
    with pytest.raises(ValueError, match="at least 1 page, got 0"):
        spots([page(1)], most=0)
    with pytest.raises(ValueError, match=r"circle: 1.1 → 1.2 → 1.1"):
        spots([page(1, [2]), page(2, [1])])
    assert spots([]) == {}
