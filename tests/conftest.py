"""Shape annotations of the package are checked in every test; one generator, the same in each."""

import numpy as np
import pytest

from llmcourse.shapes import check_shapes

check_shapes()


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)
