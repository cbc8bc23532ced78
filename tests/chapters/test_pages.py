"""What every page must have, whoever wrote it: its anatomy, its honesty, its size, its time."""

import ast
import json
import re

import pytest
import yaml

from llmcourse.study import script
from tests.chapters.pages import NOTEBOOKS, OTHERS, ROOT, cells, classes, code, contents, prose, tags, tool

notebooks = tool("notebooks")
every_page = pytest.mark.parametrize("page", NOTEBOOKS)

SECONDS = 2 * 30  # a page should run in 30 on a quiet machine; the one that wrote the record may be half as fast
FILLER = re.compile(
    r"\b(obviously|simply|clearly|of course|powerful|crucial(ly)?|delve|leverag\w+|seamless\w*|in the realm of|"
    r"it is important to note|needless to say|trivial(ly)?|TODO|FIXME|lorem)\b",
    re.IGNORECASE,
)


def test_the_table_of_contents_names_each_page_once_and_each_exists():
    named = contents()
    assert len(named) == len(set(named))
    assert {name.removesuffix(".ipynb") for name in NOTEBOOKS} <= set(named)
    missing = [name for name in named if not any((ROOT / (name + end)).exists() for end in (".md", ".ipynb"))]
    assert not missing


@pytest.mark.parametrize("page", [*NOTEBOOKS, *OTHERS])
def test_the_stored_notebook_is_executed_small_and_clean(page):
    assert notebooks.problems(ROOT / page) == []


@pytest.mark.parametrize("page", [*NOTEBOOKS, *OTHERS])
def test_the_record_of_the_last_run_is_of_this_text_and_within_the_time(page):
    record = json.loads((ROOT / "book/status.json").read_text(encoding="utf-8"))[page]
    assert not notebooks.is_stale(ROOT / page), "changed since it was run: make run"
    assert record["seconds"] <= SECONDS


@every_page
def test_the_parts_stand_in_order(page):
    parts = classes(page)
    for once in ("promise", "plain-english", "one-line"):
        assert parts.count(once) == 1, once
    needed = ["promise", "plain-english", "worked-number", "what-goes-wrong", "exercise"]
    assert [part for part in dict.fromkeys(parts) if part in needed] == needed
    assert 3 <= parts.count("exercise") <= 6
    headings = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    assert headings[-2:] == ["Summary", "Sources"]
    assert sum(line.startswith("# ") for line in prose(page).splitlines()) == 1


@every_page
def test_a_number_comes_before_the_first_general_formula(page):
    text = prose(page)
    assert text.index(":class: worked-number") < text.index(" (eq-")


@every_page
def test_the_page_shows_the_code_that_runs(page):
    assert any("show_source(" in cell.source for cell in code(page))


@every_page
def test_the_cells_are_short_enough_to_read(page):
    shown = [cell for cell in code(page) if not {"hide-input", "remove-cell"} & set(tags(cell))]
    assert all(len(cell.source.splitlines()) <= 20 for cell in code(page) if cell in shown)


@every_page
def test_nothing_is_defined_here_that_the_package_has(page):
    package = set()
    for path in (ROOT / "src/llmcourse").rglob("*.py"):
        if "exercises" not in path.parts:
            package |= {node.name for node in ast.parse(path.read_text(encoding="utf-8")).body if hasattr(node, "name")}
    defined = {
        node.name
        for cell in code(page)
        for node in ast.parse(cell.source).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }
    assert not defined & package


@every_page
def test_numbers_of_the_prose_are_asserted(page):
    hidden = [cell for cell in code(page) if "remove-cell" in tags(cell)]
    assert any(isinstance(node, ast.Assert) for cell in hidden for node in ast.walk(ast.parse(cell.source)))


@every_page
def test_each_figure_has_a_caption_and_a_text_alternative(page):
    for cell in code(page):
        kinds = {kind for output in cell.outputs for kind in output.get("data", {})}
        if any(kind.startswith("image/") for kind in kinds):
            assert cell.metadata["mystnb"]["figure"]["caption"].strip()
            assert len(cell.metadata["mystnb"]["image"]["alt"]) > 40


@every_page
def test_exercises_are_checked_in_place_and_their_solutions_pass(page):
    checks = [cell for cell in code(page) if ".check(" in cell.source or re.search(r"\bcheck_\w+\(", cell.source)]
    assert checks
    verdicts = [
        "".join(str(output.get("data", {}).get("text/plain", "")) for output in cell.outputs) for cell in checks
    ]
    solved = [v for cell, v in zip(checks, verdicts, strict=True) if "hide-cell" in tags(cell)]
    stubs = [v for cell, v in zip(checks, verdicts, strict=True) if "..." in cell.source]
    assert solved
    assert all(verdict.startswith("✓") for verdict in solved), solved
    assert all(verdict.startswith("…") for verdict in stubs), stubs


@every_page
def test_every_link_to_a_neighbor_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+\.(?:ipynb|md))\)", prose(page)):
        assert (ROOT / page).parent.joinpath(target).exists(), target


@every_page
def test_every_citation_is_in_the_bibliography(page):
    known = set(
        re.findall(r"^@\w+\{([^,]+),", (ROOT / "book/references.bib").read_text(encoding="utf-8"), re.MULTILINE)
    )
    cited = {key for group in re.findall(r"\{cite\}`([^`]+)`", prose(page)) for key in group.split(",")}
    assert cited
    assert cited <= known


@every_page
def test_the_words_are_plain(page):
    assert not FILLER.findall(prose(page))


@every_page
def test_a_prediction_is_asked_before_each_widget_is_explained(page):
    shows_widget = any(
        '"lc-widget"' in str(output.get("data", {}).get("text/html", ""))
        for cell in code(page)
        for output in cell.outputs
    )
    assert not shows_widget or "predict" in classes(page)


@every_page
def test_hidden_assertions_are_not_the_only_cells_after_a_claim(page):
    """A page without one visible output in its second half has stopped showing and only tells."""
    half = cells(page)[len(cells(page)) // 2 :]
    assert any(cell.cell_type == "code" and cell.outputs for cell in half)


@pytest.mark.parametrize("chapter", sorted({page.rsplit("/", 1)[0] for page in NOTEBOOKS}))
class TestChapter:
    def test_it_opens_with_an_index(self, chapter):
        assert (ROOT / chapter / "index.md").read_text(encoding="utf-8").startswith(("#", "---"))

    def test_its_cards_have_two_sides_and_a_page(self, chapter):
        cards = yaml.safe_load((ROOT / chapter / "cards.yml").read_text(encoding="utf-8"))["cards"]
        assert len(cards) >= 12
        assert len({card["id"] for card in cards}) == len(cards)
        for card in cards:
            assert card["front"].strip(), card["id"]
            assert card["back"].strip(), card["id"]
            assert (ROOT / chapter / card["page"]).exists(), card["id"]

    def test_its_script_for_the_ear_takes_three_to_four_minutes(self, chapter):
        """About 150 words a minute; formulas are spoken in words, so ``read`` refuses symbols."""
        assert 430 <= script.read(ROOT / chapter / "podcast.md").words() <= 650
