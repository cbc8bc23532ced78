import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from llmcourse.learning.kaplan import BY_PARAMETERS, JOINT, JointLaw, PowerLaw, optimal_parameters, optimal_tokens
from llmcourse.learning.scaling import HOFFMANN_UNROUNDED, LossLaw

exponents = st.floats(0.05, 0.9)
laws = st.builds(LossLaw, st.floats(0.0, 3.0), st.floats(0.5, 5e3), st.floats(0.5, 5e3), exponents, exponents)
budgets = st.floats(1e9, 1e26)


def test_a_loss_by_hand():
    """1 + 20/400^½ + 30/900^½ = 1 + 1 + 1, also for arrays of whole numbers."""
    law = LossLaw(1.0, 20.0, 30.0, 0.5, 0.5)
    assert law.loss(400, 900) == pytest.approx(3)
    np.testing.assert_allclose(law.loss(np.array([400, 100]), np.array([900, 225])), [3.0, 5.0])
    np.testing.assert_allclose(law.isoflop(np.array([400, 100]), 6.0 * 400 * 900), [3.0, 1 + 2 + 0.5])


@given(laws, budgets)
def test_no_other_size_of_the_budget_is_better(law, compute):
    best = law.optimal_parameters(compute)
    assert 6 * best * law.optimal_tokens(compute) == pytest.approx(compute)
    around = law.isoflop(best * np.geomspace(0.2, 5, 41), compute)
    assert around.argmin() == 20
    assert law.optimal_loss(compute) == pytest.approx(float(around[20]))


@given(laws, budgets)
def test_at_the_optimum_the_shortages_trade_one_for_one(law, compute):
    n, d = law.optimal_parameters(compute), law.optimal_tokens(compute)
    of_size = law.size_exponent * law.size_scale * n**-law.size_exponent
    of_data = law.data_exponent * law.data_scale * d**-law.data_exponent
    assert of_size == pytest.approx(of_data)


@given(laws, budgets, st.floats(1.5, 1000.0))
def test_size_and_data_grow_as_powers_of_the_budget(law, compute, times):
    grown = law.optimal_parameters(compute * times) / law.optimal_parameters(compute)
    assert grown == pytest.approx(times**law.growth)
    ratio = law.tokens_per_parameter(compute * times) / law.tokens_per_parameter(compute)
    assert ratio == pytest.approx(times ** (1 - 2 * law.growth))
    above = (law.optimal_loss(compute * times) - law.floor) / (law.optimal_loss(compute) - law.floor)
    gamma = law.size_exponent * law.data_exponent / (law.size_exponent + law.data_exponent)
    assert above == pytest.approx(times**-gamma, rel=1e-5)  # what is above the floor may be small beside it


@given(laws, budgets)
def test_the_budget_for_a_loss_is_the_way_back(law, compute):
    loss = law.optimal_loss(compute)
    assume(loss > law.floor * (1 + 1e-6))  # else its digits are used up
    assert law.compute_for(loss) == pytest.approx(compute, rel=1e-5)
    n, d = law.optimal_parameters(compute), law.optimal_tokens(compute)
    assert law.tokens_for(loss, n) == pytest.approx(d, rel=1e-5)
    assert law.overtraining_factor(loss, n) == pytest.approx(1, rel=1e-5)
    assert law.overtraining_factor(loss, 2 * n) > 1
    assert law.cheapest_for(loss) == pytest.approx((n, d), rel=1e-5)


@given(laws, st.floats(1e15, 1e25), st.floats(-4, 4))
def test_no_other_size_serves_more_cheaply(law, compute, magnitude):
    loss = law.optimal_loss(compute)
    assume(loss > law.floor * (1 + 1e-4))
    served = law.optimal_tokens(compute) * 10**magnitude
    n, d = law.cheapest_for(loss, served=served)
    assert law.loss(n, d) == pytest.approx(loss)
    assert n < law.optimal_parameters(compute)
    least = 6 * n * d + 2 * n * served
    for factor in (0.97, 0.999, 1.001, 1.03):
        try:
            other = 6 * n * factor * law.tokens_for(loss, n * factor) + 2 * n * factor * served
        except ValueError:  # too small to reach this loss at all
            continue
        assert least <= other * (1 + 1e-9)


def test_half_the_size_by_hand():
    """Two above the floor: 400 parameters lack 1 and need 400 tokens; 200 lack √2 and need (20/(2 − √2))² = 1166."""
    law = LossLaw(1.0, 20.0, 20.0, 0.5, 0.5)
    assert law.cheapest_for(3.0) == pytest.approx((400, 400))
    assert law.tokens_for(3.0, 200) == pytest.approx(400 / (2 - math.sqrt(2)) ** 2)
    assert law.overtraining_factor(3.0, 200) == pytest.approx(0.5 / (2 - math.sqrt(2)) ** 2)


@given(st.floats(1e3, 1e12), st.floats(1e3, 1e12))
def test_kaplans_joint_law_has_the_two_single_laws_as_its_ends(n, d):
    assert JOINT.loss(n, 1e60) == pytest.approx(JOINT.by_parameters.loss(n), rel=1e-4)
    assert JOINT.loss(1e60, d) == pytest.approx(JOINT.by_tokens.loss(d), rel=1e-4)
    assert JOINT.loss(n, d) > max(JOINT.by_parameters.loss(n), JOINT.by_tokens.loss(d))


def test_kaplans_joint_law_by_hand():
    """Exponents 1 and ½: [(9/1)² + 19/1]^½ = 10."""
    law = JointLaw(PowerLaw(9.0, 1.0), PowerLaw(19.0, 0.5))
    assert law.loss(1.0, 1.0) == pytest.approx(10)


@given(st.floats(1e3, 1e12))
def test_doubling_multiplies_by_the_same_factor_everywhere(n):
    assert BY_PARAMETERS.loss(2 * n) / BY_PARAMETERS.loss(n) == pytest.approx(BY_PARAMETERS.of_doubling)


def test_kaplans_allocation_grows_by_its_exponents():
    assert optimal_parameters(10.0) / optimal_parameters(1.0) == pytest.approx(10**0.73)
    assert optimal_tokens(10.0) / optimal_tokens(1.0) == pytest.approx(10**0.27)


def test_nonsense_is_refused():
    law = HOFFMANN_UNROUNDED
    with pytest.raises(ValueError, match="tokens must be positive and finite, got -3"):
        law.loss(np.array([1.0, 2.0]), np.array([5.0, -3.0]))
    with pytest.raises(ValueError, match="compute must be positive and finite, got 0"):
        law.optimal_parameters(0.0)
    with pytest.raises(ValueError, match="parameters must be positive and finite, got inf"):
        law.loss(math.inf, 1.0)
    with pytest.raises(ValueError, match=r"size_exponent must be positive and finite, got -0\.1"):
        LossLaw(1.0, 1.0, 1.0, -0.1, 0.1)
    with pytest.raises(ValueError, match="floor must not be negative, got -1"):
        LossLaw(-1.0, 1.0, 1.0, 0.1, 0.1)
    with pytest.raises(ValueError, match=r"a loss of 1\.6 is not above the floor of 1\.69337: no budget"):
        law.compute_for(1.6)
    with pytest.raises(ValueError, match=r"1e\+06 parameters stay above .* with any data; 2 needs more"):
        law.tokens_for(2.0, 1e6)
    with pytest.raises(ValueError, match="served must be a number of tokens, got -1"):
        law.cheapest_for(2.0, served=-1)
    with pytest.raises(ValueError, match="scale must be positive and finite, got 0"):
        PowerLaw(0.0, 0.1)
    with pytest.raises(ValueError, match="resource must be positive and finite, got nan"):
        BY_PARAMETERS.loss(math.nan)
