"""Oracle: OpenAI's ``tiktoken``, given our vocabulary. The same ids on any Unicode text and on any bytes.

tiktoken knows no merges: it joins two neighbors whenever their bytes together are a token, lowest id first. That this
is the same is part of what is tested.
"""

import functools
import sys

import pytest
import tiktoken
from hypothesis import given, settings
from hypothesis import strategies as st
from tiktoken_ext.openai_public import r50k_pat_str

from llmcourse import data
from llmcourse.language.bpe import Tokenizer
from llmcourse.language.bpe_merges import merge_long_word, merge_word
from llmcourse.language.pretokenize import PATTERNS, split

GPT2 = r50k_pat_str  # their form of GPT-2's rule, for speed
SIZE = 450
SPECIAL = ("<|endoftext|>", "<|fim|>")
TEXT = (
    "It's the end of the world as we know it, and I feel fine… 1,000 times in 2024!\n\n    for i in range(10):\r\n\t\t"
    "Œuvres complètes, naïve façade; Ελληνικά и русский; 你好世界，你好，世界。こんにちは世界 한국어 안녕하세요 हिन्दी "
    "👩‍👩‍👧‍👦👍🏽🎉🎉 "
) * 4
STRANGE = [
    *("\u0301 e\u0301 \u0308\u0308 \u20dd \U000e0100 नि ก็ \u1100\u1161\u11a8".split(" ")),  # combining marks
    *("👍🏽 👩‍👩‍👧‍👦 🏳️‍🌈 🇫🇷 ☃️ 🀄 \u200d \ufe0f".split(" ")),  # emoji
    *("你好 世界 𠀀 豈 ㈱ ゞ 한 \ue000 \U0010ffff".split(" ")),  # CJK, private use
    *("\x00 \x07 \x1b \x7f \x80 \x85 \u200b \u2028 \u2029 \ufeff \u00ad \u202e".split(" ")),  # control and format
    *"\u0378 \u0558 \u2fe0 \U0003fffd \U000e0fff \ufdd0 \uffff".split(" "),  # unassigned, noncharacters
    *["\t", "\n", "\r\n", "\v", "\f", "\x1c", "\x1f", "\u00a0", "\u1680", "\u2003", "\u3000", " ", "  "],  # blanks
    *"'s 'S 'll ’t 've 'x '' ½ ² Ⅷ ٣ १ 12 a1 _ <|endoftext|>".split(" "),
]
some_unicode = st.lists(st.one_of(st.sampled_from(STRANGE), st.text(max_size=4)), max_size=15).map("".join)


@functools.cache
def pair(pattern=GPT2):
    ours = Tokenizer.train(TEXT, vocab_size=SIZE, special=SPECIAL)
    ranks = {token: i for i, token in enumerate(ours.tokens) if i not in ours.special.values()}
    return ours, tiktoken.Encoding("ours", pat_str=pattern, mergeable_ranks=ranks, special_tokens=ours.special)


@pytest.mark.parametrize("pattern", [GPT2, PATTERNS["gpt2"]])
@settings(max_examples=1000)
@given(text=st.one_of(some_unicode, st.text()))
def test_any_text_has_tiktokens_ids(pattern, text):
    ours, theirs = pair(pattern)
    ids = ours.encode(text)
    assert ids == theirs.encode_ordinary(text)
    assert ours.decode_bytes(ids) == theirs.decode_bytes(ids) == text.encode()


@settings(max_examples=300)
@given(st.lists(st.one_of(st.sampled_from([*SPECIAL, "<|", "fim|>"]), st.text(max_size=4)), max_size=10).map("".join))
def test_special_tokens_are_tiktokens(text):
    ours, theirs = pair()
    assert ours.encode(text, allow_special=True) == theirs.encode(text, allowed_special="all")
    assert ours.encode(text) == theirs.encode(text, disallowed_special=())


@given(st.lists(st.integers(0, SIZE - 1), max_size=20))
def test_any_ids_are_decoded_as_tiktoken_does(ids):
    ours, theirs = pair()
    assert ours.decode_bytes(ids) == theirs.decode_bytes(ids)
    assert ours.decode(ids) == theirs.decode(ids)


@settings(max_examples=300)
@given(
    st.one_of(
        st.binary(min_size=1, max_size=80),
        st.lists(st.sampled_from(TEXT.encode().split()), min_size=1, max_size=8).map(b"".join),
    )
)
def test_the_bytes_of_one_piece_are_merged_as_tiktoken_does_utf8_or_not(data):
    ours, theirs = pair()
    ids = [ours.tokens.index(bytes([byte])) for byte in data]
    made = {parts: len(SPECIAL) + 256 + i for i, parts in enumerate(ours.merges)}
    assert merge_word(ids, made) == merge_long_word(ids, made) == theirs._encode_single_piece(data)


def test_every_code_point_is_a_letter_a_number_a_sign_or_a_blank_as_in_tiktoken():
    characters = [chr(i) for i in range(sys.maxunicode + 1) if not 0xD800 <= i < 0xE000]

    def of_kind(rule):
        kind = tiktoken.Encoding(
            "kind", pat_str=rule, mergeable_ranks={bytes([i]): i for i in range(256)}, special_tokens={}
        )
        return set(kind.decode(kind.encode_ordinary("".join(characters))))

    def joined_to(first, before):  # the characters that are not cut from ``first``
        pieces = split("".join(before + first + c for c in characters))
        return {piece[1] for piece in pieces if piece[0] == first and len(piece) == 2}

    assert joined_to("a", "!") == of_kind(r"\p{L}")
    assert joined_to("1", "!") == of_kind(r"\p{N}")
    assert joined_to("!", "a") == of_kind(r"[^\s\p{L}\p{N}]")


@pytest.mark.network
@pytest.mark.parametrize("name", ["alice29.txt", "plrabn12.txt"])
def test_real_texts_have_tiktokens_ids(name):
    text = data.read(name)
    ours = Tokenizer.train(text, vocab_size=4096)
    ranks = {token: i for i, token in enumerate(ours.tokens)}
    theirs = tiktoken.Encoding("ours", pat_str=GPT2, mergeable_ranks=ranks, special_tokens={})
    assert ours.encode(text) == theirs.encode_ordinary(text)
