"""Oracle: difflib's longest match. Property: brute force on short random texts."""

import difflib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmcourse.evaluation.copying import copied_runs

texts = st.lists(st.sampled_from("abc"), min_size=1, max_size=12).map(" ".join)


def by_force(text, seen):
    words, others = text.split(), f" {' '.join(seen.split())} "
    ends = range(1, len(words) + 1)
    return [max(n for n in range(t + 1) if n == 0 or f" {' '.join(words[t - n : t])} " in others) for t in ends]


@given(st.lists(texts, min_size=1, max_size=3), texts)
def test_runs_are_those_that_a_search_for_each_run_finds(several, seen):
    assert [runs.tolist() for runs in copied_runs(several, seen)] == [by_force(text, seen) for text in several]


def test_the_longest_run_is_difflibs(rng):
    text, seen = (" ".join(rng.choice(list("abcdefgh"), size=n)) for n in (300, 2000))
    matcher = difflib.SequenceMatcher(None, text.split(), seen.split(), autojunk=False)
    (runs,) = copied_runs([text], seen)
    assert runs.max() == matcher.find_longest_match().size >= 3


def test_a_text_copied_whole_counts_up_and_one_changed_word_begins_anew():
    seen = "when in the course of human events it becomes"
    whole, changed = copied_runs([seen, seen.replace("human", "recent")], f"x {seen}\ny")
    np.testing.assert_array_equal(whole, np.arange(1, 10))
    np.testing.assert_array_equal(changed, [1, 2, 3, 4, 5, 0, 1, 2, 3])


def test_line_ends_do_not_matter_and_capitals_do():
    (runs,) = copied_runs(["in  the\nBeginning was"], "in\nthe beginning was")
    assert runs.tolist() == [1, 2, 0, 1]


def test_texts_without_words_are_refused():
    with pytest.raises(ValueError, match="may have been copied has 0 words"):
        copied_runs(["a"], " \n")
    with pytest.raises(ValueError, match="one of the texts has 0 words"):
        copied_runs(["a", ""], "a")
