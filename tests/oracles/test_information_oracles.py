"""Other people's libraries: scipy, scikit-learn and torch."""

import numpy as np
import pytest
import scipy.special
import scipy.stats
import sklearn.metrics
import torch
import torch.nn.functional as F
from numpy.testing import assert_allclose

from llmcourse.language.information import (
    conditional_entropy,
    cross_entropy,
    entropy,
    kl_divergence,
    mutual_information,
    perplexity,
    sequence_perplexity,
)
from llmcourse.language.probability import sequence_log_probability
from llmcourse.language.softmax import log_softmax, logsumexp, softmax


@pytest.fixture
def pair(rng):
    p, q = rng.dirichlet(np.full(9, 0.3), size=(2, 4))  # a low concentration gives entries near 0
    return p, q


@pytest.mark.parametrize("base", [2.0, np.e, 10.0])
def test_entropy_and_kl_are_scipys(pair, base):
    p, q = pair
    assert_allclose(entropy(p, base=base), scipy.stats.entropy(p, base=base, axis=-1))
    assert_allclose(kl_divergence(p, q, base=base), scipy.stats.entropy(p, q, base=base, axis=-1))


def test_entropy_with_zeros_is_scipys():
    p = np.array([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])
    assert_allclose(entropy(p), scipy.stats.entropy(p, base=2, axis=-1))


def test_kl_is_torchs(pair):
    p, q = map(torch.from_numpy, pair)
    theirs = F.kl_div(q.log(), p, reduction="none").sum(-1)
    assert_allclose(kl_divergence(*pair, base=np.e), theirs.numpy())


def test_cross_entropy_is_torchs_with_soft_targets(pair, rng):
    p, _ = pair
    z = rng.standard_normal((4, 9))
    theirs = F.cross_entropy(torch.from_numpy(z), torch.from_numpy(p), reduction="none")
    assert_allclose(cross_entropy(p, softmax(z), base=np.e), theirs.numpy())


def test_cross_entropy_of_labels_is_sklearns_log_loss(pair, rng):
    _, q = pair
    labels = rng.integers(0, 9, size=4)
    ours = cross_entropy(np.eye(9)[labels], q, base=np.e).mean()
    assert_allclose(ours, sklearn.metrics.log_loss(labels, q, labels=np.arange(9)))


def test_mutual_information_is_sklearns(rng):
    x, y = rng.integers(0, 3, size=(2, 500))
    counts = sklearn.metrics.cluster.contingency_matrix(x, y)
    ours = mutual_information(counts / counts.sum(), base=np.e)
    assert_allclose(ours, sklearn.metrics.mutual_info_score(x, y), atol=1e-12)


def test_conditional_entropy_is_the_average_of_scipys_rows(rng):
    joint = rng.dirichlet(np.ones(12)).reshape(3, 4)
    rows = joint.sum(axis=1)
    assert_allclose(conditional_entropy(joint), (rows * scipy.stats.entropy(joint, base=2, axis=1)).sum())


@pytest.mark.parametrize("scale", [1.0, 100.0, 1e4])  # exp(1e4) is far beyond float64
@pytest.mark.parametrize("temperature", [0.3, 1.0, 4.0])
def test_softmax_is_torchs_and_scipys(rng, scale, temperature):
    z = scale * rng.standard_normal((3, 7))
    t = torch.from_numpy(z / temperature)
    assert_allclose(softmax(z, temperature=temperature), t.softmax(-1).numpy(), atol=1e-15)
    assert_allclose(log_softmax(z, temperature=temperature), t.log_softmax(-1).numpy(), rtol=1e-12, atol=1e-12)
    assert_allclose(softmax(z), scipy.special.softmax(z, axis=-1))
    assert_allclose(logsumexp(z), scipy.special.logsumexp(z, axis=-1))


def test_softmax_of_masked_logits_is_torchs(rng):
    z = rng.standard_normal((3, 7))
    z[:, 2] = -np.inf
    assert_allclose(softmax(z), torch.from_numpy(z).softmax(-1).numpy())


def test_perplexity_of_a_text_is_the_exponential_of_torchs_mean_loss(rng):
    z, tokens = rng.standard_normal((20, 7)), rng.integers(0, 7, size=20)
    loss = F.cross_entropy(torch.from_numpy(z), torch.from_numpy(tokens))
    p = softmax(z)[np.arange(20), tokens]
    assert_allclose(sequence_perplexity(p), loss.exp().item())
    assert_allclose(sequence_log_probability(p), -20 * loss.item())


def test_perplexity_is_two_to_scipys_entropy(pair):
    assert_allclose(perplexity(pair[0]), 2 ** scipy.stats.entropy(pair[0], base=2, axis=-1))
