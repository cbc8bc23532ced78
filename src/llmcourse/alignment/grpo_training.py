"""GRPO with a model that writes: draw answers, let a program check them, learn from what differs (torch)."""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from llmcourse.alignment.grpo import Variant, group_advantages, grpo_loss
from llmcourse.alignment.kl import k3
from llmcourse.shapes import Bool, Float, Int
from llmcourse.transformer.decoder import Decoder
from llmcourse.transformer.kv_cache import KVCache

__all__ = ["Answers", "Round", "answers_to", "draw_answers", "token_logp", "train_grpo"]

Reward = Callable[[np.ndarray, list[list[int]]], np.ndarray]  # (questions, answers) -> one number for each


class Answers(NamedTuple):
    """Questions with what was written after them, in rows of equal length; ``is_response`` marks what was written.

    The end mark belongs to the answer. ``entropy`` is that of the distribution each written token was drawn from.
    """

    tokens: Int[Tensor, "B T"]
    is_response: Bool[Tensor, "B T"]
    entropy: Float[Tensor, ""]  # in nats, the mean over all written tokens

    def written(self) -> list[list[int]]:
        """The tokens of each answer, its end mark included if it has one."""
        return [row[kept].tolist() for row, kept in zip(self.tokens, self.is_response, strict=True)]


@torch.no_grad()
def draw_answers(
    model: Decoder,
    asked: Int[Tensor, "B T"],
    *,
    max_new: int,
    stop: Collection[int],
    generator: torch.Generator,
    temperature: float = 1.0,
) -> Answers:
    """One answer to each row, drawn up to a token of ``stop`` or ``max_new`` tokens.

    To draw N answers to one question, give its row N times. Training draws at temperature 1, from the policy itself.

    Raises:  ValueError for no questions, ``max_new`` below 1, too long a text, or a temperature that is not positive.
    """
    if len(asked) == 0 or max_new < 1:
        raise ValueError(f"there must be a question and 1 token to write, got {len(asked)} and {max_new}")
    if not 0 < temperature < float("inf"):
        raise ValueError(f"temperature must be positive and finite, got {temperature}")
    cache = KVCache(model.config, batch=len(asked), capacity=asked.shape[1] + max_new)
    ends = torch.tensor(sorted(stop))
    columns, kept = [asked], [torch.zeros_like(asked, dtype=torch.bool)]
    going, surprise = torch.ones(len(asked)) > 0, 0.0
    new = asked
    for _ in range(max_new):
        logp = (model(new, cache=cache, last_only=True)[:, -1] / temperature).log_softmax(dim=-1)  # (B, V)
        new = torch.multinomial(logp.exp(), 1, generator=generator)  # (B, 1)
        surprise += -(logp.exp() * logp).sum(dim=-1)[going].sum()
        columns.append(new)
        kept.append(going[:, None])
        going = going & ~torch.isin(new[:, 0], ends)
        if not going.any():
            break
    is_response = torch.cat(kept, dim=1)
    return Answers(torch.cat(columns, dim=1), is_response, torch.as_tensor(surprise / is_response.sum()))


def answers_to(
    model: Decoder,
    asked: np.ndarray,
    count: int,
    *,
    max_new: int,
    stop: Collection[int],
    generator: torch.Generator,
    temperature: float = 1.0,
) -> list[list[list[int]]]:
    """``count`` answers to each question, as lists of tokens."""
    rows = torch.from_numpy(asked).repeat_interleave(count, dim=0)
    drawn = draw_answers(model, rows, max_new=max_new, stop=stop, generator=generator, temperature=temperature)
    flat = drawn.written()
    return [flat[start : start + count] for start in range(0, len(flat), count)]


def token_logp(model: Decoder, answers: Answers) -> Float[Tensor, "B _"]:
    """log π of each token but the first, given what comes before it; its mask is ``is_response[:, 1:]``."""
    logp = model(answers.tokens[:, :-1]).log_softmax(dim=-1)  # (B, T-1, V)
    return logp.gather(-1, answers.tokens[:, 1:, None]).squeeze(-1)


class Round(NamedTuple):
    """What one round of drawing and learning gave, measured on its draws before the step."""

    step: int
    reward: float  # mean
    silent: float  # share of the questions whose answers all got the same reward
    entropy: float  # nats per written token
    length: float  # tokens per answer, the end mark included
    kl: float  # k3 from the reference, nats per written token
    gradient_norm: float


def train_grpo(
    model: Decoder,
    batches: Sequence[np.ndarray],
    reward: Reward,
    *,
    variant: Variant,
    answers: int,
    rate: float,
    max_new: int,
    stop: Collection[int],
    generator: torch.Generator,
    reference: Decoder | None = None,
    passes: int = 1,
) -> Iterator[Round]:
    """One round for each batch of questions (rows of tokens, all of one length); the model is changed in place.

    ``answers`` are drawn to each question; ``passes`` steps of Adam follow, the first one with a ratio of 1 everywhere.
    The mark of a round says what was drawn before its steps. The divisor "constant" divides by ``max_new``.

    Raises:  ValueError for fewer than 2 answers, no passes, a rate that is not positive, a β without a reference, or a
             reward that is not one finite number for each answer.
    Source:  Shao et al. (2024), algorithm 1, without the reward model. {cite}`shao2024`
    """
    if answers < 2 or passes < 1 or not rate > 0:
        raise ValueError(f"answers must be 2 or more, passes 1 and rate positive, got {answers}, {passes}, {rate}")
    if variant.beta > 0 and reference is None:
        raise ValueError(f"beta is {variant.beta}, but there is no reference to stay near to")
    learned = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(learned, lr=rate, betas=(0.9, 0.95))
    for step, asked in enumerate(batches):
        rows = np.repeat(asked, answers, axis=0)
        drawn = draw_answers(model, torch.from_numpy(rows), max_new=max_new, stop=stop, generator=generator)
        scores = torch.as_tensor(reward(rows, drawn.written()), dtype=torch.float32)
        if scores.shape != (len(rows),):
            raise ValueError(f"one reward for each of the {len(rows)} answers is needed, got {tuple(scores.shape)}")
        groups = scores.view(len(asked), answers)  # (C, N)
        advantage = group_advantages(groups, scaled=variant.scaled).flatten()
        kept, norm = drawn.is_response[:, 1:], 0.0
        with torch.no_grad():
            anchor = None if reference is None else token_logp(reference, drawn)
        old = None
        for _ in range(passes):
            logp = token_logp(model, drawn)
            old = logp.detach() if old is None else old
            loss = grpo_loss(
                logp, old, advantage, kept, variant=variant, reference_logp=anchor, constant=float(max_new)
            )
            optimizer.zero_grad()
            loss.backward()
            norm = nn.utils.clip_grad_norm_(learned, 1.0).item()
            optimizer.step()
        silent = (groups == groups[:, :1]).all(dim=1).double().mean().item()
        apart = float("nan") if anchor is None or old is None else k3(old[kept], anchor[kept]).mean().item()
        length = kept.sum(dim=1).double().mean().item()
        yield Round(step, scores.mean().item(), silent, drawn.entropy.item(), length, apart, norm)
