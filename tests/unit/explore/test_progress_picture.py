"""The report of progress as the site ships it: built without numpy and anywidget, the same text each time."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import traitlets

from llmcourse.explore.progress import Progress
from llmcourse.explore.progress_picture import chapter_state, progress
from llmcourse.study.course import Chapter, Page
from llmcourse.study.outline import PageOutline
from llmcourse.study.record_format import text

ROOT = Path(__file__).resolve().parents[3]
PAGE = Page("4.3", "chapters/04_attention/03_softmax.ipynb", "Softmax & <co>", "4", (), (), 20)
CHAPTER = Chapter("4", "chapters/04_attention", "Attention", (PAGE,))
OUTLINE = PageOutline(PAGE, {"4.3.a": (), "4.3.b": ("4.3.b (i)", "4.3.b (ii)")}, ("4.3-q1",), ("4.3-c1", "4.3-c2"))
STATE = {
    "id": "4",
    "title": "Attention",
    "link": "to chapters/04_attention/index",
    "pages": [
        {
            "id": "4.3",
            "title": "Softmax & <co>",
            "link": "to chapters/04_attention/03_softmax",
            "exercises": [["4.3.a", []], ["4.3.b", ["4.3.b (i)", "4.3.b (ii)"]]],
            "questions": ["4.3-q1"],
            "cards": ["4.3-c1", "4.3-c2"],
        }
    ],
}


def state_in(html: str) -> dict:
    """The JSON that the script reads."""
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', html, re.DOTALL)[1])


def test_the_state_of_a_chapter_holds_all_that_the_script_counts():
    assert chapter_state(CHAPTER, [OUTLINE], lambda name: f"to {name}") == STATE
    assert chapter_state(CHAPTER, [OUTLINE], lambda _: None)["pages"][0]["link"] is None


def test_the_report_is_a_widget_with_its_state_and_a_still_table():
    html = progress([STATE])
    assert html.startswith('<div class="lc-widget" data-widget="progress">')
    assert state_in(html) == {"chapters": [STATE], "compact": False, "link": None, "record": ""}
    assert "Softmax &amp; &lt;co&gt;</a>" in html
    assert re.findall(r'<td role="cell">(\d+)</td>', html) == ["2", "1", "2"]
    assert progress([STATE]) == html


def test_one_line_for_a_chapter_counts_in_the_singular_too():
    html = progress([STATE], compact=True, link="../book/progress.html")
    assert "1 page · 2 exercises · 1 question · 2 cards" in html
    assert state_in(html)["link"] == "../book/progress.html"
    assert "<table" not in html


def test_of_what_a_page_has_none_the_line_is_silent_and_the_table_says_none():
    digest = {**STATE, "pages": [{**STATE["pages"][0], "exercises": []}]}
    assert '<p class="lc-line">1 page · 1 question · 2 cards</p>' in progress([digest], compact=True)
    assert re.findall(r'<td role="cell">(\w+)</td>', progress([digest])) == ["none", "1", "2"]
    bare = {**STATE, "pages": [{**STATE["pages"][0], "exercises": [], "questions": [], "cards": []}]}
    assert '<p class="lc-line">1 page</p>' in progress([bare], compact=True)


def test_a_chapter_without_pages_has_no_table():
    assert "<table" not in progress([{**STATE, "pages": []}])


def test_the_digest_has_no_number():
    digest = {"id": "0", "title": "Digest", "link": None, "pages": [{**STATE["pages"][0], "id": "0"}]}
    html = progress([digest])
    assert ">Digest</p>" in html
    assert "0 <a" not in html


def test_a_notebook_has_the_record_that_it_is_given_and_refuses_another_text():
    content = text({"exercises": {"4.3.e": {"passed": "2026-11-01T08:00:00Z"}}})
    widget = Progress(ROOT, content)
    assert widget.record == content
    assert {chapter["id"] for chapter in widget.chapters} >= {"1", "4", "5"}
    assert state_in(widget.html())["record"] == content
    with pytest.raises(traitlets.TraitError, match="it is not JSON, or it is cut off"):
        widget.record = content[:20]


def test_a_notebook_shows_this_machines_record_by_itself(monkeypatch, tmp_path):
    path = tmp_path / "progress.json"
    monkeypatch.setenv("LLMCOURSE_PROGRESS", str(path))
    assert Progress(ROOT).record == text({})
    path.write_text(text({"exercises": {"4.3.e": {"passed": "2026-11-01T08:00:00Z"}}}), encoding="utf-8")
    assert "4.3.e" in Progress(ROOT).record


def test_the_site_builds_it_without_numpy_and_anywidget():
    heavy = "{'numpy', 'anywidget', 'torch'}"
    code = f"import sys, llmcourse.explore.progress_picture; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
