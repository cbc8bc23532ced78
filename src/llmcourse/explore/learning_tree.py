"""The learning tree: which page rests on which, what you can read next, the shortest path to a goal (anywidget).

On the site the picture follows the reader's record (``model.store``); in a notebook ``read`` is a trait. The layout is
computed in Python (``study.layout``); standings and ways are computed by both, and
tests/site/test_widget_learning_tree.py holds learning_graph.js to ``study.tree``.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

import traitlets

from llmcourse.explore.learning_tree_picture import picture
from llmcourse.explore.learning_tree_state import course_state, page_of
from llmcourse.explore.markup import Markup
from llmcourse.explore.widget import Widget, check
from llmcourse.study.tree import Way, way_to

ROOT = Path(__file__).parents[3]


class LearningTree(Widget):
    """The pages of the course in layers, with what is read, what comes next, and the way to ``goal``.

    Raises:  traitlets.TraitError for a goal that is no page; FileNotFoundError if ``root`` holds no course.
    """

    script: ClassVar[str] = "learning_tree"

    pages = traitlets.List(traitlets.Dict()).tag(sync=True)
    chapters = traitlets.Dict().tag(sync=True)
    goals = traitlets.List(traitlets.List()).tag(sync=True)
    read = traitlets.List(traitlets.Unicode()).tag(sync=True)
    goal = traitlets.Unicode("").tag(sync=True)
    show_planned = traitlets.Bool(False).tag(sync=True)

    def __init__(self, read: Iterable[str] = (), *, goal: str = "", root: Path = ROOT, **options: Any) -> None:
        if not (root / "_toc.yml").exists():
            raise FileNotFoundError(f"{root} holds no _toc.yml; give the folder of the course as root")
        super().__init__(**{**course_state(root), "read": sorted(read), "goal": goal, **options})

    @traitlets.validate("goal")
    def _valid_goal(self, proposal: dict[str, Any]) -> str:
        ids = [page["id"] for page in self.pages]
        check(not proposal["value"] or proposal["value"] in ids, f"no page has the id {proposal['value']!r}")
        return proposal["value"]

    def way(self) -> Way:
        """What is still to read for the goal; empty without one."""
        return way_to([page_of(page) for page in self.pages], self.goal, self.read) if self.goal else Way(())

    def picture(self) -> Markup:
        """The whole tree as the script draws it."""
        return picture(self.state())
