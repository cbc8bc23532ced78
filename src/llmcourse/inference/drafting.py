"""Speculative sampling on real models: a draft that is a smaller model, or a table of counts (torch)."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from llmcourse.inference.cached import CachedReader
from llmcourse.inference.speculative import acceptance, verify
from llmcourse.shapes import Float
from llmcourse.transformer.decoder import Decoder, Model

__all__ = ["Draft", "Round", "model_draft", "speculate", "truncated"]

Draft = Callable[[Sequence[int]], Float[np.ndarray, " V"]]  # from a text to the distribution that drafts are drawn from
Distribution = Callable[[Float[np.ndarray, " V"]], Float[np.ndarray, " V"]]  # from logits to what is drawn from


@dataclass(frozen=True)
class Round:
    """One call of the target: what was drafted, how much of it was accepted, and the tokens that came of it.

    ``agreement`` is Σ min(p, q) at each draft's place: the chance that it had, given the drafts before it.
    """

    drafted: tuple[int, ...]
    accepted: int
    tokens: tuple[int, ...]
    agreement: tuple[float, ...]


def model_draft(model: Decoder, rule: Distribution, *, capacity: int | None = None) -> Draft:
    """A draft that asks a model, and draws from ``rule`` of its logits."""
    reader = CachedReader(model, capacity=capacity)
    return lambda tokens: rule(reader.logits(tokens)[0])


def truncated(model: Model, layers: int) -> Model:
    """The first blocks of a model with its final norm and output table: a draft that costs no memory, and no training.

    It shares all parameters. Nothing has taught the last of these blocks to prepare an answer.

    Raises:  ValueError unless ``layers`` lies between 1 and those of the model.
    """
    if not 1 <= layers <= model.config.layers:
        raise ValueError(f"layers must lie between 1 and the model's {model.config.layers}, got {layers}")
    with torch.device("meta"):
        other = type(model)(replace(model.config, layers=layers))
    for name, module in model.named_children():
        setattr(other, name, module[:layers] if isinstance(module, torch.nn.ModuleList) else module)
    return other.train(model.training)


def speculate(
    model: Decoder,
    tokens: Sequence[int],
    *,
    draft: Draft,
    rule: Distribution,
    gamma: int,
    max_new: int,
    rng: np.random.Generator,
    stop: Collection[int] = (),
    capacity: int | None = None,
) -> Iterator[Round]:
    """Rounds of speculative sampling; their ``tokens`` together are a text drawn from ``rule`` of the model's logits.

    With ``rule=sequences.one_hot`` it is greedy decoding: a draft is accepted if it is the target's first choice. Near
    the end fewer tokens are drafted. The text ends after ``max_new`` tokens, or with a token of ``stop``, its last.

    Raises:  ValueError for γ or ``max_new`` below 1, an empty prompt, vocabularies that differ, and as the model.
    Source:  Leviathan et al. (2023), algorithm 1. {cite}`leviathan2023`
    """
    if gamma < 1:
        raise ValueError(f"gamma must draft at least 1 token, got {gamma}")
    if max_new < 1:
        raise ValueError(f"max_new must be at least 1, got {max_new}")
    if not tokens:
        raise ValueError("the prompt is empty (0 tokens); give the model a first one")
    return _rounds(CachedReader(model, capacity=capacity), list(tokens), draft, rule, gamma, max_new, rng, stop)


def _rounds(
    reader: CachedReader,
    text: list[int],
    draft: Draft,
    rule: Distribution,
    gamma: int,
    max_new: int,
    rng: np.random.Generator,
    stop: Collection[int],
) -> Iterator[Round]:
    end = len(text) + max_new
    while len(text) < end:
        count = min(gamma, end - len(text) - 1)  # the last token is the target's own
        drafted, rows = [], []
        for _ in range(count):
            rows.append(draft([*text, *drafted]))
            drafted.append(int(rng.choice(rows[-1].size, p=rows[-1])))
        q = np.stack(rows) if rows else np.empty((0, reader.model.config.vocab))
        p = np.stack([rule(z) for z in reader.logits([*text, *drafted], last=count + 1)])  # (count + 1, V)
        accepted, token = verify(p, q, drafted, rng)
        new = [*drafted[:accepted], token]
        over = next((i for i, x in enumerate(new) if x in stop), None)
        new = new if over is None else new[: over + 1]
        text += new
        agreement = acceptance(p[:-1], q) if count else np.empty(0)
        yield Round(tuple(drafted), accepted, tuple(new), tuple(float(x) for x in agreement))
        if over is not None:
            return
