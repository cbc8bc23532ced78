r"""Beam search: keep the few best beginnings, lengthen each by every token, keep the few best again (numpy).

It looks for the text of highest score, log P(y) / |y|^α, without listing them all. A hypothesis that has chosen the
token ``end`` is set aside; the search goes on with the others until none of them can overtake those set aside.

**When it may stop.** log P only falls as a text grows, so a live hypothesis of log-probability s can at best end with
s / n^α, where n is the largest length allowed (for α ≥ 0, dividing by more brings a negative number nearer to 0). As
soon as ``width`` texts are set aside and the worst of them scores no less than that, nothing can change any more. This
is ``early_stopping="never"`` of Hugging Face transformers; its default is a guess that may stop too early.

**When it is exact.** If ``width`` is at least the number of candidates at each step, nothing is ever thrown away.
Otherwise the best text is lost if one of its beginnings is not among the ``width`` best of its length.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from llmcourse.inference.sequences import Next
from llmcourse.shapes import Float, Int

__all__ = ["BatchLogp", "Beam", "Hypothesis", "beam_search", "beam_steps", "gnmt_penalty", "of_each"]

BatchLogp = Callable[[Sequence[tuple[int, ...]]], Float[np.ndarray, "B V"]]  # prefixes of one length, in; a row each


@dataclass(frozen=True)
class Hypothesis:
    """A text or its beginning; ``score`` is its log-probability over its length to the power α."""

    tokens: tuple[int, ...]
    logp: float
    score: float


@dataclass(frozen=True)
class Beam:
    """What is kept after a step: ``live`` hypotheses by log-probability, ``done`` ones by score, the best first."""

    live: tuple[Hypothesis, ...]
    done: tuple[Hypothesis, ...]


def of_each(next_p: Next) -> BatchLogp:
    """The log-probabilities after several prefixes, from a model that answers for one at a time.

    >>> of_each(lambda prefix: np.array([0.5, 0.5]))([(0,), (1,)]).round(3).tolist()
    [[-0.693, -0.693], [-0.693, -0.693]]
    """

    def _rows(prefixes: Sequence[tuple[int, ...]]) -> Float[np.ndarray, "B V"]:
        with np.errstate(divide="ignore"):
            return np.log(np.stack([next_p(prefix) for prefix in prefixes]))

    return _rows


def beam_search(
    log_probabilities: BatchLogp, *, width: int, max_new: int, end: int | None = None, length_penalty: float = 0.0
) -> tuple[Hypothesis, ...]:
    r"""The ``width`` best texts found, the best first, by $\log P(y) / |y|^{\alpha}$, α being the length penalty.

    The length counts new tokens, ``end`` among them. A text that has none after ``max_new`` tokens ends there.

    Limits:  width 1 and α = 0 is greedy decoding; a width that holds all candidates finds the best text of all.
    Raises:  ValueError for a width or ``max_new`` below 1, α < 0, and rows that are no log-probabilities.
    Source:  Wu et al. (2016), section 7, eq. 14, with |y|^α for its lp(y), as in Hugging Face. {cite}`wu2016`

    >>> rows = {(): [0.6, 0.4], (0,): [0.5, 0.5], (1,): [0.9, 0.1]}
    >>> model = of_each(lambda prefix: np.array(rows[prefix]))
    >>> [beam_search(model, width=b, max_new=2)[0].tokens for b in (1, 2)]  # 0.6 · 0.5 = 0.30, 0.4 · 0.9 = 0.36
    [(0, 0), (1, 0)]
    """
    *_, last = beam_steps(log_probabilities, width=width, max_new=max_new, end=end, length_penalty=length_penalty)
    return last.done


def beam_steps(
    log_probabilities: BatchLogp, *, width: int, max_new: int, end: int | None = None, length_penalty: float = 0.0
) -> Iterator[Beam]:
    """What is kept after each step of ``beam_search``; the last one's ``done`` is its answer.

    An ended text is set aside only if it is among the ``width`` best candidates of its step.

    Raises:  ValueError as ``beam_search``, before the first step or at the row that is wrong.
    Source:  Wu et al. (2016), section 7. {cite}`wu2016`
    """
    if width < 1:
        raise ValueError(f"the beam must be at least 1 wide, got {width}")
    if max_new < 1:
        raise ValueError(f"max_new must be at least 1, got {max_new}")
    if not 0 <= length_penalty < math.inf:
        raise ValueError(f"the length penalty must be 0 or more and finite, got {length_penalty}")
    return _steps(log_probabilities, width, max_new, end, length_penalty)


def _steps(log_probabilities: BatchLogp, width: int, max_new: int, end: int | None, alpha: float) -> Iterator[Beam]:
    live, done = (Hypothesis((), 0.0, 0.0),), ()
    for length in range(1, max_new + 1):
        rows = log_probabilities([one.tokens for one in live]).astype(np.float64)  # (B, V)
        _check_rows(rows, len(live))
        totals = np.array([[one.logp] for one in live]) + rows  # (B, V)
        going, ended = [], list(done)
        for rank, place in enumerate(_best(totals.ravel(), 2 * width).tolist()):
            row, token = divmod(place, rows.shape[1])
            logp = float(totals[row, token])
            one = Hypothesis((*live[row].tokens, token), logp, logp / length**alpha)
            if token == end or length == max_new:
                ended += [one] if rank < width else []
            elif len(going) < width:
                going.append(one)
        done = tuple(sorted(ended, key=lambda one: -one.score)[:width])
        live = tuple(going)
        yield Beam(live, done)
        if not live or (len(done) == width and live[0].logp / max_new**alpha <= done[-1].score):
            return


def gnmt_penalty(length: int, alpha: float) -> float:
    r"""By what Google's translation system divides log P: $(5 + |y|)^{\alpha} / 6^{\alpha}$.

    Limits:  1 for α = 0, and for a text of one token. For long texts it grows as |y|^α does.
    Raises:  ValueError for a length below 1.
    Source:  Wu et al. (2016), eq. 14. {cite}`wu2016`

    >>> gnmt_penalty(1, 0.6), gnmt_penalty(7, 1.0)
    (1.0, 2.0)
    """
    if length < 1:
        raise ValueError(f"a text has at least 1 token, got {length}")
    return ((5 + length) / 6) ** alpha


def _best(totals: Float[np.ndarray, " N"], count: int) -> Int[np.ndarray, " _"]:
    """Places of the ``count`` largest that are possible at all, the largest first; of equal ones the first."""
    least = np.partition(totals, -count)[-count] if count < totals.size else -np.inf
    places = np.flatnonzero((totals >= least) & (totals > -np.inf))
    return places[np.argsort(-totals[places], kind="stable")][:count]


def _check_rows(rows: Float[np.ndarray, "B V"], count: int) -> None:
    if rows.shape[0] != count:
        raise ValueError(f"{count} prefixes need {count} rows of log-probabilities, got {rows.shape[0]}")
    totals = np.exp(rows).sum(axis=-1)
    if not np.allclose(totals, 1, atol=1e-4):  # a softmax in float32 over a large vocabulary is no better
        worst = totals[np.abs(np.where(np.isnan(totals), np.inf, totals) - 1).argmax()]
        raise ValueError(f"the probabilities after a prefix must sum to 1; the worst row sums to {worst:.6g}")
