r"""Estimating $D(p \,\|\, q)$ from draws of p, one number per draw (torch).

The direction matters. p is what the draws come from: the policy; q the reference. For tokens of a text, ``logp`` and
``logq`` are the log-probabilities of the whole response, summed over its tokens.

An estimator can be right as a number and wrong as a loss. If p depends on parameters, the gradient of k1 averages to 0,
since Σ p ∇log p = ∇Σ p = 0; that of k2 averages to the gradient of D(p ‖ q); that of k3 averages to the gradient of
D(q ‖ p), the other direction. (The draws are held fixed, and only ``logp`` carries the gradient.)
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from llmcourse.shapes import Float, check_same_shape

Estimator = Callable[[Tensor, Tensor], Tensor]


def k1(logp: Float[Tensor, " *N"], logq: Float[Tensor, " *N"]) -> Float[Tensor, " *N"]:
    r"""$\log p - \log q$. Unbiased; a single one may be negative, and its spread is large beside the divergence.

    Raises:  ValueError for shapes that differ, NaN, a positive log-probability, or a draw of probability 0 under p.
    Source:  Schulman (2020), "Approximating KL divergence". {cite}`schulman2020kl`

    >>> k1(torch.tensor([-1.0]), torch.tensor([-1.5])).item()
    0.5
    """
    _check(logp, logq)
    return logp - logq


def k2(logp: Float[Tensor, " *N"], logq: Float[Tensor, " *N"]) -> Float[Tensor, " *N"]:
    r"""$\frac12(\log p - \log q)^2$. Never negative; biased, though little while p is near q.

    Raises:  ValueError as ``k1``.
    Source:  Schulman (2020). {cite}`schulman2020kl`

    >>> k2(torch.tensor([-1.0]), torch.tensor([-1.5])).item()
    0.125
    """
    _check(logp, logq)
    return (logp - logq).square() / 2


def k3(logp: Float[Tensor, " *N"], logq: Float[Tensor, " *N"]) -> Float[Tensor, " *N"]:
    r"""$\rho - 1 - \log\rho$ with $\rho = q/p$. Never negative, and unbiased where q/p averages to 1 under p.

    It is k1 plus ρ − 1, which averages to 0 if p can give everything that q can. The order matters: with ρ = p/q the
    same expression estimates χ²(p ‖ q) − D(p ‖ q).

    Raises:  ValueError as ``k1``.
    Source:  Schulman (2020). {cite}`schulman2020kl`

    >>> round(k3(torch.tensor([-1.0]), torch.tensor([-1.5])).item(), 4)
    0.1065
    """
    _check(logp, logq)
    log_ratio = logq - logp
    return log_ratio.expm1() - log_ratio  # expm1 keeps the leading digits when p is near q


class Moments(NamedTuple):
    """What an estimator is on average, how far that is from the divergence, and how much single values scatter."""

    mean: float
    bias: float
    variance: float


def moments(estimator: Estimator, logp: Float[Tensor, " V"], logq: Float[Tensor, " V"]) -> Moments:
    r"""Mean, bias and variance of one draw's estimate, by adding up all V outcomes: nothing is sampled.

    With n independent draws the mean and the bias stay, and the variance is divided by n.

    Units:   nats; the variance in nats².
    Raises:  ValueError unless ``logp`` and ``logq`` are the logarithms of distributions over the same outcomes, and if
             q excludes something that p gives (the divergence is infinite).
    Derivation: E[k] = Σ p_v k_v and Var[k] = Σ p_v (k_v − E[k])²; outcomes with p_v = 0 never come.

    >>> same = torch.tensor([0.5, 0.5]).double().log()
    >>> moments(k1, same, same)
    Moments(mean=0.0, bias=0.0, variance=0.0)
    """
    check_same_shape(logp=logp, logq=logq)
    for name, values in (("p", logp), ("q", logq)):
        total = values.double().exp().sum().item()
        if not abs(total - 1) < 1e-6:
            raise ValueError(f"{name} must sum to 1 over its outcomes, got {total:.6g}; take log_softmax of logits")
    comes = logp > -torch.inf
    logp, logq = logp[comes].double(), logq[comes].double()
    if (logq == -torch.inf).any():
        raise ValueError(f"q excludes {int((logq == -torch.inf).sum())} outcomes of p: the divergence is infinite")
    p, values = logp.exp(), estimator(logp, logq)
    exact = (p * (logp - logq)).sum()
    mean = (p * values).sum()
    return Moments(mean.item(), (mean - exact).item(), (p * (values - mean).square()).sum().item())


def check_log_probabilities(**batches: Tensor) -> None:
    """Raise ValueError for NaN, or a log-probability above 0 by more than a rounding."""
    for name, values in batches.items():
        if torch.isnan(values).any():
            raise ValueError(f"{name} has {int(torch.isnan(values).sum())} NaN of {values.numel()} entries")
        if (values > 1e-6).any():
            raise ValueError(f"{name} must be log-probabilities, not above 0, got {values.max().item():.4g}")


def _check(logp: Tensor, logq: Tensor) -> None:
    check_same_shape(logp=logp, logq=logq)
    check_log_probabilities(logp=logp, logq=logq)
    if (logp == -torch.inf).any():
        raise ValueError(f"{int((logp == -torch.inf).sum())} draws have probability 0 under p: they cannot come from p")
