"""Cutting texts into pieces: nothing lost, the published rules by example, and what SmolLM2's does with digits."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmcourse.language.pretokenize import PATTERNS, check_pattern, split

anything = st.text(st.characters())  # lone surrogates too
close = st.text(alphabet="ab'stlé 12٣½\n\t\u00a0\u3000!?_\u0301中🙂\ud800", max_size=30)


@pytest.mark.parametrize("pattern", PATTERNS)
@given(text=st.one_of(anything, close))
def test_pieces_are_the_text_and_none_is_empty(pattern, text):
    pieces = split(text, pattern)
    assert "".join(pieces) == text
    assert all(pieces)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("Hello world", ["Hello", " world"]),
        ("we're they'll I'm", ["we", "'re", " they", "'ll", " I", "'m"]),
        ("don't he'd I've it's", ["don", "'t", " he", "'d", " I", "'ve", " it", "'s"]),
        ("IT'S ’s", ["IT", "'", "S", " ’", "s"]),  # only lower case, only the straight apostrophe
        ("a  b", ["a", " ", " b"]),
        ("a   b", ["a", "  ", " b"]),
        ("a\nb", ["a", "\n", "b"]),
        ("a\n\n  b", ["a", "\n\n ", " b"]),
        ("a \n", ["a", " \n"]),
        ("a\u00a0b", ["a", "\u00a0", "b"]),  # only the plain space joins what follows
        ("x=1.5e10", ["x", "=", "1", ".", "5", "e", "10"]),
        ("½ ٣ Ⅷ", ["½", " ٣", " Ⅷ"]),  # fractions, Arabic digits and Roman numerals are numbers
        ("naïve", ["naïve"]),
        ("nai\u0308ve", ["nai", "\u0308", "ve"]),  # a combining mark is neither letter nor number
        ("日本語 text", ["日本語", " text"]),
        ("🙂🙂!", ["🙂🙂!"]),
        ("\x00\x1f", ["\x00\x1f"]),
    ],
)
def test_gpt2_cuts_as_published(text, pieces):
    assert split(text) == pieces


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("in 2024", ["in", " ", "2", "0", "2", "4"]),
        ("a  7", ["a", "  ", "7"]),  # the last space stays with the others: no digit takes it
        ("a  b", ["a", " ", " b"]),
        ("7 a 7", ["7", " a", " ", "7"]),
        ("½٣", ["½", "٣"]),
        ("x1y", ["x", "1", "y"]),
        ("!1!", ["!", "1", "!"]),
        ("'s1's", ["'s", "1", "'s"]),
    ],
)
def test_smollm_takes_digits_one_by_one(text, pieces):
    assert split(text, "smollm") == pieces


@given(close)
def test_smollm_is_gpt2_between_the_digits(text):
    parts = re.split("([12٣½])", text)
    expected = [piece for part in parts for piece in split(part)]
    assert split(text, "smollm") == expected


def test_letters_are_those_of_unicode_16_whatever_the_library_knows():
    assert split("a\u1c89") == ["a\u1c89"]  # new in Unicode 16
    assert split("a\u088f") == ["a", "\u088f"]  # new in Unicode 17
    assert split("1\U00011de0") == ["1", "\U00011de0"]


def test_an_unknown_pattern_is_refused():
    with pytest.raises(ValueError, match="pattern must be one of gpt2, smollm, got 'gpt5'"):
        split("text", "gpt5")
    with pytest.raises(ValueError, match="got ''"):
        check_pattern("")
