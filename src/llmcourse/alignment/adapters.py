r"""Two other ways to add few parameters to a frozen model: a bottleneck in its stream, a prefix to its texts (torch).

bottleneck   x + up(bend(down(x)))      a small network behind a half of a block; m numbers wide
prefix       keys and values of P words that nobody wrote, learned, before each text, in each layer
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from llmcourse.shapes import Float
from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.kv_cache import KVCache, LayerCache

__all__ = ["Bottleneck", "Prefix", "bottleneck_count", "prefix_count"]


def bottleneck_count(width: int, bottleneck: int) -> int:
    """The numbers of one bottleneck with its biases: 2 m D + D + m.

    Source:  Houlsby et al. (2019), section 2.1. {cite}`houlsby2019`

    >>> bottleneck_count(768, 64)
    99136
    """
    return 2 * bottleneck * width + width + bottleneck


def prefix_count(config: ModelConfig, length: int) -> int:
    """The numbers of a prefix: a key and a value for each of P words in each group of each layer, 2 L P G K.

    Source:  Li & Liang (2021), section 4.2, the prefix without the network that made it. {cite}`li2021prefix`
    """
    return 2 * config.layers * length * config.groups * config.head_width


class Bottleneck(nn.Module):
    r"""An adapter after Houlsby: $x + W_{up}\,\mathrm{gelu}(W_{down}\,x + b_{down}) + b_{up}$.

    The way up begins at zero, so that the adapter begins as the identity.

    Raises:  ValueError unless the bottleneck lies between 1 and the width.
    Source:  Houlsby et al. (2019), section 2.1 and figure 2; they begin near zero, not at it. {cite}`houlsby2019`
    """

    def __init__(self, width: int, bottleneck: int, *, generator: torch.Generator) -> None:
        super().__init__()
        if not 1 <= bottleneck <= width:
            raise ValueError(f"the bottleneck must lie between 1 and the width of {width}, got {bottleneck}")
        self.down, self.up = nn.Linear(width, bottleneck), nn.Linear(bottleneck, width)
        with torch.no_grad():
            self.down.weight.normal_(0, 1 / math.sqrt(width), generator=generator)
            for zero in (self.down.bias, self.up.weight, self.up.bias):
                zero.zero_()

    def forward(self, x: Float[Tensor, "*B D"]) -> Float[Tensor, "*B D"]:
        """The stream, and what a few of its directions have to add."""
        return x + self.up(F.gelu(self.down(x)))


class _PrefixLayer(LayerCache):
    """Looks to a layer like a cache that has been read into; new keys are joined to it, so that gradients pass."""

    def __init__(self, keys: Float[Tensor, "G P K"], values: Float[Tensor, "G P K"]) -> None:
        self.keys, self.values, self.length = keys, values, keys.shape[1]

    def extend(
        self, k: Float[Tensor, "B G T K"], v: Float[Tensor, "B G T K"]
    ) -> tuple[Float[Tensor, "B G S K"], Float[Tensor, "B G S K"]]:
        keys, values = (part.expand(len(k), -1, -1, -1) for part in (self.keys, self.values))  # (B, G, P, K)
        return torch.cat([keys, k], dim=2), torch.cat([values, v], dim=2)


class Prefix(nn.Module):
    """Learned keys and values of P positions before each text: ``model(tokens, cache=prefix.cache())``.

    A text's keys and values are the effect of having read it. A prefix may be what no text leaves behind.

    Raises:  ValueError for no positions, or as many as the context.
    Source:  Li & Liang (2021), section 4.2 and eq. 3, without their reparametrization. {cite}`li2021prefix`
    """

    def __init__(self, config: ModelConfig, length: int, *, generator: torch.Generator, std: float = 0.02) -> None:
        super().__init__()
        if not 1 <= length < config.context:
            raise ValueError(f"a prefix must have between 1 and {config.context - 1} positions, got {length}")
        self.config, shape = config, (config.layers, config.groups, length, config.head_width)
        self.keys = nn.Parameter(std * torch.randn(shape, generator=generator))  # (L, G, P, K)
        self.values = nn.Parameter(std * torch.randn(shape, generator=generator))

    def cache(self) -> KVCache:
        """The prefix in the place where a model looks for what it has read; for one call."""
        cache = KVCache(self.config, capacity=1)
        cache.capacity = self.keys.shape[2]
        cache.layers.clear()
        cache.layers.extend(_PrefixLayer(k, v) for k, v in zip(self.keys, self.values, strict=True))
        return cache
