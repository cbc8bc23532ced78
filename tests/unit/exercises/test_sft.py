"""Exercises of page 10.1 about the loss: a message for each mistake, and the package's values as answers."""

import math

import numpy as np
import pytest
import torch

from llmcourse.alignment.sft import answer_loss
from llmcourse.exercises import sft as exercises
from llmcourse.language.information import cross_entropy


@pytest.mark.parametrize("case", exercises.masked_loss.cases)
def test_the_masked_loss_is_the_packages(case):
    logp, tokens, counts = (torch.from_numpy(part) for part in case)
    assert exercises.masked_loss.answer(*case) == pytest.approx(answer_loss(logp, tokens, counts).item())


def test_the_numbers_are_what_the_questions_ask():
    logits = torch.log(torch.tensor([[[0.5, 0.5, 0, 0], [0.25, 0.75, 0, 0], [0.5, 0.5, 0, 0], [0.125, 0.875, 0, 0],
                                      [0.5, 0.5, 0, 0], [1, 0, 0, 0]]]))  # fmt: skip
    counts = torch.tensor([[False, False, False, True, True, True]])
    found = answer_loss(logits, torch.zeros(1, 6, dtype=torch.int64), counts)
    assert exercises.answer_surprise.answer == pytest.approx(found.item())
    mixed = exercises.MIXED
    paid = [(share, cross_entropy(group, mixed) - cross_entropy(group, group))
            for share, group in ((0.6, exercises.CAREFUL), (0.4, exercises.HURRIED))]  # fmt: skip
    assert exercises.mixture_cost.answer == pytest.approx(sum(share * more for share, more in paid))
    assert all(exercises.mixture_cost.check(number).passed for number in (0.29, 0.292, 0.2924))


def test_right_solutions_written_another_way_pass():
    def with_a_loop(logp, tokens, counts):
        prices = [
            -logp[row, t - 1, tokens[row, t]]
            for row in range(len(tokens))
            for t in range(1, tokens.shape[1])
            if counts[row, t]
        ]
        return sum(prices) / len(prices)

    assert exercises.masked_loss.check(with_a_loop).passed
    assert all(exercises.answer_surprise.check(number).passed for number in (1.15, 1.155, 1.16))
    assert not exercises.answer_surprise.check(1.11).passed
    assert math.isclose(np.log(32) / 3, exercises.answer_surprise.answer)


@pytest.mark.parametrize(
    ("exercise", "number", "said"),
    [
        ("answer_surprise", 0.924, "in your divisor"),
        ("answer_surprise", 1.733, "in your sum"),
        ("answer_surprise", 0.981, "mean probability"),
        ("answer_surprise", 5, "in bits"),
        ("answer_surprise", 1.6, "all five"),
        ("answer_surprise", 0.502, "base 10"),
        ("answer_surprise", 1.04, "question's"),
        ("answer_surprise", 2.773, "without its end mark"),
        ("answer_surprise", 1.848, "question's prices"),
        ("answer_surprise", 2, "end mark is missing"),
        ("mixture_cost", 0.203, "in nats"),
        ("mixture_cost", 1.4513, "first model pays"),
        ("mixture_cost", 1.159, "second model pays"),
        ("mixture_cost", 0.308, "weighed the groups alike"),
        ("mixture_cost", 0.346, "wrong way round"),
    ],
)
def test_a_number_that_comes_to_mind_gets_its_reason(exercise, number, said):
    verdict = getattr(exercises, exercise).check(number)
    assert not verdict.passed
    assert said in verdict.message


def test_functions_that_come_to_mind_get_their_reason():
    def exponential(logp, tokens, counts):
        return math.exp(exercises.masked_loss.answer(logp, tokens, counts))

    def shifted(logp, tokens, counts):
        told = np.take_along_axis(logp[:, 1:], tokens[:, :-1, None], axis=2)[:, :, 0]
        return -told[counts[:, :-1]].mean()

    def no_mean(logp, tokens, counts):
        return -np.take_along_axis(logp[:, :-1], tokens[:, 1:, None], axis=2)[:, :, 0][counts[:, 1:]]

    def mask_alone_moved(logp, tokens, counts):
        return -np.take_along_axis(logp[:, :-1], tokens[:, :-1, None], axis=2)[:, :, 0][counts[:, 1:]].mean()

    assert "their mean" in exercises.masked_loss.check(no_mean).message
    assert "and not the tokens" in exercises.masked_loss.check(mask_alone_moved).message
    assert "perplexity" in exercises.masked_loss.check(exponential).message
    assert "wrong way" in exercises.masked_loss.check(shifted).message
