import itertools
import math

import numpy as np
import pytest
import torch

from llmcourse.inference.generate import generate
from llmcourse.inference.many import sample_many
from llmcourse.inference.sampling import greedy
from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.kv_cache import KVCache
from llmcourse.transformer.llama import Llama

CONFIG = ModelConfig(vocab=5, width=16, layers=2, heads=4, kv_heads=2, ffn_width=24, context=32, tied=True)
PROMPT = [3, 1, 4]


@pytest.fixture(scope="module")
def model():
    made = Llama(CONFIG).initialize(torch.Generator().manual_seed(0), std=0.6)
    return made.double().requires_grad_(False).eval()


def draw(model, seed=0, tokens=PROMPT, **settings):
    options = {"count": 4, "temperature": 1.0, "max_new": 3, "stop": (0,)} | settings
    return sample_many(model, tokens, generator=torch.Generator().manual_seed(seed), **options)


def log_probability(model, row):
    """Read whole, without a cache."""
    logp = model(torch.tensor([PROMPT + row])).double().log_softmax(-1)[0]
    return sum(float(logp[len(PROMPT) - 1 + i, token]) for i, token in enumerate(row))


def test_each_log_probability_is_that_of_the_answer_read_whole_with_its_end(model):
    for temperature in (1.0, 2.0):
        for tokens, logp, ended in draw(model, temperature=temperature, count=7):
            assert logp == pytest.approx(log_probability(model, [*tokens, *([0] if ended else [])]), abs=1e-5)
            assert ended or len(tokens) == 3


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_answers_come_as_often_as_the_model_says(model, temperature):
    """All answers of at most 2 tokens are enumerated; 6,000 draws must fit (chi-square, 99.9 %)."""
    answers = [(0,), *((a, 0) for a in range(1, 5)), *itertools.product(range(1, 5), range(1, 5))]

    def share(answer):
        p = 1.0
        for i, token in enumerate(answer):
            z = model(torch.tensor([PROMPT + list(answer[:i])]))[0, -1].double() / temperature
            p *= float(z.softmax(-1)[token])
        return p

    expected = np.array([share(answer) for answer in answers])
    assert expected.sum() == pytest.approx(1)
    drawn = draw(model, temperature=temperature, count=6000, max_new=2)
    found = [(*one.tokens, 0) if one.ended else one.tokens for one in drawn]
    counts = np.array([found.count(answer) for answer in answers])
    assert counts.sum() == 6000
    statistic = ((counts - 6000 * expected) ** 2 / (6000 * expected)).sum()
    assert statistic < 45.3  # of chi-square with 20 degrees of freedom, 1 in 1,000 lies above


def test_temperature_zero_is_the_greedy_loop(model):
    one, two = draw(model, count=2, temperature=0.0, max_new=6)
    assert one == two
    assert list(one.tokens) == list(generate(model, PROMPT, choose=greedy, max_new=6, stop=(0,)))


def test_a_cache_comes_before_and_is_left_as_it_was(model):
    cache = KVCache(CONFIG, capacity=8, dtype=torch.float64)
    model(torch.tensor([PROMPT[:2]]), cache=cache)
    fresh, cached = draw(model), draw(model, tokens=PROMPT[2:], cache=cache)
    assert cache.length == 2
    assert [one.tokens for one in fresh] == [one.tokens for one in cached]
    assert [one.logp for one in fresh] == pytest.approx([one.logp for one in cached])


def test_the_same_generator_gives_the_same_answers(model):
    assert draw(model, seed=3) == draw(model, seed=3) != draw(model, seed=4)


def test_a_first_token_that_ends_is_an_empty_answer(model):
    found = draw(model, stop=range(5))
    assert all(one.tokens == () and one.ended and math.isfinite(one.logp) for one in found)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"tokens": []}, "at least one token to go on from, got 0"),
        ({"count": 0}, "at least 1, got 0 and 3"),
        ({"max_new": 0}, "at least 1, got 4 and 0"),
        ({"temperature": -0.5}, "0 or more, got -0.5"),
        ({"temperature": math.nan}, "0 or more, got nan"),
        ({"max_new": 30}, "33 positions are more than the context of 32"),
    ],
)
def test_refuses(model, settings, message):
    with pytest.raises(ValueError, match=message):
        draw(model, **settings)
