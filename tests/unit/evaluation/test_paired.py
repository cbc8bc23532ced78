import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from llmcourse.evaluation.intervals import clustered_standard_error, standard_error
from llmcourse.evaluation.paired import (
    benjamini_hochberg,
    bonferroni,
    discordant,
    gap_over_groups,
    holm,
    mcnemar,
    paired_difference,
)

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=12).map(np.array)


def test_the_paired_error_follows_from_variances_and_covariance(rng):
    a = rng.normal(size=50)
    b = 0.7 * a + rng.normal(size=50)
    found = paired_difference(a, b)
    covariance = np.cov(a, b)[0, 1] / 50
    assert found.mean == pytest.approx(a.mean() - b.mean())
    assert found.error**2 == pytest.approx(standard_error(a) ** 2 + standard_error(b) ** 2 - 2 * covariance)
    assert found.unpaired_error**2 == pytest.approx(standard_error(a) ** 2 + standard_error(b) ** 2)
    assert found.variance_saved == pytest.approx(2 * covariance / (standard_error(a) ** 2 + standard_error(b) ** 2))
    low, high = found.interval(level=0.9)
    assert (low + high) / 2 == pytest.approx(found.mean)
    assert high - low == pytest.approx(2 * 1.6448536 * found.error)


def test_equal_models_are_equal_for_certain_and_opposed_ones_lose_by_pairing():
    a = np.array([0.0, 1.0, 1.0, 0.0])
    same, opposed = paired_difference(a, a), paired_difference(a, 1 - a)
    assert (same.mean, same.error, same.variance_saved) == (0, 0, 1)
    assert opposed.variance_saved == pytest.approx(-1)
    with pytest.raises(ValueError, match="neither model's score varies"):
        _ = paired_difference(np.ones(4), np.zeros(4)).variance_saved


def test_the_paired_error_is_the_spread_over_many_samples(rng):
    def sample():
        hard = rng.normal(size=80)
        return (rng.normal(size=80) > hard).astype(float), (rng.normal(size=80) > hard + 0.3).astype(float)

    found = [paired_difference(*sample()) for _ in range(800)]
    spread = np.std([one.mean for one in found])
    assert np.mean([one.error for one in found]) == pytest.approx(spread, rel=0.06)
    assert np.mean([one.unpaired_error for one in found]) > 1.15 * spread


def test_clusters_of_a_difference_are_handled_by_the_clustered_error_of_the_differences(rng):
    a, b = rng.normal(size=(2, 30))
    assert clustered_standard_error(a - b, np.arange(30)) == pytest.approx(paired_difference(a, b).error)


def test_discordant_items_are_those_where_one_alone_is_right(rng):
    a, b = rng.random((2, 200)) < 0.6
    only_a, only_b = discordant(a, b)
    assert only_a - only_b == a.sum() - b.sum()
    assert only_a + only_b == (a != b).sum()


@pytest.mark.parametrize(("b", "c"), [(0, 0), (1, 0), (3, 3), (2, 7), (9, 1)])
def test_mcnemars_exact_p_counts_all_sequences_of_coins(b, c):
    n = b + c
    extreme = sum(abs(2 * sum(coins) - n) >= abs(b - c) for coins in itertools.product((0, 1), repeat=n))
    assert mcnemar(b, c).p == pytest.approx(extreme / 2**n)
    assert mcnemar(c, b) == mcnemar(b, c)


def test_the_correction_makes_chi_square_more_careful_and_never_more_than_certain():
    for b, c in [(10, 4), (4, 10), (3, 3), (4, 3)]:
        plain, corrected = mcnemar(b, c, how="plain"), mcnemar(b, c, how="corrected")
        assert plain.p <= corrected.p <= 1
    assert mcnemar(3, 3, how="corrected") == (0, 1)
    assert mcnemar(4, 3, how="plain").statistic == pytest.approx(1 / 7)
    assert mcnemar(4, 3, how="corrected").statistic == 0


def test_the_plain_statistic_is_the_square_of_the_paired_z_but_for_the_mean(rng):
    a, b = (rng.random((2, 500)) < 0.5).astype(float)
    only_a, only_b = discordant(a == 1, b == 1)
    z = (a - b).mean() / math.sqrt(((a - b) ** 2).sum() / 500**2)  # under the null the mean is 0 and not taken off
    assert mcnemar(only_a, only_b, how="plain").statistic == pytest.approx(z**2)


@pytest.mark.parametrize("adjust", [bonferroni, holm, benjamini_hochberg])
@given(P_VALUES)
def test_adjusting_keeps_the_order_and_lowers_nothing(adjust, p):
    adjusted = adjust(p)
    assert (adjusted >= p - 1e-15).all()
    assert (adjusted <= 1).all()
    order = np.argsort(p, kind="stable")
    assert (np.diff(adjusted[order]) >= 0).all()


@given(P_VALUES)
def test_holm_lies_between_nothing_and_bonferroni_and_bh_below_holm(p):
    assert (holm(p) <= bonferroni(p) + 1e-15).all()
    assert (benjamini_hochberg(p) <= holm(p) + 1e-15).all()


@given(P_VALUES, st.floats(0.001, 0.999))
def test_holm_is_the_procedure_that_steps_down(p, alpha):
    """As the paper says it: reject from the smallest on, against α/N, α/(N − 1), ..., until one is not below."""
    rejected = set()
    for step, i in enumerate(np.argsort(p, kind="stable")):
        if (p.size - step) * p[i] > alpha:
            break
        rejected.add(int(i))
    assert rejected == set(np.flatnonzero(holm(p) <= alpha).tolist())


@given(P_VALUES, st.floats(0.001, 0.999))
def test_benjamini_hochberg_is_the_procedure_that_steps_up(p, q):
    order = np.argsort(p, kind="stable")
    below = [i for i in range(p.size) if p.size / (i + 1) * p[order[i]] <= q]
    rejected = set(order[: below[-1] + 1].tolist()) if below else set()
    assert rejected == set(np.flatnonzero(benjamini_hochberg(p) <= q).tolist())


def test_holm_wrongly_rejects_anything_in_at_most_alpha_of_all_cases_and_bh_is_bolder(rng):
    p = rng.random((4000, 8))
    assert np.mean([holm(row).min() <= 0.05 for row in p]) == pytest.approx(0.05, abs=0.011)  # three standard errors
    assert np.mean([row.min() <= 0.05 for row in p]) > 0.3
    few = np.array([0.005, 0.01, 0.015, 0.02, 0.9, 0.9])
    assert (benjamini_hochberg(few) < 0.05).sum() == 4 > (holm(few) < 0.05).sum()


def test_refuses_models_that_saw_different_items():
    with pytest.raises(ValueError, match="3 scores of one model and 2 of the other"):
        paired_difference(np.zeros(3), np.zeros(2))
    with pytest.raises(ValueError, match="3 scores of one model and 2 of the other"):
        discordant(np.zeros(3, dtype=bool), np.zeros(2, dtype=bool))
    with pytest.raises(ValueError, match="0 items to compare"):
        discordant(np.zeros(0, dtype=bool), np.zeros(0, dtype=bool))
    with pytest.raises(ValueError, match="at least 2 scores to see how they spread, got 1"):
        paired_difference(np.zeros(1), np.zeros(1))
    with pytest.raises(ValueError, match="score number 1 is not a finite number"):
        paired_difference(np.zeros(2), np.array([0.0, math.nan]))


def test_refuses_counts_and_ways_that_do_not_exist():
    with pytest.raises(ValueError, match="counts cannot be negative, got 3 and -1"):
        mcnemar(3, -1)
    with pytest.raises(ValueError, match="or 'plain', got 'yates'"):
        mcnemar(3, 1, how="yates")
    for how in ("plain", "corrected"):
        with pytest.raises(ValueError, match="disagree on 0 items"):
            mcnemar(0, 0, how=how)


@pytest.mark.parametrize("adjust", [bonferroni, holm, benjamini_hochberg])
def test_refuses_what_is_no_p_value(adjust):
    for wrong in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match=f"a p-value must lie in \\[0, 1\\], got {wrong}"):
            adjust(np.array([0.5, wrong]))
    with pytest.raises(ValueError, match="0 p-values"):
        adjust(np.array([]))


def test_equal_p_values_stay_equal():
    assert_allclose(holm(np.full(4, 0.02)), 0.08)
    assert_allclose(benjamini_hochberg(np.full(4, 0.02)), 0.02)


def test_each_group_counts_alike_however_many_items_it_has(rng):
    group = np.array([0, 0, 0, 0, 3, 3, 1])  # none in group 2
    a, b = rng.random((2, 7))
    each = [np.mean([x - y for g, x, y in zip(group, a, b, strict=True) if g == name]) for name in (0, 1, 3)]
    assert gap_over_groups(np.column_stack([group, a, b])) == pytest.approx(sum(each) / 3, abs=1e-15)
    for rows, count in ((np.empty((0, 3)), 0), (np.array([[-1.0, 1, 0], [0, 1, 0]]), 2)):
        with pytest.raises(ValueError, match=f"got {count} rows"):
            gap_over_groups(rows)
