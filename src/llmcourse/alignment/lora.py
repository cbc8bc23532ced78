r"""LoRA: a frozen matrix and a product of two thin ones beside it (torch).

Fine-tuning moves a matrix W, O × I, to W + ΔW. LoRA lets only some directions through: ΔW is made as a product,

    h = W x + (α/r) B (A x)        A is r × I, B is O × r, and the rank r is small

so that r (I + O) numbers are learned instead of O · I. A begins random and B at zero: the product is zero, the model is
unchanged, and the first gradient goes to B alone (that of A is Bᵀ times something). When the learning is done the
product can be added into W, and the model costs nothing more than before.

``inject`` puts adapters into a model, ``frozen_base`` reads the model as if they were not there, ``merge`` adds them
into the matrices, ``unmerge`` takes them out again, ``eject`` leaves plain layers.
"""

import json
import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from llmcourse.alignment.nf4 import NF4Linear
from llmcourse.shapes import Float
from llmcourse.transformer.linear import PackedLinear
from llmcourse.transformer.saved import write_safetensors

__all__ = [
    "LoRALinear",
    "adapters",
    "eject",
    "frozen_base",
    "inject",
    "load_adapter",
    "lora_count",
    "merge",
    "save_adapter",
    "trainable_count",
    "unmerge",
]

FORMAT = "llmcourse lora 1"


def lora_count(inputs: int, outputs: int, rank: int) -> int:
    """The numbers that LoRA learns for one matrix: r (I + O).

    Raises:  ValueError for a rank outside 1 … min(inputs, outputs): a larger one adds numbers, but no directions.
    Source:  Hu et al. (2022), section 5.1, "LoRA", for I = O: 2 · d_model · r a matrix. {cite}`hu2022lora`

    >>> lora_count(4096, 4096, 8), round(100 * lora_count(4096, 4096, 8) / 4096**2, 2)  # numbers, percent
    (65536, 0.39)
    """
    if not 1 <= rank <= min(inputs, outputs):
        raise ValueError(f"rank must lie between 1 and {min(inputs, outputs)} for {outputs} × {inputs}, got {rank}")
    return rank * (inputs + outputs)


class LoRALinear(nn.Module):
    r"""A linear layer that only learns a product of rank r: $h = W x + b + \frac{\alpha}{r} B A x$.

    A is normal with standard deviation $1/\sqrt{I}$, so that A x is about as large as the entries of x; B is zero. Why
    α/r: with α fixed, the sum over r directions has a scale that does not grow with their number.

    Raises:  ValueError for a rank outside 1 … min(I, O), or α ≤ 0.
    Source:  Hu et al. (2022), eq. 3 and the paragraph after it. {cite}`hu2022lora`
    """

    def __init__(self, base: nn.Linear | NF4Linear, *, rank: int, alpha: float, generator: torch.Generator) -> None:
        super().__init__()
        outputs, inputs = base.weight.shape
        lora_count(inputs, outputs, rank)
        if not alpha > 0:
            raise ValueError(f"alpha must be positive, got {alpha}; with 0 the adapter could never say anything")
        self.base, self.rank, self.alpha = base.requires_grad_(False), rank, alpha
        a = torch.randn(rank, inputs, generator=generator, dtype=base.weight.dtype) / math.sqrt(inputs)
        self.a = nn.Parameter(a)  # (R, I)
        self.b = nn.Parameter(torch.zeros(outputs, rank, dtype=base.weight.dtype))  # (O, R)
        self.merged, self.active = False, True

    def forward(self, x: Float[Tensor, "*B I"]) -> Float[Tensor, "*B O"]:
        """Through the two thin matrices, one after the other; merged, through W alone."""
        h = self.base(x)
        if self.merged or not self.active:
            return h
        return h + self.alpha / self.rank * F.linear(F.linear(x, self.a), self.b)  # (*B, I) -> (*B, R) -> (*B, O)

    @property
    def delta(self) -> Float[Tensor, "O I"]:
        r"""What is added to W: $\frac{\alpha}{r} B A$."""
        return self.alpha / self.rank * self.b @ self.a

    @property
    def weight(self) -> Float[Tensor, "O I"]:
        """The matrix that the layer acts as, for those who look at matrices."""
        return self.base.weight if self.merged or not self.active else self.base.weight + self.delta


def inject(
    model: nn.Module, *, rank: int, targets: Sequence[str], generator: torch.Generator, alpha: float | None = None
) -> nn.Module:
    """Freeze the model and give each linear layer with a name in ``targets`` an adapter, in place; the model itself.

    Names are the last part of a layer's own: ``("to_q", "to_v")``. ``alpha`` is the rank unless given: a scale of 1.

    Raises:  ValueError for a target that no layer has, for a model with adapters, or packed, or of an impossible rank.
    """
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already; merge and eject them first")
    if any(isinstance(module, PackedLinear) for module in model.modules()):
        raise ValueError("the model is packed for writing and has no single matrices; load it with packed=False")
    places = [(parent, name) for parent in model.modules() for name, _ in parent.named_children() if name in targets]
    linear = [(parent, name) for parent, name in places if isinstance(getattr(parent, name), nn.Linear | NF4Linear)]
    if missing := sorted(set(targets) - {name for _, name in linear}):
        raise ValueError(f"no linear layer is called {missing[0]!r}; targets are the last part of a name, as 'to_q'")
    for parent, name in linear:
        outputs, inputs = getattr(parent, name).weight.shape
        lora_count(inputs, outputs, rank)  # refuses an impossible rank before anything is changed
    alpha = float(rank) if alpha is None else alpha
    made = [LoRALinear(getattr(p, name), rank=rank, alpha=alpha, generator=generator) for p, name in linear]
    model.requires_grad_(False)
    for (parent, name), layer in zip(linear, made, strict=True):
        setattr(parent, name, layer)
    return model


def adapters(model: nn.Module) -> dict[str, LoRALinear]:
    """The layers with an adapter, by name.

    Raises:  ValueError if there are none.
    """
    found = {name: module for name, module in model.named_modules() if isinstance(module, LoRALinear)}
    if not found:
        raise ValueError("the model has 0 adapters; inject makes them")
    return found


def trainable_count(model: nn.Module) -> int:
    """How many numbers ask for a gradient."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


@torch.no_grad()
def merge(model: nn.Module) -> None:
    """Add each product into its matrix; a second time does nothing. The adapters are kept for ``unmerge``.

    Raises:  ValueError for matrices in four bits, whose levels have no room for small changes.
    """
    for layer, matrix in _matrices(model):
        if not layer.merged:
            matrix += layer.delta
            layer.merged = True


@torch.no_grad()
def unmerge(model: nn.Module) -> None:
    """Take each product out of its matrix again, up to what rounding has lost; unmerged, it does nothing."""
    for layer, matrix in _matrices(model):
        if layer.merged:
            matrix -= layer.delta
            layer.merged = False


def eject(model: nn.Module) -> nn.Module:
    """Put the plain layers back, in place: the tuned ones after ``merge``, the old ones without it; the model."""
    for name, layer in adapters(model).items():
        parent, _, leaf = name.rpartition(".")
        setattr(model.get_submodule(parent), leaf, layer.base)
    return model


@contextmanager
def frozen_base(model: nn.Module) -> Iterator[None]:
    """Inside, the model answers as before the tuning: a reference that costs no second copy.

    Raises:  ValueError if the adapters are merged: the matrices are no longer the old ones.
    """
    layers = list(adapters(model).values())
    if any(layer.merged for layer in layers):
        raise ValueError("the adapters are merged into the matrices; unmerge them to see the model without")
    before = [layer.active for layer in layers]
    for layer in layers:
        layer.active = False
    try:
        yield
    finally:
        for layer, active in zip(layers, before, strict=True):
            layer.active = active


def save_adapter(
    path: str | os.PathLike[str], model: nn.Module, card: dict, *, dtype: torch.dtype = torch.float32
) -> None:
    """Write the thin matrices, their rank, scale and names to a safetensors file; ``card`` says what they are for."""
    layers = adapters(model)
    first = next(iter(layers.values()))
    tensors = {f"{name}.{part}": getattr(layers[name], part).detach().to(dtype) for name in layers for part in "ab"}
    told = {"format": FORMAT, "rank": str(first.rank), "alpha": str(first.alpha), "card": json.dumps(card)}
    write_safetensors(path, tensors, told | {"targets": json.dumps(sorted({n.rpartition(".")[2] for n in layers}))})


def load_adapter(path: str | os.PathLike[str], model: nn.Module) -> dict:
    """Inject the adapters of ``save_adapter`` into a model that has none; the card.

    Raises:  ValueError for a file of another form or an adapter of another model's shape; OSError if there is none.
    """
    if not Path(path).exists():
        raise FileNotFoundError(f"there is no {path}")
    try:
        with safe_open(path, framework="pt") as file:
            told = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}
    except SafetensorError as error:
        raise ValueError(f"{path} is no safetensors file, or damaged: {error}") from None
    if told.get("format") != FORMAT:
        raise ValueError(f"{path} is of the form {told.get('format')!r}, not {FORMAT!r}: write it with save_adapter")
    rank, alpha, targets = int(told["rank"]), float(told["alpha"]), json.loads(told["targets"])
    inject(model, rank=rank, alpha=alpha, targets=targets, generator=torch.Generator().manual_seed(0))
    holes = {f"{name}.{part}": getattr(layer, part) for name, layer in adapters(model).items() for part in "ab"}
    wrong = [n for n in sorted(holes.keys() | tensors.keys()) if _shape(holes.get(n)) != _shape(tensors.get(n))]
    if wrong:
        eject(model)
        ours, theirs = _shape(holes.get(wrong[0])), _shape(tensors.get(wrong[0]))
        raise ValueError(f"{path} is of another model: its {wrong[0]} has shape {theirs}, but the place for it {ours}")
    with torch.no_grad():
        for name, hole in holes.items():
            hole.copy_(tensors[name])
    return json.loads(told["card"])


def _matrices(model: nn.Module) -> list[tuple[LoRALinear, Tensor]]:
    """Each adapter and the matrix that it can be added into."""
    layers = list(adapters(model).values())
    if any(isinstance(layer.base, NF4Linear) for layer in layers):
        raise ValueError("matrices in 4 bits cannot take a product in; keep the adapters beside them")
    return [(layer, layer.base.weight) for layer in layers]


def _shape(tensor: Tensor | None) -> tuple[int, ...] | None:
    return None if tensor is None else tuple(tensor.shape)
