"""N-gram models against NLTK's (nltk.lm), an implementation by other people that works on dictionaries of tuples."""

import itertools
import math

import numpy as np
import pytest
from nltk.lm import MLE, KneserNeyInterpolated, Lidstone
from nltk.util import everygrams

from llmcourse.language.ngram import AddK, KneserNey, NGramModel, Vocabulary

ALICE = (
    "Alice was beginning to get very tired of sitting by her sister on the bank, and of having nothing to do: once or "
    "twice she had peeped into the book her sister was reading, but it had no pictures or conversations in it, "
)


def nltk_fit(model, text, order):
    """Fitted on the n-grams of the text as it is. NLTK's usual pipeline would pad it, which ours does not."""
    tokens = list(text)
    model.fit([everygrams(tokens, max_len=order + 1)], vocabulary_text=tokens)
    return model


def contexts(text, order):
    """Seen contexts of every length from 0 to the order, and many of which only the end, or nothing, was seen."""
    seen = {text[i : i + n] for n in range(order + 1) for i in range(0, len(text) - n, 7)}
    return sorted(seen | {"".join(p) for p in itertools.product("ahk", repeat=order)})


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("k", [0.01, 1.0])
def test_add_k_is_nltks_lidstone(order, k):
    # NLTK counts its <UNK> as a token, so ours has one too.
    vocabulary = Vocabulary.from_text(ALICE, unknown="<UNK>")
    ours = NGramModel.fit(ALICE, order=order, smoothing=AddK(k=k), vocabulary=vocabulary)
    theirs = nltk_fit(Lidstone(k, order + 1), ALICE, order)
    assert len(theirs.vocab) == len(vocabulary)
    for context in contexts(ALICE, order):
        expected = [theirs.score(token, tuple(context)) for token in vocabulary.tokens]
        np.testing.assert_allclose(ours.distribution(context), expected, rtol=1e-12)


class _KneserNeyWithUniform(KneserNeyInterpolated):
    """NLTK's model, its unigram level discounted and interpolated with 1/V as our recursion does.

    NLTK stops at the plain share of continuation counts, which gives an unseen token probability zero. Only this last
    step is replaced; the continuation counts in it, and every level above it, remain NLTK's.
    """

    def __init__(self, order, discount):
        super().__init__(order, discount=discount)
        self.estimator.unigram_score = self._unigram_score

    def _unigram_score(self, word):
        d, counts = self.estimator.discount, self.estimator._continuation_counts
        count, total = counts(word)
        kinds = sum(counts(other)[0] > 0 for other in self.vocab)
        return (max(count - d, 0) + d * kinds / len(self.vocab)) / total


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("discount", [0.1, 0.75])
def test_kneser_ney_is_nltks(order, discount):
    # NLTK divides the number of raw kinds by continuation totals. The two differ where an n-gram occurs at the very
    # start of the text and nowhere else, and its probabilities then do not sum to 1 (padding hides this). Repeating the
    # first tokens at the end gives each such n-gram a token in front, and NLTK's numbers are the definition's again.
    text = ALICE + ALICE[:order]
    vocabulary = Vocabulary.from_text(text, unknown="<UNK>")
    ours = NGramModel.fit(text, order=order, smoothing=KneserNey(discount=discount), vocabulary=vocabulary)
    theirs = nltk_fit(_KneserNeyWithUniform(order + 1, discount), text, order)
    for context in contexts(text, order)[::2]:
        expected = [theirs.score(token, tuple(context)) for token in vocabulary.tokens[::5]]
        np.testing.assert_allclose(ours.distribution(context)[::5], expected, rtol=1e-12)


def test_the_bigram_example_of_the_nltk_documentation():
    # [a b c] and [a c d c e f]: P(b | a) = 1/2, P(c | b) = 1, so 0.5 bit per token and perplexity √2.
    # Joined to one text, the sentences add one bigram, c a, that is not asked about.
    text = "abc" + "acdcef"
    ours = NGramModel.fit(text, order=1, smoothing=AddK(k=1e-13))  # the limit k → 0 is the relative frequency
    theirs = nltk_fit(MLE(2), text, 1)
    counts = ours.counts("a")
    assert (counts / counts.sum()).tolist() == [0, 0.5, 0.5, 0, 0, 0]
    assert theirs.score("b", ("a",)) == 0.5
    logp = ours.log_probabilities("abc")[1:]
    assert -logp.mean() / math.log(2) == pytest.approx(0.5, abs=1e-11)
    assert math.exp(-logp.mean()) == pytest.approx(math.sqrt(2), abs=1e-11)
    assert theirs.perplexity([("a", "b"), ("b", "c")]) == pytest.approx(math.exp(-logp.mean()), abs=1e-11)
    for context, token in itertools.product("abcde", "abcdef"):
        assert ours.distribution(context)["abcdef".index(token)] == pytest.approx(
            theirs.score(token, (context,)), abs=1e-11
        )
