"""The questions of every chapter: their form is checked when they are read, their numbers are computed here."""

import functools
import importlib
from collections import Counter

import numpy as np
import pytest

from llmcourse.study.grading import Grade, grade
from llmcourse.study.quiz import Question, Quiz, load
from llmcourse.study.text import to_html
from tests.chapters.pages import NOTEBOOKS, ROOT

FOLDERS = sorted({page.rsplit("/", 1)[0] for page in NOTEBOOKS})
DIGEST = ["book/digest"] if (ROOT / "book/digest/quiz.yml").exists() else []
every_quiz = pytest.mark.parametrize("folder", [*FOLDERS, *DIGEST])


@functools.cache
def quiz(folder: str) -> Quiz:
    return load(ROOT / folder / "quiz.yml")


def evaluated(question: Question, expression: str) -> float:
    """An expression of the file, over numpy and what the question imports."""
    scope = {"np": np}
    for line in question.imports:
        module, names = line.split(":")
        scope |= {name: getattr(importlib.import_module(module), name.strip()) for name in names.split(",")}
    return float(eval(expression, scope))


@every_quiz
def test_there_are_ten_questions(folder):
    assert len(quiz(folder).questions) >= 10


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_chapter_asks_in_every_way(folder):
    assert {question.kind for question in quiz(folder).questions} == {"single", "multiple", "numeric", "text", "order"}


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_page_has_questions(folder):
    counts = Counter(question.page for question in quiz(folder).questions)
    assert min(counts.values()) >= 3
    assert len(counts) == sum(page.startswith(f"{folder}/") for page in NOTEBOOKS)


@every_quiz
def test_numbers_are_what_the_package_computes(folder):
    """The key of a numeric question is an expression over llmcourse, so it cannot be wrong silently."""
    numeric = [question for question in quiz(folder).questions if question.kind == "numeric"]
    for question in numeric:
        value = evaluated(question, question.expression)
        assert value == pytest.approx(question.value, abs=question.tolerance / 2), question.id
        assert grade(question, f"{value:.6g}") == Grade(True), question.id
        for i, mistake in enumerate(question.mistakes):
            wrong = evaluated(question, mistake.expression)
            assert wrong == pytest.approx(mistake.value, rel=1e-4), f"{question.id}, mistake {i + 1}"
            assert grade(question, f"{wrong:.6g}") == Grade(False, (i,)), f"{question.id}, mistake {i + 1}"


@every_quiz
def test_the_key_of_a_numeric_question_comes_from_the_package(folder):
    for question in quiz(folder).questions:
        if question.kind == "numeric":
            names = [name for line in question.imports for name in line.split(":")[1].split(",")]
            assert any(name.strip() in question.expression for name in names), question.id


@every_quiz
def test_every_text_can_be_shown_in_a_notebook(folder):
    """There formulas are MathML; what the site shows is checked when the file is read."""
    for question in quiz(folder).questions:
        parts = [question.text, question.why, *(one.why for one in question.mistakes)]
        for text in [*parts, *(text for one in question.choices for text in (one.text, one.why))]:
            assert "\\(" not in to_html(text, math="mathml"), question.id


@every_quiz
def test_the_right_choice_does_not_always_stand_in_the_same_place(folder):
    places = [
        [choice.correct for choice in question.choices].index(True)
        for question in quiz(folder).questions
        if question.kind == "single"
    ]
    assert max(Counter(places).values()) < len(places)
