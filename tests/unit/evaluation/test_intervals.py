import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from llmcourse.evaluation.intervals import (
    clopper_pearson,
    clustered_standard_error,
    coverage,
    mean_normal,
    mean_t,
    quantile,
    standard_error,
    wald,
    wilson,
)

SHARES = [wald, wilson, clopper_pearson]
COUNTS = st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(("n", "half"), [(100, 7.84), (1000, 2.479), (10000, 0.784)])
def test_eighty_percent_on_more_and_more_items(n, half):
    low, high = wald(8 * n // 10, n)
    assert 100 * (high - low) / 2 == pytest.approx(half, abs=5e-4)
    assert (low + high) / 2 == pytest.approx(0.8)


@pytest.mark.parametrize("interval", SHARES)
@given(COUNTS)
def test_wrong_answers_have_the_mirrored_interval(interval, counts):
    k, n = counts
    low, high = interval(k, n)
    assert_allclose(interval(n - k, n), (1 - high, 1 - low), atol=1e-12)


@pytest.mark.parametrize("interval", SHARES)
@given(COUNTS)
def test_holds_its_estimate_and_grows_with_its_level(interval, counts):
    k, n = counts
    inner, outer = interval(k, n, level=0.8), interval(k, n, level=0.99)
    assert outer.low <= inner.low <= k / n <= inner.high <= outer.high


@given(COUNTS)
def test_wilson_and_clopper_pearson_stay_between_zero_and_one(counts):
    for interval in (wilson, clopper_pearson):
        low, high = interval(*counts)
        assert 0 <= low < high <= 1


@given(COUNTS, st.floats(0.5, 0.999))
def test_the_ends_of_wilson_are_z_standard_errors_of_their_own_share_away(counts, level):
    k, n = counts
    for p in wilson(k, n, level=level):
        if 0 < p < 1:
            assert abs(k / n - p) == pytest.approx(quantile(level) * math.sqrt(p * (1 - p) / n), rel=1e-6)


def test_the_ends_are_exact_where_all_or_none_is_right():
    for interval in (wilson, clopper_pearson):
        assert interval(0, 7).low == 0.0
        assert interval(7, 7).high == 1.0
    assert wilson(0, 20).high == pytest.approx(quantile(0.95) ** 2 / (20 + quantile(0.95) ** 2))
    assert clopper_pearson(0, 20).high == pytest.approx(1 - 0.025 ** (1 / 20))


def test_wald_claims_certainty_where_all_or_none_is_right_and_may_leave_the_unit_interval():
    assert wald(0, 20) == (0, 0)
    assert wald(20, 20) == (1, 1)
    assert wald(1, 20).low < 0


@pytest.mark.parametrize("interval", SHARES)
def test_arrays_are_counted_entry_by_entry(interval):
    k, n = np.array([[0, 3, 7], [1, 5, 9]]), np.array([7, 8, 9])
    low, high = interval(k, n, level=0.9)
    for i in np.ndindex(2, 3):
        assert (low[i], high[i]) == interval(int(k[i]), int(n[i[1]]), level=0.9)


@pytest.mark.parametrize("interval", SHARES)
def test_coverage_is_the_share_of_samples_that_hold_the_truth(interval, rng):
    p = np.array([0.03, 0.2, 0.5])
    k = rng.binomial(12, p, size=(40_000, 3))
    low, high = interval(k, np.full_like(k, 12))
    drawn = ((low <= p) & (p <= high)).mean(axis=0)
    assert_allclose(coverage(interval, p, 12), drawn, atol=0.01)  # 40,000 draws: a standard error of at most 0.0025


def test_clopper_pearson_is_never_below_its_level_and_wald_is_far_below():
    p = np.linspace(0, 1, 501)
    for n in (5, 30, 100):
        assert coverage(clopper_pearson, p, n).min() >= 0.95
    assert coverage(wald, np.array([0.02]), 30)[0] == pytest.approx(0.4542, abs=5e-5)  # 1 − 0.98³⁰, less k ≥ 4
    assert coverage(wilson, p, 30).min() > 0.83


def test_coverage_at_the_ends_is_that_of_one_possible_count():
    assert coverage(wald, np.array([0.0, 1.0]), 9).tolist() == [1, 1]


def test_standard_error_of_zeros_and_ones_is_the_share_formula_but_for_n_minus_one():
    scores = np.repeat([1.0, 0.0], [80, 20])
    assert standard_error(scores) == pytest.approx(math.sqrt(0.8 * 0.2 / 99))


def test_clusters_of_one_change_nothing_and_copies_are_not_evidence(rng):
    scores = rng.normal(size=40)
    assert clustered_standard_error(scores, np.arange(40)) == pytest.approx(standard_error(scores))
    copies = clustered_standard_error(np.repeat(scores, 5), np.repeat(np.arange(40), 5))
    deviation = scores - scores.mean()  # 200 answers, 40 independent ones
    assert copies**2 == pytest.approx((deviation**2).sum() / 40**2 * (1 + 1 / (5 * 199)))
    assert copies > 2 * standard_error(np.repeat(scores, 5))


def test_clustered_error_is_the_double_sum_over_pairs(rng):
    scores, cluster = rng.normal(size=25), rng.integers(0, 6, size=25) * 10 - 7  # any numbers may name clusters
    d, total = scores - scores.mean(), standard_error(scores) ** 2
    for i in range(25):
        total += sum(d[i] * d[j] for j in range(25) if j != i and cluster[i] == cluster[j]) / 25**2
    assert clustered_standard_error(scores, cluster) == pytest.approx(math.sqrt(total))


def test_the_clustered_error_is_the_spread_over_many_samples_of_clusters(rng):
    def sample():
        ability = np.repeat(rng.normal(size=60), 4)
        return ability + rng.normal(size=240)

    cluster = np.repeat(np.arange(60), 4)
    samples = [sample() for _ in range(600)]
    spread = np.std([s.mean() for s in samples])
    assert np.mean([clustered_standard_error(s, cluster) for s in samples]) == pytest.approx(spread, rel=0.1)
    assert np.mean([standard_error(s) for s in samples]) < 0.75 * spread


def test_the_mean_has_an_interval_of_z_or_t_standard_errors(rng):
    scores = rng.normal(3, 2, size=9)
    low, high = mean_normal(scores, level=0.9)
    assert (high - low) / 2 == pytest.approx(1.6448536 * standard_error(scores))
    assert mean_normal(scores, error=0.5) == pytest.approx((scores.mean() - 0.979982, scores.mean() + 0.979982))
    assert mean_t(scores).low < mean_normal(scores).low
    many = rng.normal(size=20_000)
    assert_allclose(mean_t(many), mean_normal(many), atol=1e-5)


def test_t_covers_few_normal_scores_and_z_does_not(rng):
    samples = rng.normal(size=(4000, 4))
    held = {f: np.mean([f(s).low <= 0 <= f(s).high for s in samples]) for f in (mean_t, mean_normal)}
    assert held[mean_t] == pytest.approx(0.95, abs=0.012)  # 4,000 samples: three standard errors
    assert held[mean_normal] < 0.88


@pytest.mark.parametrize("interval", SHARES)
@pytest.mark.parametrize(
    ("k", "n", "message"),
    [
        (0, 0, "at least 1 item, got n = 0"),
        (3, -2, "at least 1 item, got n = -2"),
        (5, 4, r"in 0 ... 4, got k = 5"),
        (-1, 4, r"in 0 ... 4, got k = -1"),
    ],
)
def test_refuses_counts_that_cannot_be(interval, k, n, message):
    with pytest.raises(ValueError, match=message):
        interval(k, n)
    with pytest.raises(ValueError, match=message):
        interval(np.array([0, k]), np.array([1, n]))


@pytest.mark.parametrize("interval", SHARES)
@pytest.mark.parametrize("level", [0.0, 1.0, 95.0, math.nan])
def test_refuses_a_level_that_is_not_between_zero_and_one(interval, level):
    with pytest.raises(ValueError, match=f"level must lie between 0 and 1 .*, got {level}"):
        interval(3, 9, level=level)


def test_refuses_shares_outside_zero_and_one():
    for wrong in (-0.1, 1.5, math.nan):
        with pytest.raises(ValueError, match=f"a share must lie in \\[0, 1\\], got {wrong}"):
            coverage(wald, np.array([0.5, wrong]), 9)
    with pytest.raises(ValueError, match=r"there are 0 counts to judge; .* n at least 1"):
        coverage(wald, np.array([0.5]), -1)
    with pytest.raises(ValueError, match="at least 1 item, got n = 0"):
        coverage(wald, np.array([0.5]), 0)


@pytest.mark.parametrize(
    "f", [standard_error, mean_normal, mean_t, lambda x: clustered_standard_error(x, x.astype(int))]
)
def test_refuses_scores_that_do_not_show_a_spread(f):
    with pytest.raises(ValueError, match="at least 2 scores to see how they spread, got 1"):
        f(np.array([0.5]))
    with pytest.raises(ValueError, match="got 0"):
        f(np.array([]))


def test_refuses_scores_that_are_not_finite():
    for wrong in (math.nan, math.inf):
        with pytest.raises(ValueError, match="score number 2 is not a finite number"):
            standard_error(np.array([0.0, 1.0, wrong]))


def test_refuses_clusters_that_do_not_fit():
    with pytest.raises(ValueError, match="there are 3 scores and 2 cluster numbers"):
        clustered_standard_error(np.zeros(3), np.arange(2))
    with pytest.raises(ValueError, match="at least 2 clusters, got 1"):
        clustered_standard_error(np.zeros(3), np.ones(3, dtype=int))


def test_refuses_an_error_that_is_not_one():
    for wrong in (-1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match=f"a finite number from 0 up, got {wrong}"):
            mean_normal(np.array([0.0, 1.0]), error=wrong)
