"""Model sizes and choices: a config is a frozen value, changed with ``dataclasses.replace``."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from llmcourse.transformer.rope_scaling import Scaling
else:
    Scaling = object  # its module computes with torch; sizes alone, and what they cost, need no torch

CHOICES = {
    "norm": ("rms", "layer"),
    "norm_place": ("pre", "post"),
    "positions": ("rotary", "learned", "none"),
    "rope_pairs": ("interleaved", "half"),
    "activation": ("swiglu", "gelu"),
}


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """Sizes of a decoder-only transformer, named after the axis letters in ``shapes``, and its choices.

    The defaults are those of the Llama family: RMSNorm before each half of a block, rotary positions, SwiGLU, no bias.

    Raises:  ValueError for sizes that do not divide, and for a choice that does not exist.
    """

    vocab: int  # V
    width: int  # D
    layers: int
    heads: int  # H
    kv_heads: int | None = None  # G; None means one per query head (plain multi-head attention)
    ffn_width: int  # F
    context: int  # longest S
    norm: Literal["rms", "layer"] = "rms"
    norm_eps: float = 1e-5
    norm_place: Literal["pre", "post"] = "pre"
    positions: Literal["rotary", "learned", "none"] = "rotary"
    rope_base: float = 10_000.0
    rope_pairs: Literal["interleaved", "half"] = "interleaved"
    rope_scaling: Scaling | None = None
    activation: Literal["swiglu", "gelu"] = "swiglu"
    bias: bool = False
    tied: bool = False  # the output layer uses the embedding's table

    def __post_init__(self) -> None:
        for name in ("vocab", "width", "layers", "heads", "kv_heads", "ffn_width", "context"):
            size = getattr(self, name)
            if size is not None and size < 1:
                raise ValueError(f"{name} must be positive, got {size}")
        if self.norm_eps < 0:
            raise ValueError(f"norm_eps must not be negative, got {self.norm_eps}")
        if self.width % self.heads:
            raise ValueError(f"width {self.width} is not a multiple of heads {self.heads}")
        if self.heads % self.groups:
            raise ValueError(f"heads {self.heads} is not a multiple of kv_heads {self.groups}")
        for name, allowed in CHOICES.items():
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {getattr(self, name)!r}")
        if self.positions == "rotary" and self.head_width % 2:
            raise ValueError(f"rotary positions turn pairs, but the head width {self.head_width} is odd")

    @property
    def groups(self) -> int:
        """G, the number of key/value heads."""
        return self.heads if self.kv_heads is None else self.kv_heads

    @property
    def head_width(self) -> int:
        """K."""
        return self.width // self.heads
