r"""How a byte-level tokenizer is written down: bytes as letters, our JSON file, and GGUF (standard library).

**Bytes as letters.** A token can be any bytes, such as half a Chinese character, and a file should stay readable. GPT-2
gave each byte a printable letter, and everybody follows. The 188 bytes that are printable in Latin-1 stand for
themselves, "!" to "~", "¡" to "¬" and "®" to "ÿ"; the other 68 are written, in order, "Ā", "ā", "Ă", …, so that a space
is "Ġ" and a line break "Ċ". The same order, "!" first, numbers the 256 bytes as tokens.

**The JSON file** holds: ``format`` and ``version``; ``pattern``, the name of the rule that cuts a text; ``special``,
the special tokens with their ids; ``tokens``, all tokens in the order of their ids, written in letters, special ones as
they are; ``merges``, first learned first, each as its two parts with a space between, which no letter is.
"""

import contextlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from llmcourse.files import replacing
from llmcourse.language.bpe_merges import Pair

__all__ = ["BYTE_ORDER", "from_letters", "letters", "naming", "read_gguf", "read_json", "write_json"]

FORMAT, VERSION = "llmcourse byte-level BPE", 1
_PRINTABLE = (*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100))
_OTHERS = tuple(byte for byte in range(256) if byte not in _PRINTABLE)
BYTE_ORDER = _PRINTABLE + _OTHERS
_LETTER = {byte: chr(byte) for byte in _PRINTABLE} | {byte: chr(256 + i) for i, byte in enumerate(_OTHERS)}
_BYTE = {letter: byte for byte, letter in _LETTER.items()}

# The names that GGUF gives to the rules in ``pretokenize.PATTERNS``; and the kinds of token that it knows.
_GGUF_PATTERNS = {"gpt-2": "gpt2", "smollm": "smollm"}
_NORMAL, _SPECIAL = 1, 3


def letters(token: bytes) -> str:
    r"""The bytes of a token, a printable letter for each.

    >>> letters(" naïve\n".encode())
    'ĠnaÃ¯veĊ'
    """
    return "".join(_LETTER[byte] for byte in token)


def from_letters(text: str) -> bytes:
    """The bytes that these letters stand for: undoes ``letters``.

    Raises:  ValueError for a character that is none of the 256 letters.
    """
    try:
        return bytes([_BYTE[letter] for letter in text])
    except KeyError as error:
        raise ValueError(f"{error.args[0]!r} in token {text!r} is none of the 256 letters for bytes") from None


def write_json(
    path: str | os.PathLike[str], tokens: list[bytes], merges: list[Pair], special: dict[str, int], pattern: str
) -> None:
    """Write the file whole or not at all."""
    names = {i: text for text, i in special.items()}
    content = {
        "format": FORMAT,
        "version": VERSION,
        "pattern": pattern,
        "special": special,
        "tokens": [names.get(i, letters(token)) for i, token in enumerate(tokens)],
        "merges": [f"{letters(tokens[left])} {letters(tokens[right])}" for left, right in merges],
    }
    with replacing(path) as part:
        part.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read_json(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What ``write_json`` wrote, as the arguments of ``Tokenizer``, which checks that they fit together.

    Raises:  ValueError if the file is damaged, foreign, or of another version; OSError if it cannot be read.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:  # not JSON, not UTF-8
        raise ValueError(f"damaged, or not a tokenizer file: {error}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f"not a tokenizer file: its format is not {FORMAT!r}")
    if content.get("version") != VERSION:
        raise ValueError(f"the file has version {content.get('version')}; this program reads version {VERSION}")
    for key, kind in (("pattern", str), ("special", dict), ("tokens", list), ("merges", list)):
        if not isinstance(content.get(key), kind):
            raise ValueError(f"damaged: there is no {key!r} that is a {kind.__name__}")
    wrong = [item for item in (*content["tokens"], *content["merges"]) if not isinstance(item, str)]
    wrong += [i for i in content["special"].values() if type(i) is not int]
    if wrong:
        raise ValueError(f"damaged: {wrong[0]!r} stands where a token, a merge or an id should")
    return _assemble(content["tokens"], content["merges"], content["special"], content["pattern"])


def read_gguf(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The tokenizer in a GGUF file of a language model, as the arguments of ``Tokenizer``.

    The special tokens are those that the file calls control tokens. Whether a model wants one of them in front of each
    text (``add_bos_token``) is for its caller to know: ``encode`` adds nothing to a text.

    Raises:  ValueError if the file is damaged or no GGUF file, if its tokenizer is of another kind, or cuts texts by a
             rule that is not in ``pretokenize.PATTERNS``; OSError if it cannot be read.
    """
    from llmcourse.gguf_file import open_gguf  # here: to cut and encode a text, the gguf package is not needed

    metadata = open_gguf(path).metadata

    def read(name: str) -> Any:
        if f"tokenizer.ggml.{name}" not in metadata:
            raise ValueError(f"there is no tokenizer.ggml.{name}: the file has no tokenizer, or an incomplete one")
        return metadata[f"tokenizer.ggml.{name}"]

    model = read("model")
    if model != "gpt2":
        raise ValueError(f"its tokenizer is of model {model!r}; only 'gpt2', byte-level BPE, can be read")
    rule = read("pre")
    if rule not in _GGUF_PATTERNS:
        raise ValueError(f"its tokenizer cuts texts by the rule {rule!r}; known are {', '.join(_GGUF_PATTERNS)}")
    tokens, kinds = read("tokens"), read("token_type")
    other = [i for i, kind in enumerate(kinds) if kind not in (_NORMAL, _SPECIAL)]
    if other or len(kinds) != len(tokens):
        where = f"token {other[0]} has type {kinds[other[0]]}" if other else f"{len(kinds)} types, {len(tokens)} tokens"
        raise ValueError(f"{where}; types must be {_NORMAL} (normal) or {_SPECIAL} (control), one per token")
    special = {token: i for i, (token, kind) in enumerate(zip(tokens, kinds, strict=True)) if kind == _SPECIAL}
    return _assemble(tokens, read("merges"), special, _GGUF_PATTERNS[rule])


@contextlib.contextmanager
def naming(path: str | os.PathLike[str]) -> Iterator[None]:
    """Put the file's name in front of the message of a ValueError that does not have it."""
    try:
        yield
    except ValueError as error:
        if os.fspath(path) in str(error):
            raise
        raise ValueError(f"{os.fspath(path)}: {error}") from error


def _assemble(written: Sequence[str], merges: Iterable[str], special: dict[str, int], pattern: str) -> dict[str, Any]:
    """The arguments of ``Tokenizer``, from tokens and merges in letters."""
    names = set(special.values())
    tokens = [token.encode() if i in names else from_letters(token) for i, token in enumerate(written)]
    ids = {token: i for i, token in enumerate(written) if i not in names}
    pairs = []
    for number, merge in enumerate(merges):
        parts = merge.split(" ")
        unknown = [part for part in parts if part not in ids]
        if len(parts) != 2 or unknown:
            why = f"there is no token {unknown[0]!r}" if unknown else "it should be two tokens and a space between them"
            raise ValueError(f"merge {number} is {merge!r}, but {why}")
        pairs.append((ids[parts[0]], ids[parts[1]]))
    return {"tokens": tokens, "merges": pairs, "special": special, "pattern": pattern}
