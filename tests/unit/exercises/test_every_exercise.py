"""What holds for the exercises of every page: mistakes told apart, no stub called wrong, numbers that are floats."""

import importlib
import pkgutil

import pytest

from llmcourse import exercises
from llmcourse.exercises.checker import Exercise, Number, self_test

MODULES = [
    importlib.import_module(f"{exercises.__name__}.{one.name}") for one in pkgutil.iter_modules(exercises.__path__)
]
ALL = [item for module in MODULES for item in vars(module).values() if isinstance(item, Exercise | Number)]
BUILT = [item for item in ALL if isinstance(item, Exercise)]
NUMBERS = [item for item in ALL if isinstance(item, Number)]


def name_of(exercise: Exercise | Number) -> str:
    return exercise.name


def test_each_has_a_name_of_its_own():
    assert len({item.name for item in ALL}) == len(ALL) > 50


@pytest.mark.parametrize("exercise", ALL, ids=name_of)
def test_each_misconception_is_told_apart_and_gets_its_own_message(exercise):
    self_test(exercise)


@pytest.mark.parametrize("exercise", BUILT, ids=name_of)
def test_a_stub_is_not_called_wrong(exercise):
    assert exercise.check(lambda *args: None).status == "not attempted"


@pytest.mark.parametrize("number", NUMBERS, ids=name_of)
def test_numbers_are_floats(number):
    """The check of types looks at one random item of a list: an integer among floats fails now and then."""
    assert all(isinstance(value, float) for value in (number.answer, *(value for value, _ in number.misconceptions)))
