import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from llmcourse.language.softmax import log_softmax, logsumexp, softmax
from tests.unit.language.strategies import finite_logits

LOGITS = np.array([2.0, 1.0, 0.0])


@pytest.mark.parametrize(
    ("temperature", "published"),
    [(0.5, [0.8668, 0.1173, 0.0159]), (1.0, [0.6652, 0.2447, 0.0900]), (2.0, [0.5065, 0.3072, 0.1863])],
)
def test_the_courses_example(temperature, published):
    assert_allclose(softmax(LOGITS, temperature=temperature), published, atol=5e-5)


@given(arrays(float, (2, 5), elements=finite_logits), st.floats(-1e3, 1e3))
def test_a_constant_added_to_all_logits_changes_nothing(z, c):
    assert_allclose(softmax(z), softmax(z + c), atol=1e-9)


@given(arrays(float, (2, 5), elements=finite_logits), st.floats(0.05, 50))
def test_rows_are_distributions_at_any_temperature(z, temperature):
    p = softmax(z, temperature=temperature)
    assert_allclose(p.sum(axis=-1), 1)
    assert (p >= 0).all()


@given(arrays(float, 5, elements=st.floats(-20, 20)), st.floats(0.2, 5))
def test_log_odds_are_logit_differences_over_the_temperature(z, temperature):
    logp = log_softmax(z, temperature=temperature)
    assert_allclose(logp[0] - logp[1], (z[0] - z[1]) / temperature, atol=1e-9)
    assert_allclose(np.exp(logp), softmax(z, temperature=temperature), atol=1e-15)


def test_huge_logits_do_not_overflow():
    assert_allclose(softmax(np.array([1e300, 1e300, -1e300])), [0.5, 0.5, 0.0])
    assert logsumexp(np.array([1e4, 1e4])) == 1e4 + np.log(2)
    assert log_softmax(np.array([0.0, -1e308])).tolist() == [0.0, -1e308]


def test_limits_of_the_temperature():
    assert_allclose(softmax(LOGITS, temperature=1e-300), [1.0, 0.0, 0.0])
    assert_allclose(softmax(np.array([1.0, 1.0, 0.0]), temperature=1e-9), [0.5, 0.5, 0.0])
    assert_allclose(softmax(LOGITS, temperature=1e9), [1 / 3] * 3, rtol=1e-8)


def test_a_masked_logit_gets_nothing():
    assert softmax(np.array([0.0, -np.inf])).tolist() == [1.0, 0.0]
    assert log_softmax(np.array([0.0, -np.inf])).tolist() == [0.0, -np.inf]


@pytest.mark.parametrize("function", [softmax, log_softmax, logsumexp])
@pytest.mark.parametrize(
    ("z", "message"),
    [
        ([np.nan, 1.0], "1 NaN of 2"),
        ([np.inf, 1.0], r"a logit is \+inf"),
        ([-np.inf, -np.inf], "every logit of a row is -inf"),
        ([], "no outcomes"),
    ],
)
def test_refused_logits(function, z, message):
    with pytest.raises(ValueError, match=message):
        function(np.array(z, dtype=float))


@pytest.mark.parametrize("function", [softmax, log_softmax])
@pytest.mark.parametrize("temperature", [0.0, -1.0, np.nan, np.inf])
def test_refused_temperatures(function, temperature):
    with pytest.raises(ValueError, match=f"got {temperature}"):
        function(LOGITS, temperature=temperature)
