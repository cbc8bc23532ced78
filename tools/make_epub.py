"""The whole book as an EPUB 3, from the built site: ``python tools/make_epub.py [-o BOOK.epub]``.

Each page becomes a file of well-formed XHTML with MathML (MathJax makes it of the TeX), figures as SVG, and a picture
of each widget at rest. tests/site/test_exports.py hands the result to epubcheck.
"""

import argparse
import datetime
import html
import re
import sys
import tempfile
import uuid
import zipfile
from pathlib import Path
from string import Template
from xml.sax.saxutils import escape

from playwright.sync_api import Browser

sys.path.insert(
    0, str(Path(__file__).resolve().parents[1] / "src")
)  # so that it runs where the package is not installed

from export_pages import DRAWN, ROOT, SITE, Entry, chromium, entries, prepare, slug
from llmcourse.files import replacing
from llmcourse.palette import LIGHT

TITLE = "How Large Language Models Work"
AUTHOR = "The llmcourse authors"
IDENTIFIER = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, 'llmcourse')}"
STYLE = Path(__file__).with_name("epub.css")
COVER = ROOT / "book/assets/img/social.png"
KINDS = {".png": "image/png", ".svg": "image/svg+xml", ".jpg": "image/jpeg"}
CONTAINER = """<?xml version="1.0" encoding="UTF-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
  <rootfiles><rootfile full-path="EPUB/book.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>
"""
PAGE = Template("""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" xml:lang="en" lang="en">
<head><meta charset="utf-8"/><title>$title</title><link rel="stylesheet" type="text/css" href="epub.css"/></head>
<body>$body</body>
</html>
""")
PACKAGE = Template("""<?xml version="1.0" encoding="UTF-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="en">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">$identifier</dc:identifier><dc:title>$title</dc:title><dc:language>en</dc:language>
<dc:creator>$author</dc:creator><dc:rights>Text and figures: CC BY 4.0. Code: MIT.</dc:rights>
<meta property="dcterms:modified">$modified</meta>
<meta property="schema:accessMode">textual</meta><meta property="schema:accessMode">visual</meta>
<meta property="schema:accessModeSufficient">textual</meta>
<meta property="schema:accessibilityFeature">MathML</meta>
<meta property="schema:accessibilityFeature">alternativeText</meta>
<meta property="schema:accessibilityFeature">tableOfContents</meta>
<meta property="schema:accessibilityHazard">none</meta>
</metadata>
<manifest>
$manifest
</manifest>
<spine>
$spine
</spine>
</package>
""")


def file_name(page: str) -> str:
    """The file of a page, as export.js links to it."""
    return f"{slug(page)}.xhtml"


def paper(body: str) -> str:
    """The palette's variables, which few readers know, as its light colors."""
    return re.sub(r"var\(--lc-([\w-]+)\)", lambda match: LIGHT.get(match[1], "currentColor"), body)


def navigation(book: list[Entry]) -> str:
    """nav.xhtml: parts, chapters, pages and their sections, nested."""

    def link(entry: Entry) -> str:
        sections = [one for one in entry.headings if one["level"] == 2 and one["id"]]
        target = file_name(entry.page)
        inner = "".join(f'<li><a href="{target}#{one["id"]}">{escape(one["text"])}</a></li>' for one in sections)
        return f'<a href="{target}">{escape(entry.title)}</a>', f"<ol>{inner}</ol>" if inner else ""

    parts: list[tuple[str, list]] = [("", [])]
    for entry in book:
        if entry.part:
            parts.append((entry.part, []))
        chapters = parts[-1][1]
        if entry.depth == 2 and chapters:
            chapters[-1][1].append(entry)
        else:
            chapters.append((entry, []))
    rows = []
    for caption, chapters in parts:
        inside = ""
        for chapter, pages in chapters:
            own, sections = link(chapter)
            below = "".join(f"<li>{''.join(link(page))}</li>" for page in pages)
            inside += f"<li>{own}{f'<ol>{below}</ol>' if below else sections}</li>"
        rows.append(f"<li><span>{escape(caption)}</span><ol>{inside}</ol></li>" if caption else inside)
    body = f'<nav epub:type="toc" id="toc" role="doc-toc"><h1>Contents</h1><ol>{"".join(rows)}</ol></nav>'
    return PAGE.substitute(title="Contents", body=body)


def package(book: list[Entry], images: dict[str, Path], modified: datetime.datetime) -> str:
    """book.opf: every file with what it holds, and the order of reading."""
    items = [
        '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>',
        '<item id="css" href="epub.css" media-type="text/css"/>',
        '<item id="cover" href="cover.png" media-type="image/png" properties="cover-image"/>',
    ]
    for number, entry in enumerate(book):
        holds = " ".join(name for name, there in (("mathml", entry.math), ("svg", entry.svg)) if there)
        properties = f' properties="{holds}"' if holds else ""
        items.append(
            f'<item id="p{number}" href="{file_name(entry.page)}" media-type="application/xhtml+xml"{properties}/>'
        )
    for number, name in enumerate(images):
        items.append(f'<item id="i{number}" href="{html.escape(name)}" media-type="{KINDS[Path(name).suffix]}"/>')
    spine = ['<itemref idref="nav"/>', *(f'<itemref idref="p{number}"/>' for number in range(len(book)))]
    return PACKAGE.substitute(
        identifier=IDENTIFIER,
        title=TITLE,
        author=AUTHOR,
        modified=f"{modified:%Y-%m-%dT%H:%M:%SZ}",
        manifest="\n".join(items),
        spine="\n".join(spine),
    )


def make(browser: Browser, site: Path, target: Path, book: list[Entry]) -> int:
    """Write the EPUB of these pages; how many files it holds.

    Raises:  SystemExit if a page is not built.
    """
    images: dict[str, Path] = {}
    with tempfile.TemporaryDirectory() as scratch, replacing(target) as whole:
        folder = Path(scratch)
        prepare(browser, site, book, folder, live=DRAWN, target="epub")
        for entry in book:
            for name in entry.images:
                images[Path(name).name] = (
                    site / name.removeprefix("site/") if name.startswith("site/") else folder / name
                )
        with zipfile.ZipFile(whole, "w") as bundle:
            bundle.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)  # first, and not compressed

            def add(name: str, content: str | bytes) -> None:
                bundle.writestr(name, content, zipfile.ZIP_DEFLATED)

            add("META-INF/container.xml", CONTAINER)
            add("EPUB/book.opf", package(book, images, datetime.datetime.now(datetime.UTC)))
            add("EPUB/nav.xhtml", navigation(book))
            add("EPUB/epub.css", STYLE.read_bytes())
            add("EPUB/cover.png", COVER.read_bytes())
            for name, path in images.items():
                add(f"EPUB/{name}", path.read_bytes())
            for entry in book:
                body = re.sub(r'src="site/[^"]*?([^/"]+)"', r'src="\1"', paper(entry.body))
                add(f"EPUB/{file_name(entry.page)}", PAGE.substitute(title=escape(entry.title), body=body))
            return len(bundle.namelist())


def main() -> None:
    """Write the book."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("-o", "--out", type=Path, default=ROOT / "_build/llmcourse.epub")
    target = options.parse_args().out
    with chromium() as browser:
        files = make(browser, SITE, target, entries())
    print(f"{target}: {files} files, {target.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
