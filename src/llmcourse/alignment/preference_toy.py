r"""Preferences among finitely many responses, all of them known: what DPO and IPO converge to, exactly (torch).

``share[i, j]`` is how often response i is preferred when i and j are shown. With all pairs equally often shown (or as
often as ``drawn`` says), the expected loss is a finite sum,

    Σ_{i<j} drawn_ij [ share_ij ℓ(h_ij) + share_ji ℓ(-h_ij) ],     h_ij = log π_i/π_ref,i - log π_j/π_ref,j,

and its minimum is what infinitely many comparisons would teach. With shares counted from few comparisons, it is what
those few teach.
"""

import math
from collections.abc import Iterator
from typing import Literal

import torch
from torch import Tensor

from llmcourse.alignment.preferences import loss_of_margin
from llmcourse.shapes import Float, check_same_shape

__all__ = ["Method", "expected_loss", "learn", "log_ratio_differences", "solve"]

Method = Literal["dpo", "ipo"]


def log_ratio_differences(policy: Float[Tensor, " V"], reference: Float[Tensor, " V"]) -> Float[Tensor, "V V"]:
    r"""$h_{ij} = \log\frac{\pi_i}{\pi_{ref,i}} - \log\frac{\pi_j}{\pi_{ref,j}}$, from the logarithms of both.

    Raises:  ValueError for another number of responses in one than in the other.
    Derivation: the difference of two log-ratios; a constant added to ``policy`` falls out, so that logits will do.
    """
    check_same_shape(policy=policy, reference=reference)
    ratio = policy - reference
    return ratio[:, None] - ratio[None, :]


def expected_loss(
    policy: Float[Tensor, " V"],
    reference: Float[Tensor, " V"],
    share: Float[Tensor, "V V"],
    *,
    beta: float,
    method: Method = "dpo",
    drawn: Float[Tensor, "V V"] | None = None,
) -> Float[Tensor, ""]:
    """The loss averaged over all pairs and over both outcomes. ``beta`` is DPO's β or IPO's τ.

    Units:   nats for "dpo".
    Raises:  ValueError unless ``share`` and its transpose add up to 1 off the diagonal, for fewer than two responses, a
             ``beta`` that is not positive and finite, or an unknown method.
    Source:  Rafailov et al. (2023), eq. 7, and Azar et al. (2024), eq. 17, as expectations.
             {cite}`rafailov2023,azar2024ipo`

    >>> even = torch.full((2, 2), 0.5)
    >>> round(expected_loss(torch.zeros(2), torch.zeros(2), even, beta=1.0).item(), 4)
    0.6931
    """
    _check(share, beta)
    if method not in ("dpo", "ipo"):
        raise ValueError(f"no method {method!r}; there are dpo and ipo")
    h = log_ratio_differences(policy, reference)
    scaled, shape, target = (beta * h, "logistic", 1.0) if method == "dpo" else (h, "square", 1 / (2 * beta))
    each = loss_of_margin(scaled.flatten(), shape, target=target).view_as(h)  # the loss if i is preferred to j
    others = 1 - torch.eye(len(h), dtype=h.dtype)
    weight = others if drawn is None else drawn * others
    return (weight * share * each).sum() / (weight * share).sum()


def solve(
    reference: Float[Tensor, " V"],
    share: Float[Tensor, "V V"],
    *,
    beta: float,
    method: Method = "dpo",
    drawn: Float[Tensor, "V V"] | None = None,
) -> Float[Tensor, " V"]:
    """The policy of the smallest expected loss, as probabilities. ``reference`` is given as logarithms.

    Raises:  ValueError as ``expected_loss``; and for DPO if a response wins always, or never: then there is no smallest
             loss, and the policy goes on forever (``learn`` shows how).
    Derivation: L-BFGS on the logits; the loss is convex in them.
    """
    _check(share, beta)
    off = share[~torch.eye(len(share), dtype=torch.bool)]
    if method == "dpo" and bool(((off == 0) | (off == 1)).any()):
        raise ValueError(
            "one response is preferred to another in all comparisons: DPO has no finite best margin for 0 or 1"
        )
    logits = reference.clone().double().requires_grad_()
    optimizer = torch.optim.LBFGS(
        [logits], max_iter=2000, tolerance_grad=1e-13, tolerance_change=1e-16, line_search_fn="strong_wolfe"
    )

    def _loss() -> Tensor:
        optimizer.zero_grad()
        loss = expected_loss(logits, reference.double(), share.double(), beta=beta, method=method, drawn=drawn)
        loss.backward()
        return loss

    optimizer.step(_loss)
    return logits.detach().softmax(0)


def learn(
    reference: Float[Tensor, " V"],
    share: Float[Tensor, "V V"],
    *,
    beta: float,
    rate: float,
    steps: int,
    method: Method = "dpo",
) -> Iterator[Float[Tensor, " V"]]:
    """The policy after each step of gradient descent on the logits, as probabilities.

    Raises:  ValueError as ``expected_loss``, or for a rate or a number of steps that is not positive.
    Derivation: θ ← θ - η ∇ expected_loss(θ), begun at the reference.
    """
    if not rate > 0 or steps < 1:
        raise ValueError(f"rate and steps must be positive, got {rate} and {steps}")
    logits = reference.clone().requires_grad_()
    for _ in range(steps):
        (slope,) = torch.autograd.grad(expected_loss(logits, reference, share, beta=beta, method=method), logits)
        with torch.no_grad():
            logits -= rate * slope
        yield logits.detach().softmax(0)


def _check(share: Tensor, beta: float) -> None:
    if not 0 < beta < math.inf:
        raise ValueError(f"beta must be positive and finite, got {beta}")
    if len(share) < 2:
        raise ValueError(f"a preference needs two responses, got {len(share)}")
    off = ~torch.eye(len(share), dtype=torch.bool)
    total = (share + share.T)[off]
    if not torch.allclose(total, torch.ones_like(total)) or bool((share[off] < 0).any()):
        raise ValueError("share[i, j] and share[j, i] must be at least 0 and add up to 1 for each pair")
