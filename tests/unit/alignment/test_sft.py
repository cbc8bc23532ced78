"""What counts, rows side by side and packed together, the mean over counted tokens, and a small training."""

import math
from dataclasses import replace

import pytest
import torch

from llmcourse.alignment.lora import adapters, inject
from llmcourse.alignment.sft import (
    Example,
    answer_loss,
    chat_example,
    examples_of_step,
    filled_up,
    fine_tune,
    held_out_answer_loss,
    packed_together,
    surprises,
)
from llmcourse.inference.chat import SYSTEM
from llmcourse.language.bpe import Tokenizer
from llmcourse.learning.recipe import Recipe
from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.llama import Llama

CONFIG = ModelConfig(vocab=40, width=32, layers=2, heads=4, kv_heads=2, ffn_width=64, context=24)
RECIPE = Recipe(steps=12, batch=3, length=24, rate=0.02, weight_decay=0.0)


def make(seed=0):
    return Llama(CONFIG).initialize(torch.Generator().manual_seed(seed), std=0.2)


def example(tokens, first):
    """The tokens from place ``first`` on count."""
    return Example(tuple(tokens), tuple(i >= first for i in range(len(tokens))))


@pytest.fixture
def examples():
    generator = torch.Generator().manual_seed(1)
    shapes = [(5, 2), (9, 4), (7, 6), (4, 1), (11, 3)]
    return [example(torch.randint(40, (n,), generator=generator).tolist(), first) for n, first in shapes]


@pytest.fixture(scope="module")
def tokenizer():
    return Tokenizer.train("user assistant system", vocab_size=270, special=("<|im_start|>", "<|im_end|>"))


def test_the_answer_and_its_end_count_and_nothing_else(tokenizer):
    messages = [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}]
    found = chat_example(tokenizer, messages)
    counted = [t for t, counts in zip(found.tokens, found.counts, strict=True) if counts]
    given = [t for t, counts in zip(found.tokens, found.counts, strict=True) if not counts]
    assert tokenizer.decode(counted) == "So.<|im_end|>"
    assert tokenizer.decode(given) == (
        f"<|im_start|>system\n{SYSTEM}<|im_end|>\n<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\n"
    )
    assert found.counts == (False,) * len(given) + (True,) * len(counted)


def test_of_a_longer_conversation_the_last_answer_counts(tokenizer):
    messages = [
        {"role": "user", "content": "Why?"},
        {"role": "assistant", "content": "No."},
        {"role": "user", "content": "How?"},
        {"role": "assistant", "content": "So."},
    ]
    found = chat_example(tokenizer, messages)
    counted = [t for t, counts in zip(found.tokens, found.counts, strict=True) if counts]
    assert tokenizer.decode(counted) == "So.<|im_end|>"
    whole = chat_example(tokenizer, messages, whole=True)
    assert whole.tokens == found.tokens
    assert whole.counts == (False, *[True] * (len(whole) - 1))


def test_the_loss_of_a_filled_up_batch_is_that_of_each_example_read_alone(examples):
    """By hand: log softmax at the place before, summed over the counted tokens of all, divided by their number."""
    model, batch = make().requires_grad_(False), filled_up(examples, context=24)
    total, count = 0.0, 0
    for one in examples:
        logp = model(torch.tensor([one.tokens]))[0].log_softmax(-1).detach()
        for t in range(1, len(one)):
            if one.counts[t]:
                total, count = total - float(logp[t - 1, one.tokens[t]]), count + 1
    found = answer_loss(model(batch.tokens), batch.tokens, batch.counts)
    assert count == 3 + 5 + 1 + 3 + 8
    torch.testing.assert_close(found, torch.tensor(total / count))
    assert held_out_answer_loss(model, examples, batch=2) == pytest.approx(total / count, rel=1e-5)


def test_packed_together_each_example_is_read_as_alone(examples):
    model = make()
    alone, packed = filled_up(examples, context=24), packed_together(examples, length=20)
    assert packed.tokens.shape == (2, 20)  # 5 + 9 + 4 and 7 + 11 tokens
    assert packed.counts.sum() == alone.counts.sum()
    losses = [answer_loss(model(b.tokens, mask=b.mask), b.tokens, b.counts) for b in (alone, packed)]
    torch.testing.assert_close(losses[0], losses[1])
    first, last = model(packed.tokens, mask=packed.mask)[0, 14:18], model(alone.tokens)[3, :4]
    torch.testing.assert_close(first, last)  # the example of 4 tokens, in the middle of a row and in its own
    blind = answer_loss(model(packed.tokens), packed.tokens, packed.counts)  # without the mask they see each other
    assert abs(blind - losses[0]) > 1e-3


def test_one_mean_over_all_counted_tokens_is_not_the_mean_of_means():
    """A model that is sure of nothing but token 0: one long answer of zeros, one short one of ones."""
    logits = torch.zeros(2, 5, 4)
    logits[..., 0] = math.log(3)  # p(0) = 1/2, the others 1/6
    tokens = torch.tensor([[3, 0, 0, 0, 0], [3, 1, 2, 2, 2]])
    counts = torch.tensor([[False, True, True, True, True], [False, True, False, False, False]])
    torch.testing.assert_close(answer_loss(logits, tokens, counts), torch.tensor((4 * math.log(2) + math.log(6)) / 5))
    assert surprises(logits, tokens).shape == (2, 4)


def test_the_gradient_is_zero_where_the_next_token_does_not_count():
    logits = torch.randn(2, 5, 6, generator=torch.Generator().manual_seed(0), requires_grad=True)
    tokens = torch.tensor([[1, 2, 3, 4, 0], [5, 4, 3, 2, 1]])
    counts = torch.tensor([[False, False, True, True, False], [False, False, False, False, True]])
    answer_loss(logits, tokens, counts).backward()
    moved = logits.grad.abs().sum(-1) > 0
    assert moved.tolist() == [[False, True, True, False, False], [False, False, False, True, False]]


def test_training_learns_the_answers_and_repeats_to_the_last_bit(examples):
    runs = [list(fine_tune(make(), examples, RECIPE, held_out=examples[:2], evaluate_every=5)) for _ in range(2)]
    assert runs[0] == runs[1]
    assert [r["step"] for r in runs[0] if "held_out" in r] == [4, 9, 11]
    assert runs[0][-1]["loss"] < 0.5 * runs[0][0]["loss"]
    assert runs[0][-1]["held_out"] < 0.5 * runs[0][0]["loss"]
    model = make()
    list(fine_tune(model, examples, RECIPE, held_out=examples[:2]))
    assert held_out_answer_loss(model, examples[:2]) == pytest.approx(runs[0][-1]["held_out"], rel=1e-6)


def test_with_adapters_only_they_move(examples):
    model, untouched = make(), make()
    inject(model, rank=2, targets=("to_q", "to_v"), generator=torch.Generator().manual_seed(0))
    records = list(fine_tune(model, examples, RECIPE))
    assert records[-1]["loss"] < records[0]["loss"]
    for name, layer in adapters(model).items():
        assert torch.equal(layer.base.weight, untouched.get_submodule(name).weight)
        assert layer.b.abs().max() > 0
    assert torch.equal(model.embed.weight, untouched.embed.weight)


def test_half_precision_learns_the_same_lesson_roughly(examples):
    full, half = (
        list(fine_tune(make(), examples, replace(RECIPE, precision=precision))) for precision in ("float32", "bfloat16")
    )
    assert half[0]["loss"] == pytest.approx(full[0]["loss"], rel=0.02)  # eight bits of mantissa
    assert half[0]["loss"] != full[0]["loss"]


def test_each_epoch_reads_each_example_once_in_another_order():
    read = [i for step in range(14) for i in examples_of_step(7, 3, step, seed=2)]
    epochs = [read[start : start + 7] for start in range(0, 42, 7)]
    assert all(sorted(epoch) == list(range(7)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 6
    assert examples_of_step(7, 3, 5, seed=2) != examples_of_step(7, 3, 5, seed=3)


def test_what_cannot_be_learned_from_is_refused(tokenizer, examples):
    with pytest.raises(ValueError, match="none of the 3 tokens counts"):
        Example((1, 2, 3), (False,) * 3)
    with pytest.raises(ValueError, match="3 tokens, but 2 marks"):
        Example((1, 2, 3), (False, True))
    with pytest.raises(ValueError, match="token 0 counts"):
        Example((1, 2), (True, True))
    with pytest.raises(ValueError, match="last message is by 'user'"):
        chat_example(tokenizer, [{"role": "user", "content": "Why?"}])
    with pytest.raises(ValueError, match="last message is by nobody"):
        chat_example(tokenizer, [])
    with pytest.raises(ValueError, match="0 characters"):
        chat_example(tokenizer, [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": ""}])
    for refuse in (lambda: filled_up([], context=9), lambda: packed_together([], length=9)):
        with pytest.raises(ValueError, match="0 examples"):
            refuse()
    for refuse in (lambda: filled_up(examples, context=10), lambda: packed_together(examples, length=10)):
        with pytest.raises(ValueError, match="an example has 11 tokens, but only 10 fit"):
            refuse()
    with pytest.raises(ValueError, match="only 10 fit"):
        next(fine_tune(make(), examples, replace(RECIPE, length=10)))
    with pytest.raises(ValueError, match="0 parameters ask for a gradient"):
        next(fine_tune(make().requires_grad_(False), examples, RECIPE))
    logits, tokens = torch.zeros(2, 3, 4), torch.ones(2, 3, dtype=torch.int64)
    with pytest.raises(ValueError, match="none of the 6 tokens counts"):
        answer_loss(logits, tokens, torch.zeros(2, 3, dtype=torch.bool))
    with pytest.raises(ValueError, match="first token of row 1 counts"):
        answer_loss(logits, tokens, torch.tensor([[False, True, True], [True, True, True]]))


@pytest.mark.usefixtures("as_readers_call")
@pytest.mark.parametrize("rows", [(2, 4), (2, 2), (1, 6)])
def test_logits_of_another_length_than_the_tokens_are_refused(rows):
    tokens, counts = torch.ones(2, 3, dtype=torch.int64), torch.tensor([[False, True, True]] * 2)
    with pytest.raises(ValueError, match=rf"logits for each token, got \({rows[0]}, {rows[1]}, 4\) for \(2, 3\)"):
        answer_loss(torch.zeros(*rows, 4), tokens, counts)


def test_a_diverging_training_says_so(examples):
    with pytest.raises(FloatingPointError, match=r"the loss is nan at step \d+; lower the rate of 1e\+20"):
        list(fine_tune(make(), examples, replace(RECIPE, rate=1e20, schedule="constant", clip=None)))


@pytest.mark.usefixtures("as_readers_call")
def test_a_mask_of_another_length_is_refused():
    with pytest.raises(ValueError, match=r"tokens \(1, 4\), counts \(1, 3\)"):
        answer_loss(torch.zeros(1, 4, 7), torch.zeros(1, 4, dtype=torch.long), torch.arange(3)[None] > 0)
