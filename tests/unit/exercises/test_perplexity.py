import re

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


def greedy_of_one_loop(text, tokens):
    """Counts its steps, and does not see that it got stuck."""
    place, steps = 0, 0
    while fitting := [token for token in tokens if text.startswith(token, place)]:
        place, steps = place + max(map(len, fitting)), steps + 1
    return steps


def rows_as_tuples(text, tokens):
    if not text:
        return [()]
    return [(t, *rest) for t in tokens if text.startswith(t) for rest in rows_as_tuples(text[len(t) :], tokens)]


def stuck_is_one(text, tokens):
    places = [len(t) for t in tokens if text.startswith(t)]
    return sum(stuck_is_one(text[n:], tokens) for n in places) if places else 1


def two_pieces(text, tokens):
    return sum(first + second == text for first in tokens for second in tokens)


def longest_after_the_first(text, tokens):
    """Every first token is tried; after it a loop takes the longest."""
    found = 0
    for first in tokens:
        place, fitting = 0, [first] if text.startswith(first) else []
        while fitting:
            place += max(map(len, fitting))
            fitting = [token for token in tokens if text.startswith(token, place)]
        found += place == len(text)
    return found


def added_one_by_one(nats, sizes):
    bits = 0.0
    for price, size in zip(nats, sizes, strict=True):
        bits += price / size / np.log(2)
    return bits


def test_usual_slips_written_another_way_are_recognized():
    assert "tokens of one row" in exercises.spelled.check(greedy_of_one_loop).message
    assert "rows themselves" in exercises.spelled.check(rows_as_tuples).message
    assert "gets stuck" in exercises.spelled.check(stuck_is_one).message
    assert "cut the text once" in exercises.spelled.check(two_pieces).message
    assert "tokens of all rows" in exercises.spelled.check(lambda t, v: sum(map(len, rows_as_tuples(t, v)))).message
    assert "number of letters" in exercises.spelled.check(lambda text, tokens: 1 << len(text)).message
    assert "one number for each" in exercises.bits_of_documents.check(lambda n, s: n / s / np.log(2)).message
    assert "further document" in exercises.bits_of_documents.check(added_one_by_one).message
    assert "logarithm of the nats" in exercises.bits_of_documents.check(lambda n, s: np.log2(sum(n)) / sum(s)).message
    assert "longest only" in exercises.spelled.check(longest_after_the_first).message
    places = "counted the places"
    assert places in exercises.spelled.check(lambda text, tokens: sum(text.count(t) for t in tokens)).message
    assert places in exercises.spelled.check(lambda text, v: sum(len(re.findall(f"(?={t})", text)) for t in v)).message
    assert "changed places" in exercises.per_word.check(190).message


def test_numbers_that_one_types_for_bits_of_a_byte_are_recognized():
    for typed, said in (
        (1.155, "upside down"),
        (2.76, "perplexity by 4"),
        (10_387, "bits of the whole"),
        (7_200, "nats of the whole"),
    ):
        assert said in exercises.bits_of_a_byte.check(typed).message
