"""Beam search against listing every text, and what a width is worth."""

import math

import numpy as np
import pytest

from llmcourse.inference.beam import beam_search, beam_steps, gnmt_penalty, of_each
from llmcourse.inference.sequences import sequence_law
from tests.unit.inference.trees import tree


def best_of_all(model, depth, end, alpha):
    law = sequence_law(model, depth=depth, end=end)
    return sorted(((math.log(p) / len(text) ** alpha, text) for text, p in law.items()), reverse=True)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("end", [None, 2])
@pytest.mark.parametrize("alpha", [0.0, 0.5, 2.0])
def test_a_beam_that_holds_everything_finds_the_best_texts_of_all(seed, end, alpha):
    model = tree(seed)
    width = 3**3  # every candidate of the last step
    found = beam_search(of_each(model), width=width, max_new=3, end=end, length_penalty=alpha)
    for one, (score, text) in zip(found, best_of_all(model, 3, end, alpha), strict=True):
        assert one.tokens == text
        assert one.score == pytest.approx(score)
        assert one.logp == pytest.approx(score * len(text) ** alpha)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("width", [1, 2, 5])
@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_stopping_early_changes_nothing(seed, width, alpha):
    """The same search without its stopping rule, to the last depth."""
    model, depth, end = tree(seed), 4, 2
    live, done = [((), 0.0)], []
    for length in range(1, depth + 1):
        grown = [((*text, v), s + math.log(model(text)[v])) for text, s in live for v in range(3)]
        grown.sort(key=lambda one: -one[1])
        over = [text[-1] == end or length == depth for text, _ in grown]
        done += [(s / length**alpha, text) for (text, s), o in list(zip(grown, over, strict=True))[:width] if o]
        live = [one for one, o in zip(grown, over, strict=True) if not o][:width]
    expected = [text for _, text in sorted(done, reverse=True)[:width]]
    found = beam_search(of_each(model), width=width, max_new=depth, end=end, length_penalty=alpha)
    assert [one.tokens for one in found] == expected


@pytest.mark.parametrize("seed", range(5))
def test_width_one_is_greedy(seed):
    model, text = tree(seed), ()
    for _ in range(4):
        text = (*text, int(model(text).argmax()))
    assert beam_search(of_each(model), width=1, max_new=4)[0].tokens == text


def test_a_wider_beam_may_find_a_worse_text():
    """Two beginnings that lead nowhere push out the one that greedy decoding would have followed to certainty."""
    third = [1 / 3] * 3
    rows = {(): [0.51, 0.49, 0.0], (0,): third, (1,): [0.45, 0.45, 0.1], (0, 0): [1.0, 0.0, 0.0]}
    model = of_each(lambda prefix: np.array(rows.get(prefix, third)))
    narrow, wide, all_of_it = (beam_search(model, width=b, max_new=3)[0] for b in (1, 2, 27))
    assert math.exp(narrow.logp) == pytest.approx(0.51 / 3)
    assert math.exp(wide.logp) == pytest.approx(0.49 * 0.45 / 3)
    assert all_of_it.tokens == narrow.tokens == (0, 0, 0)


def test_it_stops_when_nothing_can_overtake():
    rows = {(): [0.05, 0.95]}
    model = of_each(lambda prefix: np.array(rows.get(prefix, [0.5, 0.5])))
    steps = list(beam_steps(model, width=1, max_new=50, end=1))
    assert len(steps) == 1
    assert [one.tokens for one in steps[0].done] == [(1,)]
    assert steps[0].live[0].tokens == (0,)
    assert len(list(beam_steps(model, width=1, max_new=50, end=1, length_penalty=2.0))) > 1  # a long one still might


def test_impossible_tokens_are_never_kept():
    model = of_each(lambda prefix: np.array([1.0, 0.0, 0.0]))
    assert [one.tokens for one in beam_search(model, width=3, max_new=2)] == [(0, 0)]


def test_of_equal_texts_the_first_in_the_vocabulary_wins():
    model = of_each(lambda prefix: np.full(3, 1 / 3))
    assert [one.tokens for one in beam_search(model, width=2, max_new=2)] == [(0, 0), (0, 1)]


def test_gnmts_penalty_is_one_for_one_token_and_for_alpha_zero():
    assert gnmt_penalty(1, 0.8) == 1
    assert gnmt_penalty(30, 0.0) == 1
    assert gnmt_penalty(13, 0.5) == pytest.approx(math.sqrt(3))


def test_refusals():
    model = of_each(tree(0))
    with pytest.raises(ValueError, match="at least 1 wide, got 0"):
        beam_search(model, width=0, max_new=2)
    with pytest.raises(ValueError, match="max_new must be at least 1, got 0"):
        beam_steps(model, width=2, max_new=0)
    for alpha in (-0.5, math.inf, math.nan):
        with pytest.raises(ValueError, match=f"0 or more and finite, got {alpha}"):
            beam_search(model, width=2, max_new=2, length_penalty=alpha)
    with pytest.raises(ValueError, match=r"the worst row sums to 1\.2"):
        beam_search(of_each(lambda prefix: np.array([0.7, 0.5])), width=2, max_new=2)
    with pytest.raises(ValueError, match="the worst row sums to nan"):
        beam_search(lambda prefixes: np.full((len(prefixes), 2), np.nan), width=2, max_new=2)
    with pytest.raises(ValueError, match="1 prefixes need 1 rows of log-probabilities, got 3"):
        beam_search(lambda prefixes: np.log(np.full((3, 2), 0.5)), width=2, max_new=2)
    with pytest.raises(ValueError, match="at least 1 token, got 0"):
        gnmt_penalty(0, 0.6)
