"""The report of progress: it counts what the record holds, saves it, takes files in, deletes when asked twice."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import traitlets
from axe_playwright_python.sync_playwright import Axe

from llmcourse.explore.progress import Progress
from llmcourse.explore.progress_picture import chapter_state, progress
from llmcourse.study.outline import outline
from tests.site.widgets import BLOCKED, READ, in_notebook, moving, shown, widget_of

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
SECTIONS = ("pages", "exercises", "quiz", "cards")
STARTED = "document.querySelector('.lc-widget').dataset.ready === 'true'"


@pytest.fixture(scope="module")
def whole():
    return [chapter_state(chapter, pages, lambda name: f"{name}.html") for chapter, pages in outline(ROOT)]


def iso(**ago: float) -> str:
    return (datetime.now(UTC) - timedelta(**ago)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def file_of(**sections: dict) -> str:
    return json.dumps({"format": "llmcourse-progress", "version": 1, **sections})


def learned(due: str) -> dict:
    entry = {"due": due, "reviewed": iso(days=9), "stability": 4.0, "difficulty": 5.0, "state": 2, "step": None}
    return entry | {"reviews": 3, "lapses": 0}


def random_record(rng, chapters: list) -> dict:
    """Each entry that the course can have, with probability 1/2, and a few that it cannot."""
    pages = [page for chapter in chapters for page in chapter["pages"]]
    some = lambda names: [name for name in names if rng.random() < 0.5]  # noqa: E731
    names = [name for page in pages for one, parts in page["exercises"] for name in (one, *parts)]
    return {
        "pages": {name: {"read": iso(days=3)} for name in some([page["id"] for page in pages])}
        | {"88.1": {"read": iso()}},
        "exercises": {name: {"passed": iso(days=2)} for name in some(names)},
        "quiz": {
            name: {
                "answered": iso(days=1),
                "tries": 2,
                "right": bool(rng.random() < 0.7),
                "first": bool(rng.random() < 0.3),
            }
            for name in some([name for page in pages for name in page["questions"]])
        },
        "cards": {
            name: learned(iso(days=2) if rng.random() < 0.5 else iso(days=-40))
            for name in some([name for page in pages for name in page["cards"]])
        },
    }


def expected(chapters: list, record: dict) -> dict[str, float]:
    """Every number of the report, counted here from the record."""
    want, sums = {}, {}
    now = datetime.now(UTC)
    for chapter in chapters:
        for page in chapter["pages"]:
            solved = [
                one in record["exercises"] or (parts and all(part in record["exercises"] for part in parts))
                for one, parts in page["exercises"]
            ]
            answers = [record["quiz"][name] for name in page["questions"] if name in record["quiz"]]
            cards = [record["cards"][name] for name in page["cards"] if name in record["cards"]]
            counts = {
                "read": int(page["id"] in record["pages"]),
                "exercises": sum(map(bool, solved)),
                "right": sum(one["right"] for one in answers),
                "due": sum(datetime.fromisoformat(one["due"]) < now for one in cards),
            }
            kept = {"exercises": page["exercises"], "right": page["questions"], "due": page["cards"]}
            want |= {f"{page['id']}.{key}": n for key, n in counts.items() if kept.get(key, True)}
            for place in (f"ch{chapter['id']}", "all"):
                for key, n in counts.items():
                    if place == "all" or kept.get(key, True):  # a chapter without exercises says nothing of them
                        sums[f"{place}.{key}"] = sums.get(f"{place}.{key}", 0) + n
            more = {"all.first": sum(one["first"] for one in answers), "all.begun": len(cards)}
            for key, n in more.items():
                sums[key] = sums.get(key, 0) + n
    return want | sums


def alive(open_page, chapters: list, record: dict | None = None, **options):
    """The report on a page whose browser holds this record."""
    page = open_page(progress(chapters), **options)
    if record is not None:
        page.evaluate("text => llmcourseStore.importText(text)", file_of(**record))
    return page, widget_of(page)


# ---- counting -------------------------------------------------------------


def test_the_report_counts_what_any_record_holds(open_page, rng, whole):
    page, div = alive(open_page, whole)
    assert set(shown(div).values()) == {0.0}
    for _ in range(8):
        record = random_record(rng, whole)
        page.evaluate("text => { llmcourseStore.wipe(); llmcourseStore.importText(text); }", file_of(**record))
        assert shown(div) == expected(whole, record)
        assert all(float(value) == float(text) for value, text in div.evaluate(READ).values())
    assert "Your record also holds 1 entry for pages that this copy of the course does not have." in div.inner_text()


def test_the_sums_say_out_of_how_many(open_page, whole):
    _, div = alive(open_page, whole)
    pages = [page for chapter in whole for page in chapter["pages"]]
    exercises = sum(len(page["exercises"]) for page in pages)
    text = div.locator(".lc-tiles").inner_text()
    assert f"0 of {len(pages)}" in text
    assert f"0 of {exercises}" in text
    assert div.locator("tbody tr").count() == len(pages)
    link = div.get_by_role("link", name="Softmax and temperature")
    assert link.get_attribute("href") == "chapters/04_attention/03_softmax.html"


def test_the_report_follows_the_store_and_the_day_is_the_readers(open_page, whole):
    page, div = alive(open_page, whole, timezone_id="Pacific/Auckland")
    late = {"read": "2026-11-01T12:30:00Z"}  # already the second in Auckland
    page.evaluate("entry => llmcourseStore.put('pages', '4.3', entry)", late)
    row = div.locator("tr:has-text('4.3')").first
    assert "Nov 2, 2026" in row.inner_text()
    assert shown(div)["ch4.read"] == 1
    page.evaluate("llmcourseStore.remove('pages', '4.3')")
    assert "not yet" in row.inner_text()


def test_one_line_for_a_chapter_leads_to_the_report(open_page, rng, whole):
    attention = next(chapter for chapter in whole if chapter["id"] == "4")
    page = open_page(progress([attention], compact=True, link="../book/progress.html"))
    div, record = widget_of(page), random_record(rng, whole)
    page.evaluate("text => llmcourseStore.importText(text)", file_of(**record))
    want = expected([attention], record)
    assert shown(div) == {key: want[key] for key in ("all.read", "all.exercises", "all.right", "all.due")}
    assert div.locator("button").count() == 0
    assert div.get_by_role("link").get_attribute("href") == "../book/progress.html"
    pages = len(attention["pages"])
    assert f"Read {int(want['all.read'])} of {pages} pages · " in " ".join(div.inner_text().split())


# ---- export, import, wipe -------------------------------------------------------------


@pytest.mark.parametrize("how", ["http", "file"])
def test_export_wipe_import_brings_everything_back(open_page, rng, whole, tmp_path, how):
    record = random_record(rng, whole)
    page, div = alive(open_page, whole, record, how=how)
    before = page.evaluate("llmcourseStore.exportText()")
    with page.expect_download() as waiting:
        div.get_by_role("button", name="Export as a file").press("Enter")
    saved = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(saved)
    today = page.evaluate("(d => [d.getFullYear(), d.getMonth() + 1, d.getDate()])(new Date())")
    assert saved.name == "llmcourse-progress-{}-{:02}-{:02}.json".format(*today)
    assert saved.read_text(encoding="utf-8") == before
    div.get_by_role("button", name="Delete everything …").press("Enter")
    div.get_by_role("dialog").get_by_role("button", name="Delete everything", exact=True).click()
    page.wait_for_function("document.querySelector('.lc-said').textContent.startsWith('Deleted: ')")
    assert set(shown(div).values()) == {0.0}
    assert page.evaluate("localStorage.length") == 0
    with page.expect_file_chooser() as chooser:
        div.get_by_role("button", name="Import a file").press("Enter")
    chooser.value.set_files(saved)
    n = sum(len(record[name]) for name in SECTIONS)
    page.wait_for_function(f"document.querySelector('.lc-said').textContent.includes(': {n} new, 0 later')")
    assert page.evaluate("llmcourseStore.exportText()") == before
    assert shown(div) == expected(whole, record)


def test_a_foreign_file_is_refused_with_its_reason_on_the_page(open_page, whole, tmp_path):
    page, div = alive(open_page, whole, {"pages": {"4.3": {"read": iso()}}})
    foreign, huge = tmp_path / "package.json", tmp_path / "huge.json"
    foreign.write_text('{"name": "something"}', encoding="utf-8")
    huge.write_text(" " * 16_000_001, encoding="utf-8")
    for path, reason in ((foreign, "it is not a record of progress in this course"), (huge, "far too large")):
        page.locator("input[type=file]").set_input_files(path)
        page.wait_for_function("text => document.querySelector('.lc-said').textContent.includes(text)", arg=reason)
        assert "Nothing has changed." in div.locator("[role=status]").inner_text()
    assert shown(div)["all.read"] == 1


def test_deleting_asks_once_more_and_the_safe_answer_has_the_focus(open_page, whole):
    page, div = alive(open_page, whole, {"pages": {"4.3": {"read": iso()}}, "exercises": {"4.3.a": {"passed": iso()}}})
    opener, dialog = div.get_by_role("button", name="Delete everything …"), div.locator("dialog")
    for leave in (lambda: page.keyboard.press("Escape"), lambda: page.keyboard.press("Enter")):  # Enter: Keep it
        opener.press("Enter")
        assert dialog.get_attribute("open") is not None
        assert page.evaluate("document.activeElement.textContent") == "Keep it"
        assert "2 entries on this device" in dialog.inner_text()
        leave()
        assert dialog.get_attribute("open") is None
        assert page.evaluate("document.activeElement.textContent") == "Delete everything …"
        assert shown(div)["all.read"] == 1


def test_what_was_set_aside_can_be_saved(open_page, whole, tmp_path):
    page = open_page(progress(whole))
    page.evaluate("localStorage.setItem('llmcourse-progress', 'torn {')")
    page.reload()
    page.wait_for_function(STARTED)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save old record 1").click()
    waiting.value.save_as(tmp_path / "old")
    assert (tmp_path / "old").read_text(encoding="utf-8") == "torn {"
    page.evaluate("llmcourseStore.wipe()")
    assert page.locator(".lc-aside").is_hidden()


def test_where_nothing_can_be_kept_the_report_still_works_for_the_page(open_page, whole):
    page = open_page(progress(whole))
    page.context.add_init_script(BLOCKED)
    page.reload()
    page.wait_for_function(STARTED)
    page.evaluate("entry => llmcourseStore.put('pages', '4.3', entry)", {"read": iso()})
    assert shown(widget_of(page))["all.read"] == 1
    with page.expect_download():
        page.get_by_role("button", name="Export as a file").click()


# ---- paper, phone, ear, notebook -------------------------------------------------------------


def test_on_paper_there_is_the_report_with_its_day_and_no_button(open_page, whole):
    page, div = alive(open_page, whole)
    assert div.locator(".lc-printed").is_hidden()
    page.evaluate("window.print = () => (window.printed = true)")
    div.get_by_role("button", name="Print a report").click()
    assert page.evaluate("window.printed") is True
    page.emulate_media(media="print")
    assert div.locator(".lc-printed").inner_text().startswith("Report of ")
    assert div.locator("button:visible").count() == 0
    assert div.locator("tbody tr:visible").count() == div.locator("tbody tr").count()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 900])
def test_axe_finds_nothing_and_nothing_is_too_wide(open_page, rng, whole, theme, width):
    page, div = alive(open_page, whole, random_record(rng, whole), theme=theme, width=width, reduced_motion="reduce")
    assert Axe().run(page, options={"preload": False}).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert moving(page) == 0
    div.get_by_role("button", name="Delete everything …").click()
    assert Axe().run(page, context=[["dialog"]], options={"preload": False}).response["violations"] == []


def test_a_table_on_a_phone_is_still_a_table_to_the_ear(open_page, whole):
    page, _ = alive(open_page, whole, width=390)
    table = page.get_by_role("table").nth(1)
    assert table.get_by_role("columnheader").all_text_contents() == ["Page", "Read", "Exercises", "Quiz", "Cards due"]
    assert table.get_by_role("row").count() == 1 + len(whole[1]["pages"])


def test_without_scripts_the_page_says_what_there_is_and_that_nothing_is_kept(open_page, whole):
    first = next(chapter for chapter in whole if chapter["id"] == "1")
    page = open_page(progress(whole), progress([first], compact=True), java_script_enabled=False)
    assert "without them nothing is kept" in page.locator(".lc-widget").first.inner_text()
    assert page.locator("button").count() == 0
    row = page.locator("tr", has_text="Softmax and temperature").inner_text().split("\t")
    softmax = next(page for chapter in whole for page in chapter["pages"] if page["id"] == "4.3")
    assert row[1:] == [str(len(softmax[key])) for key in ("exercises", "questions", "cards")]
    assert "3 pages · 17 exercises" in page.locator(".lc-widget").nth(1).inner_text()


def test_a_notebook_shows_the_record_that_python_read(open_page, rng, whole):
    record = random_record(rng, whole)
    widget = Progress(ROOT, file_of(**record))
    page = open_page("", mount=False)
    div = in_notebook(page, widget)
    assert shown(div) == expected(whole, record)
    assert div.locator("button").count() == 0
    page.evaluate("stop()")
    with pytest.raises(traitlets.TraitError, match="it is not a record of progress in this course"):
        widget.record = '{"a": 1}'
