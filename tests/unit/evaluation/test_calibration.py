"""Published and hand-made examples; exact expectations by visiting every outcome; Murphy's identity; refusals."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmcourse.evaluation.calibration import bins, calibration_error, debiased_square, decomposition
from llmcourse.evaluation.proper import binary_brier

cases = st.lists(st.tuples(st.integers(0, 20).map(lambda n: n / 20), st.integers(0, 1)), min_size=1, max_size=30)
rules = st.sampled_from(["width", "mass"])


def arrays(pairs):
    return np.array([float(q) for q, _ in pairs]), np.array([y for _, y in pairs])


def test_torchmetrics_published_example_in_three_norms():
    """torchmetrics' documentation of BinaryCalibrationError; no probability there is an edge, so conventions agree."""
    q, happened = np.array([0.25, 0.25, 0.55, 0.75, 0.75]), np.array([0, 0, 1, 1, 1])
    found = {norm: calibration_error(q, happened, number=2, norm=norm) for norm in ("l1", "l2", "max")}
    assert found["l1"] == pytest.approx(0.29, abs=1e-12)
    assert found["l2"] == pytest.approx(0.2918333, abs=1e-6)
    assert found["max"] == pytest.approx(0.3166667, abs=1e-6)


def test_a_probability_that_is_an_edge_belongs_to_the_bin_below_and_zero_to_the_first():
    found = bins(np.array([0.0, 0.5, 0.5000001, 1.0]), np.array([0, 1, 1, 1]), number=2)
    assert found.count.tolist() == [2, 2]
    assert found.share.tolist() == [0.5, 1.0]
    assert found.place.tolist() == [0, 0, 1, 1]
    assert calibration_error(np.array([0.5, 0.6]), np.array([0, 1]), number=2) == pytest.approx(0.45)


@given(cases, st.integers(1, 12), rules)
def test_bins_hold_every_case_once_and_their_means(pairs, number, rule):
    q, happened = arrays(pairs)
    found = bins(q, happened, number=number, rule=rule)
    assert found.count.sum() == len(q)
    assert len(found.edges) == number + 1
    for m in range(number):
        inside = found.place == m
        assert inside.sum() == found.count[m]
        if inside.any():
            assert found.confidence[m] == pytest.approx(q[inside].mean())
            assert found.share[m] == pytest.approx(happened[inside].mean())
            assert (q[inside] <= found.edges[m + 1] + 1e-12).all()
            assert (q[inside] > found.edges[m]).all() or m == 0
        else:
            assert np.isnan(found.confidence[m])
            assert found.gap[m] == 0


@pytest.mark.parametrize("number", [1, 4, 7])
def test_bins_of_equal_mass_differ_by_one_case_when_there_are_no_ties(rng, number):
    found = bins(rng.random(100), rng.integers(0, 2, 100), number=number, rule="mass")
    assert found.count.max() - found.count.min() <= 1


@given(cases, st.integers(1, 12), rules)
def test_norms_are_ordered_and_one_bin_compares_means(pairs, number, rule):
    q, happened = arrays(pairs)
    l1, l2, top = (calibration_error(q, happened, number=number, rule=rule, norm=n) for n in ("l1", "l2", "max"))
    assert 0 <= l1 <= l2 + 1e-12 <= top + 2e-12 <= 1 + 3e-12
    assert calibration_error(q, happened, number=1, rule=rule) == pytest.approx(abs(q.mean() - happened.mean()))
    assert l1 >= abs(q.mean() - happened.mean()) - 1e-12  # bins can only separate what cancels


@given(cases, st.integers(1, 12), rules)
def test_the_parts_add_up_to_briers_score(pairs, number, rule):
    q, happened = arrays(pairs)
    parts = decomposition(q, happened, number=number, rule=rule)
    total = parts.reliability - parts.resolution + parts.uncertainty + parts.within
    assert total == pytest.approx(binary_brier(q, happened), abs=1e-12)
    assert parts.reliability == pytest.approx(
        calibration_error(q, happened, number=number, rule=rule, norm="l2") ** 2, abs=1e-12
    )


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.35, 0.9]), st.integers(0, 1)), min_size=1, max_size=20))
def test_murphys_identity_is_exact_if_each_bin_has_one_probability(pairs):
    q, happened = arrays(pairs)
    parts = decomposition(q, happened, number=10)
    assert parts.within == pytest.approx(0, abs=1e-12)
    assert parts.resolution <= parts.uncertainty + 1e-12


@pytest.mark.parametrize("outcome", [0, 1])
def test_with_one_class_only_there_is_nothing_to_resolve(outcome):
    q, happened = np.array([0.2, 0.7, 0.7]), np.full(3, outcome)
    parts = decomposition(q, happened)
    assert parts.resolution == parts.uncertainty == 0
    assert parts.reliability == pytest.approx(binary_brier(q, happened))
    assert calibration_error(q, happened) == pytest.approx(abs(q - outcome).mean())


@pytest.mark.parametrize("pi", [
    (0.3, 0.3, 0.3, 0.3, 0.8, 0.8, 0.8),  # what is true, against what is stated below
    (0.2, 0.2, 0.2, 0.2, 0.9, 0.9, 0.9),
    (0.1, 0.25, 0.4, 0.15, 0.95, 0.7, 0.6),
])  # fmt: skip
@pytest.mark.parametrize("q", [(0.3, 0.3, 0.3, 0.3, 0.8, 0.8, 0.8), (0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.9)])
def test_the_debiased_square_is_unbiased_and_the_plug_in_is_too_large(pi, q):
    """Every one of the 2⁷ outcomes with its probability: the mean must be the squares of the true gaps, pairs only."""
    pi, q = np.array(pi), np.array(q)
    debiased = plug_in = 0.0
    for happened in map(np.array, itertools.product((0, 1), repeat=7)):
        weight = float(np.prod(np.where(happened == 1, pi, 1 - pi)))
        debiased += weight * debiased_square(q, happened, number=2)
        plug_in += weight * calibration_error(q, happened, number=2, norm="l2") ** 2
    place = np.searchsorted([0.5], q)
    true_pairs = (
        sum(
            (q[i] - pi[i]) * (q[j] - pi[j]) / (np.sum(place == place[i]) - 1)
            for i, j in itertools.permutations(range(7), 2)
            if place[i] == place[j]
        )
        / 7
    )
    assert debiased == pytest.approx(true_pairs, abs=1e-12)
    true_square = sum(np.sum(place == m) * (q[place == m].mean() - pi[place == m].mean()) ** 2 for m in (0, 1)) / 7
    noise = sum((pi * (1 - pi))[place == m].sum() / np.sum(place == m) for m in (0, 1)) / 7
    assert plug_in == pytest.approx(true_square + noise, abs=1e-12)


@given(st.lists(st.tuples(st.sampled_from([0.15, 0.55]), st.integers(0, 1)), min_size=2, max_size=25))
def test_with_one_probability_per_bin_it_is_the_published_estimator(pairs):
    """Kumar et al. (2019): squared gap less ȳ(1 − ȳ)/(n − 1), for bins of two cases or more."""
    q, happened = arrays(pairs)
    found = bins(q, happened, number=2)
    expected = sum(
        n * (gap**2 - share * (1 - share) / (n - 1))
        for n, gap, share in zip(found.count, found.gap, found.share, strict=True)
        if n > 1
    )
    assert debiased_square(q, happened, number=2) == pytest.approx(expected / len(q), abs=1e-12)


def test_a_bin_of_one_case_has_no_pair():
    assert debiased_square(np.array([0.2, 0.9]), np.array([1, 0]), number=2) == 0


@pytest.mark.parametrize("function", [bins, calibration_error, debiased_square, decomposition])
@pytest.mark.parametrize(("q", "happened", "options", "message"), [
    ([0.5, 1.5], [0, 1], {}, "must lie in .0, 1., got 1.5"),
    ([0.5], [0, 1], {}, "1 probabilities and 2 outcomes"),
    ([0.5, 0.6], [0, 3], {}, "got 3"),
    ([0.5, 0.6], [0, 1], {"number": 0}, "at least 1, got 0"),
    ([0.5, 0.6], [0, 1], {"rule": "height"}, "got 'height'"),
])  # fmt: skip
def test_refuses_what_cannot_be_binned(function, q, happened, options, message):
    with pytest.raises(ValueError, match=message):
        function(np.array(q), np.array(happened), **options)


def test_refuses_no_cases_and_an_unknown_norm():
    with pytest.raises(ValueError, match="0 probabilities"):
        calibration_error(np.zeros(0), np.zeros(0, dtype=int))
    with pytest.raises(ValueError, match="got 'l3'"):
        calibration_error(np.array([0.5]), np.array([1]), norm="l3")
