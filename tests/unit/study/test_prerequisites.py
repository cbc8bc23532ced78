import json
from pathlib import Path

import pytest

from llmcourse.study.course import CourseError, Page, everything, pages
from llmcourse.study.page_text import Links, labels, links, minutes_of, to_read
from llmcourse.study.prerequisites import check, graph_problems, link_problems, plan_problems, problems, topic_problems

ROOT = Path(__file__).parents[3]
NONE = Links(frozenset(), frozenset())


def page(identity, needs=(), *, mentions=(), topics=(), planned=False):
    path = "" if planned else f"chapters/{identity}.ipynb"
    return Page(identity, path, "T", identity.split(".")[0], tuple(needs), tuple(topics), 20, tuple(mentions))


def to(*pages, chapters=()):
    return Links(frozenset(pages), frozenset(chapters))


THREE = [page("1.1"), page("1.2", ["1.1"]), page("4.1", ["1.2"])]


def test_the_course_itself_is_in_order():
    assert problems(ROOT) == []


def test_the_plan_holds_nothing_that_is_written():
    assert plan_problems(ROOT) == []


# The graph


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ([page("5.1", ["9.9"])], "chapters/5.1.ipynb: page 5.1 names page 9.9, which is nowhere"),
        ([page("5.1", mentions=["9.9"])], "page 5.1 names page 9.9, which is nowhere"),
        ([page("5.1", ["5.2"]), page("5.2", ["5.1"])], "page 5.1 needs itself in a circle: 5.1 → 5.2 → 5.1"),
        ([page("5.1", ["5.1"])], "page 5.1 needs itself in a circle: 5.1 → 5.1"),
        ([page("5.1", ["10.1"]), page("10.1")], "page 5.1 needs page 10.1, which stands later in the book"),
        ([page("5.1", planned=True), page("5.2", ["5.1"])], "page 5.2 needs page 5.1, which is not written yet"),
        ([page("5.1", ["1.1", "4.1"])], "page 5.1: the need 1.1 follows from 4.1; list the nearest pages only"),
        ([page("5.1", ["9.9"], planned=True)], "book/planned.yml: page 5.1 names page 9.9, which is nowhere"),
    ],
)
def test_a_broken_graph_is_refused_with_file_and_reason(more, message):
    (found,) = graph_problems([*THREE, *more])
    assert found.endswith(message)


def test_planned_pages_may_need_planned_and_written_ones():
    assert graph_problems([*THREE, page("5.1", ["4.1"], planned=True), page("5.2", ["5.1"], planned=True)]) == []


# Links


@pytest.mark.parametrize(
    ("own", "around"),
    [
        (to("1.2"), NONE),
        (NONE, to("1.2")),
        (to(chapters=["1"]), NONE),
        (NONE, to(chapters=["1"])),
        (to("1.2", "9.4"), NONE),
    ],
)
def test_a_need_is_linked_from_the_page_or_from_its_chapters_index(own, around):
    assert link_problems(THREE[2], [*THREE, page("9.4")], own, around) == []


def test_a_need_that_nothing_links_to_is_found():
    (found,) = link_problems(THREE[2], THREE, NONE, to(chapters=["2"]))
    assert found == "chapters/4.1.ipynb: page 4.1 needs page 1.2, but neither it nor its chapter's index links there"


def test_a_link_to_an_ancestor_is_fine_and_one_to_another_earlier_page_must_be_declared():
    course = [*THREE, page("4.2", ["4.1"]), page("5.1", ["4.1"])]
    assert link_problems(course[4], course, to("4.1", "1.1"), NONE) == []
    (found,) = link_problems(course[4], course, to("4.1", "4.2"), NONE)
    assert found.endswith("page 5.1 links to page 4.2; list it under needs, or under mentions")
    course[4] = page("5.1", ["4.1"], mentions=["4.2"])
    assert link_problems(course[4], course, to("4.1", "4.2"), NONE) == []


@pytest.mark.parametrize(
    ("mention", "message"),
    [
        ("1.1", "mentions page 1.1, which it needs anyway"),
        ("4.2", "mentions page 4.2, but does not link there"),
        ("9.4", "mentions page 9.4; what comes later need not be listed"),
    ],
)
def test_a_mention_must_be_one(mention, message):
    course = [*THREE, page("4.2"), page("5.1", ["4.1"], mentions=[mention]), page("9.4")]
    (found,) = link_problems(course[4], course, to("4.1", "1.1"), NONE)
    assert found.endswith(message)


def test_an_earlier_chapter_that_is_linked_must_be_rested_on():
    course = [*THREE, page("8.3"), page("9.4", ["8.3"])]
    (found,) = link_problems(course[4], course, to("8.3", chapters=["4", "10"]), NONE)
    assert found.endswith("page 9.4 links to chapter 4, of which it needs no page")


# Reading a text


def test_links_and_references_are_read_off_the_text():
    text = "[x](03_softmax.ipynb#a), [y](../01_math/02_probability.ipynb) [n](../../book/notation.md) "
    text += "[i](../01_math/index.md) [here](02_heads.ipynb) [web](https://a.b/05_x/01_y.ipynb) "
    text += "{eq}`eq-kl` {numref}`F <fig-x>`"
    found = links(text, "chapters/04_attention/02_heads.ipynb", {"eq-kl": "1.3", "fig-x": "5.2", "eq-own": "4.2"})
    assert found == to("4.3", "1.2", "1.3", "5.2", chapters=["1"])
    assert links("{eq}`eq-own`", "chapters/04_attention/02_heads.ipynb", {"eq-own": "4.2"}) == NONE


def test_labels_of_formulas_sections_and_figures_are_found(tmp_path):
    source = "# T\n\n(part)=\n## Part\n\n$$\nx\n$$ (eq-one)\n\n:::{table}\n:label: tab-x\n:::"
    cells = [{"cell_type": "markdown", "metadata": {}, "source": [source]}]
    cells.append({"cell_type": "code", "metadata": {"mystnb": {"figure": {"name": "fig-a"}}}, "source": []})
    path = tmp_path / "chapters/01_math/02_probability.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"cells": cells, "metadata": {}}), encoding="utf-8")
    found = labels(tmp_path, ["chapters/01_math/02_probability.ipynb"])
    assert found == dict.fromkeys(("part", "eq-one", "tab-x", "fig-a"), "1.2")


def test_the_real_references_between_pages_are_seen():
    known = labels(ROOT, [one.path for one in pages(ROOT)])
    assert (known["eq-gibbs"], known["eq-sinusoid-log"]) == ("1.3", "5.2")


def test_minutes_leave_out_exercises_and_folded_code(tmp_path):
    text = (
        "# T\n\n"
        + "word " * 398
        + "\n\n## Exercises\n\n"
        + "task " * 900
        + "\n\n## Summary\n\nIn short, all is well.\n"
    )
    cells = [{"cell_type": "markdown", "metadata": {}, "source": [text]}]
    for tags, words in ([], 195), (["hide-input"], 2000), (["remove-cell", "x"], 2000):
        cells.append({"cell_type": "code", "metadata": {"tags": tags}, "source": ["x " * words]})
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": cells, "metadata": {}}), encoding="utf-8")
    assert len(to_read(tmp_path / "a.ipynb").split()) == 398 + 2 + 2 + 5 + 195
    assert minutes_of(to_read(tmp_path / "a.ipynb")) == 3
    assert minutes_of("two words") == 1


# Topics, the plan, and everything together


def test_unknown_topics_and_goals_are_found(tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "book/topics.yml").write_text(
        "topics: {softmax: Softmax}\nsources: [{groups: [{topics: [softmax, rope]}]}]\n"
        "goals: {DPO: '10.3', S: '4.3'}\n",
        encoding="utf-8",
    )
    assert topic_problems(tmp_path, [page("4.3", topics=["softmax", "soft"])]) == [
        'chapters/4.3.ipynb: page 4.3 has the topic "soft", which book/topics.yml does not list',
        'book/topics.yml: a source lists "rope", which is no topic',
        'book/topics.yml: the goal "DPO" leads to page 10.3, which does not exist',
    ]


def copied(tmp_path):
    """The text files of the course that the checks read."""
    patterns = (
        "_toc.yml",
        "book/*.yml",
        "book/*.md",
        "book/*.ipynb",
        "book/api/*.md",
        "book/digest/*",
        "chapters/*/*.ipynb",
    )
    for pattern in (*patterns, "chapters/*/index.md"):
        for path in ROOT.glob(pattern):
            target = tmp_path / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    return tmp_path


def test_planted_faults_in_the_real_course_are_refused_with_file_and_reason(tmp_path):
    root = copied(tmp_path)
    before = problems(root)
    path = root / "chapters/05_position/03_rotary.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    good = notebook["metadata"]["course"]

    def found(**changes):
        notebook["metadata"]["course"] = good | changes
        path.write_text(json.dumps(notebook), encoding="utf-8")
        return [one for one in problems(root) if one not in before]

    assert found() == []
    assert any("page 5.3 needs page 5.4, which stands later" in one or "circle" in one for one in found(needs=["5.4"]))
    assert any("links to page 5.2; list it under needs" in one for one in found(needs=["4.1"]))
    assert any('the topic "ropes"' in one for one in found(topics=["ropes"]))
    assert any("states 60 minutes" in one for one in found(minutes=60))
    with pytest.raises(CourseError, match=r"03_rotary.ipynb: page 5.3 states 60 minutes"):
        check(root)


def test_a_page_that_is_written_and_still_planned_is_found(tmp_path):
    root = copied(tmp_path)
    plan = root / "book/planned.yml"
    plan.write_text(
        plan.read_text(encoding="utf-8") + '  - {id: "4.3", title: S, needs: [], topics: []}\n', encoding="utf-8"
    )
    (found,) = [one for one in plan_problems(root) if "4.3" in one]
    assert found == "book/planned.yml: page 4.3 is written; move its needs and topics to the page's own metadata"
    assert [one.id for one in everything(root)].count("4.3") == 1
