r"""The relatives of DPO, as one function of a margin (torch).

Each method asks two questions of a pair. *What is compared?* That is the margin u. *What does a margin cost?* That is
the shape, ``loss_of_margin``.

    method   margin u                                               shape
    DPO      β (Δ⁺ - Δ⁻)                                            logistic, -log σ(u)
    cDPO     the same                                               logistic, a share of the labels flipped
    IPO      Δ⁺ - Δ⁻                                                square, (u - 1/(2τ))²
    SimPO    β (log π⁺/|y⁺| - log π⁻/|y⁻|) - γ                      logistic
    ORPO     log odds p̄⁺ - log odds p̄⁻, with log p̄ = log π/|y|      logistic, beside the likelihood of the winner
    KTO      ±β (Δ - z₀), one response at a time                    sigmoid, 1 - σ(u)

Δ = log π(y|x) - log π_ref(y|x) is the log-ratio of a response, |y| its number of tokens, and + and - mark the winner
and the loser. SimPO and ORPO have no reference.
"""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from llmcourse.alignment.dpo import reward_margin
from llmcourse.alignment.kl import check_log_probabilities
from llmcourse.shapes import Bool, Float, Int, check_same_shape

__all__ = [
    "Shape",
    "cdpo_loss",
    "ipo_loss",
    "kto_loss",
    "kto_reference_point",
    "log_odds",
    "loss_of_margin",
    "orpo_loss",
    "per_token",
    "simpo_loss",
]

Shape = Literal["logistic", "square", "hinge", "sigmoid"]


def loss_of_margin(
    margin: Float[Tensor, " B"], shape: Shape, *, target: float = 1.0, flipped: float = 0.0
) -> Float[Tensor, " B"]:
    r"""What each margin u costs: the one place where the methods differ in shape.

    logistic  $-\log\sigma(u)$: never satisfied, but less and less eager; a wrong pair pulls with at most slope 1.
    square    $(u - t)^2$: satisfied at the target t, and pulls *back* beyond it.
    hinge     $\max(0, t - u)$: slope 1 up to the target, then nothing.
    sigmoid   $1 - \sigma(u)$: pulls hardest at 0 and gives up on pairs that are very wrong.

    ``flipped`` is the share of the labels that is taken to be wrong: the loss is then (1 - ε) of this margin's and ε of
    the opposite one's.

    Units:   nats for "logistic"; the others have none.
    Raises:  ValueError for no pairs, NaN, an unknown shape, or a share outside [0, 1/2).
    Source:  Tang et al. (2024), "Generalized preference optimization": convex shapes f of one margin. KTO's
             sigmoid is not convex. {cite}`tang2024gpo`

    >>> loss_of_margin(torch.tensor([0.5]), "square", target=5.0).item()
    20.25
    """
    if len(margin) == 0:
        raise ValueError("there are 0 margins; a loss needs at least one pair")
    if margin.isnan().any():
        raise ValueError(f"{int(margin.isnan().sum())} of {len(margin)} margins are NaN; look at the log-probabilities")
    if not 0 <= flipped < 0.5:
        raise ValueError(f"the share of flipped labels must lie in 0 ≤ ε < 1/2, got {flipped}; beyond, swap the labels")
    if flipped:
        kept, opposite = loss_of_margin(margin, shape, target=target), loss_of_margin(-margin, shape, target=target)
        return (1 - flipped) * kept + flipped * opposite
    match shape:
        case "logistic":
            return -F.logsigmoid(margin)
        case "square":
            return (margin - target).square()
        case "hinge":
            return (target - margin).relu()
        case "sigmoid":
            return torch.sigmoid(-margin)
    raise ValueError(f"no shape {shape!r}; there are logistic, square, hinge and sigmoid")


def per_token(logprob: Float[Tensor, " B"], length: Int[Tensor, " B"]) -> Float[Tensor, " B"]:
    r"""The average over the tokens of a response: $\log\bar p = \log\pi(y|x)/|y|$.

    Raises:  ValueError for a response of fewer than one token, or another number of lengths than of responses.
    Source:  Meng et al. (2024), section 2.2. {cite}`meng2024simpo`

    >>> per_token(torch.tensor([-10.0, -12.0]), torch.tensor([5, 3])).tolist()
    [-2.0, -4.0]
    """
    if len(logprob) != len(length):
        raise ValueError(f"there are {len(length)} lengths for {len(logprob)} responses")
    if len(length) and int(length.min()) < 1:
        raise ValueError(f"a response has {int(length.min())} tokens; each needs at least 1")
    return logprob / length


def cdpo_loss(
    policy_win: Float[Tensor, " B"],
    policy_lose: Float[Tensor, " B"],
    ref_win: Float[Tensor, " B"],
    ref_lose: Float[Tensor, " B"],
    *,
    beta: float,
    flipped: float,
) -> Float[Tensor, ""]:
    r"""DPO that expects a share ε of wrong labels: the mean of $-(1-\varepsilon)\log\sigma(u) -
    \varepsilon\log\sigma(-u)$.

    Its best margin is finite: $\sigma(u) = 1 - \varepsilon$.

    Raises:  ValueError as ``reward_margin`` and ``loss_of_margin``.
    Source:  Mitchell (2023), "A note on DPO with noisy preferences". {cite}`mitchell2023cdpo`
    """
    margin = reward_margin(policy_win, policy_lose, ref_win, ref_lose, beta=beta)
    return loss_of_margin(margin, "logistic", flipped=flipped).mean()


def ipo_loss(
    policy_win: Float[Tensor, " B"],
    policy_lose: Float[Tensor, " B"],
    ref_win: Float[Tensor, " B"],
    ref_lose: Float[Tensor, " B"],
    *,
    tau: float,
) -> Float[Tensor, ""]:
    r"""Regression on a finite margin: the mean of $\big(\Delta^+ - \Delta^- - \frac{1}{2\tau}\big)^2$.

    As in the paper the log-probabilities are sums. Hugging Face's trl divides each Δ by the length of its response
    (said to be what the authors ran): give it the log-probabilities ``per_token``.

    Units:   nats².
    Raises:  ValueError unless ``tau`` is positive and finite, and as ``reward_margin``.
    Source:  Azar et al. (2024), eq. 17. {cite}`azar2024ipo`

    >>> win, lose, ref_win, ref_lose = torch.tensor([[-10.0], [-14.0], [-12.0], [-11.0]])
    >>> ipo_loss(win, lose, ref_win, ref_lose, tau=0.1).item()
    0.0
    """
    _check_positive("tau", tau)
    margin = reward_margin(policy_win, policy_lose, ref_win, ref_lose, beta=1.0)
    return loss_of_margin(margin, "square", target=1 / (2 * tau)).mean()


def simpo_loss(
    mean_win: Float[Tensor, " B"], mean_lose: Float[Tensor, " B"], *, beta: float, gamma: float = 0.0
) -> Float[Tensor, ""]:
    r"""DPO without a reference, per token, with a margin to be kept: $-\log\sigma\big(\beta\log\bar p^+ -
    \beta\log\bar p^- - \gamma\big)$, averaged.

    Units:   nats per preference pair; ``mean_win`` and ``mean_lose`` in nats per token (``per_token``).
    Raises:  ValueError for no pairs, lengths that differ, NaN or a positive log-probability, a ``beta`` that is not
             positive, or a negative ``gamma``.
    Source:  Meng et al. (2024), eq. 6. {cite}`meng2024simpo`

    >>> round(simpo_loss(torch.tensor([-1.0]), torch.tensor([-1.5]), beta=2.0, gamma=1.0).item(), 4)
    0.6931
    """
    _check_positive("beta", beta)
    if not 0 <= gamma < float("inf"):
        raise ValueError(f"gamma must be at least 0 and finite, got {gamma}")
    check_same_shape(mean_win=mean_win, mean_lose=mean_lose)
    check_log_probabilities(mean_win=mean_win, mean_lose=mean_lose)
    return loss_of_margin(beta * (mean_win - mean_lose) - gamma, "logistic").mean()


def log_odds(mean_logprob: Float[Tensor, " B"]) -> Float[Tensor, " B"]:
    r"""$\log\frac{\bar p}{1 - \bar p}$ of the average probability of a token, $\bar p = \pi(y|x)^{1/|y|}$.

    Raises:  ValueError for a log-probability that is not below 0: the odds of a certain text are infinite.
    Source:  Hong et al. (2024), eq. 4. {cite}`hong2024orpo`

    >>> round(log_odds(torch.tensor([0.8]).log()).exp().item(), 4)
    4.0
    """
    if not (mean_logprob < 0).all():
        wrong = mean_logprob[~(mean_logprob < 0)][0].item()
        raise ValueError(f"a log-probability must lie below 0, got {wrong}; the odds of a certain text are infinite")
    return mean_logprob - torch.log(-torch.expm1(mean_logprob))


def orpo_loss(mean_win: Float[Tensor, " B"], mean_lose: Float[Tensor, " B"], *, weight: float) -> Float[Tensor, ""]:
    r"""Fine-tuning on the winners, and a preference beside it: the mean of $-\log\bar p^+ + \lambda\,[-\log\sigma(\log
    \mathrm{odds}\,\bar p^+ - \log \mathrm{odds}\,\bar p^-)]$. No reference, no separate fine-tuning before.

    Units:   nats; ``mean_win`` and ``mean_lose`` in nats per token (``per_token``).
    Raises:  ValueError for no pairs, lengths that differ, a negative ``weight``, and as ``log_odds``.
    Source:  Hong et al. (2024), eq. 6 and 7. {cite}`hong2024orpo`
    """
    if not 0 <= weight < float("inf"):
        raise ValueError(f"the weight of the preference must be at least 0 and finite, got {weight}")
    check_same_shape(mean_win=mean_win, mean_lose=mean_lose)
    preference = loss_of_margin(log_odds(mean_win) - log_odds(mean_lose), "logistic")
    return (-mean_win + weight * preference).mean()


def kto_reference_point(log_ratio: Float[Tensor, " B"]) -> Float[Tensor, ""]:
    r"""What a response is compared with: $z_0 = \max\big(0, \overline{\Delta}\big)$, over responses that were given to
    *other* prompts. A rough estimate of KL(π ‖ π_ref); no gradient flows through it.

    Units:   nats per response.
    Raises:  ValueError for no responses.
    Source:  Ethayarajh et al. (2024), section 4.1: the estimate of z₀ in practice. {cite}`ethayarajh2024kto`

    >>> kto_reference_point(torch.tensor([1.0, 2.0])).item(), kto_reference_point(torch.tensor([-1.0])).item()
    (1.5, 0.0)
    """
    if len(log_ratio) == 0:
        raise ValueError("there are 0 responses to estimate the reference point from")
    return log_ratio.detach().mean().clamp(min=0)


def kto_loss(
    log_ratio: Float[Tensor, " B"],
    is_desirable: Bool[Tensor, " B"],
    *,
    beta: float,
    reference_point: Float[Tensor, ""],
    desirable: float = 1.0,
    undesirable: float = 1.0,
) -> Float[Tensor, ""]:
    r"""Thumbs instead of pairs: the mean of $\lambda_y\,[1 - \sigma(\pm\beta(\Delta - z_0))]$, + for a liked response
    and - for a disliked one.

    Range:   0 to the larger λ; a half of λ where Δ equals z₀.
    Raises:  ValueError for no responses, lengths that differ, NaN, a ``beta`` or a λ that is not positive and finite.
    Source:  Ethayarajh et al. (2024), section 4.1, eq. 7 and the value function below it. {cite}`ethayarajh2024kto`

    >>> liked = torch.tensor([True, False])
    >>> kto_loss(torch.zeros(2), liked, beta=0.1, reference_point=torch.tensor(0.0)).item()
    0.5
    """
    _check_positive("beta", beta)
    _check_positive("desirable", desirable)
    _check_positive("undesirable", undesirable)
    check_same_shape(log_ratio=log_ratio, is_desirable=is_desirable)
    sign = torch.where(is_desirable, 1.0, -1.0).to(log_ratio.dtype)
    weight = torch.where(is_desirable, desirable, undesirable).to(log_ratio.dtype)
    return (weight * loss_of_margin(sign * beta * (log_ratio - reference_point), "sigmoid")).mean()


def _check_positive(name: str, value: float) -> None:
    if not 0 < value < float("inf"):
        raise ValueError(f"{name} must be positive and finite, got {value}")
