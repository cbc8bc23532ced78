import numpy as np
import pytest
import torch

from llmcourse.alignment import dpo
from llmcourse.alignment.optimal import optimal_policy
from llmcourse.exercises import dpo as exercises


@pytest.mark.parametrize("case", exercises.dpo_loss.cases)
def test_the_loss_is_the_packages(case):
    *four, beta = case
    theirs = dpo.dpo_loss(*map(torch.from_numpy, four), beta=beta)
    assert exercises.dpo_loss.answer(*case) == pytest.approx(theirs.item(), rel=1e-12)


@pytest.mark.parametrize("case", exercises.response_logprob.cases)
def test_the_logprob_is_the_packages(case):
    theirs = dpo.response_logprob(*(torch.from_numpy(one)[None] for one in case))
    assert exercises.response_logprob.answer(*case) == pytest.approx(theirs.item(), rel=1e-12)


def test_the_reward_of_the_question_makes_the_policy_of_the_question():
    lead = exercises.reward_of_policy.answer
    reference, reward = np.array([0.5, 0.3, 0.2]), np.array([0.0, 0.5 * np.log(0.3 / 0.3 * 0.5 / 0.1), lead])
    np.testing.assert_allclose(optimal_policy(reference, reward, beta=0.5), [0.1, 0.3, 0.6], rtol=1e-12)


def test_right_solutions_written_another_way_pass():
    def by_probabilities(logp, tokens, is_response):
        return sum(logp[t - 1, tokens[t]] for t in range(1, len(tokens)) if is_response[t])

    assert exercises.response_logprob.check(by_probabilities).passed
    assert exercises.loss_by_hand.check(0.313).passed
    assert exercises.reward_of_policy.check(1.354).passed
