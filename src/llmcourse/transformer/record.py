"""What a model computes on its way, collected when asked for (torch)."""

from torch import Tensor

NAMES = ("residual", "attention_out", "ffn_out", "weights", "queries", "keys", "values")


class Record:
    """Pass one to a model, and read the lists afterwards: one tensor a layer, in the order of the layers.

    residual       (B, T, D)     the stream before each block, and once more after the last
    attention_out  (B, T, D)     what each block's attention adds to it
    ffn_out        (B, T, D)     what each block's feed-forward network adds to it
    weights        (B, H, T, S)  attention weights
    queries        (B, H, T, K)  after rotation
    keys, values   (B, G, S, K)  keys after rotation; with those of the cache

    ``Record("weights", "residual")`` collects only these two; ``Record()`` everything.

    Raises:  ValueError for a name that is not in the list.
    """

    def __init__(self, *names: str) -> None:
        unknown = [name for name in names if name not in NAMES]
        if unknown:
            raise ValueError(f"there is no record of {unknown[0]!r}; choose from {', '.join(NAMES)}")
        self.names = names or NAMES
        self.residual: list[Tensor] = []
        self.attention_out: list[Tensor] = []
        self.ffn_out: list[Tensor] = []
        self.weights: list[Tensor] = []
        self.queries: list[Tensor] = []
        self.keys: list[Tensor] = []
        self.values: list[Tensor] = []

    def add(self, **tensors: Tensor) -> None:
        """Append each tensor to the list of its name, if that list is wanted: a copy, since caches change."""
        for name, tensor in tensors.items():
            if name in self.names:
                getattr(self, name).append(tensor.clone())
