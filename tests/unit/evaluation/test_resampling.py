import itertools
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from llmcourse.evaluation.intervals import clustered_standard_error, standard_error
from llmcourse.evaluation.paired import discordant, mcnemar
from llmcourse.evaluation.resampling import bca_interval, bootstrap, percentile_interval, sign_flip_test


def test_every_sample_of_a_tiny_one_is_drawn_about_equally_often(rng):
    values = bootstrap(lambda x: x @ np.array([9.0, 3.0, 1.0]), np.array([0.0, 1.0, 2.0]), draws=27_000, rng=rng)
    kinds, counts = np.unique(values, return_counts=True)
    assert len(kinds) == 27  # the statistic spells the sample in base three
    assert_allclose(counts, 1000, atol=140)  # more than four standard deviations


def test_the_spread_of_bootstrapped_means_is_the_standard_error(rng):
    scores = rng.exponential(size=60)
    values = bootstrap(np.mean, scores, draws=4000, rng=rng)
    assert values.std() == pytest.approx(standard_error(scores) * math.sqrt(59 / 60), rel=0.03)


def test_rows_stay_whole_and_clusters_are_drawn_whole(rng):
    pairs = np.column_stack([np.arange(10.0), np.arange(10.0)])
    assert (bootstrap(lambda x: (x[:, 0] - x[:, 1]).mean(), pairs, draws=20, rng=rng) == 0).all()
    cluster = np.array([7, 7, 7, 1, 1, 1])
    sizes = bootstrap(lambda x: float(len(np.unique(x))), np.arange(6.0), draws=50, rng=rng, cluster=cluster)
    assert set(sizes) == {3, 6}
    scores, names = np.repeat(rng.normal(size=50), 4), np.repeat(np.arange(50), 4)
    values = bootstrap(np.mean, scores, draws=3000, rng=rng, cluster=names)
    assert values.std() == pytest.approx(clustered_standard_error(scores, names), rel=0.05)


def test_the_same_generator_draws_the_same():
    draw = lambda seed: bootstrap(np.median, np.arange(9.0), draws=5, rng=np.random.default_rng(seed))  # noqa: E731
    assert draw(3).tolist() == draw(3).tolist() != draw(4).tolist()


def test_bca_is_the_percentile_interval_where_nothing_leans(rng):
    scores = np.concatenate([one := rng.normal(size=40), -one])  # symmetric: no skewness, hence no acceleration
    values = bootstrap(np.mean, scores, draws=4000, rng=rng)
    values = np.concatenate([values, 2 * scores.mean() - values])  # as many above the estimate as below
    assert_allclose(bca_interval(np.mean, scores, values), percentile_interval(values), atol=1e-12)


def test_bca_follows_a_long_tail(rng):
    scores = rng.exponential(size=40)
    values = bootstrap(np.mean, scores, draws=4000, rng=rng)
    plain, moved = percentile_interval(values), bca_interval(np.mean, scores, values)
    assert moved.low > plain.low
    assert moved.high > plain.high


def test_all_signs_are_all_signs(rng):
    d = rng.normal(0.3, 1, size=9)
    sums = [abs(np.array(signs) @ d) for signs in itertools.product((-1, 1), repeat=9)]
    assert sign_flip_test(d) == pytest.approx((d.sum(), np.mean(np.array(sums) >= abs(d.sum()) - 1e-9)))
    drawn = sign_flip_test(d, draws=20_000, rng=rng)
    assert drawn.p == pytest.approx(sign_flip_test(d).p, abs=0.012)


def test_for_right_and_wrong_it_is_mcnemars_exact_test(rng):
    for _ in range(20):
        a, b = rng.random((2, 25)) < 0.7
        only_a, only_b = discordant(a, b)
        assert sign_flip_test(a.astype(float) - b).p == pytest.approx(mcnemar(only_a, only_b).p)


def test_a_random_test_never_says_never_and_no_difference_is_no_evidence(rng):
    assert sign_flip_test(np.ones(100), draws=99, rng=rng).p == 0.01
    assert sign_flip_test(np.zeros(5)) == (0, 1)
    assert sign_flip_test(np.zeros(5), draws=9, rng=rng).p == 1


def test_equal_sums_in_another_order_count_as_reached():
    d = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7])
    assert sign_flip_test(d[::-1].copy()).p == sign_flip_test(d).p == 2 / 2**7


def test_refuses_what_cannot_be_drawn_from(rng):
    with pytest.raises(ValueError, match="at least 2 items to draw from, got 1"):
        bootstrap(np.mean, np.ones(1), draws=5, rng=rng)
    with pytest.raises(ValueError, match="at least 1 draw, got 0"):
        bootstrap(np.mean, np.ones(3), draws=0, rng=rng)
    with pytest.raises(ValueError, match="3 items and 2 cluster numbers"):
        bootstrap(np.mean, np.ones(3), draws=5, rng=rng, cluster=np.arange(2))
    with pytest.raises(ValueError, match="at least 2 clusters, got 1"):
        bootstrap(np.mean, np.ones(3), draws=5, rng=rng, cluster=np.zeros(3, dtype=int))
    with pytest.raises(ValueError, match="value number 1 is not a finite number"):
        bootstrap(np.mean, np.array([[1.0], [math.nan]]), draws=5, rng=rng)


def test_refuses_intervals_that_cannot_be_placed():
    sample = np.array([1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="level must lie between 0 and 1"):
        percentile_interval(sample, level=1.5)
    with pytest.raises(ValueError, match="there are 0 values; draw some first"):
        percentile_interval(np.zeros(0))
    with pytest.raises(ValueError, match="value number 0 is not a finite number"):
        percentile_interval(np.array([math.nan, 1.0]))
    with pytest.raises(ValueError, match="100% of the bootstrap values lie below the estimate"):
        bca_interval(np.mean, sample, np.array([0.0, 1.0]))
    with pytest.raises(ValueError, match="leaving out one of the 3 items never changes"):
        bca_interval(lambda x: 1.0, sample, np.array([0.5, 1.5]))


def test_refuses_signs_that_cannot_be_tried(rng):
    with pytest.raises(ValueError, match="21 differences have 2\\^21 signs"):
        sign_flip_test(np.ones(21))
    with pytest.raises(ValueError, match="draws of at least 1 and an rng, got draws = 10 and rng = None"):
        sign_flip_test(np.ones(21), draws=10)
    with pytest.raises(ValueError, match="draws = -3"):
        sign_flip_test(np.ones(2), draws=-3, rng=rng)
    with pytest.raises(ValueError, match="0 differences"):
        sign_flip_test(np.array([]))
