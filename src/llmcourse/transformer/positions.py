r"""Sinusoidal positions: a fixed vector for each place in a text, made of clocks that run at different speeds (torch).

Pair i of the vector is one clock, read twice: $(\sin t\omega_i, \cos t\omega_i)$ with $\omega_i = b^{-2i/D}$. Going k
places further turns each clock by the same angle $k\omega_i$, wherever one starts:

  1. $\sin(t+k)\omega = \sin t\omega \cos k\omega + \cos t\omega \sin k\omega$, and alike for the cosine,
  2. so the pair at t + k is a rotation of the pair at t, by a matrix that holds k and not t,
  3. and the dot product of the vectors at t and t + k is $\sum_i \cos k\omega_i$: a function of k alone.
"""

import math

import torch
from torch import Tensor

from llmcourse.shapes import Float, Int
from llmcourse.transformer.rope_scaling import frequencies


def clock_frequencies(width: int, *, base: float | int = 10_000.0) -> Float[Tensor, " {width//2}"]:
    r"""Angle that each clock turns by per position, $\omega_i = b^{-2i/D}$: RoPE's frequencies, over the model's width.

    Units:   radians per position, float64.
    Range:   1 for the first pair, down to $b^{-(D-2)/D}$ for the last, a little more than 1/b.
    Raises:  ValueError for a width that is not even and positive, or a base that is not a finite number above 1.
    Source:  Vaswani et al. (2017), section 3.5. {cite}`vaswani2017`

    >>> clock_frequencies(4, base=100.0).tolist()
    [1.0, 0.1]
    """
    if width < 2 or width % 2:
        raise ValueError(f"each clock needs a sine and a cosine, so the width must be even and positive, got {width}")
    return frequencies(width, base=base)


def wavelengths(width: int, *, base: float | int = 10_000.0) -> Float[Tensor, " {width//2}"]:
    r"""Positions until each clock is back where it started: $2\pi / \omega_i = 2\pi \, b^{2i/D}$.

    Range:   2π for the first pair, up to $2\pi \, b^{1 - 2/D}$ for the last. The paper's "2π to 10000·2π" is the
             limit of large D: the exponent 2i/D stops short of 1.
    Raises:  ValueError for an odd or empty width, or a base not above 1.
    Source:  Vaswani et al. (2017), section 3.5. {cite}`vaswani2017`

    >>> (wavelengths(4, base=100.0) / (2 * math.pi)).tolist()
    [1.0, 10.0]
    """
    return 2 * math.pi / clock_frequencies(width, base=base)


def sinusoidal(
    positions: Int[Tensor, " T"] | Float[Tensor, " T"],
    width: int,
    *,
    base: float | int = 10_000.0,
    dtype: torch.dtype = torch.float64,
) -> Float[Tensor, "T {width}"]:
    r"""One row per position: $\mathrm{PE}(t)_{2i} = \sin t\omega_i$ and $\mathrm{PE}(t)_{2i+1} = \cos t\omega_i$.

    Sines stand in even dimensions and cosines in odd ones, as in the paper. (Some code puts all sines first; the two
    differ by an order of the dimensions, which the next matrix absorbs.) ``dtype`` is that of the result. The angles
    are in float64: float32 has 7 digits, and an angle near 100 000 spends 6 of them before the point.

    Range:   each entry in [−1, 1]; each row has length √(D/2), since every pair has length 1.
    Raises:  ValueError for an odd or empty width, or a base not above 1.
    Source:  Vaswani et al. (2017), section 3.5. {cite}`vaswani2017`

    >>> sinusoidal(torch.tensor([0, 1]), 2).round(decimals=4).tolist()  # sin and cos of 0, and of 1
    [[0.0, 1.0], [0.8415, 0.5403]]
    """
    omega = clock_frequencies(width, base=base).to(positions.device)  # (D/2,)
    angle = positions.double()[:, None] * omega  # (T, D/2)
    return torch.stack((angle.sin(), angle.cos()), dim=-1).flatten(-2).to(dtype)  # (T, D/2, 2) -> (T, D)


def offset_rotation(
    offset: float | int, width: int, *, base: float | int = 10_000.0
) -> Float[Tensor, "{width} {width}"]:
    r"""The matrix $R_k$ with $\mathrm{PE}(t+k) = R_k\,\mathrm{PE}(t)$ for every t: D/2 blocks on the diagonal.

    Block i is $\begin{pmatrix} \cos k\omega_i & \sin k\omega_i \\ -\sin k\omega_i & \cos k\omega_i \end{pmatrix}$. The
    sine stands first in a pair, so a step forward turns clockwise; ``rotary.rotate`` has the other sign.

    Limits:  $R_0$ is the identity, $R_{-k}$ the transpose of $R_k$, and $R_j R_k = R_{j+k}$.
    Raises:  ValueError for an odd or empty width, or a base not above 1.
    Source:  Vaswani et al. (2017), section 3.5, say that such a linear map exists. {cite}`vaswani2017`
    Derivation: the addition theorems of sine and cosine, one pair at a time.

    >>> offset_rotation(math.pi / 2, 2).round(decimals=4).tolist()  # a quarter turn, up to the sign of zero
    [[0.0, 1.0], [-1.0, 0.0]]
    """
    angle = offset * clock_frequencies(width, base=base)  # (D/2,)
    cos, sin = angle.cos(), angle.sin()
    blocks = torch.stack((torch.stack((cos, sin), dim=-1), torch.stack((-sin, cos), dim=-1)), dim=-2)  # (D/2, 2, 2)
    return torch.block_diag(*blocks)


def offset_product(
    offsets: Int[Tensor, " T"] | Float[Tensor, " T"], width: int, *, base: float | int = 10_000.0
) -> Float[Tensor, " T"]:
    r"""The dot product of any two rows k apart: $\mathrm{PE}(t) \cdot \mathrm{PE}(t+k) = \sum_i \cos k\omega_i$.

    Range:   D/2 at k = 0, which is the largest value; the same for k and −k; below, it may turn negative.
    Raises:  ValueError for an odd or empty width, or a base not above 1.
    Derivation: $\sin a \sin b + \cos a \cos b = \cos(a - b)$ for each pair, and t cancels in a − b.

    >>> offset_product(torch.tensor([0, 1]), 2).round(decimals=4).tolist()  # cos 0 and cos 1
    [1.0, 0.5403]
    """
    omega = clock_frequencies(width, base=base).to(offsets.device)
    return (offsets.double()[:, None] * omega).cos().sum(dim=-1)
