"""The flashcards of all chapters: data of the review page, files to take along, ``{lc-review}`` and its links.

A file of cards that is wrong ends the build with its name, line and reason.
"""

import os
import time
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

from lc_package import ROOT, pure_module

ANKI, TABLE = "flashcards.apkg", "flashcards.csv"


def files() -> list[Path]:
    """Every file of cards, also of chapters that no page of this build shows."""
    return sorted([*ROOT.glob("chapters/*/cards.yml"), *ROOT.glob("book/digest/cards.yml")])


def decks() -> list:
    """The chapters of the table of contents with their cards."""
    return pure_module("llmcourse.study.cards").decks(ROOT)


def check_every_file(_app: Sphinx) -> None:
    """Before anything is built."""
    try:
        for path in files():
            pure_module("llmcourse.study.cards").load(path)
    except pure_module("llmcourse.study.yaml_lines").FileError as error:
        raise ExtensionError(str(error).replace(f"{ROOT}/", "")) from None


def write_files(app: Sphinx) -> None:
    """_static/data/flashcards.js, and _static/cards/ with what a reader may take along."""
    found = decks()
    if app.builder.format != "html":
        return
    markup, exports = (pure_module(f"llmcourse.{name}") for name in ("explore.review_markup", "study.card_exports"))
    data, cards = (Path(app.outdir, "_static", name) for name in ("data", "cards"))
    for folder in (data, cards):
        folder.mkdir(parents=True, exist_ok=True)
    script = pure_module("llmcourse.explore.bundle").data_script(markup.ASSET, markup.review_data(found))
    (data / f"{markup.ASSET}.js").write_text(script, encoding="utf-8")
    table = exports.csv_text(card for deck in found for card in deck.cards)
    (cards / TABLE).write_text(table, encoding="utf-8")
    if found:
        when = float(os.environ.get("SOURCE_DATE_EPOCH", time.time()))
        exports.write_anki(cards / ANKI, found, when=when)


class ReviewPlace(nodes.General, nodes.Element):
    """Where the widget or the links stand; they are written when the address of the page is known."""


class Review(SphinxDirective):
    """``{lc-review}``: the widget. ``{lc-card-files}``: links to the files."""

    def run(self) -> list[nodes.Node]:
        """A place that ``fill_places`` fills. The page depends on all files of cards."""
        for path in files():
            self.env.note_dependency(str(path))
        return [ReviewPlace(what=self.name)]


def fill_places(app: Sphinx, tree: nodes.document, docname: str) -> None:
    """The HTML of each place on a page of the site; elsewhere there is nothing."""
    for node in list(tree.findall(ReviewPlace)):
        html = _html(app, docname, node["what"]) if app.builder.name == "html" else ""
        node.replace_self(nodes.raw("", html, format="html") if html else [])


def _html(app: Sphinx, docname: str, what: str) -> str:
    found, root = decks(), "../" * docname.count("/")
    if what == "lc-review":

        def link(target: str) -> str | None:
            return app.builder.get_relative_uri(docname, target) if target in app.env.found_docs else None

        return pure_module("llmcourse.explore.review_markup").review(found, root, link)
    count = sum(len(deck.cards) for deck in found)
    forms = ((ANKI, "for Anki", "one deck for each chapter"), (TABLE, "as a table", "CSV, with the text in Markdown"))
    links = "".join(
        f'<li><a href="{root}_static/cards/{name}" download>All {count} cards {form}</a> ({words})</li>'
        for name, form, words in forms
    )
    return f"<ul>{links}</ul>"


def setup(app: Sphinx) -> dict:
    """Sphinx calls this."""
    app.add_node(ReviewPlace)
    app.add_directive("lc-review", Review)
    app.add_directive("lc-card-files", Review)
    app.connect("builder-inited", check_every_file, priority=400)
    app.connect("builder-inited", write_files)
    app.connect("doctree-resolved", fill_places)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
