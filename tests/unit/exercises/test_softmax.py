import numpy as np
from numpy.testing import assert_allclose

from llmcourse.exercises import softmax as exercises
from llmcourse.inference.sampling import cut_mass, top_p
from llmcourse.language.softmax import softmax


def test_right_solutions_written_another_way_pass():
    def with_the_mean(z, tau):
        """Any constant will do where nothing overflows; here the largest over τ, row by row."""
        return np.array([[1 / sum(np.exp((other - x) / tau) for other in row) for x in row] for row in z])

    def by_hand(p, mass):
        left, total = set(), 0.0
        for v in sorted(range(len(p)), key=lambda v: -p[v]):
            if total < mass:
                left.add(v)
            total += p[v]
        kept = [x if v in left else 0.0 for v, x in enumerate(p)]
        return np.array(kept) / sum(kept)

    assert exercises.stable_softmax.check(with_the_mean).passed
    assert exercises.nucleus.check(by_hand).passed


def test_a_softmax_that_overflows_only_below_temperature_one_does_not_pass():
    def largest_before_the_division(z, tau):
        with np.errstate(over="ignore", invalid="ignore"):
            weights = np.exp(z / tau - z.max(axis=-1, keepdims=True))
            return weights / weights.sum(axis=-1, keepdims=True)

    verdict = exercises.stable_softmax.check(largest_before_the_division)
    assert verdict.status == "wrong"
    assert "largest of z/τ" in verdict.message


def test_a_nucleus_that_keeps_all_ties_does_not_pass():
    def from_the_last_probability(p, mass):
        ranked = np.sort(p)[::-1]
        last = ranked[np.searchsorted(ranked.cumsum(), mass)]
        kept = np.where(p >= last, p, 0)
        return kept / kept.sum()

    verdict = exercises.nucleus.check(from_the_last_probability)
    assert verdict.status == "wrong"
    assert "Of equal tokens the earlier one" in verdict.message


def test_the_numbers_of_the_exercises_are_the_packages():
    odds = softmax(np.log(np.array([9.0, 1.0])), temperature=exercises.temperature_for_odds.answer)
    assert_allclose(odds[0] / odds[1], 3)
    p = np.array([0.4, 0.3, 0.15, 0.1, 0.05])
    assert_allclose(cut_mass(p, top_p(p, 0.75)), exercises.cut_by_the_nucleus.answer)
