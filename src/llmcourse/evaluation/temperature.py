r"""One number that makes a model less sure of itself, or more: temperature scaling (numpy, scipy).

The logits z of each item are divided by τ before the softmax. That changes no order and so no answer, only how sure the
model is. With β = 1/τ the mean surprise of the right classes is

$$L(\beta) = \frac{1}{N}\sum_i \Big( \log \sum_v e^{\beta z_{iv}} - \beta z_{i y_i} \Big), \qquad
L'(\beta) = \frac{1}{N}\sum_i \Big( \sum_v p_{iv} z_{iv} - z_{i y_i} \Big).$$

L'' is the mean variance of $z_i$ under $p_i$, which is not negative: L is convex in β (not in τ), and its minimum is
where L' changes sign. There the mean logit that the model expects equals the mean logit of what is right.
"""

import numpy as np
from scipy.optimize import root_scalar

from llmcourse.language.softmax import softmax
from llmcourse.shapes import Array, Float, Integer

__all__ = ["fit_temperature", "nll_slope"]


def nll_slope(z: Float[Array, "N V"], label: Integer[Array, " _"], beta: float) -> float:
    r"""The derivative of the mean surprise by β = 1/τ: $L'(\beta)$, expected logit minus the right one's.

    Units:   nats per unit of β.
    Raises:  ValueError for no rows, different lengths, a label out of range, a logit that is not finite, or β < 0.
    Derivation: the module's head.

    >>> nll_slope(np.array([[2.0, 0.0]]), np.array([0]), 0.0)  # at β = 0 both weigh 1/2: 1 − 2
    -1.0
    """
    _check(z, label)
    if not beta >= 0:
        raise ValueError(f"beta is 1/temperature and must not be negative, got {beta}")
    p = softmax(beta * z)
    return float(((p * z).sum(axis=-1) - _right(z, label)).mean())


def fit_temperature(z: Float[Array, "N V"], label: Integer[Array, " _"]) -> float:
    r"""The τ for which ``softmax(z / τ)`` gives the labels the highest likelihood.

    Found as the zero of L'(β) between β = 0 and a β that brackets it, to about 12 digits.

    Limits:  none is returned: if every label has its row's largest logit, the likelihood grows for ever as τ → 0; if
             the labels' logits are on average no higher than their rows' means, it is largest at τ = ∞.
    Raises:  ValueError in these two cases, and as ``nll_slope``.
    Source:  Guo et al. (2017), section 4.2. {cite}`guo2017`

    >>> z, label = np.array([[2.0, 0.0]] * 4), np.array([0, 0, 0, 1])  # right 3 times of 4: the logit should be log 3
    >>> round(fit_temperature(z, label), 4)  # 2 / log 3
    1.8205
    """
    _check(z, label)
    if nll_slope(z, label, 0.0) >= 0:
        mean = float((_right(z, label) - z.mean(axis=-1)).mean())
        raise ValueError(
            f"the labels' logits lie {mean:.3g} above their rows' means on average; it must be more than 0, "
            "since otherwise no finite temperature is better than guessing"
        )
    if np.all(_right(z, label) == z.max(axis=-1)):
        raise ValueError(
            f"each of the {len(z)} labels has its row's largest logit, so every smaller temperature is more likely: "
            "fit it on more items, with some errors among them"
        )
    spread = float(np.ptp(z, axis=-1).max())  # above 0, or the first check had refused
    high = 1.0 / spread
    while nll_slope(z, label, high) < 0:
        high *= 2
    root = root_scalar(lambda beta: nll_slope(z, label, beta), bracket=(0.0, high), xtol=1e-14 * high, rtol=1e-12)
    return float(1 / root.root)


def _right(z: Float[Array, "N V"], label: Integer[Array, " _"]) -> Float[Array, " N"]:
    return np.take_along_axis(z, label[:, None], axis=-1)[:, 0]


def _check(z: Float[Array, "N V"], label: Integer[Array, " _"]) -> None:
    if len(z) != len(label):
        raise ValueError(f"there are {len(z)} rows of logits and {len(label)} labels")
    if not len(z):
        raise ValueError("there are 0 rows of logits; a temperature needs at least one")
    if not np.isfinite(z).all():
        raise ValueError(f"row {int(np.flatnonzero(~np.isfinite(z).all(axis=-1))[0])} has a logit that is not finite")
    wrong = (label < 0) | (label >= z.shape[-1])
    if wrong.any():
        raise ValueError(f"a label must lie in 0 ... {z.shape[-1] - 1}, got {label[wrong].flat[0]}")
