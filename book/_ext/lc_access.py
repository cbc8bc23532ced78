"""What axe finds in the theme and in other extensions' HTML, mended: names for controls, roles that hold."""

import re
from collections.abc import Callable
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

TEMPLATES = Path(__file__).with_name("templates")
_SUMMARY = re.compile(
    r'(<a class="[^"]*reference internal"[^>]*>)((?:(?!</a>).)*)(</a>\s*<details[^>]*>\s*<summary)(>)', re.DOTALL
)
_CITATIONS = re.compile(r' role="(?:doc-biblioentry|list)"(?=[^>]*>)|(?<=<div) role="list"(?= class="citation-list")')


def add_templates(_app: Sphinx, config: Config) -> None:
    """Our parts of the page before the theme's: a brand inside a landmark, buttons with names, a leaner head."""
    config.templates_path.insert(0, str(TEMPLATES))
    config.html_sidebars = {"**": ["lc-brand.html", "search-button-field.html", "sbt-sidebar-nav.html"]}


def named_summaries(tree: str) -> str:
    """The arrows of the table of contents say which chapter they unfold."""

    def name(match: re.Match) -> str:
        title = re.sub(r"<[^>]+>", "", match.group(2)).strip().replace('"', "&quot;")
        return f'{match.group(1)}{match.group(2)}{match.group(3)} aria-label="Pages of {title}"{match.group(4)}'

    return _SUMMARY.sub(name, tree)


def mend(_app: Sphinx, _page: str, _template: str, context: dict, _doctree: nodes.document | None) -> None:
    """Wrap the maker of the table of contents, and drop roles that are deprecated or do not fit their children."""
    if make := context.get("generate_toctree_html"):
        context["generate_toctree_html"] = wrapped(make)
    body = context.get("body", "")
    if "citation-list" in body:
        body = _CITATIONS.sub("", body)
    context["body"] = body.replace(' aria-label="Toggle hidden content"', "")  # the fold's own words name it


def wrapped(make: Callable) -> Callable:
    """The same function with named arrows in what it returns."""

    def toctree(*arguments: object, **options: object) -> object:
        tree = make(*arguments, **options)
        return named_summaries(str(tree)) if options.get("kind") == "sidebar" else tree

    return toctree


def setup(app: Sphinx) -> dict:
    """Sphinx calls this."""
    app.add_js_file("js/access.js", loading_method="defer", priority=900)
    app.connect("config-inited", add_templates)
    app.connect("html-page-context", mend, priority=950)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
