"""Several answers to one question at once: the prompt is read once, its cache is shared out to all of them (torch)."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from llmcourse.shapes import Float
from llmcourse.transformer.decoder import Decoder
from llmcourse.transformer.kv_cache import KVCache

__all__ = ["Sampled", "sample_many"]


class Sampled(NamedTuple):
    """One answer, without the token that ended it, and its log-probability, with it.

    ``logp`` is the model's own, at temperature 1, whatever the temperature at which it was drawn; in nats. An answer
    that was cut at ``max_new`` tokens has no end, and ``ended`` is False.
    """

    tokens: tuple[int, ...]
    logp: float
    ended: bool


@torch.inference_mode()
def sample_many(
    model: Decoder,
    tokens: Sequence[int],
    *,
    count: int,
    temperature: float,
    max_new: int,
    stop: Collection[int],
    generator: torch.Generator,
    cache: KVCache | None = None,
) -> list[Sampled]:
    r"""``count`` independent continuations of ``tokens``, each to its first token of ``stop`` or to ``max_new`` tokens.

    ``cache`` (for one sequence): what it holds comes before ``tokens``; afterwards it holds the same as before.

    Limits:  temperature 0 takes the most probable token each time, so that all continuations are equal (greedy).
    Raises:  ValueError for no tokens, a count or ``max_new`` below 1, a negative temperature, or too long a text.
    """
    if not tokens:
        raise ValueError("there must be at least one token to go on from, got 0")
    if count < 1 or max_new < 1:
        raise ValueError(f"count and max_new must be at least 1, got {count} and {max_new}")
    if not temperature >= 0:
        raise ValueError(f"temperature must be 0 or more, got {temperature}")
    past = 0 if cache is None else cache.length
    needed = past + len(tokens) + max_new
    if needed > model.config.context:
        raise ValueError(f"{needed} positions are more than the context of {model.config.context}")
    if cache is None:
        cache = KVCache(model.config, capacity=len(tokens), dtype=next(model.parameters()).dtype)
    logits = model(torch.tensor([list(tokens)]), cache=cache, last_only=True)[:, -1]  # (1, V)
    many = _shared(model, cache, count, needed)
    cache.truncate(past)
    return _draw(model, logits.expand(count, -1), many, temperature, max_new, frozenset(stop), generator)


def _shared(model: Decoder, cache: KVCache, count: int, capacity: int) -> KVCache:
    """A cache for ``count`` sequences, each of which begins with what ``cache`` holds."""
    many = KVCache(model.config, batch=count, capacity=capacity, dtype=cache.layers[0].keys.dtype)
    for ours, theirs in zip(many.layers, cache.layers, strict=True):
        ours.extend(
            theirs.keys[:, :, : theirs.length].expand(count, -1, -1, -1),
            theirs.values[:, :, : theirs.length].expand(count, -1, -1, -1),
        )
    return many


def _draw(
    model: Decoder,
    logits: Float[Tensor, "B V"],
    cache: KVCache,
    temperature: float,
    max_new: int,
    stop: frozenset[int],
    generator: torch.Generator,
) -> list[Sampled]:
    rows: list[list[int]] = [[] for _ in range(len(logits))]
    total, ended = torch.zeros(len(logits), dtype=torch.float64), [False] * len(logits)
    for step in range(max_new):
        logp = logits.double().log_softmax(dim=-1)  # (B, V)
        if temperature == 0:
            drawn = logp.argmax(dim=-1)  # (B,)
        else:
            drawn = torch.multinomial((logp / temperature).softmax(-1), 1, generator=generator)[:, 0]  # (B,)
        price = logp.gather(-1, drawn[:, None])[:, 0]
        for b, token in enumerate(drawn.tolist()):
            if not ended[b]:
                total[b] += price[b]
                if token in stop:
                    ended[b] = True
                else:
                    rows[b].append(token)
        if all(ended) or step == max_new - 1:
            break
        logits = model(drawn[:, None], cache=cache, last_only=True)[:, -1]  # the ended ones go on, unheard
    return [Sampled(tuple(row), float(logp), end) for row, logp, end in zip(rows, total, ended, strict=True)]
