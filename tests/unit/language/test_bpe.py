"""The tokenizer: nothing is lost, special tokens only on demand, and a clear refusal of each bad input."""

import copy
import pickle
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from llmcourse.language import bpe
from llmcourse.language.bpe import Tokenizer
from llmcourse.language.bpe_files import BYTE_ORDER

TEXT = (
    "In the beginning was the Word, and the Word was with God, and the Word was God. The same was in the beginning "
    "with God.\n\nIm Anfang war das Wort… Au commencement était la Parole. 太初有道，道與神同在。 🙂🙂 1611 1912\r\n"
)
END, BEGIN = "<|endoftext|>", "<|im_start|>"
ENGLISH = Tokenizer.train(TEXT, vocab_size=340, special=(END, BEGIN))
DIGITS = Tokenizer.train(TEXT, vocab_size=300, pattern="smollm")
BYTES = Tokenizer.train("", vocab_size=256)
anything = st.one_of(st.text(), st.text(alphabet="the Word1\n🙂太\u0301"))


def byte_id(letter: str, first: int = 0) -> int:
    return first + BYTE_ORDER.index(ord(letter))


@pytest.mark.parametrize("tokenizer", [ENGLISH, DIGITS, BYTES])
@given(text=anything)
def test_decoding_undoes_encoding(tokenizer, text):
    ids = tokenizer.encode(text)
    assert tokenizer.decode_bytes(ids) == text.encode()
    assert tokenizer.decode(ids) == text
    assert b"".join(tokenizer.tokens[i] for i in ids) == text.encode()


@given(
    st.one_of(
        st.binary(), anything.map(str.encode), st.tuples(anything, st.binary()).map(lambda t: t[0].encode() + t[1])
    )
)
def test_any_bytes_are_encoded_without_loss(data):
    assert ENGLISH.decode_bytes(ENGLISH.encode_bytes(data)) == data


@given(anything)
def test_encode_bytes_of_utf8_is_encode(text):
    assert ENGLISH.encode_bytes(text.encode()) == ENGLISH.encode(text)


def test_broken_utf8_is_cut_like_a_sign():
    ids = ENGLISH.encode_bytes(b" the\xff\xfe the")
    assert [ENGLISH.tokens[i] for i in ids] == [b" the", b"\xff", b"\xfe", b" the"]
    assert ENGLISH.decode(ids) == " the\ufffd\ufffd the"


@given(st.lists(st.integers(0, len(ENGLISH) - 1)))
def test_any_ids_decode_to_the_bytes_of_their_tokens(ids):
    spelled = b"".join(ENGLISH.tokens[i] for i in ids)
    assert ENGLISH.decode_bytes(ids) == spelled
    assert ENGLISH.decode(ids) == spelled.decode("utf-8", errors="replace")
    assert ENGLISH.decode(np.array(ids, dtype=np.int64)) == ENGLISH.decode(torch.tensor(ids)) == ENGLISH.decode(ids)


def test_training_counts_by_hand():
    # Pieces: "low", " low", " lower", " lowest". lo and ow: 4 each, and o comes after l but before w in the alphabet.
    tokenizer = Tokenizer.train("low low lower lowest", vocab_size=259)
    assert tokenizer.tokens[256:] == [b"lo", b"low", b" low"]
    assert tokenizer.merges == [(byte_id("l"), byte_id("o")), (256, byte_id("w")), (byte_id(" "), 257)]
    assert tokenizer.encode("low slow") == [257, byte_id(" "), byte_id("s"), 257]


def test_ids_are_special_tokens_then_bytes_in_gpt2s_order_then_merges():
    assert ENGLISH.tokens[:2] == [END.encode(), BEGIN.encode()]
    assert ENGLISH.special == {END: 0, BEGIN: 1}
    assert b"".join(ENGLISH.tokens[2:258]) == bytes(BYTE_ORDER)
    assert ENGLISH.tokens[2] == b"!"
    assert ENGLISH.tokens[2 + 220] == b" "  # the 221st
    assert sorted(BYTE_ORDER) == list(range(256))
    assert len(ENGLISH) == 340 == 2 + 256 + len(ENGLISH.merges)
    for number, (left, right) in enumerate(ENGLISH.merges):
        assert ENGLISH.tokens[258 + number] == ENGLISH.tokens[left] + ENGLISH.tokens[right]


def test_no_token_spans_two_pieces():
    assert not any(b" " in token[1:] for token in ENGLISH.tokens[258:])
    assert not any(any(digit in token for digit in b"0123456789") for token in DIGITS.tokens[256:])
    assert any(b"1" in token for token in ENGLISH.tokens[258:])


def test_more_tokens_are_the_fewer_ones_and_others():
    small, large = (Tokenizer.train(TEXT, vocab_size=size) for size in (280, 330))
    assert large.tokens[:280] == small.tokens
    assert large.merges[:24] == small.merges
    assert len(large.encode(TEXT)) < len(small.encode(TEXT)) < len(TEXT.encode())


def test_a_larger_vocabulary_never_needs_more_tokens_for_its_own_text():
    lengths = [len(Tokenizer.train(TEXT, vocab_size=size).encode(TEXT)) for size in range(256, 300)]
    assert lengths[0] == len(TEXT.encode())
    assert all(a > b for a, b in pairwise(lengths))


def test_special_tokens_are_text_unless_allowed():
    text = f"{BEGIN}the Word{END}"
    plain, marked = ENGLISH.encode(text), ENGLISH.encode(text, allow_special=True)
    assert not {0, 1} & set(plain)
    assert ENGLISH.decode(plain) == ENGLISH.decode(marked) == text
    assert marked == [1, *ENGLISH.encode("the Word"), 0]
    assert ENGLISH.encode(END) == BYTES_OF_END
    assert ENGLISH.encode(END, allow_special=True) == [0]
    assert ENGLISH.encode("<|unknown|>", allow_special=True) == ENGLISH.encode("<|unknown|>")
    assert BYTES.encode(END, allow_special=True) == BYTES.encode(END)  # it has none


BYTES_OF_END = [byte_id(letter, first=2) for letter in END]  # nothing in TEXT merges any of them


@given(st.lists(st.sampled_from([END, BEGIN, "the ", " Word", "<", "|>", "\n", " 1", "🙂"])))
def test_special_tokens_cut_the_text(parts):
    text = "".join(parts)
    ids = ENGLISH.encode(text, allow_special=True)
    assert ENGLISH.decode(ids) == text
    assert ids.count(0) == text.count(END)
    assert ids.count(1) == text.count(BEGIN)


def test_of_two_special_tokens_that_begin_together_the_longer_one_is_taken():
    tokenizer = Tokenizer.train("", vocab_size=259, special=("<a>", "<a><b>", "."))
    assert tokenizer.encode("<a><b><a>.", allow_special=True) == [1, 0, 2]  # and "." is no wildcard


def test_a_special_token_may_be_a_word_of_the_text():
    tokenizer = Tokenizer.train("the the the", vocab_size=261, special=("the", "a"))
    assert tokenizer.tokens[-1] == b" the"
    assert tokenizer.decode(tokenizer.encode("the a")) == "the a"
    assert not {0, 1} & set(tokenizer.encode("the a"))
    assert tokenizer.encode("the", allow_special=True) == [0]


def test_token_text_is_made_for_the_eye():
    def shown(text):
        return [ENGLISH.token_text(i) for i in ENGLISH.encode(text)]

    assert shown(" the Word\n") == ["␣the", "␣Word", "↵"]
    assert shown("\t\r") == ["⇥", "␍"]
    assert shown("é") == ["\\xc3", "\\xa9"]  # two bytes that no merge has joined
    assert shown("🙂🙂") == ["🙂", "🙂"]
    assert shown("\x00") == ["\\u0000"]
    assert BYTES.token_text(byte_id("\xe2")) == "\\xe2"
    assert ENGLISH.token_text(0) == END
    nbsp = Tokenizer.train("\u00a0\u00a0", vocab_size=257)
    assert nbsp.token_text(256) == "\\u00a0"


def test_what_is_remembered_changes_nothing(monkeypatch):
    monkeypatch.setattr(bpe, "_REMEMBERED", 3)
    forgetful = Tokenizer.train(TEXT, vocab_size=340, special=(END, BEGIN))
    for _ in range(2):
        assert forgetful.encode(TEXT) == ENGLISH.encode(TEXT)
    assert len(forgetful._remembered) <= 3
    first = ENGLISH.encode("the")
    first.append(99)  # a caller may do as it likes with the list
    assert ENGLISH.encode("the") != first


@pytest.mark.parametrize("long", [1, 4, 10**9])
def test_where_long_words_begin_changes_nothing(monkeypatch, long):
    text = TEXT + "beginning" * 60
    expected = ENGLISH.encode(text)
    monkeypatch.setattr(bpe, "_LONG", long)
    assert Tokenizer(ENGLISH.tokens, ENGLISH.merges, ENGLISH.special).encode(text) == expected


def test_tokenizers_are_equal_by_content_and_can_be_copied_and_pickled():
    again = Tokenizer.train(TEXT, vocab_size=340, special=(END, BEGIN))
    again.encode(TEXT)
    assert again == ENGLISH
    assert pickle.loads(pickle.dumps(again)) == copy.deepcopy(again) == ENGLISH
    assert DIGITS != Tokenizer.train(TEXT, vocab_size=300)
    assert "tokens" not in repr(ENGLISH)


@pytest.mark.parametrize(
    ("size", "special", "message"),
    [
        (255, (), "vocab_size must be at least 256, for 256 bytes and 0 special tokens, got 255"),
        (257, ("<a>", "<b>"), "vocab_size must be at least 258, for 256 bytes and 2 special tokens, got 257"),
        (-1, (), "got -1"),
        (300, "<a>", r"special must be a sequence of names, got one name; write special=\('<a>',\)"),
        (300, ("<a>", "<a>"), "the 2 special tokens have only 1 names; name each once"),
        (300, ("",), "special token 0 has an empty name"),
    ],
)
def test_training_refuses_impossible_sizes_and_names(size, special, message):
    with pytest.raises(ValueError, match=message):
        Tokenizer.train(TEXT, vocab_size=size, special=special)


def test_a_text_that_is_too_small_says_what_it_can_give():
    message = "after 4 merges each piece of the text is one token: it gives 261 tokens, not vocab_size=1000; give more"
    with pytest.raises(ValueError, match=message):
        Tokenizer.train("abcd abcd", vocab_size=1000, special=("<a>",))
    assert len(Tokenizer.train("abcd abcd", vocab_size=261, special=("<a>",)).encode("abcd abcd")) == 2
    with pytest.raises(ValueError, match="it gives 256 tokens, not vocab_size=257; give more text, or vocab_size=256"):
        Tokenizer.train("", vocab_size=257)


@pytest.mark.parametrize(
    ("text", "place", "code"), [("\ud800", 0, "D800"), ("ab\udfff", 2, "DFFF"), ("\ude42\ud83d", 0, "DE42")]
)
def test_lone_surrogates_are_refused(text, place, code):
    message = rf"character {place} of the text is the lone surrogate U\+{code}, .* encode_bytes takes bytes"
    for use in (
        ENGLISH.encode,
        lambda t: ENGLISH.encode(t, allow_special=True),
        lambda t: Tokenizer.train(t, vocab_size=256),
    ):
        with pytest.raises(ValueError, match=message):
            use(text)


@pytest.mark.parametrize("bad", [-1, 340, 10**9])
def test_ids_outside_the_vocabulary_are_refused(bad):
    for decode in (ENGLISH.decode, ENGLISH.decode_bytes):
        with pytest.raises(ValueError, match=f"id {bad} is outside 0 … 339"):
            decode([5, bad, 7])
    with pytest.raises(ValueError, match=f"id {bad} is outside 0 … 339"):
        ENGLISH.token_text(bad)


def test_a_byte_without_a_token_is_refused_where_a_text_needs_it():
    tokenizer = Tokenizer([b"a", b"b", b"ab"], [(0, 1)])
    assert tokenizer.encode("abba") == [2, 1, 0]
    with pytest.raises(ValueError, match="the vocabulary has no token for byte 0x63, which 'abc' needs"):
        tokenizer.encode("abc")
    with pytest.raises(ValueError, match="no token for byte 0xFF"):
        tokenizer.encode_bytes(b"\xff")


@pytest.mark.parametrize(
    ("tokens", "merges", "special", "message"),
    [
        ([b"a", b"a"], [], {}, "1 tokens are repeated, the first is b'a'"),
        ([b"a", b"ab"], [(0, 1)], {}, "merge 0 joins tokens 0 and 1; not both are bytes or made before"),
        ([b"a", b"aa"], [(0, 7)], {}, "merge 0 joins tokens 0 and 7"),
        ([b"a", b"aa"], [(-2, 0)], {}, "merge 0 joins tokens -2 and 0"),
        (
            [b"a", b"aaa", b"aa"],
            [(0, 2), (0, 0)],
            {},
            "merge 0 joins tokens 0 and 2; not both are bytes or made before",
        ),
        ([b"a", b"b"], [(0, 1)], {}, "merge 0 makes b'ab', which is no token"),
        ([b"a", b"aa", b"aaa"], [(0, 0), (0, 0)], {}, "merge 1 makes b'aa', which has id 1: it must be above 1"),
        ([b"a", b"aaa", b"aa"], [(0, 0), (0, 2)], {}, "merge 1 makes b'aaa', which has id 1: it must be above 2"),
        ([b"a", b"<x>"], [], {"<x>": 0}, "special token '<x>' should have id 0"),
        ([b"a", b"<x>"], [], {"<x>": 2}, "special token '<x>' should have id 2"),
        ([b"a", b"<x>"], [], {"<x>": -1}, "special token '<x>' should have id -1"),
        ([b"a", b"b", b"ab"], [(0, 1)], {"a": 0}, "merge 0 joins tokens 0 and 1"),
        ([b"a", b"b", b"ab"], [(0, 1)], {"ab": 2}, "merge 0 makes b'ab', which is no token"),
    ],
)
def test_a_vocabulary_whose_parts_do_not_fit_is_refused(tokens, merges, special, message):
    with pytest.raises(ValueError, match=message):
        Tokenizer(tokens, merges, special)


def test_an_unknown_pattern_is_refused():
    with pytest.raises(ValueError, match="pattern must be one of gpt2, smollm, got 'words'"):
        Tokenizer([b"a"], [], {}, "words")
    with pytest.raises(ValueError, match="got 'words'"):
        Tokenizer.train(TEXT, vocab_size=256, pattern="words")
