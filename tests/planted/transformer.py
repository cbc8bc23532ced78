"""Attention, norms, blocks, caches and the two families of models."""

from tests.planted import Mutant

TRANSFORMER, UNIT = "src/llmcourse/transformer", "tests/unit/transformer"
ATTENTION, DECODER = f"{UNIT}/test_attention.py", f"{UNIT}/test_decoder.py"
ORACLE, MODELS = "tests/oracles/test_attention_oracles.py", "tests/oracles/test_models_oracles.py"

MUTANTS = (
    Mutant(f"{TRANSFORMER}/attention.py", "/ math.sqrt(q.shape[-1])", "/ q.shape[-1]", ORACLE),
    Mutant(f"{TRANSFORMER}/attention.py", ".tril(diagonal=keys - queries)", ".tril()", ORACLE),
    Mutant(f"{TRANSFORMER}/attention.py", "masked_fill(~mask, -math.inf)", "masked_fill(~mask, 0.0)", ATTENTION),
    Mutant(
        f"{TRANSFORMER}/attention.py",
        "x.unflatten(-1, (heads, -1)).transpose(1, 2)",
        "x.unflatten(-1, (-1, heads)).movedim(-1, 1)",
        ATTENTION,
    ),
    Mutant(
        f"{TRANSFORMER}/attention.py",
        "torch.cat([mask] * share, dim=-2)",
        "mask.repeat_interleave(share, dim=-2)",
        ATTENTION,
    ),
    Mutant(
        f"{TRANSFORMER}/attention.py",
        "q.unflatten(1, (groups, -1)).flatten(2, 3)",
        "q.unflatten(1, (-1, groups)).transpose(1, 2).flatten(2, 3)",
        ATTENTION,
    ),
    Mutant(f"{TRANSFORMER}/attention.py", "    if blind.any():\n", "    if blind.all():\n", ATTENTION),
    Mutant(f"{TRANSFORMER}/attention.py", ">= size - lengths[:, None]", "< lengths[:, None]", ATTENTION),
    Mutant(
        f"{TRANSFORMER}/attention.py",
        "torch.arange(past, past + length, device=device)",
        "torch.arange(length, device=device)",
        DECODER,
    ),
    Mutant(
        f"{TRANSFORMER}/norms.py",
        "    centered = x - x.mean(dim=-1, keepdim=True)\n",
        "    centered = x\n",
        f"{UNIT}/test_norms.py",
    ),
    Mutant(
        f"{TRANSFORMER}/norms.py",
        "torch.rsqrt(x.square().mean(dim=-1, keepdim=True) + eps)",
        "torch.rsqrt(x.square().mean(dim=-1, keepdim=True)) + eps",
        f"{UNIT}/test_norms.py",
    ),
    Mutant(
        f"{TRANSFORMER}/feedforward.py",
        "F.silu(gate) * up",
        "F.silu(up) * gate",
        f"{UNIT}/test_feedforward.py",
    ),
    Mutant(
        f"{TRANSFORMER}/feedforward.py",
        'F.gelu(self.up(x), approximate="tanh")',
        "F.gelu(self.up(x))",
        f"{UNIT}/test_feedforward.py",
    ),
    Mutant(
        f"{TRANSFORMER}/block.py",
        "made = self.ffn(self.ffn_norm(x) if pre else x)",
        "made = self.ffn(self.attention_norm(x) if pre else x)",
        f"{UNIT}/test_block.py",
    ),
    Mutant(
        f"{TRANSFORMER}/block.py",
        "else self.attention_norm(x + gathered)",
        "else x + self.attention_norm(gathered)",
        f"{UNIT}/test_block.py",
    ),
    Mutant(
        f"{TRANSFORMER}/kv_cache.py",
        "        self.values[:, :, start:end] = v\n",
        "        self.values[:, :, start:end] = k\n",
        f"{UNIT}/test_kv_cache.py",
    ),
    Mutant(
        f"{TRANSFORMER}/kv_cache.py",
        "        for layer in self.layers:\n            layer.length = length\n",
        "        self.layers[0].length = length\n",
        f"{UNIT}/test_kv_cache.py",
    ),
    Mutant(f"{TRANSFORMER}/decoder.py", "x = x[:, -1:]", "x = x[:, :1]", DECODER),
    Mutant(
        f"{TRANSFORMER}/decoder.py",
        "(positions - padding[:, None]).clamp(min=0)",
        "positions.expand(len(padding), -1)",
        f"{DECODER} -k padded",
    ),
    Mutant(
        f"{TRANSFORMER}/decoder.py",
        "    return causal & real | itself",
        "    return causal | itself",
        f"{DECODER} -k padded",
    ),
    Mutant(
        f"{TRANSFORMER}/decoder.py",
        "        total = past + tokens.shape[1]\n",
        "        total = tokens.shape[1]\n",
        f"{DECODER} -k context",
    ),
    Mutant(
        f"{TRANSFORMER}/decoder.py",
        "            setattr(other.get_submodule(module), leaf, mine[name])\n",
        "            setattr(other.get_submodule(module), leaf, nn.Parameter(mine[name].clone()))\n",
        f"{DECODER} -k shares",
    ),
    Mutant(
        f"{TRANSFORMER}/decoder.py",
        "std / (2 * self.config.layers) ** 0.5 if writes",
        "std if writes",
        f"{DECODER} -k depth",
    ),
    Mutant(
        f"{TRANSFORMER}/gpt2.py",
        "tensor.T if tensor.ndim == 2 and",
        "tensor if tensor.ndim == 2 and",
        f"{UNIT}/test_gpt2.py",
    ),
    Mutant(
        f"{TRANSFORMER}/llama.py",
        '    "input_layernorm": "attention_norm",\n    "post_attention_layernorm": "ffn_norm",\n',
        '    "input_layernorm": "ffn_norm",\n    "post_attention_layernorm": "attention_norm",\n',
        f"{MODELS} -k logits",
    ),
    Mutant(
        f"{TRANSFORMER}/presets.py",
        "heads=12,\n    ffn_width=3072",
        "heads=12,\n    ffn_width=3071",
        f"{MODELS} -k published",
    ),
    Mutant(f"{TRANSFORMER}/record.py", "tensor.clone()", "tensor", f"{UNIT}/test_record.py"),
    Mutant(
        f"{TRANSFORMER}/ablation.py",
        "weight[:, head * c.head_width : (head + 1) * c.head_width] = 0",
        "weight[head * c.head_width : (head + 1) * c.head_width] = 0",
        f"{UNIT}/test_ablation.py",
    ),
    Mutant(
        f"{TRANSFORMER}/stability.py",
        "size * torch.randn(w.shape, generator=generator, dtype=w.dtype)",
        "0 * w.data.copy_(w + size)",  # the model itself moves
        f"{UNIT}/test_stability.py",
    ),
)
