"""Waves of an offset: against numpy's FFT, scipy's cosine integral, rotary scores, and sums written out."""

import math

import numpy as np
import pytest
import scipy.special
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from llmcourse.transformer.attention import attention_scores
from llmcourse.transformer.fourier import alias, dirichlet, fourier_features, log_decay, score_waves, wave_sum
from llmcourse.transformer.positions import offset_product
from llmcourse.transformer.rotary import frequencies, rotate

WIDTH, BASE = 8, 50.0


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("pairs", ["interleaved", "half"])
def test_the_waves_of_a_query_and_a_key_add_up_to_the_rotary_score_at_every_offset(pairs):
    q, k = normal(2, WIDTH)
    places = torch.arange(30)
    turned_q = rotate(q.expand(30, -1), places, base=BASE, pairs=pairs)
    turned_k = rotate(k.expand(30, -1), places, base=BASE, pairs=pairs)
    scores = attention_scores(turned_q, turned_k)[:, 0]  # key at 0, so the row is the offset
    waves = wave_sum(places, frequencies(WIDTH, base=BASE), *score_waves(q, k, pairs=pairs))
    assert_close(waves, scores)
    backwards = attention_scores(turned_q, turned_k)[0]
    assert_close(wave_sum(-places, frequencies(WIDTH, base=BASE), *score_waves(q, k, pairs=pairs)), backwards)


def test_waves_of_a_batch_are_those_of_each_pair_apart():
    q, k = normal(2, 3, 5, WIDTH)
    together = score_waves(q, k)
    one = score_waves(q[2, 4], k[2, 4])
    for all_of_them, alone in zip(together, one, strict=True):
        assert all_of_them.shape == (3, 5, WIDTH // 2)
        assert_close(all_of_them[2, 4], alone)


def test_an_odd_width_is_refused():
    with pytest.raises(ValueError, match="must be even, got 5"):
        score_waves(normal(5), normal(5))


def test_a_sum_of_harmonics_is_numpys_inverse_fft():
    """rfft's coefficient c_j is a wave of amplitude 2|c_j|/N and phase arg c_j, for 0 < j < N/2."""
    signal = normal(33).numpy()
    spectrum = np.fft.rfft(signal)
    amplitude = 2 * np.abs(spectrum) / 33
    amplitude[0] /= 2
    theta = 2 * math.pi * np.arange(17) / 33
    rebuilt = wave_sum(torch.arange(33), *(torch.from_numpy(x) for x in (theta, amplitude, np.angle(spectrum))))
    assert_close(rebuilt, torch.from_numpy(signal))


@given(st.floats(-50, 50), st.integers(-200, 200))
def test_an_alias_is_at_most_half_a_turn_and_the_same_at_whole_positions(theta, k):
    folded = alias(torch.tensor(theta, dtype=torch.float64)).item()
    assert 0 <= folded <= math.pi
    assert math.cos(k * folded) == pytest.approx(math.cos(k * theta), abs=1e-9)
    assert abs(math.sin(k * folded)) == pytest.approx(abs(math.sin(k * theta)), abs=1e-6)


@given(st.integers(0, 64), st.integers(-5, 5))
def test_the_alias_is_where_numpys_fft_puts_the_peak(cycles, turns):
    """A wave of j cycles in 64 samples has its peak at bin j if j ≤ 32, and wherever it folds to otherwise."""
    theta = 2 * math.pi * (cycles + 64 * turns) / 64
    peak = int(np.abs(np.fft.rfft(np.cos(theta * np.arange(64)))).argmax())
    assert alias(torch.tensor(theta, dtype=torch.float64)).item() * 64 / (2 * math.pi) == pytest.approx(peak, abs=1e-9)


def test_frequencies_up_to_half_a_turn_stay():
    theta = torch.linspace(0, math.pi, 9, dtype=torch.float64)
    assert_close(alias(theta), theta)
    assert_close(alias(-theta), theta)


def test_dot_products_of_features_are_the_kernel_of_the_offset():
    theta = frequencies(WIDTH, base=BASE)
    features = fourier_features(torch.arange(12), theta)
    assert features.shape == (12, WIDTH)
    offsets = torch.arange(12)[:, None] - torch.arange(12)
    assert_close(features @ features.mT, offset_product(offsets.flatten(), WIDTH, base=BASE).reshape(12, 12))
    assert_close(features[:, :4], (torch.arange(12)[:, None] * theta).cos())


@given(st.integers(1, 40), st.floats(-30, 30))
def test_dirichlets_closed_form_is_the_sum(n, x):
    want = sum(math.cos(j * x) for j in range(1, n + 1))
    assert dirichlet(torch.tensor(x, dtype=torch.float64), n).item() == pytest.approx(want, abs=1e-8)


@pytest.mark.parametrize("turns", [-3, 0, 1, 1000])
def test_dirichlet_at_and_next_to_whole_turns(turns):
    x = torch.tensor([0.0, 1e-12, -1e-9], dtype=torch.float64) + 2 * math.pi * turns
    assert_close(dirichlet(x, 5), torch.full((3,), 5.0, dtype=torch.float64))


def test_all_harmonics_of_a_period_see_one_offset_and_no_other():
    """With N = 2n + 1 the sum is n at multiples of N and −1/2 everywhere else: perfect, until it repeats."""
    k = torch.arange(1, 65, dtype=torch.float64)
    sums = dirichlet(2 * math.pi * k / 65, 32)
    assert_close(sums, torch.full((64,), -0.5, dtype=torch.float64))
    with pytest.raises(ValueError, match="at least one wave, got 0"):
        dirichlet(k, 0)


def test_the_logarithmic_decay_is_scipys_cosine_integral():
    k = torch.tensor([30.0, 100.0, 1000.0], dtype=torch.float64)
    near, far = scipy.special.sici(k.numpy())[1], scipy.special.sici(k.numpy() / 1e6)[1]
    assert_close(log_decay(k, 1e6), torch.from_numpy((near - far) / math.log(1e6)), atol=3e-3, rtol=0)


def test_many_geometric_frequencies_follow_the_decay():
    k = torch.tensor([20, 50, 200, 1000])
    dense = offset_product(k, 20_000, base=1e6) / 10_000
    assert_close(log_decay(k, 1e6), dense.to(log_decay(k, 1e6).dtype), atol=4e-3, rtol=0)


@pytest.mark.parametrize(("k", "base", "message"), [(0, 10.0, "positive, got 0"), (1, 1.0, "above 1, got 1.0")])
def test_the_decay_has_no_offset_zero_and_no_base_one(k, base, message):
    with pytest.raises(ValueError, match=message):
        log_decay(torch.tensor([5, k]), base)
