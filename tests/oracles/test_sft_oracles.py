"""Oracle: transformers' Llama with labels of -100 where nothing is to be learned: the loss, and each gradient."""

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from llmcourse.alignment.sft import Example, answer_loss, filled_up, packed_together
from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.llama import Llama, llama_weights

THEIRS = {
    "vocab_size": 50,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 32,
    "rms_norm_eps": 1e-5,
    "tie_word_embeddings": False,
    "attn_implementation": "eager",
    "rope_parameters": {"rope_type": "default", "rope_theta": 10_000.0},
}
SIZES = {"vocab": 50, "width": 32, "layers": 2, "heads": 4, "kv_heads": 2, "ffn_width": 64, "context": 32}
OURS = ModelConfig(**SIZES, norm_eps=1e-5, rope_pairs="half", tied=False)


@pytest.fixture
def pair():
    theirs = LlamaForCausalLM(LlamaConfig(**THEIRS)).double()
    generator = torch.Generator().manual_seed(0)
    for parameter in theirs.parameters():
        parameter.data.normal_(std=0.3, generator=generator)
    ours = Llama(OURS).double()
    ours.load_state_dict(llama_weights(theirs.state_dict(), tied=False))
    return ours, theirs


@pytest.mark.parametrize("packed", [False, True])
def test_the_loss_and_its_gradients_are_those_of_labels_minus_100(pair, packed):
    ours, theirs = pair
    generator = torch.Generator().manual_seed(1)
    examples = [
        Example(tuple(torch.randint(50, (n,), generator=generator).tolist()), tuple(i >= first for i in range(n)))
        for n, first in ((9, 5), (6, 2), (12, 11))
    ]
    rows = filled_up(examples, context=32)
    labels = rows.tokens.masked_fill(~rows.counts, -100)
    expected = theirs(input_ids=rows.tokens, labels=labels).loss
    batch = packed_together(examples, length=20) if packed else rows
    found = answer_loss(ours(batch.tokens, mask=batch.mask), batch.tokens, batch.counts)
    torch.testing.assert_close(found, expected.double(), rtol=1e-6, atol=1e-6)  # theirs is computed in float32
    found.backward()
    expected.backward()
    for module, name in ((ours.embed, "embed_tokens"), (ours.blocks[0].attention.to_q, "layers.0.self_attn.q_proj")):
        gradient = theirs.get_submodule(f"model.{name}").weight.grad
        torch.testing.assert_close(module.weight.grad, gradient, rtol=1e-5, atol=1e-8)
