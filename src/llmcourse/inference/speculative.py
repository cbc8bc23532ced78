r"""Speculative sampling: a small model drafts, the large one checks all at once, and its law is untouched (numpy).

p is the target's distribution of the next token, q the draft's. A drafted token x, drawn from q, is accepted with
probability min(1, p(x) / q(x)). If it is rejected, a token is drawn from the *residual*, what p has beyond q:

    r(x) = max(0, p(x) − q(x)) / Σ_y max(0, p(y) − q(y)).

**Why this is exact.** Write α = Σ_y min(p(y), q(y)).

    P(x drafted and accepted) = q(x) · min(1, p(x)/q(x)) = min(p(x), q(x))
    P(rejected)               = 1 − Σ_x min(p(x), q(x)) = 1 − α
    Σ_y max(0, p(y) − q(y))   = Σ_y (p(y) − min(p(y), q(y))) = 1 − α        so that r = (p − min(p, q)) / (1 − α)
    P(x)                      = min(p(x), q(x)) + (1 − α) · r(x) = p(x).

**How many tokens a round gives.** With γ drafts, each accepted with probability α independently of the others, at least
i + 1 tokens come with probability α^i for i = 0 … γ (the last of them from the target itself), and the mean is the sum
of these, (1 − α^{γ+1}) / (1 − α). Real acceptances need not be independent.
"""

from collections.abc import Callable, Sequence

import numpy as np

from llmcourse.inference.sequences import Law, Next
from llmcourse.language.probability import check_distribution
from llmcourse.shapes import Array, Float

__all__ = [
    "Repair", "acceptance", "expected_round", "expected_tokens", "operations", "residual", "speculative_law", "speedup",
    "verify", "verify_law",
]  # fmt: skip

Repair = Callable[[Float[Array, " V"], Float[Array, " V"]], Float[Array, " V"]]  # from p, q to what a rejection draws


def acceptance(p: Float[Array, "*B V"], q: Float[Array, "*B _"]) -> Float[Array, " *B"]:
    r"""The probability that a draft from q is accepted: $\sum_x \min(p_x, q_x)$, one minus their total variation.

    Raises:  ValueError if the vocabularies differ, or a row is not a distribution.
    Source:  Leviathan et al. (2023), theorem 3.5. {cite}`leviathan2023`

    >>> float(acceptance(np.array([0.5, 0.25, 0.25]), np.array([0.25, 0.75, 0.0])))
    0.5
    """
    _check_pair(p, q)
    return np.minimum(p, q).sum(axis=-1)


def residual(p: Float[Array, " V"], q: Float[Array, " _"]) -> Float[Array, " V"]:
    r"""What a rejected draft is replaced from: $\max(0, p - q)$, divided by its sum.

    Raises:  ValueError if p and q are the same, when nothing is ever rejected, and as ``acceptance``.
    Source:  Leviathan et al. (2023), section 2.3 and appendix A.1. {cite}`leviathan2023`

    >>> residual(np.array([0.5, 0.25, 0.25]), np.array([0.25, 0.75, 0.0])).tolist()
    [0.5, 0.0, 0.5]
    """
    _check_pair(p, q)
    more = np.maximum(p - q, 0)
    if not more.any():
        raise ValueError("p and q are the same (the residual has a mass of 0): no draft is ever rejected")
    return more / more.sum()


def verify(
    p: Float[np.ndarray, "N V"],
    q: Float[np.ndarray, "_ _"],
    drafted: Sequence[int],
    rng: np.random.Generator,
    *,
    repair: Repair = residual,
) -> tuple[int, int]:
    """How many of the drafted tokens are accepted, and the token that follows them.

    Row i of ``q`` is what draft i was drawn from, row i of ``p`` the target's distribution at the same place; ``p`` has
    one row more, for the place after the last draft. ``repair`` is there so that a page can show what another one does.

    Raises:  ValueError unless there is one row of q a draft and one of p more, for different vocabularies, for rows
             that are no distributions, and for a draft that q cannot have drawn.
    Source:  Leviathan et al. (2023), algorithm 1. {cite}`leviathan2023`
    """
    _check_round(p, q, drafted)
    for i, token in enumerate(drafted):
        if rng.random() * q[i, token] >= p[i, token]:  # u < p/q would divide
            return i, int(rng.choice(p.shape[1], p=repair(p[i], q[i])))
    return len(drafted), int(rng.choice(p.shape[1], p=p[-1]))


def verify_law(
    p: Float[np.ndarray, "N V"], q: Float[np.ndarray, "_ _"], drafted: Sequence[int], *, repair: Repair = residual
) -> dict[tuple[int, int], float]:
    """The probability of each pair that ``verify`` can return, given what was drafted.

    Raises:  ValueError as ``verify``.
    Source:  Leviathan et al. (2023), algorithm 1. {cite}`leviathan2023`

    >>> verify_law(np.array([[0.5, 0.5], [1.0, 0.0]]), np.array([[0.0, 1.0]]), [1])
    {(0, 0): 0.5, (1, 0): 0.5}
    """
    _check_round(p, q, drafted)
    found, reached = {}, 1.0
    for i, token in enumerate(drafted):
        accept = min(1.0, float(p[i, token] / q[i, token]))
        if accept < 1:
            instead = repair(p[i], q[i])
            found |= {(i, x): reached * (1 - accept) * float(instead[x]) for x in np.flatnonzero(instead).tolist()}
        reached *= accept
    if reached > 0:
        found |= {(len(drafted), x): reached * float(p[-1, x]) for x in np.flatnonzero(p[-1]).tolist()}
    return found


def speculative_law(
    target: Next, draft: Next, *, gamma: int, depth: int, end: int | None = None, repair: Repair = residual
) -> Law:
    """The exact law of the texts that speculative sampling writes, by following every draft, accepted and rejected.

    A draft behind a rejected one is never looked at; so each is drawn here when its turn comes.

    Raises:  ValueError for ``gamma`` or ``depth`` below 1, and as ``residual``.
    Source:  Leviathan et al. (2023), algorithm 1; that it equals the target's law is their appendix A.1.
             {cite}`leviathan2023`
    """
    _check_gamma(gamma)
    if depth < 1:
        raise ValueError(f"depth must be at least 1, got {depth}")
    law: Law = {}

    def _go_on(prefix: tuple[int, ...], weight: float, left: int) -> None:
        if len(prefix) == depth or (prefix and prefix[-1] == end):
            law[prefix] = law.get(prefix, 0.0) + weight
            return
        p = target(prefix)
        if left == 0:  # all drafts accepted: one more token from the target, then a new round
            check_distribution(p, name=f"the target after {prefix}")
            _step(prefix, weight * p, gamma)
            return
        q = draft(prefix)
        _check_pair(p, q)
        accepted = np.minimum(p, q)
        _step(prefix, weight * accepted, left - 1)
        rejected = 1 - float(accepted.sum())
        if rejected > 1e-15:  # else p = q but for rounding
            _step(prefix, weight * rejected * repair(p, q), gamma)

    def _step(prefix: tuple[int, ...], weights: Float[np.ndarray, " V"], left: int) -> None:
        for token in np.flatnonzero(weights).tolist():
            _go_on((*prefix, token), float(weights[token]), left)

    _go_on((), 1.0, gamma)
    return dict(sorted(law.items()))


def expected_round(target: Next, draft: Next, *, gamma: int, depth: int, end: int | None = None) -> float:
    """The mean number of tokens that the first round writes: one, and one more for each run of accepted drafts.

    Unlike ``expected_tokens`` it lets the acceptance depend on what has been written, as it does.

    Units:   tokens per call of the target.
    Raises:  ValueError as ``speculative_law``.
    Derivation: E[N] = Σ_i P(N > i), and N > i if the first i drafts are accepted and the text is not over.
    """
    _check_gamma(gamma)

    def _more(prefix: tuple[int, ...], left: int) -> float:
        if left == 0 or len(prefix) == depth - 1:
            return 1.0
        p, q = target(prefix), draft(prefix)
        _check_pair(p, q)
        accepted = np.minimum(p, q)
        going = [token for token in np.flatnonzero(accepted).tolist() if token != end]
        return 1.0 + sum(float(accepted[token]) * _more((*prefix, token), left - 1) for token in going)

    return _more((), gamma)


def expected_tokens(alpha: float, gamma: int) -> float:
    r"""Tokens per call of the target if each draft is accepted independently: $(1 - \alpha^{\gamma+1}) / (1 - \alpha)$.

    Range:   1 (α = 0) to γ + 1 (α = 1).
    Raises:  ValueError unless 0 ≤ α ≤ 1 and γ ≥ 1.
    Source:  Leviathan et al. (2023), eq. 1. {cite}`leviathan2023`

    >>> expected_tokens(0.5, 2), expected_tokens(1.0, 4)
    (1.75, 5.0)
    """
    _check_gamma(gamma)
    if not 0 <= alpha <= 1:
        raise ValueError(f"the acceptance must lie between 0 and 1, got {alpha}")
    return float(sum(alpha**i for i in range(gamma + 1)))


def speedup(alpha: float, gamma: int, cost: float) -> float:
    r"""How many times faster: $(1 - \alpha^{\gamma+1}) / ((1 - \alpha)(\gamma c + 1))$, c = time of a draft / a target.

    It takes for granted that checking γ + 1 tokens costs the target no more time than writing one.

    Raises:  ValueError for a negative cost, and as ``expected_tokens``.
    Source:  Leviathan et al. (2023), theorem 3.8. {cite}`leviathan2023`

    >>> speedup(0.5, 2, 0.0), speedup(0.5, 2, 0.5)
    (1.75, 0.875)
    """
    if not cost >= 0:
        raise ValueError(f"the draft's cost must not be negative, got {cost}")
    return expected_tokens(alpha, gamma) / (gamma * cost + 1)


def operations(alpha: float, gamma: int, cost: float) -> float:
    r"""How many times more arithmetic: $(1 - \alpha)(\gamma \hat c + \gamma + 1) / (1 - \alpha^{\gamma+1})$.

    ĉ is the draft's operations for a token over the target's. What is rejected was computed in vain.

    Raises:  ValueError as ``speedup``.
    Source:  Leviathan et al. (2023), theorem 3.11. {cite}`leviathan2023`

    >>> round(operations(0.8, 5, 0.0), 2)
    1.63
    """
    if not cost >= 0:
        raise ValueError(f"the draft's cost must not be negative, got {cost}")
    return (gamma * cost + gamma + 1) / expected_tokens(alpha, gamma)


def _check_pair(p: Float[Array, "*B V"], q: Float[Array, "*B _"]) -> None:
    if p.shape[-1] != q.shape[-1]:
        raise ValueError(f"target and draft need one vocabulary, got {p.shape[-1]} and {q.shape[-1]} tokens")
    check_distribution(p)
    check_distribution(q, name="q")


def _check_gamma(gamma: int) -> None:
    if gamma < 1:
        raise ValueError(f"gamma must draft at least 1 token, got {gamma}")


def _check_round(p: Float[np.ndarray, "N V"], q: Float[np.ndarray, "_ _"], drafted: Sequence[int]) -> None:
    if not len(p) - 1 == len(q) == len(drafted):
        raise ValueError(f"{len(drafted)} drafts need as many rows of q and one more of p, got {len(q)} and {len(p)}")
    if len(q):
        _check_pair(p[:-1], q)
    check_distribution(p[-1])
    for i, token in enumerate(drafted):
        if not q[i, token] > 0:
            raise ValueError(f"draft {i} is token {token}, which q gives the probability {q[i, token]:g}")
