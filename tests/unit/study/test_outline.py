"""What can be done on each page: found in the files, complete, and without importing the exercises."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from llmcourse.exercises import checker
from llmcourse.study.outline import KINDS, checks, exercise_id, outline

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def whole():
    return outline(ROOT)


def test_every_exercise_of_every_page_is_found_once_and_belongs_to_its_page(whole):
    pages = [page for _, own in whole for page in own]
    assert len(pages) >= 22
    for page in pages:
        names = list(page.exercises)
        assert all(name.startswith(f"{page.page.id}.") for name in names)
        if page.page.path.endswith(".ipynb"):
            text = (ROOT / page.page.path).read_text(encoding="utf-8")
            assert len(names) == text.count(":class: exercise") >= 3, page.page.path
            assert names == sorted(names)


def test_every_check_belongs_to_an_exercise_of_a_page(whole):
    known = {name for _, own in whole for page in own for name in page.exercises}
    names = checks(ROOT)
    assert len(names) > 80
    assert {name for name in names if exercise_id(name) not in known} == set()


def test_checks_are_what_the_modules_hold():
    """The oracle: the modules themselves, imported."""
    made = []
    for path in sorted((ROOT / "src/llmcourse/exercises").glob("*.py")):
        module = __import__(f"llmcourse.exercises.{path.stem}", fromlist=["x"])
        made += [one.name for one in vars(module).values() if isinstance(one, checker.Exercise | checker.Number)]
    assert sorted(made) == sorted(checks(ROOT))
    assert set(KINDS) == {"Exercise", "Number"}


def test_an_exercise_in_parts_lists_its_parts(whole):
    parts = {name: own for _, pages in whole for page in pages for name, own in page.exercises.items() if own}
    assert parts["1.1.a"] == ("1.1.a (i)", "1.1.a (ii)", "1.1.a (iii)")
    assert parts["1.2.e"] == ("1.2.e, the table", "1.2.e, the loop")
    assert "4.3.e" not in parts


def test_every_question_and_card_belongs_to_a_page(whole):
    import yaml

    for chapter, own in whole:
        for file, key, field in (("quiz.yml", "questions", "questions"), ("cards.yml", "cards", "cards")):
            path = ROOT / chapter.folder / file
            entries = yaml.safe_load(path.read_text(encoding="utf-8"))[key] if path.exists() else []
            found = sorted(name for page in own for name in getattr(page, field))
            assert found == sorted(entry["id"] for entry in entries), path


def test_a_chapter_without_files_counts_as_empty(tmp_path):
    folder = tmp_path / "chapters/02_new"
    folder.mkdir(parents=True)
    (tmp_path / "_toc.yml").write_text("chapters:\n- file: chapters/02_new/index\n- file: chapters/02_new/01_a\n")
    (folder / "index.md").write_text("# New\n")
    text = "# A\n\n:::{admonition} Exercise 2.1.a · On paper\n:class: exercise\n\nDo.\n:::\n"
    course = {"needs": [], "topics": [], "minutes": 5}
    cells = [{"cell_type": "markdown", "source": text}, {"cell_type": "code", "source": text, "outputs": []}]
    (folder / "01_a.ipynb").write_text(json.dumps({"metadata": {"course": course}, "cells": cells}))
    [(chapter, [page])] = outline(tmp_path)
    assert (chapter.title, page.page.title) == ("New", "A")
    assert (page.exercises, page.questions, page.cards) == ({"2.1.a": ()}, (), ())


def test_the_site_can_read_it_without_numpy():
    code = (
        "import sys; import llmcourse.study.outline; print(sorted({'numpy', 'torch', 'anywidget'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ast.literal_eval(done.stdout) == []
