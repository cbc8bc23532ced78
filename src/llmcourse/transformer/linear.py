r"""Linear layers, with one row at a time at the speed of memory (torch).

A model that writes text multiplies one row by each of its matrices, again for each token. That takes two operations a
weight, far less than a processor can do: the time goes into bringing the weights from memory. Two things bring them
faster than ``F.linear`` does for one row (in PyTorch's CPU build, where one core does all the work).

* **Cut.** The matrix is cut into as many parts as there are threads, and each thread reads one (``torch.bmm``).
* **Long lines.** Memory is quickest when read straight on. A matrix with more outputs than inputs is therefore stored by
  columns, one input's weights for all outputs in a line, and matrices with the same input stand side by side
  (``empty_side_by_side``), so that the lines go on from one into the next.
"""

from collections.abc import Sequence
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from llmcourse.shapes import Float


def project(
    x: Float[Tensor, "*B I"], weight: Float[Tensor, "O I"], bias: Float[Tensor, " O"] | None = None
) -> Float[Tensor, "*B O"]:
    r"""Each row of ``x`` times a matrix, plus a bias: $x W^\top + b$. The same value as ``F.linear``.

    One row is multiplied by parts of the matrix, one for each thread: parts of the outputs, whose results stand side by
    side, $x \begin{pmatrix} W_1^\top & W_2^\top \end{pmatrix}$; or, if the matrix is stored by columns, parts of the
    inputs, whose results are added, $x_1 W_1^\top + x_2 W_2^\top$.
    """
    outputs, inputs = weight.shape
    by_columns = weight.stride(0) == 1 < weight.stride(1)
    parts = _parts(inputs if by_columns else outputs, torch.get_num_threads())
    if x.numel() != inputs or parts == 1 or x.device.type != "cpu" or x.dtype.itemsize < 4:
        return F.linear(x, weight, bias)
    if by_columns:
        y = torch.bmm(x.reshape(parts, 1, -1), weight.mT.unflatten(0, (parts, -1))).sum(dim=0)  # (1, O)
    else:
        y = torch.bmm(x.reshape(1, 1, -1).expand(parts, 1, -1), weight.unflatten(0, (parts, -1)).mT)  # (parts, 1, O/parts)
    y = y.view(*x.shape[:-1], outputs)
    return y if bias is None else y + bias


@lru_cache
def _parts(size: int, threads: int) -> int:
    """The largest number up to ``threads`` that divides ``size``."""
    return next(n for n in range(threads, 0, -1) if size % n == 0)


class Linear(nn.Linear):
    """``nn.Linear`` by way of ``project``."""

    def forward(self, input: Float[Tensor, "*B I"]) -> Float[Tensor, "*B O"]:
        """$x W^\\top + b$."""
        return project(input, self.weight, self.bias)


def project_together(x: Float[Tensor, "*B I"], layers: Sequence[nn.Linear]) -> Sequence[Float[Tensor, "*B _"]]:
    """The same values as ``[layer(x) for layer in layers]``, in one multiplication if their weights allow it.

    They do if they were made by ``empty_side_by_side``, need no gradients, and have no biases.
    """
    first, sizes = layers[0].weight, [layer.out_features for layer in layers]
    total, inputs = sum(sizes), layers[0].in_features
    together = first.stride() == (1, total) and not first.requires_grad
    place = first.data_ptr()
    for layer, size in zip(layers, sizes, strict=True):
        together = together and layer.weight.data_ptr() == place and layer.bias is None
        place += size * first.element_size()
    if not together:
        return [layer(x) for layer in layers]
    joined = first.as_strided((total, inputs), (1, total))
    return project(x, joined).split(sizes, dim=-1)


def empty_side_by_side(outputs: Sequence[int], inputs: int) -> list[Float[Tensor, "_ I"]]:
    """Weights of matrices with the same input, without values yet, stored by columns in one piece of memory."""
    joined = torch.empty(inputs, sum(outputs))  # a line of it: the weights of one input for all outputs
    return [part.mT for part in joined.split(list(outputs), dim=1)]
