"""The questions of a chapter: what quiz.yml may hold, read and checked (PyYAML).

    title: "Chapter 4: Attention"
    questions:
      - id: 4.3-q1                     # page, then number
        page: 03_softmax.ipynb         # beside this file
        kind: single                   # or multiple, numeric, text, order
        question: Which of these …?

Then, by kind:

    single, multiple   choices: [{text, why, correct: true}, …], at least three
    numeric            answer: {value, tolerance, expression, from: ["module:name,name"], unit}, why,
                       mistakes: [{value, expression, why}, …]
    text               accept: [answer, …], why, mistakes: [{answers: [answer, …], why}, …]
    order              steps: [{text, why}, …] in the right order, why

Texts are inline Markdown with $…$. Each ``why`` speaks to whoever chose that: it names the slip. A step's is said when
it is the first in a wrong place. An ``expression`` is Python over ``np`` and the names of ``from``; it computes the
``value`` beside it, and tests/chapters holds the two equal.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llmcourse.study.course import page_id
from llmcourse.study.fields import Fields
from llmcourse.study.normal import is_within, normal_text
from llmcourse.study.yaml_lines import read

FEWEST_CHOICES = 3
MOST_STEPS = 8
SHORTEST_WHY = 20  # letters; less says "wrong" and not why


@dataclass(frozen=True)
class Choice:
    """Something to choose, or a step to place, and what is said to whoever did."""

    text: str
    why: str
    correct: bool = False


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that many give: a number with the expression that leads to it, or some words."""

    why: str
    value: float = 0.0
    expression: str = ""
    answers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Question:
    """One question. Which of the later fields are used depends on ``kind``."""

    id: str
    page: str  # "4.3"
    kind: str
    text: str
    why: str = ""
    choices: tuple[Choice, ...] = ()  # of "order": the steps, in the right order
    mistakes: tuple[Mistake, ...] = ()
    value: float = 0.0
    tolerance: float = 0.0
    unit: str = ""
    expression: str = ""
    imports: tuple[str, ...] = ()
    accept: tuple[str, ...] = ()


@dataclass(frozen=True)
class Quiz:
    """A chapter's questions: page by page, those of a page in the order of the file."""

    title: str
    questions: tuple[Question, ...]

    def of_page(self, page: str) -> "Quiz":
        """The questions that belong to the page with this id; there may be none.

        >>> Quiz("Attention", (Question("4.3-q1", "4.3", "text", "…"),)).of_page("4.1").questions
        ()
        """
        return Quiz(self.title, tuple(one for one in self.questions if one.page == page))


def load(path: Path) -> Quiz:
    """The quiz of a chapter's folder.

    Raises:  FileError, with file, line and reason, for whatever a reader could not answer or would not be told.
    """
    document = read(path)
    part = Fields(document, document.value, ())
    part.only("title", "questions")
    questions = tuple(_question(one) for one in part.parts("questions"))
    for i, question in enumerate(questions):
        if question.id in [other.id for other in questions[:i]]:
            raise document.error(f"the id {question.id} stands twice", "questions", i, "id")
    in_order = sorted(questions, key=lambda one: [int(number) for number in one.page.split(".")])
    return Quiz(part.string("title"), tuple(in_order))


def _question(part: Fields) -> Question:
    kind = part.string("kind")
    if kind not in _KINDS:
        raise part.error(f"the kind {kind!r} is unknown; there are {', '.join(_KINDS)}", "kind")
    keys, rest = _KINDS[kind]
    part.only("id", "page", "kind", "question", *keys)
    file, identity, folder = part.string("page"), part.string("id"), part.document.path.parent
    page = page_id(f"{folder.parent.name}/{folder.name}/{file}")
    if page is None or not (folder / file).is_file():
        raise part.error(f"there is no page {file!r} in {folder.name}", "page")
    if not identity.startswith(f"{page}-q") or not identity[len(page) + 2 :].isdecimal():
        raise part.error(f"the id of a question on page {page} is {page}-q and a number, got {identity!r}", "id")
    return Question(identity, page, kind, part.markdown("question"), **rest(part))


def _choices(part: Fields) -> dict[str, Any]:
    found = []
    for one in part.parts("choices", FEWEST_CHOICES):
        one.only("text", "why", "correct")
        correct = "correct" in one.value and one.need("correct", bool, "true or false")
        found.append(Choice(one.markdown("text"), one.markdown("why", SHORTEST_WHY), correct))
    right = sum(one.correct for one in found)
    if part.value["kind"] == "single" and right != 1:
        raise part.error(f"a question of kind 'single' has one right choice, got {right}", "choices")
    if right in (0, len(found)):
        raise part.error(f"some choices must be right and some wrong, got {right} right of {len(found)}", "choices")
    _differ(part, "choices", [one.text for one in found])
    return {"choices": tuple(found)}


def _numeric(part: Fields) -> dict[str, Any]:
    answer = part.part("answer")
    answer.only("value", "tolerance", "expression", "from", "unit")
    value, tolerance = answer.number("value"), answer.number("tolerance")
    if not tolerance > 0:
        raise answer.error(f"'tolerance' must be positive, got {tolerance}", "tolerance")
    imports = answer.strings("from") if "from" in answer.value else ()
    mistakes = []
    for one in part.parts("mistakes") if "mistakes" in part.value else ():
        one.only("value", "expression", "why")
        wrong = one.number("value")
        if is_within(wrong, value, tolerance):
            raise one.error(f"the mistake {wrong} counts as right: it is within {tolerance} of {value}", "value")
        mistakes.append(Mistake(one.markdown("why", SHORTEST_WHY), value=wrong, expression=one.string("expression")))
    _differ(part, "mistakes", [one.value for one in mistakes])
    return {
        **{
            "why": part.markdown("why", SHORTEST_WHY),
            "mistakes": tuple(mistakes),
            "value": value,
            "tolerance": tolerance,
        },
        "unit": answer.need("unit", str, "a text") if "unit" in answer.value else "",
        **{"expression": answer.string("expression"), "imports": imports},
    }


def _text(part: Fields) -> dict[str, Any]:
    accept, mistakes = part.strings("accept"), []
    for one in part.parts("mistakes") if "mistakes" in part.value else ():
        one.only("answers", "why")
        mistakes.append(Mistake(one.markdown("why", SHORTEST_WHY), answers=one.strings("answers")))
    every = [*accept, *(answer for one in mistakes for answer in one.answers)]
    if empty := [answer for answer in every if not normal_text(answer)]:
        raise part.error(f"nothing is left of {empty[0]!r} when signs and case are ignored", "accept")
    _differ(part, "accept", [normal_text(answer) for answer in every])
    return {"why": part.markdown("why", SHORTEST_WHY), "accept": accept, "mistakes": tuple(mistakes)}


def _order(part: Fields) -> dict[str, Any]:
    steps = []
    for one in part.parts("steps", FEWEST_CHOICES):
        one.only("text", "why")
        steps.append(Choice(one.markdown("text"), one.markdown("why", SHORTEST_WHY)))
    if len(steps) > MOST_STEPS:
        raise part.error(f"more than {MOST_STEPS} steps are a chore to order, got {len(steps)}", "steps")
    _differ(part, "steps", [one.text for one in steps])
    return {"why": part.markdown("why", SHORTEST_WHY), "choices": tuple(steps)}


def _differ(part: Fields, key: str, values: list[Any]) -> None:
    """Two equal entries could not be told apart by whoever answers."""
    for i, value in enumerate(values):
        if value in values[:i]:
            raise part.error(f"{value!r} stands twice", key)


_KINDS = {
    "single": (("choices",), _choices),
    "multiple": (("choices",), _choices),
    "numeric": (("answer", "why", "mistakes"), _numeric),
    "text": (("accept", "why", "mistakes"), _text),
    "order": (("steps", "why"), _order),
}
