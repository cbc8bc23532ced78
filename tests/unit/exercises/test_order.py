import pytest

from llmcourse.exercises import order as exercises


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
