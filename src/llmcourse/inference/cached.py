"""Models that remember what they have read, for searches that go back and try something else (torch).

``generate`` only ever goes forward. A search asks again about a text whose end it has changed, or about several
beginnings at once; what the last question has in common with this one is not read a second time.
"""

from collections.abc import Sequence

import numpy as np
import torch

from llmcourse.shapes import Float
from llmcourse.transformer.decoder import Decoder
from llmcourse.transformer.kv_cache import KVCache

__all__ = ["BeamReader", "CachedReader", "keep_rows"]


class CachedReader:
    """The logits after the last tokens of a text, as the model gives them; only what is new in the text is read.

    Raises:  ValueError for a capacity beyond the model's context.
    """

    def __init__(self, model: Decoder, *, capacity: int | None = None) -> None:
        self.model = model
        self.cache = KVCache(model.config, capacity=capacity, dtype=next(model.parameters()).dtype)
        self.read: list[int] = []

    def logits(self, tokens: Sequence[int], *, last: int = 1) -> Float[np.ndarray, "{last} V"]:
        """Row i: the logits of the token that follows ``tokens[: len(tokens) − last + 1 + i]``.

        Raises:  ValueError unless 1 ≤ last ≤ the number of tokens, and as the model does.
        """
        if not 1 <= last <= len(tokens):
            raise ValueError(f"last must lie between 1 and the {len(tokens)} tokens of the text, got {last}")
        same = next((i for i, (a, b) in enumerate(zip(self.read, tokens, strict=False)) if a != b), None)
        same = min(len(self.read), len(tokens)) if same is None else same
        start, ask = min(same, len(tokens) - last), len(tokens) - last
        self.cache.truncate(start)
        if ask > start:
            _read(self.model, [tokens[start:ask]], self.cache)  # logits that nobody has asked for
        z = _read(self.model, [tokens[ask:]], self.cache, last_only=False)[0]  # (last, V)
        self.read = list(tokens)
        return z


class BeamReader:
    """The log-probabilities after each of several continuations of one prompt: what ``beam_search`` asks for.

    Each continuation must be one token longer than one of those asked for before.

    Raises:  ValueError for an empty prompt, and for a continuation whose beginning is not known.
    """

    def __init__(self, model: Decoder, prompt: Sequence[int], *, max_new: int) -> None:
        if not prompt:
            raise ValueError("the prompt is empty (0 tokens); give the model a first one")
        self.model, self.prompt, self.capacity = model, list(prompt), len(prompt) + max_new
        self.rows: list[tuple[int, ...]] = []

    def __call__(self, prefixes: Sequence[tuple[int, ...]]) -> Float[np.ndarray, "B V"]:
        """One row for each of the continuations."""
        if list(prefixes) == [()]:
            self.cache = KVCache(self.model.config, capacity=self.capacity, dtype=next(self.model.parameters()).dtype)
            z = _read(self.model, [self.prompt], self.cache)
        else:
            unknown = [prefix for prefix in prefixes if prefix[:-1] not in self.rows]
            if unknown:
                raise ValueError(f"the beginning of {unknown[0]} was not among those read before")
            keep_rows(self.cache, [self.rows.index(prefix[:-1]) for prefix in prefixes])
            z = _read(self.model, [prefix[-1:] for prefix in prefixes], self.cache)
        self.rows = list(prefixes)
        z = z[:, -1].astype(np.float64)  # (B, V)
        z -= z.max(axis=-1, keepdims=True)
        return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


def keep_rows(cache: KVCache, rows: Sequence[int]) -> None:
    """Let the cache hold these of its sequences, in this order; a sequence may be repeated or left out."""
    index = torch.tensor(list(rows))
    for layer in cache.layers:
        layer.keys, layer.values = layer.keys[index], layer.values[index]  # (B, G, S, K)


@torch.inference_mode()
def _read(
    model: Decoder, rows: Sequence[Sequence[int]], cache: KVCache, *, last_only: bool = True
) -> Float[np.ndarray, "B T V"]:
    tokens = torch.tensor([list(row) for row in rows], dtype=torch.int64)
    z = model(tokens, cache=cache, last_only=last_only)
    return (z.float() if z.dtype.itemsize < 4 else z).numpy()  # numpy has no bfloat16
