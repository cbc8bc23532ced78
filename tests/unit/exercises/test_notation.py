"""The exercises of page 1.1: right answers pass, each usual mistake is told its own reason, a stub is not attempted."""

import math
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from llmcourse.exercises import notation
from llmcourse.exercises.checker import Exercise, Number, self_test
from llmcourse.language.information import sequence_perplexity

EXERCISES = {name: item for name, item in vars(notation).items() if isinstance(item, Exercise | Number)}
FUNCTIONS = {name: item for name, item in EXERCISES.items() if isinstance(item, Exercise)}


def _average_nll(table, x):
    """As a reader would write it from the formula, with none of the module's own helpers."""
    terms = [math.log(table[x[t - 1], x[t]]) for t in range(1, len(x))]
    return -sum(terms) / len(terms)


def _loop(table, x, start, terms):
    return -sum(math.log(table[x[t - 1], x[t]]) for t in range(start, len(x))) / terms


SOLUTIONS = {
    "words_seen_once": lambda x: len({v for v in x if x.count(v) == 1}),
    "root_of_product": lambda p: math.prod(1 / p_t for p_t in p) ** (1 / len(p)),
    "pairs_with_earlier": lambda a: sum(a[i] * a[j] for i in range(len(a)) for j in range(i)),
    "average_nll": _average_nll,
    "tokens_until_zero": 248,
}


def test_every_exercise_of_the_module_has_a_solution_here():
    assert SOLUTIONS.keys() == EXERCISES.keys()


@pytest.mark.parametrize("name", EXERCISES)
def test_the_solution_passes(name):
    assert EXERCISES[name].check(SOLUTIONS[name]).passed


@pytest.mark.parametrize("name", EXERCISES)
def test_each_misconception_gets_its_own_message(name):
    self_test(EXERCISES[name])
    messages = [item[1] if isinstance(item, tuple) else item.message for item in EXERCISES[name].misconceptions]
    assert len(set(messages)) == len(messages) >= 4


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_stub_is_not_attempted(name):
    assert FUNCTIONS[name].check(lambda *arguments: ...).status == "not attempted"


def test_an_empty_number_is_not_attempted():
    assert notation.tokens_until_zero.check(...).status == "not attempted"


@pytest.mark.parametrize(
    ("name", "mistake", "words"),
    [
        ("root_of_product", lambda p: np.prod(1 / p) ** 1 / len(p), "parentheses around"),
        ("pairs_with_earlier", lambda a: sum(a[i] * a[j] for i in range(len(a)) for j in range(i + 1)), "squares"),
        ("average_nll", lambda table, x: -np.mean(np.log(table[x[1:], x[1:]])), "already holds the token"),
        ("average_nll", lambda table, x: -np.mean(np.log(table[x[1:], x[:-1]])), "reading backward"),
        ("average_nll", lambda table, x: -np.mean(np.log10(table[x[:-1], x[1:]])), "log10"),
        ("average_nll", lambda table, x: -np.log(np.mean(table[x[:-1], x[1:]])), "averaged the probabilities"),
        ("average_nll", lambda table, x: -np.log(table[x[:-1], x[1:]]) / (len(x) - 1), "The Σ is missing"),
        ("average_nll", lambda table, x: [-math.log(table[a, b]) for a, b in pairwise(x)], "divide by how many"),
        ("average_nll", lambda table, x: _loop(table, x, 2, len(x) - 1), "first term is lost. "),
        ("average_nll", lambda table, x: _loop(table, x, 0, len(x)), "x[−1], the last token; so you have T"),
        ("average_nll", lambda table, x: _loop(table, x, 0, len(x) - 1), "x[−1], the last token. "),
        ("pairs_with_earlier", lambda a: sum(a[i] * sum(a[: max(i - 1, 0)]) for i in range(len(a))), "Use range(i)"),
        ("root_of_product", lambda p: sum(math.log(1 / p_t) for p_t in p) / len(p), "log of the answer"),
        ("words_seen_once", lambda x: [v for v, count in Counter(x).items() if count == 1], "take len()"),
        ("words_seen_once", lambda x: [v for v in set(x) if x.count(v) == 1], "take len()"),
    ],
)
def test_a_mistake_written_another_way_is_recognized(name, mistake, words):
    verdict = EXERCISES[name].check(mistake)
    assert verdict.status == "wrong"
    assert words in verdict.message


def test_stopping_at_the_smallest_normal_float_is_told_about_subnormals():
    verdict = notation.tokens_until_zero.check(-math.log(np.finfo(float).smallest_normal) / 3)
    assert verdict.status == "wrong"
    assert "subnormal" in verdict.message
    assert notation.tokens_until_zero.check(236).message == verdict.message


def test_the_root_of_the_product_is_the_packages_perplexity():
    p = np.array([0.3, 0.02, 0.6, 0.11])
    assert math.isclose(notation.root_of_product.answer(p), sequence_perplexity(p), rel_tol=1e-12)


def test_a_product_of_float64_is_zero_at_the_length_that_the_exercise_asks_for():
    p = math.exp(-3)
    product, length = 1.0, 0
    while product > 0:
        product, length = product * p, length + 1
    assert notation.tokens_until_zero.check(length).passed
    assert abs(length - notation.tokens_until_zero.answer) <= 1
