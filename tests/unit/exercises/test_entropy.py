import numpy as np
from numpy.testing import assert_allclose

from llmcourse.exercises import entropy as exercises


def test_right_solutions_written_another_way_pass():
    def bill(q, tokens):
        return sum(-np.log2(q[t]) for t in tokens) / len(tokens)

    def divergence(p, q):
        terms = [0.0 if a == 0 else np.inf if b == 0 else a * np.log2(a / b) for a, b in zip(p, q, strict=True)]
        return sum(terms)

    assert exercises.average_bill.check(bill).passed
    assert exercises.overpaid.check(divergence).passed
    assert exercises.bits_per_character.check(0.721).passed


def test_the_numbers_of_the_exercise_are_those_of_the_page():
    assert_allclose(exercises.bits_per_character.answer, 0.7213, atol=5e-5)
