"""Where cards and questions stand on the pages of the course, and that a wrong file ends the build."""

import re

import pytest

from llmcourse.study.course import page_id
from llmcourse.study.quiz import load
from tests.chapters.pages import NOTEBOOKS
from tests.site.conftest import ROOT, refusal


@pytest.fixture
def html(site):
    return lambda name: (site / f"{name}.html").read_text(encoding="utf-8")


@pytest.mark.browser
@pytest.mark.parametrize("page", NOTEBOOKS)
def test_each_page_ends_with_its_own_cards_and_questions(html, page):
    text = html(page.removesuffix(".ipynb"))
    parts = re.findall(r'<section id="(summary|check-yourself|sources)">', text)
    assert parts == ["summary", "check-yourself", "sources"]
    section = text[text.index('<section id="check-yourself">') : text.index('<section id="sources">')]
    assert re.findall(r'data-widget="(\w+)"', section) == ["flashcards", "quiz"]
    name = page_id(page)
    questions = re.findall(r'"id":"([\d.]+-q\d+)"', section)
    path = ROOT / page.rsplit("/", 1)[0] / "quiz.yml"
    assert questions == [one.id for one in load(path).of_page(name).questions]
    assert '<a class="reference internal nav-link" href="#check-yourself">' in text  # in the page's contents


@pytest.mark.browser
@pytest.mark.parametrize("folder", sorted({page.rsplit("/", 1)[0] for page in NOTEBOOKS}))
def test_a_chapter_begins_with_its_whole_quiz_folded(html, folder):
    text = html(f"{folder}/index")
    (fold,) = re.findall(r'<details class="lc-whole-quiz">.*?</script>', text, re.DOTALL)
    questions = load(ROOT / folder / "quiz.yml").questions
    assert f"<summary>Quiz: all {len(questions)} questions of this chapter</summary>" in fold
    assert re.findall(r'"id":"([\d.]+-q\d+)"', fold) == [one.id for one in questions]
    assert "mathjax/tex-svg.js" in text  # the questions have formulas, though the page may have none


@pytest.mark.browser
def test_other_pages_have_no_quiz(html):
    for name in ("book/how_to_use", "book/glossary", "book/api/index"):
        assert "check-yourself" not in html(name)
        assert "lc-whole-quiz" not in html(name)


@pytest.mark.browser
def test_a_wrong_file_ends_the_build_with_file_line_and_reason(tmp_path):
    line, said = refusal(tmp_path, "chapters/04_attention/quiz.yml", "correct: true", "corect: true")
    assert f"chapters/04_attention/quiz.yml, line {line}: the key 'corect' is unknown here" in said
