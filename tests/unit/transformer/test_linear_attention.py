"""Kernels, random features whose average is e^(x·y), and attention without the (T, S) matrix."""

import math

import pytest
import torch
import torch.nn.functional as F

from llmcourse.transformer.attention import attention, causal_mask
from llmcourse.transformer.linear_attention import (
    causal_linear_attention,
    elu_features,
    exponential_kernel,
    gaussian_kernel,
    kernel_average,
    linear_attention,
    positive_features,
    random_directions,
    trigonometric_features,
)

DOUBLE = torch.float64


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


@pytest.fixture
def qkv(generator):
    q = torch.randn(2, 3, 5, 8, generator=generator, dtype=DOUBLE)
    k = torch.randn(2, 3, 7, 8, generator=generator, dtype=DOUBLE)
    v = torch.randn(2, 3, 7, 8, generator=generator, dtype=DOUBLE)
    return q, k, v


def test_attention_is_a_kernel_average(qkv):
    q, k, v = qkv
    torch.testing.assert_close(kernel_average(exponential_kernel(q, k), v), F.scaled_dot_product_attention(q, k, v))


def test_attention_is_a_kernel_average_where_exp_would_overflow_and_under_a_mask(qkv):
    q, k, v = qkv
    mask = causal_mask(5, 7)
    kernel = exponential_kernel(1000 * q, k)
    assert kernel.isfinite().all()
    torch.testing.assert_close(kernel_average(kernel, v), attention(1000 * q, k, v))
    torch.testing.assert_close(kernel_average(exponential_kernel(q, k), v, mask), attention(q, k, v, mask))


def test_keys_of_one_length_make_the_exponential_kernel_a_gaussian_one(qkv):
    """e^(−|q−k|²/2h²) = e^(q·k/h²) times what depends on q alone, if |k| is the same for every key; h² = √K."""
    q, k, v = qkv
    k = F.normalize(k, dim=-1)
    gaussian = gaussian_kernel(q, k, bandwidth=8**0.25)
    torch.testing.assert_close(kernel_average(gaussian, v), attention(q, k, v))


def test_a_gaussian_kernel_is_scipys(qkv):
    from scipy.spatial.distance import cdist

    q, k, _ = qkv
    expected = torch.from_numpy(cdist(q[0, 0], k[0, 0], "sqeuclidean")).div(-2 * 0.7**2).exp()
    torch.testing.assert_close(gaussian_kernel(q, k, bandwidth=0.7)[0, 0], expected)


@pytest.mark.parametrize("features", [positive_features, trigonometric_features])
@pytest.mark.parametrize("orthogonal", [False, True])
def test_dot_products_of_features_average_to_the_exponential(generator, features, orthogonal):
    x = 0.3 * torch.randn(2, 4, 6, generator=generator, dtype=DOUBLE)
    y = 0.3 * torch.randn(2, 3, 6, generator=generator, dtype=DOUBLE)
    directions = random_directions(400_000, 6, generator=generator, orthogonal=orthogonal)
    estimate = features(x, directions) @ features(y, directions).mT
    torch.testing.assert_close(estimate, (x @ y.mT).exp(), rtol=0.02, atol=0.02)  # 400,000 draws: about 0.3 % each


def test_the_spread_of_one_positive_feature_is_lemma_twos(generator):
    """Choromanski et al. (2021), lemma 2: variance = e^(2x·y) (e^|x+y|² − 1) for one direction."""
    x, y = torch.tensor([[0.5, 0.1]], dtype=DOUBLE), torch.tensor([[0.2, -0.3]], dtype=DOUBLE)
    directions = random_directions(400_000, 2, generator=generator)
    single = positive_features(x, directions) * positive_features(y, directions) * len(directions)
    expected = math.exp(2 * float(x @ y.mT)) * math.expm1(float((x + y).square().sum()))
    assert float(single.var()) == pytest.approx(expected, rel=0.03)  # a few standard errors of a variance


def test_orthogonal_directions_are_at_right_angles_in_blocks_and_as_long_as_normal_ones(generator):
    directions = random_directions(4 * 16 + 3, 16, generator=generator, orthogonal=True)
    assert directions.shape == (67, 16)
    block = F.normalize(directions[16:32], dim=-1)
    torch.testing.assert_close(block @ block.mT, torch.eye(16, dtype=DOUBLE))
    many = random_directions(16_000, 16, generator=generator, orthogonal=True)
    assert float(many.square().mean()) == pytest.approx(1.0, rel=0.02)
    assert float(many[:, 0].mean()) == pytest.approx(0.0, abs=0.03)


def test_positive_features_are_positive_and_trigonometric_ones_are_not(generator):
    x = torch.randn(2, 50, 8, generator=generator, dtype=DOUBLE)
    directions = random_directions(32, 8, generator=generator)
    assert (positive_features(x, directions) > 0).all()
    trigonometric = trigonometric_features(x, directions)
    assert (trigonometric @ trigonometric.mT < 0).any()
    assert (elu_features(x) > 0).all()


def test_linear_attention_is_the_kernel_average(qkv):
    q, k, v = qkv
    phi_q, phi_k = elu_features(q), elu_features(k)
    torch.testing.assert_close(linear_attention(phi_q, phi_k, v), kernel_average(phi_q @ phi_k.mT, v))


def test_the_recurrence_is_the_masked_average(generator):
    phi_q, phi_k = (torch.rand(2, 3, 6, 5, generator=generator, dtype=DOUBLE) for _ in range(2))
    v = torch.randn(2, 3, 6, 4, generator=generator, dtype=DOUBLE)
    expected = kernel_average(phi_q @ phi_k.mT, v, causal_mask(6, 6))
    torch.testing.assert_close(causal_linear_attention(phi_q, phi_k, v), expected)


def test_the_recurrence_ignores_the_future(generator):
    phi = torch.rand(1, 6, 5, generator=generator, dtype=DOUBLE)
    v = torch.randn(1, 6, 4, generator=generator, dtype=DOUBLE)
    changed = v.clone()
    changed[:, 4:] += 1
    one, two = causal_linear_attention(phi, phi, v), causal_linear_attention(phi, phi, changed)
    torch.testing.assert_close(one[:, :4], two[:, :4])
    assert not torch.allclose(one[:, 4:], two[:, 4:])


def test_enough_positive_features_approach_attention(generator, qkv):
    q, k, v = (0.5 * one for one in qkv)
    exact = attention(q, k, v)
    errors = []
    for count in (64, 65_536):
        directions = random_directions(count, 8, generator=generator, orthogonal=True)
        phi_q, phi_k = (positive_features(one / 8**0.25, directions) for one in (q, k))
        errors.append(float((linear_attention(phi_q, phi_k, v) - exact).abs().mean()))
    assert errors[1] < 0.01 < errors[0]


def test_what_has_no_average_is_refused(generator):
    with pytest.raises(ValueError, match="negative, got -2"):
        kernel_average(torch.tensor([[1.0, -2.0]]), torch.zeros(2, 1))
    with pytest.raises(ValueError, match="all 0"):
        kernel_average(torch.zeros(1, 2), torch.zeros(2, 1))
    with pytest.raises(ValueError, match="bandwidth must be positive, got 0"):
        gaussian_kernel(torch.zeros(1, 2), torch.zeros(1, 2), bandwidth=0.0)
    with pytest.raises(ValueError, match="positive, got 0 and 4"):
        random_directions(0, 4, generator=generator)
    with pytest.raises(ValueError, match="2 queries for 3 keys"):
        causal_linear_attention(torch.ones(1, 2, 4), torch.ones(1, 3, 4), torch.ones(1, 3, 1))
