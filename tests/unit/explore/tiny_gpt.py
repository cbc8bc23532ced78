"""A very small Llama with a tokenizer of its own, so that tests of the playground take no time."""

from dataclasses import replace
from functools import cache

import torch

from llmcourse.language.bpe import Tokenizer
from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.llama import Llama
from llmcourse.transformer.saved import SavedModel

TEXT = "The cat sat on the mat. The cat's hat, the rat, naïve “cats” 😉 and\nthe end of 1865.\n" * 4
CONFIG = ModelConfig(vocab=300, width=24, layers=3, heads=2, ffn_width=40, context=32, rope_base=100.0, tied=True)


@cache
def tokenizer() -> Tokenizer:
    return Tokenizer.train(TEXT, vocab_size=CONFIG.vocab, special=("<|endoftext|>",))


def tiny_gpt(**changes: object) -> SavedModel:
    """Random weights whose attention and logits are far from even; norms with gains that are not 1."""
    model = Llama(replace(CONFIG, **changes))
    generator = torch.Generator().manual_seed(3)
    model.initialize(generator, std=0.35, shrink=False)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 1:
                parameter.uniform_(0.5, 2.0, generator=generator)
    return SavedModel(model.eval().requires_grad_(False), tokenizer(), {})
