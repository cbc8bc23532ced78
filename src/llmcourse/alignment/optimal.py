r"""The best policy on a leash, for finitely many responses (numpy).

Maximize $J(\pi) = \sum_y \pi_y r_y - \beta\, D(\pi \,\|\, \pi_{ref})$ over all distributions π. With
$\pi^*_y = \pi_{ref,y}\, e^{r_y/\beta} / Z$ and $Z = \sum_y \pi_{ref,y}\, e^{r_y/\beta}$ one has
$r_y = \beta \log(\pi^*_y / \pi_{ref,y}) + \beta \log Z$. Put that in for r:

    J(π) = β Σ π_y [log π*_y − log π_ref,y] + β log Z − β Σ π_y [log π_y − log π_ref,y]
         = β log Z − β D(π ‖ π*),

which is largest where the divergence is 0, at π = π* and nowhere else. Its value there is β log Z.
"""

import math
from typing import NamedTuple

import numpy as np

from llmcourse.language.information import entropy, kl_divergence
from llmcourse.language.probability import check_distribution, expectation, normalize
from llmcourse.language.softmax import logsumexp, softmax
from llmcourse.shapes import Array, Float


def optimal_policy(
    reference: Float[Array, "*B V"], reward: Float[Array, "*#B V"], *, beta: float
) -> Float[Array, "*B V"]:
    r"""The distribution of highest reward minus β times its divergence: $\pi^*_y \propto \pi_{ref,y}\, e^{r_y/\beta}$.

    What the reference excludes stays excluded. Adding a constant to the reward changes nothing.

    Limits:  β → ∞ gives the reference, β → 0 gives ``unleashed``.
    Raises:  ValueError unless 0 < β < ∞, if a row of ``reference`` is not a distribution, for another number of rewards
             than of responses, or a reward that is not finite.
    Source:  Rafailov et al. (2023), eq. 4; derivation in their appendix A.1. {cite}`rafailov2023`

    >>> optimal_policy(np.array([0.5, 0.3, 0.2]), np.array([0.0, 1.0, 2.0]), beta=1.0).round(3).tolist()
    [0.179, 0.292, 0.529]
    """
    return softmax(_tilted(reference, reward, beta))


def unleashed(reference: Float[Array, "*B V"], reward: Float[Array, "*#B V"]) -> Float[Array, "*B V"]:
    r"""The limit β → 0 of ``optimal_policy``: the responses of the highest reward, shared as the reference shares them.

    Only responses that the reference can give count: a reward of a billion for an impossible one changes nothing.

    Raises:  ValueError as ``optimal_policy`` does.
    Derivation: π*_y / π*_w = (π_ref,y / π_ref,w) e^{(r_y − r_w)/β} goes to 0 if r_y < r_w and stays if they are equal.

    >>> unleashed(np.array([0.5, 0.3, 0.2]), np.array([0.0, 2.0, 2.0])).round(3).tolist()
    [0.0, 0.6, 0.4]
    """
    _check(reference, reward)
    possible = np.where(reference > 0, reward, -np.inf)
    return normalize(np.where(possible == possible.max(axis=-1, keepdims=True), reference, 0.0))


def log_partition(
    reference: Float[Array, "*B V"], reward: Float[Array, "*#B V"], *, beta: float
) -> Float[Array, " *B"]:
    r"""$\log Z = \log \sum_y \pi_{ref,y}\, e^{r_y/\beta}$; β times this is the most that ``objective`` can be.

    Units:   nats.
    Range:   between the reference's mean reward over β (Jensen) and the highest reward over β.
    Raises:  ValueError as ``optimal_policy`` does.
    Source:  Rafailov et al. (2023), below eq. 4. {cite}`rafailov2023`

    >>> float(log_partition(np.array([0.5, 0.5]), np.array([3.0, 3.0]), beta=2.0))
    1.5
    """
    tilted = _tilted(reference, reward, beta)
    return logsumexp(tilted) + _highest(reference, reward)[..., 0] / beta


def objective(
    policy: Float[Array, "*B V"], reference: Float[Array, "*#B V"], reward: Float[Array, "*#B V"], *, beta: float
) -> Float[Array, " *B"]:
    r"""What RLHF maximizes: $\sum_y \pi_y r_y - \beta\, D(\pi \,\|\, \pi_{ref})$, the divergence in nats.

    Range:   −∞ for a policy that does what the reference excludes, to β log Z.
    Raises:  ValueError unless 0 < β < ∞, if a row of ``policy`` or ``reference`` is not a distribution, or for other
             numbers of responses.
    Source:  Ouyang et al. (2022), eq. 2, for one prompt and without the pretraining term. {cite}`ouyang2022`

    >>> half = np.array([0.5, 0.5])
    >>> float(objective(half, half, np.array([0.0, 3.0]), beta=1.0))
    1.5
    """
    _check_beta(beta)
    _check_responses(policy, reference, reward)
    return expectation(policy, reward) - beta * kl_divergence(
        policy, np.broadcast_to(reference, policy.shape), base=np.e
    )


class Path(NamedTuple):
    """The optimal policies for several β, and what each gives and costs."""

    policy: Float[Array, "N V"]
    reward: Float[Array, " N"]  # mean reward
    kl: Float[Array, " N"]  # D(π* ‖ π_ref) in nats
    entropy: Float[Array, " N"]  # in nats


def leash_path(reference: Float[Array, " V"], reward: Float[Array, " V"], betas: Float[Array, " N"]) -> Path:
    r"""Optimal policies along β, with mean reward, divergence from the reference and entropy. β may be 0 and ∞ here.

    Between the limits the mean reward falls with β, $d\,E[r]/d\beta = -\operatorname{Var}_{\pi^*}(r)/\beta^2$, and so
    does the divergence.

    Units:   nats for divergence and entropy.
    Raises:  ValueError for a negative β, and as ``optimal_policy`` does.
    Derivation: the first line is the derivative of a mean under a softmax by its scale 1/β.

    >>> path = leash_path(np.array([0.5, 0.5]), np.array([0.0, 1.0]), np.array([0.0, np.inf]))
    >>> path.policy.tolist(), path.reward.tolist(), path.kl.round(4).tolist()
    ([[0.0, 1.0], [0.5, 0.5]], [1.0, 0.5], [0.6931, 0.0])
    """
    rows = [_at(reference, reward, float(beta)) for beta in betas]
    policy = np.array(rows).reshape(len(rows), reference.shape[-1])
    kl = kl_divergence(policy, np.broadcast_to(reference, policy.shape), base=np.e)
    return Path(policy, expectation(policy, np.broadcast_to(reward, policy.shape)), kl, entropy(policy, base=np.e))


def best_of_n(reference: Float[Array, " V"], reward: Float[Array, " V"], n: int) -> Float[Array, " V"]:
    r"""The distribution of the best of n draws from the reference: $F(r_y)^n - F(r_y^-)^n$, F the share not above.

    Responses of equal reward split their part as the reference does, which is what happens if the first best draw wins.

    Limits:  n = 1 gives the reference, n → ∞ gives ``unleashed``.
    Raises:  ValueError for n < 1, and as ``unleashed`` does.
    Derivation: all n draws lie at or below r with probability F(r)^n; below r with F(r^−)^n; the difference is the
             probability that the best has reward r.

    >>> best_of_n(np.array([0.5, 0.5]), np.array([0.0, 1.0]), 2).tolist()
    [0.25, 0.75]
    """
    _check(reference, reward)
    _check_n(n)
    levels, place = np.unique(reward, return_inverse=True)
    share = np.bincount(place, weights=reference, minlength=levels.size)
    reached = np.minimum(share.cumsum(), 1.0)
    reached[-1] = 1.0  # rounding must not lose what is at the top
    at_level = np.diff(reached**n, prepend=0.0)
    inside = np.divide(reference, share[place], out=np.zeros_like(reference), where=share[place] > 0)
    return normalize(inside * at_level[place])


def best_of_n_kl_bound(n: int) -> float:
    r"""The most that best-of-n can diverge from its reference: $\log n - (n - 1)/n$.

    Reached when no two draws ever have the same reward; with finitely many responses, or ties, the divergence is less.

    Units:   nats.
    Raises:  ValueError for n < 1.
    Source:  Stiennon et al. (2020), appendix G.3; that it is a bound in general: Beirami et al. (2025).
             {cite}`stiennon2020,beirami2025`

    >>> best_of_n_kl_bound(1), round(best_of_n_kl_bound(4), 4)
    (0.0, 0.6363)
    """
    _check_n(n)
    return math.log(n) - (n - 1) / n


def _at(reference: Float[Array, " V"], reward: Float[Array, " V"], beta: float) -> Float[Array, " V"]:
    if beta == 0:
        return unleashed(reference, reward)
    if beta == math.inf:
        _check(reference, reward)
        return reference
    return optimal_policy(reference, reward, beta=beta)


def _highest(reference: Float[Array, "*B V"], reward: Float[Array, "*#B V"]) -> Float[Array, "*B 1"]:
    """The highest reward among what the reference can give."""
    return np.where(reference > 0, reward, -np.inf).max(axis=-1, keepdims=True)


def _tilted(reference: Float[Array, "*B V"], reward: Float[Array, "*#B V"], beta: float) -> Float[Array, "*B V"]:
    """The logarithms of π_ref e^{(r − highest)/β}: the best response keeps its own, whatever β is."""
    _check(reference, reward)
    _check_beta(beta)
    with np.errstate(divide="ignore", over="ignore"):  # log 0 = −∞: excluded; −huge/tiny = −∞: as good as excluded
        fall = np.minimum(reward - _highest(reference, reward), 0.0) / beta
        return np.log(reference) + fall


def _check(reference: Float[Array, "*B V"], reward: Float[Array, "*#B V"]) -> None:
    check_distribution(reference, name="reference")
    _check_responses(reference, reward)
    if not np.isfinite(reward).all():
        raise ValueError(f"rewards must be finite, got {reward[~np.isfinite(reward)].flat[0]}")


def _check_responses(*tables: Float[Array, "..."]) -> None:
    if len({table.shape[-1:] for table in tables}) > 1:
        listed = " and ".join(str(table.shape) for table in tables)
        raise ValueError(f"the last axes must be equal, a number for each response, got shapes {listed}")


def _check_beta(beta: float) -> None:
    if not 0 < beta < math.inf:
        raise ValueError(
            f"beta must be positive and finite, got {beta}; for the limit 0 use optimal.unleashed, for ∞ the reference"
        )


def _check_n(n: int) -> None:
    if n < 1:
        raise ValueError(f"best-of-n needs at least 1 draw, got {n}")
