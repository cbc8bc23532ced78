"""Sinusoidal positions: the published entries, the rotation between any two rows, the curve of their dot product."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from llmcourse.transformer.positions import (
    clock_frequencies,
    offset_product,
    offset_rotation,
    sinusoidal,
    wavelengths,
)

widths = st.integers(1, 20).map(lambda half: 2 * half)
bases = st.floats(1.5, 1e6)
places = st.integers(-5_000, 200_000)


def row(t: float, width: int, base: float = 1e4) -> torch.Tensor:
    """PE(t) by the definition, one entry at a time, with Python's own sine and cosine."""
    angle = [t / base ** (2 * (j // 2) / width) for j in range(width)]
    return torch.tensor([math.sin(a) if j % 2 == 0 else math.cos(a) for j, a in enumerate(angle)], dtype=torch.float64)


def test_the_first_entries_of_the_papers_size():
    first = sinusoidal(torch.tensor([1]), 512)[0, :3]
    assert_close(first, torch.tensor([0.8414710, 0.5403023, 0.8218562], dtype=torch.float64), atol=1e-7, rtol=0)


@given(st.lists(places, min_size=1, max_size=4), widths, bases)
def test_each_entry_is_its_definition(positions, width, base):
    table = sinusoidal(torch.tensor(positions), width, base=base)
    assert_close(table, torch.stack([row(t, width, base) for t in positions]), atol=1e-9, rtol=0)


@given(places, st.integers(-300, 300), widths, bases)
def test_one_matrix_takes_any_row_to_the_row_k_further(t, k, width, base):
    here, there = sinusoidal(torch.tensor([t, t + k]), width, base=base)
    assert_close(offset_rotation(k, width, base=base) @ here, there, atol=1e-9, rtol=0)


@given(places, st.integers(-300, 300), widths, bases)
def test_the_dot_product_knows_only_the_offset(t, k, width, base):
    here, there = sinusoidal(torch.tensor([t, t + k]), width, base=base)
    assert_close(here @ there, offset_product(torch.tensor([k]), width, base=base)[0], atol=1e-9, rtol=0)


@given(widths, bases, st.integers(-50, 50), st.integers(-50, 50))
def test_offsets_add_and_turn_back(width, base, j, k):
    r = lambda offset: offset_rotation(offset, width, base=base)  # noqa: E731
    assert_close(r(j) @ r(k), r(j + k))
    assert_close(r(-k), r(k).mT)
    assert_close(r(0), torch.eye(width, dtype=torch.float64), atol=0, rtol=0)


@given(places, widths, bases)
def test_every_row_has_the_same_length(t, width, base):
    table = sinusoidal(torch.tensor([t, 0]), width, base=base)
    assert_close(table.square().sum(-1), torch.full((2,), width / 2, dtype=torch.float64))


def test_a_clock_is_back_after_its_wavelength_and_not_before():
    for i, length in enumerate(wavelengths(8, base=50.0).tolist()):
        places = torch.tensor([3.0, 3.0 + length / 2, 3.0 + length], dtype=torch.float64)
        start, half, full = sinusoidal(places, 8, base=50.0)
        pair = slice(2 * i, 2 * i + 2)
        assert_close(start[pair], full[pair])
        assert_close(start[pair], -half[pair])


@pytest.mark.parametrize(("width", "last"), [(2, 1.0), (4, 100.0), (512, 9646.6162), (1_000_000, 9999.8158)])
def test_the_last_wavelength_stops_short_of_ten_thousand_turns(width, last):
    """Of the paper's "2π to 10000 · 2π" the second number is a limit: b^(1 − 2/D) times 2π."""
    longest = wavelengths(width)[-1].item() / (2 * math.pi)
    assert longest == pytest.approx(last, rel=1e-8)
    assert longest < 10_000


def test_the_frequencies_fall_by_equal_factors():
    omega = clock_frequencies(10, base=77.0)
    assert_close(omega[1:] / omega[:-1], torch.full((4,), 77 ** (-1 / 5), dtype=torch.float64))
    assert omega[0] == 1


def test_far_positions_keep_their_digits_whatever_the_result_type():
    t = torch.tensor([16_777_217, 999_999_937])  # float32 rounds the first to its neighbor
    assert_close(sinusoidal(t, 6), torch.stack([row(one, 6) for one in t.tolist()]), atol=1e-6, rtol=0)
    single = sinusoidal(t, 6, dtype=torch.float32)
    assert single.dtype == torch.float32
    assert_close(single.double(), sinusoidal(t, 6), atol=1e-7, rtol=0)


@pytest.mark.parametrize("function", [sinusoidal, offset_product])
def test_whole_numbers_and_floats_are_the_same_places(function):
    assert_close(function(torch.tensor([0, 7]), 6), function(torch.tensor([0.0, 7.0]), 6))


@pytest.mark.parametrize("width", [-2, 0, 1, 7])
def test_a_width_without_pairs_is_refused(width):
    for call in (clock_frequencies, wavelengths, lambda width: offset_rotation(1, width)):
        with pytest.raises(
            ValueError, match=f"a sine and a cosine, so the width must be even and positive, got {width}"
        ):
            call(width)


@pytest.mark.parametrize("base", [1.0, 0.5, -3.0, math.inf, math.nan])
def test_a_base_that_makes_no_slower_clocks_is_refused(base):
    with pytest.raises(ValueError, match=f"above 1, got {base}"):
        sinusoidal(torch.arange(3), 4, base=base)
