r"""Attention as a weighted average under a kernel, and kernels that split into features (torch).

A kernel that is a dot product of features, $\kappa(q, k) = \phi(q) \cdot \phi(k)$, lets the sums over the keys be
formed once for all queries, since $\sum_s \big(\phi(q) \cdot \phi(k_s)\big) v_s = \phi(q) \cdot \sum_s \phi(k_s)
v_s^\top$. Time and memory then grow with T instead of with T².
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from llmcourse.shapes import Bool, Float


def kernel_average(
    kernel: Float[Tensor, "*B T S"], v: Float[Tensor, "*B S K"], mask: Bool[Tensor, "*#B T S"] | None = None
) -> Float[Tensor, "*B T K"]:
    r"""Averages of the values, weighted by a kernel: $\sum_s \kappa_{ts} v_s / \sum_s \kappa_{ts}$.

    With $\kappa_{ts} = e^{q_t \cdot k_s/\sqrt K}$ it is attention.

    Raises:  ValueError for a negative entry, and for a query whose weights are all 0.
    Source:  Nadaraya (1964); Watson (1964); for attention, Tsai et al. (2019), section 2.
             {cite}`nadaraya1964,watson1964,tsai2019`

    >>> kernel_average(torch.tensor([[1.0, 3.0]]), torch.tensor([[0.0], [8.0]])).tolist()
    [[6.0]]
    """
    if (kernel < 0).any():
        raise ValueError(f"a weight must not be negative, got {kernel.min():.3g}; use positive features")
    weights = kernel if mask is None else kernel * mask
    totals = weights.sum(dim=-1, keepdim=True)
    if (totals == 0).any():
        raise ValueError("the weights of a query are all 0, so there is nothing to average; widen the kernel")
    return weights / totals @ v


def exponential_kernel(q: Float[Tensor, "*B T K"], k: Float[Tensor, "*B S K"]) -> Float[Tensor, "*B T S"]:
    r"""The kernel of softmax attention, $e^{q_t \cdot k_s / \sqrt{K}}$, times a constant for each query.

    The constant, $e$ to minus the row's largest score, cancels in ``kernel_average`` and keeps the exponential finite.

    Source:  Tsai et al. (2019), section 2. {cite}`tsai2019`
    """
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    return (scores - scores.amax(dim=-1, keepdim=True)).exp()


def gaussian_kernel(
    q: Float[Tensor, "*B T K"], k: Float[Tensor, "*B S K"], *, bandwidth: float = 1.0
) -> Float[Tensor, "*B T S"]:
    r"""Similarity that falls with distance: $e^{-\lVert q_t - k_s \rVert^2 / 2 h^2}$ with the bandwidth h.

    Range:   0 to 1, at q = k.
    Raises:  ValueError unless ``bandwidth`` is positive.
    Source:  Watson (1964). {cite}`watson1964`

    >>> gaussian_kernel(torch.tensor([[0.0]]), torch.tensor([[0.0], [2.0]])).log().tolist()
    [[0.0, -2.0]]
    """
    if not bandwidth > 0:
        raise ValueError(f"bandwidth must be positive, got {bandwidth}")
    return (-torch.cdist(q, k).square() / (2 * bandwidth**2)).exp()


def random_directions(
    count: int, width: int, *, generator: torch.Generator, orthogonal: bool = False
) -> Float[Tensor, "M K"]:
    r"""``count`` directions $\omega \sim N(0, I)$ to project on (float64), at right angles if asked.

    Orthogonal ones come in blocks of ``width``, each turned at random and each direction with the length that a normal
    vector would have: the marginal law of each ω is unchanged, so estimates stay unbiased, and their variance falls.

    Raises:  ValueError unless both numbers are positive.
    Source:  Choromanski et al. (2021), section 2.4. {cite}`choromanski2021`
    """
    if count < 1 or width < 1:
        raise ValueError(f"count and width must be positive, got {count} and {width}")
    normal = {"generator": generator, "dtype": torch.float64}
    if not orthogonal:
        return torch.randn(count, width, **normal)
    blocks = []
    for _ in range(math.ceil(count / width)):
        basis, upper = torch.linalg.qr(torch.randn(width, width, **normal))
        basis = basis * upper.diagonal().sign()  # without it, qr does not draw every rotation alike
        lengths = torch.randn(width, width, **normal).norm(dim=1, keepdim=True)
        blocks.append(lengths * basis.mT)
    return torch.cat(blocks)[:count]


def positive_features(x: Float[Tensor, "*B T K"], directions: Float[Tensor, "M K"]) -> Float[Tensor, "*B T M"]:
    r"""$\phi_m(x) = e^{\omega_m \cdot x - \lVert x \rVert^2/2} / \sqrt M$: dot products average to $e^{x \cdot y}$.

    For softmax attention give it $q / K^{1/4}$ and $k / K^{1/4}$.

    Range:   above 0, so that every weight is.
    Source:  Choromanski et al. (2021), lemma 1. {cite}`choromanski2021`

    >>> positive_features(torch.zeros(1, 2), torch.ones(4, 2)).tolist()
    [[0.5, 0.5, 0.5, 0.5]]
    """
    half_square = x.square().sum(dim=-1, keepdim=True) / 2
    return (x @ directions.to(x.dtype).mT - half_square).exp() / math.sqrt(len(directions))


def trigonometric_features(x: Float[Tensor, "*B T K"], directions: Float[Tensor, "M K"]) -> Float[Tensor, "*B T 2*M"]:
    r"""$e^{\lVert x \rVert^2/2} (\cos \omega_m \cdot x, \sin \omega_m \cdot x) / \sqrt M$: of both signs.

    Their dot products average to $e^{x \cdot y}$ too.

    Source:  Rahimi & Recht (2007), for the Gaussian kernel; Choromanski et al. (2021), section 2.3.
             {cite}`rahimi2007,choromanski2021`
    """
    angles = x @ directions.to(x.dtype).mT
    waves = torch.cat((angles.cos(), angles.sin()), dim=-1)
    return (x.square().sum(dim=-1, keepdim=True) / 2).exp() * waves / math.sqrt(len(directions))


def elu_features(x: Float[Tensor, "*B T K"]) -> Float[Tensor, "*B T K"]:
    r"""$\mathrm{elu}(x) + 1$: $x + 1$ above 0, $e^x$ below. Positive and cheap, and no estimate of $e^{q \cdot k}$.

    Source:  Katharopoulos et al. (2020), eq. 7. {cite}`katharopoulos2020`

    >>> elu_features(torch.tensor([[0.0, 2.0]])).tolist()
    [[1.0, 3.0]]
    """
    return F.elu(x) + 1


def linear_attention(
    phi_q: Float[Tensor, "*B T M"], phi_k: Float[Tensor, "*B S M"], v: Float[Tensor, "*B S K"]
) -> Float[Tensor, "*B T K"]:
    r"""The same value as ``kernel_average(phi_q @ phi_k.mT, v)``, without the (T, S) matrix.

    $\dfrac{\phi(q_t) \cdot \sum_s \phi(k_s) v_s^\top}{\phi(q_t) \cdot \sum_s \phi(k_s)}$: two sums for all t.

    Cost:    (T + S) · M · K multiplications instead of T · S · (M + K).
    Source:  Katharopoulos et al. (2020), eq. 5 and 6. {cite}`katharopoulos2020`
    """
    mixed = phi_q @ (phi_k.mT @ v)  # (*B, T, M) @ (*B, M, K)
    return mixed / (phi_q @ phi_k.sum(dim=-2).unsqueeze(-1))


def causal_linear_attention(
    phi_q: Float[Tensor, "*B T M"], phi_k: Float[Tensor, "*B S M"], v: Float[Tensor, "*B S K"]
) -> Float[Tensor, "*B T K"]:
    r"""``linear_attention`` in which query t averages over the keys up to t, computed as a recurrence.

    The state is a matrix and a vector, $S_t = S_{t-1} + \phi(k_t) v_t^\top$ and $z_t = z_{t-1} + \phi(k_t)$; the output
    is $\phi(q_t) \cdot S_t / \phi(q_t) \cdot z_t$. The state has M · K + M numbers, however long the text.

    Raises:  ValueError unless there are as many queries as keys.
    Source:  Katharopoulos et al. (2020), eq. 18 to 20. {cite}`katharopoulos2020`
    """
    if phi_q.shape[-2] != phi_k.shape[-2]:
        raise ValueError(f"{phi_q.shape[-2]} queries for {phi_k.shape[-2]} keys; a causal average has one for each")
    state = phi_k.new_zeros(*phi_k.shape[:-2], phi_k.shape[-1], v.shape[-1])  # (*B, M, K)
    total = phi_k.new_zeros(*phi_k.shape[:-2], phi_k.shape[-1])  # (*B, M)
    rows = []
    for t in range(phi_k.shape[-2]):
        state = state + phi_k[..., t, :, None] * v[..., t, None, :]
        total = total + phi_k[..., t, :]
        query = phi_q[..., t, :]
        rows.append((query[..., None, :] @ state)[..., 0, :] / (query * total).sum(dim=-1, keepdim=True))
    return torch.stack(rows, dim=-2)
