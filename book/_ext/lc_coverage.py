"""The coverage page: topics of the sources and where the course treats them, from the pages' metadata."""

from types import ModuleType

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from lc_package import ROOT, pure_module
from lc_tree import course_files

WORDS = {"treated": "treated", "planned": "planned", "gap": "nowhere yet"}


class Coverage(SphinxDirective):
    """``{lc-coverage} NUMBER``: the table of one source, counted from 1 as in book/topics.yml."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """A sentence that counts, and a table with a row for each topic."""
        for name in course_files():
            self.env.note_dependency(name)
        sources = pure_module("llmcourse.study.coverage").coverage(ROOT)
        number = self.arguments[0]
        if not number.isdigit() or not 1 <= int(number) <= len(sources):
            raise self.error(f"there is no source {number}; there are 1 to {len(sources)}")
        source, markup = sources[int(number) - 1], pure_module("llmcourse.explore.markup")
        counted = [f"{source.count(state)} {words}" for state, words in WORDS.items() if source.count(state)]
        sentence = f"{source.note} {len(source.topics)} topics: {', '.join(counted)}."
        return [nodes.paragraph("", sentence), nodes.raw("", self.table(source, markup), format="html")]

    def table(self, source: object, markup: ModuleType) -> str:
        """One body of rows for each group, under its title."""
        element = markup.element
        heads = (element("th", {"scope": "col"}, text) for text in ("Topic", "Where"))
        bodies = []
        for group in source.groups:
            title = element("th", {"scope": "rowgroup", "colspan": 2}, group.title)
            rows = (
                element(
                    "tr",
                    {"class": f"lc-{topic.state}", "data-topic": topic.id},
                    element("th", {"scope": "row"}, topic.title),
                    element("td", {}, *self.where(topic, markup)),
                )
                for topic in group.topics
            )
            bodies.append(element("tbody", {}, element("tr", {"class": "lc-group"}, title), *rows))
        return element(
            "table", {"class": "table lc-coverage"}, element("thead", {}, element("tr", {}, *heads)), *bodies
        )

    def where(self, topic: object, markup: ModuleType) -> list[str]:
        """Links to the written pages, the names of the planned ones, or the word that it is nowhere."""
        here, builder, parts = self.env.docname, self.env.app.builder, []
        for page in topic.written:
            address = builder.get_relative_uri(here, page.docname)
            name = page.title if page.id == "0" else f"{page.id} {page.title}"
            parts += [", " if parts else "", markup.element("a", {"href": address}, name)]
        if topic.planned:
            names = ", ".join(f"{page.id} {page.title}" for page in topic.planned)
            parts.append(f"{'; later' if parts else 'planned'}: {names}")
        return parts or [markup.element("strong", {}, WORDS["gap"])]


def setup(app: Sphinx) -> dict:
    """Sphinx calls this."""
    app.add_directive("lc-coverage", Coverage)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
