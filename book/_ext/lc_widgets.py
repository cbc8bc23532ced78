"""Widgets on pages: each module as a classic script (an ES import fails on file://), the host only where needed."""

import json
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from lc_package import ROOT, pure_module


def write_scripts(app: Sphinx) -> None:
    """_static/widgets/NAME.widget.js for every widget of the package, and their common style."""
    if app.builder.format != "html":
        return
    bundle = pure_module("llmcourse.explore.bundle")
    folder = Path(app.outdir, "_static/widgets")
    folder.mkdir(parents=True, exist_ok=True)
    for name in bundle.widget_names():
        (folder / f"{name}.widget.js").write_text(bundle.classic_script(name), encoding="utf-8")
    (folder / "widget.css").write_text(bundle.style(), encoding="utf-8")


def add_host(app: Sphinx, _page: str, _template: str, context: dict, _doctree: nodes.document | None) -> None:
    """Load the host and the widgets' style on pages that hold a widget."""
    if 'class="lc-widget"' in context.get("body", ""):
        app.add_css_file("widgets/widget.css", priority=700)
        app.add_js_file("js/host.js", loading_method="defer")


class WidgetOf(SphinxDirective):
    """``{lc-widget-of} NOTEBOOK NAME``: a page's widget once more, with the state and picture stored there."""

    required_arguments = 2
    option_spec: ClassVar[dict] = {}

    def run(self) -> list[nodes.Node]:
        """The widget's HTML, or an error that names what is missing."""
        page, name = self.arguments
        path = ROOT / page
        if not path.exists():
            raise self.error(f"no notebook {page}")
        self.env.note_dependency(str(path))
        mark = f'class="lc-widget" data-widget="{name}"'
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            for output in cell.get("outputs", []):
                page_html = "".join(output.get("data", {}).get("text/html", ""))
                if mark in page_html:
                    return [nodes.raw("", page_html, format="html")]
        raise self.error(f"{page} has no stored output of a widget named {name}")


def setup(app: Sphinx) -> dict:
    """Sphinx calls this."""
    app.add_directive("lc-widget-of", WidgetOf)
    app.connect("builder-inited", write_scripts)
    app.connect("html-page-context", add_host)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
