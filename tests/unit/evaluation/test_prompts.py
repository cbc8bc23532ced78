"""The exact text of each prompt, and what a shift of the choices keeps."""

import pytest

from llmcourse.evaluation.harness import Request
from llmcourse.evaluation.prompts import cloze, few_shot, in_chat, lettered, shifted
from llmcourse.evaluation.questions import Question, load_questions

ONE = Question("t-01", "t", "What is 1 + 1?", ("3", "2", "4", "11"), 1, "", "", "by hand")
TWO = Question("t-02", "t", "What is 1 + 2?", ("5", "2", "4", "3"), 3, "", "", "by hand")


def test_cloze_asks_without_the_choices_and_each_choice_is_a_continuation():
    assert cloze(ONE) == Request("Question: What is 1 + 1?\nAnswer:", (" 3", " 2", " 4", " 11"))


def test_letters_stand_before_the_choices_and_are_the_continuations():
    expected = "Question: What is 1 + 1?\nA. 3\nB. 2\nC. 4\nD. 11\nAnswer:"
    assert lettered(ONE) == Request(expected, (" A", " B", " C", " D"))


def test_few_shot_shows_each_example_with_its_right_answer():
    assert few_shot(cloze, [TWO])(ONE).context == (
        "Question: What is 1 + 2?\nAnswer: 3\n\nQuestion: What is 1 + 1?\nAnswer:"
    )
    assert few_shot(lettered, [TWO])(ONE).context.startswith(
        "Question: What is 1 + 2?\nA. 5\nB. 2\nC. 4\nD. 3\nAnswer: D\n\n"
    )
    assert few_shot(lettered, [TWO])(ONE).continuations == (" A", " B", " C", " D")


def test_an_example_cannot_be_asked():
    with pytest.raises(ValueError, match="t-02 is one of the 1 examples"):
        few_shot(cloze, [TWO])(TWO)


def test_in_a_chat_the_user_asks_and_the_answer_begins_with_the_letter():
    request = in_chat(lettered)(ONE)
    assert request.chat
    assert request.context == "Question: What is 1 + 1?\nA. 3\nB. 2\nC. 4\nD. 11"
    assert request.continuations == ("A", "B", "C", "D")


@pytest.mark.parametrize("by", range(-1, 5))
def test_a_shift_moves_each_choice_and_the_right_one_with_them(by):
    for question in load_questions("units"):
        moved = shifted(question, by)
        assert moved.right == question.right
        assert [moved.choices[(i + by) % 4] for i in range(4)] == list(question.choices)
        assert (moved.answer - question.answer - by) % 4 == 0


def test_four_shifts_put_the_right_choice_at_each_place_once_under_four_names():
    moved = [shifted(ONE, by) for by in range(4)]
    assert sorted(q.answer for q in moved) == [0, 1, 2, 3]
    assert len({q.id for q in moved}) == 4
