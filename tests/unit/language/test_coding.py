import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmcourse.language.coding import adaptive_code_length, decode, encode
from llmcourse.language.ngram import AddK, NGramModel
from tests.unit.language.strategies import distributions


@st.composite
def texts_under_a_model(draw):
    """A bigram table without zeros, and a text over its vocabulary."""
    size = draw(st.integers(2, 6))
    table = draw(distributions(rows=size, size=size, positive=True))
    tokens = draw(st.lists(st.integers(0, size - 1), max_size=40))
    return tokens, lambda so_far: table[so_far[-1] if len(so_far) else 0]


@given(texts_under_a_model())
def test_decoding_gives_back_the_text(case):
    tokens, predict = case
    assert decode(encode(tokens, predict), predict, length=len(tokens)) == tokens


@given(texts_under_a_model())
def test_the_code_is_as_long_as_the_surprise(case):
    tokens, predict = case
    surprise = -sum(math.log2(predict(tokens[:t])[token]) for t, token in enumerate(tokens))
    assert surprise - 1e-6 <= len(encode(tokens, predict)) < surprise + 2 + 1e-6


def test_no_code_is_the_beginning_of_another():
    """Ends are found without a separator, as long as both sides know the number of tokens."""
    table = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8], [0.3, 0.3, 0.4]])
    codes = [encode([a, b], lambda so_far: table[so_far[-1] if so_far else 0]) for a in range(3) for b in range(3)]
    assert not any(x != y and y.startswith(x) for x in codes for y in codes)
    assert len(set(codes)) == 9
    assert sum(2.0 ** -len(code) for code in codes) <= 1  # Kraft's inequality


def test_powers_of_two_are_named_without_loss():
    p = np.array([1 / 2, 1 / 4, 1 / 8, 1 / 8])
    assert [encode([v], lambda so_far: p) for v in range(4)] == ["0", "10", "110", "111"]


def test_a_certain_text_costs_nothing():
    assert encode([0, 0, 0], lambda so_far: np.array([1.0, 0.0])) == ""
    assert decode("", lambda so_far: np.array([1.0, 0.0]), length=3) == [0, 0, 0]


def test_a_long_improbable_text_survives():
    """P is about 10^-600, far below the smallest float64."""
    tokens = [1] * 600
    predict = lambda so_far: np.array([0.9, 0.1])  # noqa: E731
    bits = encode(tokens, predict)
    assert 0 <= len(bits) - 600 * math.log2(10) < 2
    assert decode(bits, predict, length=600) == tokens


def test_refusals():
    fair = lambda so_far: np.array([0.5, 0.5])  # noqa: E731
    with pytest.raises(ValueError, match="token 1 at position 0 has probability 0"):
        encode([1], lambda so_far: np.array([1.0, 0.0]))
    with pytest.raises(ValueError, match="token 2 at position 1 is outside the vocabulary 0 … 1"):
        encode([0, 2], fair)
    with pytest.raises(ValueError, match="got \\['2'\\]"):
        decode("012", fair, length=1)
    with pytest.raises(ValueError, match="got -1"):
        decode("0", fair, length=-1)
    with pytest.raises(ValueError, match="must sum to 1"):
        encode([0], lambda so_far: np.array([0.5, 0.6]))


def add_one(text):
    return NGramModel.fit(text, order=1, unit="bytes", smoothing=AddK(k=1.0))


def test_adaptive_code_length_is_the_sum_of_one_step_ahead_surprises():
    """Refitting after every single character, written out."""
    text = "abracadabra, said the cat to the bat; abracadabra"
    bits = 8.0 * 5
    for t in range(5, len(text)):
        p = add_one(text[:t]).distribution(text[:t])
        bits -= math.log2(p[ord(text[t])])
    assert adaptive_code_length(text, add_one, first=5, growth=1 + 1e-9) == pytest.approx(bits)


def test_a_text_shorter_than_the_first_stretch_is_sent_as_it_is():
    assert adaptive_code_length("é!", add_one) == 8 * 3


def test_random_bytes_cannot_be_compressed(rng):
    text = bytes(rng.integers(0, 128, size=2000, dtype=np.uint8)).decode("ascii")
    assert adaptive_code_length(text, add_one) / len(text) >= 7


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [("", {}, "0 characters"), ("a", {"first": 0}, "got first=0"), ("a", {"growth": 1.0}, "growth=1.0")],
)
def test_adaptive_code_length_refuses(text, options, message):
    with pytest.raises(ValueError, match=message):
        adaptive_code_length(text, add_one, **options)
