import numpy as np
import pytest
from numpy.testing import assert_allclose

from llmcourse.exercises import decoding as exercises
from llmcourse.inference.speculative import acceptance, expected_tokens, residual


def test_the_answers_are_the_packages():
    assert exercises.accepted.answer == pytest.approx(acceptance(np.array([0.5, 0.3, 0.2]), np.array([0.1, 0.3, 0.6])))
    assert exercises.round_length.answer == pytest.approx(expected_tokens(0.7, 4))
    for case in exercises.residual.cases:
        assert_allclose(exercises.residual.answer(*case), residual(*case))


def test_a_right_solution_written_another_way_passes():
    def other(p, q):
        rest = p - np.minimum(p, q)
        return rest / (1 - np.minimum(p, q).sum())

    assert exercises.residual.check(other).passed
    assert exercises.accepted.check(0.6).passed
    assert exercises.round_length.check(2.773).passed
    assert exercises.round_length.check(2.77).passed  # three digits are enough


def test_a_residual_without_its_maximum_is_told_so():
    for slip in (lambda p, q: p - q, lambda p, q: (p - q) / np.sum(p - q)):
        with np.errstate(divide="ignore", invalid="ignore"):
            assert "max(0, p − q)" in exercises.residual.check(slip).message
    kept = exercises.residual.check(lambda p, q: np.minimum(p, q) / np.minimum(p, q).sum())
    assert kept.message.startswith("This is the law of the tokens that are accepted.")


def test_near_misses_of_the_numbers_are_named():
    assert "One term too many" in exercises.round_length.check(2.941).message
    assert "Divide by 1 − α" in exercises.round_length.check(0.832).message
    assert "only one that can be rejected" in exercises.accepted.check(1 / 3).message
