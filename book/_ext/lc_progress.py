"""The reader's progress: the record on every page, buttons beside exercises and at the foot, the chapters' summaries.

All of it is kept by the reader's browser (store.js). What the build adds is which pages, exercises, questions and cards
there are.
"""

import html
import json
from collections.abc import Callable

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from lc_package import ROOT, pure_module

PAGE = "book/progress"
SCRIPTS = ("record-format", "store", "marks")  # the widgets' host comes later: it hands the store to them
_known: dict[str, list] = {}


def outline() -> list:
    """The course's pages and what can be done on each, read once for a build."""
    if "outline" not in _known:
        _known["outline"] = pure_module("llmcourse.study.outline").outline(ROOT)
    return _known["outline"]


def read_again(_app: Sphinx) -> None:
    """A second build in one process reads the files anew."""
    _known.clear()


def place(name: str, **attributes: object) -> nodes.raw:
    """An empty place that a script fills."""
    data = "".join(f' data-{key}="{html.escape(str(value))}"' for key, value in attributes.items() if value)
    return nodes.raw("", f'<div class="{name}"{data}></div>', format="html")


def known_link(app: Sphinx, docname: str) -> Callable[[str], str | None]:
    """The address of a page, seen from ``docname``, or None for one that is not built."""

    def link(target: str) -> str | None:
        return app.builder.get_relative_uri(docname, target) if target in app.env.found_docs else None

    return link


class ProgressReport(nodes.General, nodes.Element):
    """Where the report stands; it is drawn when all pages are known."""


class Progress(SphinxDirective):
    """``{lc-progress}``: the reader's progress on all pages; ``{lc-progress} line``: in a line, and where to go on."""

    optional_arguments = 1
    has_content = False

    def run(self) -> list[nodes.Node]:
        """A place that ``add_reports`` fills."""
        if self.arguments not in ([], ["line"]):
            raise self.error(f"unknown form {self.arguments[0]!r}; there is line")
        depend(self.env)
        return [ProgressReport(compact=bool(self.arguments))]


def depend(env: BuildEnvironment) -> None:
    """The page being read is made from the files that say what can be done."""
    for chapter, pages in outline():
        files = [ROOT / chapter.folder / name for name in ("quiz.yml", "cards.yml")]
        for path in (*files, *(ROOT / page.page.path for page in pages)):
            env.note_dependency(str(path))


def mark_chapter(app: Sphinx, _tree: nodes.document) -> None:
    """A chapter's page depends on the same files."""
    if any(f"{chapter.folder}/index" == app.env.docname for chapter, _ in outline()):
        depend(app.env)


def add_reports(app: Sphinx, tree: nodes.document, docname: str) -> None:
    """The report where the directive stands, and one line under the list of a chapter's pages."""
    picture = pure_module("llmcourse.explore.progress_picture")
    link = known_link(app, docname)
    is_site = app.builder.name == "html"
    for node in list(tree.findall(ProgressReport)):
        chapters = [picture.chapter_state(chapter, pages, link) for chapter, pages in outline()]
        options = {"compact": True, "link": link(PAGE)} if node["compact"] else {}
        node.replace_self(nodes.raw("", picture.progress(chapters, **options), format="html") if is_site else [])
    for chapter, pages in outline() if is_site else ():
        lists = [one for one in tree.findall(nodes.definition_list) if "lc-parts" in one["classes"]]
        if f"{chapter.folder}/index" == docname and pages and lists:
            state = picture.chapter_state(chapter, pages, link)
            line = nodes.raw("", picture.progress([state], compact=True, link=link(PAGE)), format="html")
            lists[0].parent.insert(lists[0].parent.index(lists[0]) + 1, line)


def add_places(app: Sphinx, tree: nodes.document, docname: str) -> None:
    """A place for the button in each exercise and at the foot of each page of the course."""
    if app.builder.name != "html":  # on paper nobody presses a button
        return
    identity = pure_module("llmcourse.study.course").page_id(docname)
    if identity is None:
        return
    exercise_id = pure_module("llmcourse.study.outline").exercise_id
    parts = {name: found for _, pages in outline() for page in pages for name, found in page.exercises.items()}
    for box in tree.findall(nodes.admonition):
        title = next(iter(box.findall(nodes.title)), nodes.title()).astext()
        name = exercise_id(title.removeprefix("Exercise "))
        if "exercise" in box["classes"] and name:
            box += place("lc-mark", exercise=name, parts=json.dumps(parts[name]) if parts.get(name) else "")
    tree += place("lc-mark", page=identity, progress=known_link(app, docname)(PAGE))


def setup(app: Sphinx) -> dict:
    """Sphinx calls this."""
    for priority, name in enumerate(SCRIPTS, start=200):
        app.add_js_file(f"js/{name}.js", loading_method="defer", priority=priority)
    app.add_node(ProgressReport)
    app.add_directive("lc-progress", Progress)
    app.connect("builder-inited", read_again)
    app.connect("doctree-read", mark_chapter)
    app.connect("doctree-resolved", add_reports)
    app.connect("doctree-resolved", add_places)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
