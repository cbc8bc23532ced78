"""Exercises of page 11.5, decoding and speculative sampling (numpy)."""

import numpy as np

from llmcourse.exercises.checker import Exercise, Misconception, Number

_P, _Q = np.array([0.5, 0.3, 0.2]), np.array([0.1, 0.3, 0.6])

accepted = Number(
    name="11.5.a",
    answer=float(np.minimum(_P, _Q).sum()),
    unit="of the drafts",
    tolerance=1e-3,
    misconceptions=[
        (100 * float(np.minimum(_P, _Q).sum()), "This is in percent. A share lies between 0 and 1."),
        (
            float(1 - np.abs(_P - _Q).sum()),
            "The ½ is missing: the total variation is half of Σ |p − q|, and one minus that is accepted.",
        ),
        (
            float((_Q * np.minimum(1, _Q / _P)).sum()),
            "p and q are swapped in the ratio. A draft is accepted with min(1, p/q), so that what q likes too much is "
            "rejected.",
        ),
        (
            float(1 - np.minimum(_P, _Q).sum()),
            "This is the share that is rejected, the total variation. Accepted is what p and q have in common.",
        ),
        (
            float((_P * _Q).sum()),
            "This is Σ p q, the chance that independent draws of both agree. A draft need not be the token that the "
            "target would have drawn: it is accepted with probability min(1, p/q).",
        ),
        (
            float(np.minimum(1, _P / _Q).mean()),
            "You averaged min(1, p/q) over the tokens as if all were drafted equally often. Weight each by q.",
        ),
        (
            float((_P * np.minimum(1, _P / _Q)).sum()),
            "You weighted min(1, p/q) by p. The token comes from the draft: weight by q, and each term is min(p, q).",
        ),
        (
            float(_P[2] / _Q[2]),
            "This is p/q of the third token, the only one that can be rejected. It is drafted in 0.6 of the cases; add "
            "the drafts that are always kept.",
        ),
    ],
)

round_length = Number(
    name="11.5.b",
    answer=float(sum(0.7**i for i in range(5))),
    unit="tokens",
    misconceptions=[
        (
            5 * 0.7,
            "This is 5α, as if each of five tokens came for itself. A draft counts only if all before it were "
            "accepted.",
        ),
        (
            1 + 0.7**4,
            "You counted only rounds in which all four are accepted. One or two accepted drafts count as well.",
        ),
        (5.0, "That is a round in which all are accepted."),
        (
            4 * 0.7,
            "This is γα, the accepted drafts if each were judged for itself. After a rejection the rest is lost.",
        ),
        (
            4 * 0.7 + 1,
            "You added γα accepted drafts and one of the target's own. But a draft counts only if all before it were "
            "accepted: 0.7, then 0.49, then …",
        ),
        (
            float(sum(0.7**i for i in range(4))),
            "The sum stops one term early. Four drafts can give five tokens: the target adds one of its own.",
        ),
        (
            float(sum(0.7**i for i in range(1, 5))),
            "These are the accepted drafts alone. Each round also has one token from the target itself.",
        ),
        (
            float(sum(0.7**i for i in range(6))),
            "One term too many. Four drafts give five tokens at most: the powers end at α⁴.",
        ),
        (
            1 - 0.7**5,
            "This is 1 − α⁵, the upper half of the formula. Divide by 1 − α.",
        ),
        (1 / (1 - 0.7), "This is the limit for ever more drafts. Here a round ends after four."),
    ],
)


def _residual(p, q):
    more = np.maximum(p - q, 0)
    return more / more.sum()


def _signed_residual(p, q):
    with np.errstate(divide="ignore", invalid="ignore"):
        return (p - q) / (p - q).sum()


residual = Exercise(
    name="11.5.d",
    signature="residual_of(p, q)",
    answer=_residual,
    cases=[
        (np.array([0.5, 0.25, 0.25]), np.array([0.25, 0.75, 0.0])),
        (_P, _Q),
        (np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.4, 0.3, 0.2, 0.1])),
    ],
    misconceptions=[
        Misconception(
            lambda p, q: p,
            "This draws from the target once more. What the draft had already offered is then counted twice: tokens "
            "that q likes come too often. Only what p has beyond q is missing.",
        ),
        Misconception(
            lambda p, q: np.maximum(p - q, 0),
            "The shape is right, but it sums to 1 − α. A token is drawn from it: divide by its sum.",
        ),
        Misconception(
            lambda p, q: np.maximum(p - q, 0) / np.minimum(p, q).sum(),
            "You divided by α, the share that is accepted. The part beyond the draft sums to 1 − α.",
        ),
        Misconception(
            lambda p, q: np.where(p > q, p, 0) / np.where(p > q, p, 0).sum(),
            "You kept p whole where it is above q. Of these tokens the drafts have already given q: keep p − q.",
        ),
        Misconception(
            lambda p, q: np.maximum(q - p, 0) / np.maximum(q - p, 0).sum(),
            "p and q are swapped: this is what the draft has too much of. Those tokens were just rejected.",
        ),
        Misconception(
            lambda p, q: np.abs(p - q) / np.abs(p - q).sum(),
            "The absolute value keeps also what q has beyond p. Those tokens must not come back: max(0, p − q).",
        ),
        Misconception(
            lambda p, q: p - q,
            "This is negative where the draft has more than the target, and sums to 0. Nothing can be drawn there: "
            "take max(0, p − q), then divide by its sum.",
        ),
        Misconception(
            _signed_residual,
            "You divided p − q by its sum, which is 0 (or a rounding error). Take max(0, p − q) first, then divide.",
        ),
        Misconception(
            lambda p, q: np.minimum(p, q) / np.minimum(p, q).sum(),
            "This is the law of the tokens that are accepted. Wanted is what is still missing from p: max(0, p − q).",
        ),
    ],
)
