r"""The texts that the course's own models learn from, and what is kept from them (standard library).

Five texts, 5.3 million characters: Alice, As You Like It, Paradise Lost, a workshop of the Library of Congress, and the
King James Bible, nearly four fifths of it. Each is cut into forty stretches of equal length, at line ends. Of every
twenty stretches the tenth is for **validation**, to choose among models by, and the twentieth for the **test**, to be
looked at once, when all choices are made; the rest is for **training**. Training stretches without another between them
stay one document.

A text about one subject does not fall into independent pieces: what is held out shares its authors, its names and many
whole phrases with what is learned from. ``repeated_share`` measures how much of it stands there word for word.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from llmcourse import data
from llmcourse.language.bpe import Tokenizer

__all__ = ["END", "TEXTS", "Corpus", "Part", "course_corpus", "cut", "packed", "repeated_share"]

TEXTS = ("alice29.txt", "asyoulik.txt", "lcet10.txt", "plrabn12.txt", "kjv")
END = "<|endoftext|>"  # before each document
STRETCHES, CYCLE, VALIDATION, TEST = 40, 20, 9, 19

Part = Literal["train", "validation", "test"]


@dataclass(frozen=True)
class Corpus:
    """The documents of each part: for the models, and for whatever they are compared with."""

    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]

    @classmethod
    def of(cls, texts: Iterable[Mapping[Part, Sequence[str]]]) -> "Corpus":
        """The documents of several texts, each as ``cut`` gives them, text after text."""
        parts: dict[Part, list[str]] = {"train": [], "validation": [], "test": []}
        for text in texts:
            for part, documents in text.items():
                parts[part] += documents
        return cls(**{part: tuple(documents) for part, documents in parts.items()})

    @property
    def training_text(self) -> str:
        """All of the training part in one string."""
        return "".join(self.train)


def course_corpus(names: Iterable[str] = TEXTS) -> Corpus:
    """The course's texts, fetched if need be, as ``cut`` divides them.

    Raises:  as ``data.read``.
    """
    return Corpus.of(cut(data.read(name)) for name in names)


def cut(text: str) -> dict[Part, list[str]]:
    """The documents of one text for each part, with plain line ends and without the marks of old disk formats.

    Put together in order they are the text.

    Raises:  ValueError for a text with fewer lines than stretches.
    """
    text = text.replace("\r\n", "\n").replace("\x1a", "")
    lines = text.splitlines(keepends=True)
    if len(lines) < STRETCHES:
        raise ValueError(f"a text of {len(lines)} lines cannot be cut into {STRETCHES} stretches")
    parts: dict[Part, list[str]] = {"train": [], "validation": [], "test": []}
    before: Part | None = None
    read = 0
    for line in lines:
        place = min(STRETCHES - 1, STRETCHES * read // len(text)) % CYCLE
        part: Part = "validation" if place == VALIDATION else "test" if place == TEST else "train"
        if part == before:
            parts[part][-1] += line
        else:
            parts[part].append(line)
        before = part
        read += len(line)
    return parts


def packed(tokenizer: Tokenizer, documents: Sequence[str]) -> list[int]:
    """The ids of all documents in one row, each after the end-of-text token.

    Raises:  ValueError if the tokenizer has no such token.
    """
    if END not in tokenizer.special:
        raise ValueError(f"the tokenizer has no {END}; train it with special=({END!r},)")
    return [i for document in documents for i in (tokenizer.special[END], *tokenizer.encode(document))]


def repeated_share(text: str, seen: str, *, words: int = 8) -> float:
    """The share of the runs of ``words`` words in ``text`` that stand in ``seen`` too, whatever the spaces between.

    Raises:  ValueError for a text with fewer words than a run.

    >>> round(repeated_share("in the beginning God made", "In the beginning God created the heaven", words=3), 3)
    0.333
    """
    runs, known = _runs(text, words), set(_runs(seen, words))
    if not runs:
        raise ValueError(f"the text has {len(text.split())} words, too few for a run of {words}")
    return sum(run in known for run in runs) / len(runs)


def _runs(text: str, words: int) -> list[tuple[str, ...]]:
    split = text.split()
    return list(zip(*(split[i:] for i in range(words)), strict=False))
