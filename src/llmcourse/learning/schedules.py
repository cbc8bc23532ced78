r"""How large a step of the optimizer is: the learning rate over a training, as a share of its peak (pure Python).

warm-up and cosine                          warm-up, stable, decay
1 │  ╭──╮                                   1 │  ╭───────────╮
  │ ╱    ╲__                                  │ ╱             ╲
0 │╱        ╲____                           0 │╱               ╲
  └───────────────── step                     └───────────────── step
"""

import math
from typing import Literal

__all__ = ["SCHEDULES", "Schedule", "cosine", "rate_share", "stable_then_decay"]

Schedule = Literal["cosine", "wsd", "constant"]
SCHEDULES: tuple[Schedule, ...] = ("cosine", "wsd", "constant")


def cosine(step: int, *, steps: int, warmup: int, final: float = 0.0) -> float:
    r"""A straight rise over ``warmup`` steps, then half a period of the cosine down to ``final`` at ``steps``.

    $\eta(s)/\eta_{max} = s/w$ for $s < w$, then $f + (1 - f)\,\tfrac12\,(1 + \cos \pi \frac{s - w}{S - w})$.

    Range:   0 at step 0 of a warm-up, 1 at its end, ``final`` from ``steps`` on.
    Raises:  ValueError for a negative step, a warm-up not shorter than the training, a final share outside 0 … 1.
    Source:  Loshchilov & Hutter (2017), "SGDR", eq. 5, one period of it, after a linear warm-up. {cite}`loshchilov2017`

    >>> [round(cosine(s, steps=110, warmup=10), 3) for s in (0, 1, 10, 60, 110)]
    [0.0, 0.1, 1.0, 0.5, 0.0]
    """
    _check(step, steps, warmup, final)
    if step < warmup:
        return step / warmup
    progress = min(1.0, (step - warmup) / (steps - warmup))
    return final + (1 - final) * 0.5 * (1 + math.cos(math.pi * progress))


def stable_then_decay(step: int, *, steps: int, warmup: int, decay: int, final: float = 0.0) -> float:
    r"""Warm-up, a stable stretch at the peak, and a straight fall to ``final`` over the last ``decay`` steps ("WSD").

    One stable stretch can be continued, and cooled down at several lengths: a cosine must know its end in advance.

    Raises:  ValueError as ``cosine``, and if warm-up and decay together are longer than the training.
    Source:  Hu et al. (2024), "MiniCPM", section 4.2, with a straight line for the decay, as Hägele et al. (2024),
             section 3. {cite}`hu2024minicpm,hagele2024`

    >>> [round(stable_then_decay(s, steps=100, warmup=10, decay=20), 3) for s in (5, 10, 80, 90, 100)]
    [0.5, 1.0, 1.0, 0.5, 0.0]
    """
    _check(step, steps, warmup, final)
    if decay < 1 or warmup + decay > steps:
        raise ValueError(
            f"a decay of {decay} after a warm-up of {warmup} must fit into {steps} steps, and be at least 1"
        )
    if step < warmup:
        return step / warmup
    left = max(0, steps - step)
    return final + (1 - final) * min(1.0, left / decay)


def rate_share(schedule: Schedule, step: int, *, steps: int, warmup: int, decay: int, final: float) -> float:
    """The same value as the named schedule's own function at ``step``; only ``"wsd"`` looks at ``decay``.

    Raises:  ValueError for an unknown schedule, and as the schedule itself.
    """
    if schedule == "cosine":
        return cosine(step, steps=steps, warmup=warmup, final=final)
    if schedule == "wsd":
        return stable_then_decay(step, steps=steps, warmup=warmup, decay=decay, final=final)
    if schedule == "constant":
        _check(step, steps, warmup, final)
        return step / warmup if step < warmup else 1.0
    raise ValueError(f"schedule must be one of {', '.join(SCHEDULES)}, got {schedule!r}")


def _check(step: int, steps: int, warmup: int, final: float) -> None:
    if step < 0:
        raise ValueError(f"step must not be negative, got {step}")
    if not 0 <= warmup < steps:
        raise ValueError(f"a warm-up of {warmup} steps must be shorter than the training of {steps}")
    if not 0 <= final <= 1:
        raise ValueError(f"final must be a share of the peak, between 0 and 1, got {final}")
