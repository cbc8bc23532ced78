r"""NF4: weights in four bits each, on a grid for normal numbers, under adapters that learn (torch).

Sixteen levels can stand anywhere. Weights of a layer are roughly normal, so the levels stand where a normal number is
as likely to fall between one pair of neighbors as between the next: close together around 0, far apart at the ends.
Each block of 64 weights is divided by its largest size, so that the grid from −1 to 1 fits, and each weight becomes the
number of its nearest level. The cost is 4 bits a weight and 32 bits of scale a block: 4.5 bits a weight.

QLoRA freezes a model in this form and trains adapters beside it: the gradient passes *through* the rounded weights
without changing them.
"""

from statistics import NormalDist
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from llmcourse.shapes import Float, Integer

__all__ = ["BLOCK", "NF4Linear", "Nibbles", "dequantize_nf4", "nf4_levels", "quantize_linear", "quantize_nf4"]

BLOCK = 64
OFFSET = ((1 - 1 / 30) + (1 - 1 / 32)) / 2  # the outermost quantile: between those of 15 and of 16 equal parts


class Nibbles(NamedTuple):
    """A tensor in four bits each: two numbers of levels in a byte, the first in its upper half; a scale for a block."""

    packed: Integer[Tensor, " N"]  # uint8
    scale: Float[Tensor, " C"]  # float32, the largest size in each block
    shape: tuple[int, ...]

    @property
    def bits_per_weight(self) -> float:
        """All that is stored, shared among the weights."""
        return 8 * (self.packed.nbytes + self.scale.nbytes) / torch.Size(self.shape).numel()


def nf4_levels() -> Float[Tensor, " V"]:
    r"""The sixteen levels: 8 quantiles of a normal number above 0, 0 itself, 7 below, the largest scaled to 1.

    Quantiles at evenly spaced probabilities from ½ to the offset .9677, in 8 steps above and 7 below.

    Source:  Dettmers et al. (2023), section 3 and appendix E; the offset is their code's. {cite}`dettmers2023qlora`

    >>> [round(x, 4) for x in nf4_levels().tolist()[:9]]
    [-1.0, -0.6962, -0.5251, -0.3949, -0.2844, -0.1848, -0.091, 0.0, 0.0796]
    """
    quantile = NormalDist().inv_cdf
    above = [quantile(0.5 + (OFFSET - 0.5) * i / 8) for i in range(1, 9)]
    below = [-quantile(0.5 + (OFFSET - 0.5) * i / 7) for i in range(1, 8)]
    return torch.tensor(sorted([*below, 0.0, *above])) / max(above)


def quantize_nf4(w: Float[Tensor, "*N"]) -> Nibbles:
    r"""The nearest level of each weight over the largest size in its block of 64, in reading order.

    Range:   a weight is off by at most half the gap between its two levels times the scale, 0.152 of it at most.
    Raises:  ValueError for a number of weights that is no multiple of 64, or a weight that is not finite.
    Source:  Dettmers et al. (2023), section 3, with block size 64, without the second quantization of the scales.
             {cite}`dettmers2023qlora`
    """
    if w.numel() % BLOCK or not w.numel():
        raise ValueError(f"{w.numel()} weights are no whole number of blocks of {BLOCK}; fill up the tensor")
    if not w.isfinite().all():
        raise ValueError(f"weights must be finite, got {w[~w.isfinite()][0].item()}")
    blocks = w.detach().float().reshape(-1, BLOCK)
    scale = blocks.abs().amax(dim=1)  # (C,)
    unit = blocks / torch.where(scale == 0, 1, scale)[:, None]
    levels = nf4_levels()
    borders = (levels[1:] + levels[:-1]) / 2
    code = torch.bucketize(unit, borders).to(torch.uint8).flatten()  # (2 N,)
    return Nibbles((code[0::2] << 4) | code[1::2], scale, tuple(w.shape))


def dequantize_nf4(stored: Nibbles) -> Float[Tensor, "*N"]:
    r"""The weights that the bytes stand for: level times scale, in float32.

    Source:  Dettmers et al. (2023), eq. 2. {cite}`dettmers2023qlora`

    >>> weights = dequantize_nf4(quantize_nf4(torch.tensor([0.5, -1.0, 0.41, 0.0] * 16)))
    >>> [round(w, 4) for w in weights[:4].tolist()]
    [0.4407, -1.0, 0.4407, 0.0]
    """
    code = torch.stack([stored.packed >> 4, stored.packed & 15], dim=1).flatten().long()
    return (nf4_levels()[code].view(-1, BLOCK) * stored.scale[:, None]).view(stored.shape)


class NF4Linear(nn.Module):
    """A frozen linear layer without bias that keeps its matrix in four bits and reads it anew in each call.

    Raises:  ValueError for a layer with a bias, and as ``quantize_nf4``.
    Source:  Dettmers et al. (2023), eq. 5, the first term. {cite}`dettmers2023qlora`
    """

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        if linear.bias is not None:
            raise ValueError(f"a layer with a bias of {len(linear.bias)} numbers has no place here; leave it as it is")
        stored = quantize_nf4(linear.weight)
        self.packed, self.scale = nn.Buffer(stored.packed), nn.Buffer(stored.scale)
        self.shape = stored.shape

    @property
    def weight(self) -> Float[Tensor, "O I"]:
        """The matrix, in float32, for as long as somebody holds it."""
        return dequantize_nf4(Nibbles(self.packed, self.scale, self.shape))

    def forward(self, x: Float[Tensor, "*B I"]) -> Float[Tensor, "*B O"]:
        r"""$\hat W x$."""
        return F.linear(x, self.weight.to(x.dtype))


def quantize_linear(model: nn.Module) -> nn.Module:
    """Put each linear layer without bias inside the model into four bits, in place; the model itself.

    Embeddings, norms and a separate output layer called ``head`` stay as they are.
    """
    for parent in list(model.modules()):
        for name, layer in list(parent.named_children()):
            if isinstance(layer, nn.Linear) and layer.bias is None and name != "head":
                setattr(parent, name, NF4Linear(layer))
    return model
