"""The questions of a page or a chapter, answered in place (anywidget).

quiz.js grades by itself, so the quiz also lives on a page without a kernel; tests/site/test_widget_quiz.py holds its
grading to ``llmcourse.study.grading``.
"""

from pathlib import Path
from typing import Any, ClassVar

import traitlets

from llmcourse.explore.markup import Markup
from llmcourse.explore.quiz_markup import quiz_state, static_form
from llmcourse.explore.widget import Widget
from llmcourse.study.course import chapters
from llmcourse.study.quiz import Quiz, load


class QuizWidget(Widget):
    """Questions with their explanations. ``answers`` holds what was answered: {id: {tries, first, right, answer, …}}.

    Formulas are MathML, which a notebook shows without MathJax.
    """

    script: ClassVar[str] = "quiz"

    questions = traitlets.List(traitlets.Dict()).tag(sync=True)
    answers = traitlets.Dict().tag(sync=True)

    def __init__(self, quiz: Quiz, **options: Any) -> None:
        if not quiz.questions:
            raise traitlets.TraitError("a quiz needs at least one question")
        super().__init__(**quiz_state(quiz, math="mathml") | options)

    @traitlets.validate("answers")
    def _valid_answers(self, proposal: dict[str, Any]) -> dict[str, Any]:
        unknown = sorted(set(proposal["value"]) - {question["id"] for question in self.questions})
        if unknown:
            raise traitlets.TraitError(f"no question has the id {unknown[0]!r}")
        return proposal["value"]

    @property
    def score(self) -> tuple[int, int]:
        """How many of the questions were answered right, and how many there are."""
        return sum(bool(entry.get("right")) for entry in self.answers.values()), len(self.questions)

    def picture(self) -> Markup:
        """The questions, with folded answers."""
        return static_form(self.questions)

    def __repr__(self) -> str:
        right, total = self.score
        return f"QuizWidget({total} questions, {right} right)"


def quiz(place: str, *, root: Path | None = None) -> QuizWidget:
    """The quiz of a page ("4.3") or of a whole chapter ("4"), found from the folder in which the notebook runs.

    Raises:  ValueError for a place without questions, and outside the course's folder.

    >>> quiz("4.3", root=Path("nowhere"))
    Traceback (most recent call last):
    ValueError: there is no _toc.yml in nowhere: open the notebook inside the course's folder
    """
    folder = course_root() if root is None else root
    if not (folder / "_toc.yml").is_file():
        raise ValueError(f"there is no _toc.yml in {folder}: open the notebook inside the course's folder")
    for chapter in chapters(folder):
        path = folder / chapter.folder / "quiz.yml"
        if chapter.id == place.split(".")[0] and path.is_file():
            found = load(path)
            found = found if place == chapter.id else found.of_page(place)
            if found.questions:
                return QuizWidget(found)
    raise ValueError(f"there are no questions for {place!r}; name a page such as '4.3' or a chapter such as '4'")


def course_root() -> Path:
    """The folder with ``_toc.yml``, upward from where the notebook runs; where it runs, if there is none."""
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / "_toc.yml").is_file()), here)
