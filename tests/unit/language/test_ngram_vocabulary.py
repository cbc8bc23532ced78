"""Tokens and ids: nothing is lost on the way there and back, and nothing is invented."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from llmcourse.language.vocabulary import Vocabulary, tokenize


@pytest.mark.parametrize("unit", ["characters", "bytes", "words"])
@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
@example(text="don't 'quote' rock'n'roll  two  spaces\n\na_b é ’tis 3.14 ")
@example(text="a b c")
def test_decode_undoes_encode(unit, text):
    vocabulary = Vocabulary.from_text(text, unit=unit)
    assert vocabulary.decode(vocabulary.encode(text)) == text


@given(st.lists(st.sampled_from(["a", "b2", "don't", " ", "\n", ",", "'"]), min_size=1, max_size=12))
def test_word_tokens_survive_joining_and_cutting(pieces):
    text = "".join(pieces)
    vocabulary = Vocabulary.from_text(text, unit="words")
    assert vocabulary.decode(vocabulary.encode(text)) == text


def test_words_are_what_the_rule_says():
    assert tokenize("It's 3 o'clock,  he said.\n'No'", "words") == [
        *["It's", "3", "o'clock", ",", " ", " ", "he", "said", ".", "\n", "'", "No", "'"]
    ]


def test_bytes_are_the_utf8_bytes():
    assert Vocabulary.from_text("x", unit="bytes").encode("é").tolist() == [0xC3, 0xA9]
    assert tokenize("é", "bytes") == [b"\xc3", b"\xa9"]
    assert Vocabulary.from_text("x", unit="bytes").decode(np.array([0xC3, 0x41])) == "�A"


def test_tokens_are_sorted_and_ids_are_their_places():
    vocabulary = Vocabulary.from_text("banana")
    assert vocabulary.tokens == ("a", "b", "n")
    assert vocabulary.encode("nab").tolist() == [2, 0, 1]
    assert len(vocabulary) == 3


@pytest.mark.parametrize("unit", ["characters", "words"])
def test_rare_tokens_become_the_unknown_one(unit):
    vocabulary = Vocabulary.from_text("a b a b c", unit=unit, minimum_count=2, unknown="<unk>")
    ids = vocabulary.encode("a c z")
    assert [vocabulary.tokens[i] for i in ids if vocabulary.tokens[i] != " "] == ["a", "<unk>", "<unk>"]
    assert vocabulary.decode(ids) == "a <unk> <unk>"


def test_refusals():
    with pytest.raises(ValueError, match="the text is empty"):
        Vocabulary.from_text("")
    with pytest.raises(ValueError, match="unit must be one of characters, bytes, words, got 'letters'"):
        Vocabulary.from_text("a", unit="letters")
    with pytest.raises(ValueError, match="minimum_count must be at least 1, got 0"):
        Vocabulary.from_text("a", minimum_count=0)
    with pytest.raises(ValueError, match="minimum_count=2 drops tokens"):
        Vocabulary.from_text("aab", minimum_count=2)
    with pytest.raises(ValueError, match=r"bytes are never unknown.*minimum_count=2"):
        Vocabulary.from_text("aab", unit="bytes", minimum_count=2)
    with pytest.raises(ValueError, match="at least 1 token, got 0"):
        Vocabulary(())
    with pytest.raises(ValueError, match="1 tokens are repeated, the first is 'a'"):
        Vocabulary(("a", "b", "a"))
    with pytest.raises(ValueError, match="unknown='<unk>' is not one of the tokens"):
        Vocabulary(("a", "b"), unknown="<unk>")
    with pytest.raises(ValueError, match="'ab' is not one character"):
        Vocabulary(("a", "ab"))
    with pytest.raises(ValueError, match="bytes need all 256 tokens, got 1"):
        Vocabulary((b"a",), unit="bytes")
    with pytest.raises(ValueError, match=r"id 5 is outside 0 … 1"):
        Vocabulary(("a", "b")).decode(np.array([0, 5]))


def test_a_refusal_names_five_tokens_and_counts_the_rest():
    with pytest.raises(ValueError, match=r"7 of the text's characters .* and 2 others"):
        Vocabulary.from_text("a").encode("bcdefgha")
