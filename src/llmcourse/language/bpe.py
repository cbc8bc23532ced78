r"""A byte-level BPE tokenizer, GPT-2's kind: any text to token ids and back without loss (standard library, regex).

    text  ─ split ─→  pieces  ─ UTF-8 ─→  bytes  ─ one id per byte ─→  ids  ─ merges, first learned first ─→  ids

The cutting is in ``pretokenize``, the learning and doing of merges in ``bpe_merges``, the files in ``bpe_files``.

**Ids.** ``train`` numbers as Hugging Face's ``tokenizers`` does, and gives the same ids: the special tokens first, then
the 256 bytes in GPT-2's order ("!" is the first, the space the 221st), then the merged tokens as they were learned. A
tokenizer from a GGUF file has the ids of its model.

**Special tokens** such as ``<|endoftext|>`` tell a model what no text should be able to say. So ``encode`` takes them
for ordinary text unless it is told otherwise: with ``allow_special``, each of them becomes its one id wherever its name
stands (of two that begin there, the longer one), and the texts between are cut separately.

**Nothing is lost.** ``decode_bytes(encode(text)) == text.encode()`` for every text that ``encode`` accepts. ``train``
gives each of the 256 bytes a token, and then that is every text; a vocabulary from a file may lack some. SmolLM2's
lacks 21: control characters that its training text did not have, and bytes that UTF-8 seldom or never uses. There
``encode`` refuses a character that ``tokenizers`` would drop without a word.
"""

import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from operator import index
from typing import SupportsIndex

from llmcourse.language import bpe_files
from llmcourse.language.bpe_merges import Pair, learn_merges, merge_long_word, merge_word
from llmcourse.language.pretokenize import check_pattern, split

__all__ = ["Tokenizer"]

_LONG = 16  # bytes from which on ``merge_long_word`` is several times faster; below, the two take the same time
_REMEMBERED = 100_000  # pieces whose ids are kept, since most of a text is words that have come before
_SIGNS = str.maketrans({" ": "␣", "\n": "↵", "\t": "⇥", "\r": "␍"})


@dataclass(frozen=True)
class Tokenizer:
    """A vocabulary of byte strings and the merges that make them. Build it with ``train``, ``load`` or ``from_gguf``.

    ``merges[k]`` are the two ids that the k-th merge joins. The lists are for reading: a change goes unnoticed.

    Raises:  ValueError unless the special tokens stand at their ids, no other token is repeated, and each merge joins
             bytes or earlier products into a token whose id is higher than that of the merge before.

    >>> tokenizer = Tokenizer.train("aaabdaaabac", vocab_size=259)  # the example of Wikipedia's article, three merges
    >>> tokenizer.tokens[256:]
    [b'aa', b'ab', b'aaab']
    >>> [tokenizer.token_text(i) for i in tokenizer.encode("aaabdaaabac")]
    ['aaab', 'd', 'aaab', 'a', 'c']
    """

    tokens: list[bytes] = field(repr=False)
    merges: list[Pair] = field(repr=False)
    special: dict[str, int] = field(default_factory=dict)
    pattern: str = "gpt2"

    def __post_init__(self) -> None:
        check_pattern(self.pattern)
        for text, i in self.special.items():
            if not text:
                raise ValueError(f"special token {i} has an empty name, which stands everywhere; give it a name")
            if not (0 <= i < len(self) and self.tokens[i] == text.encode()):
                raise ValueError(f"special token {text!r} should have id {i}, but that is not where the tokens have it")
        repeated = [token for token, n in Counter(self._ordinary.values()).items() if n > 1]
        if repeated:
            raise ValueError(f"{len(repeated)} tokens are repeated, the first is {repeated[0]!r}; list each token once")
        _ = self._made  # checks the merges

    def __len__(self) -> int:
        return len(self.tokens)

    @classmethod
    def train(cls, text: str, *, vocab_size: int, pattern: str = "gpt2", special: Sequence[str] = ()) -> "Tokenizer":
        """The tokenizer with ``vocab_size`` tokens that BPE learns from ``text``: special ones, 256 bytes, merged ones.

        The names of special tokens have no special meaning in ``text`` itself.

        Raises:  ValueError if ``vocab_size`` is below 256 + the number of special tokens, or more than the text can
                 give (when each piece of it has become one token), or if the text has a lone surrogate.
        Source:  Sennrich et al. (2016), algorithm 1; on bytes, Radford et al. (2019), section 2.2.
                 {cite}`sennrich2016,radford2019`
        """
        if isinstance(special, str):
            raise ValueError(f"special must be a sequence of names, got one name; write special=({special!r},)")
        if len(set(special)) < len(special):
            raise ValueError(f"the {len(special)} special tokens have only {len(set(special))} names; name each once")
        smallest = len(special) + 256
        if vocab_size < smallest:
            parts = f"256 bytes and {len(special)} special tokens"
            raise ValueError(f"vocab_size must be at least {smallest}, for {parts}, got {vocab_size}")
        _check_text(text)
        tokens = [name.encode() for name in special] + [bytes([byte]) for byte in bpe_files.BYTE_ORDER]
        id_of_byte = {byte: len(special) + i for i, byte in enumerate(bpe_files.BYTE_ORDER)}
        words = {tuple(id_of_byte[b] for b in word.encode()): n for word, n in Counter(split(text, pattern)).items()}
        merges = [pair for pair, _ in islice(learn_merges(words, new=smallest), vocab_size - smallest)]
        for left, right in merges:
            tokens.append(tokens[left] + tokens[right])
        if len(tokens) < vocab_size:
            raise ValueError(
                f"after {len(merges)} merges each piece of the text is one token: it gives {len(tokens)} tokens, "
                f"not vocab_size={vocab_size}; give more text, or vocab_size={len(tokens)}"
            )
        return cls(tokens, merges, {name: i for i, name in enumerate(special)}, pattern)

    def encode(self, text: str, *, allow_special: bool = False) -> list[int]:
        """The ids of the tokens of ``text``; names of special tokens in it are text like any other unless allowed.

        Raises:  ValueError for a lone surrogate, which no UTF-8 can spell (``encode_bytes`` takes any bytes), and for
                 a byte that the vocabulary has no token for.
        """
        _check_text(text)
        if not (allow_special and self.special):
            return self._encode_ordinary(text)
        ids: list[int] = []
        for i, part in enumerate(self._special_rule.split(text)):  # text, name, text, name, …, text
            ids += [self.special[part]] if i % 2 else self._encode_ordinary(part)
        return ids

    def encode_bytes(self, data: bytes) -> list[int]:
        """The same ids as ``encode`` for UTF-8, and ids for any other bytes: one that is not UTF-8 is cut like a sign.

        Raises:  ValueError for a byte that the vocabulary has no token for.
        """
        return self._encode_ordinary(data.decode("utf-8", errors="surrogateescape"))

    def decode_bytes(self, ids: Iterable[SupportsIndex]) -> bytes:
        """The bytes that these tokens spell, special tokens by their names.

        Raises:  ValueError for an id outside 0 … V-1.
        """
        numbers = [index(i) for i in ids]  # from Python, numpy or torch alike
        outside = [i for i in numbers if not 0 <= i < len(self)]
        if outside:
            raise ValueError(f"id {outside[0]} is outside 0 … {len(self) - 1}")
        return b"".join([self.tokens[i] for i in numbers])

    def decode(self, ids: Iterable[SupportsIndex]) -> str:
        """The text that these tokens spell.

        Bytes that are not UTF-8 (a model can generate them, or stop inside a character) become U+FFFD, the replacement
        character.

        Raises:  ValueError for an id outside 0 … V-1.
        """
        return self.decode_bytes(ids).decode("utf-8", errors="replace")

    def token_text(self, i: SupportsIndex) -> str:
        r"""Token ``i`` for the eye: blanks as signs, pieces of a character as \xe2\x80, what cannot be seen as \u200b.

        Raises:  ValueError for an id outside 0 … V-1.
        """
        text = self.decode_bytes([i]).decode("utf-8", errors="backslashreplace").translate(_SIGNS)
        return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write this tokenizer to a JSON file for people to read, whole or not at all; ``bpe_files`` says its form."""
        bpe_files.write_json(path, self.tokens, self.merges, self.special, self.pattern)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "Tokenizer":
        """The tokenizer that ``save`` wrote.

        Raises:  ValueError if the file is damaged, foreign, or of another version; OSError if it cannot be read.
        """
        with bpe_files.naming(path):
            return cls(**bpe_files.read_json(path))

    @classmethod
    def from_gguf(cls, path: str | os.PathLike[str]) -> "Tokenizer":
        """The tokenizer of the language model in a GGUF file.

        Raises:  ValueError as ``bpe_files.read_gguf``: no GGUF file, or a tokenizer of another kind, which it names;
                 OSError if the file cannot be read.
        """
        with bpe_files.naming(path):
            return cls(**bpe_files.read_gguf(path))

    def _encode_ordinary(self, text: str) -> list[int]:
        ids: list[int] = []
        for piece in split(text, self.pattern):
            known = self._remembered.get(piece)
            ids += self._encode_piece(piece) if known is None else known
        return ids

    def _encode_piece(self, piece: str) -> list[int]:
        data = piece.encode("utf-8", errors="surrogateescape")
        missing = [byte for byte in data if byte not in self._id_of_byte]
        if missing:
            raise ValueError(f"the vocabulary has no token for byte 0x{missing[0]:02X}, which {piece!r} needs")
        ids = [self._id_of_byte[byte] for byte in data]
        if len(ids) >= _LONG:
            return merge_long_word(ids, self._made)
        if len(self._remembered) >= _REMEMBERED:
            self._remembered.clear()
        self._remembered[piece] = merge_word(ids, self._made)
        return self._remembered[piece]

    @cached_property
    def _remembered(self) -> dict[str, list[int]]:
        return {}

    @cached_property
    def _ordinary(self) -> dict[int, bytes]:
        special = set(self.special.values())
        return {i: token for i, token in enumerate(self.tokens) if i not in special}

    @cached_property
    def _id_of_byte(self) -> dict[int, int]:
        return {token[0]: i for i, token in self._ordinary.items() if len(token) == 1}

    @cached_property
    def _special_rule(self) -> re.Pattern[str]:
        return re.compile("(" + "|".join(re.escape(name) for name in sorted(self.special, key=len, reverse=True)) + ")")

    @cached_property
    def _made(self) -> dict[Pair, int]:
        """The id of the token that each pair is merged into, in the order of the merges, which is that of the ids."""
        made: dict[Pair, int] = {}
        ids = {token: i for i, token in self._ordinary.items()}
        known, last = set(self._id_of_byte.values()), -1
        for number, (left, right) in enumerate(self.merges):
            if not known.issuperset((left, right)):
                raise ValueError(f"merge {number} joins tokens {left} and {right}; not both are bytes or made before")
            product = self.tokens[left] + self.tokens[right]
            new = ids.get(product, -1)
            if new <= last:
                why = "is no token" if new < 0 else f"has id {new}: it must be above {last}, made by the merge before"
                raise ValueError(f"merge {number} makes {product!r}, which {why}")
            made[left, right] = last = new
            known.add(new)
        return made


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"character {error.start} of the text is the lone surrogate U+{ord(text[error.start]):04X}, which UTF-8 "
            "cannot spell; encode_bytes takes bytes that are not UTF-8"
        ) from None
