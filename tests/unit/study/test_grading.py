"""Which answers are right, and which explanations a wrong one earns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmcourse.study.grading import Grade, grade
from llmcourse.study.quiz import Choice, Mistake, Question

WHY = "A reason long enough to be one."
CHOICES = tuple(Choice(text, WHY, correct) for text, correct in (("a", False), ("b", True), ("c", False), ("d", True)))
SINGLE = Question("1.1-q1", "1.1", "single", "?", choices=(*CHOICES[:3],))
MULTIPLE = Question("1.1-q2", "1.1", "multiple", "?", choices=CHOICES)
ORDER = Question("1.1-q3", "1.1", "order", "?", WHY, choices=CHOICES)
NUMERIC = Question(
    *("1.1-q4", "1.1", "numeric", "?", WHY),
    mistakes=(Mistake(WHY, 2.0), Mistake(WHY, 2.006), Mistake(WHY, 40.0), Mistake(WHY, -0.25)),
    **{"value": 0.25, "tolerance": 0.001, "expression": "1 / 4"},
)
TEXT = Question(
    *("1.1-q5", "1.1", "text", "?", WHY),
    **{"mistakes": (Mistake(WHY, answers=("sigmoid", "logistic")),), "accept": ("softmax", "soft-max")},
)


@pytest.mark.parametrize(("answer", "right"), [(0, False), (1, True), (2, False)])
def test_one_choice_is_explained_whether_right_or_wrong(answer, right):
    assert grade(SINGLE, answer) == Grade(right, (answer,))


@given(st.sets(st.integers(0, 3), min_size=1))
def test_of_many_choices_each_counts(chosen):
    found = grade(MULTIPLE, sorted(chosen))
    assert found == Grade(chosen == {1, 3}, tuple(sorted(chosen ^ {1, 3})))


@given(st.permutations(range(4)))
def test_steps_are_right_in_one_order_and_the_first_misplaced_one_is_told(order):
    found = grade(ORDER, order)
    assert found.right == (order == [0, 1, 2, 3])
    if not found.right:
        (told,) = found.notes
        before = order[: order.index(told)]
        assert before == list(range(len(before)))
        assert told != len(before)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("0.25", Grade(True)),
        ("0,25", Grade(True)),
        ("1/4", Grade(True)),
        ("25 %", Grade(True)),
        ("0.251", Grade(True)),  # exactly at the tolerance
        ("0.249", Grade(True)),
        ("0.2511", Grade(False)),
        ("2", Grade(False, (0,))),
        ("2.004", Grade(False, (1,))),  # within reach of both, nearer to the second
        ("40.1", Grade(False, (2,))),  # half a percent of a large number is rounding
        ("40.3", Grade(False)),
        ("-.25", Grade(False, (3,))),
        ("7", Grade(False)),
        ("a quarter", None),
        ("", None),
    ],
)
def test_a_number_is_right_within_the_tolerance_or_the_nearest_mistake(typed, expected):
    assert grade(NUMERIC, typed) == expected


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("Softmax", Grade(True)),
        ("the SOFT max.", Grade(True)),
        ("logistic", Grade(False, (0,))),
        ("entropy", Grade(False)),
        ("softmaxx", Grade(False)),
        (" ?", None),
    ],
)
def test_words_are_compared_without_signs_and_case(typed, expected):
    assert grade(TEXT, typed) == expected


def test_nothing_chosen_is_not_an_answer():
    assert grade(MULTIPLE, []) is None


@pytest.mark.parametrize(
    ("question", "answer"), [(SINGLE, 3), (SINGLE, -1), (MULTIPLE, [1, 1]), (MULTIPLE, [4]), (SINGLE, "b")]
)
def test_places_that_do_not_exist_are_refused(question, answer):
    with pytest.raises(ValueError, match=rf"{question.id} has \d places to choose from, each once; got"):
        grade(question, answer)


def test_an_order_has_all_steps():
    with pytest.raises(ValueError, match="there are 4 steps to order, got 2"):
        grade(ORDER, [0, 1])
