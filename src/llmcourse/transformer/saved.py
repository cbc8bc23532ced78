"""A model of ours on the disk, with its tokenizer beside it: safetensors and JSON, no code inside (torch).

``NAME.safetensors`` holds the parameters under our names and, in its metadata, the config and a card: what the model
was trained on, how, and how well it does. ``NAME.tokenizer.json`` is the tokenizer (``bpe_files`` says its form).
``course_gpt()`` is the model that the course has trained itself and that comes with the package.
"""

import dataclasses
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from llmcourse.files import replacing
from llmcourse.language.bpe import Tokenizer
from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.decoder import Decoder
from llmcourse.transformer.gpt2 import GPT2
from llmcourse.transformer.llama import Llama

__all__ = ["COURSE_GPT", "SavedModel", "course_gpt", "load_saved", "save_model", "write_safetensors"]

FORMAT = "llmcourse decoder 1"
FAMILIES = {"GPT2": GPT2, "Llama": Llama, "Decoder": Decoder}
COURSE_GPT = Path(__file__).parents[1] / "models" / "course_gpt.safetensors"


@dataclass(frozen=True)
class SavedModel:
    """A model and what belongs to it. ``card`` is what its makers say of it, as JSON values."""

    model: Decoder
    tokenizer: Tokenizer
    card: dict[str, Any]

    @property
    def config(self) -> ModelConfig:
        """The model's sizes."""
        return self.model.config


def course_gpt() -> SavedModel:
    """The course's own GPT: two million parameters, trained by ``tools/train_course_gpt.py``; its card says on what."""
    return load_saved(COURSE_GPT)


def save_model(
    path: str | os.PathLike[str],
    model: Decoder,
    tokenizer: Tokenizer,
    card: dict[str, Any],
    *,
    dtype: torch.dtype = torch.float32,
) -> None:
    """Write the model to ``path`` (its name ends in .safetensors) and its tokenizer beside it.

    Raises:  ValueError for another ending, for a tokenizer of another size than the model's vocabulary, and for a model
             with scaled positions, which this form has no place for.
    """
    path = Path(path)
    if path.suffix != ".safetensors":
        raise ValueError(f"the file's name must end in .safetensors, got {path.name}")
    if len(tokenizer) != model.config.vocab:
        raise ValueError(f"the tokenizer has {len(tokenizer)} tokens, but the model's vocabulary {model.config.vocab}")
    if model.config.rope_scaling is not None:
        raise ValueError(f"positions scaled by {model.config.rope_scaling} cannot be saved; save the model without")
    metadata = {
        "format": FORMAT,
        "family": type(model).__name__,
        "config": json.dumps(dataclasses.asdict(model.config)),
        "card": json.dumps(card),
    }
    tokenizer.save(_tokenizer_path(path))
    write_safetensors(path, {name: p.detach().to(dtype) for name, p in model.named_parameters()}, metadata)


def load_saved(path: str | os.PathLike[str]) -> SavedModel:
    """The model of ``save_model``, in float32, ready to read; its parameters ask for no gradients.

    Raises:  ValueError for a file that is no safetensors file, damaged, not of this form, or that does not fit its own
             config; OSError if a file is missing.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"there is no {path}")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}
    except SafetensorError as error:
        raise ValueError(f"{path} is no safetensors file, or damaged: {error}") from None
    if metadata.get("format") != FORMAT:
        raise ValueError(f"{path} is of the form {metadata.get('format')!r}, not {FORMAT!r}: write it with save_model")
    try:
        with torch.device("meta"):
            model = FAMILIES[metadata["family"]](ModelConfig(**json.loads(metadata["config"])))
        card = json.loads(metadata["card"])
        model.load_state_dict({name: tensor.float() for name, tensor in tensors.items()}, assign=True)
    except (KeyError, TypeError, ValueError) as error:  # a name that is missing or unknown, text that is no JSON
        raise ValueError(f"{path} does not describe its model as save_model does, or is damaged: {error}") from None
    except RuntimeError as error:
        raise ValueError(f"{path} does not fit its own config: {error}") from None
    tokenizer = Tokenizer.load(_tokenizer_path(path))
    if len(tokenizer) != model.config.vocab:
        raise ValueError(f"{path} has {model.config.vocab} tokens, but the tokenizer beside it {len(tokenizer)}")
    model.requires_grad_(False)
    return SavedModel(model.eval(), tokenizer, card)


def write_safetensors(path: str | os.PathLike[str], tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Write the file whole or not at all, on the disk before it is moved into place."""
    with replacing(path) as part:
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, part, metadata)
        with part.open("rb+") as file:
            os.fsync(file.fileno())


def _tokenizer_path(path: Path) -> Path:
    return path.with_suffix(".tokenizer.json")
