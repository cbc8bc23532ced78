"""Published sizes of GPT-2, Llama and SmolLM2."""

from dataclasses import replace

from llmcourse.transformer.config import ModelConfig

# Radford et al. (2019), table 2; the feed-forward width is four times the model's.
GPT2_SMALL = ModelConfig(
    vocab=50_257,
    width=768,
    layers=12,
    heads=12,
    ffn_width=3072,
    context=1024,
    norm="layer",
    positions="learned",
    activation="gelu",
    bias=True,
    tied=True,
)
GPT2_MEDIUM = replace(GPT2_SMALL, width=1024, layers=24, heads=16, ffn_width=4096)
GPT2_LARGE = replace(GPT2_SMALL, width=1280, layers=36, heads=20, ffn_width=5120)
GPT2_XL = replace(GPT2_SMALL, width=1600, layers=48, heads=25, ffn_width=6400)

# Touvron et al. (2023), "Llama 2", table 1, and the released params.json files.
LLAMA2_7B = ModelConfig(vocab=32_000, width=4096, layers=32, heads=32, ffn_width=11_008, context=4096)
LLAMA2_13B = replace(LLAMA2_7B, width=5120, layers=40, heads=40, ffn_width=13_824)
LLAMA2_70B = replace(LLAMA2_7B, width=8192, layers=80, heads=64, kv_heads=8, ffn_width=28_672)

# Grattafiori et al. (2024), "The Llama 3 herd of models", table 3.
LLAMA3_8B = ModelConfig(
    vocab=128_256,
    width=4096,
    layers=32,
    heads=32,
    kv_heads=8,
    ffn_width=14_336,
    context=8192,
    rope_base=500_000.0,
)
LLAMA3_70B = replace(LLAMA3_8B, width=8192, layers=80, heads=64, ffn_width=28_672)

# The metadata of the checkpoint's file. Its query and key rows are stored for interleaved pairs.
SMOLLM2_135M = ModelConfig(
    vocab=49_152,
    width=576,
    layers=30,
    heads=9,
    kv_heads=3,
    ffn_width=1536,
    context=8192,
    rope_base=100_000.0,
    tied=True,
)
