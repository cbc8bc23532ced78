"""Exercises of page 10.4, group-relative policy optimization (numpy)."""

import math

import numpy as np

from llmcourse.exercises.checker import Exercise, Misconception, Number

best_of_a_group = Number(
    name="10.4.a",
    answer=math.sqrt(3),  # (1 − 1/4) / sqrt(1/4 · 3/4)
    misconceptions=[
        (0.75, "This is r − mean. GRPO also divides by the standard deviation, the root of 1/4 · 3/4."),
        (4.0, "You divided by the variance, 3/16. The standard deviation is its root."),
        (1.5, "You divided by N − 1. For this question the squares are divided by N = 4."),
        (-1 / math.sqrt(3), "This is the advantage of one of the three wrong answers."),
        (1.0, "This is the reward. The advantage compares it with the mean of its group, 1/4."),
    ],
)

silent_groups = Number(
    name="10.4.b",
    answer=0.7**3 + 0.3**3,
    misconceptions=[
        (0.7**3, "These are the groups that are all wrong. Those that are all right teach nothing either."),
        (0.3**3, "These are the groups that are all right. Those that are all wrong teach nothing either."),
        (1 - 0.7**3 - 0.3**3, "This is the share of groups that teach something."),
        (0.7**3 * 0.3**3, "A group is all wrong *or* all right: the two chances are added."),
        (1 - 0.7**3, "This is pass@3, the chance of at least one right answer."),
    ],
)


def _advantages(rewards, *, root=True, centered=True, rows=True, ddof=0, silent=True):
    axis = {"axis": 1, "keepdims": True} if rows else {}
    distance = rewards - rewards.mean(**axis) if centered else rewards
    spread = rewards.std(ddof=ddof, **axis) if root else rewards.var(ddof=ddof, **axis)
    if not silent:
        return distance / (spread + 1e-12)
    return np.where(spread > 0, distance / np.where(spread > 0, spread, 1.0), 0.0)


advantages = Exercise(
    name="10.4.d",
    signature="relative(rewards)",
    answer=_advantages,
    cases=[
        (np.array([[1.0, 0.0, 0.0, 0.0], [5.0, 4.0, 2.0, 1.0]]),),
        (np.array([[0.0, 1.0], [3.0, 3.0], [2.0, -4.0]]),),
        (np.array([[0.5, 0.5, 0.5], [1.0, 2.0, 6.0]]),),
    ],
    misconceptions=[
        Misconception(
            lambda rewards: _advantages(rewards, rows=False),
            "You took the mean over the whole batch. Each row is one question, whose answers are compared.",
        ),
        Misconception(
            lambda rewards: _advantages(rewards, root=False),
            "You divided by the variance. The standard deviation is its root: it has the unit of the rewards.",
        ),
        Misconception(
            lambda rewards: _advantages(rewards, ddof=1),
            "You divided the squares by N − 1, as trl does. The exercise asks for N.",
        ),
        Misconception(
            lambda rewards: _advantages(rewards, centered=False),
            "You left the mean in. Without it every right answer is pushed up, and so is the sum of all of them.",
        ),
        Misconception(
            lambda rewards: rewards - rewards.mean(axis=1, keepdims=True),
            "This is r − mean, the advantage of Dr. GRPO. The exercise asks for GRPO's, over the standard deviation.",
        ),
    ],
)


def _token_weights(lengths, *, divisor):
    lengths = np.asarray(lengths, dtype=float)
    match divisor:
        case "own":
            return 1 / (len(lengths) * lengths)
        case "all":
            return np.full(len(lengths), 1 / lengths.sum())
        case "constant":
            return np.full(len(lengths), 1 / len(lengths))
        case _:
            return 1 / lengths


token_weights = Exercise(
    name="10.4.e",
    signature="token_weights(lengths)",
    answer=lambda lengths: _token_weights(lengths, divisor="own"),
    cases=[(np.array([4, 1]),), (np.array([7, 3, 5]),), (np.array([2, 2, 8, 4]),)],
    misconceptions=[
        Misconception(
            lambda lengths: _token_weights(lengths, divisor="all"),
            "This is one mean over all tokens, DAPO's. GRPO takes the mean of each answer first: 1/(G · |o|).",
        ),
        Misconception(
            lambda lengths: _token_weights(lengths, divisor="constant"),
            "This is the sum over an answer's tokens, Dr. GRPO's. GRPO divides by the answer's own length as well.",
        ),
        Misconception(
            lambda lengths: _token_weights(lengths, divisor="none"),
            "You left out the mean over the answers: divide by their number as well.",
        ),
    ],
)
