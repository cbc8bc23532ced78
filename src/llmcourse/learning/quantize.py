r"""Weights in one byte each: a scale for every row of a matrix, and whole numbers from −127 to 127 (numpy).

    row w:      0.30   −1.27    0.004   0.635      its largest size is 1.27
    scale s:    1.27 / 127 = 0.01
    stored q:     30    −127        0      64      one byte each, and s once
    read back:  0.30   −1.27     0.00    0.64      q · s

How wrong that is: rounding moves w/s by at most one half, so no weight is off by more than s/2, which is 1/254 of the
largest one in its row. A row with one large weight pays for it with all its small ones; that is why each row has a
scale of its own.
"""

from typing import NamedTuple

import numpy as np

from llmcourse.shapes import Array, Float, Int

__all__ = ["LEVELS", "Rows", "dequantize_rows", "quantize_rows"]

LEVELS = 127  # the largest stored number: −128 is left out, so that the grid is symmetric
_SMALLEST = LEVELS * float(np.finfo(np.float32).tiny)  # below it the scale would not have float32's full precision


class Rows(NamedTuple):
    """A matrix in bytes: ``q`` times the ``scale`` of its row."""

    q: Int[Array, "R I"]  # int8
    scale: Float[Array, " R"]  # float32


def quantize_rows(w: Float[Array, "R I"]) -> Rows:
    r"""The nearest multiples of each row's scale: $q = \mathrm{round}(w/s)$ with $s = \max_i |w_i| / 127$ in float32.

    Halves go to the even neighbor, as in IEEE arithmetic. A row of zeros has scale 0.

    Range:   −127 to 127, and the largest weight of a row is always stored as ±127.
    Raises:  ValueError for an entry that is not finite, for a row without entries, and for a row whose largest entry is
             not 0 but below 1.5·10⁻³⁶, too small for a scale in float32.
    Source:  Dettmers et al. (2022), section 2.1, absmax quantization; a scale for each row instead of one for the whole
             tensor is their section 3.1. {cite}`dettmers2022`

    >>> rows = quantize_rows(np.array([[0.30, -1.27, 0.004, 0.635]]))
    >>> rows.q.tolist(), round(float(rows.scale[0]), 6)
    ([[30, -127, 0, 64]], 0.01)
    """
    if w.shape[-1] == 0:
        raise ValueError(f"a row without entries has no largest one, got shape {w.shape}")
    if not np.isfinite(w).all():
        raise ValueError(f"weights must be finite, got {w[~np.isfinite(w)][0]}")
    largest = np.abs(w).max(axis=-1).astype(np.float64)  # (R,)
    faint = (largest > 0) & (largest < _SMALLEST)
    if faint.any():
        raise ValueError(f"the largest weight of row {faint.argmax()} is {largest[faint][0]:.3g}; scale the row up")
    scale = (largest / LEVELS).astype(np.float32)
    steps = w / np.where(scale == 0, 1, scale)[:, None].astype(np.float64)  # (R, I)
    return Rows(np.rint(steps).astype(np.int8), scale)


def dequantize_rows(rows: Rows) -> Float[Array, "R I"]:
    r"""The matrix that the bytes stand for, in float32: $\hat w = q s$.

    No weight is off by more than s/2, plus what float32 rounds in the product, at most 127·2⁻²⁴ of s.

    Derivation: $|w/s - q| \le 1/2$ by rounding to the nearest; multiply by s.

    >>> dequantize_rows(Rows(np.array([[2, -127]], dtype=np.int8), np.array([0.5], dtype=np.float32))).tolist()
    [[1.0, -63.5]]
    """
    return rows.q.astype(np.float32) * rows.scale[:, None]
