"""Training a model on pairs of responses, one of which is preferred (torch)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from llmcourse.alignment.dpo import response_logprob
from llmcourse.alignment.preferences import per_token
from llmcourse.alignment.sft import Example, examples_of_step, filled_up
from llmcourse.inference.chat import Message, conversation_tokens
from llmcourse.language.bpe import Tokenizer
from llmcourse.learning.optim import make_adamw
from llmcourse.learning.recipe import Recipe
from llmcourse.learning.train import move
from llmcourse.shapes import Float
from llmcourse.transformer.decoder import Decoder

__all__ = ["Pair", "PairLoss", "chat_pair", "pair_logprobs", "prefer"]

# From the log-probabilities of winners and losers, under the policy and then under the reference, to the loss:
# dpo_loss with a beta, for example, or ipo_loss with a tau.
PairLoss = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Pair:
    """Two responses to one prompt, each with the prompt before it; ``win`` is the preferred one.

    Raises:  ValueError if the prompts differ: an implicit reward compares responses to one prompt.
    """

    win: Example
    lose: Example

    def __post_init__(self) -> None:
        prompts = [one.tokens[: one.counts.index(True)] for one in (self.win, self.lose)]
        if prompts[0] != prompts[1]:
            lengths = [len(one) for one in prompts]
            raise ValueError(f"both responses must follow the same prompt; these have {lengths} tokens and differ")


def chat_pair(tokenizer: Tokenizer, messages: Sequence[Message], win: str, lose: str, *, ended: bool = True) -> Pair:
    """Two answers to one conversation in ChatML. ``ended=False``: they were cut, and have no mark that ends them.

    Raises:  ValueError for an empty answer, and as ``conversation_tokens``.
    """
    before = conversation_tokens(tokenizer, messages)
    end = [tokenizer.special["<|im_end|>"]] if ended else []
    made = []
    for text in (win, lose):
        if not text:
            raise ValueError("an answer has 0 characters; a pair needs two answers")
        answer = [*tokenizer.encode(text), *end]
        made.append(Example((*before, *answer), (*(False for _ in before), *(True for _ in answer))))
    return Pair(*made)


def pair_logprobs(
    model: Decoder, pairs: Sequence[Pair], *, batch: int = 4
) -> tuple[Float[Tensor, " N"], Float[Tensor, " N"]]:
    """Log-probabilities of the winners and of the losers, ``batch`` pairs at a time.

    Under ``torch.no_grad()`` and before the training this is the reference, computed once and kept: two numbers a pair.

    Units:   nats per response.
    Raises:  ValueError for no pairs, or a response that does not fit into the context.
    """
    if not pairs:
        raise ValueError("there are 0 pairs; give at least one")
    found = []
    for start in range(0, len(pairs), batch):
        some = pairs[start : start + batch]
        rows = filled_up([p.win for p in some] + [p.lose for p in some], context=model.config.context)
        found.append(response_logprob(model(rows.tokens), rows.tokens, rows.counts).view(2, -1))  # (2, B)
    win, lose = torch.cat(found, dim=1)
    return win, lose


def prefer(
    model: Decoder,
    pairs: Sequence[Pair],
    recipe: Recipe,
    *,
    loss: PairLoss,
    reference: tuple[Float[Tensor, " N"], Float[Tensor, " N"]] | None = None,
    averaged: bool = False,
) -> Iterator[dict[str, Any]]:
    """Train what asks for gradients, in place; a record after each step, of its pairs *before* they are learned from.

    The record: step, loss, gradient_norm, and the mean log-ratios to the reference of the winners (``win``) and of the
    losers (``lose``). Without a ``reference`` it is the model as it comes in. ``recipe.batch`` counts pairs; each epoch
    goes through all of them in an order that follows from the seed. ``averaged``: the loss gets all log-probabilities
    ``per_token``, as SimPO and ORPO ask for them.

    Units:   nats per response for ``win`` and ``lose`` in the record, ``averaged`` or not.
    Raises:  ValueError for no pairs, or a model of which nothing asks for a gradient; FloatingPointError if the loss is
             no longer a number.
    """
    if not any(p.requires_grad for p in model.parameters()):
        raise ValueError("0 parameters ask for a gradient; inject adapters, or call model.requires_grad_()")
    if reference is None:
        with torch.no_grad():
            reference = pair_logprobs(model, pairs)
    ref_win, ref_lose = reference
    if len(ref_win) != len(pairs) or len(ref_lose) != len(pairs):
        raise ValueError(f"the reference has {len(ref_win)} and {len(ref_lose)} log-probabilities, not {len(pairs)}")
    optimizer = make_adamw(
        model, rate=recipe.rate, betas=recipe.betas, eps=recipe.eps, weight_decay=recipe.weight_decay
    )
    model.train()
    for step in range(recipe.steps):
        chosen = examples_of_step(len(pairs), recipe.batch, step, seed=recipe.seed)
        win, lose = pair_logprobs(model, [pairs[i] for i in chosen], batch=recipe.batch)
        given = win, lose, ref_win[chosen], ref_lose[chosen]
        if averaged:
            lengths = [torch.tensor([sum(getattr(pairs[i], end).counts) for i in chosen]) for end in ("win", "lose")]
            given = tuple(per_token(logp, length) for logp, length in zip(given, 2 * lengths, strict=True))
        value = loss(*given)
        if not value.isfinite():
            raise FloatingPointError(f"the loss is {value.item()} at step {step}; lower the rate of {recipe.rate}")
        value.backward()
        record = {"step": step, "loss": value.item(), "gradient_norm": move(model, optimizer, recipe, step)}
        changes = {"win": win - ref_win[chosen], "lose": lose - ref_lose[chosen]}
        yield record | {name: change.detach().mean().item() for name, change in changes.items()}
    model.eval()
