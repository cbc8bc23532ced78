import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from llmcourse.evaluation.paired import paired_difference
from llmcourse.evaluation.ranking import (
    difference_deviation,
    expected_best,
    items_needed,
    joint_answers,
    largest_correlation,
    order_probabilities,
)

SHARE = st.floats(0.02, 0.98)


@given(SHARE, SHARE, st.floats(-0.9, 0.95))
def test_the_table_has_the_shares_and_the_correlation(p_a, p_b, correlation):
    try:
        table = joint_answers(p_a, p_b, correlation)
    except ValueError:
        assume(False)
    assert_allclose(table.sum(), 1)
    assert (table >= 0).all()
    assert_allclose((table[1].sum(), table[:, 1].sum()), (p_a, p_b))
    covariance = table[1, 1] - p_a * p_b
    assert covariance / math.sqrt(p_a * (1 - p_a) * p_b * (1 - p_b)) == pytest.approx(correlation, abs=1e-9)


@pytest.mark.parametrize(("p_a", "p_b", "rho"), [(0.6, 0.7, 0.0), (0.6, 0.7, 0.5), (0.5, 0.5, -0.4), (0.3, 0.8, 0.2)])
@pytest.mark.parametrize("n", [1, 2, 5])
def test_orders_are_counted_over_all_answer_sheets(p_a, p_b, rho, n):
    table, exact = joint_answers(p_a, p_b, rho), np.zeros(3)
    for sheet in itertools.product([(0, 0), (0, 1), (1, 0), (1, 1)], repeat=n):
        lead = sum(a - b for a, b in sheet)
        exact[int(np.sign(lead)) + 1] += math.prod(table[cell] for cell in sheet)
    assert_allclose(order_probabilities(p_a, p_b, n, correlation=rho), exact, atol=1e-12)


def test_with_many_items_the_order_is_that_of_the_normal_approximation():
    below, level, _ = order_probabilities(0.70, 0.73, 5000, correlation=0.4)
    z = 0.03 / (difference_deviation(0.70, 0.73, correlation=0.4) / math.sqrt(5000))
    wrong = math.erfc(z / math.sqrt(2)) / 2
    assert 1 - below - level / 2 == pytest.approx(wrong, rel=0.05)
    assert order_probabilities(0.7, 0.73, 10_000)[0] > order_probabilities(0.7, 0.73, 100)[0]


def test_pairing_makes_a_flip_rarer_and_equal_models_never_agree_to_order():
    flips = [order_probabilities(0.7, 0.73, 400, correlation=rho)[2] for rho in (0.0, 0.3, 0.6, 0.9)]
    assert flips == sorted(flips, reverse=True)
    assert order_probabilities(0.4, 0.4, 50, correlation=1.0).tolist() == [0, 1, 0]
    below, _, above = order_probabilities(0.4, 0.4, 50, correlation=0.3)
    assert below == pytest.approx(above)


def test_the_deviation_is_that_of_the_differences(rng):
    table = joint_answers(0.6, 0.75, 0.35).ravel()
    a, b = np.divmod(rng.choice(4, size=200_000, p=table), 2)
    found = paired_difference(a.astype(float), b.astype(float))
    assert difference_deviation(0.6, 0.75, correlation=0.35) == pytest.approx(found.error * math.sqrt(2e5), rel=0.005)
    assert difference_deviation(0.6, 0.75) == pytest.approx(math.sqrt(0.6 * 0.4 + 0.75 * 0.25))
    assert difference_deviation(0.5, 0.5, correlation=1.0) == 0


def test_the_items_needed_give_the_promised_power(rng):
    deviation = difference_deviation(0.60, 0.68, correlation=0.4)
    n = items_needed(0.08, deviation)
    table = joint_answers(0.60, 0.68, 0.4).ravel()
    counts = rng.multinomial(n, table, size=20_000)
    only_a, only_b = counts[:, 2], counts[:, 1]
    mean = (only_b - only_a) / n
    error = np.sqrt(((only_a + only_b) / n - mean**2) / n)
    assert (mean / error > 1.959964).mean() == pytest.approx(0.8, abs=0.012)
    assert items_needed(-0.08, deviation) == n
    assert items_needed(0.04, deviation) == pytest.approx(4 * n, abs=4)
    assert items_needed(0.5, 0.0) == 1


@pytest.mark.parametrize(
    ("models", "n", "p", "rho"), [(1, 3, 0.3, 0.0), (2, 2, 0.4, 0.0), (3, 2, 0.6, 0.5), (2, 3, 0.5, 1.0)]
)
def test_the_best_score_is_averaged_over_everything_that_can_happen(models, n, p, rho):
    """An item is shared (one answer for all) or not; every pattern of answers is visited."""
    patterns = []
    for answers in itertools.product((0, 1), repeat=models):
        alone = math.prod(p if one else 1 - p for one in answers)
        shared = (p if answers[0] else 1 - p) if len(set(answers)) == 1 else 0
        patterns.append((answers, rho * shared + (1 - rho) * alone))
    best = 0.0
    for sheet in itertools.product(patterns, repeat=n):
        scores = np.sum([answers for answers, _ in sheet], axis=0)
        best += math.prod(weight for _, weight in sheet) * scores.max() / n
    assert expected_best(models, p, n, correlation=rho) == pytest.approx(best, abs=1e-12)


def test_the_luck_of_the_best_grows_with_rivals_and_shrinks_with_items_and_likeness(rng):
    assert expected_best(1, 0.7, 200) == pytest.approx(0.7)
    assert expected_best(20, 0.7, 200) == pytest.approx(
        rng.binomial(200, 0.7, size=(40_000, 20)).max(1).mean() / 200, abs=5e-4
    )
    luck = [
        expected_best(m, 0.7, n, correlation=rho)
        for m, n, rho in ((5, 200, 0.0), (20, 200, 0.0), (20, 2000, 0.0), (20, 2000, 0.5))
    ]
    assert luck[1] > luck[0] > luck[2] > luck[3] > 0.7
    assert expected_best(20, 0.7, 2000, correlation=1.0) == pytest.approx(0.7)
    assert expected_best(9, 1.0, 10) == 1
    assert expected_best(9, 0.0, 10) == 0


@given(SHARE, SHARE)
def test_no_table_goes_beyond_the_largest_correlation(p_a, p_b):
    most = largest_correlation(p_a, p_b)
    assert min(joint_answers(p_a, p_b, most)[0, 1], joint_answers(p_a, p_b, most)[1, 0]) == pytest.approx(0, abs=1e-9)
    with pytest.raises(ValueError, match="cannot have a correlation"):
        joint_answers(p_a, p_b, most + 1e-3)
    for wrong in (0.0, 1.0, math.nan):
        with pytest.raises(ValueError, match=f"shares must lie between 0 and 1, got {wrong} and"):
            largest_correlation(wrong, 0.5)


def test_refuses_shares_and_correlations_that_cannot_be():
    for wrong in (-0.1, 1.2, math.nan):
        with pytest.raises(ValueError, match=f"a share must lie in \\[0, 1\\], got {wrong}"):
            joint_answers(0.5, wrong, 0.0)
        with pytest.raises(ValueError, match=f"a correlation must lie in \\[0, 1\\], got {wrong}"):
            expected_best(2, 0.5, 3, correlation=wrong)
    for p_a, p_b, rho in ((0.2, 0.9, 0.9), (0.9, 0.9, -0.5), (0.5, 0.5, math.nan)):
        with pytest.raises(ValueError, match=f"shares {p_a} and {p_b} cannot have a correlation of {rho}"):
            order_probabilities(p_a, p_b, 10, correlation=rho)


def test_refuses_no_items_and_no_difference():
    with pytest.raises(ValueError, match="at least 1 item, got n = 0"):
        order_probabilities(0.5, 0.5, 0)
    with pytest.raises(ValueError, match="at least 1 model and 1 item, got 0 and 5"):
        expected_best(0, 0.5, 5)
    with pytest.raises(ValueError, match=r"a difference of 0\.0 cannot be found"):
        items_needed(0.0, 0.5)
    with pytest.raises(ValueError, match=r"a finite number from 0 up, got -1\.0"):
        items_needed(0.1, -1.0)
    for wrong in (0.5, 1.0):
        with pytest.raises(ValueError, match=f"power must lie between 0.5 and 1, got {wrong}"):
            items_needed(0.1, 0.5, power=wrong)
