"""Write adapters.json: python make_adapters.py, where bitsandbytes 0.50.2, peft 0.21.2 and transformers are installed.

They are not among the course's requirements (they bring 45 MB and accelerate along), so their answers are kept.
"""

import json
from pathlib import Path

import bitsandbytes.functional as bnb
import peft
import torch
from transformers import LlamaConfig, LlamaForCausalLM


def numbers(tensor: torch.Tensor) -> list:
    return [round(x, 6) for x in tensor.flatten().tolist()]


def nf4() -> dict:
    scales = torch.tensor([[1.0], [0.02], [30.0]])
    w = (torch.randn(3, 64, generator=torch.Generator().manual_seed(0)) * scales).round(decimals=4)
    packed, state = bnb.quantize_4bit(w, blocksize=64, quant_type="nf4", compress_statistics=False)
    return {
        "levels": numbers(bnb.get_4bit_type("nf4", device="cpu")),
        "weights": numbers(w),
        "packed": packed.flatten().tolist(),
        "scale": numbers(state.absmax),
        "dequantized": numbers(bnb.dequantize_4bit(packed, state)),
    }


def lora() -> dict:
    generator = torch.Generator().manual_seed(1)
    w, a, b, x = (
        torch.randn(shape, generator=generator).round(decimals=3) for shape in ((4, 6), (2, 6), (4, 2), (3, 6))
    )
    model = torch.nn.Sequential()
    model.add_module("layer", torch.nn.Linear(6, 4, bias=False))
    model.layer.weight.data = w.clone()
    tuned = peft.get_peft_model(model, peft.LoraConfig(r=2, lora_alpha=3, target_modules=["layer"]))
    layer = tuned.base_model.model.layer
    layer.lora_A["default"].weight.data, layer.lora_B["default"].weight.data = a.clone(), b.clone()
    with torch.no_grad():
        y = tuned(x)
        merged = tuned.merge_and_unload().layer.weight
    return {
        "w": w.tolist(),
        "a": a.tolist(),
        "b": b.tolist(),
        "x": x.tolist(),
        "y": y.tolist(),
        "merged": merged.tolist(),
    }


def counts() -> list[dict]:
    sizes = {"vocab_size": 50, "hidden_size": 48, "intermediate_size": 80, "num_hidden_layers": 3}
    sizes |= {"num_attention_heads": 6, "num_key_value_heads": 2}
    found = []
    for rank in (1, 4, 16):
        for targets in (
            ["q_proj", "v_proj"],
            ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
        ):
            config = peft.LoraConfig(r=rank, target_modules=targets)
            tuned = peft.get_peft_model(LlamaForCausalLM(LlamaConfig(**sizes)), config)
            found.append({"rank": rank, "targets": targets, "count": tuned.get_nb_trainable_parameters()[0]})
    return found


if __name__ == "__main__":
    table = {"nf4": nf4(), "lora": lora(), "counts": counts()}
    Path(__file__).with_name("adapters.json").write_text(json.dumps(table, indent=0).replace(",\n", ", ") + "\n")
