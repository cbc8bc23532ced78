"""Oracle: Hugging Face's ``tokenizers``, in Rust. The same merges, ties included, the same ids, the same cuts."""

import json

import pytest
import tokenizers
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import models, pre_tokenizers, trainers

from llmcourse import data
from llmcourse.language.bpe import Tokenizer
from llmcourse.language.bpe_files import letters
from llmcourse.language.pretokenize import split

SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_start|>user")
MIXED = (
    "Es war einmal… “Once upon a time”, 1,024 times; it's   late!\n\n\tdef f(x):\n\t    return x**2  # ½ ٣\r\n"
    "日本語の文章、한국어 문장, русский текст, עברית, हिन्दी, ภาษาไทย, naïve nai\u0308ve, "
    "👩‍👩‍👧‍👦 🏳️‍🌈 🇫🇷\u00a0\u200b\u3000\x00\x1b\n"
) * 3


def byte_level() -> pre_tokenizers.PreTokenizer:
    return pre_tokenizers.ByteLevel(add_prefix_space=False)


def digits_then_byte_level() -> pre_tokenizers.PreTokenizer:
    return pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), byte_level()])


CUTS = {"gpt2": byte_level, "smollm": digits_then_byte_level}


def theirs(text, *, vocab_size, pattern="gpt2", special=()):
    tokenizer = tokenizers.Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = CUTS[pattern]()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size, special_tokens=list(special), initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator([text], trainer)
    return tokenizer


def same(ours: Tokenizer, other: tokenizers.Tokenizer) -> None:
    """The same vocabulary with the same ids, and the same merges in the same order."""
    special = ours.special.values()
    named = {token.decode() if i in special else letters(token): i for i, token in enumerate(ours.tokens)}
    assert named == other.get_vocab()
    merges = [list(map(letters, (ours.tokens[left], ours.tokens[right]))) for left, right in ours.merges]
    assert merges == json.loads(other.to_str())["model"]["merges"]


@pytest.mark.parametrize("pattern", CUTS)
@pytest.mark.parametrize("special", [(), SPECIAL])
@pytest.mark.parametrize("size", [260, 350, 430])
def test_training_gives_their_tokens_merges_and_ids(pattern, special, size):
    ours = Tokenizer.train(MIXED, vocab_size=size, pattern=pattern, special=special)
    other = theirs(MIXED, vocab_size=size, pattern=pattern, special=special)
    same(ours, other)
    assert ours.encode(MIXED) == other.encode(MIXED).ids


@given(st.text(alphabet="ab Z\n'é1太", max_size=60), st.sampled_from(list(CUTS)))
def test_every_tie_is_broken_as_theirs_until_nothing_is_left(text, pattern):
    other = theirs(text, vocab_size=10_000, pattern=pattern)  # they stop without a word when the text is used up
    size = other.get_vocab_size()
    ours = Tokenizer.train(text, vocab_size=size, pattern=pattern)
    same(ours, other)
    with pytest.raises(ValueError, match=f"it gives {size} tokens"):
        Tokenizer.train(text, vocab_size=size + 1, pattern=pattern)


@pytest.mark.parametrize("pattern", CUTS)
@given(text=st.text())
def test_texts_are_cut_as_theirs(pattern, text):
    # Their ``Digits`` goes by Unicode 17, their ByteLevel by Unicode 16; ours always by 16. Thirteen digits differ.
    text = "".join(c for c in text if not ("\U00011de0" <= c <= "\U00011de9" or "\U00016ff4" <= c <= "\U00016ff6"))
    assert [letters(piece.encode()) for piece in split(text, pattern)] == [
        piece for piece, _ in CUTS[pattern]().pre_tokenize_str(text)
    ]


@given(st.lists(st.one_of(st.sampled_from([*SPECIAL, "<|", "user", "|>", " "]), st.text(max_size=4)), max_size=10))
def test_special_tokens_are_found_as_theirs(parts):
    text = "".join(parts)
    ours, other = SPECIALS
    assert ours.encode(text, allow_special=True) == other.encode(text).ids
    assert ours.encode(text) == other_without_specials(text)


SPECIALS = (
    Tokenizer.train(MIXED, vocab_size=400, special=SPECIAL),
    theirs(MIXED, vocab_size=400, special=SPECIAL),
)


def other_without_specials(text):
    other = SPECIALS[1]
    pieces = other.pre_tokenizer.pre_tokenize_str(text)
    return [token.id for piece, _ in pieces for token in other.model.tokenize(piece)]


@pytest.mark.network
@pytest.mark.parametrize(
    ("name", "size"),
    # All the tokens that the text can give, and so every tie there is; 4,096 for the text of 4.1 MB.
    [("alice29.txt", 6282), ("asyoulik.txt", 6744), ("lcet10.txt", 13844), ("plrabn12.txt", 17398), ("kjv", 4096)],
)
def test_on_real_texts_every_merge_and_id_is_theirs(name, size):
    text = data.read(name)
    ours, other = Tokenizer.train(text, vocab_size=size), theirs(text, vocab_size=size)
    same(ours, other)
    ids = ours.encode(text)
    assert ids == other.encode(text).ids
    assert ours.decode(ids) == text
    if name != "kjv":
        with pytest.raises(ValueError, match=f"it gives {size} tokens"):
            Tokenizer.train(text, vocab_size=size + 1)
