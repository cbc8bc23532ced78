r"""Cutting a text into pieces before byte-pair encoding, so that no token spans two of them (standard library, regex).

The pieces are found by a regular expression, from left to right, and put together they are the text again. GPT-2's has
six kinds of piece, tried in this order:

    '(?:[sdmt]|ll|ve|re)     an English ending with its apostrophe: 's 'd 'm 't 'll 've 're
     ?\p{L}+                 letters of any script, with the one space before them if there is one
     ?\p{N}+                 numbers, likewise
     ?[^\s\p{L}\p{N}]+       signs, likewise: all that is neither blank nor letter nor number
    \s+(?!\S)                blanks, without the last one if something follows: that one may belong to what follows
    \s+                      other blanks: a line break before a letter, say

SmolLM2's differs in its numbers: each digit is a piece of its own, and no space is joined to it.

``regex``, unlike Python's ``re``, knows ``\p{L}``. It follows each new edition of Unicode, but a tokenizer has to cut
tomorrow as it did when its model was trained. So letters and numbers are those of Unicode 16, as they are in tiktoken
0.14 and tokenizers 0.23; what became a letter or a number since (an old script, rare ideographs) is cut like a sign.
"""

from functools import cache

import regex

__all__ = ["PATTERNS", "SINCE_UNICODE_16", "check_pattern", "split"]

PATTERNS = {
    "gpt2": r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    "smollm": r"\p{N}|'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?[^\s\p{L}\p{N}]+|\s+(?![^\s\p{N}])|\s+",
}

# Code points that Unicode 17 or 18 made letters or numbers; between the ends of a range, none was one before.
SINCE_UNICODE_16 = """
    558 58B-58C 88F C5C CDC 208F 209D-209F A7CE-A7CF A7D2 A7D4 A7DD-A7F1 AB6C-AB6D 107BB-107BF 10940-10959 10EC5-10EEE
    11B0A 11DB0-11DF1 1246F-1247F 12550-12686 16EA0-16ED3 16FF2-16FF6 187F8-187FF 18CD6-18CDA 18D09-191D2 1B123-1B128
    1B168 1D6A6 1DF1F-1DF24 1DF2B-1DFFF 1E6C0-1E6FF 2B73A-2B73F 2B81E 2CEA2-2CEAD 323B0-3FC3F
"""


def split(text: str, pattern: str = "gpt2") -> list[str]:
    """The pieces of ``text`` in order, cut by the rule of that name in ``PATTERNS``; joined, they are ``text``.

    A lone surrogate, which is how Python marks a byte that is not UTF-8 (errors="surrogateescape"), counts as a sign.

    Raises:  ValueError for an unknown pattern.
    Source:  Radford et al. (2019), section 2.2, for the idea; the rule itself stands in the code they published, the
             other one in the configuration file of SmolLM2's tokenizer. {cite}`radford2019`

    >>> split("It's  2024, isn't it?")
    ['It', "'s", ' ', ' 2024', ',', ' isn', "'t", ' it', '?']
    >>> split("in 2024", "smollm")
    ['in', ' ', '2', '0', '2', '4']
    """
    return _rule(pattern).findall(text)


def check_pattern(pattern: str) -> None:
    """Raise ValueError unless ``pattern`` is a name in ``PATTERNS``."""
    if pattern not in PATTERNS:
        raise ValueError(f"pattern must be one of {', '.join(PATTERNS)}, got {pattern!r}")


@cache
def _rule(pattern: str) -> regex.Pattern:
    check_pattern(pattern)
    ranges = ("-".join(chr(int(end, 16)) for end in span.split("-")) for span in SINCE_UNICODE_16.split())
    newer, rule = "".join(ranges), PATTERNS[pattern]
    for kind in (r"\p{L}", r"\p{N}"):
        rule = rule.replace(kind, f"[{kind}--[{newer}]]")  # a difference of sets
    return regex.compile(rule, regex.V1)  # V1: the syntax that has differences of sets
