"""Exercises of page 11.4, hallucination (numpy)."""

import numpy as np

from llmcourse.evaluation.hallucination import discrete_entropy, majority_right
from llmcourse.evaluation.selective import auroc
from llmcourse.exercises.checker import Exercise, Misconception, Number
from llmcourse.language.missing_mass import good_turing

__all__ = ["area", "meaning_entropy", "missing_share", "three_votes"]

meaning_entropy = Number(
    name="11.4.a",
    answer=discrete_entropy(np.array([0, 0, 0, 0, 0, 0, 1, 1, 2, 2])),
    unit="nats",
    misconceptions=[
        (
            discrete_entropy(np.array([0, 0, 0, 0, 1, 1, 2, 2, 3, 3])),
            "This counts the strings. \"Nile\" and \"the Nile\" are one meaning: add up their six answers first.",
        ),
        (
            discrete_entropy(np.array([0, 0, 0, 0, 0, 0, 1, 1, 2, 2])) / np.log(2),
            "This is in bits. Use the natural logarithm for nats.",
        ),
        (
            discrete_entropy(np.array([0, 0, 0, 0, 0, 0, 1, 1, 1, 1])),
            "This asks right or wrong. Amazon and Congo are two meanings.",
        ),
        (-float(np.log(0.6)), "This is the surprise of the largest meaning. Average over all three: -Σ p ln p."),
        (float(np.log(3)), "This is for three equally likely meanings. One has six of the ten answers."),
        (float(np.log(10)), "This is for ten answers that all differ."),
        (
            discrete_entropy(np.array([0, 0, 0, 0, 1, 1, 2, 2, 3, 3])) / np.log(2),
            "This counts the strings, and in bits. Merge \"Nile\" and \"the Nile\" and use the natural logarithm.",
        ),
        (float(np.log(4)), "This is for four equally likely strings. There are three meanings; one has six answers."),
        (
            discrete_entropy(np.array([0, 0, 0, 0, 0, 0, 1, 1, 2, 2])) / np.log(10),
            "This is with the logarithm to base 10. Use the natural logarithm for nats.",
        ),
        (-0.6 * float(np.log(0.6)), "This is one term of three. Add those of Amazon and Congo."),
        (-0.6 * float(np.log(0.6)) - 0.2 * float(np.log(0.2)), "One term is missing: Amazon and Congo have one each."),
        (
            -discrete_entropy(np.array([0, 0, 0, 0, 0, 0, 1, 1, 2, 2])),
            "Mind the sign. Logarithms of shares are negative, so -Σ p ln p is not.",
        ),
    ],
)  # fmt: skip

three_votes = Number(
    name="11.4.b",
    answer=majority_right(0.4, 3),
    unit="",
    misconceptions=[
        (majority_right(0.6, 3), "This is the chance that the majority is wrong. A single answer is right with 0.4."),
        (3 * 0.4**2 * 0.6, "This is exactly two right. Three right are a majority as well: add 0.4³."),
        (0.4**2 * 0.6 + 0.4**3, "Two right can fall in three ways: 3 · 0.4² · 0.6."),
        (0.4**2 * 0.6, "This is one way to have two right. There are three, and three right count as well."),
        (0.4, "This is a single answer. Add up the ways to have two or three right."),
        (0.4**3, "This is all three right. Two are enough."),
        (1 - 0.6**3, "This is at least one right. A majority of three needs two."),
    ],
)

missing_share = Exercise(
    name="11.4.d",
    signature="missing_share(counts)",
    answer=good_turing,
    cases=[(np.array([3, 1, 1, 0, 0]),), (np.array([1, 1, 1, 1]),), (np.array([5, 2, 2, 1, 0, 0, 0]),)],
    misconceptions=[
        Misconception(
            lambda counts: float((counts == 0).mean()),
            "This is the share of the outcomes that were not drawn. Their probability is asked, and how many there are "
            "is in general unknown. Use the draws that stand alone.",
        ),
        Misconception(
            lambda counts: float((counts == 1).mean()),
            "Divide by the number of draws, not by the number of outcomes: each draw has the chance asked for.",
        ),
        Misconception(
            lambda counts: float((counts == 1).sum() / (counts > 0).sum()),
            "Divide by the number of draws, not by that of the different outcomes seen.",
        ),
        Misconception(
            lambda counts: float((counts == 1).sum()),
            "This is how many outcomes came once. Divide by the number of draws to have a probability.",
        ),
        Misconception(
            lambda counts: float(1 - (counts == 1).sum() / counts.sum()),
            "This is the mass of what *was* seen. Its complement is asked.",
        ),
        Misconception(
            lambda counts: float((counts == 0).sum() / counts.sum()),
            "The outcomes that were not drawn cannot be counted in general. Count those drawn exactly once.",
        ),
        Misconception(
            lambda counts: float((counts <= 1).sum() / counts.sum()),
            "This counts the outcomes that were not drawn as well. Only those drawn exactly once go on top.",
        ),
        Misconception(lambda counts: 0.0, "What was not drawn is not impossible. Count what was drawn exactly once."),
    ],
)


def _strict(doubt: np.ndarray, wrong: np.ndarray) -> float:
    return float((doubt[wrong][:, None] > doubt[~wrong]).mean())


def _accuracy(doubt: np.ndarray, wrong: np.ndarray) -> float:
    return float(((doubt > np.median(doubt)) == wrong).mean())


area = Exercise(
    name="11.4.e",
    signature="area(doubt, wrong)",
    answer=lambda doubt, wrong: auroc(doubt, wrong).value,
    cases=[
        (np.array([3.0, 2.0, 2.0, 1.0]), np.array([True, True, False, False])),
        (np.array([0.1, 0.7, 0.7, 0.2, 0.9]), np.array([False, True, False, True, True])),
        (np.array([1.0, 1.0, 1.0, 0.0, 2.0, 5.0]), np.array([True, False, True, False, False, True])),
    ],
    misconceptions=[
        Misconception(_strict, "You gave ties nothing. A score that cannot tell the two apart gets half a pair."),
        Misconception(
            lambda doubt, wrong: 1 - auroc(doubt, wrong).value,
            "The wrong way round: count the pairs in which the *wrong* answer is the more doubtful one.",
        ),
        Misconception(
            lambda doubt, wrong: float((doubt[wrong][:, None] >= doubt[~wrong]).mean()),
            "You gave ties a whole pair. They count one half.",
        ),
        Misconception(
            lambda doubt, wrong: _strict(doubt, ~wrong),
            "The wrong way round, and ties got nothing: count the pairs in which the *wrong* answer is the more "
            "doubtful one, ties one half.",
        ),
        Misconception(
            lambda doubt, wrong: auroc(doubt, wrong).value * float(wrong.sum() * (~wrong).sum()),
            "This is the number of pairs in order. Divide it by the number of pairs.",
        ),
        Misconception(
            lambda doubt, wrong: _strict(doubt, wrong) * float(wrong.sum() * (~wrong).sum()),
            "This is the number of pairs strictly in order. Add one half for each tie, divide by all pairs.",
        ),
        Misconception(
            lambda doubt, wrong: 0.5,
            "This is ½ for any score, as over all pairs of answers. Pair the *wrong* ones with the *right* ones only.",
        ),
        Misconception(_accuracy, "This is an accuracy at one threshold. The area looks at all pairs and needs none."),
        Misconception(
            lambda doubt, wrong: float(doubt[wrong].mean() - doubt[~wrong].mean()),
            "This is a difference of means, which depends on the scale. Only the order counts here.",
        ),
    ],
)
