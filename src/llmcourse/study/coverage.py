"""Which topic of the course's sources is treated where, from what the pages say of themselves (pure Python)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from llmcourse.study.course import Page, everything


@dataclass(frozen=True)
class Topic:
    """A topic, the written pages that treat it, and those that are planned to."""

    id: str
    title: str
    written: tuple[Page, ...]
    planned: tuple[Page, ...]

    @property
    def state(self) -> str:
        """ "treated", "planned" (by an unwritten page only), or "gap"."""
        return "treated" if self.written else "planned" if self.planned else "gap"


@dataclass(frozen=True)
class Group:
    """A chapter or a part of a source."""

    title: str
    topics: tuple[Topic, ...]


@dataclass(frozen=True)
class Source:
    """A book or an article whose topics the course mirrors."""

    title: str
    note: str
    groups: tuple[Group, ...]

    @property
    def topics(self) -> tuple[Topic, ...]:
        """Of all groups, each once."""
        return tuple({topic.id: topic for group in self.groups for topic in group.topics}.values())

    def count(self, state: str) -> int:
        """How many topics are in this state."""
        return sum(topic.state == state for topic in self.topics)


def coverage(root: Path) -> list[Source]:
    """The sources of ``book/topics.yml`` with the pages that name each topic.

    The digest walks many topics in a few lines each, so it counts for none but the summary.
    """
    data = yaml.safe_load((root / "book/topics.yml").read_text(encoding="utf-8"))
    treat = treated(everything(root))

    def topic(identity: str) -> Topic:
        pages = treat.get(identity, [])
        written = tuple(page for page in pages if not page.is_planned)
        return Topic(identity, data["topics"][identity], written, tuple(page for page in pages if page.is_planned))

    return [
        Source(
            source["title"],
            source["note"],
            tuple(Group(group["title"], tuple(map(topic, group["topics"]))) for group in source["groups"]),
        )
        for source in data["sources"]
    ]


def treated(pages: Sequence[Page]) -> dict[str, list[Page]]:
    """The pages that name each topic, in the order of the pages."""
    found: dict[str, list[Page]] = {}
    for page in pages:
        for topic in page.topics:
            if page.id != "0" or topic == "summary":
                found.setdefault(topic, []).append(page)
    return found
