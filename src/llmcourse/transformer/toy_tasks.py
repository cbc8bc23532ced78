"""Two tasks small enough to train on a page: look something up, and predict dice (torch)."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from llmcourse.shapes import Bool
from llmcourse.transformer.attention import attention, attention_weights
from llmcourse.transformer.threads import one_thread

LAST = 20  # steps whose losses are averaged at the end


@one_thread()
def lookup_loss(
    divisor: float | int,
    *,
    rate: float | int,
    generator: torch.Generator,
    width: int = 64,
    items: int = 16,
    batch: int = 32,
    steps: int = 200,
) -> float:
    """Squared error, at the end of training, of a head that learns to look things up with q·k / ``divisor``.

    Each item has a random vector and a random value; the question is a blurred copy of one item's vector, and the
    answer that item's value. Only the matrices of the queries and the keys are learned, by plain gradient descent.
    They start such that each entry of q and k has a variance of about 1. The loss begins near 1 if the head looks at
    all items alike; 2 is the error of a head that looks at one wrong item.

    Raises:  ValueError unless ``divisor`` and ``rate`` are positive.
    Derivation: an experiment of this course; the argument it tests is that of Vaswani et al. (2017), section 3.2.1.
    """
    if not divisor > 0 or not rate > 0:
        raise ValueError(f"divisor and rate must be positive, got {divisor} and {rate}")
    to_q, to_k = ((torch.randn(width, width, generator=generator) / width**0.5).requires_grad_() for _ in "qk")
    optimizer = torch.optim.SGD([to_q, to_k], lr=rate)
    losses = []
    for _ in range(steps):
        x = torch.randn(batch, items, width, generator=generator)
        values = torch.randn(batch, items, 4, generator=generator)
        wanted = torch.randint(items, (batch,), generator=generator)
        blur = 0.5 * torch.randn(batch, width, generator=generator)
        q = (x[torch.arange(batch), wanted] + blur) @ to_q  # (B, K)
        weights = attention_weights(q[:, None] * (width**0.5 / divisor), x @ to_k)  # (B, 1, S): undo √K, then divide
        loss = F.mse_loss((weights @ values)[:, 0], values[torch.arange(batch), wanted])
        losses.append(_step(optimizer, loss))
    return _end(losses)


@one_thread()
def dice_loss(
    mask: Bool[Tensor, "T T"],
    *,
    generator: torch.Generator,
    sides: int = 6,
    width: int = 32,
    batch: int = 64,
    steps: int = 150,
) -> float:
    r"""Cross-entropy per throw, at the end of training, of one attention layer that predicts the next throw of a die.

    Units:   nats. Nobody can do better than $\ln$ ``sides`` (1.79 for 6) in the long run, unless the mask shows the
             answer: with one future key in sight the T − 1 throws among the inputs cost nothing, and the last one
             $\ln$ ``sides``.
    Derivation: an experiment of this course.
    """
    length = mask.shape[0]
    shapes = {"embed": (sides, width), "places": (length, width), "out": (width, sides)}
    shapes |= dict.fromkeys(("to_q", "to_k", "to_v"), (width, width))
    w = {name: nn.Parameter(torch.randn(s, generator=generator) / math.sqrt(width)) for name, s in shapes.items()}
    optimizer = torch.optim.Adam(w.values(), lr=0.02)
    losses = []
    for _ in range(steps):
        throws = torch.randint(sides, (batch, length + 1), generator=generator)
        x = w["embed"][throws[:, :-1]] + w["places"]  # (B, T, D)
        mixed = attention(x @ w["to_q"], x @ w["to_k"], x @ w["to_v"], mask)  # (B, T, D)
        logits = (x + mixed) @ w["out"]  # (B, T, V)
        losses.append(_step(optimizer, F.cross_entropy(logits.flatten(0, 1), throws[:, 1:].flatten())))
    return _end(losses)


def _step(optimizer: torch.optim.Optimizer, loss: Tensor) -> float:
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def _end(losses: list[float]) -> float:
    """The mean loss of the last steps; infinite if training ran away."""
    last = sum(losses[-LAST:]) / len(losses[-LAST:])
    return last if math.isfinite(last) else math.inf
