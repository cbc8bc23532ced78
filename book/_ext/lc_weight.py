"""What a page need not load: a second set of icons, the search index away from the search page, source maps.

Sphinx loads math where a page or one listed under it has a formula; here it is the page alone that counts. Quizzes and
cards bring formulas too, in the JSON of their state, where the quotation mark of ``class="math"`` is escaped.
"""

import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

# The theme's style sheet holds the same icons as a font, fetched only for the ones in use.
_UNUSED = re.compile(
    r'\s*<script[^>]*src="[^"]*(?:fontawesome|searchtools|language_data|searchindex)\.js[^"]*"[^>]*></script>'
)

_MATH = re.compile(r'class=\\?"math')


def lean(head: str) -> str:
    """The theme's part of a page's head without the scripts that the page does not need."""
    return _UNUSED.sub("", head)


def offer(_app: Sphinx, _page: str, _template: str, context: dict, _doctree: nodes.document | None) -> None:
    """Give ``lean`` to templates/layout.html, and drop math from pages without formulas."""
    context["lc_lean"] = lean
    if not _MATH.search(context.get("body", "")):
        scripts = context["script_files"]
        scripts[:] = [one for one in scripts if "mathjax" not in f"{one}{getattr(one, 'attributes', '')}".lower()]


def drop_unused_files(app: Sphinx, error: Exception | None) -> None:
    """Remove what no page asks for."""
    if error or app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    for pattern in ("**/*.map", "scripts/fontawesome.js*", "vendor/fontawesome/**/*.ttf"):
        for path in list(static.glob(pattern)):
            path.unlink()


def setup(app: Sphinx) -> dict:
    """Sphinx calls this."""
    app.connect("html-page-context", offer, priority=950)
    app.connect("build-finished", drop_unused_files)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
