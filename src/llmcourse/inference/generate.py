"""The loop that writes text: ask for the next token, choose one, append it, ask again (torch)."""

from collections.abc import Callable, Collection, Iterator, Sequence

import numpy as np
import torch

from llmcourse.shapes import Float
from llmcourse.transformer.decoder import Decoder
from llmcourse.transformer.kv_cache import KVCache

__all__ = ["Choose", "generate", "next_logits"]

Choose = Callable[[Float[np.ndarray, " V"]], int]  # from the logits of the next token to its id


def generate(
    model: Decoder,
    tokens: Sequence[int],
    *,
    choose: Choose,
    max_new: int,
    stop: Collection[int] = (),
    cache: KVCache | None = None,
) -> Iterator[int]:
    """The tokens that follow ``tokens``, one by one, each as soon as it is chosen.

    Ends after ``max_new`` tokens, or before a token of ``stop``, which is not among them. ``choose`` is given the
    logits of the next token: ``sampling.greedy``, or a function that draws from what ``sampling`` makes of them.

    ``cache``: what it holds comes before ``tokens``. Afterwards it holds all that has been read: everything but the
    token chosen last, which goes first in the ``tokens`` of a next call. Without one, a cache is made for this loop.

    Raises:  ValueError, before the first token, if the tokens and those to come do not fit into the model's context (or
             the cache), for no tokens, or for ``max_new`` < 1.
    """
    if max_new < 1:
        raise ValueError(f"max_new must be at least 1, got {max_new}")
    if not tokens:
        raise ValueError("there must be at least one token to go on from; give the model a first one")
    past = 0 if cache is None else cache.length
    room = (model.config.context if cache is None else cache.capacity) - past
    needed = len(tokens) + max_new - 1  # the last token is chosen, but never read
    if needed > room:
        raise ValueError(
            f"{len(tokens)} tokens and {max_new} new ones need {needed} positions, but {room} are left of "
            f"{'the context' if cache is None else 'the cache'} ({room + past}): shorten the text, "
            f"or ask for at most {max(0, room - len(tokens) + 1)}"
        )
    if cache is None:
        weight = next(model.parameters())
        cache = KVCache(model.config, capacity=needed, dtype=weight.dtype, device=weight.device)
    return _loop(model, list(tokens), choose, max_new, frozenset(stop), cache)


def _loop(
    model: Decoder, tokens: list[int], choose: Choose, max_new: int, stop: frozenset[int], cache: KVCache
) -> Iterator[int]:
    for _ in range(max_new):
        token = int(choose(next_logits(model, tokens, cache=cache)))
        if token in stop:
            return
        yield token
        tokens = [token]  # all before it is in the cache


@torch.inference_mode()
def next_logits(model: Decoder, tokens: Sequence[int], *, cache: KVCache | None = None) -> Float[np.ndarray, " V"]:
    """Logits of the token that follows ``tokens`` (and what the cache holds), for the functions of ``sampling``.

    Raises:  ValueError as the model does: no tokens, unknown ones, or more than the context.
    """
    row = torch.tensor([tokens], dtype=torch.int64, device=next(model.parameters()).device)  # (1, T)
    z = model(row, cache=cache, last_only=True)[0, -1].cpu()  # (V,)
    return (z.float() if z.dtype.itemsize < 4 else z).numpy()  # numpy has no bfloat16
