"""The questions of ``questions`` asked without their choices: which answers are right (standard library).

Two strings are the same answer here if they are equal after ``normalized``: case, punctuation and articles do not
matter, and a number is a number in words or digits. That is a stated equivalence and no understanding: "the Nile" and
"nile." are one answer, "Nile" and "the river Nile" are two. So ``short_answers.json`` lists, for each question that can
be asked without its choices, the variants that are accepted. The list is older than the answers that page 11.4 judges
by it, and none of them was added.
"""

import json
import re
from dataclasses import dataclass
from importlib import resources

from llmcourse.evaluation.questions import Question, load_questions

__all__ = ["ShortQuestion", "load_short_questions", "normalized"]

_NUMBERS = "zero one two three four five six seven eight nine ten eleven twelve".split()
_DIGITS = {word: str(i) for i, word in enumerate(_NUMBERS)}
_ARTICLES = {"a", "an", "the"}


@dataclass(frozen=True)
class ShortQuestion:
    """A question without choices, and the answers that count as right."""

    question: Question
    accepted: tuple[str, ...]

    def is_right(self, answer: str, *, within: bool = False) -> bool:
        """Whether the answer is one of the accepted ones, after ``normalized``; or, ``within``, has one in it.

        Within: the words of an accepted answer stand in it next to each other. That finds "75" in "150 / 2 = 75 km",
        and "Jupiter" in "Jupiter and Saturn" as well.

        >>> question = load_short_questions()[0]  # "Which river flows through Cairo?"
        >>> question.is_right("the great Nile"), question.is_right("the great Nile", within=True)
        (False, True)
        """
        accepted = {normalized(variant) for variant in self.accepted}
        if within:
            return any(f" {variant} " in f" {normalized(answer)} " for variant in accepted)
        return normalized(answer) in accepted


def normalized(answer: str) -> str:
    """The answer without case, articles, and punctuation at the borders of words; numbers up to twelve in digits.

    Inside a word signs stay: "1/4" is not "14". An answer with nothing left is "".

    >>> normalized("The Eight legs.") == normalized(" 8  LEGS") == "8 legs"
    True
    """
    words = (re.sub(r"^[^\w\-]+|[^\w%°]+$", "", word) for word in answer.casefold().replace("’", "'").split())
    return " ".join(_DIGITS.get(word, word) for word in words if word and word not in _ARTICLES)


def load_short_questions() -> list[ShortQuestion]:
    """The questions that can be asked without choices, in the order of ``load_questions``.

    >>> load_short_questions()[0].is_right("the Nile.")
    True
    """
    text = resources.files("llmcourse.evaluation").joinpath("short_answers.json").read_text(encoding="utf-8")
    accepted = json.loads(text)["accepted"]
    return [ShortQuestion(item, tuple(accepted[item.id])) for item in load_questions() if item.id in accepted]
