"""Random inputs for hypothesis: distributions with zeros, near-certainties and many sizes."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

finite_logits = st.floats(-1e4, 1e4, allow_nan=False)


@st.composite
def distributions(draw, *, rows: int | None = None, size: int | None = None, positive: bool = False) -> np.ndarray:
    """A distribution, or ``rows`` of them, over 1 to 12 outcomes; zeros are common unless ``positive``."""
    size = draw(st.integers(1, 12)) if size is None else size
    shape = (size,) if rows is None else (rows, size)
    weights = draw(
        arrays(float, shape, elements=st.floats(1e-6, 1.0) if positive else st.sampled_from([0, 1e-9, 0.3, 1, 7.0]))
    )
    weights[..., 0] += weights.sum(axis=-1) == 0
    return weights / weights.sum(axis=-1, keepdims=True)
