"""Layer normalization and its simpler successor, RMSNorm (torch)."""

import torch
from torch import Tensor, nn

from llmcourse.shapes import Float
from llmcourse.transformer.config import ModelConfig


def layer_norm(
    x: Float[Tensor, "*B D"], gain: Float[Tensor, " D"], bias: Float[Tensor, " D"] | None = None, eps: float = 1e-5
) -> Float[Tensor, "*B D"]:
    r"""Each row shifted to mean 0, scaled to variance 1, stretched: $g \odot (x - \mu)/\sqrt{\sigma^2 + \epsilon} + b$.

    $\sigma^2$ is the mean of the squared deviations (division by D, not D − 1).

    Limits:  a constant row gives the bias; far above ε, the scale of a row no longer matters.
    Source:  Ba et al. (2016), eq. 3 and 4, over the features of one token. {cite}`ba2016`

    >>> layer_norm(torch.tensor([1.0, 3.0]), torch.ones(2), eps=0.0).tolist()
    [-1.0, 1.0]
    """
    centered = x - x.mean(dim=-1, keepdim=True)
    normed = gain * centered * torch.rsqrt(centered.square().mean(dim=-1, keepdim=True) + eps)
    return normed if bias is None else normed + bias


def rms_norm(x: Float[Tensor, "*B D"], gain: Float[Tensor, " D"], eps: float = 1e-5) -> Float[Tensor, "*B D"]:
    r"""Each row scaled to root mean square 1, then stretched: $g \odot x / \sqrt{\overline{x^2} + \epsilon}$.

    Limits:  a row of zeros stays zero; far above ε, the scale of a row no longer matters, and its direction is kept.
    Source:  Zhang & Sennrich (2019), eq. 4, with ε inside the root as in Llama's code. {cite}`zhang2019rms`

    >>> rms_norm(torch.tensor([1.0, 7.0]), torch.ones(2), eps=0.0).tolist()  # √((1 + 49)/2) = 5
    [0.20000000298023224, 1.399999976158142]
    """
    return gain * x * torch.rsqrt(x.square().mean(dim=-1, keepdim=True) + eps)


class LayerNorm(nn.Module):
    """``layer_norm`` with a learned gain (``weight``) and, if the config has biases, a learned shift."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.eps = config.norm_eps
        self.weight = nn.Parameter(torch.ones(config.width))
        self.bias = nn.Parameter(torch.zeros(config.width)) if config.bias else None

    def forward(self, x: Float[Tensor, "*B D"]) -> Float[Tensor, "*B D"]:
        """The row, normalized."""
        return layer_norm(x, self.weight, self.bias, self.eps)


class RMSNorm(nn.Module):
    """``rms_norm`` with a learned gain (``weight``)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.eps = config.norm_eps
        self.weight = nn.Parameter(torch.ones(config.width))

    def forward(self, x: Float[Tensor, "*B D"]) -> Float[Tensor, "*B D"]:
        """The row, normalized."""
        return rms_norm(x, self.weight, self.eps)


def norm_from(config: ModelConfig) -> LayerNorm | RMSNorm:
    """The normalization that the config asks for."""
    return LayerNorm(config) if config.norm == "layer" else RMSNorm(config)
