r"""PPO on texts so short that every one of them can be listed: the policy is a table, the optimum is known (torch).

A response is T tokens out of V, so there are $V^T$ of them; T = 1 is a bandit. The policy has V logits for each prefix,
the value table one number for each prefix. Since every distribution over responses is some such table, training can
reach ``optimal.optimal_policy`` exactly, and how far it still is away can be computed without sampling.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn

from llmcourse.alignment.kl import k1
from llmcourse.alignment.ppo import advantages, clipped_loss, is_clipped, penalized_reward, standardized
from llmcourse.shapes import Float, Int


class TablePolicy(nn.Module):
    """Logits for every prefix of fewer than ``length`` tokens, and as many values; all 0 at the start: uniform."""

    def __init__(self, vocab: int, length: int) -> None:
        super().__init__()
        if vocab < 2 or length < 1:
            raise ValueError(f"there must be at least 2 tokens and 1 position, got {vocab} and {length}")
        self.vocab, self.length = vocab, length
        sizes = [vocab**t for t in range(length)]
        self.logits = nn.ParameterList(torch.zeros(size, vocab, dtype=torch.float64) for size in sizes)
        self.values = nn.ParameterList(torch.zeros(size, dtype=torch.float64) for size in sizes)

    @classmethod
    def from_distribution(cls, p: Float[Tensor, " N"], *, vocab: int) -> "TablePolicy":
        """The table with this distribution over all responses, listed with the last token running fastest.

        Raises:  ValueError unless the number of responses is a power of ``vocab`` and each has a positive probability.
        """
        length, count = 0, 1
        while count < len(p):
            length, count = length + 1, count * vocab
        if count != len(p):
            raise ValueError(f"{len(p)} responses are no power of a vocabulary of {vocab}")
        if not (p > 0).all():
            raise ValueError(f"each response needs a positive probability, got {p.min().item():g}")
        made = cls(vocab, length)
        for t, table in enumerate(made.logits):
            shares = p.double().view(vocab**t, vocab, -1).sum(dim=-1)  # of each prefix with one token more
            table.data = (shares / shares.sum(dim=-1, keepdim=True)).log()
        return made

    def distribution(self) -> Float[Tensor, " N"]:
        """The probability of every response, by the chain rule."""
        total = torch.zeros(1, dtype=torch.float64)
        for table in self.logits:
            total = (total[:, None] + table.log_softmax(dim=-1)).flatten()
        return total.exp()

    def token_logp(self, responses: Int[Tensor, " B"]) -> Float[Tensor, "B T"]:
        """log π of each token of these responses, which are given by their numbers in the list."""
        prefix = self._prefixes(responses)
        columns = [table.log_softmax(dim=-1).flatten()[prefix[t + 1]] for t, table in enumerate(self.logits)]
        return torch.stack(columns, dim=1)

    def token_values(self, responses: Int[Tensor, " B"]) -> Float[Tensor, "B T"]:
        """The value of what stands before each token."""
        prefix = self._prefixes(responses)
        return torch.stack([table[prefix[t]] for t, table in enumerate(self.values)], dim=1)

    def _prefixes(self, responses: Tensor) -> list[Tensor]:
        """The number of the prefix of each length 0 … T in its own list."""
        return [responses // self.vocab ** (self.length - t) for t in range(self.length + 1)]


class Step(NamedTuple):
    """What one round of drawing and learning gave."""

    step: int
    reward: float  # mean over the draws, without the penalty
    kl: float  # mean of k1 over the draws, in nats
    clipped: float  # share of tokens on which the last pass over the draws no longer pulled
    distribution: Float[Tensor, " N"]  # after the step


def train(
    policy: TablePolicy,
    reference: TablePolicy,
    reward: Float[Tensor, " N"],
    *,
    beta: float,
    steps: int,
    batch: int,
    rate: float,
    generator: torch.Generator,
    clip: float = 0.2,
    passes: int = 4,
    trace: float = 1.0,
    standardize: bool = False,
    decay: bool = True,
) -> Iterator[Step]:
    r"""PPO: draw a batch, give it its penalized rewards and advantages, then several passes of Adam; again and again.

    ``policy`` is changed in place. The values learn the same draws' returns, with the same rate. With ``decay`` it
    falls linearly toward 0, which by itself brings any run to rest; without it, only the draws' own agreement can.

    Raises:  ValueError for β ≤ 0 (the optimum would not be one policy), for no steps, draws or passes, a rate that is
             not positive, or rewards that are not one finite number for each response.
    Source:  Schulman et al. (2017), algorithm 1, with the reward of Ouyang et al. (2022), eq. 2.
             {cite}`schulman2017,ouyang2022`
    """
    _check_run(policy, reward, beta=beta, rate=rate, steps=steps, batch=batch, passes=passes)
    optimizer = torch.optim.Adam(policy.parameters(), lr=rate)
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = rate * (1 - step / steps) if decay else rate
        with torch.no_grad():
            drawn = torch.multinomial(policy.distribution(), batch, replacement=True, generator=generator)  # (B,)
            old, anchor = policy.token_logp(drawn), reference.token_logp(drawn)  # (B, T)
            rewards = penalized_reward(reward[drawn], old, anchor, beta=beta)
            gain = advantages(rewards, policy.token_values(drawn), trace=trace)
            returns = rewards.flip(1).cumsum(1).flip(1)
            pull = standardized(gain) if standardize else gain
        for _ in range(passes):
            optimizer.zero_grad()
            loss = clipped_loss(policy.token_logp(drawn), old, pull, clip=clip)
            (loss + (policy.token_values(drawn) - returns).square().mean() / 2).backward()
            optimizer.step()
        with torch.no_grad():
            share = is_clipped(policy.token_logp(drawn), old, pull, clip=clip).double().mean().item()
            kl = k1(old.sum(1), anchor.sum(1)).mean().item()
            record = Step(step, reward[drawn].mean().item(), kl, share, policy.distribution())
        yield record  # outside of no_grad, which would stay on for whoever reads the record


def _check_run(
    policy: TablePolicy, reward: Tensor, *, beta: float, rate: float, steps: int, batch: int, passes: int
) -> None:
    if not beta > 0:
        raise ValueError(f"beta must be positive, got {beta}; without a leash every best response is an optimum")
    if min(steps, batch, passes) < 1 or not rate > 0:
        raise ValueError(
            f"steps, batch and passes must be 1 or more and rate positive: {steps}, {batch}, {passes}, {rate}"
        )
    if len(reward) != policy.vocab**policy.length or not torch.isfinite(reward).all():
        raise ValueError(f"{policy.vocab**policy.length} finite rewards are needed, got {len(reward)}: {reward}")
