"""Exercises checked in place: a pass, or a message aimed at the usual misconception (numpy).

An exercise holds the right function, the cases to try, and the usual mistakes, each written as a function:

    from llmcourse.exercises.checker import Exercise, Misconception, Number

    def _mean_of_probabilities(p):
        return float(np.mean(p))

    log_likelihood = Exercise(
        name="1.2.a",
        signature="log_likelihood(p)",
        answer=lambda p: float(np.log(p).sum()),
        cases=[(np.array([0.5, 0.25]),), (np.array([0.4, 0.5, 0.25, 0.8]),)],
        misconceptions=[
            Misconception(_mean_of_probabilities, "This averages the probabilities. A sequence multiplies them, so …"),
            Misconception(lambda p: float(np.log2(p).sum()), "This is in bits; the question asks for nats."),
        ],
    )
    perplexity = Number(
        name="1.2.b", answer=5**0.5, unit="tokens",
        misconceptions=[(5.0, "This is the perplexity of …, not of one token.")],
    )

A page then says ``log_likelihood.check(my_function)`` or ``perplexity.check(2.236)`` and shows the verdict. A
misconception is diagnosed when the learner's results agree with it on every case where it differs from the right
answer, the first failing case among them; ``self_test`` proves, for the tests, that there is such a case and that no
earlier misconception comes first. A pass by the learner's own hand is written down on this machine
(``llmcourse.study.record``).
"""

import copy
import math
import numbers
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from llmcourse.study import record

__all__ = ["Exercise", "Misconception", "Number", "Verdict", "self_test"]


@dataclass(frozen=True)
class Verdict:
    """The outcome of a check: ``status`` is "passed", "wrong" or "not attempted"."""

    name: str
    status: str
    message: str

    @property
    def passed(self) -> bool:
        """True for a right answer only."""
        return self.status == "passed"

    def __repr__(self) -> str:
        mark = {"passed": "✓", "wrong": "✗", "not attempted": "…"}[self.status]
        return f"{mark} {self.name}: {self.message}"

    def _repr_markdown_(self) -> str:
        mark, _, rest = repr(self).partition(" ")
        return f"**{mark}** {rest}".replace("\n", "  \n")  # two spaces: a line break in Markdown


@dataclass(frozen=True)
class Misconception:
    """A usual mistake: the function one writes when making it, and what to say to who made it."""

    mistake: Callable
    message: str


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """Write a function. Each case is the tuple of its arguments; results may be numbers, arrays, text, or tuples."""

    name: str
    signature: str
    answer: Callable
    cases: Sequence[tuple]
    misconceptions: Sequence[Misconception] = ()
    tolerance: float = 1e-6  # relative

    def check(self, attempt: Any) -> Verdict:
        """Run the learner's function on copies of the cases and say what is right, or what went wrong."""
        if attempt is None or attempt is ...:
            return self._not_attempted()
        if not callable(attempt):
            message = f"pass the function itself, without calling it: check({self.signature.partition('(')[0]})"
            return Verdict(self.name, "wrong", f"{message}. This is {_show(attempt)}.")
        results = []
        for case in self.cases:
            try:
                results.append(attempt(*copy.deepcopy(case)))
            except NotImplementedError:
                results.append(None)
            except Exception as error:  # the learner's own, shown with the input that caused it
                message = f"{self._call(case)} raised {type(error).__name__}: {error}"
                return Verdict(self.name, "wrong", message)
        if all(result is None or result is ... for result in results):
            return self._not_attempted()
        expected = [self.answer(*copy.deepcopy(case)) for case in self.cases]
        right = [_same(got, want, self.tolerance) for got, want in zip(results, expected, strict=True)]
        if all(right):
            record.passed(self.name, attempt)
            return Verdict(self.name, "passed", f"right on all {len(self.cases)} cases.")
        first = right.index(False)
        failure = f"{self._call(self.cases[first])} should be {_show(expected[first])}, but is {_show(results[first])}."
        for misconception in self.misconceptions:
            slips = [misconception.mistake(*copy.deepcopy(case)) for case in self.cases]
            telling = [i for i, slip in enumerate(slips) if not _same(slip, expected[i], self.tolerance)]
            # It must explain what is shown, the first failing case, and not only some other case.
            if first in telling and all(_same(results[i], slips[i], self.tolerance) for i in telling):
                return Verdict(self.name, "wrong", f"{misconception.message}\n{failure}")
        return Verdict(self.name, "wrong", failure)

    def _not_attempted(self) -> Verdict:
        return Verdict(
            self.name,
            "not attempted",
            f"not attempted yet. In the notebook, fill in {self.signature} and run the cell.",
        )

    def _call(self, case: tuple) -> str:
        return f"{self.signature.partition('(')[0]}({', '.join(map(_show, case))})"


@dataclass(frozen=True, kw_only=True)
class Number:
    """Find a number. Misconceptions are pairs: the value that the mistake gives, and the message."""

    name: str
    answer: float
    misconceptions: Sequence[tuple[float, str]] = ()
    unit: str = ""
    tolerance: float = 5e-3  # relative: two or three digits are enough by hand

    def check(self, attempt: Any) -> Verdict:
        """Compare the learner's number with the answer, then with the values of the usual mistakes."""
        if attempt is None or attempt is ...:
            return Verdict(
                self.name, "not attempted", "not attempted yet. In the notebook, put in your number and run the cell."
            )
        if isinstance(attempt, bool) or not isinstance(attempt, numbers.Real):
            return Verdict(self.name, "wrong", f"a single number is wanted, not {_show(attempt)}.")
        if _same(attempt, self.answer, self.tolerance):
            record.passed(self.name, attempt)
            return Verdict(self.name, "passed", f"right: {_show(self.answer)} {self.unit}".rstrip() + ".")
        for value, message in self.misconceptions:
            if _same(attempt, value, self.tolerance):
                return Verdict(self.name, "wrong", message)
        hint = (
            "too small"
            if float(attempt) < self.answer
            else "too large"
            if float(attempt) > self.answer
            else "not a number"
        )
        return Verdict(self.name, "wrong", f"{_show(attempt)} is {hint}.")


def self_test(exercise: Exercise | Number) -> None:
    """Raise ValueError unless the right answer passes and each misconception gets its own message."""
    if not exercise.check(exercise.answer).passed:
        raise ValueError(f"{exercise.name}: the exercise's own answer does not pass")
    for item in exercise.misconceptions:
        mistake, message = (item.mistake, item.message) if isinstance(item, Misconception) else item
        verdict = exercise.check(mistake)
        if verdict.passed:
            raise ValueError(f"{exercise.name}: no case tells this misconception from the right answer: {message}")
        if not verdict.message.startswith(message):
            raise ValueError(f"{exercise.name}: {message!r} is never shown; its mistake gets {verdict.message!r}")


def _same(got: Any, want: Any, tolerance: float) -> bool:
    """Equal in shape and, up to the tolerance, in value. NaN equals nothing but NaN; text must be identical."""
    if isinstance(want, str | bool | dict | set | None):
        return type(got) is type(want) and got == want
    if isinstance(want, tuple | list) and any(isinstance(item, str | tuple | list | dict) for item in want):
        same_length = isinstance(got, tuple | list) and len(got) == len(want)
        return same_length and all(_same(g, w, tolerance) for g, w in zip(got, want, strict=True))
    try:
        got, want = np.asarray(got), np.asarray(want)
        close = got.shape == want.shape and np.allclose(got, want, rtol=tolerance, atol=1e-9, equal_nan=True)
    except (TypeError, ValueError):  # not numbers, or a ragged list: certainly not the answer
        return False
    return bool(close)


def _show(value: Any) -> str:
    """Four significant digits, and no more than a line: the same text on every machine."""
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, float | np.floating):
        return f"{float(value):.4g}" if math.isfinite(value) else str(float(value))
    if isinstance(value, np.ndarray):
        text = np.array2string(value, precision=4, separator=", ", threshold=12, max_line_width=10_000)
        return " ".join(text.split())
    if isinstance(value, tuple | list):
        inner = ", ".join(map(_show, value))
        return f"[{inner}]" if isinstance(value, list) else f"({inner})"
    if callable(value):
        return f"the function {getattr(value, '__name__', type(value).__name__)}"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
