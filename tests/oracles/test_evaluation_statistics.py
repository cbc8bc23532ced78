"""Other people's numbers for intervals and tests: statsmodels, scipy, and published tables."""

import json
from pathlib import Path

import numpy as np
import pytest
import scipy.stats
from numpy.testing import assert_allclose

from llmcourse.evaluation.intervals import (
    clopper_pearson,
    clustered_standard_error,
    mean_normal,
    mean_t,
    standard_error,
    wald,
    wilson,
)
from llmcourse.evaluation.paired import benjamini_hochberg, bonferroni, holm, mcnemar
from llmcourse.evaluation.passk import pass_at_k, plugged_in_pass_at_k
from llmcourse.evaluation.ranking import order_probabilities
from llmcourse.evaluation.resampling import bca_interval, percentile_interval, sign_flip_test

# made by tests/oracles/tables/make_statistics.py with statsmodels, in an environment of its own
TABLE = json.loads(Path(__file__).with_name("tables").joinpath("statistics.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("k", "n", "ends"),
    [
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0000, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
    ],
)
def test_wilson_is_newcombes_table_1_method_3(k, n, ends):
    assert_allclose(wilson(k, n), ends, atol=5e-5)


@pytest.mark.parametrize("row", TABLE["shares"], ids=lambda row: f"{row['k']} of {row['n']}")
def test_intervals_of_a_share_are_statsmodels(row):
    k, n, level = row["k"], row["n"], row["level"]
    assert_allclose(np.clip(wald(k, n, level=level), 0, 1), row["wald"], atol=1e-12)  # theirs are cut to [0, 1]
    assert_allclose(wilson(k, n, level=level), row["wilson"], atol=1e-12)
    assert_allclose(clopper_pearson(k, n, level=level), row["clopper_pearson"], atol=1e-12)


@pytest.mark.parametrize("n", [1, 2, 13, 250])
@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_intervals_of_a_share_are_scipys(n, level):
    for k in {0, 1, n // 3, n}:
        result = scipy.stats.binomtest(k, n)
        assert_allclose(wilson(k, n, level=level), result.proportion_ci(level, "wilson"), atol=1e-12)
        assert_allclose(clopper_pearson(k, n, level=level), result.proportion_ci(level, "exact"), atol=1e-9)


def test_means_and_their_errors_are_statsmodels_and_scipys():
    known = TABLE["means"]
    scores = np.array(known["scores"])
    assert_allclose(mean_normal(scores, level=0.9), known["normal_90"], rtol=1e-12)
    assert_allclose(mean_t(scores, level=0.9), known["t_90"], rtol=1e-12)
    assert standard_error(scores) == pytest.approx(scipy.stats.sem(scores), rel=1e-14)


def test_the_clustered_error_is_the_sandwich_but_for_the_n_minus_one_of_its_first_part():
    """Miller's sum has the unbiased variance where the sandwich divides by N."""
    known = TABLE["means"]
    scores, cluster = np.array(known["scores"]), np.array(known["cluster"])
    extra = standard_error(scores) ** 2 / scores.size  # Σd²/(N(N − 1)) − Σd²/N²
    ours = clustered_standard_error(scores, cluster) ** 2 - extra
    assert ours == pytest.approx(known["sandwich_error"] ** 2, rel=1e-12)


@pytest.mark.parametrize("row", TABLE["mcnemar"], ids=lambda row: f"{row['b']} and {row['c']}")
def test_mcnemar_is_statsmodels(row):
    for how in ("exact", "plain"):
        assert_allclose(mcnemar(row["b"], row["c"], how=how), row[how], rtol=1e-9)
    if row["b"] != row["c"]:  # for equal counts statsmodels has |0| − 1 squared, 1; the correction should not cross 0
        assert_allclose(mcnemar(row["b"], row["c"], how="corrected"), row["corrected"], rtol=1e-9)


def test_mcnemar_is_the_approval_table():
    """Approval of a prime minister, asked twice: 794, 150, 86, 570 (Agresti)."""
    assert mcnemar(150, 86, how="plain").statistic == pytest.approx(17.3559, abs=1e-4)
    corrected = mcnemar(150, 86, how="corrected")
    assert corrected.statistic == pytest.approx(16.8178, abs=1e-4)
    assert corrected.p == pytest.approx(4.11e-5, abs=5e-8)
    assert mcnemar(150, 86).p == pytest.approx(3.716e-5, abs=5e-9)


@pytest.mark.parametrize("row", TABLE["adjusted"], ids=lambda row: f"{len(row['p'])} tests")
def test_adjusted_p_values_are_statsmodels_and_scipys(row):
    p = np.array(row["p"])
    for adjust in (bonferroni, holm, benjamini_hochberg):
        assert_allclose(adjust(p), row[adjust.__name__], rtol=1e-12)
    assert_allclose(benjamini_hochberg(p), scipy.stats.false_discovery_control(p), rtol=1e-12)


@pytest.mark.parametrize("statistic", [np.mean, np.median, lambda x, axis=None: np.std(x, axis=axis)])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_bootstrap_intervals_are_scipys_from_the_same_draws(statistic, level, rng):
    sample = rng.exponential(size=31)
    options = {"vectorized": True, "n_resamples": 999, "confidence_level": level, "rng": rng}
    for ours, method in (
        (lambda values: percentile_interval(values, level=level), "percentile"),
        (lambda values: bca_interval(statistic, sample, values, level=level), "BCa"),
    ):
        theirs = scipy.stats.bootstrap((sample,), statistic, method=method, **options)
        assert_allclose(ours(theirs.bootstrap_distribution), theirs.confidence_interval, rtol=1e-10)


def test_the_sign_flip_test_is_scipys_permutation_test(rng):
    for d in (rng.normal(0.4, 1, size=11), rng.integers(-2, 3, size=12).astype(float)):
        theirs = scipy.stats.permutation_test((d,), np.sum, permutation_type="samples", n_resamples=np.inf)
        assert sign_flip_test(d).p == pytest.approx(theirs.pvalue, rel=1e-12)


def test_orders_of_unrelated_models_are_two_of_scipys_binomials():
    k = np.arange(41)
    a, b = scipy.stats.binom.pmf(k, 40, 0.6), scipy.stats.binom.pmf(k, 40, 0.7)
    table = np.outer(a, b)
    exact = (np.triu(table, 1).sum(), np.trace(table), np.tril(table, -1).sum())
    assert_allclose(order_probabilities(0.6, 0.7, 40), exact, atol=1e-12)


@pytest.mark.parametrize(
    ("n", "c", "k", "value"),
    [
        (200, 10, 1, 0.05),
        (200, 10, 10, 0.4085479),
        (200, 10, 100, 0.9992290),
        (10, 3, 5, 0.9166667),
        (20, 4, 10, 0.957),
    ],
)
def test_pass_at_k_is_what_openais_script_gives(n, c, k, value):
    assert pass_at_k(n, c, k) == pytest.approx(value, abs=5e-4 if value == 0.957 else 1e-7)


def test_the_plugged_in_guess_is_lower():
    assert plugged_in_pass_at_k(200, 10, 10) == pytest.approx(0.4012631, abs=1e-7)
    n, c, k = 30, 7, 6
    theirs = 1 - scipy.stats.hypergeom(n, c, k).pmf(0)
    assert pass_at_k(n, c, k) == pytest.approx(theirs, rel=1e-12)
