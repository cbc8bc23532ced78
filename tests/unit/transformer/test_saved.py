import json
import os
import struct
from dataclasses import replace

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from llmcourse.language.bpe import Tokenizer
from llmcourse.transformer import saved
from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.decoder import Decoder
from llmcourse.transformer.gpt2 import GPT2
from llmcourse.transformer.llama import Llama
from llmcourse.transformer.rope_scaling import Linear
from llmcourse.transformer.saved import load_saved, save_model

TOKENIZER = Tokenizer.train("aaabdaaabac" * 9, vocab_size=260, special=("<|endoftext|>",))
CONFIG = ModelConfig(vocab=260, width=16, layers=2, heads=4, kv_heads=2, ffn_width=24, context=12, tied=True)
GPT2_CONFIG = replace(CONFIG, kv_heads=None, norm="layer", positions="learned", activation="gelu", bias=True)
CARD = {"data": ["alice29.txt"], "loss": 1.5, "curve": [[0, 3.0], [1, 2.5]]}
ROW = torch.tensor([[0, 5, 259, 77], [3, 3, 3, 250]])


def small(family, config) -> Decoder:
    return family(config).initialize(torch.Generator().manual_seed(0), std=0.3)


@pytest.mark.parametrize(
    ("family", "config"),
    [(Llama, CONFIG), (Llama, replace(CONFIG, tied=False)), (GPT2, GPT2_CONFIG), (Decoder, GPT2_CONFIG)],
)
def test_what_was_saved_comes_back_with_all_that_belongs_to_it(tmp_path, family, config):
    model = small(family, config)
    save_model(tmp_path / "m.safetensors", model, TOKENIZER, CARD)
    back = load_saved(tmp_path / "m.safetensors")
    assert type(back.model) is family
    assert back.config == config
    assert (back.tokenizer, back.card) == (TOKENIZER, CARD)
    assert torch.equal(back.model(ROW), model(ROW))
    assert not any(p.requires_grad for p in back.model.parameters())
    assert not back.model.training
    assert sorted(os.listdir(tmp_path)) == ["m.safetensors", "m.tokenizer.json"]


def test_the_file_is_plain_safetensors_under_our_names(tmp_path):
    model = small(Llama, CONFIG)
    save_model(tmp_path / "m.safetensors", model, TOKENIZER, {})
    theirs = load_file(tmp_path / "m.safetensors")
    assert theirs.keys() == dict(model.named_parameters()).keys()
    assert torch.equal(theirs["blocks.1.ffn.up.weight"], model.blocks[1].ffn.up.weight)


def test_half_precision_halves_the_file_and_rounds_each_weight_once(tmp_path):
    model = small(Llama, CONFIG)
    for name, dtype in (("full", torch.float32), ("half", torch.float16)):
        save_model(tmp_path / f"{name}.safetensors", model, TOKENIZER, {}, dtype=dtype)
    sizes = [(tmp_path / f"{name}.safetensors").stat().st_size for name in ("half", "full")]
    assert sizes[1] - sizes[0] == pytest.approx(2 * model.parameter_count, abs=200)  # but for the header
    back = load_saved(tmp_path / "half.safetensors").model
    for (name, ours), theirs in zip(model.named_parameters(), back.parameters(), strict=True):
        assert theirs.dtype == torch.float32, name
        assert torch.equal(theirs, ours.half().float()), name
    assert model.embed.weight.dtype == torch.float32  # the model itself is left as it is


def test_a_model_from_a_file_can_be_read_and_trained_on(tmp_path):
    save_model(tmp_path / "m.safetensors", small(Llama, CONFIG), TOKENIZER, {})
    model = load_saved(tmp_path / "m.safetensors").model.requires_grad_()
    model(ROW).sum().backward()
    assert model.embed.weight.grad is not None


def test_a_failure_while_writing_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "m.safetensors"
    save_model(path, small(Llama, CONFIG), TOKENIZER, {"which": "old"})

    def half(tensors, part, metadata):
        part.write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(saved, "save_file", half)
    with pytest.raises(OSError, match="No space left"):
        save_model(path, small(Llama, CONFIG), TOKENIZER, {"which": "new"})
    assert load_saved(path).card == {"which": "old"}
    assert sorted(os.listdir(tmp_path)) == ["m.safetensors", "m.tokenizer.json"]


def test_refuses_to_save_what_would_not_come_back(tmp_path):
    model = small(Llama, CONFIG)
    with pytest.raises(ValueError, match=r"must end in \.safetensors, got model\.pt"):
        save_model(tmp_path / "model.pt", model, TOKENIZER, {})
    with pytest.raises(ValueError, match="the tokenizer has 257 tokens, but the model's vocabulary 260"):
        save_model(tmp_path / "m.safetensors", model, Tokenizer.train("aab" * 9, vocab_size=257), {})
    scaled = model.reconfigured(replace(CONFIG, rope_scaling=Linear(2.0)))
    with pytest.raises(ValueError, match=r"positions scaled by Linear\(factor=2\.0.* cannot be saved"):
        save_model(tmp_path / "m.safetensors", scaled, TOKENIZER, {})
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def path(tmp_path):
    save_model(tmp_path / "m.safetensors", small(Llama, CONFIG), TOKENIZER, CARD)
    return tmp_path / "m.safetensors"


def rewrite(path, **metadata):
    """The same tensors, described in another way; None takes an entry out."""
    with safe_open(path, framework="pt") as file:
        described = {**file.metadata(), **metadata}
    tensors = load_file(path)
    saved.write_safetensors(path, tensors, {k: v for k, v in described.items() if v is not None})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": None}, "is of the form None, not 'llmcourse decoder 1': write it with save_model"),
        ({"format": "llmcourse decoder 2"}, "is of the form 'llmcourse decoder 2'"),
        ({"family": "Mamba"}, "does not describe its model as save_model does, or is damaged: 'Mamba'"),
        ({"config": None}, "or is damaged: 'config'"),
        ({"config": "{"}, "or is damaged: Expecting"),
        ({"config": json.dumps({"vocab": 260})}, "or is damaged: .*'width'"),
        ({"card": "no json"}, "or is damaged: Expecting"),
    ],
)
def test_refuses_a_file_that_does_not_say_what_it_is(path, change, message):
    rewrite(path, **change)
    with pytest.raises(ValueError, match=rf"m\.safetensors.*{message}"):
        load_saved(path)


def test_refuses_a_file_that_does_not_fit_its_own_config(path):
    with safe_open(path, framework="pt") as file:
        config = json.loads(file.metadata()["config"])
    for change, message in (({"ffn_width": 32}, "size mismatch"), ({"layers": 3}, "Missing"), ({"layers": 1}, "Unexp")):
        rewrite(path, config=json.dumps(config | change))
        with pytest.raises(ValueError, match=rf"does not fit its own config: (.|\n)*{message}"):
            load_saved(path)


def test_refuses_damaged_foreign_and_missing_files(path):
    content = path.read_bytes()
    too_long = struct.pack("<Q", 1 << 40) + content[8:]
    for damaged in (content[:-10], content[:100], b"", b"In the beginning God created", too_long):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"m\.safetensors is no safetensors file, or damaged"):
            load_saved(path)
    path.write_bytes(content)
    path.with_suffix(".tokenizer.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"m\.tokenizer\.json"):
        load_saved(path)
    path.unlink()
    with pytest.raises(FileNotFoundError, match=r"there is no .*m\.safetensors"):
        load_saved(path)


def test_refuses_another_models_tokenizer(path):
    Tokenizer.train("aab" * 9, vocab_size=257).save(path.with_suffix(".tokenizer.json"))
    with pytest.raises(ValueError, match="has 260 tokens, but the tokenizer beside it 257"):
        load_saved(path)
