import functools
import itertools
import math

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from llmcourse.alignment.optimal import optimal_policy
from llmcourse.alignment.ppo import penalized_reward
from llmcourse.alignment.ppo_toy import TablePolicy, train

REFERENCE, REWARD = np.array([0.5, 0.3, 0.2]), np.array([0.0, 1.0, 2.0])


def distance(p, q):
    return float(np.abs(np.asarray(p) - q).sum() / 2)


@functools.cache
def plain(beta):
    return trained(REFERENCE, REWARD, 3, beta)


def trained(reference, reward, vocab, beta, **options):
    """The steps of a run that starts at the reference."""
    policy, anchor = (TablePolicy.from_distribution(torch.tensor(reference), vocab=vocab) for _ in range(2))
    settings = {"steps": 80, "batch": 256, "rate": 0.15} | options
    generator = torch.Generator().manual_seed(0)
    return list(train(policy, anchor, torch.tensor(reward), beta=beta, generator=generator, **settings))


@pytest.mark.parametrize("beta", [10.0, 1.0, 0.3])
def test_ppo_converges_to_the_closed_form(beta):
    end = plain(beta)[-1]
    assert distance(end.distribution, optimal_policy(REFERENCE, REWARD, beta=beta)) < 3e-3


@pytest.mark.parametrize("trace", [0.0, 0.95])
def test_so_it_does_token_by_token(rng, trace):
    """Two tokens out of three: nine responses, a value for each prefix, advantages with and without a trace."""
    reference, reward = rng.dirichlet(np.full(9, 3.0)), rng.normal(size=9)
    end = trained(reference, reward, 3, 1.0, trace=trace, steps=120)[-1]
    assert distance(reference, optimal_policy(reference, reward, beta=1.0)) > 0.2
    assert distance(end.distribution, optimal_policy(reference, reward, beta=1.0)) < 3e-3


def test_at_the_optimum_every_response_has_the_same_penalized_reward():
    """β log Z, for each of them: no draw is better than the others, so there is nothing left to learn and no noise."""
    star = optimal_policy(REFERENCE, REWARD, beta=0.7)
    policy, anchor = (TablePolicy.from_distribution(torch.tensor(p), vocab=3) for p in (star, REFERENCE))
    everything = torch.arange(3)
    with torch.no_grad():
        logp, reference = policy.token_logp(everything), anchor.token_logp(everything)
    penalized = penalized_reward(torch.tensor(REWARD), logp, reference, beta=0.7)
    height = 0.7 * math.log((REFERENCE * np.exp(REWARD / 0.7)).sum())
    assert_close(penalized, torch.full((3, 1), height, dtype=torch.float64))


def test_standardized_advantages_keep_shaking_it_there():
    calm, loud = (trained(REFERENCE, REWARD, 3, 1.0, rate=0.05, standardize=how)[40:60] for how in (False, True))
    star = optimal_policy(REFERENCE, REWARD, beta=1.0)
    far = [np.mean([distance(step.distribution, star) for step in run]) for run in (calm, loud)]
    assert far[1] > 4 * far[0]


def test_at_a_constant_rate_the_noise_ends_by_itself_unless_the_advantages_are_scaled():
    """Nothing but the equal pay at the optimum can bring the plain run to rest here: the rate never falls."""
    options = {"rate": 0.01, "steps": 150, "decay": False}
    star = optimal_policy(REFERENCE, REWARD, beta=1.0)
    plain, scaled = (trained(REFERENCE, REWARD, 3, 1.0, standardize=how, **options)[-20:] for how in (False, True))
    far = [np.mean([distance(step.distribution, star) for step in run]) for run in (plain, scaled)]
    assert far[0] < 1e-8
    assert 1e-3 < far[1] < 0.05


def test_the_record_is_about_the_draws_of_the_step():
    first = trained(REFERENCE, REWARD, 3, 1.0, steps=1)[0]
    assert first.kl == 0  # drawn from the reference itself
    assert first.reward == pytest.approx(0.7, abs=0.2)
    assert 0 <= first.clipped <= 1
    assert first.step == 0


def test_the_same_generator_gives_the_same_run():
    one, two = (trained(REFERENCE, REWARD, 3, 1.0, steps=3)[-1] for _ in range(2))
    assert torch.equal(one.distribution, two.distribution)


def test_a_table_holds_any_distribution_over_responses(rng):
    p = rng.dirichlet(np.ones(8))
    table = TablePolicy.from_distribution(torch.tensor(p), vocab=2)
    assert table.length == 3
    assert_close(table.distribution().detach(), torch.tensor(p))
    assert_close(table.token_logp(torch.arange(8)).sum(1).detach(), torch.tensor(p).log())


def test_responses_are_listed_with_the_last_token_running_fastest(rng):
    p = rng.dirichlet(np.ones(9))
    table = TablePolicy.from_distribution(torch.tensor(p), vocab=3)
    logp = table.token_logp(torch.arange(9)).detach()
    for y, (a, b) in enumerate(itertools.product(range(3), repeat=2)):
        assert logp[y, 0].item() == pytest.approx(math.log(p[3 * a : 3 * a + 3].sum()))
        assert logp[y, 1].item() == pytest.approx(math.log(p[3 * a + b] / p[3 * a : 3 * a + 3].sum()))
    with torch.no_grad():
        table.values[1].copy_(torch.tensor([10.0, 11.0, 12.0]))
    assert table.token_values(torch.tensor([0, 4, 8])).tolist() == [[0, 10], [0, 11], [0, 12]]


def test_a_table_that_cannot_be_is_refused():
    with pytest.raises(ValueError, match="6 responses are no power of a vocabulary of 4"):
        TablePolicy.from_distribution(torch.full((6,), 1 / 6), vocab=4)
    with pytest.raises(ValueError, match="positive probability, got 0"):
        TablePolicy.from_distribution(torch.tensor([1.0, 0.0]), vocab=2)
    with pytest.raises(ValueError, match="2 tokens and 1 position, got 1 and 3"):
        TablePolicy(1, 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"beta": 0.0}, "beta must be positive, got 0.0"),
        ({"batch": 0}, "1 or more and rate positive: 80, 0, 4, 0.15"),
        ({"rate": 0.0}, "80, 256, 4, 0.0"),
        ({"reward": np.array([1.0, 2.0])}, "3 finite rewards are needed, got 2"),
        ({"reward": np.array([1.0, 2.0, math.nan])}, "3 finite rewards are needed"),
        ({"clip": 0.0}, "clip must be positive, got 0.0"),
    ],
)
def test_a_run_that_has_no_meaning_is_refused(change, message):
    settings = {"reward": REWARD, "beta": 1.0, "passes": 4} | change
    with pytest.raises(ValueError, match=message):
        trained(REFERENCE, settings.pop("reward"), 3, settings.pop("beta"), **settings)


def test_all_equal_rewards_leave_the_policy_at_its_reference():
    end = trained(REFERENCE, np.full(3, 4.0), 3, 1.0, steps=40)[-1]
    assert distance(end.distribution, REFERENCE) < 1e-2


def test_whoever_reads_a_record_still_has_gradients():
    policy, anchor = TablePolicy(2, 1), TablePolicy(2, 1)
    run = train(
        policy, anchor, torch.ones(2).double(), beta=1.0, steps=2, batch=4, rate=0.1, generator=torch.Generator()
    )
    next(run)
    assert torch.is_grad_enabled()
