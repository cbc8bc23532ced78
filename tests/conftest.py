"""Shape annotations of the package are checked in every test; one generator, the same in each."""

import hypothesis
import jaxtyping
import numpy as np
import pytest

from llmcourse.shapes import check_shapes

check_shapes()

# The same examples in every run, so that a red run is red for its author; and no time limit, since machines differ.
hypothesis.settings.register_profile("course", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("course")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def as_readers_call(monkeypatch):
    """Without the shape checks, which readers do not have: what is left are the functions' own refusals."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
