"""Two tables made from other files: the axis letters of ``llmcourse.shapes`` and the last run of every notebook."""

import ast
import json
import re

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from lc_backlinks import notebooks
from lc_package import ROOT, module_file

_LETTER = re.compile(r"(?<!\S)([A-Z])  (\S+(?: \S+)*)")
STATUS = ROOT / "book/status.json"


def axis_letters(docstring: str) -> list[tuple[str, str]]:
    """The letters and their meanings: in each indented line, a capital, two spaces, words."""
    rows = [line for line in docstring.splitlines() if line.startswith("    ")]
    pairs = [pair for row in rows for pair in _LETTER.findall(row)]
    if not pairs:
        raise ValueError("the docstring of llmcourse.shapes has no line like '    B  sequences in a batch'")
    return pairs


def shared_versions(recorded: list[dict]) -> dict[str, str]:
    """The versions that every run had."""
    runs = [set(run["versions"].items()) for run in recorded if run.get("versions")]
    return dict(set.intersection(*runs)) if runs else {}


def listed(versions: dict[str, str]) -> str:
    """``numpy 2.4.6, torch 2.13.0``."""
    return ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))


def run_status(pages: list[str], recorded: dict[str, dict]) -> list[list[str]]:
    """One row per page: the page, seconds, date, versions that not all pages share. A page without a record says so."""
    shared = shared_versions([recorded[page] for page in pages if page in recorded])
    rows = []
    for page in pages:
        run = recorded.get(page, {})
        link = f"{{doc}}`/{page.removesuffix('.ipynb')}`"
        if not run:
            rows.append([link, "not yet run", "", ""])
            continue
        own = {name: version for name, version in run.get("versions", {}).items() if shared.get(name) != version}
        rows.append([link, f"{run['seconds']:.1f}&nbsp;s", str(run.get("passed") or "never"), listed(own)])
    return rows if any(row[-1] for row in rows) else [row[:-1] for row in rows]


def table(header: list[str], rows: list[list[str]]) -> list[str]:
    """A Markdown table."""
    return [f"| {' | '.join(row)} |" for row in (header, ["---"] * len(header), *rows)]


class _Generated(SphinxDirective):
    def parse(self, lines: list[str]) -> list[nodes.Node]:
        holder = nodes.container()
        holder.document = self.state.document
        self.state.nested_parse(StringList(lines, source=self.env.docname), self.content_offset, holder)
        return holder.children


class AxisLetters(_Generated):
    """``{lc-axis-letters}``: what each axis letter means."""

    def run(self) -> list[nodes.Node]:
        """The table."""
        path = module_file("llmcourse.shapes")
        self.env.note_dependency(str(path))
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")), clean=False) or ""
        rows = [[f"`{letter}`", meaning] for letter, meaning in sorted(axis_letters(docstring))]
        return self.parse(table(["Letter", "What the axis counts"], rows))


class RunStatus(_Generated):
    """``{lc-run-status}``: when each notebook last passed, how long it took, and with which versions."""

    def run(self) -> list[nodes.Node]:
        """The table."""
        self.env.note_dependency(str(STATUS))
        recorded = json.loads(STATUS.read_text(encoding="utf-8")) if STATUS.exists() else {}
        recorded = recorded.get("pages", recorded)
        pages = [path.relative_to(ROOT).as_posix() for path in notebooks()]
        rows = run_status(pages, recorded)
        found = self.parse(table(["Page", "Time to run", "Last passed", "With"][: len(rows[0])], rows))
        for one in found:
            one["classes"].append("lc-status")
        shared = listed(shared_versions([recorded[page] for page in pages if page in recorded]))
        return [*found, *self.parse([f"All of them with {shared}." if shared else ""])]


def setup(app: Sphinx) -> dict:
    """Sphinx calls this."""
    app.add_directive("lc-axis-letters", AxisLetters)
    app.add_directive("lc-run-status", RunStatus)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
