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
