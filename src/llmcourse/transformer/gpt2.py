"""GPT-2: learned positions, LayerNorm, GELU, biases, and one table for input and output (torch)."""

import re
from collections.abc import Mapping

from torch import Tensor

from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.decoder import Decoder


class GPT2(Decoder):
    """The decoder with GPT-2's choices.

    Raises:  ValueError for a config of another family.
    Source:  Radford et al. (2019), section 2.3. {cite}`radford2019`
    """

    def __init__(self, config: ModelConfig) -> None:
        if config.norm != "layer" or config.activation != "gelu" or config.positions == "rotary":
            raise ValueError(
                "GPT-2 has LayerNorm, GELU and no rotary positions, "
                f"got {config.norm}, {config.activation}, {config.positions}"
            )
        super().__init__(config)


NAMES = {
    "wte": "embed",
    "wpe": "position_embed",
    "ln_1": "attention_norm",
    "ln_2": "ffn_norm",
    "attn.c_proj": "attention.to_out",
    "mlp.c_fc": "ffn.up",
    "mlp.c_proj": "ffn.down",
    "ln_f": "final_norm",
}


def gpt2_weights(published: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights under the names of the published checkpoint (and of transformers), under ours.

    The checkpoint keeps matrices the other way round, inputs first, and queries, keys and values in one.

    Raises:  ValueError for a name that has no place.
    """
    ours = {}
    for name, tensor in published.items():
        inner = re.sub(r"^transformer\.", "", name)
        if inner == "lm_head.weight" or inner.endswith((".attn.bias", ".attn.masked_bias")):
            continue  # the tied table again, and constants
        inner = re.sub(r"^h\.", "blocks.", inner)
        stem, _, kind = inner.rpartition(".")
        matrix = tensor.T if tensor.ndim == 2 and not stem.startswith("w") else tensor
        if stem.endswith("attn.c_attn"):
            for part, rows in zip("qkv", matrix.chunk(3), strict=True):
                ours[f"{stem.removesuffix('attn.c_attn')}attention.to_{part}.{kind}"] = rows
            continue
        for theirs, mine in NAMES.items():
            if stem == theirs or stem.endswith("." + theirs):
                ours[f"{stem.removesuffix(theirs)}{mine}.{kind}"] = matrix
                break
        else:
            raise ValueError(f"{name} has no place in GPT-2")
    return ours
