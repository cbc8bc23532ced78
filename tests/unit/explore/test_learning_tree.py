"""The learning tree in Python: its state, what its picture says, and that the site can make it without NumPy."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import traitlets

from llmcourse.explore.learning_tree import LearningTree
from llmcourse.explore.learning_tree_picture import curve, goal_name, learning_tree, picture
from llmcourse.explore.learning_tree_state import course_state, page_of, shown_pages, tree_of
from llmcourse.study import course
from llmcourse.study.course import Page
from llmcourse.study.tree import standing, way_to

ROOT = Path(__file__).parents[3]
PAGES = course.everything(ROOT)


def numbers_of(html: str) -> dict[str, float]:
    return {key: float(value) for key, value in re.findall(r'data-key="([^"]+)" data-value="([^"]+)"', html)}


def small_state(**changes):
    """Three written pages in a row and a planned one on top of the second."""
    pages = [
        Page("1.1", "a.ipynb", "One <1>", "1", (), (), 10),
        Page("1.2", "b.ipynb", "Two", "1", ("1.1",), (), 20),
        Page("1.3", "c.ipynb", "Three", "1", ("1.2",), (), 30),
        Page("2.1", "", "Four", "2", ("1.2",), (), 40),
    ]
    state = {"chapters": {"1": "First", "2": "Second"}, "goal": "", "goals": [["Three things", "1.3"]], "read": []}
    return state | {"pages": tree_of(pages, address=lambda page: f"../{page.path}"), "show_planned": True} | changes


def test_the_state_holds_each_page_with_its_places_and_its_address():
    entries = {entry["id"]: entry for entry in small_state()["pages"]}
    assert [entries[one]["at"] for one in entries] == [[0, 0.5], [1, 0.5], [2, 0.25], [2, 0.75]]
    assert [entries[one]["alone"] for one in entries] == [[0, 0.5], [1, 0.5], [2, 0.5], None]
    assert [entries[one]["href"] for one in entries] == ["../a.ipynb", "../b.ipynb", "../c.ipynb", ""]
    assert [page_of(entry).is_planned for entry in entries.values()] == [False, False, False, True]
    assert [entry["id"] for entry in shown_pages(small_state(show_planned=False))] == ["1.1", "1.2", "1.3"]


def test_the_picture_says_standings_counts_and_the_way():
    html = picture(small_state(read=["1.1"], goal="1.3"))
    assert numbers_of(html) == {"read": 1, "written": 3, "next": 1, "planned": 1, "way.pages": 2, "way.minutes": 50}
    assert re.findall(r'class="lc-node lc-(\w+)', html) == ["read", "next", "later", "planned"]
    assert re.findall(r'class="lc-step">(\d+)<', html) == ["1", "2"]
    assert "Shortest path to Three things: " in html
    assert "One &lt;1&gt;" in html
    assert "1.2</b>" in html
    assert html.count('href="../b.ipynb"') == 3  # in the picture, in the way and in the list
    assert html.count("lc-edge lc-on-way") == 1


def test_a_goal_without_a_name_of_its_own_is_called_by_its_page_and_unwritten_pages_are_said():
    assert goal_name(small_state(goal="1.2")) == "1.2 Two"
    assert goal_name(small_state()) == ""
    html = picture(small_state(goal="2.1", read=["1.1", "1.2"]))
    assert "Shortest path to 2.1 Four: " in html
    assert " page, about " in html
    assert "Not written yet: 2.1." in html
    assert "You know 1.1 One &lt;1&gt; already." in picture(small_state(goal="1.1", read=["1.1"]))


def test_lines_run_from_below_a_page_to_above_its_reader():
    need, page = {"x": 0.5, "row": 0}, {"x": 0.25, "row": 1}
    assert curve(need, page, [need, page]) == "M500 86C500 95 250 95 250 104"


def test_a_line_that_skips_a_row_passes_beside_the_page_in_its_way():
    need, page, strangers = {"x": 0.5, "row": 0}, {"x": 0.5, "row": 2}, [{"x": 0.25, "row": 1}, {"x": 0.75, "row": 1}]
    free = "M500 86C500 95 500 95 500 104V186C500 195 500 195 500 204"
    assert curve(need, page, [need, *strangers, page]) == free
    beside = "M500 86C500 95 650 95 650 104V186C650 195 500 195 500 204"  # right of it, whence it comes
    row = [{"x": 0.15, "row": 1}, {"x": 0.65 - 0.5 / 3, "row": 1}, {"x": 0.85, "row": 1}]
    assert curve(need, page, [need, *row, page]) == beside


def test_the_tree_starts_with_the_written_pages_on_the_site_and_in_a_notebook():
    written = [page.id for page in PAGES if not page.is_planned]
    assert LearningTree().show_planned is course_state(ROOT)["show_planned"] is False
    html = picture(course_state(ROOT))
    assert re.findall(r'class="lc-node [^"]*"[^>]* data-id="([\d.]+)"', html) == written
    assert re.findall(r'<li data-id="([\d.]+)"', html) == written
    assert "lc-dense" not in html
    everything = picture(course_state(ROOT) | {"show_planned": True})
    assert re.findall(r'<li data-id="([\d.]+)"', everything) == [page.id for page in PAGES]
    assert "lc-graph lc-dense" in everything


def test_the_widget_is_the_real_course_and_its_way_is_pythons():
    widget = LearningTree(["1.1"], goal="5.3")
    assert [page["id"] for page in widget.pages] == [page.id for page in PAGES]
    assert widget.way() == way_to([page_of(entry) for entry in widget.pages], "5.3", ["1.1"])
    assert [page.id for page in widget.way().pages] == [page.id for page in way_to(PAGES, "5.3", ["1.1"]).pages]
    assert LearningTree().way().pages == ()
    stands = standing(PAGES, ["1.1"])
    found = numbers_of(widget.html())
    assert found["next"] == list(stands.values()).count("next")
    assert found["way.pages"] == len(widget.way().pages)


def test_what_a_view_could_not_show_is_refused(tmp_path):
    with pytest.raises(traitlets.TraitError, match=r"no page has the id '99\.9'"):
        LearningTree(goal="99.9")
    with pytest.raises(FileNotFoundError, match=r"holds no _toc\.yml"):
        LearningTree(root=tmp_path)


def test_the_same_course_gives_the_same_text_and_an_address_for_every_written_page():
    state = course_state(ROOT, address=lambda page: f"../{page.docname}.html")
    assert learning_tree(state) == learning_tree(json.loads(json.dumps(state)))
    hrefs = {entry["href"] for entry in state["pages"]} - {""}
    assert hrefs == {f"../{page.docname}.html" for page in PAGES if not page.is_planned}
    assert set(state["chapters"]) >= {page.chapter for page in PAGES}


def test_the_site_makes_it_without_numpy_and_anywidget():
    script = (
        "import sys; from pathlib import Path\n"
        "from llmcourse.explore import learning_tree_picture, learning_tree_state\n"
        "from llmcourse.study import coverage, llms, prerequisites\n"
        f"learning_tree_picture.learning_tree(learning_tree_state.course_state(Path({str(ROOT)!r})))\n"
        "print(sorted({'numpy', 'anywidget', 'torch', 'nbformat'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
