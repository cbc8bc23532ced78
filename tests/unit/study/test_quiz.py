"""quiz.yml: what a right file gives, and that each wrong one is refused with file, line and reason."""

import re
from pathlib import Path

import pytest

from llmcourse.study.quiz import Choice, Mistake, load
from llmcourse.study.yaml_lines import FileError

HEAD = 'title: "Chapter 4: Attention"\n\nquestions:\n'
SINGLE = """\
  - id: 4.3-q1
    page: 03_softmax.ipynb
    kind: single
    question: |
      What is $e^0$?
    choices:
      - text: "0"
        why: That is the exponent itself.
      - text: "1"
        correct: true
        why: Anything to the power zero is one.
      - text: "$e$"
        why: That is the power one of it.
"""
NUMERIC = """\
  - id: 4.3-q2
    page: 03_softmax.ipynb
    kind: numeric
    question: How many?
    answer:
      expression: "normalize(np.ones(4))[0]"
      from: ["llmcourse.language.probability:normalize"]
      value: 0.25
      tolerance: 0.01
      unit: bits
    why: One in four, since they are all alike.
    mistakes:
      - value: 4
        expression: "4.0"
        why: That is how many there are; take one over it.
"""
TEXT = """\
  - id: 4.3-q3
    page: 03_softmax.ipynb
    kind: text
    question: Which function, in one word?
    accept: [softmax, soft-max]
    why: It turns any numbers into a distribution.
    mistakes:
      - answers: [sigmoid, logistic]
        why: That is the case of two outcomes only.
"""
ORDER = """\
  - id: 4.1-q1
    page: 01_self_attention.ipynb
    kind: order
    question: In which order?
    steps:
      - text: scores
        why: They need queries and keys and nothing else.
      - text: weights
        why: They are made from the scores.
      - text: mixture
        why: It needs weights to mix with.
    why: Scores become weights, and weights mix the values.
"""
EVERY = HEAD + SINGLE + NUMERIC + TEXT + ORDER


@pytest.fixture
def read(tmp_path):
    """Load this text as the quiz of a chapter with two pages."""
    folder = tmp_path / "chapters/04_attention"
    folder.mkdir(parents=True)
    for name in ("01_self_attention.ipynb", "03_softmax.ipynb"):
        (folder / name).touch()

    def load_text(text: str):
        path = folder / "quiz.yml"
        path.write_text(text, encoding="utf-8")
        return load(path)

    return load_text


def test_each_kind_is_read(read):
    quiz = read(EVERY)
    order, single, numeric, text = quiz.questions  # page by page
    assert quiz.title == "Chapter 4: Attention"
    assert [one.kind for one in quiz.questions] == ["order", "single", "numeric", "text"]
    assert (single.id, single.page, single.text) == ("4.3-q1", "4.3", "What is $e^0$?")
    assert single.choices[1] == Choice("1", "Anything to the power zero is one.", correct=True)
    assert [choice.correct for choice in single.choices] == [False, True, False]
    assert (numeric.value, numeric.tolerance, numeric.unit) == (0.25, 0.01, "bits")
    assert (numeric.expression, numeric.imports) == (
        "normalize(np.ones(4))[0]",
        ("llmcourse.language.probability:normalize",),
    )
    assert numeric.mistakes == (Mistake("That is how many there are; take one over it.", 4.0, "4.0"),)
    assert text.accept == ("softmax", "soft-max")
    assert text.mistakes[0].answers == ("sigmoid", "logistic")
    assert [step.text for step in order.choices] == ["scores", "weights", "mixture"]


def test_a_page_has_its_own_questions(read):
    quiz = read(EVERY)
    assert [one.id for one in quiz.of_page("4.3").questions] == ["4.3-q1", "4.3-q2", "4.3-q3"]
    assert [one.id for one in quiz.of_page("4.1").questions] == ["4.1-q1"]
    assert quiz.of_page("4.2").questions == ()


WRONG = [
    # old, new, the line that is named (a text that stands there), reason
    ("title:", "titles:", "titles:", "the key 'titles' is unknown here; there are title, questions"),
    ("kind: single", "kind: guess", "kind: guess", "the kind 'guess' is unknown; there are single, multiple"),
    ("    kind: single\n", "", "id: 4.3-q1", "the key 'kind' is missing"),
    ("kind: text", "kind: text\n    hint: no", "hint: no", "the key 'hint' is unknown here"),
    ("id: 4.3-q2", "id: 4.3-q1", "id: 4.3-q1\n    page: 03_softmax.ipynb\n    kind: numeric", "4.3-q1 stands twice"),
    ("id: 4.3-q1", "id: 4.2-q1", "id: 4.2-q1", "the id of a question on page 4.3 is 4.3-q and a number"),
    ("id: 4.3-q1", "id: 4.3-qx", "id: 4.3-qx", "the id of a question on page 4.3 is 4.3-q and a number"),
    ("page: 01_self_attention", "page: 02_on", "page: 02_on", "there is no page '02_on.ipynb' in 04_attention"),
    ("What is $e^0$?", "It costs $5", "question: |\n      It", "a $ opens no formula"),
    ("What is $e^0$?", "What is $e^{0$?", "question: |\n      What", "its braces do not match"),
    ("What is $e^0$?", "What is $\\nosuch$?", "question: |\n      What", r"\nosuch is unknown"),
    ("        correct: true\n", "", "choices:", "of kind 'single' has one right choice, got 0"),
    ('text: "0"\n', 'text: "0"\n        correct: true\n', "choices:", "of kind 'single' has one right choice, got 2"),
    ("correct: true", "correct: 1", "correct: 1", "'correct' must be true or false, got 1"),
    ("That is the exponent itself.", "No.", "why: No.", "'why' needs at least 20 letters, got 'No.'"),
    ("        why: That is the exponent itself.\n", "", 'text: "0"', "the key 'why' is missing"),
    ('text: "0"', 'text: "1"', "choices:", "'1' stands twice"),
    ('      - text: "$e$"\n        why: That is the power one of it.\n', "", "choices:", "'choices' needs at least 3"),
    ("value: 0.25", 'value: "0.25"', 'value: "0.25"', "'value' must be a number, got '0.25'"),
    ("value: 0.25", "value: .inf", "value: .inf", "'value' must be a finite number, got inf"),
    ("value: 0.25", "value: true", "value: true", "'value' must be a number, got True"),
    ("tolerance: 0.01", "tolerance: 0", "tolerance: 0", "'tolerance' must be positive, got 0"),
    ("      tolerance: 0.01\n", "", "answer:", "the key 'tolerance' is missing"),
    ("value: 4", "value: 0.26", "value: 0.26", "the mistake 0.26 counts as right: it is within 0.01 of 0.25"),
    ("accept: [softmax, soft-max]", "accept: softmax", "accept: softmax", "'accept' must be a list, got 'softmax'"),
    ("accept: [softmax,", "accept: [3,", "accept: [3,", "an entry of 'accept' must be a text, got 3"),
    ("soft-max]", "Softmax!]", "accept:", "'softmax' stands twice"),
    ("[sigmoid,", "[the softmax,", "accept:", "'softmax' stands twice"),
    ("[softmax,", '["?",', "accept:", "nothing is left of '?'"),
    ("      - text: mixture\n        why: It needs weights to mix with.\n", "", "steps:", "'steps' needs at least 3"),
    ("text: mixture", "text: scores", "steps:", "'scores' stands twice"),
    ("answer:\n", "answer: 3\n    rest:\n", "rest:", "the key 'rest' is unknown here"),
    ("      - text: scores\n        why: They need queries and keys and nothing else.", "      - scores",
     "- scores", "keys with values are needed here, got 'scores'"),
("unit: bits", "unit: bits: bytes", "unit: bits: bytes", "mapping values are not allowed here"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "reason"), WRONG)
def test_a_wrong_file_is_refused_with_its_line_and_the_reason(read, old, new, line, reason):
    assert EVERY.count(old) >= 1
    text = EVERY.replace(old, new, 1)
    with pytest.raises(FileError) as caught:
        read(text)
    found = re.fullmatch(r"(.*), line (\d+): (.*)", str(caught.value), re.DOTALL)
    assert Path(found[1]).name == "quiz.yml"
    assert reason in found[3]
    assert int(found[2]) == text[: text.index(line)].count("\n") + 1


def test_of_many_choices_several_may_be_right_but_not_all_or_none(read):
    assert read(EVERY.replace("kind: single", "kind: multiple")).questions[1].kind == "multiple"
    none = EVERY.replace("kind: single", "kind: multiple").replace("        correct: true\n", "")
    every = re.sub(r"( {8}why: (?:That is the e|A|That is the p))", r"        correct: true\n\1", none)
    for text, right in ((none, 0), (every, 3)):
        with pytest.raises(FileError, match=f"some choices must be right and some wrong, got {right} right of 3"):
            read(text)


def test_nine_steps_are_too_many(read):
    more = "".join(f"      - text: step {i}\n        why: It stands where it stands.\n" for i in range(6))
    with pytest.raises(FileError, match="more than 8 steps are a chore to order, got 9"):
        read(EVERY.replace("    why: Scores become", f"{more}    why: Scores become"))


@pytest.mark.parametrize("text", ["", "- 1\n", "title: x\n", "title: x\nquestions: []\n", "title: x\nquestions: [1]\n"])
def test_a_file_without_questions_is_refused(read, text):
    with pytest.raises(FileError, match=r"quiz\.yml, line \d+: "):
        read(text)
