"""The reader's progress in a notebook: the record of passed exercises on this machine, page by page (anywidget)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import traitlets

from llmcourse.explore.markup import Markup
from llmcourse.explore.progress_picture import SCRIPT, chapter_state, picture
from llmcourse.explore.widget import Widget, check
from llmcourse.study.outline import outline
from llmcourse.study.record import here
from llmcourse.study.record_format import parse

__all__ = ["Progress"]


class Progress(Widget):
    """What is read, solved, answered and due. On the site it reads the browser's record; here, the text ``record``.

    ``root`` is the folder of the course's files. Without ``text`` the record of this machine is shown, in which the
    exercises passed in notebooks stand (``llmcourse.study.record``).

    Raises:  TraitError for a text that is no record of progress.
    """

    script: ClassVar[str] = SCRIPT
    chapters = traitlets.List().tag(sync=True)
    compact = traitlets.Bool(False).tag(sync=True)
    link = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    record = traitlets.Unicode("").tag(sync=True)

    def __init__(self, root: str | Path, text: str | None = None, **options: Any) -> None:
        chapters = [chapter_state(chapter, pages, lambda _: None) for chapter, pages in outline(Path(root))]
        super().__init__(chapters=chapters, record=here() if text is None else text, **options)

    @traitlets.validate("record")
    def _is_a_record(self, proposal: Mapping[str, Any]) -> str:
        try:
            parse(proposal["value"])
        except ValueError as error:
            check(False, str(error))
        return proposal["value"]

    def picture(self) -> Markup:
        """What there is to do."""
        return picture(self.chapters, compact=self.compact)
