r"""Policy gradients: REINFORCE with a baseline, generalized advantages, and PPO's clipped surrogate (torch).

Why a baseline costs nothing. For any number b that does not depend on the draw,

    E[b ∇log π(y)] = b Σ_y π(y) ∇log π(y) = b ∇ Σ_y π(y) = b ∇1 = 0,

so E[(r − b) ∇log π] is the gradient of the mean reward whatever b is; b changes only the spread. The same line, with
−β log(π/π_ref) inside r, says that one may hold the penalty fixed while differentiating: its own derivative is −β.

Losses here are minimized; each is minus the surrogate of its paper.
"""

import torch
from torch import Tensor

from llmcourse.shapes import Bool, Float, check_same_shape


def penalized_reward(
    reward: Float[Tensor, " B"], logp: Float[Tensor, "B T"], reference_logp: Float[Tensor, "B T"], *, beta: float
) -> Float[Tensor, "B T"]:
    r"""A reward for each token: $-\beta(\log\pi - \log\pi_{ref})$, plus the response's reward at the last one.

    The sum of a row is the reward minus β times k1, the divergence as one response estimates it. No gradient flows
    through it. Every response is T tokens long here.

    Raises:  ValueError for no responses, shapes that do not fit, β < 0 (0 takes the leash off), or NaN.
    Source:  Ouyang et al. (2022), eq. 2, token by token. {cite}`ouyang2022`

    >>> logp, reference = torch.tensor([[-1.0, -1.0]]), torch.tensor([[-2.0, -3.0]])
    >>> penalized_reward(torch.tensor([5.0]), logp, reference, beta=0.5).tolist()
    [[-0.5, 4.0]]
    """
    _check(reward=reward)
    _check(logp=logp, reference_logp=reference_logp)
    check_same_shape(reward=reward, **{"logp[:, -1]": logp[..., -1]})
    if not beta >= 0:
        raise ValueError(f"beta must not be negative, got {beta}: that would pay for leaving the reference")
    rewards = -beta * (logp.detach() - reference_logp)
    rewards[:, -1] += reward
    return rewards


def reinforce_loss(
    logp: Float[Tensor, " N"], reward: Float[Tensor, " N"], *, baseline: Float[Tensor, " N"] | float | int = 0.0
) -> Float[Tensor, ""]:
    r"""Minus the mean of $(r - b)\log\pi$: its gradient is, on average, minus that of the mean reward.

    The value means nothing; only its gradient does. A baseline may depend on the prompt or on other draws, but not on
    the draw that it is subtracted from.

    Raises:  ValueError for no draws, shapes that differ, or NaN. (A baseline may be one number.)
    Source:  Williams (1992), theorem 1. {cite}`williams1992`

    >>> logp = torch.tensor([-0.5, -1.0], requires_grad=True)
    >>> reinforce_loss(logp, torch.tensor([3.0, 1.0]), baseline=2).backward()
    >>> logp.grad.tolist()
    [-0.5, 0.5]
    """
    _check(logp=logp, reward=reward)
    if isinstance(baseline, Tensor) and baseline.dim() > 0:
        check_same_shape(reward=reward, baseline=baseline)
    return -((reward - baseline).detach() * logp).mean()


def advantages(
    reward: Float[Tensor, "B T"], value: Float[Tensor, "B T"], *, discount: float = 1.0, trace: float = 1.0
) -> Float[Tensor, "B T"]:
    r"""Generalized advantages: $A_t = \sum_k (\gamma\lambda)^k \delta_{t+k}$, $\delta_t = r_t + \gamma V_{t+1} - V_t$.

    After the last token comes nothing, so its next value is 0. γ is ``discount``, λ is ``trace``.

    Limits:  λ = 0 gives δ, one step of reward and the rest from the value; λ = 1 gives the rest of the rewards minus V.
    Raises:  ValueError for no responses, shapes that differ, NaN, or γ or λ outside [0, 1].
    Source:  Schulman et al. (2016), eq. 16. {cite}`schulman2016`

    >>> advantages(torch.tensor([[0.0, 1.0]]), torch.tensor([[0.5, 0.75]]), trace=0.0).tolist()
    [[0.25, 0.25]]
    >>> advantages(torch.tensor([[0.0, 1.0]]), torch.tensor([[0.5, 0.75]])).tolist()
    [[0.5, 0.25]]
    """
    _check(reward=reward, value=value)
    for name, share in (("discount", discount), ("trace", trace)):
        if not 0 <= share <= 1:
            raise ValueError(f"{name} must lie between 0 and 1, got {share}")
    following = torch.cat((value[:, 1:], torch.zeros_like(value[:, :1])), dim=1)
    surprise = reward + discount * following - value  # (B, T) the δ
    found, running = [], torch.zeros_like(value[:, 0])
    for t in reversed(range(reward.shape[1])):
        running = surprise[:, t] + discount * trace * running
        found.append(running)
    return torch.stack(found[::-1], dim=1)


def standardized(advantage: Float[Tensor, "*B"]) -> Float[Tensor, "*B"]:
    """Advantages shifted to mean 0 and scaled to standard deviation 1 over the whole batch.

    A common habit, and a change of the objective: where all rewards are nearly equal it blows their noise up to size 1.

    Limits:  all equal: zeros, since nobody did better than the others.
    Raises:  ValueError for no advantages or NaN.
    Derivation: (A − mean)/√variance, the variance over the n values themselves (divided by n).

    >>> standardized(torch.tensor([1.0, 3.0])).tolist(), standardized(torch.tensor([2.0, 2.0])).tolist()
    ([-1.0, 1.0], [0.0, 0.0])
    """
    _check(advantage=advantage)
    centered = advantage - advantage.mean()
    if (advantage == advantage.flatten()[0]).all():  # the mean of equal numbers may be off by a rounding
        return torch.zeros_like(advantage)
    return centered / centered.square().mean().sqrt()


def clipped_loss(
    logp: Float[Tensor, " *B"], old_logp: Float[Tensor, " *B"], advantage: Float[Tensor, " *B"], *, clip: float
) -> Float[Tensor, ""]:
    r"""Minus the mean of $\min(\rho A,\ \mathrm{clip}(\rho, 1-\epsilon, 1+\epsilon)\,A)$, with $\rho = \pi/\pi_{old}$.

    ``old_logp`` is that of the policy which drew; at the first step ρ = 1 and the gradient is that of REINFORCE. Where
    a token is already ``is_clipped``, its gradient is 0; where it has moved the wrong way, it is not.

    Raises:  ValueError for no tokens, shapes that differ, NaN, or ε (``clip``) not positive.
    Source:  Schulman et al. (2017), eq. 7. {cite}`schulman2017`

    >>> ratio, gain = torch.tensor([1.5, 1.5]), torch.tensor([1.0, -1.0])
    >>> round(clipped_loss(ratio.log(), torch.zeros(2), gain, clip=0.2).item(), 4)  # -(1.2 - 1.5) / 2
    0.15
    """
    _check_clip(clip)
    _check(logp=logp, old_logp=old_logp, advantage=advantage)
    ratio = (logp - old_logp.detach()).exp()
    advantage = advantage.detach()
    return -torch.minimum(ratio * advantage, ratio.clamp(1 - clip, 1 + clip) * advantage).mean()


def is_clipped(
    logp: Float[Tensor, " *B"], old_logp: Float[Tensor, " *B"], advantage: Float[Tensor, " *B"], *, clip: float
) -> Bool[Tensor, " *B"]:
    r"""True where PPO has stopped pulling: ρ > 1 + ε with a positive advantage, or ρ < 1 − ε with a negative one.

    Raises:  ValueError as ``clipped_loss``.
    Source:  Schulman et al. (2017), figure 1. {cite}`schulman2017`

    >>> is_clipped(torch.tensor([1.5, 1.5]).log(), torch.zeros(2), torch.tensor([1.0, -1.0]), clip=0.2).tolist()
    [True, False]
    """
    _check_clip(clip)
    _check(logp=logp, old_logp=old_logp, advantage=advantage)
    ratio = (logp - old_logp).exp()
    return ((ratio > 1 + clip) & (advantage > 0)) | ((ratio < 1 - clip) & (advantage < 0))


def _check_clip(clip: float) -> None:
    if not clip > 0:
        raise ValueError(f"clip must be positive, got {clip}; 0.2 is usual, and nothing could move at 0")


def _check(**batches: Tensor) -> None:
    for name, values in batches.items():
        if values.numel() == 0:
            raise ValueError(f"{name} is empty, shape {tuple(values.shape)}: a step needs at least one draw")
        if torch.isnan(values).any():
            raise ValueError(f"{name} has {int(torch.isnan(values).sum())} NaN of {values.numel()} entries")
    check_same_shape(**batches)
