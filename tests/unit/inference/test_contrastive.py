import numpy as np
import pytest
from numpy.testing import assert_allclose

from llmcourse.inference.contrastive import contrastive_decoding, degeneration_scores


def test_the_score_is_confidence_minus_the_largest_cosine(rng):
    p, states, past = rng.dirichlet(np.ones(4)), rng.normal(size=(4, 6)), rng.normal(size=(9, 6))
    for alpha in (0.0, 0.3, 1.0):
        cosines = [max(h @ j / np.sqrt((h @ h) * (j @ j)) for j in past) for h in states]
        expected = [(1 - alpha) * a - alpha * b for a, b in zip(p, cosines, strict=True)]
        assert_allclose(degeneration_scores(p, states, past, alpha), expected)


def test_a_token_whose_state_was_there_before_pays_the_full_penalty():
    states = np.array([[1.0, 0.0], [0.0, 1.0]])
    past = np.array([[5.0, 0.0]])  # the direction counts, not the length
    assert degeneration_scores(np.array([0.9, 0.1]), states, past, 0.6).round(9).tolist() == [-0.24, 0.04]


def test_contrastive_decoding_prefers_what_the_amateur_does_not_know():
    expert, amateur = np.array([[0.5, 0.4, 0.1], [0.2, 0.2, 0.6]]), np.array([[0.8, 0.1, 0.1], [0.6, 0.3, 0.1]])
    scores = contrastive_decoding(expert, amateur, 0.25)
    assert_allclose(scores[0], [np.log(0.5 / 0.8), np.log(4), -np.inf])
    assert scores.argmax(axis=-1).tolist() == [1, 2]
    assert contrastive_decoding(expert, amateur, 1.0).argmax(axis=-1).tolist() == [0, 2]  # greedy


def test_without_the_plausible_head_what_the_amateur_rules_out_would_win():
    expert, amateur = np.array([0.999, 0.001]), np.array([1.0, 0.0])
    assert contrastive_decoding(expert, amateur, 0.0001).tolist()[1] == np.inf
    assert contrastive_decoding(expert, amateur, 0.1).argmax() == 0


def test_refusals():
    p, h = np.array([0.5, 0.5]), np.eye(2)
    for alpha in (-0.1, 1.1, np.nan):
        with pytest.raises(ValueError, match=f"between 0 and 1, got {alpha}"):
            degeneration_scores(p, h, h, alpha)
    with pytest.raises(ValueError, match="0 states of the past"):
        degeneration_scores(p, h, np.empty((0, 2)), 0.5)
    with pytest.raises(ValueError, match="has length 0"):
        degeneration_scores(p, h, np.zeros((1, 2)), 0.5)
    with pytest.raises(ValueError, match="one vocabulary, got 2 and 3 tokens"):
        contrastive_decoding(p, np.full(3, 1 / 3))
    with pytest.raises(ValueError, match=r"expert must sum to 1 .*sums to 1\.2"):
        contrastive_decoding(np.array([0.6, 0.6]), p)
    for share in (0.0, 1.5):
        with pytest.raises(ValueError, match=f"got {share}"):
            contrastive_decoding(p, p, share)
