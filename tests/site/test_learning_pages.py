"""The built tree page, coverage page and llms.txt: every link leads somewhere, every page is there, nothing leaks."""

import html
import importlib
import json
import re
import shutil
import sys
from pathlib import Path

import pytest
from sphinx.errors import ExtensionError

from llmcourse.study import course
from llmcourse.study.coverage import coverage
from tests.site.widgets import widget_of

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
ENTRY = re.compile(
    r"- \[(?P<name>[^\]]+)\]\((?P<address>[^)]+)\): (?P<about>.+) Source: \[[^\]]+\]\((?P<source>[^)]+)\)"
)


def text_of(markup: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", markup)).split())


@pytest.mark.parametrize("how", ["http", "file"])
def test_the_tree_on_its_page_lives_and_leads_to_every_written_page(browser, address, site, how):
    page = browser.new_page()
    page.goto(f"{address if how == 'http' else site.as_uri()}/book/tree.html")
    page.locator(".lc-widget").scroll_into_view_if_needed()
    page.wait_for_selector("[data-widget=learning_tree][data-ready=true]")
    div = widget_of(page)
    hrefs = div.locator(".lc-list a").evaluate_all("all => all.map(one => one.href.split('#')[0])")
    written = course.pages(ROOT)
    assert [href.split("/", 3)[3] if how == "http" else href.removeprefix(f"{site.as_uri()}/") for href in hrefs] == [
        f"{one.docname}.html" for one in sorted(written, key=lambda one: course.place_in_book(one.id))
    ]
    div.locator(".lc-graph:not([hidden]) [data-id='4.3']").click()
    div.get_by_role("button", name="I know this").click()
    assert page.evaluate("llmcourseStore.get('pages', '4.3').read.length") == 24
    div.get_by_role("link", name="Open the page").click()
    page.wait_for_url("**/03_softmax.html")
    page.close()


def test_the_first_page_leads_to_what_accompanies_the_chapters(site):
    page = (site / "book/index.html").read_text(encoding="utf-8")
    article = page[page.index("<article") : page.index("</article>")]
    links = set(re.findall(r'href="([^"#]+)"', article))
    assert {f"{name}.html" for name in ("playground", "review", "progress", "listen")} <= links
    assert "make lab" in text_of(article)  # the count of commands: one, as on the page about running


def test_the_coverage_page_has_every_topic_of_every_source_with_its_pages(site):
    page = (site / "book/coverage.html").read_text(encoding="utf-8")
    tables = re.findall(r'<table class="table lc-coverage">.*?</table>', page, re.DOTALL)
    for source, table in zip(coverage(ROOT), tables, strict=True):
        rows = re.findall(r'<tr class="lc-(\w+)" data-topic="([^"]+)">(.*?)</tr>', table, re.DOTALL)
        listed = [topic for group in source.groups for topic in group.topics]
        assert [(state, name) for state, name, _ in rows] == [(topic.state, topic.id) for topic in listed]
        for topic, (_, _, row) in zip(listed, rows, strict=True):
            links = re.findall(r'href="([^"]+)"', row)
            assert [(site / "book" / link).resolve() for link in links] == [
                (site / f"{one.docname}.html").resolve() for one in topic.written
            ]
            assert all((site / "book" / link).exists() for link in links)
            assert all(one.title in text_of(row) for one in (*topic.written, *topic.planned))
            assert ("nowhere yet" in text_of(row)) is (topic.state == "gap")
        assert f"{len(source.topics)} topics: " in text_of(page)


def test_llms_txt_lists_every_page_of_the_contents_with_its_source(site):
    text = (site / "llms.txt").read_text(encoding="utf-8")
    head, *sections = re.split(r"^## ", text, flags=re.MULTILINE)
    assert re.fullmatch(r"# How Large Language Models Work\n\n> [^\n]+\n\n[^\n#]+\n\n", head)
    assert sections[-1].startswith("Optional\n")
    lines = [line for section in sections for line in section.split("\n")[1:] if line]
    entries = [ENTRY.fullmatch(line) for line in lines]
    assert all(entries), [line for line, entry in zip(lines, entries, strict=True) if not entry]
    addresses = [entry["address"] for entry in entries]
    assert sorted(addresses) == sorted(f"{name}.html" for name in ["book/index", *course.contents(ROOT)])
    for entry in entries:
        assert (site / entry["address"]).exists()
        assert (site / entry["source"]).exists()
        assert len(entry["about"]) > 30
        assert "\\" not in entry["name"]
    names = {entry["address"]: entry["name"] for entry in entries}
    assert names["chapters/04_attention/03_softmax.html"] == "4.3 Softmax and temperature"
    keys = re.findall(r"^@\w+\{(\w+),", (ROOT / "book/references.bib").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(keys) > 100
    assert [key for key in keys if re.search(rf"\b{key}\b", text)] == []
    assert not re.search(r" [,.;:]", text)


def test_whole_addresses_are_written_where_the_site_knows_its_own(hosted):
    text = (hosted / "llms.txt").read_text(encoding="utf-8")
    assert "](https://example.org/course/chapters/04_attention/03_softmax.html): " in text
    assert "](https://example.org/course/_sources/chapters/04_attention/03_softmax.ipynb)" in text
    assert not re.search(r"\]\((?!https://example\.org/course/)", text)


def test_what_a_page_says_of_itself_is_not_shown_on_it(site):
    for one in course.pages(ROOT):
        page = (site / f"{one.docname}.html").read_text(encoding="utf-8")
        article = page[page.index("<article") : page.index("</article>")]
        assert '"needs"' not in html.unescape(article), one.path
        assert not re.search(r'<dl class="[^"]*(docinfo|field-list)', article), one.path


@pytest.fixture
def extension(monkeypatch, tmp_path):
    """lc_tree over a copy of the course's texts, which a test may break."""
    for pattern in (
        "_toc.yml",
        "book/*.yml",
        "book/**/*.md",
        "book/*.ipynb",
        "chapters/*/*.ipynb",
        "chapters/*/index.md",
    ):
        for path in ROOT.glob(pattern):
            (tmp_path / path.relative_to(ROOT)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, tmp_path / path.relative_to(ROOT))
    monkeypatch.syspath_prepend(str(ROOT / "book/_ext"))
    module = importlib.import_module("lc_tree")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    yield module, tmp_path
    for name in ("lc_tree", "lc_package"):
        sys.modules.pop(name, None)


def test_metadata_that_do_not_hold_stop_the_build_with_file_and_reason(extension):
    module, root = extension
    module.check(None)
    path = root / "chapters/05_position/03_rotary.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    notebook["metadata"]["course"]["needs"] = ["5.4"]
    path.write_text(json.dumps(notebook), encoding="utf-8")
    with pytest.raises(
        ExtensionError, match=r"03_rotary\.ipynb: page 5\.3 needs itself in a circle: 5\.3 → 5\.4 → 5\.3"
    ):
        module.check(None)
    notebook["metadata"]["course"]["minutes"] = "long"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    with pytest.raises(ExtensionError, match=r"03_rotary\.ipynb: minutes of page 5\.3 must be a whole number"):
        module.check(None)
