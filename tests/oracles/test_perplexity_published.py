"""Perplexity and bits per byte against published numbers and nltk's models.

The two lines of lm-evaluation-harness are what ``weighted_perplexity`` and ``bits_per_byte`` of its ``api/metrics.py``
(version 0.4.13) give for the items (−100, 50) and (−60, 30); the Pile's are of its section 3.1.
"""

import math

import numpy as np
import pytest
from nltk.lm import MLE

from llmcourse.evaluation.perplexity import bits_of_loss, bits_per, perplexity_per


def test_bits_per_byte_and_byte_perplexity_are_those_of_the_evaluation_harness():
    nats, sizes = np.array([100.0, 60.0]), np.array([50, 30])
    assert bits_per(nats, sizes).value == pytest.approx(2.8853900817779268, rel=1e-12)
    assert perplexity_per(nats, sizes).value == pytest.approx(7.38905609893065, rel=1e-12)


def test_the_piles_ratio_of_tokens_to_bytes():
    assert bits_of_loss(2.0, 0.29335, 1) == pytest.approx(0.846429, abs=5e-7)


def test_nltks_bigram_model_and_its_worked_example():
    """P(b|a) = 1/2 and P(c|b) = 1 in [a b c], [a c d c e f]: half a bit per word, perplexity √2."""
    model = MLE(2)
    padded = [[("a",), ("b",), ("c",), ("a", "b"), ("b", "c")]]
    padded += [[(w,) for w in "acdcef"] + [("a", "c"), ("c", "d"), ("d", "c"), ("c", "e"), ("e", "f")]]
    model.fit(padded, vocabulary_text=list("abcdef"))
    test = [("a", "b"), ("b", "c")]
    nats = np.array([-sum(model.logscore(w, [h]) for h, w in test) * math.log(2)])
    assert perplexity_per(nats, np.array([2])).value == pytest.approx(model.perplexity(test)) == pytest.approx(2**0.5)
    assert bits_per(nats, np.array([2])).value == pytest.approx(model.entropy(test)) == pytest.approx(0.5)
