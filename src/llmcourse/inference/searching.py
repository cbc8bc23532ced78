"""Contrastive search on a model: each token is tried before it is chosen (torch)."""

from collections.abc import Collection, Iterator, Sequence

import numpy as np
import torch

from llmcourse.inference.cached import keep_rows
from llmcourse.inference.contrastive import degeneration_scores
from llmcourse.shapes import Float
from llmcourse.transformer.decoder import Decoder
from llmcourse.transformer.kv_cache import KVCache
from llmcourse.transformer.record import Record

__all__ = ["contrastive_search"]


def contrastive_search(
    model: Decoder, tokens: Sequence[int], *, k: int, alpha: float, max_new: int, stop: Collection[int] = ()
) -> Iterator[int]:
    """The tokens that follow ``tokens``, each the candidate of the best ``degeneration_scores`` among the k likeliest.

    The states that are compared are the last layer's, after the final norm, as in Hugging Face. Ends as ``generate``.

    Limits:  α = 0 or k = 1 is greedy decoding.
    Raises:  ValueError for no tokens, k or ``max_new`` < 1, α outside 0 … 1, and as the model for too many tokens.
    Source:  Su et al. (2022), the rule of contrastive search. {cite}`su2022`
    """
    if not tokens:
        raise ValueError("the prompt is empty (0 tokens); there is no past to contrast with")
    if k < 1:
        raise ValueError(f"k must leave at least 1 candidate, got {k}")
    if max_new < 1:
        raise ValueError(f"max_new must be at least 1, got {max_new}")
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha must lie between 0 and 1, got {alpha}")
    return _search(model, list(tokens), min(k, model.config.vocab), alpha, max_new, frozenset(stop))


def _search(
    model: Decoder, tokens: list[int], k: int, alpha: float, max_new: int, stop: frozenset[int]
) -> Iterator[int]:
    cache = KVCache(model.config, capacity=len(tokens) + max_new, dtype=next(model.parameters()).dtype)
    z, past = _states(model, [tokens], cache)
    logits, past = z[0, -1], past[0]  # (V,), (T, D)
    keep_rows(cache, [0] * k)
    for _ in range(max_new):
        candidates = np.argsort(-logits, kind="stable")[:k]
        p = np.exp(logits - logits.max())
        z, states = _states(model, candidates[:, None].tolist(), cache)
        best = int(degeneration_scores(p[candidates] / p.sum(), states[:, 0], past, alpha).argmax())
        token = int(candidates[best])
        if token in stop:
            return
        yield token
        keep_rows(cache, [best] * k)
        logits, past = z[best, -1], np.concatenate([past, states[best]])


@torch.inference_mode()
def _states(
    model: Decoder, rows: list[list[int]], cache: KVCache
) -> tuple[Float[np.ndarray, "B _ V"], Float[np.ndarray, "B T D"]]:
    record = Record("residual")
    z = model(torch.tensor(rows, dtype=torch.int64), cache=cache, record=record, last_only=True)
    return z.double().numpy(), model.final_norm(record.residual[-1]).double().numpy()
