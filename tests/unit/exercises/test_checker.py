import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmcourse.exercises.checker import Exercise, Misconception, Number, self_test

MEAN = "This averages the probabilities."
BITS = "This is in bits."


def log_likelihood(p):
    return float(np.log(p).sum())


EXERCISE = Exercise(
    name="1.2.a",
    signature="log_likelihood(p)",
    answer=log_likelihood,
    cases=[(np.array([1.0, 1.0]),), (np.array([0.5, 0.25]),), (np.array([0.4, 0.5, 0.25, 0.8]),)],
    misconceptions=[
        Misconception(lambda p: float(np.mean(p)), MEAN),
        Misconception(lambda p: float(np.log2(p).sum()), BITS),
    ],
)
NUMBER = Number(name="1.2.b", answer=5**0.5, unit="tokens", misconceptions=[(5.0, "Of the whole sequence.")])


def test_a_right_answer_written_otherwise_passes():
    verdict = EXERCISE.check(lambda p: np.log(np.prod(p)))
    assert verdict.passed
    assert repr(verdict) == "✓ 1.2.a: right on all 3 cases."
    assert verdict._repr_markdown_() == "**✓** 1.2.a: right on all 3 cases."


@pytest.mark.parametrize(
    ("attempt", "message"), [(lambda p: p.mean(), MEAN), (lambda p: sum(np.log2(x) for x in p), BITS)]
)
def test_a_misconception_gets_its_message_and_the_first_failing_case(attempt, message):
    verdict = EXERCISE.check(attempt)
    assert not verdict.passed
    assert verdict.message.startswith(message)
    assert "log_likelihood([" in verdict.message


def test_bits_are_told_although_they_are_right_where_everything_is_certain():
    assert EXERCISE.check(lambda p: np.log2(p).sum()).message == (
        "This is in bits.\nlog_likelihood([0.5 , 0.25]) should be -2.079, but is -3."
    )


def test_an_unknown_mistake_gets_the_first_failing_case_only():
    verdict = EXERCISE.check(lambda p: 0.0)
    assert repr(verdict) == "✗ 1.2.a: log_likelihood([0.5 , 0.25]) should be -2.079, but is 0."


def test_agreeing_with_a_misconception_on_some_telling_case_only_is_not_a_diagnosis():
    assert EXERCISE.check(lambda p: np.log2(p).sum() if len(p) == 2 else 7.0).message.startswith("log_likelihood")


def raises_not_implemented(p):
    raise NotImplementedError


@pytest.mark.parametrize("stub", [lambda p: None, lambda p: ..., raises_not_implemented, None, ...])
def test_an_unsolved_stub_is_not_an_error(stub):
    verdict = EXERCISE.check(stub)
    assert verdict.status == "not attempted"
    assert not verdict.passed
    assert repr(verdict).startswith("… 1.2.a: not attempted yet. In the notebook, fill in log_likelihood(p)")


def test_the_learners_exception_is_shown_with_its_input():
    verdict = EXERCISE.check(lambda p: {}["mat"])
    assert verdict.message == "log_likelihood([1., 1.]) raised KeyError: 'mat'"
    assert "takes 0 positional arguments" in EXERCISE.check(lambda: 1).message


def test_a_value_instead_of_the_function_is_explained():
    assert "without calling it: check(log_likelihood). This is -2.5" in EXERCISE.check(-2.5).message


def test_learners_cannot_change_the_cases():
    def spoils(p):
        total = np.log(p).sum()
        p[:] = 1.0
        return total

    assert EXERCISE.check(spoils).passed
    assert EXERCISE.check(log_likelihood).passed
    assert EXERCISE.cases[1][0].tolist() == [0.5, 0.25]


def test_shape_matters_and_small_numbers_are_compared_relatively():
    tiny = Exercise(name="t", signature="f(x)", answer=lambda x: x, cases=[(np.array([1e-3, 0.0]),)])
    assert tiny.check(lambda x: x * (1 + 1e-8)).passed
    assert not tiny.check(lambda x: x * 1.001).passed
    assert not tiny.check(lambda x: x[None]).passed
    assert not tiny.check(lambda x: "text").passed
    assert not tiny.check(lambda x: [[1], [1, 2]]).passed


@pytest.mark.parametrize("result", [("the", 0.25), {"the": 2}, "the", [("a", 1.0), ("b", 2.0)], True, np.arange(3)])
def test_results_of_every_kind(result):
    kinds = Exercise(name="k", signature="f(x)", answer=lambda x: result, cases=[(1,)])
    assert kinds.check(lambda x: result).passed
    assert not kinds.check(lambda x: ("a", 0.25)).passed
    assert not kinds.check(lambda x: 7.5).passed


def test_number():
    assert repr(NUMBER.check(2.236)) == "✓ 1.2.b: right: 2.236 tokens."
    assert NUMBER.check(5).message == "Of the whole sequence."
    assert NUMBER.check(2.3).message == "2.3 is too large."
    assert NUMBER.check(np.float32(1)).message.endswith("is too small.")
    assert NUMBER.check(float("nan")).message == "nan is not a number."
    assert NUMBER.check(None).status == "not attempted"


@pytest.mark.parametrize("attempt", ["2.236", True, [2.236], np.ones(2), 1j, {}])
def test_only_a_number_is_a_number(attempt):
    assert "a single number is wanted" in NUMBER.check(attempt).message


@given(st.floats(0.01, 1e6), st.floats(-0.02, 0.02))
def test_the_tolerance_is_relative(answer, error):
    passed = Number(name="n", answer=answer).check(answer * (1 + error)).passed
    assert passed == (abs(error) <= 5e-3) or abs(abs(error) - 5e-3) < 1e-6


def test_small_probabilities_are_not_confused_with_zero():
    assert not Number(name="n", answer=5e-4).check(0.0).passed


@pytest.mark.parametrize("exercise", [EXERCISE, NUMBER])
def test_these_examples_are_sound(exercise):
    self_test(exercise)


def test_self_test_refuses_a_misconception_that_no_case_tells_apart():
    certain = Exercise(
        name="s",
        signature="f(p)",
        answer=log_likelihood,
        cases=[(np.ones(2),)],
        misconceptions=EXERCISE.misconceptions[1:],
    )
    with pytest.raises(ValueError, match=r"s: no case tells .* This is in bits"):
        self_test(certain)
    with pytest.raises(ValueError, match="no case tells"):
        self_test(Number(name="n", answer=1.0, misconceptions=[(1.0001, "almost")]))


def test_self_test_refuses_a_misconception_hidden_by_an_earlier_one():
    twice = [Misconception(lambda p: float(np.log2(p).sum()), "first"), EXERCISE.misconceptions[1]]
    hidden = Exercise(
        name="h", signature="f(p)", answer=log_likelihood, cases=[(np.full(2, 0.5),)], misconceptions=twice
    )
    with pytest.raises(ValueError, match=r"'This is in bits\.' is never shown"):
        self_test(hidden)


def test_self_test_refuses_an_answer_that_fails_itself(rng):
    with pytest.raises(ValueError, match="own answer does not pass"):
        self_test(Exercise(name="r", signature="f()", answer=lambda: rng.random(), cases=[()]))
