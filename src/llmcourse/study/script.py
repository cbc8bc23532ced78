"""Scripts for the ear: a chapter's podcast.md, taken apart into parts, paragraphs and sentences (standard library).

The first line is the title, ``# Where to look``. A line ``## The glance`` opens a part, which becomes a chapter mark of
the recording; it is not spoken. Everything else is paragraphs of plain words: what a voice cannot say (symbols, links,
code) is refused, since a formula has to be put into words by somebody who understands it.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Part", "Script", "read", "sentences"]

UNSPEAKABLE = re.compile(r"[$\\_=^*`<>\[\]{}|#]|https?:")
_END = re.compile(r"(?<=[.?!:])(?<!\bMr\.)(?<!\bDr\.)(?<!\bSt\.)\s+(?=[“\"A-Z])")


@dataclass(frozen=True)
class Part:
    """A stretch of the script under one heading: its paragraphs, each a tuple of sentences."""

    heading: str
    paragraphs: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Script:
    """A whole script: the title, spoken first, and its parts."""

    title: str
    parts: tuple[Part, ...]

    def words(self) -> int:
        """How many words are spoken, the title included."""
        return sum(len(one.split()) for one in self.spoken())

    def fingerprint(self) -> str:
        """Changes with every word and heading: it tells whether a recording is of this script."""
        return hashlib.sha256(repr(self).encode()).hexdigest()

    def spoken(self) -> list[str]:
        """Every sentence in the order in which it is spoken; the title is the first."""
        return [self.title, *(one for part in self.parts for paragraph in part.paragraphs for one in paragraph)]


def sentences(paragraph: str) -> tuple[str, ...]:
    """The sentences of a paragraph. A colon ends one only where a capital follows: what comes after is said apart.

    >>> sentences("A page says: it was her. Who is her? Dr. Watson knows.")
    ('A page says: it was her.', 'Who is her?', 'Dr. Watson knows.')
    """
    return tuple(_END.split(" ".join(paragraph.split())))


def read(path: Path) -> Script:
    """The script in a file.

    Raises:  ValueError with file, line and reason: no title, text before the first part, an empty part, a symbol that
             cannot be spoken.
    """
    title, parts = "", []
    heading, paragraphs = "", []
    blocks = re.split(r"\n\s*\n", path.read_text(encoding="utf-8").strip())
    line = 1
    for block in blocks:
        where = f"{path.name}, line {line}"
        line += block.count("\n") + 2
        if block.startswith("# ") and not title:
            title = block[2:].strip()
            continue
        if not title:
            raise ValueError(f"{where}: a script opens with its title, '# Title', not with {block[:30]!r}")
        if block.startswith("## "):
            if heading and not paragraphs:
                raise ValueError(f"{where}: the part {heading!r} before this has no text")
            if heading:
                parts.append(Part(heading, tuple(paragraphs)))
            heading, paragraphs = block[3:].strip(), []
            continue
        if found := UNSPEAKABLE.search(block):
            raise ValueError(f"{where}: {found.group()!r} cannot be spoken; say it in words")
        if not heading:
            raise ValueError(f"{where}: this text stands before the first part; open one with '## Heading'")
        paragraphs.append(sentences(block))
    if not heading or not paragraphs:
        raise ValueError(
            f"{path.name}, line {line}: {f'the part {heading!r}' if heading else 'the script'} has no text"
        )
    return Script(title, (*parts, Part(heading, tuple(paragraphs))))
