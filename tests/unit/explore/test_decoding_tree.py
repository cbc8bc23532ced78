"""The trees and the widget's own arithmetic; the browser test holds the script to it."""

import math

import numpy as np
import pytest
import traitlets

from llmcourse.explore.decoding_tree import DecodingTree
from llmcourse.explore.decoding_trees import DEPTH, END, LEAVES, PREFIXES, TREES, model_of, text_of
from llmcourse.inference.sequences import sequence_law

FIRST, NOTHING, LOOP = (one["name"] for one in TREES)


@pytest.mark.parametrize("one", TREES, ids=lambda one: one["name"])
def test_each_tree_has_fifteen_texts_and_a_draft_of_the_same_words(one):
    for part in ("target", "draft"):
        law = sequence_law(model_of(one[part]), depth=DEPTH, end=END)
        assert tuple(law) == LEAVES
        assert sum(law.values()) == pytest.approx(1)
    assert len(LEAVES) == 15
    assert len(PREFIXES) == 7
    assert text_of((), one["tokens"]) == "–"


def test_the_trees_do_what_their_names_say():
    first, nothing, loop = (DecodingTree(name) for name in (FIRST, NOTHING, LOOP))
    assert max(first.truth(), key=first.truth().get) == (1, 2)  # "good ."
    assert list(first.law()) == [(0, 1, 2)]  # greedy begins with "very"
    first.algorithm = "beam"
    assert list(first.law()) == [(1, 2)]
    assert max(nothing.truth(), key=nothing.truth().get) == (2,)
    nothing.set_trait("algorithm", "beam")
    nothing.width = 6
    assert list(nothing.law()) == [(2,)]
    loop.algorithm, loop.width = "beam", 6
    assert list(loop.law()) == [(0, 0, 0)]


def test_speculation_is_exact_with_the_residual_and_not_without():
    widget = DecodingTree(FIRST, algorithm="speculative", gamma=3)
    assert widget.numbers()["distance"] < 1e-12
    assert widget.numbers()["round"] > 1
    widget.repair = "target"
    assert widget.numbers()["distance"] > 0.02


@pytest.mark.parametrize("algorithm", ["greedy", "sampling", "speculative"])
@pytest.mark.parametrize("step", [0, 1, 2, 3])
def test_what_is_alive_sums_to_one(algorithm, step):
    widget = DecodingTree(FIRST, algorithm=algorithm, step=step, top_p=0.9)
    assert sum(widget.kept().values()) == pytest.approx(1)
    assert all(len(text) <= step for text in widget.kept())


def test_the_beam_keeps_no_more_than_its_width_and_shows_the_models_probability():
    widget = DecodingTree(FIRST, algorithm="beam", width=2, step=2)
    beam = widget.beams()[1]
    assert len(beam.live) <= 2
    assert len(beam.done) <= 2
    truth = widget.truth()
    for one in beam.done:
        assert widget.kept()[one.tokens] == pytest.approx(truth[one.tokens])
        assert math.exp(one.logp) == pytest.approx(truth[one.tokens])


def test_refusals():
    with pytest.raises(traitlets.TraitError, match="no tree is named 'x'"):
        DecodingTree("x")
    with pytest.raises(traitlets.TraitError, match="temperature must lie between"):
        DecodingTree(temperature=0.0)
    with pytest.raises(traitlets.TraitError, match="top_p must lie above 0"):
        DecodingTree(top_p=0.0)
    for changes, message in [
        ({"tokens": ["a", "b"]}, "3 tokens"),
        ({"target": [[1.0, 0.0, 0.0]]}, r"7 rows of 3 probabilities, got shape \(1, 3\)"),
        ({"draft": [[0.5, 0.5, 0.5]] * 7}, r"sums to 1\.5"),
    ]:
        with pytest.raises(traitlets.TraitError, match=message):
            DecodingTree(trees=({**TREES[0], **changes},))
    with pytest.raises(traitlets.TraitError, match="names that differ"):
        DecodingTree(trees=(TREES[0], TREES[0]))
    with pytest.raises(ValueError, match="the tree must sum to 1"):
        model_of(np.full((7, 3), 0.3).tolist())


def test_the_picture_is_the_same_each_time():
    assert DecodingTree(LOOP, algorithm="beam").html() == DecodingTree(LOOP, algorithm="beam").html()
