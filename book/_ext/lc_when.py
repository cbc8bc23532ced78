"""``{lc-when} CONDITION``: words for some builds only. Conditions: recordings, repository, and ``no`` before either.

In them ADDRESS stands for the repository's address.
"""

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from lc_audio import spoken
from lc_hosting import repository


def facts(app: Sphinx) -> dict[str, str]:
    """What is known of this build; an empty text for no."""
    return {"recordings": "yes" if spoken(app) else "", "repository": repository()}


class When(SphinxDirective):
    """Its content, where the condition holds."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        """The parsed content, or nothing."""
        self.env.metadata[self.env.docname]["lc_when"] = True
        known, name = facts(self.env.app), self.arguments[0].removeprefix("no ")
        if name not in known:
            raise self.error(f"unknown condition {name!r}; there are {', '.join(known)}")
        if bool(known[name]) is self.arguments[0].startswith("no "):
            return []
        lines = [line.replace("ADDRESS", known["repository"]) for line in self.content]
        box = nodes.Element()
        self.state.nested_parse(StringList(lines, source=self.env.docname), self.content_offset, box)
        return box.children


def outdated(app: Sphinx, env: BuildEnvironment, *_: object) -> list[str]:
    """Pages that ask, when an answer is another than at the build before."""
    before, env.lc_when = getattr(env, "lc_when", None), facts(app)
    return [] if env.lc_when == before else [doc for doc, about in env.metadata.items() if "lc_when" in about]


def setup(app: Sphinx) -> dict:
    """Sphinx calls this."""
    app.add_directive("lc-when", When)
    app.connect("env-get-outdated", outdated)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
