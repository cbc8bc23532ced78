import numpy as np
import pytest
from numpy.testing import assert_allclose

from llmcourse.exercises import hallucination as exercises


def test_right_solutions_written_another_way_pass():
    def area(doubt, wrong):
        pairs = [(d, e) for d, w in zip(doubt, wrong, strict=True) if w for e in doubt[~wrong]]
        return sum(1.0 if d > e else 0.5 if d == e else 0.0 for d, e in pairs) / len(pairs)

    assert exercises.area.check(area).passed
    assert exercises.missing_share.check(lambda counts: list(counts).count(1) / sum(counts)).passed


def test_the_numbers_of_the_exercises_are_those_of_the_page():
    assert_allclose(exercises.meaning_entropy.answer, 0.9503, atol=5e-5)
    assert_allclose(exercises.three_votes.answer, 0.352, atol=5e-4)


@pytest.mark.parametrize(
    ("slip", "why"),
    [
        (1.9219, "strings, and in bits"),
        (1.386, "four equally likely"),
        (0.4127, "base 10"),
        (0.3065, "one term of three"),
        (0.6284, "One term is missing"),
        (-0.9503, "sign"),
    ],
)
def test_a_slip_in_the_entropy_hears_its_reason(slip, why):
    assert why in exercises.meaning_entropy.check(slip).message


def test_a_slip_in_the_missing_share_hears_its_reason():
    def unseen(counts):
        return sum(1 for count in counts if count == 0) / sum(counts)

    def rare(counts):
        return sum(1 for count in counts if count < 2) / sum(counts)

    assert "cannot be counted" in exercises.missing_share.check(unseen).message
    assert "not drawn as well" in exercises.missing_share.check(rare).message


def test_a_slip_in_the_area_hears_its_reason():
    def in_order(doubt, wrong):
        return np.sum([d > e for d in doubt[wrong] for e in doubt[~wrong]])

    def turned(doubt, wrong):
        return np.mean([d < e for d in doubt[wrong] for e in doubt[~wrong]])

    assert "strictly in order" in exercises.area.check(in_order).message
    assert "ties got nothing" in exercises.area.check(turned).message
