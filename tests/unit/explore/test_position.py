"""PositionExplorer in Python: what it refuses, what its numbers and its picture say."""

import re

import numpy as np
import pytest
import traitlets

from llmcourse.explore.position import PositionExplorer


def numbers_of(html: str) -> dict[str, float]:
    return {key: float(value) for key, value in re.findall(r'data-key="([^"]+)" data-value="([^"]+)"', html)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"width": 31}, "even number from 2 to 64, got 31"),
        ({"width": 0}, "even number from 2 to 64, got 0"),
        ({"width": 66}, "even number from 2 to 64, got 66"),
        ({"width": 4, "dimension": 4}, "dimension"),
        ({"base": 1.0}, r"from 2 to 1,000,000, got 1\.0"),
        ({"base": 1e7}, "got 10000000"),
        ({"base": float("nan")}, "got nan"),
        ({"length": 1}, "length must be from 2 to 128, got 1"),
        ({"length": 129}, "length must be from 2 to 128, got 129"),
        ({"length": 10}, "must be below the length 10"),
        ({"position": 64}, "position must be from 0 to 63, got 64"),
        ({"position": -1}, "position must be from 0 to 63, got -1"),
        ({"offset": 64}, "offset must be from 0 to 63, got 64"),
        ({"dimension": 32}, "dimension must be from 0 to 31, got 32"),
        ({"scale": "log"}, "log"),
    ],
)
def test_what_is_not_in_the_table_is_refused(change, message):
    with pytest.raises(traitlets.TraitError, match=message):
        PositionExplorer(**change)


def test_a_refused_value_leaves_the_widget_as_it_was():
    widget = PositionExplorer(width=8, dimension=7)
    with pytest.raises(traitlets.TraitError, match="dimension 7 is not one of 6; set it first"):
        widget.width = 6
    assert widget.width == 8
    widget.dimension = 5
    widget.width = 6
    assert widget.width == 6


def test_the_numbers_are_those_of_numpy(rng):
    for _ in range(20):
        width, length = 2 * int(rng.integers(1, 33)), int(rng.integers(2, 129))
        state = {name: int(rng.integers(length)) for name in ("position", "offset")}
        base = float(np.exp(rng.uniform(np.log(2), np.log(1e6))))
        j = int(rng.integers(width))
        shown = numbers_of(PositionExplorer(width=width, length=length, base=base, dimension=j, **state).html())
        omega = base ** (-2 * np.arange(width // 2) / width)
        t, k = state["position"], state["offset"]
        assert shown["entry"] == pytest.approx((np.sin, np.cos)[j % 2](t * omega[j // 2]))
        assert shown["wavelength"] * shown["frequency"] == pytest.approx(2 * np.pi)
        assert shown["product"] == pytest.approx(np.cos(k * omega).sum())
        assert shown["cosine"] == pytest.approx(np.cos(k * omega).mean())
        alike = [np.cos(one * omega).mean() for one in range(1, length)]
        assert shown["twin_cosine"] == pytest.approx(max(alike))
        assert alike[int(shown["twin"]) - 1] == pytest.approx(max(alike))


def test_the_picture_outlines_the_second_row_only_if_it_is_in_the_table():
    assert PositionExplorer(position=60, offset=3).html().count("lc-other") == 1
    assert PositionExplorer(position=60, offset=4).html().count("lc-other") == 0


def test_the_picture_of_the_usual_size_is_small():
    assert len(PositionExplorer().html()) < 60_000


def test_two_clocks_that_agree_after_a_while_make_two_rows_alike():
    """Width 4, base 49: clocks of 1 and 1/7 radian. After 44 positions, 7 turns and 1 turn are nearly full."""
    numbers = PositionExplorer(width=4, base=49.0, dimension=0, length=64).numbers()
    assert numbers["twin"] == 44
    assert numbers["twin_cosine"] > 0.999


def test_the_repr_is_short_and_has_no_address():
    assert repr(PositionExplorer()) == (
        "PositionExplorer(base=10000.0, dimension=4, length=64, offset=5, position=10, scale='product', width=32)"
    )
