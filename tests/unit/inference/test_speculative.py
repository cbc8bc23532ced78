"""No sampling where a sum will do: the law of what speculative sampling writes, over every draft and every verdict."""

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from numpy.testing import assert_allclose

from llmcourse.inference.sequences import sequence_law, total_variation
from llmcourse.inference.speculative import (
    acceptance,
    expected_round,
    expected_tokens,
    operations,
    residual,
    speculative_law,
    speedup,
    verify,
    verify_law,
)
from tests.unit.inference.trees import tree
from tests.unit.language.strategies import distributions


def rows(model, text):
    return np.stack([model(text[:i]) for i in range(len(text) + 1)])


@pytest.mark.parametrize("gamma", [1, 2, 3])
@pytest.mark.parametrize("seed", range(2))
def test_algorithm_1_writes_texts_of_exactly_the_targets_law(seed, gamma):
    """Every block of drafts, every verdict on it, and then again, until each text has four tokens."""
    target, draft, depth = tree(seed), tree(seed + 100), 4
    law: Counter = Counter({(): 1.0})
    for length in range(
        depth
    ):  # a round lengthens a text, so that those of one length are complete when their turn comes
        for text in [text for text in law if len(text) == length]:
            weight = law.pop(text)
            for block in itertools.product(range(3), repeat=gamma):
                p, q = (np.stack([model((*text, *block[:i])) for i in range(gamma + 1)]) for model in (target, draft))
                chance = np.prod([q[i, x] for i, x in enumerate(block)])
                for (accepted, token), share in verify_law(p, q[:-1], block).items():
                    law[(*text, *block[:accepted], token)[:depth]] += weight * chance * share
    expected = sequence_law(target, depth=depth)
    assert set(law) == set(expected)
    for text, p in expected.items():
        assert law[text] == pytest.approx(p, abs=1e-12)


@pytest.mark.parametrize("end", [None, 1])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("gamma", [1, 2, 4])
def test_the_enumerated_law_is_the_targets(end, seed, gamma):
    target, draft = tree(seed), tree(seed + 1000, sharpness=0.3)
    law = speculative_law(target, draft, gamma=gamma, depth=3, end=end)
    assert total_variation(law, sequence_law(target, depth=3, end=end)) < 1e-12


def test_another_repair_changes_the_law():
    """To draw from the target again after a rejection favors what the draft likes: what is accepted counts twice."""
    target, draft = tree(3), tree(4)
    truth = sequence_law(target, depth=3)
    again = speculative_law(target, draft, gamma=2, depth=3, repair=lambda p, q: p)
    kept = speculative_law(target, draft, gamma=2, depth=3, repair=lambda p, q: q)
    assert sum(again.values()) == pytest.approx(1)
    assert total_variation(again, truth) > 0.05
    assert total_variation(kept, truth) > 0.05
    one = speculative_law(target, draft, gamma=1, depth=1, repair=lambda p, q: p)
    p, q = target(()), draft(())
    assert_allclose(list(one.values()), np.minimum(p, q) + (1 - acceptance(p, q)) * p)


def test_verify_draws_from_its_law(rng):
    target, draft, drafted = tree(5), tree(6), [2, 0]
    p, q = rows(target, (2, 0)), rows(draft, (2, 0))[:-1]
    law, n = verify_law(p, q, drafted), 4000
    counts = Counter(verify(p, q, drafted, rng) for _ in range(n))
    assert sum(law.values()) == pytest.approx(1)
    assert set(counts) <= {pair for pair, share in law.items() if share > 0}
    for pair, share in law.items():
        assert abs(counts[pair] / n - share) < 5 * np.sqrt(share * (1 - share) / n) + 1e-9


@given(distributions(rows=2))
def test_the_acceptance_is_one_minus_the_total_variation_and_the_residual_completes_it(p):
    a, b = p
    alpha = acceptance(a, b)
    assert alpha == pytest.approx(1 - np.abs(a - b).sum() / 2)
    if alpha < 1 - 1e-9:
        assert_allclose(np.minimum(a, b) + (1 - alpha) * residual(a, b), a, atol=1e-9)


def test_a_draft_that_is_the_target_is_always_accepted(rng):
    target = tree(7)
    p = rows(target, (1, 1, 2))
    assert verify_law(p, p[:-1], [1, 1, 2]).keys() == {(3, 0), (3, 1), (3, 2)}
    assert all(verify(p, p[:-1], [1, 1, 2], rng)[0] == 3 for _ in range(200))
    assert expected_round(target, target, gamma=3, depth=9) == pytest.approx(4)


def test_greedy_drafts_are_accepted_when_both_have_the_same_first_choice(rng):
    p = np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])  # the target wants 1, then 0, then 1
    q = np.array([[0.0, 1.0], [0.0, 1.0]])
    assert verify(p, q, [1, 1], rng) == (1, 0)
    assert verify(p, np.array([[0.0, 1.0], [1.0, 0.0]]), [1, 0], rng) == (2, 1)


@pytest.mark.parametrize("gamma", [1, 2, 5])
@pytest.mark.parametrize("alpha", [0.0, 0.3, 0.9, 1.0])
def test_the_formula_is_the_mean_of_independent_verdicts(alpha, gamma):
    """Exactly i accepted, then a rejection: α^i (1 − α) each; all γ accepted: α^γ."""
    mean = sum((i + 1) * alpha**i * (1 - alpha) for i in range(gamma)) + (gamma + 1) * alpha**gamma
    assert expected_tokens(alpha, gamma) == pytest.approx(mean)
    if alpha < 1:
        assert expected_tokens(alpha, gamma) == pytest.approx((1 - alpha ** (gamma + 1)) / (1 - alpha))


def test_an_acceptance_that_is_the_same_everywhere_gives_the_formula():
    p, q = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.2, 0.6])
    for gamma in (1, 2, 4):
        one = expected_round(lambda prefix: p, lambda prefix: q, gamma=gamma, depth=99)
        assert one == pytest.approx(expected_tokens(float(acceptance(p, q)), gamma))


@pytest.mark.parametrize("end", [None, 0])
@pytest.mark.parametrize("gamma", [1, 2, 3])
def test_the_expected_round_is_the_mean_over_all_rounds(gamma, end):
    target, draft, depth, mean = tree(8), tree(9), 3, 0.0
    for block in itertools.product(range(3), repeat=gamma):
        p, q = rows(target, block), rows(draft, block)[:-1]
        chance = np.prod([q[i, x] for i, x in enumerate(block)])
        for (accepted, token), share in verify_law(p, q, block).items():
            new = (*block[:accepted], token)[:depth]
            over = next((i + 1 for i, x in enumerate(new) if x == end), len(new))
            mean += chance * share * over
    assert expected_round(target, draft, gamma=gamma, depth=depth, end=end) == pytest.approx(mean)


def test_refusals(rng):
    p, q = np.array([[0.5, 0.5], [0.5, 0.5]]), np.array([[1.0, 0.0]])
    with pytest.raises(ValueError, match="one vocabulary, got 2 and 3 tokens"):
        acceptance(p[0], np.full(3, 1 / 3))
    with pytest.raises(ValueError, match="one vocabulary, got 2 and 3 tokens"):
        verify(p, np.full((1, 3), 1 / 3), [0], rng)
    with pytest.raises(ValueError, match=r"q must sum to 1 .*sums to 0\.9"):
        acceptance(p[0], np.array([0.5, 0.4]))
    with pytest.raises(ValueError, match=r"p must sum to 1 .*sums to 1\.2"):
        verify(np.array([[0.5, 0.5], [0.6, 0.6]]), q, [0], rng)
    with pytest.raises(ValueError, match="a mass of 0"):
        residual(p[0], p[0])
    with pytest.raises(ValueError, match="2 drafts need as many rows of q and one more of p, got 1 and 2"):
        verify(p, q, [0, 0], rng)
    with pytest.raises(ValueError, match="draft 0 is token 1, which q gives the probability 0"):
        verify(p, q, [1], rng)
    for wrong in (0, -2):
        with pytest.raises(ValueError, match=f"at least 1 token, got {wrong}"):
            expected_tokens(0.5, wrong)
        with pytest.raises(ValueError, match=f"at least 1 token, got {wrong}"):
            speculative_law(tree(0), tree(1), gamma=wrong, depth=2)
    with pytest.raises(ValueError, match="depth must be at least 1, got 0"):
        speculative_law(tree(0), tree(1), gamma=1, depth=0)
    with pytest.raises(ValueError, match=r"between 0 and 1, got 1\.1"):
        expected_tokens(1.1, 2)
    for count in (speedup, operations):
        with pytest.raises(ValueError, match=r"must not be negative, got -0\.1"):
            count(0.5, 2, -0.1)
