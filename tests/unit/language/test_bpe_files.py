"""Files: what is saved is loaded, each damage is named, and nothing half-written is left."""

import json
import os
import re

import gguf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmcourse.language import bpe_files
from llmcourse.language.bpe import Tokenizer
from llmcourse.language.bpe_files import BYTE_ORDER, from_letters, letters

TEXT = "the cat sat on the mat, the dog — naïve — 🙂🙂 1 22 333\n" * 2
TOKENIZER = Tokenizer.train(TEXT, vocab_size=285, pattern="smollm", special=("<|endoftext|>", "Ġ é"))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "tokenizer.json"


@pytest.fixture
def saved(path):
    TOKENIZER.save(path)
    return json.loads(path.read_text(encoding="utf-8"))


@given(st.binary())
def test_letters_are_undone(data):
    assert from_letters(letters(data)) == data
    assert len(letters(data)) == len(data)


def test_letters_are_gpt2s():
    # The letters that GPT-2's published vocabulary is written in.
    assert letters(b" \n\t\x00!~\xa1\xad\xff") == "ĠĊĉĀ!~¡Ńÿ"
    assert "".join(letters(bytes([byte])) for byte in BYTE_ORDER) == "".join(
        sorted(letters(bytes(range(256))))
    )  # the order of the bytes is that of their letters
    assert all(letter.isprintable() and letter != " " for letter in letters(bytes(range(256))))


def test_other_characters_are_no_letters():
    with pytest.raises(ValueError, match="' ' in token 'a b' is none of the 256 letters for bytes"):
        from_letters("a b")
    with pytest.raises(ValueError, match="'中'"):
        from_letters("中")


@pytest.mark.parametrize("tokenizer", [TOKENIZER, Tokenizer.train("", vocab_size=256), Tokenizer([b"a"], [])])
def test_loading_gives_what_was_saved(path, tokenizer):
    tokenizer.save(path)
    loaded = Tokenizer.load(path)
    assert loaded == tokenizer
    assert loaded.special == tokenizer.special
    assert loaded.pattern == tokenizer.pattern
    tokenizer.save(str(path))  # over itself
    assert Tokenizer.load(str(path)) == tokenizer


def test_the_file_is_readable(path, saved):
    assert saved["format"] == "llmcourse byte-level BPE"
    assert saved["version"] == 1
    assert saved["pattern"] == "smollm"
    assert saved["special"] == {"<|endoftext|>": 0, "Ġ é": 1}
    assert saved["tokens"][:3] == ["<|endoftext|>", "Ġ é", "!"]
    assert "Ġ the" in saved["merges"]
    assert "Ġthe" in saved["tokens"]
    assert '\n  "Ġ the",\n' in path.read_text(encoding="utf-8")  # one to a line


def test_a_failure_while_writing_leaves_the_old_file_and_nothing_else(path, saved, monkeypatch):
    before = path.read_bytes()

    def fail(*_):
        raise OSError("the disk is full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="the disk is full"):
        Tokenizer.train("", vocab_size=256).save(path)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == ["tokenizer.json"]


def test_the_file_appears_whole(path, monkeypatch):
    move, seen = os.replace, []

    def watch(source, target):
        seen.append((target.exists(), len(json.loads(source.read_text(encoding="utf-8")))))
        move(source, target)

    monkeypatch.setattr(os, "replace", watch)
    TOKENIZER.save(path)
    assert seen == [(False, 6)]  # all six entries are written before the name is there
    assert os.listdir(path.parent) == ["tokenizer.json"]


def replaced(key, value):
    return lambda content: content | {key: value}


def without(key):
    return lambda content: {k: v for k, v in content.items() if k != key}


def changed(key, place, value):
    return lambda content: content | {key: [value if i == place else item for i, item in enumerate(content[key])]}


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda _: [1, 2], "not a tokenizer file: its format is not 'llmcourse byte-level BPE'"),
        (lambda _: {"model": {"vocab": {}}}, "not a tokenizer file"),  # as that of Hugging Face
        (replaced("format", "another"), "not a tokenizer file"),
        (replaced("version", 2), "the file has version 2; this program reads version 1"),
        (without("version"), "the file has version None"),
        (without("pattern"), "damaged: there is no 'pattern' that is a str"),
        (without("special"), "damaged: there is no 'special' that is a dict"),
        (without("tokens"), "damaged: there is no 'tokens' that is a list"),
        (replaced("merges", {}), "damaged: there is no 'merges' that is a list"),
        (changed("tokens", 5, 7), "damaged: 7 stands where a token, a merge or an id should"),
        (changed("merges", 0, None), "damaged: None stands"),
        (replaced("special", {"<|endoftext|>": "0"}), "damaged: '0' stands"),
        (replaced("special", {"<|endoftext|>": True}), "damaged: True stands"),
        (replaced("special", {"<|endoftext|>": 900, "Ġ é": 1}), "special token '<|endoftext|>' should have id 900"),
        (changed("tokens", 0, "<|end|>"), "special token '<|endoftext|>' should have id 0"),
        (changed("tokens", 5, "a b"), "' ' in token 'a b' is none of the 256 letters"),
        (changed("tokens", 5, "%"), "1 tokens are repeated, the first is b'%'"),
        (replaced("pattern", "other"), "pattern must be one of gpt2, smollm, got 'other'"),
        (changed("merges", 1, "Ġ t h"), "merge 1 is 'Ġ t h', but it should be two tokens and a space between them"),
        (changed("merges", 1, "the"), "merge 1 is 'the', but it should be two tokens"),
        (changed("merges", 1, "Ġ Zz"), "merge 1 is 'Ġ Zz', but there is no token 'Zz'"),
        (changed("merges", 0, "Ġ the"), "not both are bytes or made before"),
        (lambda content: content | {"merges": content["merges"][::-1]}, "not both are bytes or made before"),
    ],
)
def test_each_damage_is_named(path, saved, damage, message):
    path.write_text(json.dumps(damage(saved)), encoding="utf-8")
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        Tokenizer.load(path)
    assert str(caught.value).count(str(path)) == 1


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe", b"GGUF\x03\x00", b"[]"])
def test_what_is_no_json_is_refused(path, raw):
    path.write_bytes(raw)
    with pytest.raises(ValueError, match="not a tokenizer file"):
        Tokenizer.load(path)


def test_a_truncated_file_is_refused(path, saved):
    raw = path.read_bytes()
    for size in (10, len(raw) // 2, len(raw) - 3):
        path.write_bytes(raw[:size])
        with pytest.raises(ValueError, match="damaged, or not a tokenizer file"):
            Tokenizer.load(path)


def test_a_missing_file_is_missing(path):
    with pytest.raises(FileNotFoundError):
        Tokenizer.load(path)
    with pytest.raises(FileNotFoundError):
        Tokenizer.from_gguf(path)


def write_gguf(path, *, leave_out=(), **changes):
    """A GGUF file of TOKENIZER, written by the gguf package."""
    special = TOKENIZER.special.values()
    entries = {
        "model": "gpt2",
        "pre": "smollm",
        "tokens": [t.decode() if i in special else letters(t) for i, t in enumerate(TOKENIZER.tokens)],
        "token_type": [3 if i in special else 1 for i in range(len(TOKENIZER))],
        "merges": [f"{letters(TOKENIZER.tokens[a])} {letters(TOKENIZER.tokens[b])}" for a, b in TOKENIZER.merges],
    } | changes
    writer = gguf.GGUFWriter(path, "llama")
    for name, value in entries.items():
        if name not in leave_out:
            (writer.add_string if isinstance(value, str) else writer.add_array)(f"tokenizer.ggml.{name}", value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()


def test_a_tokenizer_comes_out_of_a_gguf_file(tmp_path):
    path = tmp_path / "model.gguf"
    write_gguf(path)
    assert Tokenizer.from_gguf(path) == TOKENIZER
    assert Tokenizer.from_gguf(str(path)).encode(TEXT) == TOKENIZER.encode(TEXT)
    write_gguf(path, pre="gpt-2")
    assert Tokenizer.from_gguf(path).pattern == "gpt2"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": "llama"}, "its tokenizer is of model 'llama'; only 'gpt2', byte-level BPE, can be read"),
        ({"pre": "llama-bpe"}, "its tokenizer cuts texts by the rule 'llama-bpe'; known are gpt-2, smollm"),
        ({"leave_out": ["model"]}, "there is no tokenizer.ggml.model: the file has no tokenizer"),
        ({"leave_out": ["merges"]}, "there is no tokenizer.ggml.merges"),
        ({"token_type": [1, 6]}, "token 1 has type 6; types must be 1 (normal) or 3 (control)"),
        ({"token_type": [1, 1]}, "2 types, 285 tokens; types must be"),
        ({"merges": ["Ġ the"]}, "merge 0 joins tokens"),
        ({"merges": ["Ġ qq"]}, "merge 0 is 'Ġ qq', but there is no token 'qq'"),
    ],
)
def test_gguf_files_of_other_tokenizers_are_refused(tmp_path, changes, message):
    path = tmp_path / "model.gguf"
    write_gguf(path, **changes)
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        Tokenizer.from_gguf(path)
    assert str(caught.value).count(str(path)) == 1


def test_what_is_no_gguf_file_is_refused(path, saved):
    with pytest.raises(ValueError, match="is not a GGUF file") as caught:
        Tokenizer.from_gguf(path)
    assert str(caught.value).count(str(path)) == 1
    path.write_bytes(b"GGUF\x03\x00\x00\x00")
    with pytest.raises(ValueError, match="truncated or damaged"):
        Tokenizer.from_gguf(path)


def test_the_versions_name_is_what_the_file_holds(saved):
    assert (saved["format"], saved["version"]) == (bpe_files.FORMAT, bpe_files.VERSION)
