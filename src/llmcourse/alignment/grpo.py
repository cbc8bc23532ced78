r"""Group-relative policy optimization: answers to one question are judged against their siblings (torch).

PPO asks a second network, the critic, what reward was to be expected. GRPO draws several answers to each question and
takes their mean reward instead. Three choices follow, and the variants differ in them:

    variant          advantage                loss of a token is divided by           clip
    GRPO             (r − mean) / std         answers · length of its own answer      1 ± ε
    Dr. GRPO         r − mean                 answers · one constant                  1 ± ε
    DAPO             (r − mean) / std         all tokens of the batch                 1 − ε … 1 + a larger ε

DAPO's equation counts the tokens of a group; its code, trl and this module those of the batch.

In shapes, C counts the questions of a batch, N the answers to each (the papers' G), and B = C · N all answers, those to
one question side by side.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from llmcourse.alignment.kl import k3
from llmcourse.shapes import Bool, Float, check_same_shape

__all__ = ["DAPO", "DR_GRPO", "GRPO", "Variant", "group_advantages", "grpo_loss"]

Divisor = Literal["own", "constant", "all"]


@dataclass(frozen=True, kw_only=True)
class Variant:
    """The choices in which the methods differ; ``beta`` is the weight of the divergence from the reference.

    Raises:  ValueError for a divisor that does not exist, a clip that is not positive, a lower clip of 1 or more, or
             a negative β.
    """

    scaled: bool = True  # advantages are divided by the group's standard deviation
    divisor: Divisor = "own"
    clip: float = 0.2
    clip_high: float | None = None  # None: as ``clip``
    beta: float = 0.0

    def __post_init__(self) -> None:
        if self.divisor not in ("own", "constant", "all"):
            raise ValueError(f"divisor must be own, constant or all, got {self.divisor!r}")
        if not (0 < self.clip < 1 and self.high > 0):
            raise ValueError(f"clips must be positive, the lower one below 1, got {self.clip} and {self.high}")
        if not 0 <= self.beta < float("inf"):
            raise ValueError(f"beta must be at least 0 and finite, got {self.beta}")

    @property
    def high(self) -> float:
        """How far above 1 the ratio may rise before the gradient stops.

        Source:  Yu et al. (2025), section 3.1. {cite}`yu2025dapo`
        """
        return self.clip if self.clip_high is None else self.clip_high


GRPO = Variant(beta=0.04)  # the weight of DeepSeekMath
DR_GRPO = Variant(scaled=False, divisor="constant")
DAPO = Variant(divisor="all", clip_high=0.28)


def group_advantages(
    reward: Float[Tensor, "C N"], *, scaled: bool = True, ddof: int = 0, eps: float = 0.0
) -> Float[Tensor, "C N"]:
    r"""How much better than its siblings: $(r_i - \bar r)/(s + \epsilon)$, or $r_i - \bar r$ alone (not ``scaled``).

    s is the standard deviation of the row, its squares divided by N − ``ddof``. The papers do not say which; Hugging
    Face's trl has ddof 1 and ε = 0.0001. ε is 0 here, since a row without spread is caught.

    Limits:  all rewards of a row equal: zeros. Nobody did better than the others, so nothing is learned.
    Raises:  ValueError for no questions, fewer than 2 answers, a reward that is not finite, a ddof other than 0 and 1,
             or a negative ε.
    Source:  Shao et al. (2024), section 4.1.2; not ``scaled``: Liu et al. (2025), section 3.2.
             {cite}`shao2024,liu2025drgrpo`

    >>> group_advantages(torch.tensor([[1.0, 0.0, 0.0, 1.0], [1.0, 1.0, 1.0, 1.0]])).tolist()
    [[1.0, -1.0, -1.0, 1.0], [0.0, 0.0, 0.0, 0.0]]
    """
    questions, answers = reward.shape
    if questions == 0 or answers < 2:
        raise ValueError(f"there must be a question and 2 answers to compare, got {questions} of {answers}")
    if not torch.isfinite(reward).all():
        wrong = int((~torch.isfinite(reward)).sum())
        raise ValueError(f"{wrong} of {reward.numel()} rewards are not finite numbers; score a failed answer with 0")
    if ddof not in (0, 1) or not 0 <= eps < float("inf"):
        raise ValueError(f"ddof must be 0 or 1 and eps at least 0, got {ddof} and {eps}")
    silent = (reward == reward[:, :1]).all(dim=1, keepdim=True)  # (C, 1); the mean of equals may be off by a rounding
    centered = (reward - reward.mean(dim=1, keepdim=True)).masked_fill(silent, 0.0)
    if not scaled:
        return centered
    spread = (centered.square().sum(dim=1, keepdim=True) / (answers - ddof)).sqrt()
    return centered / (spread + eps).masked_fill(silent, 1.0)


def grpo_loss(
    logp: Float[Tensor, "B T"],
    old_logp: Float[Tensor, "B T"],
    advantage: Float[Tensor, " B"],
    is_response: Bool[Tensor, "B T"],
    *,
    variant: Variant,
    reference_logp: Float[Tensor, "B T"] | None = None,
    constant: float | int = 1,
) -> Float[Tensor, ""]:
    r"""Minus the objective: each token's $\min(\rho A, \mathrm{clip}(\rho) A) - \beta k_3$, added up and divided.

    ρ is the ratio of a token's probability to that under the policy that drew it; a token has its answer's advantage.
    ``divisor`` "own": the mean over an answer's tokens, then over answers. "all": one mean over all tokens. "constant":
    the sum over an answer's tokens divided by ``constant``, then the mean over answers.

    Raises:  ValueError for no answers, shapes that do not fit, an answer without a token, NaN, a ``constant`` that is
             not positive, or a β > 0 without a reference.
    Source:  Shao et al. (2024), eq. 3 and 4; Liu et al. (2025), figure 1; Yu et al. (2025), sections 3.1 and 3.3.
             {cite}`shao2024,liu2025drgrpo,yu2025dapo`

    >>> logp, old, kept = torch.zeros(2, 2), torch.zeros(2, 2), torch.tensor([[True, True], [True, False]])
    >>> gain = torch.tensor([1.0, -1.0])  # one answer of two tokens, one of one
    >>> [round(-grpo_loss(logp, old, gain, kept, variant=v).item(), 2) for v in (Variant(), DR_GRPO, DAPO)]
    [0.0, 0.5, 0.33]
    """
    _check(logp, old_logp, advantage, is_response, constant)
    ratio = (logp - old_logp.detach()).masked_fill(~is_response, 0.0).exp()
    gain = advantage.detach()[:, None]
    token = torch.minimum(ratio * gain, ratio.clamp(1 - variant.clip, 1 + variant.high) * gain)  # (B, T)
    if variant.beta > 0:
        if reference_logp is None:
            raise ValueError(f"beta is {variant.beta}, but there is no reference_logp to stay near to")
        check_same_shape(logp=logp, reference_logp=reference_logp)
        still = torch.zeros_like(logp)
        kept = torch.where(is_response, logp, still), torch.where(is_response, reference_logp.detach(), still)
        token = token - variant.beta * k3(*kept)
    token, length = token.masked_fill(~is_response, 0.0), is_response.sum(dim=1)
    match variant.divisor:
        case "own":
            return -(token.sum(dim=1) / length).mean()
        case "constant":
            return -token.sum(dim=1).mean() / constant
        case "all":
            return -token.sum() / length.sum()


def _check(logp: Tensor, old_logp: Tensor, advantage: Tensor, is_response: Tensor, constant: float | int) -> None:
    if len(logp) == 0:
        raise ValueError("there are 0 answers; a loss needs at least one")
    check_same_shape(logp=logp, old_logp=old_logp, is_response=is_response)
    if not is_response.any(dim=1).all():
        row = int((~is_response.any(dim=1)).nonzero()[0])
        raise ValueError(f"answer {row} has 0 tokens; the end mark is one")
    check_same_shape(advantage=advantage, **{"logp[:, 0]": logp[:, 0]})
    for name, values in (("logp", logp[is_response]), ("old_logp", old_logp[is_response]), ("advantage", advantage)):
        if torch.isnan(values).any():
            raise ValueError(f"{name} has {int(torch.isnan(values).sum())} NaN of {values.numel()} entries")
    if not 0 < constant < float("inf"):
        raise ValueError(f"constant must be positive and finite, got {constant}")
