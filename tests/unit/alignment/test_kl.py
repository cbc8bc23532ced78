"""No sampling here: on a small alphabet an expectation is a finite sum, so unbiased means equal."""

import math

import pytest
import torch
from torch.testing import assert_close

from llmcourse.alignment.kl import k1, k2, k3, moments

ALL = [k1, k2, k3]


@pytest.fixture
def pq():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(2, 6, generator=generator, dtype=torch.float64).log_softmax(-1)


def exact(logp, logq):
    return torch.nn.functional.kl_div(logq, logp, log_target=True, reduction="sum").item()


@pytest.mark.parametrize("estimator", [k1, k3])
def test_the_first_and_the_third_are_unbiased(estimator, pq):
    found = moments(estimator, *pq)
    assert found.mean == pytest.approx(exact(*pq), abs=1e-12)
    assert found.bias == pytest.approx(0, abs=1e-12)


def test_the_direction_is_that_of_the_draws(pq):
    assert moments(k3, *pq).mean != pytest.approx(exact(pq[1], pq[0]), abs=1e-2)
    assert moments(k3, pq[1], pq[0]).mean == pytest.approx(exact(pq[1], pq[0]), abs=1e-12)


def test_the_second_is_biased_and_says_by_how_much(pq):
    p = pq[0].exp()
    by_hand = (p * (pq[0] - pq[1]) ** 2 / 2).sum().item()
    assert moments(k2, *pq).bias == pytest.approx(by_hand - exact(*pq), abs=1e-12)
    assert abs(moments(k2, *pq).bias) > 0.02


@pytest.mark.parametrize("estimator", [k2, k3])
def test_the_second_and_the_third_are_never_negative(estimator, pq):
    assert (estimator(*pq) >= 0).all()
    assert (k1(*pq) < 0).any()


@pytest.mark.parametrize("estimator", ALL)
def test_a_policy_at_its_reference_is_at_0_without_any_spread(estimator, pq):
    assert moments(estimator, pq[0], pq[0]) == (0, 0, 0)


def test_near_the_reference_the_second_and_third_have_a_small_spread_and_the_first_a_large_one(pq):
    """With a step of size s, D and the spread of k2 and k3 go with s², that of k1 with s."""
    found = {}
    for size in (0.1, 0.01):
        near = (pq[0] + size * torch.linspace(-1, 1, 6, dtype=torch.float64)).log_softmax(-1)
        found[size] = [moments(k, pq[0], near).variance ** 0.5 for k in ALL]
    for at, power in enumerate((1, 2, 2)):
        assert math.log10(found[0.1][at] / found[0.01][at]) == pytest.approx(power, abs=0.05)


def test_a_tiny_difference_keeps_its_digits():
    logp = torch.log(torch.tensor([0.5, 0.5], dtype=torch.float64))
    step = 1e-9
    assert_close(k3(logp, logp - step), torch.full((2,), step**2 / 2, dtype=torch.float64), rtol=1e-6, atol=0)


@pytest.mark.parametrize(
    ("estimator", "gradient_of"),
    [(k1, None), (k2, lambda p, q: exact_with_gradient(p, q)), (k3, lambda p, q: exact_with_gradient(q, p))],
)
def test_as_a_loss_each_has_another_gradient(estimator, gradient_of, pq):
    """The draws are weighted by the probabilities as numbers, as a sample would be; logp carries the gradient."""
    z = pq[0].clone().requires_grad_()
    logp = z.log_softmax(-1)
    (found,) = torch.autograd.grad((logp.exp().detach() * estimator(logp, pq[1])).sum(), z)
    wanted = torch.zeros(6, dtype=torch.float64)
    if gradient_of:
        z = pq[0].clone().requires_grad_()
        (wanted,) = torch.autograd.grad(gradient_of(z.log_softmax(-1), pq[1]), z)
    assert_close(found, wanted, atol=1e-12, rtol=1e-9)


def exact_with_gradient(logp, logq):
    return (logp.exp() * (logp - logq)).sum()


def test_outcomes_that_never_come_do_not_count_but_bias_the_third():
    """q gives a fourth outcome that p never does: q/p averages to q's share of the others, not to 1."""
    logp = torch.tensor([0.5, 0.25, 0.25, 0.0], dtype=torch.float64).log()
    logq = torch.tensor([0.25, 0.25, 0.25, 0.25], dtype=torch.float64).log()
    assert moments(k1, logp, logq).bias == pytest.approx(0, abs=1e-12)
    assert moments(k3, logp, logq).bias == pytest.approx(-0.25, abs=1e-12)


@pytest.mark.parametrize("estimator", ALL)
def test_what_is_no_log_probability_is_refused(estimator):
    with pytest.raises(ValueError, match="logq has 1 NaN of 2"):
        estimator(torch.tensor([-1.0, -2.0]), torch.tensor([-1.0, math.nan]))
    with pytest.raises(ValueError, match=r"logp must be log-probabilities, not above 0, got 0\.5"):
        estimator(torch.tensor([0.5]), torch.tensor([-1.0]))
    with pytest.raises(ValueError, match="1 draws have probability 0 under p"):
        estimator(torch.tensor([-math.inf]), torch.tensor([-1.0]))


def test_moments_of_what_is_no_distribution_or_has_no_divergence_are_refused():
    half = torch.tensor([0.5, 0.5]).log()
    with pytest.raises(ValueError, match=r"q must sum to 1 over its outcomes, got 0.75"):
        moments(k1, half, torch.tensor([0.5, 0.25]).log())
    with pytest.raises(ValueError, match="q excludes 1 outcomes of p"):
        moments(k1, half, torch.tensor([1.0, 0.0]).log())


@pytest.mark.usefixtures("as_readers_call")
@pytest.mark.parametrize("estimator", [k1, k2, k3])
def test_draws_without_a_partner_are_not_stretched(estimator):
    with pytest.raises(ValueError, match=r"shapes must agree, got logp \(3,\), logq \(1,\)"):
        estimator(torch.full((3,), -1.0), torch.full((1,), -1.0))


@pytest.mark.usefixtures("as_readers_call")
def test_moments_are_of_two_distributions_over_the_same_outcomes():
    with pytest.raises(ValueError, match=r"got logp \(2,\), logq \(4,\)"):
        moments(k1, torch.full((2,), 0.5).log(), torch.full((4,), 0.25).log())
