import numpy as np
from numpy.testing import assert_allclose

from llmcourse.exercises import perplexity as exercises


def test_right_solutions_written_another_way_pass():
    def bits(nats, sizes):
        return sum(n / np.log(2) for n in nats) / sum(sizes)

    def spelled(text, tokens):
        if not text:
            return 1
        return sum(spelled(text[len(token) :], tokens) for token in tokens if text.startswith(token))

    assert exercises.bits_of_documents.check(bits).passed
    assert exercises.spelled.check(spelled).passed
    assert exercises.bits_of_a_byte.check(0.8656).passed
    assert exercises.per_word.check(49.13).passed


def test_the_numbers_of_the_exercises_are_those_of_the_page():
    assert_allclose(exercises.bits_of_a_byte.answer, 0.8656, atol=5e-5)
    assert_allclose(exercises.per_word.answer, 49.13, atol=5e-3)
