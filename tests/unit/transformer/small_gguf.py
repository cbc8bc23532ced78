"""Small GGUF files of Llamas, written with the gguf package, for the tests of what reads them."""

from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType, quants

from llmcourse.language.bpe_files import BYTE_ORDER, letters
from llmcourse.transformer.config import ModelConfig

SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
CONFIG = ModelConfig(
    vocab=len(SPECIAL) + 256 + 1,
    width=64,
    layers=2,
    heads=4,
    kv_heads=2,
    ffn_width=96,
    context=128,
    norm_eps=1e-6,
    rope_base=50_000.0,
    tied=True,
)


def shapes(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """Names and shapes of a Llama's tensors, as llama.cpp writes them."""
    D, F, kv = config.width, config.ffn_width, config.groups * config.head_width
    block = {
        "attn_norm": (D,),
        "attn_q": (D, D),
        "attn_k": (kv, D),
        "attn_v": (kv, D),
        "attn_output": (D, D),
        "ffn_norm": (D,),
        "ffn_gate": (F, D),
        "ffn_up": (F, D),
        "ffn_down": (D, F),
    }
    tensors = {"token_embd.weight": (config.vocab, D), "output_norm.weight": (D,)}
    tensors |= {f"blk.{i}.{name}.weight": shape for i in range(config.layers) for name, shape in block.items()}
    return tensors if config.tied else tensors | {"output.weight": (config.vocab, D)}


def random_tensors(config: ModelConfig, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Weights with which the model is neither constant nor saturated."""
    return {
        name: (0.5 * rng.standard_normal(shape) + (len(shape) == 1)).astype(np.float32)
        for name, shape in shapes(config).items()
    }


def write_llama(
    path: Path,
    config: ModelConfig,
    tensors: dict[str, np.ndarray],
    *,
    type: GGMLQuantizationType = GGMLQuantizationType.Q8_0,
    architecture: str = "llama",
    template: str | None = None,
    without: tuple[str, ...] = (),
    extra: dict[str, int | str] | None = None,
) -> dict[str, np.ndarray]:
    """Write the file, matrices in ``type``; returns the tensors as they can be read back from it.

    ``without`` leaves out entries of the metadata, ``extra`` adds some or writes them over.
    """
    entries = {
        "llama.block_count": config.layers,
        "llama.context_length": config.context,
        "llama.embedding_length": config.width,
        "llama.feed_forward_length": config.ffn_width,
        "llama.attention.head_count": config.heads,
        "llama.attention.head_count_kv": config.groups,
        "llama.rope.dimension_count": config.head_width,
    } | (extra or {})
    writer = gguf.GGUFWriter(path, architecture)
    for key, value in entries.items():
        if key not in without:
            writer.add_string(key, value) if isinstance(value, str) else writer.add_uint32(key, value)
    writer.add_float32("llama.rope.freq_base", config.rope_base)
    writer.add_float32("llama.attention.layer_norm_rms_epsilon", config.norm_eps)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list([*SPECIAL, *(letters(bytes([byte])) for byte in BYTE_ORDER), "th"])
    writer.add_token_types([3] * len(SPECIAL) + [1] * 257)
    writer.add_token_merges(["t h"])
    writer.add_eos_token_id(SPECIAL.index("<|im_end|>"))
    if template is not None:
        writer.add_chat_template(template)
    stored = {}
    for name, tensor in tensors.items():
        kind = type if tensor.ndim == 2 else GGMLQuantizationType.F32
        raw = quants.quantize(tensor, kind)
        writer.add_tensor(name, raw, raw_dtype=kind)
        stored[name] = quants.dequantize(raw, kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return stored
