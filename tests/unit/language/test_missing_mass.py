import itertools

import numpy as np
import pytest

from llmcourse.language.missing_mass import expected_missing, expected_singletons, good_turing, missing_mass

P = np.array([0.5, 0.3, 0.15, 0.05])


@pytest.mark.parametrize("draws", [1, 2, 5])
def test_both_expectations_are_those_over_all_samples(draws):
    missing = singletons = 0.0
    for sample in itertools.product(range(4), repeat=draws):
        counts = np.bincount(sample, minlength=4)
        chance = P[list(sample)].prod()
        missing += chance * missing_mass(P, counts)
        singletons += chance * good_turing(counts)
    assert expected_missing(P, draws) == pytest.approx(missing)
    assert expected_singletons(P, draws) == pytest.approx(singletons)


@pytest.mark.parametrize("draws", [1, 3, 50])
def test_the_estimate_is_too_high_by_at_most_one_in_n(draws):
    for p in (P, np.full(40, 1 / 40), np.array([1.0, 0.0])):
        assert 0 <= expected_singletons(p, draws) - expected_missing(p, draws) <= 1 / draws


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: good_turing(np.zeros(3, int)), "0 draws"),
        (lambda: good_turing(np.array([1, -1])), "negative, got -1"),
        (lambda: missing_mass(P, np.array([1, 0])), "4 probabilities and 2 counts"),
        (lambda: missing_mass(P, np.zeros(4, int)), "0 draws"),
        (lambda: missing_mass(2 * P, np.ones(4, int)), "sums to 2"),
        (lambda: expected_missing(P, 0), "at least 1 draw, got 0"),
        (lambda: expected_singletons(P, 0), "at least 1 draw, got 0"),
    ],
)
def test_refuses(call, message):
    with pytest.raises(ValueError, match=message):
        call()
