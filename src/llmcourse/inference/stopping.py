r"""A text that ends where a given string begins, even if the string comes in pieces (pure Python).

``generate`` counts tokens and knows those that end a text. A *string* is harder: "\n\nUser:" may be spread over several
tokens, and its beginning may already be on the screen when the rest comes. So ``until`` holds back whatever might still
become one.
"""

from collections.abc import Generator, Iterable, Iterator, Sequence

__all__ = ["until"]


def until(pieces: Iterable[str], strings: Sequence[str]) -> Generator[str, None, str]:
    r"""The pieces of a text as they come, up to where the first of ``strings`` begins.

    That string and the rest of its piece are cut, and are the generator's return value ("" if none appears). No more
    pieces are taken after it.

    Raises:  ValueError for an empty stop string.

    >>> list(until(["Hello", " wo", "rld\n", "User", ": hi"], ["\nUser:"]))
    ['Hello', ' wo', 'rld']
    """
    if not all(strings):
        raise ValueError("a stop string must have at least 1 character")
    return _until(iter(pieces), tuple(strings))


def _until(pieces: Iterator[str], strings: tuple[str, ...]) -> Generator[str, None, str]:
    held = ""
    for piece in pieces:
        held += piece
        at, keep = _first(held, strings), _could_begin(held, strings)
        if at < len(held) and at <= keep:  # else a longer one may have begun before it
            break
        if held[:keep]:
            yield held[:keep]
        held = held[keep:]
    at = _first(held, strings)
    if held[:at]:
        yield held[:at]
    return held[at:]


def _first(text: str, strings: tuple[str, ...]) -> int:
    """Where the first of the strings begins; the text's length if none is there."""
    return min((text.find(string) for string in strings if string in text), default=len(text))


def _could_begin(text: str, strings: tuple[str, ...]) -> int:
    """Where the longest end of ``text`` begins that is the beginning of a string; its length if there is none."""
    longest = max(map(len, strings), default=1)
    for start in range(max(0, len(text) - longest + 1), len(text)):
        if any(len(text) - start < len(string) and string.startswith(text[start:]) for string in strings):
            return start
    return len(text)
