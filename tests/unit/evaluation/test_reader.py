"""Oracle: torch's cross-entropy over the whole text at once. What the reader keeps must change no number."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from llmcourse.evaluation.harness import Request
from llmcourse.evaluation.reader import Reader, split_tokens
from llmcourse.inference.chat import conversation_tokens
from llmcourse.language.bpe import Tokenizer
from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.llama import Llama

SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
TOKENIZER = Tokenizer.train("the cat sat on the mat. the rat sat on the cat. " * 9, vocab_size=270, special=SPECIAL)
CONFIG = ModelConfig(vocab=270, width=16, layers=2, heads=4, kv_heads=2, ffn_width=24, context=256, tied=True)
CHOICES = (" the cat sat", " the rat", " a", " the cat", " zebra on the mat")


@pytest.fixture
def model():
    torch.manual_seed(0)
    made = Llama(CONFIG).requires_grad_(False)
    made.embed.weight.mul_(8)  # so that the model has opinions
    return made


def whole(model, context, rest):
    tokens = torch.tensor([context + rest])
    losses = torch.nn.functional.cross_entropy(model(tokens)[0, :-1].double(), tokens[0, 1:], reduction="none")
    return -float(losses[len(context) - 1 :].sum())


def test_log_likelihoods_are_torchs_in_any_order_of_requests(model, rng):
    reader = Reader("m", model, TOKENIZER, capacity=128)
    contexts = ["on the mat", "on the mat sat", "on", "Question: the cat\nAnswer:", "on the mat"]
    for i in [*range(5), *rng.integers(0, 5, 12).tolist()]:
        continuations = tuple(CHOICES[k] for k in rng.permutation(5))
        reply = reader.reply(Request(contexts[i], continuations))
        pairs = [split_tokens(TOKENIZER, contexts[i], c) for c in continuations]
        assert reply.tokens == tuple(len(rest) for _, rest in pairs)
        assert max(reply.tokens) > 2
        np.testing.assert_allclose(reply.logp, [whole(model, *pair) for pair in pairs], atol=2e-4)  # float32 inside


def test_in_a_chat_the_context_is_the_conversation(model):
    reply = Reader("m", model, TOKENIZER).reply(Request("the cat?", ("the rat", "a"), chat=True))
    context = conversation_tokens(TOKENIZER, [{"role": "user", "content": "the cat?"}])
    expected = [whole(model, context, TOKENIZER.encode(text)) for text in ("the rat", "a")]
    np.testing.assert_allclose(reply.logp, expected, atol=2e-4)


def test_a_written_answer_is_greedy_and_ends_with_its_line(model):
    reader = Reader("m", model, TOKENIZER, stop=(0,))
    text = reader.reply(Request("the cat", max_new=6)).text
    tokens = TOKENIZER.encode("the cat")
    for _ in range(6):
        tokens.append(int(model(torch.tensor([tokens]))[0, -1].argmax()))
    assert text == TOKENIZER.decode(tokens[len(TOKENIZER.encode("the cat")) :]).lstrip("\n").split("\n")[0]


@pytest.mark.parametrize(("context", "continuation"), [
    ("the cat", " sat"), ("the cat ", "sat"), ("the cat  ", "sat"), ("the cat\n", "sat"),
])  # fmt: skip
def test_the_two_parts_are_the_tokens_of_the_whole(context, continuation):
    before, after = split_tokens(TOKENIZER, context, continuation)
    assert before == TOKENIZER.encode(context.rstrip(" "))
    assert after == TOKENIZER.encode(context + continuation)[len(before) :]


def test_spaces_at_the_end_of_a_context_change_nothing():
    assert split_tokens(TOKENIZER, "the cat ", "sat") == split_tokens(TOKENIZER, "the cat", " sat")


def test_refuses_what_has_no_likelihood_and_what_does_not_fit(model):
    reader = Reader("m", model, TOKENIZER, capacity=8)
    asked = Request("the", (" cat",))
    with pytest.raises(ValueError, match="the context has 0 characters"):
        reader.reply(replace(asked, context=""))
    with pytest.raises(ValueError, match="a context of 1 tokens and 0 after it"):
        reader.reply(replace(asked, continuations=("",)))
    with pytest.raises(ValueError, match="a context of 0 tokens"):
        reader.reply(replace(asked, context="  "))
    with pytest.raises(ValueError, match="'the c' and 'at' share a token"):
        reader.reply(replace(asked, context="the c", continuations=("at",)))
    with pytest.raises(ValueError, match="the continuation has 0 characters"):
        reader.reply(replace(asked, continuations=("",), chat=True))
    with pytest.raises(ValueError, match="20 tokens do not fit into a reader of capacity 8"):
        reader.reply(replace(asked, context="zzzzzzzzzzzzzzzzzzzz"))
    with pytest.raises(ValueError, match="max_new must be at least 1, got 0"):
        reader.reply(replace(asked, continuations=()))
