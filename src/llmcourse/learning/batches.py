r"""Token files, and the batches that training reads from them (numpy).

The documents of a corpus stand one after the other in a single row of ids, each after an end-of-text token, and a batch
is cut out of that row without regard to where documents begin: *packed*, so that no place is wasted on filling.

    <|endoftext|> In the beginning ... <|endoftext|> Alice was beginning to get very tired ...
    └────── window 0 ──────┘└────── window 1 ──────┘└────── window 2 ──────┘

A window has T + 1 ids: the first T are read, the last T are what they should predict. In each epoch the row is cut anew
from a random place on and the windows are shuffled. Which windows step s reads depends on the seed and on s alone, so
that a training that was stopped goes on with the very batches it would have had.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from llmcourse.files import replacing
from llmcourse.shapes import Int, Integer

__all__ = ["Windows", "held_out_windows", "open_tokens", "write_tokens"]

Tokens = Integer[np.ndarray, " N"]  # signed or not: two bytes an id on the disk


def write_tokens(path: str | os.PathLike[str], tokens: Sequence[int] | Tokens, *, vocab: int) -> None:
    """Write ids to an ``.npy`` file, two bytes each if the vocabulary allows, whole or not at all.

    Raises:  ValueError for an id outside 0 ... vocab - 1, or no ids.
    """
    ids = np.asarray(tokens)
    if ids.ndim != 1 or ids.size == 0:
        raise ValueError(f"tokens must be one row with at least one id, got shape {ids.shape}")
    if ids.min() < 0 or ids.max() >= vocab:
        wrong = ids.min() if ids.min() < 0 else ids.max()
        raise ValueError(f"id {wrong} is outside 0 … {vocab - 1}")
    with replacing(path) as part, part.open("wb") as file:  # given a name, numpy might add an ending to it
        np.save(file, ids.astype(np.uint16 if vocab <= 1 << 16 else np.uint32), allow_pickle=False)


def open_tokens(path: str | os.PathLike[str], *, vocab: int) -> Tokens:
    """The ids of a file that ``write_tokens`` wrote, mapped into memory: a batch reads only its own few pages.

    Raises:  ValueError for another kind of file, or an id that the vocabulary does not have; OSError if it cannot be
             read.
    """
    try:
        tokens = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:  # EOFError: nothing in it
        why = str(error).split(". ")[0]  # what numpy says next is how to load a pickle all the same
        raise ValueError(f"{path} is no token file: {why}; make one with write_tokens") from None
    if not isinstance(tokens, np.ndarray) or tokens.ndim != 1 or tokens.dtype.kind != "u" or tokens.size == 0:
        raise ValueError(f"{path} is no token file: it should hold one row of unsigned whole numbers")
    if (largest := int(tokens.max())) >= vocab:
        raise ValueError(f"{path} has id {largest}, but the vocabulary ends at {vocab - 1}: another tokenizer's file?")
    return tokens


@dataclass(frozen=True)
class Windows:
    """The batches of a training: ``batch`` windows of ``length`` + 1 ids a step, every window once an epoch.

    Raises:  ValueError for a text too short for one window, and for sizes below 1.

    >>> windows = Windows(np.arange(9), length=2, batch=2, seed=0)
    >>> windows.per_epoch, windows.of_step(0).shape
    (3, (2, 3))
    """

    tokens: Tokens = field(repr=False)
    length: int
    batch: int
    seed: int

    def __post_init__(self) -> None:
        if self.length < 1 or self.batch < 1:
            raise ValueError(f"length and batch must be at least 1, got {self.length} and {self.batch}")
        if self.per_epoch < 1:
            raise ValueError(
                f"{len(self.tokens)} tokens are too few for windows of {self.length}: "
                f"give at least {2 * self.length} tokens, or shorter windows"
            )

    @property
    def per_epoch(self) -> int:
        """How many windows an epoch has, wherever its cuts begin."""
        return (len(self.tokens) - self.length) // self.length

    def of_step(self, step: int, *, part: int = 0, parts: int = 1) -> Int[np.ndarray, "B T"]:
        """The windows of one step (T is ``length`` + 1), or the share of one of ``parts`` workers: every ``parts``-th.

        Raises:  ValueError for a negative step, or a batch that does not divide among the workers.
        """
        if step < 0:
            raise ValueError(f"step must not be negative, got {step}")
        if self.batch % parts:
            raise ValueError(f"a batch of {self.batch} windows cannot be shared by {parts} workers evenly")
        rows = [self._window(step * self.batch + i) for i in range(part, self.batch, parts)]
        return np.stack(rows).astype(np.int64)

    def _window(self, index: int) -> Tokens:
        epoch, place = divmod(index, self.per_epoch)
        first, order = _epoch(self.seed, epoch, self.length, self.per_epoch)
        start = first + self.length * int(order[place])
        return self.tokens[start : start + self.length + 1]


@lru_cache(maxsize=4)
def _epoch(seed: int, epoch: int, length: int, count: int) -> tuple[int, Int[np.ndarray, " N"]]:
    """Where the cutting begins in this epoch, and the order in which its windows are read."""
    rng = np.random.default_rng([seed, epoch])
    return int(rng.integers(length)), rng.permutation(count)


def held_out_windows(tokens: Tokens, *, length: int, batch: int) -> Iterator[Int[np.ndarray, "B T"]]:
    """All of a text in order, in windows of ``length`` + 1 ids; a rest at the end, less than one, is not read.

    Raises:  ValueError for a text shorter than one window.
    """
    count = (len(tokens) - 1) // length
    if count < 1:
        raise ValueError(f"{len(tokens)} tokens have no window of {length + 1}; give a longer text or shorter windows")
    for first in range(0, count, batch):
        starts = length * np.arange(first, min(first + batch, count))
        yield tokens[starts[:, None] + np.arange(length + 1)].astype(np.int64)
