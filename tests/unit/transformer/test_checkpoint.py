"""Small files of random Llamas. The real one is in tests/oracles/test_smollm2.py."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from gguf import GGMLQuantizationType
from transformers import LlamaConfig, LlamaForCausalLM

from llmcourse import data
from llmcourse.gguf_file import GGUFError
from llmcourse.transformer.checkpoint import CheckpointError, load, parameter_name
from llmcourse.transformer.rotary import permute_pairs
from tests.unit.transformer.small_gguf import CONFIG, random_tensors, write_llama

TOKENS = torch.tensor([[3, 200, 0, 17, 258, 5], [9, 9, 10, 100, 1, 2]])
THEIRS = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def transformers_llama(config, stored):
    """The same model in transformers, from the tensors of the file; its queries and keys in the other pair layout."""
    theirs = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=config.vocab,
            hidden_size=config.width,
            intermediate_size=config.ffn_width,
            num_hidden_layers=config.layers,
            num_attention_heads=config.heads,
            num_key_value_heads=config.groups,
            max_position_embeddings=config.context,
            rms_norm_eps=config.norm_eps,
            rope_parameters={"rope_type": "default", "rope_theta": config.rope_base},
            tie_word_embeddings=config.tied,
            attn_implementation="eager",
        )
    )
    weights = {}
    for name, tensor in stored.items():
        tensor = torch.from_numpy(tensor)
        if match := re.fullmatch(r"blk\.(\d+)\.(\w+)\.weight", name):
            if match[2] in ("attn_q", "attn_k"):
                tensor = permute_pairs(tensor, config.heads if match[2] == "attn_q" else config.groups, to="half")
            weights[f"model.layers.{match[1]}.{THEIRS[match[2]]}.weight"] = tensor
    weights["model.embed_tokens.weight"] = torch.from_numpy(stored["token_embd.weight"])
    weights["model.norm.weight"] = torch.from_numpy(stored["output_norm.weight"])
    weights["lm_head.weight"] = torch.from_numpy(stored.get("output.weight", stored["token_embd.weight"]))
    theirs.load_state_dict(weights)
    return theirs.eval()


@pytest.fixture
def tensors(rng):
    return random_tensors(CONFIG, rng)


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("type", [GGMLQuantizationType.F32, GGMLQuantizationType.Q8_0, GGMLQuantizationType.Q4_1])
def test_a_loaded_model_computes_what_transformers_does_with_the_same_tensors(tmp_path, rng, tied, type):
    config = replace(CONFIG, tied=tied, width=128, ffn_width=96)
    stored = write_llama(tmp_path / "small.gguf", config, random_tensors(config, rng), type=type)
    loaded = load(tmp_path / "small.gguf")
    assert loaded.config == config
    with torch.no_grad():
        expected = transformers_llama(config, stored)(TOKENS).logits
        # float32, summed in another order
        torch.testing.assert_close(loaded.model(TOKENS), expected, atol=1e-4, rtol=1e-4)


def test_a_loaded_model_is_ready_for_reading_not_for_learning(tmp_path, tensors):
    write_llama(tmp_path / "small.gguf", CONFIG, tensors, template="{{ messages }}")
    loaded = load(str(tmp_path / "small.gguf"))
    assert not loaded.model.training
    assert {(p.dtype, p.device.type, p.requires_grad) for p in loaded.model.parameters()} == {
        (torch.float32, "cpu", False)
    }
    assert loaded.model.parameter_count == sum(tensor.size for tensor in tensors.values())
    assert loaded.chat_template == "{{ messages }}"
    assert loaded.stop == (0, 2)  # <|endoftext|>, and <|im_end|> that the file calls the end of a sequence
    assert loaded.path == tmp_path / "small.gguf"
    assert loaded.tokenizer.decode(loaded.tokenizer.encode("naïve")) == "naïve"


def test_a_file_without_a_chat_template_has_none(tmp_path, tensors):
    write_llama(tmp_path / "small.gguf", CONFIG, tensors)
    assert load(tmp_path / "small.gguf").chat_template == ""


def test_a_name_is_fetched(tmp_path, tensors, monkeypatch):
    write_llama(tmp_path / "fetched.gguf", CONFIG, tensors)
    monkeypatch.setattr(data, "fetch", {"smollm2-135m": tmp_path / "fetched.gguf"}.__getitem__)
    assert load("smollm2-135m").path.name == "fetched.gguf"


def test_what_is_neither_a_file_nor_a_name_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"'smollm3' is neither a file nor a model .* fetched \(smollm2-135m\)"):
        load("smollm3")
    with pytest.raises(ValueError, match=r"missing\.gguf' is neither a file"):
        load(tmp_path / "missing.gguf")


def test_another_architecture_is_refused(tmp_path, tensors):
    write_llama(tmp_path / "small.gguf", CONFIG, tensors, architecture="qwen2")
    with pytest.raises(CheckpointError, match=r"small.gguf holds a model of architecture 'qwen2'; only 'llama'"):
        load(tmp_path / "small.gguf")


@pytest.mark.parametrize("name", ["token_embd.weight", "output_norm.weight", "blk.1.attn_k.weight"])
def test_a_missing_tensor_is_named(tmp_path, tensors, name):
    del tensors[name]
    write_llama(tmp_path / "small.gguf", CONFIG, tensors)
    named = name if name == "token_embd.weight" else parameter_name(name)
    with pytest.raises(CheckpointError, match=f"has no tensor (for 1 parameters, the first is )?{re.escape(named)}"):
        load(tmp_path / "small.gguf")


@pytest.mark.parametrize(
    "name", ["blk.2.attn_k.weight", "blk.0.attn_q.bias", "rope_freqs.weight", "blk.0.ffn_norm_2.weight"]
)
def test_a_tensor_too_many_is_named(tmp_path, tensors, name):
    """A tensor that nothing reads is a part of the model that we would leave out."""
    tensors[name] = np.ones(32, np.float32)
    write_llama(tmp_path / "small.gguf", CONFIG, tensors)
    with pytest.raises(CheckpointError, match=re.escape(name)):
        load(tmp_path / "small.gguf")


def test_a_wrong_shape_is_named_with_both(tmp_path, tensors):
    tensors["blk.0.ffn_up.weight"] = tensors["blk.0.ffn_up.weight"][:-1]
    write_llama(tmp_path / "small.gguf", CONFIG, tensors)
    message = r"blk.0.ffn_up.weight has shape \(95, 64\), but blocks.0.ffn.up.weight needs \(96, 64\)"
    with pytest.raises(CheckpointError, match=message):
        load(tmp_path / "small.gguf")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("llama.rope.dimension_count", 8, "rotates 8 of the 16 numbers of a head"),
        ("llama.rope.scaling.type", "yarn", "scales its positions by 'yarn'"),
        ("llama.embedding_length", 62, "width 62 is not a multiple of heads 4"),
    ],
)
def test_what_we_would_compute_otherwise_is_refused(tmp_path, tensors, key, value, message):
    without = () if key == "llama.rope.dimension_count" else ("llama.rope.dimension_count",)
    write_llama(tmp_path / "small.gguf", CONFIG, tensors, extra={key: value}, without=without)
    with pytest.raises(ValueError, match=message):
        load(tmp_path / "small.gguf")


@pytest.mark.parametrize("key", ["embedding_length", "block_count", "feed_forward_length", "context_length"])
def test_a_size_that_the_file_does_not_say_is_named(tmp_path, tensors, key):
    write_llama(tmp_path / "small.gguf", CONFIG, tensors, without=(f"llama.{key}",))
    with pytest.raises(CheckpointError, match=f"does not say llama.{key}"):
        load(tmp_path / "small.gguf")


def test_heads_without_groups_are_multi_head_attention(tmp_path, rng):
    config = replace(CONFIG, kv_heads=4)
    write_llama(
        tmp_path / "small.gguf", config, random_tensors(config, rng), without=("llama.attention.head_count_kv",)
    )
    assert load(tmp_path / "small.gguf").config.groups == 4


def test_a_truncated_or_foreign_file_is_refused(tmp_path, tensors):
    path = tmp_path / "small.gguf"
    write_llama(path, CONFIG, tensors)
    content = path.read_bytes()
    for end in (0, 100, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:end])
        with pytest.raises(GGUFError, match=f"truncated or damaged: {end} bytes|truncated: {end} bytes"):
            load(path)
    path.write_bytes(b"GGML" + content[4:])
    with pytest.raises(GGUFError, match="not a GGUF file"):
        load(path)


def test_a_type_that_cannot_be_decoded_is_refused(tmp_path, tensors):
    path = tmp_path / "small.gguf"
    write_llama(path, CONFIG, tensors, type=GGMLQuantizationType.F32)
    content = path.read_bytes()
    kind = content.index(b"blk.0.attn_q.weight") + len("blk.0.attn_q.weight") + 4 + 2 * 8
    path.write_bytes(content[:kind] + GGMLQuantizationType.I32.to_bytes(4, "little") + content[kind + 4 :])
    with pytest.raises(GGUFError, match=r"'blk.0.attn_q.weight' is of type I32"):
        load(path)


def test_parameter_names():
    assert parameter_name("token_embd.weight") == "embed.weight"
    assert parameter_name("output.weight") == "head.weight"
    assert parameter_name("blk.29.ffn_down.weight") == "blocks.29.ffn.down.weight"
    with pytest.raises(CheckpointError, match=r"'blk.0.attn_q.scale' has no place"):
        parameter_name("blk.0.attn_q.scale")
