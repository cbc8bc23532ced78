r"""Rotary positions: queries and keys as clocks that turn with their place in the text (torch).

Read pair i of a head as the complex number $z = a + \mathrm{i} b$. At position t it becomes
$z\,e^{\mathrm{i} t \theta_i}$, that is $(a \cos t\theta_i - b \sin t\theta_i,\; a \sin t\theta_i + b \cos t\theta_i)$.
The score of a query at t and a key at s is the real part of $z_q \bar z_k \, e^{\mathrm{i}(t - s)\theta_i}$, summed
over the pairs: t and s are left in it only as t − s.

Pairs:   ``"interleaved"`` (0, 1), (2, 3), ... as in the paper, in Meta's code and in GGUF files of Llama models;
         ``"half"`` i with i + K/2, as in Hugging Face. ``permute_pairs`` takes a checkpoint from one to the other.
"""

from typing import Literal

import torch
from jaxtyping import Complex
from torch import Tensor

from llmcourse.shapes import Float, Int
from llmcourse.transformer.rope_scaling import Scaling, frequencies

__all__ = ["Pairs", "cos_sin", "frequencies", "permute_pairs", "rotate", "turn"]

Pairs = Literal["interleaved", "half"]


def check_pairs(pairs: str) -> None:
    """Raise ValueError unless ``pairs`` names one of the two layouts."""
    if pairs not in ("interleaved", "half"):
        raise ValueError(f"pairs must be 'interleaved' or 'half', got {pairs!r}")


def cos_sin(
    positions: Int[Tensor, "*B T"],
    width: int,
    *,
    base: float | int = 10_000.0,
    scaling: Scaling | None = None,
    dtype: torch.dtype = torch.float32,
) -> Complex[Tensor, "*B T {width//2}"]:
    r"""Factors $e^{\mathrm{i} t \theta_i} = \cos t\theta_i + \mathrm{i} \sin t\theta_i$, shared by all layers.

    The scaling's ``attention_factor`` is multiplied in, so that it reaches queries and keys alike. ``dtype`` is that
    of the queries; half precisions get single-precision factors.

    Source:  Su et al. (2021), eq. 15 and 34. {cite}`su2021`

    >>> cos_sin(torch.tensor([0, 1]), 2).tolist()[0]
    [(1+0j)]
    """
    theta = frequencies(width, base=base) if scaling is None else scaling.frequencies(width, base)  # (K/2,)
    # Angles in float64: float32 has 7 digits, and an angle near 100 000 spends 6 of them before the point.
    angles = positions[..., None] * theta.to(positions.device)  # (*B, T, K/2)
    radius = torch.full_like(angles, 1.0 if scaling is None else scaling.attention_factor)
    return torch.polar(radius, angles).to(torch.complex128 if dtype == torch.float64 else torch.complex64)


def turn(
    x: Float[Tensor, "*B T K"], factors: Complex[Tensor, "*C T K/2"], *, pairs: Pairs = "interleaved"
) -> Float[Tensor, "*B T K"]:
    r"""Each pair (a, b) of ``x``, read as a + ib, times its factor of ``cos_sin``.

    Raises:  ValueError for an unknown layout.
    Source:  Su et al. (2021), eq. 12 and 34. {cite}`su2021`

    >>> i = torch.tensor([[1j]])  # a quarter turn
    >>> turn(torch.tensor([[3.0, 4.0]]), i).tolist()
    [[-4.0, 3.0]]
    """
    check_pairs(pairs)
    single = x.to(factors.real.dtype)  # complex numbers come in single and double precision
    if pairs == "interleaved":
        z = torch.view_as_complex(single.unflatten(-1, (-1, 2)))  # (*B, T, K/2), no copy
        return torch.view_as_real(z * factors).flatten(-2).to(x.dtype)  # (*B, T, K)
    z = torch.complex(*single.chunk(2, dim=-1)) * factors  # (*B, T, K/2)
    return torch.cat((z.real, z.imag), dim=-1).to(x.dtype)  # (*B, T, K)


def rotate(
    x: Float[Tensor, "*B T K"],
    positions: Int[Tensor, " T"],
    *,
    base: float | int = 10_000.0,
    pairs: Pairs = "interleaved",
    scaling: Scaling | None = None,
) -> Float[Tensor, "*B T K"]:
    r"""Queries or keys with their positions in: pair i of row t is turned by the angle $t \, b^{-2i/K}$.

    Then $\langle R_t q, R_s k \rangle$ depends on t and s only through t − s. ``scaling`` changes the angles
    (``rope_scaling``). A model calls ``cos_sin`` once and ``turn`` in each layer, which is the same.

    Raises:  ValueError for an odd width or an unknown layout.
    Source:  Su et al. (2021), eq. 15 and 34. {cite}`su2021`

    >>> x = torch.tensor([[1.0, 0.0]], dtype=torch.float64)  # the only pair of width 2 turns one radian a token
    >>> rotate(x, torch.tensor([1])).round(decimals=4).tolist()  # cos 1 and sin 1
    [[0.5403, 0.8415]]
    """
    factors = cos_sin(positions, x.shape[-1], base=base, scaling=scaling, dtype=x.dtype)  # (T, K/2)
    return turn(x, factors, pairs=pairs)


def permute_pairs(weight: Float[Tensor, "HK ..."], heads: int, *, to: Pairs) -> Float[Tensor, "HK ..."]:
    r"""Rows of a query or key projection (or its bias) reordered from the other pair layout to ``to``.

    Within each head, ``to="half"`` puts the rows 0, 2, 4, ... first and 1, 3, 5, ... after them; ``to="interleaved"``
    undoes it. Permuting the K coordinates of queries and keys alike leaves every dot product as it was.

    Raises:  ValueError if the rows are not ``heads`` times an even number, or for an unknown layout.
    Derivation: coordinate i of the half layout holds what stands at 2i (i < K/2) or at 2(i − K/2) + 1 of the other.

    >>> permute_pairs(torch.tensor([0.0, 1.0, 2.0, 3.0]), 1, to="half").tolist()
    [0.0, 2.0, 1.0, 3.0]
    """
    check_pairs(to)
    if heads < 1 or weight.shape[0] % (2 * heads):
        raise ValueError(f"{weight.shape[0]} rows are not {heads} heads times an even head width")
    pair_axes = (heads, -1, 2) if to == "half" else (heads, 2, -1)
    return weight.unflatten(0, pair_axes).transpose(1, 2).flatten(0, 2)
