"""N-gram models against a second implementation that reads the definition aloud, and against sums that must hold."""

import math
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmcourse.language.ngram import AddK, KneserNey, NGramModel, Vocabulary

texts = st.text(alphabet="abc ", min_size=8, max_size=60)
orders = st.integers(0, 6)
smoothings = st.one_of(
    st.builds(AddK, k=st.floats(1e-3, 10)),
    st.builds(KneserNey),
    st.builds(KneserNey, discount=st.floats(0.05, 0.95)),
)


def kneser_ney_by_definition(text, context, token, order, discount, size):
    """Exact P(token | context), counted with dicts from the lines at the top of llmcourse.language.ngram."""

    def occurrences(n):
        return Counter(text[i : i + n] for i in range(len(text) - n + 1))

    def weights(j):
        if j == order:
            return occurrences(j + 1)
        return Counter(gram[1:] for gram in occurrences(j + 2))  # one for each distinct token in front

    def estimate(j):
        ones, twos = (sum(c == n for c in weights(j).values()) for n in (1, 2))
        return Fraction(ones, ones + 2 * twos) if ones and twos else Fraction(1, 2)

    def p(j, history):
        if j < 0:
            return Fraction(1, size)
        after = {gram[-1]: c for gram, c in weights(j).items() if gram[:-1] == history}
        lower = p(j - 1, history[1:])
        if not after:
            return lower
        d = estimate(j) if discount is None else Fraction(discount)
        total = sum(after.values())
        return (max(after.get(token, 0) - d, Fraction(0)) + d * len(after) * lower) / total

    history = context[max(0, len(context) - order) :]
    return p(len(history), history)


@settings(max_examples=150, deadline=None)
@given(text=texts, order=orders, context=st.text(alphabet="abcd ", max_size=8), discount=st.sampled_from([None, 0.75]))
def test_kneser_ney_is_its_definition(text, order, context, discount):
    vocabulary = Vocabulary.from_text("abcd ")  # d is in no text, only in contexts and in the answer
    model = NGramModel.fit(text, order=order, smoothing=KneserNey(discount=discount), vocabulary=vocabulary)
    expected = [
        float(kneser_ney_by_definition(text, context, token, order, discount, len(vocabulary)))
        for token in vocabulary.tokens
    ]
    np.testing.assert_allclose(model.distribution(context), expected, rtol=1e-12)


@settings(max_examples=100, deadline=None)
@given(text=texts, order=orders, context=st.text(alphabet="abcd ", max_size=8), k=st.floats(0.01, 5))
def test_add_k_is_its_definition(text, order, context, k):
    vocabulary = Vocabulary.from_text("abcd ")
    model = NGramModel.fit(text, order=order, smoothing=AddK(k=k), vocabulary=vocabulary)
    history = context[max(0, len(context) - order) :]
    counts = [sum(text.startswith(history + token, i) for i in range(len(text))) for token in vocabulary.tokens]
    assert model.counts(context).tolist() == counts
    np.testing.assert_allclose(model.distribution(context), (np.array(counts) + k) / (sum(counts) + 5 * k), rtol=1e-12)


@settings(max_examples=100, deadline=None)
@given(text=texts, order=orders, smoothing=smoothings, held_out=st.text(alphabet="abcd ", min_size=1, max_size=20))
def test_log_probabilities_are_those_of_the_distributions_along_the_text(text, order, smoothing, held_out):
    vocabulary = Vocabulary.from_text("abcd ")
    model = NGramModel.fit(text, order=order, smoothing=smoothing, vocabulary=vocabulary)
    chain = [
        math.log(model.distribution(held_out[:t])[vocabulary.tokens.index(token)]) for t, token in enumerate(held_out)
    ]
    np.testing.assert_allclose(model.log_probabilities(held_out), chain, rtol=1e-12)


@settings(max_examples=100, deadline=None)
@given(text=texts, order=orders, smoothing=smoothings, context=st.text(alphabet="abc ", max_size=8))
def test_every_distribution_is_positive_and_sums_to_one(text, order, smoothing, context):
    model = NGramModel.fit(text, order=order, smoothing=smoothing, vocabulary=Vocabulary.from_text("abcd "))
    p = model.distribution(context)
    assert (p > 0).all()
    assert p.sum() == pytest.approx(1, abs=1e-12)


@settings(max_examples=50, deadline=None)
@given(text=texts, order=orders, smoothing=smoothings, names=st.permutations("abc "))
def test_renaming_the_characters_changes_no_probability(text, order, smoothing, names):
    rename = str.maketrans("abc ", "".join(names))
    models = [NGramModel.fit(t, order=order, smoothing=smoothing) for t in (text, text.translate(rename))]
    held_out = text[::-1]
    np.testing.assert_allclose(
        models[0].log_probabilities(held_out), models[1].log_probabilities(held_out.translate(rename)), rtol=1e-12
    )


def test_order_zero_add_k_is_the_smoothed_relative_frequency():
    model = NGramModel.fit("abacab", order=0, smoothing=AddK(k=0.5))
    np.testing.assert_allclose(model.distribution(""), np.array([3.5, 2.5, 1.5]) / 7.5, rtol=1e-15)


def test_kneser_ney_bigram_by_hand():
    # In ababac, a is followed by b, b, c; a occurs after b only, b after a only, c after a only.
    model = NGramModel.fit("ababac", order=1, smoothing=KneserNey(discount=0.5))
    unigram = np.array([1 / 3, 1 / 3, 1 / 3])  # (1 - 0.5) / 3 + 0.5 · 3 / 3 · 1 / 3
    np.testing.assert_allclose(model.distribution(""), unigram, rtol=1e-15)
    np.testing.assert_allclose(model.distribution("a"), np.array([0, 1.5, 0.5]) / 3 + 0.5 * 2 / 3 * unigram, rtol=1e-15)


def test_kneser_ney_prefers_what_follows_many_contexts_to_what_is_frequent():
    # "Francisco" of the textbooks: z is as frequent as y but always after q. After the unseen context x, y is likelier.
    text = "qz" * 4 + "ay" + "by" + "cy" + "dy" + "x"
    model = NGramModel.fit(text, order=1, smoothing=KneserNey(discount=0.75))
    y, z = (model.vocabulary.tokens.index(token) for token in "yz")
    p = model.distribution("x")
    assert model.counts("q")[z] == 4
    assert p[y] > p[z]


def test_contexts_longer_than_the_order_count_only_with_their_end():
    model = NGramModel.fit("the cat sat on the mat", order=2)
    assert model.distribution("on the").tolist() == model.distribution("he").tolist()


def test_discounts_are_the_estimate_of_each_level_or_the_fallback():
    model = NGramModel.fit("abracadabra", order=1)
    # bigrams ab br ra ac ca ad da: counts 2 2 2 1 1 1 1, so 4 / (4 + 2·3); characters: a has 3 (r c d), others 1 each.
    assert model.discounts == (0.5, 0.4)
    assert NGramModel.fit("abracadabra", order=1, smoothing=KneserNey(fallback=0.3)).discounts == (0.3, 0.4)
    assert NGramModel.fit("abracadabra", order=2, smoothing=KneserNey(discount=0.6)).discounts == (0.6,) * 3


def test_the_vocabulary_may_be_too_large_for_packed_keys():
    # 3000^7 is far above 2^63; the trie's keys stay small. Everything occurs twice with a unique continuation.
    text = "".join(chr(0x4E00 + i) for i in range(3000)) * 2
    model = NGramModel.fit(text, order=6)
    p = model.distribution(text[100:106])
    assert p.argmax() == 106
    assert p.sum() == pytest.approx(1)


def test_a_million_tokens_have_a_finite_log_probability(rng):
    letters = np.array(list("ab"))
    text = "".join(letters[rng.integers(2, size=1_000_000)])
    model = NGramModel.fit(text[:10_000], order=3)
    total = model.log_probabilities(text).sum()
    assert np.isfinite(total)
    assert math.exp(total) == 0.0  # the probability itself is far below the smallest float
    assert model.perplexity(text) == pytest.approx(2, rel=0.01)  # a fair coin, learned from 10 000 tosses
    assert model.bits_per_character(text) == pytest.approx(1, rel=0.01)


def test_bits_per_character_divides_by_characters_whatever_the_unit():
    text = "naïve café, naïve naïveté! " * 20
    for unit in ("characters", "bytes", "words"):
        model = NGramModel.fit(text, order=2, unit=unit)
        nats = -model.log_probabilities(text).sum()
        assert model.bits_per_character(text) == pytest.approx(nats / math.log(2) / len(text), rel=1e-12)
    assert NGramModel.fit(text, order=2, unit="bytes").log_probabilities(text).size == len(text.encode()) > len(text)


def test_the_uniform_limit_has_perplexity_v():
    model = NGramModel.fit("abcd", order=1, smoothing=AddK(k=1e12))
    assert model.perplexity("dcba") == pytest.approx(4)
    assert model.bits_per_character("dcba") == pytest.approx(2)


def test_first_tokens_use_the_context_they_have():
    model = NGramModel.fit("abcabd", order=3)
    for t in range(3):
        expected = model.distribution("abc"[:t])["abcd".index("abc"[t])]
        assert model.log_probabilities("abc")[t] == pytest.approx(math.log(expected), rel=1e-14)


def test_generation_follows_its_generator_and_the_distribution(rng):
    model = NGramModel.fit("abababac" * 10, order=1)
    assert model.generate("a", 30, rng=np.random.default_rng(7)) == model.generate(
        "a", 30, rng=np.random.default_rng(7)
    )
    text = model.generate("", 4000, rng=rng)
    assert len(text) == 4000
    after_a = np.array([text[i + 1] for i in range(3999) if text[i] == "a"])
    shares = [np.mean(after_a == token) for token in "abc"]
    np.testing.assert_allclose(shares, model.distribution("a"), atol=0.04)  # 4 standard errors of about 2000 draws
    assert model.generate("a", 0, rng=rng) == ""


def test_generated_words_read_as_text(rng):
    model = NGramModel.fit("the cat sat. the dog sat. " * 5, order=2, unit="words", smoothing=AddK(k=1e-9))
    assert model.generate("the cat", 2, rng=rng) == "sat."
