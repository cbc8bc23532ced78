r"""How well a model predicts a text that is longer than its context: surprise, perplexity, bits per byte (torch).

A model with a context of C tokens cannot read a whole book at once. Cut into blocks of C, the first tokens of each
block would be predicted from almost nothing. So the window slides by ``stride`` tokens at a time, and only those that
are new in it are counted: each of them, but for the beginning of the text, with at least C − stride + 1 tokens before
it. (A window of C predictions has C + 1 tokens. With a stride of C, blocks share their ends: the first token that is
counted in a block has one before it.)

    |--- window 0 ---|            counted: all but the first token
          |--- window 1 ---|      counted: the last ``stride``
                |--- window 2 ---|
"""

from collections.abc import Iterable, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from llmcourse.evaluation.perplexity import Ratio, bits_per
from llmcourse.shapes import Float
from llmcourse.transformer.decoder import Decoder

__all__ = ["bits_per_byte", "continuation_log_probabilities", "sliding_surprises"]


@torch.no_grad()
def sliding_surprises(
    model: Decoder, tokens: Sequence[int], *, stride: int, context: int | None = None, batch: int = 16
) -> Float[Tensor, " N"]:
    r"""$-\log p(x_t \mid x_{t-c} \dots x_{t-1})$ for each token but the first, c between C − stride + 1 and C.

    ``context`` (C) is the model's unless a shorter one is given.

    Units:   nats per token.
    Raises:  ValueError for fewer than two tokens, a stride outside 1 ... C, or a context longer than the model's.
    """
    context = model.config.context if context is None else context
    if context > model.config.context:
        raise ValueError(f"a context of {context} is longer than the model's, {model.config.context}")
    if not 1 <= stride <= context:
        raise ValueError(f"stride must lie between 1 and the context of {context}, got {stride}")
    if len(tokens) < 2:
        raise ValueError(f"there must be at least 2 tokens, the second to be predicted, got {len(tokens)}")
    row = torch.tensor(list(tokens))  # (N,)
    if len(row) <= context + 1:
        return _surprises(model, row[None])[0]
    found = [_surprises(model, row[None, : context + 1])[0]]
    ends = range(context + 1 + stride, len(row) + 1, stride)
    for i in range(0, len(ends), batch):
        windows = torch.stack([row[end - context - 1 : end] for end in ends[i : i + batch]])  # (B, C + 1)
        found.append(_surprises(model, windows)[:, -stride:].flatten())
    last = len(row) - (ends[-1] if ends else context + 1)  # tokens after the last whole stride
    if last:
        found.append(_surprises(model, row[None, -context - 1 :])[0, -last:])
    return torch.cat(found)


def bits_per_byte(
    model: Decoder, documents: Iterable[tuple[Sequence[int], int]], *, stride: int, context: int | None = None
) -> Ratio:
    """Surprise per byte over documents, each given as its tokens and its length in bytes; and its standard error.

    Independent of the tokenizer, unlike perplexity: the same text has the same bytes for every model. The error is that
    of the ratio of two sums, documents being the independent units; with one document it is ``nan``.

    Units:   bits per byte.
    Raises:  ValueError for no documents or one of 0 bytes, and as ``sliding_surprises``.
    Source:  Gao et al. (2020), "The Pile", section 3.1. {cite}`gao2020pile`
    """
    nats, sizes = [], []
    for tokens, size in documents:
        if size < 1:
            raise ValueError(f"a document has {size} bytes; each needs at least one")
        nats.append(sliding_surprises(model, tokens, stride=stride, context=context).double().sum().item())
        sizes.append(size)
    if not nats:
        raise ValueError("there are 0 documents to read")
    return bits_per(np.array(nats), np.array(sizes))


@torch.no_grad()
def continuation_log_probabilities(
    model: Decoder, context: Sequence[int], continuations: Sequence[Sequence[int]], *, batch: int = 64
) -> Float[np.ndarray, " N"]:
    r"""$\log p(\text{continuation} \mid \text{context})$ for many continuations, the equally long ones at once.

    Units:   nats, at most 0.
    Raises:  ValueError for an empty context or continuation, none at all, or a text longer than the model's context.
    Derivation: the chain rule: the sum of the log-probabilities of the continuation's tokens.
    """
    lengths = [len(row) for row in continuations]
    if not context or not lengths or min(lengths) < 1:
        raise ValueError(f"a context of {len(context)} tokens and continuations of {lengths}: none may be empty")
    if len(context) + max(lengths) > model.config.context + 1:
        longest = len(context) + max(lengths)
        raise ValueError(f"{longest} tokens are more than the context of {model.config.context} and one to be foretold")
    found = np.empty(len(lengths))
    for length in set(lengths):
        places = [i for i, other in enumerate(lengths) if other == length]
        for start in range(0, len(places), batch):
            chosen = places[start : start + batch]
            rows = torch.tensor([[*context, *continuations[i]] for i in chosen])  # (B, T)
            found[chosen] = -_surprises(model, rows)[:, -length:].double().sum(dim=-1).numpy()
    return found


def _surprises(model: Decoder, windows: Tensor) -> Tensor:
    logits = model(windows[:, :-1]).float()
    return F.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten(), reduction="none").view(len(windows), -1)
