"""The whole book as one PDF, printed from the built site by Chromium: ``python tools/make_pdf.py [-o BOOK.pdf]``.

All pages become one long document, so that every link between them leads somewhere inside the file; MathJax sets the
formulas once more there. The outline (parts, chapters, pages, sections) and the title are written afterwards.
"""

import argparse
import datetime
import html
import re
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser
from pypdf import PdfReader, PdfWriter
from pypdf.generic import NameObject, TextStringObject

sys.path.insert(
    0, str(Path(__file__).resolve().parents[1] / "src")
)  # so that it runs where the package is not installed

from export_pages import PLOTS, ROOT, SITE, Entry, chromium, entries, prepare, slug
from llmcourse.files import replacing

TITLE = "How Large Language Models Work"
SUBTITLE = "A course through mathematics"
FOOTER = (
    '<div style="width:100%;font-size:8px;text-align:center;color:#555;font-family:sans-serif">'
    '<span class="pageNumber"></span></div>'
)
STYLE = """
html[data-theme] { --lc-paper: #fff; }
@media print { html { font-size: 9.5pt; } }
.bd-article details > summary { list-style: none; }
.lc-book-part { break-before: page; padding-top: 30vh; text-align: center; }
.lc-book-page { break-before: page; }
.lc-book-title { height: 90vh; display: flex; flex-direction: column; justify-content: center; text-align: center; }
.lc-book-title h1 { font-size: 2.6rem; }
.lc-book-contents ul { list-style: none; padding-left: 1.2rem; }
.lc-book-contents > ul { padding: 0; }
.bd-article a { color: inherit; }
"""


def contents(book: list[Entry]) -> str:
    """The table of contents, with a link to each page."""
    rows, open_list = [], False
    for entry in book:
        if entry.part:
            rows.append("</ul>" if open_list else "")
            rows.append(f"<p><strong>{html.escape(entry.part)}</strong></p><ul>")
            open_list = True
        elif not open_list:
            rows.append("<ul>")
            open_list = True
        style = ' style="padding-left:1.4rem"' if entry.depth == 2 else ""
        rows.append(f'<li{style}><a href="#{slug(entry.page)}">{html.escape(entry.title)}</a></li>')
    return f'<section class="lc-book-page lc-book-contents"><h1>Contents</h1>{"".join(rows)}</ul></section>'


def document(book: list[Entry], site: Path, folder: Path) -> str:
    """The long document: the site's own styles and MathJax, a title page, the contents, the pages."""
    page = (site / "book/notation.html").read_text(encoding="utf-8")  # one with formulas
    widget = '<link rel="stylesheet" href="../_static/widgets/widget.css">'
    head = "\n".join([*re.findall(r'<link rel="stylesheet"[^>]*>', page), widget])
    config = next(iter(re.findall(r"<script>window\.MathJax = .*?</script>", page)))
    head = head.replace('href="../', f'href="{site.as_uri()}/')
    today = datetime.date.today()
    parts = []
    for entry in book:
        # A browser writes down where an anchor is only if something links to it: the outline needs all of them.
        anchors = [one["id"] for one in entry.headings if one["id"]] + [slug(entry.part)] * bool(entry.part)
        parts += [f'<a href="#{anchor}" hidden></a>' for anchor in anchors]
        if entry.part:
            parts.append(
                f'<section class="lc-book-part" id="{slug(entry.part)}"><h1>{html.escape(entry.part)}</h1></section>'
            )
        body = entry.body.replace('src="site/', f'src="{site.as_uri()}/')
        body = re.sub(r'src="([\w.-]+\.png)"', lambda match: f'src="{(folder / match[1]).as_uri()}"', body)
        parts.append(f'<section class="lc-book-page" id="{slug(entry.page)}">{body}</section>')
    return (
        f'<!doctype html><html lang="en" data-theme="light" data-mode="light"><head><meta charset="utf-8">'
        f"<title>{TITLE}</title>{head}<style>{STYLE}</style>{config}"
        f'<script defer src="{site.as_uri()}/_static/mathjax/tex-svg.js"></script></head>'
        f'<body><main class="bd-main"><div class="bd-content"><div class="bd-article-container">'
        f'<article class="bd-article">'
        f'<section class="lc-book-title"><h1>{TITLE}</h1><p>{SUBTITLE}</p>'
        f"<p>Printed on {today.day} {today:%B %Y}. The site has the same pages with live figures, quizzes and "
        f"exercises that check themselves.</p></section>{contents(book)}{''.join(parts)}"
        f"</article></div></div></main></body></html>"
    )


def print_document(browser: Browser, text: str, folder: Path) -> Path:
    """Typeset and print. The file is in ``folder``.

    Raises:  SystemExit if a formula fails.
    """
    source, target = folder / "book.html", folder / "printed.pdf"
    source.write_text(text, encoding="utf-8")
    tab = browser.new_page()
    tab.goto(source.as_uri(), wait_until="load", timeout=120_000)
    tab.wait_for_function("() => MathJax?.startup?.promise?.then(() => true)", timeout=600_000)
    tab.evaluate("document.fonts.ready.then(() => true)")
    wrong = tab.evaluate("[...document.querySelectorAll('[data-mml-node=merror]')].map(one => one.textContent)")
    if wrong:
        raise SystemExit(f"MathJax cannot set {wrong[0]!r}")
    tab.pdf(
        path=target,
        format="A4",
        print_background=True,
        tagged=True,
        display_header_footer=True,
        header_template="<span></span>",
        footer_template=FOOTER,
        margin={"top": "20mm", "bottom": "20mm", "left": "22mm", "right": "22mm"},
    )
    tab.close()
    return target


def finish(printed: Path, book: list[Entry], target: Path) -> int:
    """Outline (parts, chapters, pages, sections), title and language; the number of pages of paper."""
    reader = PdfReader(printed)
    places = reader.named_destinations
    writer = PdfWriter(clone_from=reader)

    def mark(text: str, anchor: str, parent: object) -> object:
        number = reader.get_destination_page_number(places[f"/{anchor}"])
        return writer.add_outline_item(title=text, page_number=number, parent=parent)

    part = chapter = None
    for entry in book:
        if entry.part:
            part = mark(entry.part, slug(entry.part), None)
        above = chapter if entry.depth == 2 else part
        here = mark(entry.title, slug(entry.page), above)
        chapter = here if entry.depth == 1 else chapter
        for heading in entry.headings:
            if heading["level"] == 2 and heading["id"]:
                mark(heading["text"], heading["id"], here)
    writer.add_metadata({"/Title": TITLE, "/Subject": SUBTITLE, "/Author": "The llmcourse authors"})
    writer.root_object[NameObject("/Lang")] = TextStringObject("en")
    with replacing(target) as whole:
        writer.write(whole)
    return len(reader.pages)


def make(browser: Browser, site: Path, target: Path, book: list[Entry]) -> int:
    """Write the PDF of these pages; the number of pages of paper.

    Raises:  SystemExit if a page is not built or a formula cannot be set.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        prepare(browser, site, book, folder, live=PLOTS, target="print")
        printed = print_document(browser, document(book, site, folder), folder)
        return finish(printed, book, target)


def main() -> None:
    """Print the book."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("-o", "--out", type=Path, default=ROOT / "_build/llmcourse.pdf")
    target = options.parse_args().out
    with chromium() as browser:
        pages = make(browser, SITE, target, entries())
    print(f"{target}: {pages} pages, {target.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
