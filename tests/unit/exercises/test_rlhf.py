import numpy as np

from llmcourse.alignment.optimal import optimal_policy
from llmcourse.exercises import rlhf as exercises


def test_the_lead_is_the_one_that_wins_nine_times_in_ten():
    assert exercises.lead_for_nine_in_ten.check(2.197).passed


def test_the_true_reward_turns_where_its_covariance_with_the_proxy_is_zero():
    reference, proxy, truth = np.array([0.5, 0.4, 0.1]), np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 0.0])
    betas = np.linspace(0.5, 3, 2501)
    policies = np.array([optimal_policy(reference, proxy, beta=beta) for beta in betas])
    best = (policies @ truth).argmax()
    assert exercises.turning_leash.check(float(betas[best])).passed
    covariance = policies @ (proxy * truth) - (policies @ proxy) * (policies @ truth)
    assert covariance[best - 2] < 0 < covariance[best + 2]


def test_right_solutions_written_another_way_pass():
    def by_logarithms(reference, reward, beta):
        z = np.log(reference) + reward / beta
        return np.exp(z - np.logaddexp.reduce(z))

    def entry_by_entry(p, y, reward, baseline):
        return [(reward - baseline) * ((1 if i == y else 0) - x) for i, x in enumerate(p)]

    assert exercises.leashed.check(by_logarithms).passed
    assert exercises.pull.check(entry_by_entry).passed


def test_a_baseline_that_is_added_and_a_pull_without_reward_are_told_apart():
    def one(p, y):
        return np.eye(len(p))[y]

    added = exercises.pull.check(lambda p, y, reward, baseline: (reward + baseline) * (one(p, y) - p))
    assert "subtracted, not added" in added.message
    bare = exercises.pull.check(lambda p, y, reward, baseline: one(p, y) - p)
    assert "The reward is missing" in bare.message
