"""What n-gram models refuse, with the offending value in the message."""

import math

import numpy as np
import pytest

from llmcourse.language.ngram import AddK, KneserNey, NGramModel, Vocabulary


@pytest.mark.parametrize("order", [-1, 7])
def test_refuses_an_order_outside_its_range(order):
    with pytest.raises(ValueError, match=f"order must lie in 0 … 6, got {order}"):
        NGramModel.fit("some text", order=order)


@pytest.mark.parametrize("k", [0, -1.0, math.inf, math.nan])
def test_refuses_a_k_that_is_not_positive(k):
    with pytest.raises(ValueError, match=f"k must be positive and finite, got {k}"):
        AddK(k=k)


@pytest.mark.parametrize("discount", [0.0, 1.0, -0.5, math.nan])
def test_refuses_a_discount_outside_the_open_interval(discount):
    with pytest.raises(ValueError, match=f"discount must lie strictly between 0 and 1, got {discount}"):
        KneserNey(discount=discount)
    with pytest.raises(ValueError, match=f"fallback must lie strictly between 0 and 1, got {discount}"):
        KneserNey(fallback=discount)


def test_refuses_texts_that_are_too_short():
    with pytest.raises(ValueError, match="the text is empty"):
        NGramModel.fit("", order=0)
    with pytest.raises(ValueError, match="order 3 needs at least 4 tokens, got 3"):
        NGramModel.fit("abc", order=3)
    assert NGramModel.fit("abcd", order=3).order == 3
    for score in ("log_probabilities", "perplexity", "bits_per_character"):
        with pytest.raises(ValueError, match="the text is empty"):
            getattr(NGramModel.fit("abc", order=0), score)("")


def test_refuses_characters_that_training_never_saw_and_names_them():
    model = NGramModel.fit("abc", order=1)
    with pytest.raises(ValueError, match=r"3 of the text's characters .*: 'é' \(2×\), 'z' \(1×\); use unit='bytes'"):
        model.log_probabilities("abézé")
    for ask in (model.distribution, model.counts, lambda c: model.generate(c, 1, rng=np.random.default_rng(0))):
        with pytest.raises(ValueError, match="'x'"):
            ask("ax")


def test_refuses_a_negative_length_and_a_unit_that_differs_from_the_vocabularys(rng):
    model = NGramModel.fit("abc", order=1)
    with pytest.raises(ValueError, match="length must not be negative, got -1"):
        model.generate("a", -1, rng=rng)
    with pytest.raises(ValueError, match="the vocabulary has unit 'characters', not 'words'"):
        NGramModel.fit("a b", order=0, unit="words", vocabulary=Vocabulary.from_text("a b"))


def test_refuses_bits_per_character_when_the_spelling_of_words_is_missing():
    vocabulary = Vocabulary.from_text("the cat the cat the dog", unit="words", minimum_count=2, unknown="<unk>")
    model = NGramModel.fit("the cat the cat the dog", order=1, unit="words", vocabulary=vocabulary)
    assert model.perplexity("the fox the cow") > 1
    with pytest.raises(ValueError, match="2 of the text's words are '<unk>'"):
        model.bits_per_character("the fox the cow")
    assert model.bits_per_character("the cat") > 0
