"""Llama: rotary positions, RMSNorm, SwiGLU, no biases, grouped queries (torch)."""

import re
from collections.abc import Mapping

from torch import Tensor

from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.decoder import Decoder


class Llama(Decoder):
    """The decoder with Llama's choices.

    Raises:  ValueError for a config of another family.
    Source:  Touvron et al. (2023), "LLaMA", section 2.2; grouped queries from Llama 2 on. {cite}`touvron2023llama`
    """

    def __init__(self, config: ModelConfig) -> None:
        if config.norm != "rms" or config.activation != "swiglu" or config.positions == "learned":
            raise ValueError(
                "Llama has RMSNorm, SwiGLU and no learned positions, "
                f"got {config.norm}, {config.activation}, {config.positions}"
            )
        super().__init__(config)


NAMES = {
    "embed_tokens": "embed",
    "input_layernorm": "attention_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attention.to_q",
    "self_attn.k_proj": "attention.to_k",
    "self_attn.v_proj": "attention.to_v",
    "self_attn.o_proj": "attention.to_out",
    "mlp.gate_proj": "ffn.gate",
    "mlp.up_proj": "ffn.up",
    "mlp.down_proj": "ffn.down",
    "norm": "final_norm",
    "lm_head": "head",
}


def llama_weights(published: Mapping[str, Tensor], *, tied: bool) -> dict[str, Tensor]:
    """Weights under the names of transformers' Llama, under ours. Its rotary pairs are ``"half"``.

    Raises:  ValueError for a name that has no place.
    """
    ours = {}
    for name, tensor in published.items():
        inner = re.sub(r"^model\.", "", name)
        inner = re.sub(r"^layers\.", "blocks.", inner)
        stem, _, kind = inner.rpartition(".")
        if stem == "lm_head" and tied:
            continue  # the embedding's table again
        block, part = re.findall(r"^(blocks\.\d+\.)?(.*)$", stem)[0]
        if part not in NAMES:
            raise ValueError(f"{name} has no place in Llama")
        ours[f"{block}{NAMES[part]}.{kind}"] = tensor
    return ours
