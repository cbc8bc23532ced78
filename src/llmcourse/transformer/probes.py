"""Asking a model about a text: what each token cost, and what it costs if something is hidden (torch)."""

import torch
from torch import Tensor

from llmcourse.shapes import Array, Float, Int
from llmcourse.transformer.attention import causal_mask
from llmcourse.transformer.decoder import Decoder
from llmcourse.transformer.record import Record


def losses_from(logits: Float[Tensor, "B T V"], tokens: Int[Tensor, "B T"]) -> Float[Array, "B T-1"]:
    r"""Loss of each token but the first of its row: $-\ln p(x_t \mid x_{<t})$; column t holds that of token t + 1.

    Units:   nats.
    Source:  Shannon (1948), section 7, with the model's probabilities. {cite}`shannon1948`
    """
    logp = logits[:, :-1].log_softmax(dim=-1)  # (B, T-1, V)
    return -logp.gather(-1, tokens[:, 1:, None])[..., 0].detach().numpy()


@torch.inference_mode()
def token_losses(model: Decoder, tokens: Int[Tensor, "B T"], *, record: Record | None = None) -> Float[Array, "B T-1"]:
    """Loss of each token but the first of its row under the model, in nats; see ``losses_from``.

    Derivation: the mean over a text is its cross-entropy under the model, ``information.cross_entropy``.
    """
    return losses_from(model(tokens, record=record), tokens)


@torch.inference_mode()
def losses_without_key(
    model: Decoder, tokens: Int[Tensor, "B T"], *, key: int, since: int, record: Record | None = None
) -> Float[Array, "B T-1"]:
    """``token_losses`` if no query from place ``since`` on may see the token at place ``key``, in any layer or head.

    Raises:  ValueError unless 0 <= ``key`` < ``since`` <= T: a token always sees itself.
    Source:  Xiao et al. (2024), section 3.1: what happens when a cache drops the first tokens. {cite}`xiao2024`
    """
    length = tokens.shape[1]
    if not 0 <= key < since <= length:
        raise ValueError(f"key {key} can be hidden from later places only, up to {length}, not from {since} on")
    mask = causal_mask(length, length)
    mask[since:, key] = False
    return losses_from(model(tokens, mask=mask, record=record), tokens)
