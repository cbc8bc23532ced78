r"""Positions as samples of waves: what a fixed set of frequencies can say about an offset, and what it cannot (torch).

Read pair i of an unrotated query and key as complex numbers $z_q$ and $z_k$. After rotation, at k positions apart,

  1. their part of the dot product is $\mathrm{Re}(z_q \bar z_k \, e^{\mathrm{i} k\theta_i})$,
  2. which is $|z_q||z_k| \cos(k\theta_i + \varphi_i)$, with $\varphi_i$ the angle of $z_q \bar z_k$,
  3. so the score is a sum of cosines of the offset: frequencies fixed, amplitudes and phases from query and key.
"""

import math

import torch
from torch import Tensor

from llmcourse.shapes import Float, Int
from llmcourse.transformer.rotary import Pairs, check_pairs


def score_waves(
    q: Float[Tensor, "*B K"], k: Float[Tensor, "*B K"], *, pairs: Pairs = "interleaved"
) -> tuple[Float[Tensor, "*B K/2"], Float[Tensor, "*B K/2"]]:
    r"""Amplitudes $|z_q||z_k| / \sqrt K$ and phases $\arg z_q \bar z_k$ of the score of an unrotated query and key.

    Units:   of a score before softmax; radians in (−π, π].
    Raises:  ValueError for an odd width or an unknown layout.
    Source:  Su et al. (2021), section 3.4.3, eq. 35, without the sum. {cite}`su2021`

    >>> amplitude, phase = score_waves(torch.tensor([4.0, 0.0]), torch.tensor([0.0, 1.0]))
    >>> round(amplitude.item(), 4), round(phase.item(), 4)  # 4 · 1 / √2, and a quarter turn behind
    (2.8284, -1.5708)
    """
    check_pairs(pairs)
    width = q.shape[-1]
    if width % 2:
        raise ValueError(f"a wave needs a pair of coordinates, so the width must be even, got {width}")
    if pairs == "half":
        (a, b), (c, d) = q.chunk(2, dim=-1), k.chunk(2, dim=-1)  # (*B, K/2) each
    else:
        (a, b), (c, d) = q.unflatten(-1, (-1, 2)).unbind(-1), k.unflatten(-1, (-1, 2)).unbind(-1)
    product = torch.complex(a, b) * torch.complex(c, -d)  # the key's conjugate
    return product.abs() / math.sqrt(width), product.angle()


def wave_sum(
    offsets: Int[Tensor, " T"] | Float[Tensor, " T"],
    frequencies: Float[Tensor, " F"],
    amplitude: Float[Tensor, " F"],
    phase: Float[Tensor, " F"],
) -> Float[Tensor, " T"]:
    r"""A function of the offset from its waves: $\sum_i a_i \cos(k\theta_i + \varphi_i)$.

    Units:   offset is query minus key, positive for the past.
    Limits:  with all amplitudes 1 and phases 0 it is ``positions.offset_product``.
    Derivation: the module's three steps.

    >>> one = torch.tensor([1.0])
    >>> wave_sum(torch.tensor([0, 1]), math.pi * one, 2 * one, 0 * one).tolist()  # half a turn a token
    [2.0, -2.0]
    """
    return (offsets[:, None] * frequencies + phase).cos() @ amplitude


def alias(frequency: Float[Tensor, "*F"]) -> Float[Tensor, "*F"]:
    r"""The frequency in [0, π] whose cosine is the same at every whole position.

    Whole turns are taken off, since $\cos k(\theta + 2\pi) = \cos k\theta$; then $\theta$ above π becomes
    $2\pi - \theta$, since $\cos k(2\pi - \theta) = \cos k\theta$. The sine changes its sign in the second step.

    Units:   radians per position.
    Source:  Shannon (1948), theorem 13: samples one apart determine what has no frequency above π.
             {cite}`shannon1948`

    >>> angles = torch.tensor([90.0, 270.0, 405.0]).deg2rad()
    >>> alias(angles).rad2deg().round().tolist()
    [90.0, 90.0, 45.0]
    """
    turn = torch.remainder(frequency, 2 * math.pi)
    return torch.minimum(turn, 2 * math.pi - turn)


def fourier_features(
    positions: Int[Tensor, " T"] | Float[Tensor, " T"], frequencies: Float[Tensor, " F"]
) -> Float[Tensor, "T 2*F"]:
    r"""Cosines, then sines, of every frequency at every position: the inputs from which a linear map makes waves.

    Dot products of two rows depend on the offset alone, $\phi(t) \cdot \phi(s) = \sum_i \cos (t - s)\theta_i$.

    Source:  Tancik et al. (2020), section 4, with frequencies in radians and amplitudes 1. {cite}`tancik2020`

    >>> fourier_features(torch.tensor([0, 2]), torch.tensor([math.pi / 4])).abs().round().tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    angle = positions[:, None] * frequencies  # (T, F)
    return torch.cat((angle.cos(), angle.sin()), dim=-1)


def dirichlet(angle: Float[Tensor, "*T"], waves: int) -> Float[Tensor, "*T"]:
    r"""Sum of ``waves`` harmonics: $\sum_{j=1}^{n} \cos jx = \frac{\sin (n + \frac12) x}{2 \sin \frac12 x} - \frac12$.

    Range:   n at whole turns of x, first zero of the fraction at $x = 2\pi/(2n+1)$, mean 0 over a turn.
    Raises:  ValueError for less than one wave.
    Derivation: multiply by $2 \sin \frac x2$; the sum telescopes (page 5.4).

    >>> dirichlet(torch.tensor([0.0, math.pi]), 3).tolist()  # 1 + 1 + 1, and −1 + 1 − 1
    [3.0, -1.0]
    """
    if waves < 1:
        raise ValueError(f"there must be at least one wave, got {waves}")
    x = torch.remainder(angle + math.pi, 2 * math.pi) - math.pi  # small near whole turns, where the fraction is 0/0
    low = 2 * (x / 2).sin()
    at_turn = low == 0
    fraction = ((waves + 0.5) * x).sin() / low.masked_fill(at_turn, 1.0)
    return torch.where(at_turn, waves + 0.5, fraction) - 0.5


def log_decay(offsets: Int[Tensor, " T"] | Float[Tensor, " T"], base: float | int) -> Float[Tensor, " T"]:
    r"""Mean wave $\cos k\theta$, if $\ln\theta$ is spread evenly from $-\ln b$ to 0: $1 - (\ln k + \gamma)/\ln b$.

    γ = 0.5772 is Euler's constant. Each factor e in distance costs the same, $1/\ln b$.

    Limits:  for $1 \ll k \ll b$; the exact mean is $(\mathrm{Ci}(k) - \mathrm{Ci}(k/b)) / \ln b$. Finitely many
             frequencies scatter around it.
    Raises:  ValueError for an offset that is not positive, or a base that is not a finite number above 1.
    Derivation: substitute $u = k\theta$, and $\mathrm{Ci}(x) = \gamma + \ln x$ up to $x^2/4$ (page 5.2).

    >>> [round(x, 3) for x in log_decay(torch.tensor([1, 10]), 10.0).tolist()]
    [0.749, -0.251]
    """
    if not 1 < base < math.inf:
        raise ValueError(f"the base must be a finite number above 1, got {base}")
    if (offsets <= 0).any():
        raise ValueError(f"offsets must be positive, got {offsets.min().item()}")
    euler = 0.5772156649015329
    return 1 - (offsets.log() + euler) / math.log(base)
