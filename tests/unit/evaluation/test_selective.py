import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from llmcourse.evaluation.selective import area_difference, aurc, auroc, best_aurc, risk_coverage

DOUBT = np.array([0.3, 0.3, 0.9, 0.1, 0.5, 0.9, 0.2, 0.3])
WRONG = np.array([False, True, True, False, True, False, False, True])


def test_the_area_is_the_share_of_pairs_in_order():
    pairs = [(DOUBT[i], DOUBT[j]) for i, j in itertools.product(range(8), repeat=2) if WRONG[i] and not WRONG[j]]
    expected = np.mean([1.0 if a > b else 0.5 if a == b else 0.0 for a, b in pairs])
    assert auroc(DOUBT, WRONG).value == pytest.approx(expected)


@given(st.permutations(range(8)))
def test_only_the_order_of_the_scores_matters_and_not_that_of_the_answers(places):
    places = np.array(places)
    assert auroc(np.exp(3 * DOUBT)[places], WRONG[places]) == pytest.approx(auroc(DOUBT, WRONG))


def test_a_score_turned_round_has_the_rest_of_the_area():
    one, other = auroc(DOUBT, WRONG), auroc(-DOUBT, WRONG)
    assert one.value + other.value == pytest.approx(1)
    assert one.error == pytest.approx(other.error)


def test_the_error_is_the_spread_over_many_samples_also_of_a_paired_difference_and_its_interval_holds_the_truth():
    rng = np.random.default_rng(0)

    def sample():
        wrong = rng.random(80) < 0.4
        base = rng.normal(size=80) + wrong
        one, other = base + 0.3 * rng.normal(size=80), base + 0.8 * rng.normal(size=80)
        return auroc(one, wrong), area_difference(one, other, wrong)

    drawn = [sample() for _ in range(1500)]
    true, other = (stats.norm.cdf(1 / math.sqrt(2 * (1 + noise**2))) for noise in (0.3, 0.8))  # of two normals 1 apart
    for which, truth in enumerate((true, true - other)):
        values, errors = np.array([pair[which] for pair in drawn]).T
        held = np.mean([low <= truth <= high for low, high in (pair[which].interval() for pair in drawn)])
        assert held == pytest.approx(0.95, abs=0.02)  # 1,500 samples: 0.006 of noise; the rest is the normal's
        assert errors.mean() == pytest.approx(values.std(), rel=0.06)  # 1,500 samples: 1.8 % of noise in the spread


def test_the_interval_is_symmetric_around_the_value():
    area = auroc(DOUBT, WRONG)
    low, high = area.interval()
    assert (low + high) / 2 == pytest.approx(area.value)
    assert high - low == pytest.approx(2 * 1.959964 * area.error, rel=1e-6)


def test_answers_of_equal_doubt_count_as_their_average_order():
    """Against the mean over every order within the groups."""
    orders = [
        np.concatenate(groups)
        for groups in itertools.product(
            *[
                [np.array(p) for p in itertools.permutations(np.flatnonzero(DOUBT == d).tolist())]
                for d in np.unique(DOUBT)
            ]
        )
    ]
    risks = np.mean([WRONG[order].cumsum() / np.arange(1, 9) for order in orders], axis=0)
    coverage, found = risk_coverage(DOUBT, WRONG)
    assert found == pytest.approx(risks)
    assert coverage[-1] == 1
    assert found[-1] == WRONG.mean()
    assert aurc(DOUBT, WRONG) == pytest.approx(risks.mean())


def test_a_score_that_says_nothing_has_the_error_rate_and_the_best_one_the_least():
    assert aurc(np.zeros(8), WRONG) == pytest.approx(WRONG.mean())
    least = min(aurc(np.array(p, dtype=float), WRONG) for p in itertools.permutations(range(8)))
    assert best_aurc(WRONG) == pytest.approx(least)


@pytest.mark.parametrize(
    ("doubt", "wrong", "message"),
    [
        (DOUBT, np.ones(8, bool), "8 wrong and 0 right"),
        (DOUBT, np.zeros(8, bool), "0 wrong and 8 right"),
        (DOUBT, np.arange(8) == 3, "1 wrong and 7 right"),
        (DOUBT, WRONG[:5], "8 scores and 5 verdicts"),
        (np.where(DOUBT == 0.5, math.nan, DOUBT), WRONG, "answer 4 is not a number"),
        (np.zeros(0), np.zeros(0, bool), "0 answers"),
    ],
)
def test_refuses(doubt, wrong, message):
    with pytest.raises(ValueError, match=message):
        auroc(doubt, wrong)


def test_a_curve_needs_answers():
    with pytest.raises(ValueError, match="0 answers"):
        aurc(np.zeros(0), np.zeros(0, bool))
    with pytest.raises(ValueError, match="8 scores and 5 verdicts"):
        area_difference(DOUBT, DOUBT, WRONG[:5])
