"""Keys and values of the tokens that a model has read, kept so that it need not read them again (torch)."""

import torch
from torch import Tensor

from llmcourse.shapes import Float
from llmcourse.transformer.config import ModelConfig


class LayerCache:
    """Keys (after rotation) and values of one layer: room for ``capacity`` positions, ``length`` of them filled."""

    def __init__(
        self, config: ModelConfig, batch: int, capacity: int, dtype: torch.dtype, device: torch.device | str
    ) -> None:
        shape = (batch, config.groups, capacity, config.head_width)
        self.keys = torch.empty(shape, dtype=dtype, device=device)  # untouched memory costs nothing yet
        self.values = torch.empty(shape, dtype=dtype, device=device)
        self.length = 0

    def extend(
        self, k: Float[Tensor, "B G T K"], v: Float[Tensor, "B G T K"]
    ) -> tuple[Float[Tensor, "B G S K"], Float[Tensor, "B G S K"]]:
        """Write T new positions behind those that are there, and return all S of them, without a copy.

        Raises:  ValueError when they do not fit, for another batch size, or while gradients are recorded.
        """
        start, end = self.length, self.length + k.shape[2]
        batch, _, capacity, _ = self.keys.shape
        if end > capacity:
            raise ValueError(f"{end} positions do not fit into a cache of capacity {capacity}")
        if k.shape[0] != batch:
            raise ValueError(f"a cache for {batch} sequences was given {k.shape[0]}")
        if k.requires_grad:
            raise ValueError("a cache is for inference: call the model under torch.no_grad()")
        self.keys[:, :, start:end] = k
        self.values[:, :, start:end] = v
        self.length = end
        return self.keys[:, :, :end], self.values[:, :, :end]


class KVCache:
    """One ``LayerCache`` for each layer. Hand the same cache to each call, with only the new tokens.

    Units:   ``nbytes`` counts the room, 2 · layers · B · G · capacity · K numbers.
    Raises:  ValueError for a capacity beyond the config's context.
    """

    def __init__(
        self,
        config: ModelConfig,
        *,
        batch: int = 1,
        capacity: int | None = None,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> None:
        capacity = config.context if capacity is None else capacity
        if not 1 <= capacity <= config.context:
            raise ValueError(f"capacity must lie between 1 and the context of {config.context}, got {capacity}")
        self.capacity = capacity
        self.layers = [LayerCache(config, batch, capacity, dtype, device) for _ in range(config.layers)]

    @property
    def length(self) -> int:
        """Positions read so far."""
        return self.layers[0].length

    @property
    def nbytes(self) -> int:
        """Bytes of the whole room, filled or not."""
        return sum(layer.keys.nbytes + layer.values.nbytes for layer in self.layers)

    def truncate(self, length: int) -> None:
        """Forget all positions from ``length`` on.

        Raises:  ValueError if there are not so many.
        """
        if not 0 <= length <= self.length:
            raise ValueError(f"cannot keep {length} positions of {self.length}")
        for layer in self.layers:
            layer.length = length
