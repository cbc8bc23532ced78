"""What a reader can check: cards and questions at the end of each page, the whole quiz on each chapter's index.

A quiz.yml that is wrong ends the build with its name, line and reason. A chapter without one has no quiz, and no more.
"""

from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.transforms import SphinxTransform

from lc_package import ROOT, pure_module

TITLE = "Check yourself"
BEFORE = "Sources"
REVIEW = "book/review"


class Check(nodes.General, nodes.Element):
    """Where cards and quiz stand: ``page`` is an id, or empty for the quiz of the whole chapter in ``folder``."""


def read_quiz(folder: Path) -> object | None:
    """The quiz of a chapter's folder, None without one; an error that stops the build if it is wrong."""
    path = folder / "quiz.yml"
    if not path.is_file():
        return None
    try:
        return pure_module("llmcourse.study.quiz").load(path)
    except pure_module("llmcourse.study.yaml_lines").FileError as error:
        raise ExtensionError(str(error).replace(f"{ROOT}/", "")) from None


def check_every_quiz(_app: Sphinx) -> None:
    """Before anything is built: also what no page of this build shows must be right."""
    for path in sorted([*ROOT.glob("chapters/*/quiz.yml"), *ROOT.glob("book/digest/quiz.yml")]):
        read_quiz(path.parent)


def cards_of(page: str) -> tuple:
    """The page's flashcards. lc_cards reports a wrong file."""
    return pure_module("llmcourse.study.cards").of_page(ROOT, page)


class AddChecks(SphinxTransform):
    """A section before the sources of a page, early enough to stand in its table of contents."""

    default_priority = 800  # after the headings have their ids, before the tables of contents are made

    def apply(self, **_: object) -> None:
        """Insert what this document has, and depend on the files that it comes from."""
        folder = Path(self.env.doc2path(self.env.docname)).parent
        page = pure_module("llmcourse.study.course").page_id(self.env.docname)
        top = next(iter(self.document.findall(nodes.section)), None)
        is_index = page is None and self.env.docname.endswith("/index") and (folder / "quiz.yml").is_file()
        if top is None or not (page or is_index):
            return
        for name in ("quiz.yml", "cards.yml"):
            self.env.note_dependency(str(folder / name))
        where = folder.relative_to(ROOT).as_posix()
        if is_index:
            top += Check(page="", folder=where)
            return
        quiz = read_quiz(folder)
        if cards_of(page) or (quiz and quiz.of_page(page).questions):
            section = nodes.section("", nodes.title("", TITLE), ids=[nodes.make_id(TITLE)], names=[TITLE.lower()])
            section += Check(page=page, folder=where)
            top.insert(place_of(top), section)


def place_of(top: nodes.section) -> int:
    """Where the section goes: before the sources, or at the end."""
    for i, part in enumerate(top):
        if isinstance(part, nodes.section) and part[0].astext() == BEFORE:
            return i
    return len(top)


def say_that_there_is_math(app: Sphinx, doctree: nodes.document) -> None:
    """Questions and cards bring formulas to pages that may have none in their text."""
    if any(True for _ in doctree.findall(Check)):
        app.env.get_domain("math").data["has_equations"][app.env.docname] = True


def fill_checks(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """The widgets themselves, now that it is known who asks and where the page will stand."""
    quiz_html = pure_module("llmcourse.explore.quiz_markup").quiz_html
    for place in list(doctree.findall(Check)):
        quiz = read_quiz(ROOT / place["folder"])
        parts = []
        if place["page"]:
            if cards := cards_of(place["page"]):
                known = REVIEW in app.env.found_docs
                review = app.builder.get_relative_uri(docname, REVIEW) if known else ""
                parts.append(pure_module("llmcourse.explore.flashcards_markup").flashcards(cards, review=review))
            parts.append(quiz_html(quiz.of_page(place["page"])) if quiz else "")
        elif quiz:
            summary = f"Quiz: all {len(quiz.questions)} questions of this chapter"
            parts.append(f'<details class="lc-whole-quiz"><summary>{summary}</summary>{quiz_html(quiz)}</details>')
        place.replace_self(nodes.raw("", "\n".join(part for part in parts if part), format="html"))


def setup(app: Sphinx) -> dict:
    """Sphinx calls this."""
    app.add_node(Check)
    app.add_transform(AddChecks)
    app.connect("builder-inited", check_every_quiz)
    app.connect("doctree-read", say_that_there_is_math)
    app.connect("doctree-resolved", fill_checks, priority=400)  # before what others add at the end of a page
    return {"version": "1", "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
