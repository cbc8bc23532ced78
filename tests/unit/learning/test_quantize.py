"""A byte for each weight: how far it may be off, what is stored exactly, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.testing import assert_array_equal

from llmcourse.learning.quantize import LEVELS, Rows, dequantize_rows, quantize_rows

MATRICES = arrays(
    np.float32,
    array_shapes(min_dims=2, max_dims=2, max_side=9),
    elements=st.floats(-(2.0**100), 2.0**100, width=32).filter(lambda x: x == 0 or abs(x) > 2.0**-100),
)


@given(MATRICES)
def test_no_weight_is_off_by_more_than_half_a_step(w):
    rows = quantize_rows(w)
    s = rows.scale.astype(np.float64)[:, None]
    assert (np.abs(w - rows.q * s) <= s / 2 * (1 + 1e-12)).all()  # in exact products
    assert (np.abs(w - dequantize_rows(rows).astype(np.float64)) <= s * (0.5 + LEVELS * 2.0**-24)).all()


@given(MATRICES)
def test_the_largest_weight_of_a_row_takes_the_whole_range_and_zeros_stay(w):
    rows = quantize_rows(w)
    assert (rows.q.dtype, rows.scale.dtype) == (np.int8, np.float32)
    largest = np.abs(rows.q.astype(int)).max(axis=1)
    assert_array_equal(largest, np.where(np.abs(w).max(axis=1) > 0, LEVELS, 0))
    assert (dequantize_rows(rows)[w == 0] == 0).all()


def test_halves_go_to_the_even_neighbor():
    w = np.array([[127.0, 0.5, 1.5, 2.5, -0.5, -1.5]])
    assert quantize_rows(w).q.tolist() == [[127, 0, 2, 2, 0, -2]]


def test_each_row_has_its_own_scale_and_a_sign_or_a_power_of_two_changes_only_that(rng):
    w = rng.standard_normal((5, 8)).astype(np.float32)
    factors = np.array([1, -2, 0.25, 64, -1], dtype=np.float32)
    rows, scaled = quantize_rows(w), quantize_rows(w * factors[:, None])
    assert_array_equal(scaled.q, rows.q * np.sign(factors).astype(np.int8)[:, None])
    assert_array_equal(scaled.scale, rows.scale * np.abs(factors))


def test_reading_back_and_storing_again_changes_nothing(rng):
    rows = quantize_rows(rng.standard_normal((6, 20)).astype(np.float32))
    again = quantize_rows(dequantize_rows(rows))
    assert_array_equal(again.q, rows.q)
    np.testing.assert_allclose(again.scale, rows.scale, rtol=2e-7)


@pytest.mark.parametrize(
    ("w", "message"),
    [
        (np.array([[1.0, np.nan]]), "must be finite, got nan"),
        (np.array([[1.0, -np.inf], [0.0, 1.0]]), "must be finite, got -inf"),
        (np.zeros((2, 0)), r"a row without entries has no largest one, got shape \(2, 0\)"),
        (np.array([[1.0, 2.0], [1e-37, 0.0]]), "the largest weight of row 1 is 1e-37; scale the row up"),
    ],
)
def test_what_cannot_be_stored_is_refused(w, message):
    with pytest.raises(ValueError, match=message):
        quantize_rows(w)


def test_a_row_of_zeros_has_scale_zero():
    rows = quantize_rows(np.array([[0.0, 0.0], [3.0, -1.0]]))
    assert rows.scale[0] == 0
    assert dequantize_rows(Rows(rows.q, rows.scale))[0].tolist() == [0.0, 0.0]
