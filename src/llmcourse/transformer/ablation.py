"""A model with some of its attention heads switched off (torch)."""

from collections.abc import Iterable
from typing import TypeVar, cast

from torch import nn

from llmcourse.transformer.decoder import Decoder

Model = TypeVar("Model", bound=Decoder)


def without_heads(model: Model, heads: Iterable[tuple[int, int]]) -> Model:
    r"""A model that shares all parameters but the output matrices of the layers that lose a head.

    What head h computes enters the residual stream through K columns of $W_O$, $\sum_h W_O^{(h)} (A_h V_h)$. In the
    copy these columns are 0, so that the head does all it did before and nobody hears of it. ``heads`` are pairs of
    layer and head, from 0. (This is ablation to zero; others put the head's mean output in its place.)

    Raises:  ValueError for a layer or head that the model does not have.
    Source:  Elhage et al. (2021), "Attention heads are independent and additive", for the sum; Olsson et al. (2022),
             argument 3, for the experiment. {cite}`elhage2021,olsson2022`
    """
    config = model.config
    other = model.reconfigured(config)
    for layer, head in heads:
        if not (0 <= layer < config.layers and 0 <= head < config.heads):
            raise ValueError(f"no head {head} in layer {layer}: there are {config.layers} × {config.heads}, from 0")
        name = f"blocks.{layer}.attention.to_out"
        output = cast(nn.Linear, other.get_submodule(name))
        if output.weight is cast(nn.Linear, model.get_submodule(name)).weight:
            output.weight = nn.Parameter(output.weight.detach().clone(), output.weight.requires_grad)
        output.weight.data.unflatten(1, (config.heads, -1))[:, head] = 0
    return other
