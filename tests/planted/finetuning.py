"""Masks, batches and losses of fine-tuning; adapters, merged and lifted off; four-bit weights; exercises."""

from tests.planted import Mutant

SOURCE, UNIT, ORACLES = "src/llmcourse/alignment", "tests/unit/alignment", "tests/oracles"
SFT, SFT_UNIT = f"{SOURCE}/sft.py", f"{UNIT}/test_sft.py"
LORA, LORA_UNIT = f"{SOURCE}/lora.py", f"{UNIT}/test_lora.py"
NF4, NF4_UNIT = f"{SOURCE}/nf4.py", f"{UNIT}/test_nf4.py"
ADAPTERS, ADAPTERS_UNIT = f"{SOURCE}/adapters.py", f"{UNIT}/test_adapters.py"

MUTANTS = (
    Mutant(
        SFT,
        "surprises(logits, tokens)[counts[:, 1:]].mean()",
        "surprises(logits, tokens)[counts[:, :-1]].mean()",
        SFT_UNIT,
    ),
    Mutant(
        SFT,
        '*tokenizer.encode(messages[-1]["content"]), tokenizer.special["<|im_end|>"]]',
        '*tokenizer.encode(messages[-1]["content"])]',
        SFT_UNIT,
    ),
    Mutant(
        SFT,
        "(together & causal_mask(length, length))",
        "(together | ~together) & causal_mask(length, length)",
        SFT_UNIT,
    ),
    Mutant(
        SFT,
        "counted.double().sum().item(), count + len(counted)",
        "counted.double().mean().item(), count + 1",
        SFT_UNIT,
    ),
    Mutant(SFT, "np.random.default_rng([seed, epoch])", "np.random.default_rng(seed)", SFT_UNIT),
    Mutant(
        LORA,
        "torch.zeros(outputs, rank, dtype=base.weight.dtype)",
        "torch.ones(outputs, rank, dtype=base.weight.dtype)",
        LORA_UNIT,
    ),
    Mutant(
        LORA,
        "return h + self.alpha / self.rank *",
        "return h + self.rank / self.alpha *",
        f"{ORACLES}/test_adapters_oracles.py",
    ),
    Mutant(LORA, "            matrix -= layer.delta\n", "            matrix -= layer.b @ layer.a\n", LORA_UNIT),
    Mutant(LORA, "    model.requires_grad_(False)\n", "", LORA_UNIT),
    Mutant(NF4, "(OFFSET - 0.5) * i / 7", "(OFFSET - 0.5) * i / 8", f"{ORACLES}/test_adapters_oracles.py"),
    Mutant(NF4, "(code[0::2] << 4) | code[1::2]", "(code[1::2] << 4) | code[0::2]", NF4_UNIT),
    Mutant(NF4, "* stored.scale[:, None]).view", "* stored.scale.mean()).view", NF4_UNIT),
    Mutant(ADAPTERS, "torch.cat([keys, k], dim=2)", "torch.cat([k, keys], dim=2)", ADAPTERS_UNIT),
    Mutant(ADAPTERS, "2 * bottleneck * width + width + bottleneck", "2 * bottleneck * width", ADAPTERS_UNIT),
)
