"""Hugging Face transformers' logits warpers, torch's autograd and scipy's derivative."""

import numpy as np
import pytest
import scipy.optimize
import torch
from numpy.testing import assert_allclose
from transformers.generation.logits_process import (
    MinPLogitsWarper,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
    TypicalLogitsWarper,
)

from llmcourse.inference.sampling import min_p, next_distribution, repetition_penalty, top_k, top_p, typical
from llmcourse.language.softmax import softmax, softmax_jacobian

P = np.array([0.5, 0.2, 0.15, 0.1, 0.05])


def theirs(z: np.ndarray, *warpers) -> np.ndarray:
    """The distribution after these warpers."""
    scores = torch.from_numpy(z)
    for warper in warpers:
        scores = warper(None, scores)
    return scores.softmax(-1).numpy()


@pytest.mark.parametrize(
    ("ours", "warper", "setting", "expected"),
    [
        (top_p, TopPLogitsWarper, 0.71, [0, 1, 2]),
        (top_p, TopPLogitsWarper, 0.69, [0, 1]),
        (min_p, MinPLogitsWarper, 0.25, [0, 1, 2]),
        (top_k, TopKLogitsWarper, 2, [0, 1]),
        (typical, TypicalLogitsWarper, 0.5, [0, 1, 2]),
    ],
)
def test_the_five_tokens_of_the_table(ours, warper, setting, expected):
    assert np.flatnonzero(ours(P, setting)).tolist() == expected
    assert np.flatnonzero(theirs(np.log(P)[None], warper(setting))[0]).tolist() == expected


@pytest.mark.parametrize("size", [5, 300])
@pytest.mark.parametrize("scale", [0.5, 4.0, 40.0])
def test_each_filter_is_transformers_warper(rng, size, scale):
    z = scale * rng.standard_normal((4, size))
    p = softmax(z)
    for k in (1, 3, 50, 1000):
        assert_allclose(top_k(p, k), theirs(z, TopKLogitsWarper(k)), atol=1e-14)
    for share in (0.01, 0.3, 0.9, 0.999):
        assert_allclose(top_p(p, share), theirs(z, TopPLogitsWarper(share)), atol=1e-14)
        assert_allclose(min_p(p, share), theirs(z, MinPLogitsWarper(share)), atol=1e-14)
        assert_allclose(typical(p, share), theirs(z, TypicalLogitsWarper(share)), atol=1e-14)


def test_equal_logits_are_treated_alike(rng):
    """Which of the equal tokens at the end of the nucleus stay is left to a sort; how many do is not."""
    z = rng.integers(0, 4, size=(6, 40)).astype(float)
    p = softmax(z)
    for k in (1, 7, 39):
        assert_allclose(top_k(p, k), theirs(z, TopKLogitsWarper(k)), atol=1e-14)
    for share in (0.123, 0.5077, 0.9111):
        assert_allclose(min_p(p, share), theirs(z, MinPLogitsWarper(share)), atol=1e-14)
        assert_allclose(typical(p, share), theirs(z, TypicalLogitsWarper(share)), atol=1e-14)
        ours, other = top_p(p, share), theirs(z, TopPLogitsWarper(share))
        assert_allclose(np.sort(ours), np.sort(other), atol=1e-14)


@pytest.mark.parametrize("temperature", [0.3, 1.0, 1.7])
@pytest.mark.parametrize("k", [None, 20])
@pytest.mark.parametrize("mass", [None, 0.83])
@pytest.mark.parametrize("share", [None, 0.06])
def test_the_whole_chain_in_transformers_order(rng, temperature, k, mass, share):
    z = 3 * rng.standard_normal((3, 200))
    warpers = [TemperatureLogitsWarper(temperature)]
    warpers += [TopKLogitsWarper(k)] if k else []
    warpers += [TopPLogitsWarper(mass)] if mass else []
    warpers += [MinPLogitsWarper(share)] if share else []
    ours = next_distribution(z, temperature=temperature, top_k=k, top_p=mass, min_p=share)
    assert_allclose(ours, theirs(z, *warpers), atol=1e-14)


def test_the_order_is_the_one_that_transformers_generate_builds():
    from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

    tiny = LlamaConfig(vocab_size=9, hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=1)
    settings = GenerationConfig(do_sample=True, temperature=0.7, top_k=5, top_p=0.9, min_p=0.1)
    built = LlamaForCausalLM(tiny)._get_logits_processor(settings)
    names = ["TemperatureLogitsWarper", "TopKLogitsWarper", "TopPLogitsWarper", "MinPLogitsWarper"]
    assert [type(one).__name__ for one in built] == names


def test_the_repetition_penalty_is_transformers(rng):
    z, seen = rng.standard_normal((3, 20)), rng.integers(0, 20, size=(3, 8))
    for penalty in (0.8, 1.2, 3.0):
        other = RepetitionPenaltyLogitsProcessor(penalty)(torch.from_numpy(seen), torch.from_numpy(z.copy()))
        assert_allclose(repetition_penalty(z, seen, penalty), other.numpy())


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_jacobian_is_torchs_and_scipys(rng, temperature):
    z = 2 * rng.standard_normal((3, 6))
    ours = softmax_jacobian(softmax(z, temperature=temperature)) / temperature
    for row, matrix in zip(z, ours, strict=True):
        autograd = torch.autograd.functional.jacobian(lambda t: (t / temperature).softmax(-1), torch.from_numpy(row))
        assert_allclose(matrix, autograd.numpy(), atol=1e-14)
        for v in range(6):
            slope = scipy.optimize.approx_fprime(row, lambda t, v=v: softmax(t, temperature=temperature)[v])
            assert_allclose(matrix[v], slope, atol=2e-7)  # a difference quotient with a step of 1.5e-8
