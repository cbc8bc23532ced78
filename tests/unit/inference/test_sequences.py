import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose

from llmcourse.inference.sampling import top_k
from llmcourse.inference.sequences import law_entropy, sequence_law, total_variation
from llmcourse.language.information import entropy
from tests.unit.inference.trees import tree


@pytest.mark.parametrize("seed", range(3))
def test_the_law_is_the_product_of_the_conditionals_and_sums_to_one(seed):
    model = tree(seed)
    law = sequence_law(model, depth=3)
    assert sum(law.values()) == pytest.approx(1)
    for text in itertools.product(range(3), repeat=3):
        assert law[text] == pytest.approx(np.prod([model(text[:i])[text[i]] for i in range(3)]))


def test_an_end_closes_a_text():
    law = sequence_law(tree(0), depth=3, end=2)
    assert len(law) == 1 + 2 + 4 * 3  # the end at once; after one token; two tokens and any third
    assert sum(law.values()) == pytest.approx(1)
    assert all(2 not in text[:-1] for text in law)


def test_a_rule_is_local_and_not_the_law_conditioned_on_what_is_left():
    model = tree(1)
    law, cut = sequence_law(model, depth=3), sequence_law(model, depth=3, rule=lambda p: top_k(p, 2))
    kept = sum(law[text] for text in cut)
    assert len(cut) == 8
    assert sum(cut.values()) == pytest.approx(1)
    assert max(abs(cut[text] - law[text] / kept) for text in cut) > 0.01


def test_distance_and_entropy_are_those_of_the_vectors():
    a, b = sequence_law(tree(0), depth=2), sequence_law(tree(1), depth=2)
    p, q = (np.array([law[text] for text in itertools.product(range(3), repeat=2)]) for law in (a, b))
    assert total_variation(a, b) == pytest.approx(1 - np.minimum(p, q).sum())
    assert total_variation(a, a) == 0
    assert total_variation({(0,): 1.0}, {(1,): 1.0}) == 1
    assert_allclose(law_entropy(a), entropy(p))


def test_refusals():
    with pytest.raises(ValueError, match="depth must be at least 1, got 0"):
        sequence_law(tree(0), depth=0)
    with pytest.raises(ValueError, match=r"the distribution after \(\) must sum to 1 .*sums to 1\.1"):
        sequence_law(lambda prefix: np.array([0.6, 0.5]), depth=2)
