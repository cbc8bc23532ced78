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


def test_a_sigmoid_that_rounds_to_zero_is_told_what_to_use_instead():
    def naive(policy_win, policy_lose, ref_win, ref_lose, beta):
        u = beta * ((policy_win - ref_win) - (policy_lose - ref_lose))
        with np.errstate(over="ignore"):
            return np.log(1 + np.exp(-u)).mean()

    verdict = exercises.dpo_loss.check(naive)
    assert not verdict.passed
    assert "np.logaddexp(0, −u)" in verdict.message


def test_a_mask_that_is_shifted_too_little_or_too_much_is_told_which_tokens_it_counts():
    logp, tokens, is_response = exercises.response_logprob.cases[0]  # the response is tokens 2 and 3
    told = [None, *(logp[t - 1, tokens[t]] for t in range(1, len(tokens)))]

    def laid_on(mask):
        return lambda logp, tokens, is_response: logp[np.arange(len(tokens) - 1), tokens[1:]][mask(is_response)].sum()

    late, early = laid_on(lambda mask: mask[:-1]), laid_on(lambda mask: np.append(mask[2:], False))
    assert late(logp, tokens, is_response) == pytest.approx(told[3] + told[4])
    assert early(logp, tokens, is_response) == pytest.approx(told[1] + told[2])
    message = exercises.response_logprob.check(late).message
    assert "leaves out the first token of the response and counts what follows the last one" in message
    message = exercises.response_logprob.check(early).message
    assert "counts the last token of the prompt and leaves out the response's last" in message


def test_exchanged_references_and_their_difference_added_are_one_mistake():
    def exchanged(policy_win, policy_lose, ref_win, ref_lose, beta):
        return np.logaddexp(0, -beta * ((policy_win - ref_lose) - (policy_lose - ref_win))).mean()

    def added(policy_win, policy_lose, ref_win, ref_lose, beta):
        return np.logaddexp(0, -beta * ((policy_win - policy_lose) + (ref_win - ref_lose))).mean()

    for slip in (exchanged, added):
        assert "The references are exchanged, or their difference is added" in exercises.dpo_loss.check(slip).message
