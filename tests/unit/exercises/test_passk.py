import pytest

from llmcourse.evaluation import passk
from llmcourse.exercises import passk as exercises


def test_the_function_is_the_packages():
    for case in exercises.pass_at_k.cases:
        assert exercises.pass_at_k.answer(*case) == pytest.approx(passk.pass_at_k(*case))
