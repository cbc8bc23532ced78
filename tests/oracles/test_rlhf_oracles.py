"""Rewards, optimal policies, divergences and PPO against scikit-learn, scipy, torch and closed forms of others."""

import math

import numpy as np
import pytest
import scipy.optimize
import scipy.signal
import scipy.stats
import torch
from sklearn.linear_model import LogisticRegression
from torch.testing import assert_close

from llmcourse.alignment.kl import k1, k2, k3, moments
from llmcourse.alignment.optimal import log_partition, optimal_policy
from llmcourse.alignment.ppo import advantages, clipped_loss
from llmcourse.alignment.reward import bradley_terry_loss, fit_rewards


@pytest.mark.parametrize("ridge", [0.1, 1.0, 5.0])
def test_fitted_rewards_are_scikit_learns_logistic_regression_on_differences(rng, ridge):
    first = rng.integers(8, size=60)
    second = (first + rng.integers(1, 8, size=60)) % 8
    fit = fit_rewards(torch.tensor(first), torch.tensor(second), 8, ridge=ridge)
    sides = np.zeros((60, 8))
    sides[np.arange(60), first], sides[np.arange(60), second] = 1, -1
    # Half of the rows are turned round, so that both labels exist: the likelihood is the same.
    turn = np.where(rng.random(60) < 0.5, 1, -1)
    theirs = LogisticRegression(C=1 / ridge, fit_intercept=False, tol=1e-10, max_iter=10_000)
    theirs.fit(sides * turn[:, None], turn)
    coefficients = theirs.coef_[0] - theirs.coef_[0].mean()
    np.testing.assert_allclose(fit.reward.numpy(), coefficients, atol=1e-5)  # their solver stops earlier


def test_the_loss_is_torchs_binary_cross_entropy_of_the_lead():
    chosen, rejected = torch.randn(2, 9, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    theirs = torch.nn.functional.binary_cross_entropy_with_logits(chosen - rejected, torch.ones(9).double())
    assert_close(bradley_terry_loss(chosen, rejected), theirs)


@pytest.mark.parametrize("beta", [0.3, 1.0, 4.0])
def test_scipy_finds_the_same_optimum_on_the_simplex(rng, beta):
    """Minimizing −J over π with the constraints as such; no softmax and no derivative of ours."""
    reference, reward = rng.dirichlet(np.ones(5)), rng.normal(size=5)

    def loss(p):
        return -(p @ reward - beta * scipy.special.rel_entr(p, reference).sum())

    found = scipy.optimize.minimize(
        loss,
        np.full(5, 0.2),
        method="SLSQP",
        bounds=[(1e-12, 1)] * 5,
        constraints={"type": "eq", "fun": lambda p: p.sum() - 1},
        options={"ftol": 1e-14, "maxiter": 1000},
    )
    np.testing.assert_allclose(found.x, optimal_policy(reference, reward, beta=beta), atol=1e-5)
    assert -found.fun == pytest.approx(beta * float(log_partition(reference, reward, beta=beta)), abs=1e-9)


@pytest.mark.parametrize("mu", [0.1, 1.0])
def test_the_estimators_on_two_gaussians_have_the_moments_of_their_closed_forms(mu):
    """p = N(0, 1), q = N(µ, 1), cut into 20,000 fine cells: log q/p is normal, so all moments are known.

    Var = µ² for k1; E = (µ² + µ⁴/4)/2, Var = µ⁴/2 + µ⁶/4 for k2; Var = e^{µ²} − 1 − µ² for k3.
    """
    x = torch.linspace(-12, 12, 20_001, dtype=torch.float64)
    logp, logq = (-((x - center) ** 2) / 2 for center in (0, mu))
    logp, logq = logp - logp.logsumexp(0), logq - logq.logsumexp(0)
    kl = mu**2 / 2
    assert kl == pytest.approx(scipy.stats.entropy(logp.exp(), logq.exp()))
    for estimator, bias, variance in (
        (k1, 0, mu**2),
        (k2, mu**4 / 8, mu**4 / 2 + mu**6 / 4),
        (k3, 0, math.exp(mu**2) - 1 - mu**2),
    ):
        found = moments(estimator, logp, logq)
        assert found.bias == pytest.approx(bias, abs=1e-9)
        assert found.variance == pytest.approx(variance, rel=1e-6)


@pytest.mark.parametrize(("discount", "trace"), [(1.0, 0.95), (0.99, 0.9), (0.9, 0.0), (1.0, 1.0)])
def test_advantages_are_a_linear_filter_run_backwards(rng, discount, trace):
    """The discounted sum as scipy's recursive filter y_t = x_t + γλ y_{t−1} over the reversed surprises."""
    reward, value = rng.normal(size=(2, 3, 11))
    surprise = reward + discount * np.pad(value, ((0, 0), (0, 1)))[:, 1:] - value
    theirs = scipy.signal.lfilter([1.0], [1.0, -discount * trace], surprise[:, ::-1], axis=1)[:, ::-1]
    ours = advantages(torch.tensor(reward), torch.tensor(value), discount=discount, trace=trace)
    np.testing.assert_allclose(ours.numpy(), theirs, atol=1e-12)


def test_the_clipped_surrogate_is_its_other_published_form(rng):
    """min(ρA, g(ε, A)) with g = (1 + ε)A for A ≥ 0 and (1 − ε)A below, as in OpenAI's Spinning Up."""
    logp, old, gain = torch.tensor(rng.normal(size=(3, 200)))
    ratio = (logp - old).exp()
    bound = torch.where(gain >= 0, 1.2 * gain, 0.8 * gain)
    assert_close(clipped_loss(logp, old, gain, clip=0.2), -torch.minimum(ratio * gain, bound).mean())
