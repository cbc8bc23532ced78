"""What a small GPT makes of a text: logits, attention, and the logit lens at every position (numpy).

The numbers that GPTPlayground shows, computed by the model itself; tests/site hold the scripts to them.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from llmcourse.language.information import surprise
from llmcourse.language.softmax import softmax
from llmcourse.shapes import Array, Float

__all__ = ["Reading", "lens_ranks", "read", "window_start"]


@dataclass(frozen=True)
class Reading:
    """The model's answer to one text, at every position."""

    ids: list[int]
    logits: Float[Array, "T V"]
    weights: Float[Array, "layers H T T"]
    lens: Float[Array, "L T V"]  # logits of the stream before each block, and after the last one

    def surprises(self) -> Float[Array, " S"]:
        r"""Surprise of each token but the first given those before it, $-\log_2 p(x_t \mid x_{<t})$, in bits."""
        p = softmax(self.logits[:-1].astype(np.float64))
        return surprise(p[np.arange(len(p)), self.ids[1:]])


def read(model: Any, ids: list[int]) -> Reading:
    r"""Run the model once and keep what it computes on the way.

    The logit lens is the model's last step, final norm and unembedding, applied to the residual stream before it has
    gone through all blocks: $E\,\mathrm{norm}(x^{(\ell)})$.

    Source:  nostalgebraist (2020), for the lens. {cite}`nostalgebraist2020`
    """
    import torch  # here, because a page that only shows its stored picture needs no model

    from llmcourse.transformer.record import Record

    record = Record("weights", "residual")
    with torch.inference_mode():
        logits = model(torch.tensor([ids]), record=record)[0]  # (T, V)
        lens = model.logits(torch.cat(record.residual))  # (L, T, V)
    return Reading(ids, logits.numpy(), torch.cat(record.weights).numpy(), lens.numpy())


def lens_ranks(lens: Float[Array, "L V"]) -> list[int]:
    """The place, from 1, that each row gives to the token which the last row puts first; of equal ones the earlier.

    >>> lens_ranks(np.array([[0.0, 2.0, 1.0], [3.0, 0.0, 1.0]]))  # token 0 wins in the end and was third before
    [3, 1]
    """
    final = int(lens[-1].argmax())
    ahead = (lens > lens[:, final, None]).sum(axis=-1) + (lens[:, :final] == lens[:, final, None]).sum(axis=-1)
    return [int(n) + 1 for n in ahead]


def window_start(count: int, context: int) -> int:
    """The first of ``count`` tokens that a model with this context still sees.

    A full context lets go of a quarter at once: what is left gets new positions and must be read again, which would
    otherwise happen for every further token.

    >>> [window_start(count, 256) for count in (256, 257, 320, 321)]
    [0, 64, 64, 128]
    """
    quarter = context // 4
    return 0 if count <= context else -(-(count - context) // quarter) * quarter
