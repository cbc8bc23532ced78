r"""Rewards out of comparisons: the Bradley–Terry model, ties, margins, and a fit for a table of responses (torch).

A judge prefers response 1 to response 2 with probability $\sigma(r_1 - r_2)$. Only differences of rewards matter: add a
constant to all of them and no preference changes, so a reward is known up to a constant (one for each prompt).
"""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from llmcourse.shapes import Float, Int, check_same_shape


def preference_probability(first: Float[Tensor, " *N"], second: Float[Tensor, " *N"]) -> Float[Tensor, " *N"]:
    r"""How often the first is preferred to the second: $\sigma(r_1 - r_2) = e^{r_1} / (e^{r_1} + e^{r_2})$.

    Units:   rewards in nats of odds: a lead of 1 makes the odds e to 1. A lead of 400 Elo points is one of ln 10.
    Raises:  ValueError for no rewards, shapes that differ, or a reward that is not finite.
    Source:  Bradley & Terry (1952), with π = e^r. {cite}`bradley1952`

    >>> round(preference_probability(torch.tensor(1.0), torch.tensor(0.0)).item(), 4)
    0.7311
    """
    _check(first, second)
    return torch.sigmoid(first - second)


def bradley_terry_loss(
    chosen: Float[Tensor, " N"], rejected: Float[Tensor, " N"], *, margin: Float[Tensor, " N"] | None = None
) -> Float[Tensor, ""]:
    r"""Mean surprise at who was preferred: $-\log \sigma(r^+ - r^- - m)$, m = 0 unless a margin is given.

    With a margin the loss asks for a lead of m where plain Bradley–Terry asks for a lead of 0: a pair that a judge
    called clear is pushed further apart. The result is then no longer the likelihood of a preference. A margin of one
    number holds for every pair.

    Units:   nats per comparison; log 2 when all rewards are equal.
    Raises:  ValueError for no comparisons, other numbers of chosen and of rejected, a reward or margin that is not
             finite, or a negative margin.
    Source:  Ouyang et al. (2022), eq. 1, for one comparison each; the margin: Touvron et al. (2023), eq. 2.
             {cite}`ouyang2022,touvron2023llama2`

    >>> round(bradley_terry_loss(torch.tensor([1.0]), torch.tensor([0.0])).item(), 4)
    0.3133
    """
    _check(chosen, rejected)
    lead = chosen - rejected
    if margin is not None:
        if not (torch.isfinite(margin) & (margin >= 0)).all():
            raise ValueError(f"a margin must be finite and not negative, got {margin.min().item():g}")
        lead = lead - margin
    return -F.logsigmoid(lead).mean()


def accuracy(chosen: Float[Tensor, " N"], rejected: Float[Tensor, " N"]) -> float:
    """Share of comparisons in which the preferred response has the higher reward; equal rewards count half.

    Raises:  ValueError for no comparisons, shapes that differ, or a reward that is not finite.

    >>> accuracy(torch.tensor([1.0, 2.0, 0.0]), torch.tensor([0.0, 2.0, 0.0]))
    0.6666666666666666
    """
    _check(chosen, rejected)
    return ((chosen > rejected).double() + (chosen == rejected).double() / 2).mean().item()


def outcome_probabilities(
    first: Float[Tensor, " *N"], second: Float[Tensor, " *N"], *, ties: float
) -> Float[Tensor, "*N 3"]:
    r"""How often "first", "tie" and "second" come in Davidson's model: softmax of $r_1,\ \log\nu+(r_1+r_2)/2,\ r_2$.

    ν (``ties``) says how willing the judge is to call a tie. Among the comparisons that are decided the odds are those
    of Bradley–Terry, whatever ν is.

    Limits:  ν = 0 is Bradley–Terry; for equal rewards a tie has probability ν/(2 + ν).
    Raises:  ValueError for a negative or infinite ν, shapes that differ, or a reward that is not finite.
    Source:  Davidson (1970). {cite}`davidson1970`

    >>> outcome_probabilities(torch.zeros(1), torch.zeros(1), ties=2.0).tolist()
    [[0.25, 0.5, 0.25]]
    """
    if not 0 <= ties < math.inf:
        raise ValueError(f"ties must be finite and not negative, got {ties}; 0 never ties")
    _check(first, second)
    log_ties = math.log(ties) if ties else -math.inf
    return torch.stack((first, (first + second) / 2 + log_ties, second), dim=-1).softmax(dim=-1)


class Fit(NamedTuple):
    """Fitted rewards, centered so that they sum to 0, and how far from flat the loss still was."""

    reward: Float[Tensor, " V"]
    slope: float  # the largest entry of the gradient at the end


def fit_rewards(
    winners: Int[Tensor, " N"], losers: Int[Tensor, " N"], responses: int, *, ridge: float, steps: int = 50
) -> Fit:
    r"""One reward for each response, from who won: least $-\sum\log\sigma(r_w-r_l)+\frac\lambda2\sum_v r_v^2$.

    λ (``ridge``) is a Gaussian prior of variance 1/λ on each reward. Without it a response that never lost would go
    to +∞, and all could be moved together; so λ is positive, and the smaller it is the more one win counts.
    Newton's method, with steps halved until the loss falls: it is convex, so the end is the only minimum.

    Raises:  ValueError for no comparisons, other numbers of winners and of losers, a response outside
             0 … responses − 1, one compared with itself, λ ≤ 0, or if ``steps`` steps do not reach the minimum.
    Derivation: the gradient is Σ σ(r_l − r_w)(e_l − e_w) + λr; the Hessian Σ σ(1 − σ)(e_w − e_l)(e_w − e_l)ᵀ + λI.

    >>> wins, losses = torch.tensor([0, 0, 1]), torch.tensor([1, 1, 0])  # two to one
    >>> fit_rewards(wins, losses, 2, ridge=1e-9).reward.diff().exp().round(decimals=4).tolist()
    [0.5]
    """
    _check_comparisons(winners, losers, responses)
    if not 0 < ridge < math.inf:
        raise ValueError(
            f"ridge must be positive and finite, got {ridge}: without it rewards have no scale and no finite maximum"
        )
    sides = F.one_hot(winners, responses).double() - F.one_hot(losers, responses).double()  # (N, V)
    identity = torch.eye(responses, dtype=torch.float64)

    def loss(r: Tensor) -> Tensor:
        return -F.logsigmoid(sides @ r).sum() + ridge / 2 * r.square().sum()

    reward = torch.zeros(responses, dtype=torch.float64)
    slope = math.inf
    for _ in range(steps):
        surprise = torch.sigmoid(-(sides @ reward))  # (N,) how unexpected each result is
        gradient = -sides.mT @ surprise + ridge * reward
        slope = gradient.abs().max().item()
        if slope < 1e-9 * len(winners):
            return Fit(reward - reward.mean(), slope)
        curvature = (sides * (surprise * (1 - surprise))[:, None]).mT @ sides + ridge * identity  # (V, V)
        step = torch.linalg.solve(curvature, gradient)
        while loss(reward - step) > loss(reward) and step.abs().max() > 1e-14:
            step = step / 2
        reward = reward - step
    raise ValueError(f"{steps} steps of Newton's method left a slope of {slope:.2g}; raise steps or the ridge")


def _check(first: Tensor, second: Tensor) -> None:
    check_same_shape(first=first, second=second)
    if first.numel() == 0:
        raise ValueError("there are 0 comparisons; a reward model needs at least one")
    for values in (first, second):
        wrong = values[~torch.isfinite(values)]
        if wrong.numel():
            raise ValueError(f"rewards must be finite, got {wrong[0].item()} in {wrong.numel()} of {values.numel()}")


def _check_comparisons(winners: Tensor, losers: Tensor, responses: int) -> None:
    check_same_shape(winners=winners, losers=losers)
    if len(winners) == 0:
        raise ValueError("there are 0 comparisons; a reward model needs at least one")
    for side in (winners, losers):
        if not ((side >= 0) & (side < responses)).all():
            worst = side[(side < 0) | (side >= responses)][0].item()
            raise ValueError(f"response {worst} is not one of {responses}, 0 to {responses - 1}")
    if (winners == losers).any():
        raise ValueError(f"response {winners[winners == losers][0].item()} is compared with itself")
