import json
import re
from pathlib import Path

import pytest

from llmcourse.study import course
from llmcourse.study.course import CourseError, chapters, everything, pages, planned

ROOT = Path(__file__).parents[3]


def notebook(title, metadata, *, text=""):
    cells = [{"cell_type": "markdown", "metadata": {}, "source": [f"# {title}\n", "\n", text]}]
    return json.dumps({"cells": cells, "metadata": {"course": metadata} if metadata is not None else {}})


def small_course(root, *, metadata=None, plan=""):
    """Two chapters out of numeric order in the folder, the digest, and two pages that are no part of the course."""
    names = ["book/digest/index", "book/glossary", "chapters/04_attention/index", "chapters/04_attention/03_softmax"]
    names += ["chapters/10_alignment/index", "chapters/10_alignment/01_sft"]
    lines = "\n".join(f"  - file: {name}" for name in names)
    (root / "_toc.yml").write_text(
        f"root: book/index\nparts:\n- caption: All\n  chapters:\n{lines}\n", encoding="utf-8"
    )
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
    front = "---\ncourse: {needs: [], topics: [summary], minutes: 20}\n---\n"
    (root / "book/digest/index.md").write_text(f"{front}# In *short*\n", encoding="utf-8")
    (root / "book/glossary.md").write_text("# Glossary\n", encoding="utf-8")
    (root / "chapters/04_attention/index.md").write_text("# Attention\n", encoding="utf-8")
    (root / "chapters/10_alignment/index.md").write_text("# Alignment\n", encoding="utf-8")
    softmax = metadata or {"needs": [], "topics": ["softmax"], "minutes": 22}
    (root / "chapters/04_attention/03_softmax.ipynb").write_text(notebook("Softmax", softmax), encoding="utf-8")
    sft = {"needs": ["4.3"], "topics": [], "minutes": 18, "mentions": ["0"]}
    (root / "chapters/10_alignment/01_sft.ipynb").write_text(notebook("`SFT`", sft), encoding="utf-8")
    if plan:
        (root / "book/planned.yml").write_text(plan, encoding="utf-8")
    return root


def test_pages_come_in_the_order_of_the_contents_with_what_they_say(tmp_path):
    digest, softmax, sft = pages(small_course(tmp_path))
    assert (digest.id, digest.path, digest.title, digest.chapter) == ("0", "book/digest/index.md", "In short", "0")
    assert (softmax.id, softmax.chapter, softmax.minutes, softmax.topics) == ("4.3", "4", 22, ("softmax",))
    assert (sft.id, sft.title, sft.needs, sft.mentions) == ("10.1", "SFT", ("4.3",), ("0",))
    assert sft.docname == "chapters/10_alignment/01_sft"
    assert not any(page.is_planned for page in (digest, softmax, sft))


def test_chapters_are_the_folders_with_an_index_and_the_digest_is_one(tmp_path):
    found = chapters(small_course(tmp_path))
    assert [(one.id, one.folder, one.title) for one in found] == [
        ("0", "book/digest", "In short"),
        ("4", "chapters/04_attention", "Attention"),
        ("10", "chapters/10_alignment", "Alignment"),
    ]
    assert [[page.id for page in one.pages] for one in found] == [["0"], ["4.3"], ["10.1"]]


def test_planned_pages_stand_between_the_written_ones(tmp_path):
    entries = '- {id: "9.2", title: Two, needs: ["4.3"], topics: []}\n'
    entries += '- {id: "4.4", title: Four, needs: [], topics: [], minutes: 7}\n'
    root = small_course(tmp_path, plan=f"chapters: {{9: Nine}}\npages:\n{entries}")
    assert [page.id for page in planned(root)] == ["9.2", "4.4"]
    assert [(page.id, page.is_planned) for page in everything(root)] == [
        ("0", False), ("4.3", False), ("4.4", True), ("9.2", True), ("10.1", False)
    ]  # fmt: skip
    assert [page.minutes for page in planned(root)] == [course.PLANNED_MINUTES, 7]
    assert course.planned_chapters(root) == {"9": "Nine"}


def test_what_was_planned_holds_until_a_new_page_says_it_itself(tmp_path):
    root = small_course(tmp_path, plan='pages:\n- {id: "4.3", title: T, needs: ["0"], topics: [softmax], minutes: 9}\n')
    path = root / "chapters/04_attention/03_softmax.ipynb"
    assert pages(root)[1].needs == ()
    path.write_text(notebook("Softmax", None), encoding="utf-8")
    assert (pages(root)[1].needs, pages(root)[1].minutes, pages(root)[1].title) == (("0",), 9, "Softmax")
    assert not pages(root)[1].is_planned


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"needs": [], "topics": [], "minutes": 0}, "minutes of page 4.3 .* got 0"),
        ({"needs": [], "topics": [], "minutes": True}, "minutes of page 4.3 .* got True"),
        ({"needs": [], "topics": []}, "got None"),
        ({"needs": [1.3], "topics": [], "minutes": 9}, r"needs of page 4.3 must be a list of texts .* got \[1.3\]"),
        ({"needs": "1.3", "topics": [], "minutes": 9}, "needs of page 4.3 .* got '1.3'"),
        ({"needs": [], "minutes": 9}, "topics of page 4.3 .* got None"),
        ({"needs": ["0", "0"], "topics": [], "minutes": 9}, "needs of page 4.3 has an entry twice"),
        ({"needs": [], "topics": [], "minutes": 9, "after": []}, "page 4.3 has unknown metadata: after"),
    ],
)
def test_metadata_of_the_wrong_form_is_refused_with_the_file(tmp_path, metadata, message):
    with pytest.raises(CourseError, match=f"^chapters/04_attention/03_softmax.ipynb: .*{message}"):
        pages(small_course(tmp_path, metadata=metadata))


def test_a_page_without_metadata_file_or_title_is_refused(tmp_path):
    root = small_course(tmp_path)
    path = root / "chapters/10_alignment/01_sft.ipynb"
    path.write_text(notebook("SFT", None), encoding="utf-8")
    with pytest.raises(CourseError, match=r'01_sft\.ipynb: no "course" in the metadata'):
        pages(root)
    path.write_text(json.dumps({"cells": [], "metadata": {"course": {"needs": []}}}), encoding="utf-8")
    with pytest.raises(CourseError, match=r"01_sft\.ipynb: no title"):
        pages(root)
    path.unlink()
    with pytest.raises(CourseError, match=r"_toc.yml: there is neither chapters/10_alignment/01_sft.ipynb nor"):
        pages(root)


@pytest.mark.parametrize(
    "entry", ["{id: 4.4, title: T, needs: [], topics: []}", '{id: "x", title: T, needs: [], topics: []}']
)
def test_planned_ids_are_checked(tmp_path, entry):
    good = '- {id: "4.4", title: T, needs: [], topics: []}'
    with pytest.raises(CourseError, match=r"book/planned.yml: \"(4\.4|x)\" is no page's id"):
        planned(small_course(tmp_path, plan=f"pages:\n{good}\n- {entry}\n"))


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ("pages: [{title: What?, id: x?}, {a?, b]", "book/planned.yml is not YAML"),
        ("chapters: {}", "book/planned.yml: there must be a list of pages"),
        ("- 1", "book/planned.yml: there must be a list of pages"),
        ('pages: [{id: "4.4", needs: [], topics: []}]', "book/planned.yml: page 4.4 has no title"),
    ],
)
def test_a_plan_that_cannot_be_read_is_refused_with_its_name(tmp_path, plan, message):
    with pytest.raises(CourseError, match=re.escape(message)):
        planned(small_course(tmp_path, plan=plan))


def test_the_real_course_is_read_whole():
    found = pages(ROOT)
    notebooks = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("chapters/*/[0-9]*.ipynb")}
    assert notebooks <= {page.path for page in found}
    assert [one.id for one in found] == sorted((one.id for one in found), key=course.place_in_book)
    assert sum(len(one.pages) for one in chapters(ROOT)) == len(found)
