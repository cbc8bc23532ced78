"""A question set of our own: 352 multiple-choice questions of general knowledge (standard library).

Written for this course; none is taken from a published benchmark. The facts, and the plainest of the questions, stand
in many books: that a model has met them is the point, not a leak. Three quarters were written one by one; the
arithmetic, the units and half of the calendar are computed by ``tools/make_questions.py`` from a seed. The file is
``evaluation/questions.json``, one item a line.
"""

import json
from dataclasses import dataclass
from importlib import resources

__all__ = ["LETTERS", "Question", "load_questions"]

LETTERS = "ABCD"


@dataclass(frozen=True)
class Question:
    """One question with four choices, of which ``choices[answer]`` is right."""

    id: str
    topic: str
    question: str
    choices: tuple[str, str, str, str]
    answer: int
    why: str  # the short justification of the answer
    source: str  # the kind of book in which to check it, or "computed: ..."
    made: str  # "by hand" or "computed"

    @property
    def letter(self) -> str:
        """The letter of the right choice."""
        return LETTERS[self.answer]

    @property
    def right(self) -> str:
        """The text of the right choice."""
        return self.choices[self.answer]


def load_questions(*topics: str) -> list[Question]:
    """The questions in the order of the file; of the named topics only, if any are named.

    Raises:  ValueError for a topic that no question has.

    >>> load_questions("units")[0].topic
    'units'
    """
    text = resources.files("llmcourse.evaluation").joinpath("questions.json").read_text(encoding="utf-8")
    items = [Question(**item | {"choices": tuple(item["choices"])}) for item in json.loads(text)["items"]]
    known = dict.fromkeys(item.topic for item in items)
    for topic in topics:
        if topic not in known:
            raise ValueError(f"no question has the topic {topic!r}; the topics are {', '.join(known)}")
    return [item for item in items if item.topic in topics] if topics else items
