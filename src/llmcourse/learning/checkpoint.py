"""A training on the disk: model, optimizer and step in one safetensors file, whole or not at all (torch).

The file is written under a temporary name and moved into place, so that a process killed at any moment leaves the last
whole checkpoint. It does not depend on how many workers wrote it: a training of two can be continued by one.
"""

import json
import os
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from torch.distributed.checkpoint import state_dict as whole

from llmcourse.learning.parallel import Workers
from llmcourse.learning.recipe import Recipe
from llmcourse.transformer.saved import write_safetensors

__all__ = ["NAME", "load_training", "save_training", "trained_weights"]

NAME = "checkpoint.safetensors"
_FOR_THE_FIRST = whole.StateDictOptions(full_state_dict=True, cpu_offload=True)  # the others' are empty
_FOR_ALL = whole.StateDictOptions(full_state_dict=True)


def save_training(
    folder: str | os.PathLike[str],
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    recipe: Recipe,
    step: int,
    workers: Workers,
) -> None:
    """Write the checkpoint of a training that has made ``step`` steps. All workers take part, the first writes."""
    weights, moments = whole.get_state_dict(model, optimizer, options=_FOR_THE_FIRST)
    if workers.is_first:
        tensors = {f"model.{name}": cast(Tensor, tensor) for name, tensor in weights.items()}
        for name, values in cast(dict, moments["state"]).items():
            tensors |= {f"optimizer.{name}.{key}": torch.as_tensor(value) for key, value in values.items()}
        metadata = {"step": str(step), "recipe": json.dumps(recipe.as_json())}
        write_safetensors(Path(folder) / NAME, tensors, metadata)
    workers.wait()


def load_training(
    folder: str | os.PathLike[str], model: nn.Module, optimizer: torch.optim.Optimizer, recipe: Recipe
) -> int:
    """Put the checkpoint of this folder into model and optimizer; how many steps it had made, 0 without a checkpoint.

    Raises:  ValueError for a file that is no checkpoint, of another recipe, or of a model of another shape.
    """
    path = Path(folder) / NAME
    if not path.exists():
        return 0
    metadata, tensors = _read(path)
    _check_recipe(path, metadata, recipe)
    weights: dict[str, Any] = _weights(tensors)
    _check_shapes(path, weights, model)
    # The optimizer's present state dictionary has the groups; the file has what Adam remembers of each parameter.
    present = whole.get_optimizer_state_dict(model, optimizer, options=_FOR_ALL)
    state: dict[str, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        if name.startswith("optimizer."):
            parameter, _, key = name.removeprefix("optimizer.").rpartition(".")
            state.setdefault(parameter, {})[key] = tensor
    if lacking := sorted(weights.keys() - state.keys()):
        raise ValueError(f"{path} is damaged: it does not have what the optimizer remembers of {lacking[0]}")
    moments: dict[str, Any] = {"state": state, "param_groups": present["param_groups"]}
    whole.set_state_dict(model, optimizer, model_state_dict=weights, optim_state_dict=moments, options=_FOR_ALL)
    return int(metadata["step"])


def trained_weights(folder: str | os.PathLike[str]) -> dict[str, Tensor]:
    """The parameters in the checkpoint of this folder, by name, whoever wrote it.

    Raises:  ValueError for a file that is no checkpoint; OSError if there is none.
    """
    return _weights(_read(Path(folder) / NAME)[1])


def _read(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    try:
        with safe_open(path, framework="pt") as file:
            return file.metadata() or {}, {name: file.get_tensor(name) for name in file.keys()}
    except SafetensorError as error:
        raise ValueError(f"{path} is no checkpoint, or damaged: {error}; begin again in another folder") from None


def _weights(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix("model."): t for name, t in tensors.items() if name.startswith("model.")}


def _check_shapes(path: Path, weights: dict[str, Tensor], model: nn.Module) -> None:
    ours = {name.removeprefix("module."): tuple(p.shape) for name, p in model.named_parameters()}  # DDP's prefix
    theirs = {name: tuple(tensor.shape) for name, tensor in weights.items()}
    for name in sorted(ours.keys() | theirs.keys()):
        if theirs.get(name) != ours.get(name):
            raise ValueError(
                f"{path} is of a model of another shape: its {name} is {theirs.get(name)}, not {ours.get(name)}; "
                "continue with its model, or begin again in another folder"
            )


def _check_recipe(path: Path, metadata: dict[str, str], recipe: Recipe) -> None:
    try:
        _, theirs, ours = int(metadata["step"]), dict(json.loads(metadata["recipe"])), recipe.as_json()
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"{path} holds tensors but no training: it does not say its step and recipe") from None
    different = [name for name in ours if theirs.get(name) != ours[name] and name != "micro_batch"]
    if different:
        name = different[0]
        raise ValueError(
            f"{path} was trained with {name} = {theirs.get(name)}, not {ours[name]}; "
            "continue with its recipe, or begin again in another folder"
        )
