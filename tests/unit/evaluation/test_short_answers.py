"""The short questions, and the equivalence of answers."""

import pytest

from llmcourse.evaluation.asking import EXAMPLES
from llmcourse.evaluation.short_answers import load_short_questions, normalized

SHORT = load_short_questions()


def test_there_are_at_least_120_and_the_right_choice_is_right():
    assert len(SHORT) >= 120
    assert len({short.question.id for short in SHORT}) == len(SHORT)
    for short in SHORT:
        assert short.is_right(short.question.right), short.question.id


def test_no_wrong_choice_is_accepted():
    for short in SHORT:
        for choice in short.question.choices:
            assert short.is_right(choice) == (choice == short.question.right), (short.question.id, choice)


def short_of(name):
    return next(short for short in SHORT if short.question.id == name)


@pytest.mark.parametrize(
    ("name", "answer", "exactly", "within"),
    [
        ("physics-04", "150 / 2 = 75 km", False, True),
        ("physics-04", "175 km", False, False),  # whole words only
        ("history-12", "the Eastern and Roman Empire", False, False),  # next to each other
        ("geography-02", "Canberra!", True, True),
        ("geography-02", "", False, False),
    ],
)
def test_within_an_answer_whole_words_next_to_each_other_count(name, answer, exactly, within):
    short = short_of(name)
    assert short.is_right(answer) == exactly
    assert short.is_right(answer, within=True) == within


def test_none_of_them_needs_its_choices_and_none_is_an_example():
    shown = {question.casefold() for question, _ in EXAMPLES}
    for short in SHORT:
        assert "which of these" not in short.question.question.casefold(), short.question.id
        assert short.question.question.casefold() not in shown


@pytest.mark.parametrize(
    ("one", "other"),
    [("The Nile.", "nile"), ("Eight legs", "8 legs"), ("the the NILE river!", "Nile River"), ("“Paris”", "paris")],
)
def test_case_articles_punctuation_and_number_words_do_not_matter(one, other):
    assert normalized(one) == normalized(other)


@pytest.mark.parametrize(
    ("one", "other"), [("1/4", "14"), ("-1", "1"), ("Nile", "river Nile"), ("25%", "25"), ("Bologna", "Bolgna")]
)
def test_what_stays_different(one, other):
    assert normalized(one) != normalized(other)


def test_nothing_is_nothing():
    assert normalized(" ... the ") == ""
