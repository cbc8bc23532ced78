"""SmolLM2's vocabulary, out of its GGUF file, against ``tokenizers`` and ``tiktoken`` given the same vocabulary.

Both are built from what the gguf package's own reader finds in the file.
"""

import functools

import gguf
import pytest
import tiktoken
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import models, pre_tokenizers

from llmcourse import data
from llmcourse.language.bpe import Tokenizer
from llmcourse.language.bpe_files import letters
from llmcourse.language.pretokenize import PATTERNS

pytestmark = pytest.mark.network

MODEL = "smollm2-135m"
CHAT = "<|im_start|>user\nWhat is 2+2?<|im_end|>\n<|im_start|>assistant\n"


@functools.cache
def ours() -> Tokenizer:
    return Tokenizer.from_gguf(data.fetch(MODEL))


@functools.cache
def metadata():
    fields = gguf.GGUFReader(data.fetch(MODEL)).fields
    names = ("tokens", "merges", "token_type")
    return {name: fields[f"tokenizer.ggml.{name}"].contents() for name in names}


@functools.cache
def theirs() -> tokenizers.Tokenizer:
    fields = metadata()
    vocabulary = {token: i for i, token in enumerate(fields["tokens"])}
    tokenizer = tokenizers.Tokenizer(models.BPE(vocabulary, [tuple(merge.split(" ")) for merge in fields["merges"]]))
    digits, byte_level = pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([digits, byte_level])
    tokenizer.add_special_tokens(
        [t for t, kind in zip(fields["tokens"], fields["token_type"], strict=True) if kind == 3]
    )
    return tokenizer


@functools.cache
def openais() -> tiktoken.Encoding:
    ranks = {token: i for i, token in enumerate(ours().tokens) if i not in ours().special.values()}
    # tiktoken wants all 256 bytes; those that SmolLM2 lacks get ids above the vocabulary.
    for byte in range(256):
        ranks.setdefault(bytes([byte]), 50_000 + byte)
    return tiktoken.Encoding(
        "smollm2", pat_str=PATTERNS["smollm"], mergeable_ranks=ranks, special_tokens=ours().special
    )


def readable(text: str) -> str:
    """Without bytes that SmolLM2 has no token for, and without the 13 digits that ``tokenizers`` cuts by Unicode 17."""
    known = {token[0] for token in ours().tokens if len(token) == 1}
    digits = {chr(i) for i in (*range(0x11DE0, 0x11DEA), *range(0x16FF4, 0x16FF7))}
    return "".join(c for c in text if known.issuperset(c.encode()) and c not in digits)


def test_the_vocabulary_is_the_files():
    fields = metadata()
    assert len(ours()) == 49_152 == len(fields["tokens"])
    assert len(ours().merges) == 48_900
    assert ours().special == {token: i for i, token in enumerate(fields["tokens"][:17])}
    assert list(ours().special)[:3] == ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    assert [letters(token) for token in ours().tokens[17:]] == fields["tokens"][17:]
    assert sum(len(token) == 1 for token in ours().tokens) == 235 == 256 - 21


@pytest.mark.parametrize("name", ["alice29.txt", "asyoulik.txt", "lcet10.txt", "plrabn12.txt", "kjv"])
def test_real_texts_have_the_ids_of_both(name):
    text = data.read(name)[:500_000]
    ids = ours().encode(text)
    assert ids == openais().encode_ordinary(text)
    assert ids == theirs().encode(text).ids
    assert ours().decode(ids) == text


@settings(max_examples=500)
@given(st.lists(st.one_of(st.text(max_size=6), st.sampled_from(["12", " 3", "'s", "  ", "你好", "🎉", *CHAT.split()]))))
def test_any_text_has_the_ids_of_both(parts):
    text = readable("".join(parts))
    ids = ours().encode(text, allow_special=True)
    assert ids == theirs().encode(text).ids
    assert ids == openais().encode(text, allowed_special="all")
    assert ours().decode_bytes(ids) == text.encode()
    assert ours().encode(text) == openais().encode_ordinary(text)


def test_a_conversation_is_marked_by_special_tokens():
    ids = ours().encode(CHAT, allow_special=True)
    assert ids == theirs().encode(CHAT).ids
    assert [i for i in ids if i < 17] == [1, 2, 1]
    assert not {0, 1, 2} & set(ours().encode(CHAT))


def test_a_character_that_the_vocabulary_cannot_spell_is_refused_rather_than_dropped():
    assert theirs().encode("a\x04b").ids == theirs().encode("a").ids + theirs().encode("b").ids  # \x04 is gone
    with pytest.raises(ValueError, match=r"no token for byte 0x04, which '\\x04' needs"):
        ours().encode("a\x04b")


def test_saving_and_loading_keeps_it(tmp_path):
    ours().save(tmp_path / "smollm2.json")
    assert Tokenizer.load(tmp_path / "smollm2.json") == ours()
