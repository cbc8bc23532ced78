"""Nothing on a page may come from elsewhere: math from the site itself, and no thebe."""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

REMOTE = ("sphinx_thebe", "sphinx_comments")
WITHOUT_SCRIPTS = (
    '<noscript><p class="lc-noscript">Formulas on this page are typeset by a script of this site. Without scripts they '
    "stand in LaTeX notation; everything else reads as it should.</p></noscript>"
)


def drop_remote_extensions(app: Sphinx, _config: Config) -> None:
    """Jupyter Book always loads these; their listeners emit scripts that ask other hosts or fail without them."""
    for event, listeners in app.events.listeners.items():
        app.events.listeners[event] = [one for one in listeners if not one.handler.__module__.startswith(REMOTE)]
    app.registry.css_files = [one for one in app.registry.css_files if not one[0].startswith("sphinx-thebe")]


def say_what_scripts_do(_app: Sphinx, _page: str, _template: str, context: dict, _tree: nodes.document | None) -> None:
    """One line for readers without JavaScript, on pages with formulas."""
    if 'class="math' in context.get("body", ""):
        context["body"] = WITHOUT_SCRIPTS + context["body"]


def setup(app: Sphinx) -> dict:
    """Sphinx calls this."""
    app.connect("config-inited", drop_remote_extensions, priority=900)
    app.connect("html-page-context", say_what_scripts_do)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
