"""Each solution passes, each declared misconception gets its own message, a stub is "not attempted"."""

import numpy as np
import pytest

from llmcourse.exercises import probability as exercises
from llmcourse.exercises.checker import Exercise, Number, self_test
from llmcourse.language.information import sequence_perplexity
from llmcourse.language.ngram import NGramModel
from llmcourse.language.probability import sample, sequence_log_probability
from llmcourse.language.smoothing import AddK
from llmcourse.language.vocabulary import Vocabulary

ALL = {name: value for name, value in vars(exercises).items() if isinstance(value, Exercise | Number)}
FUNCTIONS = {name: value for name, value in ALL.items() if isinstance(value, Exercise)}


def test_the_page_has_these_five_checked_exercises():
    assert list(ALL) == ["one_turn", "mixed_text", "score", "bigram_table", "write"]


@pytest.mark.parametrize("name", ALL)
def test_answer_passes_and_each_misconception_gets_its_own_message(name):
    self_test(ALL[name])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_stub_is_not_attempted(name):
    def stub(*_):
        raise NotImplementedError

    assert FUNCTIONS[name].check(stub).status == "not attempted"
    assert FUNCTIONS[name].check(lambda *_: ...).status == "not attempted"


@pytest.mark.parametrize("name", sorted(set(ALL) - set(FUNCTIONS)))
def test_an_empty_number_is_not_attempted(name):
    assert ALL[name].check(...).status == "not attempted"


def test_numbers_are_those_of_the_package():
    table = [(29, 408), (9, 51), (17, 87), (757, 977), (1096, 4723), (126, 1108)]  # asserted on the page
    turn = np.array([count / total for count, total in table])
    np.testing.assert_allclose(exercises.one_turn.answer, sequence_perplexity(turn))
    mixed = np.concatenate([np.full(100, 1 / 4), np.full(300, 1 / 16)])
    np.testing.assert_allclose(exercises.mixed_text.answer, sequence_perplexity(mixed))


def test_score_is_the_packages():
    def score(p):
        return -sequence_log_probability(p), sequence_perplexity(p)

    assert exercises.score.check(score).passed


def test_bigram_table_is_the_add_k_model():
    def bigram_table(ids, size, k):
        letters = "abcd"[:size]
        text = "".join(letters[i] for i in ids)
        model = NGramModel.fit(text, order=1, smoothing=AddK(k=k), vocabulary=_letters(letters))
        return np.stack([model.distribution(letter) for letter in letters])

    assert exercises.bigram_table.check(bigram_table).passed


def test_write_is_sampling_row_by_row():
    class Throws:
        """A stand-in for a generator whose throws are known."""

        def __init__(self, throws):
            self.throws = iter(throws)

        def random(self, size):
            return np.array([next(self.throws) for _ in range(size)])

    def write(table, start, throws):
        rng, ids = Throws(throws), [start]
        for _ in throws:
            ids.append(int(sample.__wrapped__(table[ids[-1]], rng=rng, size=1)[0]))
        return ids[1:]

    assert exercises.write.check(write).passed


def test_a_wrong_shape_is_told_apart_from_a_misconception():
    verdict = exercises.bigram_table.check(lambda ids, size, k: np.full((2, 2), 0.5))
    assert verdict.status == "wrong"
    assert "should be" in verdict.message


def _letters(letters):
    return Vocabulary(tuple(letters))
