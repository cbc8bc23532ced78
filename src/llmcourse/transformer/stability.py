"""How strongly a model answers to a small step in all its weights (torch)."""

import torch
from torch import Tensor
from torch.func import functional_call

from llmcourse.shapes import Float, Int
from llmcourse.transformer.decoder import Decoder
from llmcourse.transformer.record import Record
from llmcourse.transformer.threads import one_thread


@one_thread()
@torch.no_grad()
def output_change(
    model: Decoder, tokens: Int[Tensor, "B T"], *, step: float, generator: torch.Generator, alike: bool = False
) -> Float[Tensor, ""]:
    r"""Relative change of the last, normalized stream when each matrix W of the blocks becomes $W + s\,\sigma_W R$.

    R holds independent standard normal numbers, $\sigma_W$ is the standard deviation of W's entries, s the ``step``.
    With ``alike`` it becomes $W + s\,R$: all numbers move by the same typical size, as in the first steps of Adam. The
    model itself stays as it is.

    Range:   0 for no change; proportional to the step while it is small; about √2 when nothing of the old is left.
    Raises:  ValueError unless the step is positive.
    Source:  Liu et al. (2020), section 4, which compares the outputs before and after a small change of the weights,
             there in absolute terms. {cite}`liu2020`
    """
    if not step > 0:
        raise ValueError(f"the step is the size of the change and must be positive, got {step}")
    moved = {}
    for name, w in model.blocks.named_parameters():
        if w.ndim > 1:
            size = step * (1 if alike else w.std())
            moved[f"blocks.{name}"] = w + size * torch.randn(w.shape, generator=generator, dtype=w.dtype)
    before, after = _last_stream(model, tokens, {}), _last_stream(model, tokens, moved)
    return ((after - before).square().mean() / before.square().mean()).sqrt()


def _last_stream(model: Decoder, tokens: Int[Tensor, "B T"], moved: dict[str, Tensor]) -> Float[Tensor, "B T D"]:
    record = Record("residual")
    functional_call(model, moved, (tokens,), {"record": record})
    return model.final_norm(record.residual[-1])
