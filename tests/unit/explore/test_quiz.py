"""The quiz for a notebook and for the page: what it takes, what it refuses, what stands there without scripts."""

import re
import subprocess
import sys

import pytest
import traitlets

from llmcourse.explore.quiz import QuizWidget, quiz
from llmcourse.explore.quiz_markup import answer_text, question_state, quiz_html, shuffled
from llmcourse.study.quiz import Choice, Mistake, Question, Quiz, load
from tests.chapters.pages import ROOT

WHY = "This is why it is so."
STEPS = tuple(Choice(f"step {i}", f"Why {i} stands there.") for i in range(5))
ORDER = Question("4.3-q5", "4.3", "order", "In which order?", WHY, choices=STEPS)
NUMERIC = Question(
    *("4.3-q3", "4.3", "numeric", "Half of $\\frac12$?", WHY),
    mistakes=(Mistake("Why not one.", -1234.5, "1.0"),),
    **{"value": -0.25, "tolerance": 0.001, "unit": "bits"},
)


def test_a_page_and_a_chapter_are_found_by_their_number(monkeypatch):
    page = quiz("4.3", root=ROOT)
    assert {question["id"].split("-")[0] for question in page.questions} == {"4.3"}
    monkeypatch.chdir(ROOT / "chapters/04_attention")  # where the notebook runs
    chapter = quiz("4")
    assert len(chapter.questions) == len(load(ROOT / "chapters/04_attention/quiz.yml").questions)
    assert repr(page) == f"QuizWidget({len(page.questions)} questions, 0 right)"


@pytest.mark.parametrize("place", ["4.9", "99", "", "4."])
def test_a_place_without_questions_is_refused(place):
    with pytest.raises(ValueError, match=f"there are no questions for '{re.escape(place)}'; name a page such as"):
        quiz(place, root=ROOT)


def test_outside_the_course_one_is_told_where_to_go(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"there is no _toc\.yml in .*: open the notebook inside the course's folder"):
        quiz("4.3")


def test_answers_belong_to_the_questions_and_make_the_score():
    widget = QuizWidget(Quiz("x", (ORDER, NUMERIC)))
    widget.answers = {"4.3-q5": {"right": True}, "4.3-q3": {"right": False}}
    assert widget.score == (1, 2)
    with pytest.raises(traitlets.TraitError, match=r"no question has the id '4\.3-q1'"):
        widget.answers = {"4.3-q1": {"right": True}}
    with pytest.raises(traitlets.TraitError, match="a quiz needs at least one question"):
        QuizWidget(Quiz("x", ()))


def test_a_notebook_gets_mathml_and_the_page_gets_tex():
    quiz_of_one = Quiz("x", (NUMERIC,))
    assert "<mfrac>" in QuizWidget(quiz_of_one).html()
    state, form = quiz_html(quiz_of_one).split("</script>")
    assert r"\\(\\frac12\\)" in state
    assert "<mfrac>" not in state
    assert "<mfrac>" in form  # without scripts nobody typesets TeX
    assert quiz_html(Quiz("x", ())) == ""


def test_steps_are_shuffled_the_same_way_each_time_and_the_first_is_not_given_away():
    for i in range(200):
        question = Question(f"4.3-q{i}", "4.3", "order", "?", choices=STEPS)
        order = shuffled(question)
        assert sorted(order) == [0, 1, 2, 3, 4]
        assert order[0] != 0
        assert order == shuffled(question)
    assert question_state(ORDER)["start"] == shuffled(ORDER)
    assert "correct" not in question_state(ORDER)["choices"][0]


def test_numbers_are_written_with_minus_signs_and_thousands():
    assert answer_text(NUMERIC) == "−0.25 bits"
    assert "−1,234" in quiz_html(Quiz("x", (NUMERIC,))).split("</script>")[1]


def test_every_chapter_makes_a_page_and_the_state_cannot_end_its_script():
    for path in sorted(ROOT.glob("chapters/*/quiz.yml")):
        found = load(path)
        html = quiz_html(found)
        assert html.count('class="lc-question"') == len(found.questions)
        assert html.count("</script") == 1
        assert html.count("<details>") == len(found.questions)


def test_the_site_makes_a_quiz_without_numpy_and_anywidget():
    names = ("numpy", "anywidget", "ipywidgets", "traitlets", "torch")
    code = f"import sys, llmcourse.explore.quiz_markup; print([name for name in {names} if name in sys.modules])"
    run = [sys.executable, "-c", code]
    assert subprocess.run(run, capture_output=True, text=True, check=True).stdout == "[]\n"
