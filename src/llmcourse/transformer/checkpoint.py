"""A pretrained model out of its file, into our own code (torch).

``load("smollm2-135m")`` fetches SmolLM2-135M-Instruct once, checks it, and decodes its weights, four bits each but for
the embedding's eight, into float32: each tensor is read and decoded a few rows at a time into the memory that the model
keeps, so that the peak is the model itself, 538 MB, and a few megabytes.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from llmcourse import data
from llmcourse.gguf_file import GGUFFile, open_gguf
from llmcourse.language.bpe import Tokenizer
from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.linear import WIDTH, PackedLinear, pack
from llmcourse.transformer.llama import Llama

__all__ = ["CheckpointError", "LoadedModel", "config_from", "load", "parameter_name"]

_OUTSIDE = {"token_embd": "embed", "output_norm": "final_norm", "output": "head"}
_INSIDE = {
    "attn_norm": "attention_norm",
    "attn_q": "attention.to_q",
    "attn_k": "attention.to_k",
    "attn_v": "attention.to_v",
    "attn_output": "attention.to_out",
    "ffn_norm": "ffn_norm",
    "ffn_gate": "ffn.gate",
    "ffn_up": "ffn.up",
    "ffn_down": "ffn.down",
}


class CheckpointError(ValueError):
    """A file holds a model that our code cannot run; the message says which part of it."""


@dataclass(frozen=True)
class LoadedModel:
    """A model and what belongs to it."""

    model: Llama
    tokenizer: Tokenizer
    chat_template: str  # as in the file, in Jinja's language; "" if there is none
    stop: tuple[int, ...]  # tokens that end an answer
    path: Path

    @property
    def config(self) -> ModelConfig:
        """The model's sizes."""
        return self.model.config


def load(source: str | os.PathLike[str], *, packed: bool = False) -> LoadedModel:
    """The model of a name in ``data.MODELS``, or in a GGUF file of the architecture "llama".

    Its parameters are in float32 and ask for no gradients (``model.requires_grad_()`` changes that). ``packed`` stores
    them in the order in which text is written fastest (``linear.pack``): for chatting and generating, not for looking
    at weights.

    Raises:  DataError if the file cannot be fetched; GGUFError (a ValueError) if it is no GGUF file, or truncated;
             CheckpointError (a ValueError) for another architecture, a missing or unexpected tensor, or a wrong shape;
             ValueError for what is neither a name nor a file.
    """
    path = _path_of(source)
    file = open_gguf(path)
    config = config_from(file)
    tokenizer = Tokenizer.from_gguf(path)  # first, so that its working memory is free again for the weights
    template, stop = file.metadata.get("tokenizer.chat_template", ""), _stop_tokens(file.metadata)
    file = replace(file, metadata={})  # the words of the vocabulary, which the tokenizer has by now
    with torch.device("meta"):  # shapes only: the memory of the weights is asked for once, below
        model = Llama(config)
    tensor_of = _tensors(file, model)
    if packed:
        pack(model)
    for name, tensor in tensor_of.items():
        layer = model.get_submodule(name.removesuffix(".weight"))
        if isinstance(layer, PackedLinear):
            for row, rows in file.rows(tensor, multiple=WIDTH):
                layer.fill(torch.from_numpy(rows), row)
        else:
            weight = torch.empty(file.tensors[tensor].shape)
            file.read_into(tensor, weight.numpy())
            layer.weight = torch.nn.Parameter(weight, requires_grad=False)
    return LoadedModel(
        model=model.eval(),
        tokenizer=tokenizer,
        chat_template=template,
        stop=stop,
        path=path,
    )


def config_from(file: GGUFFile) -> ModelConfig:
    """The sizes of the model in a GGUF file.

    Raises:  CheckpointError unless the architecture is "llama", with plain rotary positions over whole heads, and all
             sizes are there.
    """
    values = file.metadata
    architecture = values.get("general.architecture")
    if architecture != "llama":
        raise CheckpointError(f"{file.path} holds a model of architecture {architecture!r}; only 'llama' can be run")

    def value(key: str, default: Any = None) -> Any:
        found = values.get(f"llama.{key}", default)
        if found is None:
            raise CheckpointError(f"{file.path} does not say llama.{key}")
        return found

    width, heads = value("embedding_length"), value("attention.head_count")
    rotated = value("rope.dimension_count", width // heads)
    if rotated != width // heads:
        raise CheckpointError(f"{file.path} rotates {rotated} of the {width // heads} numbers of a head, not all")
    if (scaling := value("rope.scaling.type", "none")) != "none":
        raise CheckpointError(f"{file.path} scales its positions by {scaling!r}; load plain rotary positions only")
    if "token_embd.weight" not in file.tensors:
        raise CheckpointError(f"{file.path} has no tensor token_embd.weight")
    return ModelConfig(
        vocab=file.tensors["token_embd.weight"].shape[0],
        width=width,
        layers=value("block_count"),
        heads=heads,
        kv_heads=value("attention.head_count_kv", heads),
        ffn_width=value("feed_forward_length"),
        context=value("context_length"),
        norm_eps=_decimal(value("attention.layer_norm_rms_epsilon")),
        rope_base=_decimal(value("rope.freq_base", 10_000.0)),
        rope_pairs="interleaved",  # how the converter of llama.cpp stores the rows of W_q and W_k
        tied="output.weight" not in file.tensors,
    )


def parameter_name(tensor: str) -> str:
    """The name in our models of a tensor of a GGUF file.

    Raises:  CheckpointError for a tensor that a Llama has no place for.

    >>> parameter_name("blk.3.attn_q.weight")
    'blocks.3.attention.to_q.weight'
    """
    if (match := re.fullmatch(r"blk\.(\d+)\.(\w+)\.weight", tensor)) and match[2] in _INSIDE:
        return f"blocks.{match[1]}.{_INSIDE[match[2]]}.weight"
    if (match := re.fullmatch(r"(\w+)\.weight", tensor)) and match[1] in _OUTSIDE:
        return f"{_OUTSIDE[match[1]]}.weight"
    raise CheckpointError(f"tensor {tensor!r} has no place in a Llama of ours")


def _tensors(file: GGUFFile, model: Llama) -> dict[str, str]:
    """The tensor of each parameter. Each must be there, in its shape, and nothing else."""
    tensor_of = {parameter_name(tensor): tensor for tensor in file.tensors}
    shapes = {name: tuple(parameter.shape) for name, parameter in model.named_parameters()}
    missing, extra = sorted(shapes.keys() - tensor_of.keys()), sorted(tensor_of.keys() - shapes.keys())
    if missing:
        raise CheckpointError(f"{file.path} has no tensor for {len(missing)} parameters, the first is {missing[0]}")
    if extra:
        raise CheckpointError(f"{file.path} has {len(extra)} tensors too many, the first is {tensor_of[extra[0]]}")
    for name, shape in shapes.items():
        if (found := file.tensors[tensor_of[name]].shape) != shape:
            raise CheckpointError(f"{file.path}: {tensor_of[name]} has shape {found}, but {name} needs {shape}")
    return tensor_of


def _path_of(source: str | os.PathLike[str]) -> Path:
    if isinstance(source, str) and source in data.MODELS:
        return data.fetch(source)
    if (path := Path(source).expanduser()).is_file():
        return path
    raise ValueError(f"{str(source)!r} is neither a file nor a model that can be fetched ({', '.join(data.MODELS)})")


def _stop_tokens(metadata: Mapping[str, Any]) -> tuple[int, ...]:
    """The end-of-sequence token, and the end-of-text token of pretraining if it is another one."""
    ends = [metadata.get("tokenizer.ggml.eos_token_id")]
    tokens = metadata.get("tokenizer.ggml.tokens", [])
    if "<|endoftext|>" in tokens:
        ends.append(tokens.index("<|endoftext|>"))
    return tuple(sorted({end for end in ends if end is not None}))


def _decimal(x: float) -> float:
    """The shortest number that rounds to the same float32: 1e-05 instead of 9.999999747378752e-06."""
    return float(str(np.float32(x)))
