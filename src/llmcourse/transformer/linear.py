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
of it stands in large pages of memory where the system has them (``_Room``), which spares it looking up where 4 kB are.
"""

from collections.abc import Sequence
from typing import TypeGuard

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from llmcourse.shapes import Float, Int

WIDTH = 32  # outputs in a panel: two lines of a processor's cache for each input
TOGETHER = (("to_q", "to_k", "to_v"), ("to_out",), ("gate", "up"), ("down",), ("head",))  # layers with the same input


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


class PackedEmbedding(nn.Module):
    """The same value as the ``nn.Embedding`` that it was; its table is the output layer's as well."""

    def __init__(self, panels: Float[Tensor, "N D W"]) -> None:
        super().__init__()
        self.panels = nn.Parameter(panels, requires_grad=False)

    def forward(self, tokens: Int[Tensor, "*B"]) -> Float[Tensor, "*B D"]:
        """The row of each token."""
        return self.panels[tokens // WIDTH, :, tokens % WIDTH]


def project_together(x: Float[Tensor, "*B I"], layers: Sequence[nn.Module]) -> Sequence[Float[Tensor, "*B _"]]:
    """The same values as ``[layer(x) for layer in layers]``, in one multiplication if they were packed together."""
    first = layers[0]
    if not isinstance(first, PackedLinear):
        return [layer(x) for layer in layers]
    sizes = [WIDTH * (layer.stop - layer.start) for layer in layers]
    return project_by_panels(x, first.panels).split_with_sizes(sizes, dim=-1)


def unembed(x: Float[Tensor, "*B D"], table: nn.Module) -> Float[Tensor, "*B V"]:
    r"""How well each row of ``x`` matches each row of the output table: $x E^\top$, with a layer or an embedding."""
    packed = isinstance(table, PackedEmbedding | PackedLinear)
    return project_by_panels(x, table.panels) if packed else F.linear(x, table.weight)


@torch.no_grad()
def pack(model: nn.Module) -> None:
    """Store the matrices of a model in panels, in place, one after the other, so that there is never a second copy.

    It reads and writes text as before, faster. For learning, or for a look at its matrices, take it unpacked: there is
    no ``weight`` any more. Layers with a bias, or whose outputs are no multiple of 32, stay as they are.
    """
    room = _Room()
    for module in list(model.modules()):
        embed = getattr(module, "embed", None)
        if isinstance(embed, nn.Embedding) and embed.num_embeddings % WIDTH == 0:
            module.embed = PackedEmbedding(room.keep([embed.weight]))
        for names in TOGETHER:
            layers = [layer for name in names if _fits(layer := getattr(module, name, None))]
            if len(layers) == len(names):
                panels = nn.Parameter(room.keep([layer.weight for layer in layers]), requires_grad=False)
                start = 0
                for name, layer in zip(names, layers, strict=True):
                    stop = start + layer.out_features // WIDTH
                    setattr(module, name, PackedLinear(panels, start, stop))
                    start = stop


def _fits(layer: object) -> TypeGuard[nn.Linear]:
    return isinstance(layer, nn.Linear) and layer.bias is None and layer.out_features % WIDTH == 0


class _Room:
    """Memory for panels, in pieces so big that numpy asks Linux for large pages (from 4 MB on; torch never asks)."""

    def __init__(self) -> None:
        self.left = torch.empty(0, dtype=torch.uint8)

    def keep(self, weights: Sequence[Float[Tensor, "_ I"]]) -> Float[Tensor, "N I W"]:
        """The panels of all these matrices, one after the other."""
        size = sum(weight.nbytes for weight in weights)
        if size > len(self.left):
            piece = torch.from_numpy(np.empty(max(size, 1 << 26) + 64, np.uint8))
            self.left = piece[-piece.data_ptr() % 64 :]  # from the beginning of a line of the cache
        taken, self.left = self.left[:size], self.left[size:]
        panels = taken.view(weights[0].dtype).view(-1, weights[0].shape[1], WIDTH)
        start = 0
        for weight in weights:
            stop = start + len(weight) // WIDTH
            panels[start:stop] = weight.unflatten(0, (-1, WIDTH)).mT
            start = stop
        return panels
