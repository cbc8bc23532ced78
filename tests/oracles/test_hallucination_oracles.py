"""Semantic entropy, AUROC and votes against other libraries and published numbers."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from llmcourse.evaluation.hallucination import discrete_entropy, majority_right
from llmcourse.evaluation.selective import auroc


@pytest.fixture(params=[0, 1, 2])
def answers(request):
    rng = np.random.default_rng(request.param)
    wrong = rng.random(90) < 0.3
    return rng.integers(0, 8, size=90) + 2.0 * wrong, wrong  # many ties


def test_auroc_is_scikit_learns_and_mann_and_whitneys(answers):
    doubt, wrong = answers
    assert auroc(doubt, wrong).value == pytest.approx(roc_auc_score(wrong, doubt), rel=1e-12)
    u = stats.mannwhitneyu(doubt[wrong], doubt[~wrong]).statistic
    assert auroc(doubt, wrong).value == pytest.approx(u / (wrong.sum() * (~wrong).sum()), rel=1e-12)


def test_its_error_is_that_of_proc():
    """R's pROC, test-var.R: var of the AUROC of ``wfns`` in its data ``aSAH``, five grades in 41 poor and 72 good ends.

    The grades of both are those of the package's data; they also give its AUROC, 0.8237, and its interval.
    """
    grades, poor, good = [1.0, 2.0, 3.0, 4.0, 5.0], [2, 12, 1, 8, 18], [37, 20, 3, 8, 4]
    area = auroc(np.repeat(grades + grades, poor + good), np.repeat([True, False], [41, 72]))
    assert area.value == pytest.approx(0.823678861788618, rel=1e-12)
    assert area.error**2 == pytest.approx(0.00146991470882363, rel=1e-12)


def test_its_error_is_near_the_bootstraps_of_scipy(answers):
    doubt, wrong = answers

    def area(one, other):
        return stats.mannwhitneyu(one, other).statistic / (len(one) * len(other))

    drawn = stats.bootstrap(
        (doubt[wrong], doubt[~wrong]), area, n_resamples=1500, vectorized=False, method="basic",
        rng=np.random.default_rng(0),
    )  # fmt: skip
    assert auroc(doubt, wrong).error == pytest.approx(drawn.standard_error, rel=0.1)


def test_discrete_entropy_is_scipys_entropy_of_the_counts():
    clusters = np.array([0, 0, 3, 1, 0, 1, 1, 4, 0, 0])
    assert discrete_entropy(clusters) == pytest.approx(stats.entropy([5, 3, 1, 1]))


@pytest.mark.parametrize("p", [0.0, 0.2, 0.5, 0.6, 1.0])
@pytest.mark.parametrize("votes", [1, 5, 41])
def test_a_majority_is_scipys_binomial_tail(p, votes):
    assert majority_right(p, votes) == pytest.approx(stats.binom.sf(votes // 2, votes, p), abs=1e-12)
