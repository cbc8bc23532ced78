"""Plotly figures: one local plotly.min.js for the site, fetched when the first figure of a page scrolls into view.

A page holds ``<div class="lc-plotly" role="img" aria-label="…"><script type="application/json">FIGURE</script></div>``
with Plotly's own ``{data, layout, frames, config}``; js/plotly-host.js draws it.
"""

import html
import json
import re
import shutil
from importlib.util import find_spec
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

_FIGURE = re.compile(
    r'(<div class="lc-plotly" role="img" aria-label="([^"]*)">)(<script type="application/json">(.*?)</script></div>)',
    re.DOTALL,
)


def framed(match: re.Match) -> str:
    """The figure with its words for readers without scripts, and its caption below."""
    opening, alt, drawing, source = match.groups()
    words = f'{opening}<noscript><p class="lc-plotly-words">{alt}</p></noscript>{drawing}'
    caption = (json.loads(source).get("layout", {}).get("meta") or {}).get("caption")
    if not caption:
        return words
    return f"<figure>{words}<figcaption><p>{html.escape(caption)}</p></figcaption></figure>"


def add_scripts(app: Sphinx, _page: str, _template: str, context: dict, _doctree: nodes.document | None) -> None:
    """Load the drawing script on pages that hold a figure, and bring the library into the site."""
    if 'class="lc-plotly"' not in context.get("body", ""):
        return
    context["body"] = _FIGURE.sub(framed, context["body"])
    app.add_js_file("js/palette.js", loading_method="defer")
    app.add_js_file("js/plotly-host.js", loading_method="defer")
    target = Path(app.outdir, "_static/plotly/plotly.min.js")
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        package = Path(find_spec("plotly").origin).parent  # found, not imported: the import costs a second
        shutil.copy(package / "package_data/plotly.min.js", target)


def setup(app: Sphinx) -> dict:
    """Sphinx calls this."""
    app.connect("html-page-context", add_scripts)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": False}
