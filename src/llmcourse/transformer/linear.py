r"""Multiplying by a matrix, and matrices stored in the order in which a text is written (torch).

A model that writes text multiplies one row by each of its matrices, again for each token. That is two operations a
weight, far less than a processor can do while the weight comes from memory, so the time is that of reading. Memory is
read fastest straight on, and by all cores at once. ``F.linear`` does neither for one row: one core follows many rows of
the matrix side by side.

So ``pack`` cuts the outputs into panels of 32 and stores each panel by inputs: the weights of the first input for 32
outputs, then those of the second, and so on. A panel is read from its beginning to its end; the cores share the panels.

    W, 64 × 3, by rows        w[0,0] w[0,1] w[0,2]   w[1,0] w[1,1] w[1,2]   w[2,0] ...
    in two panels, 3 × 32     w[0,0] w[1,0] ... w[31,0]   w[0,1] w[1,1] ... w[31,1]   w[0,2] ... w[31,2]   w[32,0] ...

Matrices with the same input (for queries, keys and values) follow each other in one tensor, and are read in one go. All
of it stands in large pages of memory where the system has them: there are fewer places to look up.
"""

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from llmcourse.shapes import Float, Int

WIDTH = 32  # outputs in a panel: two lines of a processor's cache for each input
TOGETHER = (
    ("embed",),
    ("head",),
    ("to_q", "to_k", "to_v"),
    ("to_out",),
    ("gate", "up"),
    ("down",),
)  # each with one input


def matrix_of(panels: Float[Tensor, "N I W"]) -> Float[Tensor, "N*W I"]:
    """The matrix that stands in these panels, by rows again."""
    return panels.mT.flatten(0, 1)


def project_by_panels(x: Float[Tensor, "*B I"], panels: Float[Tensor, "N I W"]) -> Float[Tensor, "*B N*W"]:
    r"""$x W^\top$, the outputs of each panel beside those of the next. The same value as with ``matrix_of(panels)``."""
    count, inputs, width = panels.shape
    rows = x.reshape(1, -1, inputs)  # (1, T, I)
    y = torch.bmm(rows.expand(count, -1, -1), panels)  # (N, T, W)
    return y.transpose(0, 1).reshape(*x.shape[:-1], count * width)  # not a copy if there is one row


class PackedLinear(nn.Module):
    """The same value as an ``nn.Linear`` without bias: a part of the panels that layers with the same input share."""

    def __init__(self, panels: nn.Parameter, start: int, stop: int) -> None:
        super().__init__()
        self.panels, self.start, self.stop = panels, start, stop

    def forward(self, x: Float[Tensor, "*B I"]) -> Float[Tensor, "*B O"]:
        r"""$x W^\top$."""
        return project_by_panels(x, self.panels[self.start : self.stop])

    @torch.no_grad()
    def fill(self, weight: Float[Tensor, "R I"], row: int = 0) -> None:
        """Take over some rows of a matrix, whole panels of them, from ``row`` on."""
        first, panels = self.start + row // WIDTH, weight.unflatten(0, (-1, WIDTH)).mT
        self.panels[first : first + len(panels)] = panels


class PackedEmbedding(PackedLinear):
    """The same value as an ``nn.Embedding``; its table is the output layer's as well (``unembed``)."""

    def forward(self, tokens: Int[Tensor, "*B"]) -> Float[Tensor, "*B D"]:
        """The row of each token."""
        return self.panels[tokens // WIDTH, :, tokens % WIDTH]


def project_together(x: Float[Tensor, "*B I"], layers: Sequence[nn.Module]) -> Sequence[Float[Tensor, "*B _"]]:
    """The same values as ``[layer(x) for layer in layers]``, in one multiplication if they were packed together."""
    if not isinstance(layers[0], PackedLinear):
        return [layer(x) for layer in layers]
    packed = cast(Sequence[PackedLinear], layers)
    sizes = [WIDTH * (layer.stop - layer.start) for layer in packed]
    return project_by_panels(x, packed[0].panels).split_with_sizes(sizes, dim=-1)


def unembed(x: Float[Tensor, "*B D"], table: nn.Module) -> Float[Tensor, "*B V"]:
    r"""How well each row of ``x`` matches each row of the output table: $x E^\top$, with a layer or an embedding."""
    if isinstance(table, PackedLinear):
        return project_by_panels(x, table.panels)
    return F.linear(x, cast(nn.Linear, table).weight)


def pack(model: nn.Module) -> None:
    """Store the matrices of a model in panels, in place, letting go of each matrix before the next.

    It reads and writes text as before, faster. For learning, or for a look at its matrices, take it unpacked: there is
    no ``weight`` any more. Layers with a bias, or whose outputs are no multiple of 32, stay as they are. Layers without
    values (on the meta device) get memory for them, to be filled.
    """
    groups = [(module, names) for module in list(model.modules()) for names in TOGETHER if _fit(module, names)]
    room = _large_pages(sum(getattr(module, name).weight.nbytes for module, names in groups for name in names))
    for module, names in groups:
        weights = [getattr(module, name).weight for name in names]
        size = sum(weight.nbytes for weight in weights)
        panels = room[:size].view(weights[0].dtype).view(-1, weights[0].shape[1], WIDTH)
        room, shared, start = room[size:], nn.Parameter(panels, requires_grad=False), 0
        for name, weight in zip(names, weights, strict=True):
            stop = start + len(weight) // WIDTH
            packed = (PackedEmbedding if name == "embed" else PackedLinear)(shared, start, stop)
            if not weight.is_meta:
                packed.fill(weight)
            setattr(module, name, packed)
            start = stop


def _fit(module: nn.Module, names: tuple[str, ...]) -> bool:
    """Whether all these layers are there, without bias, and each with a whole number of panels."""
    layers = [getattr(module, name, None) for name in names]
    return all(
        isinstance(layer, nn.Linear | nn.Embedding)
        and getattr(layer, "bias", None) is None
        and len(layer.weight) % WIDTH == 0
        for layer in layers
    )


def _large_pages(size: int) -> Tensor:
    """So many bytes of memory. For arrays of 4 MB and more numpy asks Linux for large pages; torch does not."""
    room = torch.from_numpy(np.empty(size + 64, np.uint8))
    return room[-room.data_ptr() % 64 :]  # from the beginning of a line of the cache
