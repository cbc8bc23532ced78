"""Switching parts of a model off, to measure what they were worth (torch)."""

from collections.abc import Collection
from typing import TypeVar, cast

from torch import nn

from llmcourse.transformer.decoder import Decoder

Model = TypeVar("Model", bound=Decoder)


def without_heads(model: Model, layer: int, heads: Collection[int]) -> Model:
    """A model that shares all parameters but one: there, the columns of W_O that these heads write through are zero.

    The output of attention is a sum over heads, each multiplied by its own K columns, so this removes their terms.

    Raises:  ValueError for a layer or a head that the model does not have.
    Source:  Michel et al. (2019), section 2.3: a mask variable of zero for each of these heads. {cite}`michel2019`
    """
    c = model.config
    if not 0 <= layer < c.layers:
        raise ValueError(f"layer {layer} is not one of the {c.layers} layers, 0 to {c.layers - 1}")
    for head in heads:
        if not 0 <= head < c.heads:
            raise ValueError(f"head {head} is not one of the {c.heads} heads, 0 to {c.heads - 1}")
    other = model.reconfigured(c)
    to_out = cast(nn.Linear, other.get_submodule(f"blocks.{layer}.attention.to_out"))
    weight = to_out.weight.detach().clone()
    for head in heads:
        weight[:, head * c.head_width : (head + 1) * c.head_width] = 0
    to_out.weight = nn.Parameter(weight, requires_grad=to_out.weight.requires_grad)
    return other
