"""Learning and doing merges, against programs that read the definitions aloud, and by hand."""

from collections import Counter
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmcourse.language.bpe_merges import learn_merges, merge_long_word, merge_word, replace_pair

NEW = 4  # the first merged token; 0 … 3 are the letters
words = st.lists(st.integers(0, NEW - 1), min_size=1, max_size=12).map(tuple)
corpora = st.dictionaries(words, st.integers(1, 5), min_size=1, max_size=12)


def learn_by_definition(corpus, new):
    """Count every pair of every word again before each merge; of the most frequent ones take the lowest."""
    state = [(list(word), n) for word, n in corpus.items()]
    learned = []
    while counts := sum((Counter({p: n * m for p, m in Counter(pairwise(w)).items()}) for w, n in state), Counter()):
        pair = min(counts, key=lambda pair: (-counts[pair], pair))
        learned.append((pair, counts[pair]))
        for ids, _ in state:
            i = 0
            while i < len(ids) - 1:
                if (ids[i], ids[i + 1]) == pair:
                    ids[i : i + 2] = [new]
                i += 1
        new += 1
    return learned, [word for word, _ in state]


def table(learned):
    return {pair: NEW + i for i, (pair, _) in enumerate(learned)}


@given(corpora)
def test_learning_is_its_definition_with_counts_and_ties(corpus):
    assert list(learn_merges(corpus, new=NEW)) == learn_by_definition(corpus, NEW)[0]


@given(corpora)
def test_encoding_the_training_words_gives_what_training_left_of_them(corpus):
    learned, left = learn_by_definition(corpus, NEW)
    assert [merge_word(list(word), table(learned)) for word in corpus] == left
    assert all(len(word) == 1 for word in left)  # learning ends when nothing is left to merge


@given(corpus=corpora, word=st.lists(st.integers(0, NEW - 1), max_size=40), share=st.floats(0, 1))
def test_encoding_is_the_merges_one_after_the_other(corpus, word, share):
    learned = list(learn_merges(corpus, new=NEW))
    made = table(learned[: round(share * len(learned))])
    expected = word
    for pair, new in made.items():
        expected = replace_pair(expected, pair, new)
    assert merge_word(word, made) == expected
    assert merge_long_word(word, made) == expected


@given(run=st.integers(0, 200), corpus=corpora)
def test_long_and_short_words_are_merged_alike_in_runs_of_one_letter(run, corpus):
    made = table(learn_merges({(0,) * 64: 1} | corpus, new=NEW))
    word = [0] * run + [1] + [0] * run
    assert merge_long_word(word, made) == merge_word(word, made)


@given(corpora)
def test_a_word_that_occurs_twice_counts_as_two_words(corpus):
    doubled = {word: 2 * n for word, n in corpus.items()}
    assert [(pair, 2 * n) for pair, n in learn_merges(corpus, new=NEW)] == list(learn_merges(doubled, new=NEW))


@given(corpora)
def test_the_order_of_the_words_changes_nothing(corpus):
    assert list(learn_merges(corpus, new=NEW)) == list(learn_merges(dict(reversed(corpus.items())), new=NEW))


def test_ties_go_to_the_lowest_left_id_and_then_to_the_lowest_right_id():
    assert next(learn_merges({(3, 0): 1, (1, 3): 1, (1, 2): 1}, new=NEW)) == ((1, 2), 1)
    assert next(learn_merges({(3, 0): 2, (1, 3): 1, (1, 2): 1}, new=NEW)) == ((3, 0), 2)


def test_overlapping_occurrences_count_and_merge_from_the_left():
    learned = learn_merges({(0, 0, 0): 2, (1, 2): 3}, new=NEW)
    assert list(islice(learned, 3)) == [((0, 0), 4), ((1, 2), 3), ((4, 0), 2)]
    assert replace_pair([0, 0, 0, 0, 0], (0, 0), 4) == [4, 4, 0]


def test_replacing_does_not_merge_what_it_made():
    assert replace_pair([0, 1, 1], (0, 1), 2) == [2, 1]
    assert replace_pair([0, 0, 1, 1], (0, 1), 2) == [0, 2, 1]
    assert replace_pair([], (0, 1), 2) == replace_pair([], (0, 0), 2) == []


def test_inputs_are_left_unchanged():
    word = [0, 1, 0, 1]
    for merge in (merge_word, merge_long_word):
        merge(word, {(0, 1): 4})
    replace_pair(word, (0, 1), 4)
    assert word == [0, 1, 0, 1]


@pytest.mark.parametrize("merge", [merge_word, merge_long_word])
def test_the_merge_that_was_learned_first_wins_wherever_it_stands(merge):
    # as training saw it: (1, 2) is 4, (0, 1) is 5, (4, 3) is 6
    assert merge([0, 1, 2, 3], {(1, 2): 4, (0, 1): 5, (4, 3): 6}) == [0, 6]
    assert merge([], {(0, 1): 4}) == []
    assert merge([3], {}) == [3]


def test_a_word_of_a_million_letters_is_merged_down_to_a_few_tokens():
    word = [0, 1, 2] * 2**18
    made = table(learn_merges({tuple(word[: 3 * 2**6]): 1}, new=NEW))  # 012, twice that, and so on up to 2⁶ times
    assert len(merge_long_word(word, made)) == 2**12
