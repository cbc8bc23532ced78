"""The API reference: ``{lc-module} llmcourse.data`` lists a module from its source and imports nothing."""

from docutils import nodes
from docutils.statemachine import StringList
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from lc_backlinks import index, notebooks
from lc_package import module_file
from lc_source import Entry, docstring_to_myst, read_module


class ModuleReference(SphinxDirective):
    """A module's docstring, then each public function and class with the pages that explain it and its source."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Nodes of the whole module."""
        name = self.arguments[0]
        path = module_file(name)
        self.env.note_dependency(str(path))
        for notebook in notebooks():
            self.env.note_dependency(str(notebook))
        docstring, entries = read_module(path)
        pages = index()
        lines = [f"````{{py:module}} {name}", "````", "", *docstring_to_myst(docstring), ""]
        for entry in entries:
            lines += _entry_lines(entry, name, pages, fence=12)
        found = self.parse(lines, str(path))
        for signature in (one for node in found for one in node.findall(addnodes.desc_signature)):
            _plain_annotations(signature)
        return found

    def parse(self, lines: list[str], source: str) -> list[nodes.Node]:
        """MyST lines as nodes."""
        holder = nodes.container()
        holder.document = self.state.document
        self.state.nested_parse(StringList(lines, source=source), self.content_offset, holder)
        return holder.children


def _entry_lines(entry: Entry, scope: str, pages: dict, *, fence: int) -> list[str]:
    """MyST of one entry. Inner fences are shorter than outer ones."""
    name = f"{scope}.{entry.name}"
    bar = "`" * fence
    lines = [
        f"{bar}{{py:{entry.kind}}} {entry.name}{entry.signature}",
        *entry.options,
        "",
        *docstring_to_myst(entry.docstring),
    ]
    for member in entry.members:
        lines += ["", *_entry_lines(member, name, pages, fence=fence - 4)]
    if entry.kind in ("function", "class"):
        lines += ["", *_explained(pages.get(name, [])), *_listing(entry, name)]
    return [*lines, bar, ""]


def _explained(found: list[tuple[str, bool]]) -> list[str]:
    """Links to the pages that show the entry's source, or else to those that use it."""
    if not found:
        return []
    shown = [page for page, is_shown in found if is_shown]
    word, linked = ("Explained in", shown) if shown else ("Used in", [page for page, _ in found])
    links = ", ".join(f"{{doc}}`/{page}`" for page in linked)
    return ["{.lc-explained}", f"{word} {links}", ""]


def _listing(entry: Entry, name: str) -> list[str]:
    """The source, folded."""
    summary = f'<details class="lc-source"><summary>Source of <code>{name.split(".")[-1]}</code></summary>'
    fence = "`" * 4
    return [
        f"{fence}{{raw}} html",
        summary,
        fence,
        "",
        "```python",
        entry.source,
        "```",
        "",
        f"{fence}{{raw}} html",
        "</details>",
        fence,
        "",
    ]


def _plain_annotations(signature: addnodes.desc_signature) -> None:
    """Types of other libraries have no page here: their names stay text."""
    for reference in list(signature.findall(addnodes.pending_xref)):
        if not reference.get("reftarget", "").startswith("llmcourse."):
            reference.replace_self(reference.children)


def setup(app: Sphinx) -> dict:
    """Sphinx calls this."""
    app.add_directive("lc-module", ModuleReference)
    return {"version": "1", "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
