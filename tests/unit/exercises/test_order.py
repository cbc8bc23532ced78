import pytest

from llmcourse.exercises import order as exercises
from llmcourse.exercises.checker import Exercise, Number, self_test

ALL = [item for item in vars(exercises).values() if isinstance(item, Exercise | Number)]


@pytest.mark.parametrize("exercise", ALL, ids=lambda exercise: exercise.name)
def test_each_misconception_is_told_apart_and_gets_its_own_message(exercise):
    self_test(exercise)


@pytest.mark.parametrize("exercise", [e for e in ALL if isinstance(e, Exercise)], ids=lambda exercise: exercise.name)
def test_a_stub_is_not_called_wrong(exercise):
    assert exercise.check(lambda *args: None).status == "not attempted"


def test_right_solutions_written_another_way_pass():
    def gap(f, x, order):
        return max(abs(a - b) for a, b in zip(f(x[order]).ravel(), f(x)[order].ravel(), strict=True))

    assert exercises.equivariance_gap.check(gap).passed
    assert exercises.marker_at_eight.check(1.5).passed
    assert exercises.orders_of_a_sentence.check(60).passed


def test_the_cases_of_the_gap_hold_one_function_of_each_kind():
    gaps = [exercises.equivariance_gap.answer(*case) for case in exercises.equivariance_gap.cases]
    assert gaps[0] == pytest.approx(0)
    assert min(gaps[1:]) > 1
