"""What a model thinks of a given text: the surprise of each token, read through a cache in pieces (torch)."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from llmcourse.shapes import Float
from llmcourse.transformer.decoder import Decoder
from llmcourse.transformer.kv_cache import KVCache

__all__ = ["token_surprises"]


def token_surprises(
    model: Decoder, tokens: Sequence[int], *, skip: int = 0, chunk: int = 512
) -> Float[Tensor, " {len(tokens)-1-skip}"]:
    r"""Surprise of each token given all those before it, $-\log_2 p(x_t \mid x_{<t})$; the first token has none.

    The text is read ``chunk`` tokens at a time, so that only a strip of the attention weights is in memory. The logits
    of the first ``skip`` tokens are left out: they are context only.

    Units:   bits per token; the mean over a text is its cross-entropy under the model.
    Raises:  ValueError for fewer than two tokens, more than the model's context, or nothing left after ``skip``.
    Source:  Shannon (1948), section 7, with the model's probabilities. {cite}`shannon1948`
    """
    if not 0 <= skip < len(tokens) - 1:
        raise ValueError(f"with {len(tokens)} tokens, skip must leave at least one to be predicted, got {skip}")
    cache = KVCache(model.config, capacity=len(tokens) - 1, dtype=next(model.parameters()).dtype)
    text = torch.tensor([list(tokens)])  # (1, T)
    found = []
    with torch.inference_mode():
        for start in range(0, len(tokens) - 1, chunk):
            stop = min(start + chunk, len(tokens) - 1)
            if stop <= skip:
                model(text[:, start:stop], cache=cache, last_only=True)
                continue
            logp = model(text[:, start:stop], cache=cache).log_softmax(dim=-1)[0]  # (T, V)
            of_next = logp.gather(-1, text[0, start + 1 : stop + 1, None])[:, 0]
            found.append(-of_next[max(0, skip - start) :])
    return torch.cat(found) / math.log(2)
