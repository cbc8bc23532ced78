import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmcourse.evaluation.repetition import repeated_ngrams


def test_a_loop_repeats_almost_everything_and_counting_nothing():
    assert repeated_ngrams([1, 2, 3] * 20, n=4) == 1 - 3 / 57
    assert repeated_ngrams(list(range(60)), n=4) == 0


@given(st.lists(st.integers(0, 2), min_size=5, max_size=30), st.integers(1, 4))
def test_it_is_the_share_of_places_whose_run_stands_earlier(tokens, n):
    runs = [tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1)]
    seen_before = sum(run in runs[:i] for i, run in enumerate(runs))
    assert repeated_ngrams(tokens, n) == pytest.approx(seen_before / len(runs))


def test_refusals():
    with pytest.raises(ValueError, match="n must be at least 1, got 0"):
        repeated_ngrams([1, 2], 0)
    with pytest.raises(ValueError, match="a text of 2 tokens has no run of 4"):
        repeated_ngrams([1, 2])
