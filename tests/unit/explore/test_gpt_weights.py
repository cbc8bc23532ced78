"""A model as bytes for a page: what they hold, how they are cut, what the scripts could not compute."""

import base64
import json
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal

from llmcourse.explore.bundle import data_script
from llmcourse.explore.gpt_weights import PIECE, describe, packed, pieces, quantized
from llmcourse.explore.loaded import Loaded
from llmcourse.language.bpe import Tokenizer
from llmcourse.learning.quantize import LEVELS
from llmcourse.transformer.gpt2 import GPT2
from llmcourse.transformer.llama import Llama
from llmcourse.transformer.saved import course_gpt
from tests.unit.explore.tiny_gpt import CONFIG, TEXT, tiny_gpt


def test_the_bytes_hold_every_weight_once_and_can_be_read_by_what_the_description_says():
    loaded = tiny_gpt()
    data = packed(loaded.model)
    description = json.loads(json.dumps(describe(loaded, data)))
    expected, at = quantized(loaded.model).state_dict(), 0
    q = {}
    for name, rows, columns in description["matrices"]:
        q[name] = np.frombuffer(data, np.int8, rows * columns, at).reshape(rows, columns)
        at += rows * columns
    for name, rows, _ in description["matrices"]:
        scale = np.frombuffer(data, "<f4", rows, at)
        assert_array_equal(q[name] * scale[:, None], expected.pop(name).numpy())
        at += 4 * rows
    for name, size in description["gains"]:
        assert_array_equal(np.frombuffer(data, "<f4", size, at), expected.pop(name).numpy())
        at += 4 * size
    assert (expected, at) == ({}, len(data))
    assert (description["bytes"], description["sum"]) == (len(data), zlib.adler32(data))


def test_the_pieces_put_together_are_the_bytes(rng):
    data = rng.bytes(2 * PIECE + 5)
    found = pieces(data)
    assert [len(one) for one in found] == [PIECE * 4 // 3, PIECE * 4 // 3, 8]
    assert b"".join(base64.b64decode(one) for one in found) == data


def test_the_tokenizer_is_described_completely():
    loaded = tiny_gpt()
    told = describe(loaded, b"")["tokenizer"]
    tokens = loaded.tokenizer.tokens
    assert told["texts"] == [loaded.tokenizer.token_text(i) for i in range(len(tokens))]
    assert [len(word) for word in told["letters"][1:]] == [len(token) for token in tokens[1:]]
    assert (told["special"], told["begin"], told["letters"][0]) == ({"<|endoftext|>": 0}, 0, "")
    assert all(tokens[left] + tokens[right] == tokens[new] for left, right, new in told["merges"])
    assert len(told["merges"]) == len(tokens) - 257


def test_a_quantized_copy_leaves_the_model_as_it_was_and_is_off_by_half_a_step_at_most():
    loaded = tiny_gpt()
    before = {name: p.clone() for name, p in loaded.model.named_parameters()}
    other = dict(quantized(loaded.model).named_parameters())
    for name, p in loaded.model.named_parameters():
        assert torch.equal(p, before[name])
        step = p.abs().amax(dim=-1, keepdim=True) / LEVELS if p.ndim == 2 else 0
        assert ((p - other[name]).abs() <= step * 0.50001).all()
    assert not torch.equal(other["embed.weight"], before["embed.weight"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tied": False}, "computes tied=True only, got False"),
        ({"rope_pairs": "half"}, "computes rope_pairs='interleaved' only, got 'half'"),
        ({"norm_place": "post"}, "computes norm_place='pre' only, got 'post'"),
        ({"kv_heads": 1}, "needs as many key heads as query heads, got 1 for 2"),
        ({"width": 20, "ffn_width": 42}, "multiplies four numbers at a time, got ffn_width=42"),
    ],
)
def test_a_model_that_the_scripts_would_get_wrong_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        packed(Llama(replace(CONFIG, **change)))


def test_another_family_is_refused():
    other = replace(CONFIG, norm="layer", activation="gelu", positions="learned")
    with pytest.raises(ValueError, match="computes norm='rms' only, got 'layer'"):
        packed(GPT2(other))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pattern": "smollm", "special": ("<|endoftext|>",)}, "by the rule 'gpt2', got 'smollm'"),
        ({"special": ("<|endoftext|>", "<|user|>")}, r"begins with <\|endoftext\|>, the only special token; got \["),
        ({}, r"the only special token; got \[\]"),
    ],
)
def test_a_tokenizer_that_the_scripts_would_get_wrong_is_refused(options, message):
    loaded = replace(tiny_gpt(), tokenizer=Tokenizer.train(TEXT, vocab_size=280, **options))
    with pytest.raises(ValueError, match=message):
        describe(loaded, b"")


def test_a_saved_model_can_be_shown():
    assert isinstance(tiny_gpt(), Loaded)


def test_the_files_of_the_site_hold_the_course_gpt_and_are_small_enough():
    loaded = course_gpt()
    data = packed(loaded.model)
    folder = Path(__file__).parents[3] / "book/assets/data"
    scripts = {"course_gpt": describe(loaded, data)}
    scripts |= {f"course_gpt_{i}": piece for i, piece in enumerate(pieces(data))}
    assert {path.stem for path in folder.glob("course_gpt*")} == set(scripts)
    for name, value in scripts.items():
        assert (folder / f"{name}.js").read_text(encoding="utf-8") == data_script(name, value), "run playground_data.py"
    assert sum((folder / f"{name}.js").stat().st_size for name in scripts) <= 3_000_000
