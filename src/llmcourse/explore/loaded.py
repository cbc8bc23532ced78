"""A model with its tokenizer, as the widgets that run one take it (pure Python)."""

from typing import Any, Protocol, runtime_checkable

__all__ = ["Loaded"]


@runtime_checkable
class Loaded(Protocol):
    """What ``transformer.checkpoint.load`` and ``transformer.saved.load_saved`` give; neither is imported here."""

    @property
    def model(self) -> Any:
        """Tokens to logits, with a ``record``."""

    @property
    def tokenizer(self) -> Any:
        """Text to tokens and back."""
