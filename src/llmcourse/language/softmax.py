"""From logits to probabilities (numpy)."""

import numpy as np

from llmcourse.language.probability import check_distribution
from llmcourse.shapes import Array, Float


def check_logits(z: Float[Array, "*B V"]) -> None:
    """Raise ValueError unless each row of ``z`` has a finite maximum and no NaN; single entries may be −∞ (masked)."""
    if z.shape[-1] == 0:
        raise ValueError(f"logits have no outcomes: their last axis is empty, shape {z.shape}")
    if np.isnan(z).any():
        raise ValueError(f"logits have {np.isnan(z).sum()} NaN of {z.size} entries; find where they come from first")
    peaks = z.max(axis=-1)
    if np.isposinf(peaks).any():
        raise ValueError("a logit is +inf: its probability would be inf/inf; lower it to a finite number")
    if np.isneginf(peaks).any():
        raise ValueError("every logit of a row is -inf (all masked), so no outcome is left; unmask at least one")


def logsumexp(z: Float[Array, "*B V"]) -> Float[Array, " *B"]:
    r"""Log of the sum of exponentials, $\log \sum_v e^{z_v}$, also where $e^{z_v}$ itself would overflow.

    Derivation: take the largest logit m out of the sum, $\sum_v e^{z_v} = e^m \sum_v e^{z_v - m}$. Now no exponent is
    positive, and one is 0, so the sum lies between 1 and V and its logarithm is safe.

    Raises:  ValueError for NaN, +∞, or a row that is −∞ throughout.

    >>> float(logsumexp(np.array([1000.0, 1000.0])).round(6))
    1000.693147
    """
    check_logits(z)
    peak = z.max(axis=-1, keepdims=True)
    return np.log(np.exp(z - peak).sum(axis=-1)) + peak[..., 0]


def log_softmax(z: Float[Array, "*B V"], *, temperature: float = 1.0) -> Float[Array, "*B V"]:
    r"""Log-probabilities $\log p_v = z_v/\tau - \log \sum_u e^{z_u/\tau}$, where $\tau$ is the temperature.

    Better than the logarithm of ``softmax`` where a probability is too small for a float: it stays finite.

    Units:   nats.
    Raises:  ValueError as ``softmax`` does.
    Derivation: the logarithm of the formula of ``softmax``.

    >>> log_softmax(np.array([0.0, -2000.0])).tolist()
    [0.0, -2000.0]
    """
    scaled = _divide_by_temperature(z, temperature)
    return scaled - logsumexp(scaled)[..., None]


def softmax(z: Float[Array, "*B V"], *, temperature: float = 1.0) -> Float[Array, "*B V"]:
    r"""Probabilities proportional to $e^{z_v / \tau}$, where $\tau$ is the temperature.

    Limits:  τ → ∞ gives the uniform distribution; τ → 0 puts all mass on the largest logit (shared if tied).
    Raises:  ValueError unless ``temperature > 0``, and for NaN, +∞, or a row that is −∞ throughout.
    Source:  Hinton et al. (2015), eq. 1. {cite}`hinton2015`

    >>> softmax(np.log(np.array([1.0, 3.0]))).round(12).tolist()
    [0.25, 0.75]
    """
    scaled = _divide_by_temperature(z, temperature)
    # Subtracting a constant from every logit changes nothing, since it cancels in the ratio. Subtracting the largest
    # makes every exponent <= 0, so nothing overflows and the denominator is at least 1.
    weights = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def softmax_jacobian(p: Float[Array, "*B V"]) -> Float[Array, "*B V V"]:
    r"""How each probability moves with each logit: $\partial p_v / \partial z_u = p_v(\delta_{vu} - p_u)$.

    As a matrix, $\operatorname{diag}(p) - p p^\top$; row v is about probability v, and the matrix is symmetric. At
    temperature τ divide it by τ.

    Range:   the diagonal, p(1 − p), lies between 0 and 1/4. Rows and columns sum to 0.
    Raises:  ValueError if a row of ``p`` is not a distribution.
    Derivation: log p_v = z_v − log Σ_w e^{z_w}, whose derivative by z_u is δ_vu − p_u; and ∂p_v = p_v ∂ log p_v.

    >>> softmax_jacobian(np.array([0.5, 0.5])).tolist()
    [[0.25, -0.25], [-0.25, 0.25]]
    """
    check_distribution(p)
    return p[..., :, None] * (np.eye(p.shape[-1]) - p[..., None, :])


def _divide_by_temperature(z: Float[Array, "*B V"], temperature: float) -> Float[Array, "*B V"]:
    check_logits(z)
    if not 0 < temperature < np.inf:
        raise ValueError(
            f"temperature must be positive and finite, got {temperature}; in the limit 0 take the argmax, "
            "in the limit ∞ the uniform distribution"
        )
    # Differences from the peak, so that a tiny temperature sends the losers to −∞ and leaves the winner at 0.
    with np.errstate(over="ignore"):
        return (z - z.max(axis=-1, keepdims=True)) / temperature
