import copy
import inspect
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmcourse.learning.recipe import Recipe
from llmcourse.learning.schedules import SCHEDULES, cosine, rate_share, stable_then_decay

SIZES = st.tuples(st.integers(0, 30), st.integers(1, 40), st.integers(1, 30))  # warm-up, stable, decay


def changed(**wrong) -> Recipe:
    """A recipe with wrong values, past the type checker, which only the tests have."""
    recipe = copy.copy(Recipe(steps=10, batch=6, length=4, rate=1e-3))
    for name, value in wrong.items():
        object.__setattr__(recipe, name, value)
    return recipe


@given(sizes=SIZES, final=st.floats(0, 1), name=st.sampled_from(SCHEDULES))
def test_every_schedule_rises_from_zero_to_one_and_never_rises_again(sizes, final, name):
    warmup, stable, decay = sizes
    steps = warmup + stable + decay
    shares = [rate_share(name, s, steps=steps, warmup=warmup, decay=decay, final=final) for s in range(steps + 5)]
    assert shares[warmup] == 1
    assert shares[0] == (0 if warmup else 1)
    assert all(a < b for a, b in pairwise(shares[: warmup + 1]))
    assert all(a >= b for a, b in pairwise(shares[warmup:]))
    assert shares[steps:] == pytest.approx([1.0 if name == "constant" else final] * 5)


def test_a_cosine_is_half_way_down_in_the_middle_and_symmetric_about_it():
    shares = [cosine(s, steps=30, warmup=10, final=0.2) for s in range(10, 31)]
    assert shares[10] == pytest.approx(0.6)
    assert [a + b for a, b in zip(shares, reversed(shares), strict=True)] == pytest.approx([1.2] * 21)


def test_a_decay_is_a_straight_line_over_its_last_steps_only():
    shares = [stable_then_decay(s, steps=20, warmup=2, decay=4, final=0.2) for s in range(2, 21)]
    assert shares[:15] == [1.0] * 15  # steps 2 to 16
    assert shares[15:] == pytest.approx([0.8, 0.6, 0.4, 0.2])


@pytest.mark.parametrize("name", SCHEDULES)
def test_refuses_what_is_no_share_of_a_training(name):
    def share(step=0, steps=20, warmup=2, decay=4, final=0.1):
        return rate_share(name, step, steps=steps, warmup=warmup, decay=decay, final=final)

    with pytest.raises(ValueError, match="step must not be negative, got -1"):
        share(step=-1)
    with pytest.raises(ValueError, match="a warm-up of 20 steps must be shorter than the training of 20"):
        share(warmup=20)
    with pytest.raises(ValueError, match="a warm-up of -1 steps"):
        share(warmup=-1)
    with pytest.raises(ValueError, match=r"between 0 and 1, got 1\.5"):
        share(final=1.5)


@pytest.mark.parametrize("decay", [0, 19])
def test_refuses_a_decay_that_does_not_fit(decay):
    with pytest.raises(ValueError, match=f"a decay of {decay} after a warm-up of 2 must fit into 20 steps"):
        stable_then_decay(0, steps=20, warmup=2, decay=decay)


def test_refuses_an_unknown_schedule_and_names_the_known_ones():
    unchecked = inspect.unwrap(rate_share)  # past the type checker, which only the tests have
    with pytest.raises(ValueError, match="one of cosine, wsd, constant, got 'linear'"):
        unchecked("linear", 0, steps=10, warmup=2, decay=1, final=0.1)


def test_a_recipe_gives_the_rate_of_its_schedule_and_survives_json():
    recipe = Recipe(steps=20, batch=6, length=4, rate=2e-3, warmup=4, schedule="wsd", decay=5, final=0.2, micro_batch=3)
    assert [recipe.rate_at(s) for s in (0, 2, 10, 20)] == pytest.approx([0, 1e-3, 2e-3, 4e-4])
    assert recipe.tokens == 480
    assert Recipe.from_json(recipe.as_json()) == recipe


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"steps": 0}, "steps must be at least 1, got 0"),
        ({"batch": 0}, "batch must be at least 1, got 0"),
        ({"length": -3}, "length must be at least 1, got -3"),
        ({"rate": 0.0}, r"rate must be positive, got 0\.0"),
        ({"rate": float("nan")}, "rate must be positive, got nan"),
        ({"clip": 0.0}, r"clip must be positive, got 0\.0; use None"),
        ({"precision": "float16"}, "float32 or bfloat16, got 'float16'"),
        ({"micro_batch": 4}, "a batch of 6 cannot be cut into micro-batches of 4"),
        ({"micro_batch": 0}, "micro-batches of 0"),
        ({"warmup": 10}, "a warm-up of 10 steps must be shorter than the training of 10"),
    ],
)
def test_refuses_a_recipe_that_does_not_fit_together(wrong, message):
    recipe = changed(**wrong)
    with pytest.raises(ValueError, match=message):
        recipe.__post_init__()


def test_refuses_json_that_is_no_recipe():
    values = Recipe(steps=10, batch=6, length=4, rate=1e-3).as_json()
    with pytest.raises(ValueError, match=r"not the values of a recipe: .*momentum"):
        Recipe.from_json(values | {"momentum": 0.9})
    with pytest.raises(ValueError, match="not the values of a recipe: 'betas'"):
        Recipe.from_json({"steps": 10})
