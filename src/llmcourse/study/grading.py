"""Whether an answer is right, and which explanations it earns (standard library).

explore/answers.js grades on the page; this is its twin for Python, and a test feeds both the same answers.
"""

from collections.abc import Sequence
from typing import NamedTuple

from llmcourse.study.normal import is_within, normal_text, read_numbers
from llmcourse.study.quiz import Question

Answer = int | str | Sequence[int]
NEAR = 0.005  # of its size: how far a number may be from a mistake's and still be taken for it


class Grade(NamedTuple):
    """``notes`` are places in the question: the choices judged wrongly, the mistake made, the first misplaced step."""

    right: bool
    notes: tuple[int, ...] = ()


def grade(question: Question, answer: Answer) -> Grade | None:
    """What an answer is worth, or None for one that cannot be read: it is not counted.

    The answer is a place for ``single``, places for ``multiple`` and ``order`` (of the steps as the file has them), and
    for ``numeric`` and ``text`` what was typed.

    Raises:  ValueError for places that the question does not have.

    >>> ask = Question("1.1-q1", "1.1", "text", "Which city?", accept=("Paris",))
    >>> grade(ask, " PARIS "), grade(ask, "Rome").right, grade(ask, "?") is None
    (Grade(right=True, notes=()), False, True)
    """
    if question.kind == "numeric":
        return _numeric(question, str(answer))
    if question.kind == "text":
        return _text(question, str(answer))
    places = [answer] if isinstance(answer, int) else list(answer) if not isinstance(answer, str) else [-1]
    known = range(len(question.choices))
    if any(place not in known for place in places) or len(set(places)) < len(places):
        raise ValueError(f"{question.id} has {len(known)} places to choose from, each once; got {answer!r}")
    return _order(places, len(known)) if question.kind == "order" else _chosen(question, places)


def _chosen(question: Question, places: Sequence[int]) -> Grade | None:
    if not places:
        return None
    if question.kind == "single":
        return Grade(question.choices[places[0]].correct, (places[0],))
    wrong = (i for i, choice in enumerate(question.choices) if choice.correct != (i in places))
    notes = tuple(wrong)
    return Grade(not notes, notes)


def _order(places: Sequence[int], steps: int) -> Grade:
    if len(places) != steps:
        raise ValueError(f"there are {steps} steps to order, got {len(places)}")
    misplaced = next((place for i, place in enumerate(places) if place != i), None)
    return Grade(True) if misplaced is None else Grade(False, (misplaced,))


def _numeric(question: Question, text: str) -> Grade | None:
    values = read_numbers(text)
    if not values:
        return None
    if any(is_within(value, question.value, question.tolerance) for value in values):
        return Grade(True)
    made = [
        (abs(value - mistake.value), i)
        for i, mistake in enumerate(question.mistakes)
        for value in values
        if is_within(value, mistake.value, max(question.tolerance, NEAR * abs(mistake.value)))
    ]
    return Grade(False, (min(made)[1],) if made else ())


def _text(question: Question, text: str) -> Grade | None:
    given = normal_text(text)
    if not given:
        return None
    if given in map(normal_text, question.accept):
        return Grade(True)
    return Grade(False, tuple(i for i, m in enumerate(question.mistakes) if given in map(normal_text, m.answers)))
