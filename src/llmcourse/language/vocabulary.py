r"""Vocabularies: how a text becomes tokens, for three units (numpy).

characters  one token per Unicode code point.
bytes       one token per byte of the UTF-8 text: 256 tokens, so no text is ever outside the vocabulary.
words       a word is a run of letters, digits and underscores, with apostrophes inside it ("don't" is one word).
            Every other character, a space or a line break included, is a token of its own, except for a single space
            between two words, which is understood. Case is kept. Nothing is lost: ``decode`` undoes ``encode`` exactly.

>>> tokenize("Don't stop, the cat said.", "words")
["Don't", 'stop', ',', ' ', 'the', 'cat', 'said', '.']
"""

import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np

from llmcourse.shapes import Int

UNITS = ("characters", "bytes", "words")
_BYTES = tuple(bytes([i]) for i in range(256))
# A word, or any other single character unless it is the one space between two words.
_WORD_RULE = re.compile(r"\w+(?:['’]\w+)*|(?!(?<=\w) (?=\w))\W")


def tokenize(text: str, unit: str) -> Sequence[str | bytes]:
    """The tokens of ``text`` in order.

    Raises:  ValueError for an unknown unit.
    Derivation: the rules at the top of this module.
    """
    _check_unit(unit)
    if unit == "bytes":
        return [_BYTES[byte] for byte in text.encode("utf-8")]
    return _WORD_RULE.findall(text) if unit == "words" else text


@dataclass(frozen=True)
class Vocabulary:
    """The tokens that a model knows, in the order of their ids.

    ``unknown``, if given, is the one token that stands for every character or word not in ``tokens``.

    Raises:  ValueError if tokens are missing or repeated, or a unit is unknown.

    >>> Vocabulary.from_text("abba").encode("baa").tolist()
    [1, 0, 0]
    """

    tokens: tuple[str | bytes, ...] = field(repr=False)
    unit: str = "characters"
    unknown: str | None = None

    def __post_init__(self) -> None:
        _check_unit(self.unit)
        if not self.tokens:
            raise ValueError("a vocabulary needs at least 1 token, got 0")
        repeated = [token for token, count in Counter(self.tokens).items() if count > 1]
        if repeated:
            raise ValueError(f"{len(repeated)} tokens are repeated, the first is {repeated[0]!r}; list each token once")
        if self.unknown is not None and self.unknown not in self.tokens:
            raise ValueError(f"unknown={self.unknown!r} is not one of the tokens; add it to them")
        if self.unit == "bytes" and self.tokens != _BYTES:
            raise ValueError(f"bytes need all 256 tokens, got {len(self.tokens)}; use from_text(text, unit='bytes')")
        if self.unit == "characters":
            longer = [token for token in self.tokens if len(token) != 1 and token != self.unknown]
            if longer:
                raise ValueError(f"{longer[0]!r} is not one character; use unit='words', or spell it out")

    def __len__(self) -> int:
        return len(self.tokens)

    @classmethod
    def from_text(
        cls, text: str, *, unit: str = "characters", minimum_count: int = 1, unknown: str | None = None
    ) -> "Vocabulary":
        """The tokens that occur at least ``minimum_count`` times in ``text``, sorted, then ``unknown`` if given.

        For bytes, all 256 whatever the text.

        Raises:  ValueError for an empty text, and if rare tokens are dropped with no ``unknown`` to stand for them.
        Derivation: a definition.
        """
        _check_unit(unit)
        if not text:
            raise ValueError("the text is empty (0 characters); a vocabulary needs at least one")
        if minimum_count < 1:
            raise ValueError(f"minimum_count must be at least 1, got {minimum_count}")
        if unit == "bytes":
            if minimum_count > 1 or unknown is not None:
                raise ValueError(
                    f"bytes are never unknown: leave out minimum_count={minimum_count}, unknown={unknown!r}"
                )
            return cls(_BYTES, unit)
        kept = sorted(token for token, count in Counter(tokenize(text, unit)).items() if count >= minimum_count)
        if minimum_count > 1 and unknown is None:
            raise ValueError(f"minimum_count={minimum_count} drops tokens; name the one for them: unknown='<unk>'")
        return cls(tuple(kept) if unknown is None else (*kept, unknown), unit, unknown)

    @cached_property
    def ids(self) -> dict[str | bytes, int]:
        """The id of each token."""
        return {token: i for i, token in enumerate(self.tokens)}

    def encode(self, text: str) -> Int[np.ndarray, " T"]:
        """The ids of the tokens of ``text``, in order.

        Raises:  ValueError naming the tokens outside the vocabulary, if there is no ``unknown`` to stand for them.
        """
        if self.unit == "bytes":
            return np.frombuffer(text.encode("utf-8"), dtype=np.uint8).astype(np.int64)
        if self.unit == "characters":
            ids = self._id_of_code[np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)]
        else:
            missing = -1 if self.unknown is None else self.ids[self.unknown]
            ids = np.array([self.ids.get(token, missing) for token in tokenize(text, self.unit)], dtype=np.int64)
        if np.any(ids < 0):
            self._refuse([token for token in tokenize(text, self.unit) if token not in self.ids])
        return ids

    def decode(self, ids: Int[np.ndarray, " T"]) -> str:
        """The text that these ids spell; an unknown token is written as its name.

        Bytes that are not UTF-8 (a model can generate them) become U+FFFD, the replacement character.
        Raises:  ValueError for an id outside 0 … V-1.
        """
        outside = ids[(ids < 0) | (ids >= len(self))]
        if outside.size:
            raise ValueError(f"id {outside[0]} is outside 0 … {len(self) - 1}")
        if self.unit == "bytes":
            return bytes(ids.tolist()).decode("utf-8", errors="replace")
        tokens = [str(self.tokens[i]) for i in ids]
        if self.unit == "words":
            tokens[1:] = [" " + b if self._is_word(a) and self._is_word(b) else b for a, b in pairwise(tokens)]
        return "".join(tokens)

    @cached_property
    def _id_of_code(self) -> Int[np.ndarray, " N"]:
        """The id of each Unicode code point, -1 for those without: encodes characters without a Python loop."""
        table = np.full(sys.maxunicode + 1, -1 if self.unknown is None else self.ids[self.unknown], dtype=np.int64)
        for token, i in self.ids.items():
            if token != self.unknown:
                table[ord(token)] = i
        return table

    def _is_word(self, token: str) -> bool:
        return token == self.unknown or re.match(r"\w", token) is not None

    def _refuse(self, missing: Sequence[str | bytes]) -> None:
        counts = Counter(missing)
        named = ", ".join(f"{token!r} ({count}×)" for token, count in counts.most_common(5))
        more = f" and {len(counts) - 5} others" if len(counts) > 5 else ""
        raise ValueError(
            f"{len(missing)} of the text's {self.unit} are not in the vocabulary: {named}{more}; use unit='bytes', "
            f"a vocabulary with them, Vocabulary.from_text(all_text, unit={self.unit!r}), or with unknown='<unk>'"
        )


def _check_unit(unit: str) -> None:
    if unit not in UNITS:
        raise ValueError(f"unit must be one of {', '.join(UNITS)}, got {unit!r}")
