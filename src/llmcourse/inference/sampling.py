r"""From logits to the distribution that the next token is drawn from (numpy).

Each filter takes distributions over the *whole* vocabulary and returns the same shape: what it cuts gets probability 0,
what it keeps is divided by what was kept, so that the rest is again a distribution. How much was cut is a number worth
knowing: ``cut_mass``. A filter applied after another one sees the distribution that the first one left.

Ties.  Tokens of equal probability are alike to ``top_k``, ``min_p`` and ``typical``, which keep all of them or none, as
in Hugging Face transformers. ``top_p`` must stop somewhere: it keeps as many as transformers does, the earlier ones in
the vocabulary. (There, which of the equal ones stay is left to an unstable sort.)
"""

import numpy as np

from llmcourse.language.information import entropy, surprise
from llmcourse.language.probability import check_distribution, normalize
from llmcourse.language.softmax import check_logits, softmax
from llmcourse.shapes import Array, Bool, Float, Int


def greedy(z: Float[Array, "*B V"]) -> Int[Array, " *B"]:
    r"""The most probable token, $\operatorname{argmax}_v z_v$; of equal ones the first.

    It is the limit τ → 0 of drawing from ``softmax(z, temperature=τ)``, if the largest logit is unique.

    Raises:  ValueError for NaN, +∞, or a row that is −∞ throughout.
    Derivation: p_v / p_u = e^{(z_v - z_u)/τ} → 0 as τ → 0 wherever z_v < z_u, so all mass ends on the largest logit.

    >>> int(greedy(np.array([1.0, 3.0, 3.0])))
    1
    """
    check_logits(z)
    return z.argmax(axis=-1)


def top_k(p: Float[Array, "*B V"], k: int) -> Float[Array, "*B V"]:
    r"""The k largest probabilities, renormalized; everything equal to the k-th largest stays too.

    Raises:  ValueError for k < 1 (a k above V keeps everything), or if a row of ``p`` is not a distribution.
    Source:  Fan et al. (2018), section 5.4. {cite}`fan2018`

    >>> top_k(np.array([0.5, 0.25, 0.125, 0.125]), 1).tolist()
    [1.0, 0.0, 0.0, 0.0]
    >>> top_k(np.array([0.5, 0.25, 0.125, 0.125]), 3).tolist()
    [0.5, 0.25, 0.125, 0.125]
    """
    check_distribution(p)
    if k < 1:
        raise ValueError(f"top_k must keep at least 1 token, got {k}; to switch the filter off leave it out")
    k = min(k, p.shape[-1])
    smallest = np.partition(p, -k, axis=-1)[..., -k, None]  # the k-th largest
    return _keep(p, p >= smallest)


def top_p(p: Float[Array, "*B V"], mass: float) -> Float[Array, "*B V"]:
    r"""The smallest set of most probable tokens that holds at least ``mass``, renormalized: the *nucleus*.

    The token at which the running total reaches ``mass`` is part of it, so at least one token stays and the set holds
    ``mass`` or more.

    Limits:  ``mass`` → 0 keeps the most probable token; 1 keeps everything.
    Raises:  ValueError unless 0 < mass ≤ 1, or if a row of ``p`` is not a distribution.
    Source:  Holtzman et al. (2020), section 3.1, eq. 2 and 3. {cite}`holtzman2020`

    >>> top_p(np.array([0.125, 0.5, 0.25, 0.125]), 0.6).round(4).tolist()
    [0.0, 0.6667, 0.3333, 0.0]
    """
    check_distribution(p)
    _check_share("top_p", mass)
    order = np.argsort(-p, axis=-1, kind="stable")  # ranks; of equal tokens the earlier one first
    ranked = np.take_along_axis(p, order, axis=-1)
    # What each rank and all after it hold together, added up from the small end, where the rounding is smallest.
    tail = np.flip(np.flip(ranked, axis=-1).cumsum(axis=-1), axis=-1)
    stays = tail > 1 - mass
    stays[..., 0] = True
    keep = np.empty_like(stays)
    np.put_along_axis(keep, order, stays, axis=-1)
    return _keep(p, keep)


def min_p(p: Float[Array, "*B V"], share: float) -> Float[Array, "*B V"]:
    r"""Every token with at least ``share`` of the largest probability, $p_v \ge s \max_u p_u$, renormalized.

    In logits that is a fixed distance below the best, $z_v \ge z_{\max} + \tau \ln s$, whatever the others are.

    Limits:  ``share`` → 0 keeps everything; 1 keeps the most probable token (and its equals).
    Raises:  ValueError unless 0 < share ≤ 1, or if a row of ``p`` is not a distribution.
    Source:  Nguyen et al. (2025), section 3. {cite}`nguyen2025`

    >>> min_p(np.array([0.5, 0.25, 0.125, 0.125]), 0.5).round(4).tolist()
    [0.6667, 0.3333, 0.0, 0.0]
    """
    check_distribution(p)
    _check_share("min_p", share)
    return _keep(p, p >= share * p.max(axis=-1, keepdims=True))


def typical(p: Float[Array, "*B V"], mass: float) -> Float[Array, "*B V"]:
    r"""The tokens whose surprise is nearest to the entropy, $|{-\log p_v} - H(p)|$, until they hold ``mass``.

    Unlike the other filters it may cut the most probable token: one that is far less surprising than the average.

    Raises:  ValueError unless 0 < mass < 1, or if a row of ``p`` is not a distribution.
    Source:  Meister et al. (2023): locally typical sampling. {cite}`meister2023`

    >>> typical(np.array([0.5, 0.25, 0.125, 0.125]), 0.2).tolist()
    [0.0, 1.0, 0.0, 0.0]
    """
    check_distribution(p)
    if not 0 < mass < 1:
        raise ValueError(f"typical must keep a mass between 0 and 1, got {mass}")
    away = np.abs(surprise(p) - entropy(p)[..., None])
    order = np.argsort(away, axis=-1, kind="stable")
    total = np.take_along_axis(p, order, axis=-1).cumsum(axis=-1)
    last = np.minimum((total < mass).sum(axis=-1, keepdims=True), p.shape[-1] - 1)  # where the total reaches mass
    return _keep(p, away <= np.take_along_axis(away, np.take_along_axis(order, last, axis=-1), axis=-1))


_FILTERS = {"top_k": top_k, "top_p": top_p, "min_p": min_p}


def next_distribution(
    z: Float[Array, "*B V"],
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    min_p: float | None = None,
) -> Float[Array, "*B V"]:
    r"""The distribution to draw from: $\mathrm{softmax}(z/\tau)$, then top-k, then top-p, then min-p.

    The order is that of Hugging Face transformers, and it matters: a filter sees what the temperature and the filters
    before it have made. ``None`` leaves a filter out. Computed in float64, whatever the logits are.

    Raises:  ValueError as ``softmax`` and the filters do.
    Derivation: the composition of ``softmax``, ``top_k``, ``top_p`` and ``min_p``.

    >>> z = np.log(np.array([4.0, 2.0, 1.0, 1.0]))
    >>> next_distribution(z, temperature=0.5).round(4).tolist()
    [0.7273, 0.1818, 0.0455, 0.0455]
    >>> next_distribution(z, temperature=0.5, top_p=0.9).round(4).tolist()
    [0.8, 0.2, 0.0, 0.0]
    """
    p = softmax(z.astype(np.float64), temperature=temperature)
    for name, setting in (("top_k", top_k), ("top_p", top_p), ("min_p", min_p)):
        if setting is not None:
            p = _FILTERS[name](p, setting)
    return p


def cut_mass(p: Float[Array, "*B V"], filtered: Float[Array, "*B V"]) -> Float[Array, " *B"]:
    r"""The probability that a filter took away: the sum of $p_v$ over the tokens that it left at 0.

    Raises:  ValueError if a row of either is not a distribution.
    Derivation: what stays was divided by 1 − cut, so ``filtered`` = p / (1 − cut) on the tokens that are left.

    >>> p = np.array([0.5, 0.25, 0.125, 0.125])
    >>> float(cut_mass(p, top_k(p, 2)))
    0.25
    """
    check_distribution(p)
    check_distribution(filtered, name="filtered")
    return np.where(filtered == 0, p, 0).sum(axis=-1)


def repetition_penalty(z: Float[Array, "*B V"], seen: Int[Array, "*B T"], penalty: float) -> Float[Array, "*B V"]:
    r"""Logits with those of the tokens in ``seen`` pushed down: $z/\theta$ if positive, $z\,\theta$ if negative.

    A token is punished once, however often it came. Mind what this does: softmax does not change when a constant is
    added to all logits, but this does, because it asks which logits are positive.

    Limits:  θ = 1 changes nothing; θ < 1 rewards repetition.
    Raises:  ValueError unless the penalty is positive and finite.
    Source:  Keskar et al. (2019), section 4.1. The paper divides whatever the sign; Hugging Face multiplies negative
             ones, which dividing would raise. {cite}`keskar2019`

    >>> repetition_penalty(np.array([2.0, -1.0, 3.0]), np.array([0, 1, 1]), 2.0).tolist()
    [1.0, -2.0, 3.0]
    """
    if not 0 < penalty < np.inf:
        raise ValueError(f"the repetition penalty must be positive and finite, got {penalty}; 1 changes nothing")
    pushed = np.take_along_axis(z, seen, axis=-1)
    pushed = np.where(pushed > 0, pushed / penalty, pushed * penalty)
    z = z.copy()
    np.put_along_axis(z, seen, pushed, axis=-1)
    return z


def _keep(p: Float[Array, "*B V"], keep: Bool[Array, "*B V"]) -> Float[Array, "*B V"]:
    return normalize(np.where(keep, p, 0))


def _check_share(name: str, share: float) -> None:
    if not 0 < share <= 1:
        raise ValueError(f"{name} must lie above 0 and not above 1, got {share}; to switch the filter off leave it out")
