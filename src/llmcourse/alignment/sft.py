r"""Supervised fine-tuning: the next-token loss of answers, given their questions (torch).

A demonstration is a conversation whose last message is the assistant's. All of it is read; only the answer is learned:

    read     <|im_start|> user \n Why ... ? <|im_end|> \n <|im_start|> assistant \n  Answer :  ...  <|im_end|>
    counts        ·        ·   ·   ·  ·   ·      ·      ·       ·          ·      ·    ✓    ✓   ✓       ✓

The mark that ends the answer counts as well: a model that never learns it never stops. The loss is that of
$\log p(y \mid x) = \sum_t \log p(y_t \mid x, y_{<t})$: a conditional likelihood, in which the question is given.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from llmcourse.inference.chat import Message, conversation_tokens
from llmcourse.language.bpe import Tokenizer
from llmcourse.learning.optim import make_adamw
from llmcourse.learning.recipe import Recipe
from llmcourse.learning.train import move
from llmcourse.shapes import Bool, Float, Int, check_same_shape
from llmcourse.transformer.attention import causal_mask
from llmcourse.transformer.decoder import Decoder

__all__ = [
    "Batch",
    "Example",
    "answer_loss",
    "chat_example",
    "examples_of_step",
    "filled_up",
    "fine_tune",
    "held_out_answer_loss",
    "packed_together",
    "surprises",
]

FILLER = 0  # the token behind the end of an example; it never counts, and nothing before it can see it


@dataclass(frozen=True)
class Example:
    """The tokens of one demonstration, and which of them count.

    Raises:  ValueError for lengths that differ, for no counted token, and for a first token that counts: nothing
             comes before it that could predict it.
    """

    tokens: tuple[int, ...]
    counts: tuple[bool, ...]

    def __post_init__(self) -> None:
        if len(self.tokens) != len(self.counts):
            raise ValueError(f"{len(self.tokens)} tokens, but {len(self.counts)} marks of what counts")
        if not any(self.counts):
            raise ValueError(f"none of the {len(self.tokens)} tokens counts: there is nothing to learn from")
        if self.counts[0]:
            raise ValueError("token 0 counts, but nothing before it could predict it")

    def __len__(self) -> int:
        return len(self.tokens)


class Batch(NamedTuple):
    """Examples in rows of equal length. ``mask`` says who sees whom; None is the past of the row and itself."""

    tokens: Int[Tensor, "B T"]
    counts: Bool[Tensor, "B T"]
    mask: Bool[Tensor, "B 1 T T"] | None = None


def chat_example(tokenizer: Tokenizer, messages: Sequence[Message], *, whole: bool = False) -> Example:
    """A conversation in ChatML whose last message, with the mark that ends it, counts.

    ``whole``: each token but the first counts, the question's as well, as in pretraining.

    Raises:  ValueError unless the last message is the assistant's and not empty, and as ``conversation_tokens``.
    """
    if not messages or messages[-1]["role"] != "assistant":
        last = repr(messages[-1]["role"]) if messages else "nobody"
        raise ValueError(f"a demonstration ends with the assistant's answer, but its last message is by {last}")
    if not messages[-1]["content"]:
        raise ValueError("the assistant's answer has 0 characters; give one")
    before = conversation_tokens(tokenizer, messages[:-1])
    answer = [*tokenizer.encode(messages[-1]["content"]), tokenizer.special["<|im_end|>"]]
    counts = [whole] * len(before) + [True] * len(answer)
    return Example((*before, *answer), (False, *counts[1:]))


def filled_up(examples: Sequence[Example], *, context: int) -> Batch:
    """Each example in a row of its own, filled up *on the right*, where no token of the example can see the filling.

    Raises:  ValueError for no examples, or one longer than the context.
    """
    _check(examples, context)
    length = max(map(len, examples))
    tokens = torch.full((len(examples), length), FILLER)
    counts = torch.zeros(len(examples), length, dtype=torch.bool)
    for row, example in enumerate(examples):
        tokens[row, : len(example)] = torch.tensor(example.tokens)
        counts[row, : len(example)] = torch.tensor(example.counts)
    return Batch(tokens, counts)


def packed_together(examples: Sequence[Example], *, length: int) -> Batch:
    """The same examples in fewer rows of ``length``, several in a row, and a mask that keeps them apart.

    Each goes into the first row that has room for it. A token sees its own example only. Rotary positions are relative,
    so that an example in the middle of a row is read as at its beginning; learned positions are not, and would have to
    start again.

    Raises:  ValueError for no examples, or one longer than ``length``.
    """
    _check(examples, length)
    rows: list[list[Example]] = []
    for example in examples:
        for row in rows:
            if sum(map(len, row)) + len(example) <= length:
                row.append(example)
                break
        else:
            rows.append([example])
    tokens = torch.full((len(rows), length), FILLER)
    counts = torch.zeros(len(rows), length, dtype=torch.bool)
    owner = torch.full((len(rows), length), -1)  # the filling is an example of its own
    for i, row in enumerate(rows):
        start = 0
        for number, example in enumerate(row):
            end = start + len(example)
            tokens[i, start:end] = torch.tensor(example.tokens)
            counts[i, start:end] = torch.tensor(example.counts)
            owner[i, start:end] = number
            start = end
    together = owner[:, :, None] == owner[:, None, :]  # (B, T, T)
    return Batch(tokens, counts, (together & causal_mask(length, length))[:, None])


def surprises(logits: Float[Tensor, "B T V"], tokens: Int[Tensor, "B T"]) -> Float[Tensor, "B T-1"]:
    r"""$-\log p(x_{t+1} \mid x_{\le t})$: column t is the price of token t + 1, told by the logits at t.

    Units:   nats, computed in float32 or better.
    Raises:  ValueError unless there are logits for each token.
    Source:  Bengio et al. (2003), section 2. {cite}`bengio2003`
    """
    if logits.shape[:2] != tokens.shape:
        raise ValueError(f"there must be logits for each token, got {tuple(logits.shape)} for {tuple(tokens.shape)}")
    exact = logits if logits.dtype == torch.float64 else logits.float()
    return F.cross_entropy(exact[:, :-1].flatten(0, 1), tokens[:, 1:].flatten(), reduction="none").view(len(tokens), -1)


def answer_loss(
    logits: Float[Tensor, "B T V"], tokens: Int[Tensor, "B T"], counts: Bool[Tensor, "B T"]
) -> Float[Tensor, ""]:
    r"""The mean surprise of the tokens that count, $-\sum_{b,t} m_{b,t} \log p(x_{b,t} \mid x_{b,<t}) / \sum m_{b,t}$.

    One mean over all counted tokens of the batch. The mean of each example's mean is another number: it gives a token
    of a short answer more weight than one of a long answer.

    Units:   nats per counted token.
    Raises:  ValueError if no token counts, the first of a row does, ``counts`` has another shape than ``tokens``, or
             there are no logits for each token.
    Source:  Ouyang et al. (2022), section 3.5, "Supervised fine-tuning", is the use; the loss is the cross-entropy of
             the demonstrators. {cite}`ouyang2022`
    """
    check_same_shape(tokens=tokens, counts=counts)
    if counts[:, 0].any():
        raise ValueError(f"the first token of row {int(counts[:, 0].nonzero()[0])} counts, but nothing predicts it")
    if not counts.any():
        raise ValueError(f"none of the {counts.numel()} tokens counts: a mean over nothing; drop the batch")
    return surprises(logits, tokens)[counts[:, 1:]].mean()


def fine_tune(
    model: Decoder,
    examples: Sequence[Example],
    recipe: Recipe,
    *,
    held_out: Sequence[Example] = (),
    evaluate_every: int = 10,
) -> Iterator[dict[str, Any]]:
    """Train what asks for gradients, in place; a record after each step: step, loss, rate, gradient norm, tokens.

    ``recipe.length`` is the longest example allowed. Each epoch goes through all examples in an order that follows from
    the seed. Every ``evaluate_every`` steps and after the last one the record also holds ``held_out``.

    Raises:  ValueError for no examples, too long ones, or a model of which nothing asks for a gradient;
             FloatingPointError if the loss is no longer a number.
    """
    _check(examples, min(recipe.length, model.config.context))
    if not any(p.requires_grad for p in model.parameters()):
        raise ValueError("0 parameters ask for a gradient; inject adapters, or call model.requires_grad_()")
    optimizer = make_adamw(
        model, rate=recipe.rate, betas=recipe.betas, eps=recipe.eps, weight_decay=recipe.weight_decay
    )
    model.train()
    for step in range(recipe.steps):
        chosen = [examples[i] for i in examples_of_step(len(examples), recipe.batch, step, seed=recipe.seed)]
        batch = filled_up(chosen, context=recipe.length)
        with torch.autocast("cpu", torch.bfloat16, enabled=recipe.precision == "bfloat16"):
            logits = model(batch.tokens)
        loss = answer_loss(logits, batch.tokens, batch.counts)
        if not loss.isfinite():
            raise FloatingPointError(f"the loss is {loss.item()} at step {step}; lower the rate of {recipe.rate}")
        loss.backward()
        record = {"step": step, "loss": loss.item(), "rate": recipe.rate_at(step)}
        record |= {"gradient_norm": move(model, optimizer, recipe, step), "tokens": int(batch.counts.sum())}
        if held_out and ((step + 1) % evaluate_every == 0 or step + 1 == recipe.steps):
            record["held_out"] = held_out_answer_loss(model, held_out, batch=recipe.batch)
        yield record
    model.eval()


def examples_of_step(count: int, batch: int, step: int, *, seed: int) -> list[int]:
    """Which examples step number ``step`` reads: all of them once in an epoch, each epoch in another order."""
    places = [divmod(step * batch + i, count) for i in range(batch)]
    orders = {epoch: np.random.default_rng([seed, epoch]).permutation(count) for epoch in {e for e, _ in places}}
    return [int(orders[epoch][place]) for epoch, place in places]


@torch.no_grad()
def held_out_answer_loss(model: Decoder, examples: Sequence[Example], *, batch: int = 8) -> float:
    """``answer_loss`` over all examples, a few rows at a time: one mean over their counted tokens.

    Raises:  ValueError for no examples or one longer than the model's context.
    """
    _check(examples, model.config.context)
    total, count, was_training = 0.0, 0, model.training
    model.eval()
    for start in range(0, len(examples), batch):
        rows = filled_up(examples[start : start + batch], context=model.config.context)
        counted = surprises(model(rows.tokens), rows.tokens)[rows.counts[:, 1:]]
        total, count = total + counted.double().sum().item(), count + len(counted)
    model.train(was_training)
    return total / count


def _check(examples: Sequence[Example], longest: int) -> None:
    if not examples:
        raise ValueError("there are 0 examples; give at least one")
    if (length := max(map(len, examples))) > longest:
        raise ValueError(f"an example has {length} tokens, but only {longest} fit: shorten it, or leave it out")
