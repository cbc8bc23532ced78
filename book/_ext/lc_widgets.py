"""Widgets on pages: each module as a classic script (an ES import fails on file://), the host only where needed."""

from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

from lc_package import SOURCE, pure_module

STYLE = SOURCE / "llmcourse/explore/widget.css"


def write_scripts(app: Sphinx) -> None:
    """_static/widgets/NAME.widget.js for every widget of the package, and their common style."""
    if app.builder.format != "html":
        return
    bundle = pure_module("llmcourse.explore.bundle")
    folder = Path(app.outdir, "_static/widgets")
    folder.mkdir(parents=True, exist_ok=True)
    for name in bundle.widget_names():
        (folder / f"{name}.widget.js").write_text(bundle.classic_script(name), encoding="utf-8")
    if STYLE.exists():
        (folder / "widget.css").write_text(STYLE.read_text(encoding="utf-8"), encoding="utf-8")


def add_host(app: Sphinx, _page: str, _template: str, context: dict, _doctree: nodes.document | None) -> None:
    """Load the host and the widgets' style on pages that hold a widget."""
    if 'class="lc-widget"' in context.get("body", ""):
        app.add_css_file("widgets/widget.css", priority=700)
        app.add_js_file("js/host.js", loading_method="defer")


def setup(app: Sphinx) -> dict:
    """Sphinx calls this."""
    app.connect("builder-inited", write_scripts)
    app.connect("html-page-context", add_host)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
