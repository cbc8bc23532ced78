import numpy as np
import pytest

from llmcourse.evaluation.intervals import (
    Interval,
    clustered_standard_error,
    coverage,
    mean_normal,
    wald,
    wilson,
)
from llmcourse.evaluation.redrawing import holds


@pytest.mark.parametrize("interval", [wald, wilson])
def test_counting_agrees_with_visiting_every_result(interval, rng):
    pool = np.array([1.0] * 9 + [0.0])
    recipe = lambda rows, *_: interval(int(rows.sum()), len(rows))  # noqa: E731
    held = holds(recipe, pool, 0.9, samples=4000, rng=rng)
    exact = coverage(interval, np.array([0.9]), 10)[0]
    assert held.mean() == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 4000))


def test_the_truth_at_an_end_counts_as_held(rng):
    at = lambda low, high: lambda *_: Interval(np.array(low), np.array(high))  # noqa: E731
    for ends, inside in (((0.5, 1.0), True), ((0.0, 0.5), True), ((0.51, 1.0), False), ((0.0, 0.49), False)):
        assert (holds(at(*ends), np.arange(4.0), 0.5, samples=3, rng=rng) == inside).all()


def test_clusters_are_drawn_whole_and_one_that_comes_twice_is_two(rng):
    cluster = np.array([7, 1, 7, 4, 4, 4])
    sizes = []

    def recipe(rows, number, _):
        names, counts = np.unique(number, return_counts=True)
        assert names.tolist() == [0, 1, 2]
        for name, count in zip(names, counts, strict=True):
            assert sorted(rows[number == name]) in ([0, 2], [1], [3, 4, 5])
            assert (number == name).sum() == count
        sizes.append(len(rows))
        return Interval(np.array(0.0), np.array(1.0))

    assert holds(recipe, np.arange(6.0), 0.5, samples=200, rng=rng, cluster=cluster).all()
    assert {min(sizes), max(sizes)} == {3, 9}  # with replacement: three times the smallest, or the largest


def test_without_clusters_each_item_is_its_own(rng):
    seen = set()

    def recipe(rows, number, _):
        assert number.tolist() == [0, 1, 2]
        seen.update(map(tuple, rows))
        return Interval(np.array(0.0), np.array(1.0))

    holds(recipe, np.column_stack([np.arange(3.0), -np.arange(3.0)]), 0.5, samples=30, rng=rng)
    assert seen == {(0, 0), (1, -1), (2, -2)}  # rows stay whole


def test_copies_break_the_plain_error_and_not_the_clustered_one(rng):
    pool, cluster = np.repeat(np.array([0.0, 1.0] * 30), 4), np.repeat(np.arange(60), 4)
    clustered = lambda rows, number, _: mean_normal(rows, error=clustered_standard_error(rows, number))  # noqa: E731
    plain = lambda rows, *_: mean_normal(rows)  # noqa: E731
    honest, proud = (holds(one, pool, 0.5, samples=1000, rng=rng, cluster=cluster).mean() for one in (clustered, plain))
    assert honest > 0.92
    assert proud == pytest.approx(0.67, abs=0.06)  # half the error: 68% of a bell curve


def test_the_sets_depend_neither_on_how_many_there_are_nor_on_the_luck_of_a_recipe():
    def seen(samples, used):
        sets = []

        def recipe(rows, _, own):
            own.random(used)
            sets.append(rows.tolist())
            return mean_normal(rows)

        holds(recipe, np.arange(5.0), 3.0, samples=samples, rng=np.random.default_rng(0))
        return sets

    assert seen(4, used=7) == seen(9, used=0)[:4]
    assert seen(2, used=0)[0] != seen(2, used=0)[1]


def test_a_recipe_may_give_several_intervals_from_one_set(rng):
    recipe = lambda *_: Interval(np.array([0.0, 0.6]), np.array([1.0, 0.9]))  # noqa: E731
    assert holds(recipe, np.arange(4.0), 0.5, samples=2, rng=rng).tolist() == [[True, False]] * 2


def test_what_cannot_be_drawn_is_refused(rng):
    recipe = lambda *_: Interval(np.array(0.0), np.array(1.0))  # noqa: E731
    with pytest.raises(ValueError, match="3 items and 2 cluster numbers"):
        holds(recipe, np.arange(3.0), 0.5, samples=1, rng=rng, cluster=np.arange(2))
    with pytest.raises(ValueError, match="at least 2 clusters to draw from, got 1"):
        holds(recipe, np.arange(3.0), 0.5, samples=1, rng=rng, cluster=np.zeros(3, dtype=int))
    with pytest.raises(ValueError, match="at least 1 set, got 0"):
        holds(recipe, np.arange(3.0), 0.5, samples=0, rng=rng)
