r"""AdamW: one step of it in the open, and torch's own set up for a transformer (numpy, torch).

Adam divides each parameter's smoothed gradient by the smoothed size of that gradient, so that every parameter moves by
about the learning rate, however steep its slope. AdamW shrinks the weights beside that, not through the gradient.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from llmcourse.shapes import Float

__all__ = ["AdamState", "adamw_step", "make_adamw", "parameter_groups"]

Vector = Float[np.ndarray, "*N"]


@dataclass(frozen=True)
class AdamState:
    """What Adam remembers: how many steps it has made, and the two moving averages."""

    step: int
    mean: Vector  # of the gradients
    square: Vector  # of the squared gradients

    @classmethod
    def zeros(cls, parameter: Vector) -> "AdamState":
        """Before the first step."""
        return cls(0, np.zeros_like(parameter), np.zeros_like(parameter))


def adamw_step(
    parameter: Vector,
    gradient: Vector,
    state: AdamState,
    *,
    rate: float,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.01,
) -> tuple[Vector, AdamState]:
    r"""The parameter after one step: $\theta - \eta\,\lambda\,\theta - \eta\,\hat m / (\sqrt{\hat v} + \epsilon)$.

    $m = \beta_1 m + (1 - \beta_1)\,g$ and $v = \beta_2 v + (1 - \beta_2)\,g^2$ begin at 0 and are too small at first;
    $\hat m = m/(1 - \beta_1^t)$ and $\hat v = v/(1 - \beta_2^t)$ undo exactly that. The first step is therefore
    $\eta\,\mathrm{sign}(g)$ for every parameter.

    Raises:  ValueError for a negative rate, eps or decay, or betas outside [0, 1).
    Source:  Kingma & Ba (2015), algorithm 1; Loshchilov & Hutter (2019), algorithm 2, with the decay times the rate as
             in PyTorch. {cite}`kingma2015,loshchilov2019`

    >>> theta, g = np.array([1.0, -2.0]), np.array([0.3, -4.0])
    >>> adamw_step(theta, g, AdamState.zeros(theta), rate=0.1)[0].round(3).tolist()  # 1 - .1·.01 - .1 and its mirror
    [0.899, -1.898]
    """
    if rate < 0 or eps < 0 or weight_decay < 0:
        raise ValueError(f"rate, eps and weight_decay must not be negative, got {rate}, {eps}, {weight_decay}")
    if not all(0 <= beta < 1 for beta in betas):
        raise ValueError(f"betas must lie in [0, 1), got {betas}")
    t = state.step + 1
    mean = betas[0] * state.mean + (1 - betas[0]) * gradient
    square = betas[1] * state.square + (1 - betas[1]) * gradient**2
    unbiased_mean = mean / (1 - betas[0] ** t)
    unbiased_square = square / (1 - betas[1] ** t)
    shrunk = parameter - rate * weight_decay * parameter
    return shrunk - rate * unbiased_mean / (np.sqrt(unbiased_square) + eps), AdamState(t, mean, square)


def parameter_groups(model: nn.Module, weight_decay: float) -> list[dict]:
    """Matrices, which decay, and gains and biases, which do not: a gain of 1 is no weight to be kept small.

    Source:  Radford et al. (2018), section 4.1, "all non bias or gain weights". {cite}`radford2018`
    """
    matrices = [p for p in model.parameters() if p.requires_grad and p.ndim > 1]
    vectors = [p for p in model.parameters() if p.requires_grad and p.ndim <= 1]
    groups = [{"params": matrices, "weight_decay": weight_decay}, {"params": vectors, "weight_decay": 0.0}]
    return [group for group in groups if group["params"]]


def make_adamw(
    model: nn.Module, *, rate: float, betas: tuple[float, float], eps: float, weight_decay: float
) -> torch.optim.AdamW:
    """torch's AdamW on these groups; ``adamw_step`` says what it computes."""
    return torch.optim.AdamW(parameter_groups(model, weight_decay), lr=rate, betas=betas, eps=eps, fused=True)
