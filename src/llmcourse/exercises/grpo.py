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
        (1.5, "You divided by G − 1. For this question the squares are divided by G = 4."),
        (-1 / math.sqrt(3), "This is the advantage of one of the three wrong answers."),
        (1.0, "This is the reward. The advantage compares it with the mean of its group, 1/4."),
        (math.sqrt(3) / 4, "This is the standard deviation. The advantage is the distance from the mean over it."),
        (4 / math.sqrt(3), "This is r over the standard deviation. First take the mean of the group, 1/4, away."),
        (3.0, "You divided by the mean. GRPO divides by the standard deviation, the root of 1/4 · 3/4."),
        (1 / math.sqrt(3), "You used the distance of a wrong answer, 1/4. The right one is 1 − 1/4 above the mean."),
        (-math.sqrt(3), "The sign is turned around: the right answer is above the mean."),
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
        (1 - 0.3**3, "These are all groups that are not all right. The mixed ones among them do teach something."),
    ],
)


def _advantages(rewards, *, root=True, centered=True, axis: int | None = 1, ddof=0, guarded=True, eps=0.0):
    distance = rewards - rewards.mean(axis=axis, keepdims=True) if centered else rewards
    spread = (rewards.std if root else rewards.var)(axis=axis, ddof=ddof, keepdims=True)
    if not guarded:
        with np.errstate(invalid="ignore"):
            return distance / spread
    return np.where(spread > 0, distance / np.where(spread > 0, spread + eps, 1.0), 0.0)


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
            lambda rewards: _advantages(rewards, axis=None),
            "You took the mean over the whole batch. Each row is one question, whose answers are compared.",
        ),
        Misconception(
            lambda rewards: _advantages(rewards, axis=0),
            "You compared down the columns, answers to different questions. The siblings stand in a row: axis=1.",
        ),
        Misconception(
            lambda rewards: _advantages(rewards, guarded=False),
            "A row whose rewards are all equal became 0/0, NaN. It should be zeros: nobody did better than the others.",
        ),
        Misconception(
            lambda rewards: _advantages(rewards, root=False),
            "You divided by the variance. The standard deviation is its root: it has the unit of the rewards.",
        ),
        Misconception(
            lambda rewards: _advantages(rewards, ddof=1),
            "You divided the squares by G − 1, as trl does. The exercise asks for G.",
        ),
        Misconception(
            lambda rewards: _advantages(rewards, centered=False),
            "You left the mean in. Without it every right answer is pushed up, and so is the sum of all of them.",
        ),
        Misconception(
            lambda rewards: rewards - rewards.mean(axis=1, keepdims=True),
            "This is r − mean, the advantage of Dr. GRPO. The exercise asks for GRPO's, over the standard deviation.",
        ),
        Misconception(
            lambda rewards: (rewards - rewards.mean(axis=1, keepdims=True)) / (1 - 1 / rewards.shape[1]),
            "This compares each answer with the others only, as Kool's. GRPO keeps r in the mean and divides by s.",
        ),
        Misconception(
            lambda rewards: (rewards - rewards.mean(axis=1, keepdims=True)) / rewards.std(),
            "You divided by the spread of the whole batch. Each row is divided by its own.",
        ),
        Misconception(
            lambda rewards: -_advantages(rewards),
            "The sign is turned around: an answer above the mean of its row has a positive advantage.",
        ),
        Misconception(
            lambda rewards: _advantages(rewards, eps=1e-4),
            "You added 0.0001 to the spread, as trl does. The exercise asks for s itself, and zeros where it is 0.",
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
            "This is one mean over all tokens, DAPO's. GRPO takes the mean of each answer first: 1/(G · |y|).",
        ),
        Misconception(
            lambda lengths: _token_weights(lengths, divisor="constant"),
            "This is the sum over an answer's tokens, Dr. GRPO's. GRPO divides by the answer's own length as well.",
        ),
        Misconception(
            lambda lengths: _token_weights(lengths, divisor="none"),
            "You left out the mean over the answers: divide by their number as well.",
        ),
        Misconception(
            lambda lengths: np.full(len(lengths), 1 / (len(lengths) * np.max(lengths))),
            "This divides every answer by one constant, as Dr. GRPO does. GRPO divides each by its own length.",
        ),
        Misconception(
            lambda lengths: -_token_weights(lengths, divisor="own"),
            "The size is right. This is the factor in the loss, −J; the exercise asks for the one in J.",
        ),
        Misconception(
            lambda lengths: np.asarray(lengths) / np.sum(lengths),
            "This gives a long answer the larger weight. GRPO divides by its length.",
        ),
    ],
)
