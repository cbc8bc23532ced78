"""What each filter keeps, how much it cuts, and what none of them may do."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from llmcourse.inference.sampling import (
    cut_mass,
    greedy,
    min_p,
    next_distribution,
    repetition_penalty,
    top_k,
    top_p,
    typical,
)
from llmcourse.language.information import entropy
from llmcourse.language.softmax import softmax
from tests.unit.language.strategies import distributions

P = np.array([0.5, 0.2, 0.15, 0.1, 0.05])
LOGITS = np.array([2.0, 1.0, 0.0])
FILTERS = [(top_k, 2), (top_p, 0.6), (min_p, 0.3), (typical, 0.6)]


def kept(p: np.ndarray) -> list[int]:
    return np.flatnonzero(p).tolist()


@pytest.mark.parametrize(
    ("keep", "setting", "expected"),
    [
        (top_k, 2, [0, 1]),
        (top_k, 1, [0]),
        (top_k, 99, [0, 1, 2, 3, 4]),
        (top_p, 0.71, [0, 1, 2]),
        (top_p, 0.69, [0, 1]),
        (top_p, 0.5, [0]),  # 0.5 is reached by the first
        (top_p, 0.500001, [0, 1]),
        (top_p, 1e-9, [0]),
        (top_p, 1e-300, [0]),  # 1 - mass is 1
        (top_p, 1.0, [0, 1, 2, 3, 4]),
        (min_p, 0.25, [0, 1, 2]),
        (min_p, 0.2, [0, 1, 2, 3]),  # 0.1 = 0.2 · 0.5 exactly stays
        (min_p, 1.0, [0]),
        (typical, 0.5, [0, 1, 2]),
    ],
)
def test_what_is_kept_of_five_tokens(keep, setting, expected):
    assert kept(keep(P, setting)) == expected
    shuffled = np.array([3, 0, 4, 2, 1])
    assert_allclose(keep(P[shuffled], setting), keep(P, setting)[shuffled])


@pytest.mark.parametrize(("keep", "setting"), FILTERS)
def test_rows_of_a_batch_are_filtered_each_by_itself(rng, keep, setting):
    p = rng.dirichlet(np.full(7, 0.5), size=(2, 3))
    together = keep(p, setting)
    for i in range(2):
        for j in range(3):
            assert_allclose(together[i, j], keep(p[i, j], setting))


@given(distributions(rows=2), st.integers(1, 14), st.floats(0.01, 1.0), st.floats(0.01, 0.99))
def test_what_stays_keeps_its_proportions_and_the_rest_is_the_cut(p, k, share, mass):
    for filtered in (top_k(p, k), top_p(p, share), min_p(p, share), typical(p, mass)):
        assert_allclose(filtered.sum(axis=-1), 1)
        cut = cut_mass(p, filtered)
        assert (cut >= 0).all()
        assert (cut < 1).all()
        assert_allclose(filtered * (1 - cut)[:, None], np.where(filtered > 0, p, 0), atol=1e-12)


@given(distributions(rows=2), st.integers(1, 14), st.floats(0.01, 1.0))
def test_no_filter_but_typical_keeps_a_token_and_cuts_a_more_probable_one(p, k, share):
    for filtered in (top_k(p, k), top_p(p, share), min_p(p, share)):
        for before, after in zip(p, filtered, strict=True):
            assert before[after > 0].min() >= before[after == 0].max(initial=0)


@given(distributions(rows=2), st.floats(0.01, 1.0))
def test_the_nucleus_holds_its_mass_and_would_not_without_its_last_token(p, mass):
    for before, after in zip(p, top_p(p, mass), strict=True):
        nucleus = before[after > 0]
        assert nucleus.sum() >= mass - 1e-9
        assert nucleus.sum() - nucleus.min() < mass + 1e-9


@given(distributions(rows=2), st.integers(1, 14), st.floats(0.01, 1.0))
def test_filtering_never_raises_the_entropy_of_what_is_left_above_its_size(p, k, share):
    for filtered in (top_k(p, k), top_p(p, share), min_p(p, share)):
        assert (entropy(filtered) <= np.log2((filtered > 0).sum(axis=-1)) + 1e-9).all()


def test_equal_tokens():
    even = np.full(4, 0.25)
    assert kept(top_k(even, 2)) == [0, 1, 2, 3]  # all are equal to the second largest
    assert kept(top_p(even, 0.4)) == [0, 1]  # the earlier ones
    assert kept(top_p(even, 0.5)) == [0, 1]
    assert kept(min_p(even, 1.0)) == [0, 1, 2, 3]
    assert kept(typical(even, 0.1)) == [0, 1, 2, 3]
    assert int(greedy(np.array([0.0, 2.0, 2.0]))) == 1
    assert greedy(np.array([[0.0, 2.0, 1.0], [5.0, 2.0, 1.0]])).tolist() == [1, 0]


def test_typical_may_cut_the_most_probable_token():
    """Its surprise of 1.3 bits is 3.2 below the entropy of 4.6; the many small ones lie 2.2 above it."""
    p = np.array([0.4, *[0.6 / 64] * 64])
    assert kept(typical(p, 0.5)) == list(range(1, 65))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_without_filters_it_is_the_softmax(temperature):
    assert_allclose(next_distribution(LOGITS, temperature=temperature), softmax(LOGITS, temperature=temperature))


def test_the_temperature_comes_first_and_the_filters_see_what_it_made():
    """At τ = 1 the nucleus of 0.7 needs two tokens; at τ = 1/2 the first alone holds 0.867; at τ = 2 it needs two."""
    assert kept(next_distribution(LOGITS, top_p=0.7)) == [0, 1]
    assert kept(next_distribution(LOGITS, temperature=0.5, top_p=0.7)) == [0]
    assert kept(next_distribution(LOGITS, temperature=2.0, top_p=0.7)) == [0, 1]
    assert kept(next_distribution(LOGITS, temperature=2.0, min_p=0.36)) == [0, 1, 2]  # e^{-2/2} = 0.368
    assert kept(next_distribution(LOGITS, min_p=0.36)) == [0, 1]  # e^{-1} = 0.368, e^{-2} = 0.135


def test_top_k_comes_before_top_p_and_top_p_before_min_p():
    z = np.log(P)
    # Top-2 leaves (5/7, 2/7), of which the first alone reaches 0.7. The other way round both would stay.
    assert kept(next_distribution(z, top_k=2, top_p=0.7)) == [0]
    assert kept(top_k(top_p(P, 0.7), 2)) == [0, 1]
    # The nucleus of 0.75 has three tokens; min-p 0.35 then leaves two. After min-p the first would reach 0.7 alone.
    assert kept(next_distribution(z, top_p=0.7, min_p=0.35)) == [0, 1]
    assert kept(top_p(min_p(P, 0.35), 0.7)) == [0]


@given(arrays(float, (2, 6), elements=st.floats(-30, 30)), st.floats(-100, 100))
def test_a_constant_added_to_all_logits_changes_nothing_to_the_filters(z, c):
    settings_ = {"temperature": 0.7, "top_k": 4, "top_p": 0.83, "min_p": 0.0123}
    z = np.round(z, 1)  # so that rounding in z + c does not part what is nearly equal
    assert_allclose(next_distribution(z, **settings_), next_distribution(z + np.round(c, 1), **settings_), atol=1e-9)


def test_min_p_is_a_distance_in_logits(rng):
    z = rng.normal(0, 3, size=50)
    for temperature in (0.5, 2.0):
        stays = z >= z.max() + temperature * np.log(0.05)
        assert kept(next_distribution(z, temperature=temperature, min_p=0.05)) == np.flatnonzero(stays).tolist()


def test_near_zero_temperature_it_becomes_greedy(rng):
    z = rng.normal(size=(3, 9))
    cold = next_distribution(z, temperature=1e-6)
    assert_allclose(cold[np.arange(3), greedy(z)], 1)


def test_float32_logits_are_computed_in_float64_and_left_alone(rng):
    z = rng.normal(size=(2, 1000)).astype(np.float32)
    before = z.copy()
    p = next_distribution(z, temperature=0.7, top_p=0.9)
    assert p.dtype == np.float64
    assert np.array_equal(z, before)
    assert_allclose(p.sum(axis=-1), 1, rtol=1e-12)


def test_a_masked_token_stays_masked():
    z = np.array([1.0, -np.inf, 0.0])
    assert next_distribution(z, top_k=3, top_p=1.0, min_p=1e-9)[1] == 0
    assert typical(softmax(z), 0.9)[1] == 0


def test_the_cut_mass_of_the_courses_example():
    p = softmax(LOGITS)
    assert_allclose(cut_mass(p, top_k(p, 1)), 0.3348, atol=5e-5)
    assert cut_mass(p, p) == 0


def test_the_repetition_penalty_pushes_what_was_seen_down_once():
    z = np.array([[2.0, -1.0, 3.0], [0.0, 4.0, -2.0]])
    seen = np.array([[0, 1, 1], [0, 2, 2]])
    assert repetition_penalty(z, seen, 2.0).tolist() == [[1.0, -2.0, 3.0], [0.0, 4.0, -4.0]]
    assert repetition_penalty(z, seen, 1.0).tolist() == z.tolist()
    assert z[0, 0] == 2.0  # the input is left alone


def test_the_repetition_penalty_depends_on_where_the_logits_have_their_zero():
    z, seen = np.array([3.0, 2.0, 1.0]), np.array([0])
    one, other = softmax(repetition_penalty(z, seen, 1.3)), softmax(repetition_penalty(z + 10, seen, 1.3))
    assert abs(one - other).max() > 0.2


@pytest.mark.parametrize(
    ("keep", "setting", "message"),
    [
        (top_k, 0, "at least 1 token, got 0"),
        (top_k, -3, "at least 1 token, got -3"),
        (top_p, 0.0, r"top_p must lie above 0 and not above 1, got 0\.0"),
        (top_p, 1.5, r"top_p must lie above 0 and not above 1, got 1\.5"),
        (top_p, np.nan, "got nan"),
        (min_p, 0.0, r"min_p must lie above 0 and not above 1, got 0\.0"),
        (min_p, 1.01, r"got 1\.01"),
        (typical, 0.0, r"between 0 and 1, got 0\.0"),
        (typical, 1.0, r"between 0 and 1, got 1\.0"),
    ],
)
def test_refused_settings(keep, setting, message):
    with pytest.raises(ValueError, match=message):
        keep(P, setting)
    if keep is not typical:
        with pytest.raises(ValueError, match=message):
            next_distribution(np.log(P), **{keep.__name__: setting})


@pytest.mark.parametrize(("keep", "setting"), FILTERS)
def test_refused_distributions(keep, setting):
    with pytest.raises(ValueError, match=r"sums to 1\.1"):
        keep(np.array([0.7, 0.4]), setting)
    with pytest.raises(ValueError, match=r"negative entry: -0\.2"):
        keep(np.array([1.2, -0.2]), setting)


def test_refused_logits_temperatures_and_penalties():
    with pytest.raises(ValueError, match="1 NaN of 2"):
        greedy(np.array([np.nan, 1.0]))
    with pytest.raises(ValueError, match="every logit of a row is -inf"):
        greedy(np.array([-np.inf, -np.inf]))
    with pytest.raises(ValueError, match=r"temperature must be positive and finite, got 0\.0"):
        next_distribution(LOGITS, temperature=0.0)
    for penalty in (0.0, -1.0, np.inf, np.nan):
        with pytest.raises(ValueError, match=f"got {penalty}"):
            repetition_penalty(LOGITS, np.array([0]), penalty)
    with pytest.raises(ValueError, match="filtered must sum to 1"):
        cut_mass(P, P[::-1] / 2)


def test_sampling_starts_without_torch():
    code = "import sys, llmcourse.inference.sampling; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
