import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from llmcourse.evaluation.intervals import standard_error
from llmcourse.evaluation.perplexity import bits_of_loss, bits_per, perplexity_per, ratio, reshared

NATS, COUNTS = np.array([100.0, 60.0, 7.5]), np.array([50, 30, 9])


def test_the_mean_is_one_over_all_documents_and_not_a_mean_of_their_means():
    assert perplexity_per(NATS, COUNTS).value == pytest.approx(math.exp(167.5 / 89))
    assert bits_per(NATS, COUNTS).value == pytest.approx(167.5 / 89 / math.log(2))
    means = np.exp(NATS / COUNTS)
    assert perplexity_per(NATS, COUNTS).value != pytest.approx(means.mean())


def test_a_model_that_thinks_v_tokens_equally_likely_has_perplexity_v():
    counts = np.array([3, 40])
    found = perplexity_per(counts * math.log(50), counts)
    assert found == pytest.approx((50.0, 0.0), abs=1e-6)


def test_the_error_is_that_of_many_samples_of_documents():
    rng = np.random.default_rng(0)

    def sample():
        sizes = rng.integers(50, 400, size=30)
        return bits_per(sizes * rng.normal(1.4, 0.3, size=30), sizes)

    values, errors = np.array([sample() for _ in range(1500)]).T
    assert errors.mean() == pytest.approx(values.std(), rel=0.07)  # 1,500 samples: 1.8 % of noise in the spread


def test_with_documents_of_equal_size_the_error_is_that_of_a_mean():
    amounts = np.array([12.0, 30.0, 21.0, 9.5])
    found = ratio(amounts, np.full(4, 10))
    assert found == pytest.approx((amounts.mean() / 10, standard_error(amounts / 10)))


def test_the_error_of_a_perplexity_is_that_of_its_logarithm_times_itself():
    loss, error = ratio(NATS, COUNTS)
    nearby = (math.exp(loss + error * 1e-4) - math.exp(loss - error * 1e-4)) / 2e-4
    assert perplexity_per(NATS, COUNTS).error == pytest.approx(nearby, rel=1e-6)


def test_one_document_has_no_error():
    assert math.isnan(bits_per(NATS[:1], COUNTS[:1]).error)


@given(st.floats(1.0, 1e6), st.integers(1, 1000), st.integers(1, 1000).map(lambda n: n + 24))
def test_the_total_surprise_stays_when_it_is_shared_out_anew(perplexity, units, others):
    other = reshared(perplexity, units, others)  # at most 10⁶ to the power of 1000/25: no overflow
    assert_allclose(math.log(other) * others, math.log(perplexity) * units, atol=1e-9 * others)


def test_the_two_ways_to_bits_per_byte_agree():
    loss = 167.5 / 89
    assert bits_of_loss(loss, 89, 400) == pytest.approx(bits_per(np.array([167.5]), np.array([400])).value)


@pytest.mark.parametrize(
    ("nats", "counts", "message"),
    [
        (NATS, COUNTS[:2], "3 amounts and 2 sizes"),
        (np.zeros(0), np.zeros(0, int), "0 documents"),
        (NATS, np.array([50, 0, 9]), "must be positive, got 0"),
        (np.array([1.0, np.inf, 2.0]), COUNTS, "document 1 has the amount inf"),
        (np.array([1.0, np.nan, 2.0]), COUNTS, "document 1 has the amount nan"),
        (-NATS, COUNTS, "at least 0 nats, got -100; is it a log-probability"),
    ],
)
def test_refuses_what_has_no_average(nats, counts, message):
    for function in (perplexity_per, bits_per):
        with pytest.raises(ValueError, match=message):
            function(nats, counts)


def test_refuses_perplexities_and_losses_that_do_not_exist():
    with pytest.raises(ValueError, match=r"at least 1, got 0\.5"):
        reshared(0.5, 1, 1)
    with pytest.raises(ValueError, match="positive, got 3 and 0"):
        reshared(2.0, 3, 0)
    with pytest.raises(ValueError, match="at least 0 nats, got -1"):
        bits_of_loss(-1, 3, 4)
    with pytest.raises(ValueError, match="got 3 tokens and 0 bytes"):
        bits_of_loss(1, 3, 0)
