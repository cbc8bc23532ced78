"""The learning tree on a page (``{lc-learning-tree}``), and the check of what pages say they need, in every build."""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

from lc_package import ROOT, pure_module


def course_files() -> list[str]:
    """Every file that the tree and the coverage page are made from."""
    course = pure_module("llmcourse.study.course")
    names = ["_toc.yml", "book/planned.yml", "book/topics.yml", *(page.path for page in course.pages(ROOT))]
    return [str(ROOT / name) for name in names]


def check(_app: Sphinx) -> None:
    """Stop the build at metadata that are wrong, with file and reason."""
    course = pure_module("llmcourse.study.course")
    try:
        pure_module("llmcourse.study.prerequisites").check(ROOT)
    except course.CourseError as error:
        raise ExtensionError(f"what pages say of themselves does not hold:\n{error}") from error


class LearningTree(SphinxDirective):
    """``{lc-learning-tree}``: the pages, what each needs, and the shortest path to a goal."""

    def run(self) -> list[nodes.Node]:
        """The widget's HTML with links that lead from this page."""
        for name in course_files():
            self.env.note_dependency(name)
        here, builder = self.env.docname, self.env.app.builder
        state = pure_module("llmcourse.explore.learning_tree_state").course_state(
            ROOT, address=lambda page: builder.get_relative_uri(here, page.docname)
        )
        tree = pure_module("llmcourse.explore.learning_tree_picture").learning_tree(state)
        return [nodes.raw("", tree, format="html")]


def setup(app: Sphinx) -> dict:
    """Sphinx calls this."""
    app.add_directive("lc-learning-tree", LearningTree)
    app.connect("builder-inited", check)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
