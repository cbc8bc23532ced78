"""A quiz for the page: the state that quiz.js needs, and the form that stands there without scripts (pure Python)."""

import hashlib
import random
from typing import Any

from llmcourse.explore.markup import Markup, element, widget_shell
from llmcourse.study.quiz import Question, Quiz
from llmcourse.study.text import to_html

ASK = {
    "single": "One of these is right.",
    "multiple": "One or more of these are right.",
    "numeric": "Your answer is a number",
    "text": "Your answer is a word or a few",
    "order": "Put these in order.",
}


def shuffled(question: Question) -> list[int]:
    """The steps in the order in which they are first shown: always the same one, and never the right one.

    >>> shuffled(Question("1.1-q1", "1.1", "text", "…"))
    []
    """
    order = list(range(len(question.choices)))
    seed = int.from_bytes(hashlib.sha256(question.id.encode()).digest()[:8], "big")
    draw = random.Random(seed)
    while len(order) > 1 and order[0] == 0:  # the first step stays to be found
        draw.shuffle(order)
    return order


def question_state(question: Question, math: str = "tex") -> dict[str, Any]:
    """What quiz.js needs of a question: texts as HTML, and all that grading takes.

    Raises:  ValueError for a formula that has no MathML, if ``math`` asks for it.
    """
    state: dict[str, Any] = {"id": question.id, "kind": question.kind, "text": to_html(question.text, math)}
    if question.why:
        state["why"] = to_html(question.why, math)
    if question.choices:
        ordered = question.kind == "order"
        state["choices"] = [
            {"text": to_html(one.text, math), "why": to_html(one.why, math)}
            | ({} if ordered else {"correct": one.correct})
            for one in question.choices
        ]
        state |= {"start": shuffled(question)} if ordered else {}
    if question.kind == "numeric":
        state |= {"value": question.value, "tolerance": question.tolerance, "unit": question.unit}
        state["shown"] = answer_text(question)
        state["mistakes"] = [{"value": one.value, "why": to_html(one.why, math)} for one in question.mistakes]
    if question.kind == "text":
        state["accept"] = list(question.accept)
        state["mistakes"] = [{"answers": list(one.answers), "why": to_html(one.why, math)} for one in question.mistakes]
    return state


def answer_text(question: Question) -> str:
    """The answer to a numeric question as it is written, with its unit.

    >>> answer_text(Question("5.3-q2", "5.3", "numeric", "…", value=54410.0, tolerance=60.0, unit="tokens"))
    '54,410 tokens'
    """
    value = f"{question.value:,.10g}".replace("-", "−")
    return f"{value} {question.unit}".strip()


def quiz_state(quiz: Quiz, math: str = "tex") -> dict[str, Any]:
    """The traits of the widget: the questions, and no answer yet."""
    return {"questions": [question_state(question, math) for question in quiz.questions], "answers": {}}


def quiz_html(quiz: Quiz, math: str = "tex") -> Markup:
    """The quiz as it stands on a page, for host.js to bring to life; no questions, no HTML.

    Formulas that stand there without scripts are MathML, whatever ``math`` is.

    Raises:  ValueError for a formula that has no MathML.
    """
    if not quiz.questions:
        return Markup("")
    still = [question_state(question, "mathml") for question in quiz.questions]
    return widget_shell("quiz", quiz_state(quiz, math), static_form(still))


def static_form(questions: list[dict[str, Any]]) -> Markup:
    """Questions to read or print, the answers folded under each."""
    parts = [_static_question(one, f"Question {i} of {len(questions)}") for i, one in enumerate(questions, start=1)]
    return Markup("".join(parts))


def _static_question(question: dict[str, Any], position: str) -> Markup:
    """The same boxes as in quiz_question.js, so that little moves when the script takes over."""
    asked = element("div", {"class": "lc-asked"}, Markup(question["text"]))
    head = element("div", {"class": "lc-legend"}, element("span", {"class": "lc-count"}, position), asked)
    note = element("p", {"class": "lc-note"}, ASK[question["kind"]])
    answer = element("details", {}, element("summary", {}, "Answer"), *_answer(question))
    return element("div", {"class": "lc-question"}, head, note, _choices(question), answer)


def _choices(question: dict[str, Any]) -> Markup:
    if "choices" not in question:
        unit = element("span", {"class": "lc-unit"}, question.get("unit", ""))
        return element("p", {"class": "lc-blank"}, unit)
    order = question.get("start", range(len(question["choices"])))
    texts = (element("li", {}, Markup(question["choices"][i]["text"])) for i in order)
    return element("ul", {"class": f"lc-options lc-{question['kind']}"}, *texts)


def _answer(question: dict[str, Any]) -> list[Markup]:
    why = Markup(question.get("why", ""))
    if question["kind"] == "order":
        steps = (_item(*_explained(one)) for one in question["choices"])
        return [element("p", {}, why), element("ol", {"class": "lc-solution"}, *steps)]
    if "choices" in question:
        marks = {True: "right", False: "wrong"}
        rows = (_item(*_explained(one, marks[one["correct"]])) for one in question["choices"])
        return [element("ul", {}, *rows)]
    right = question["shown"] if question["kind"] == "numeric" else question["accept"][0]
    slips = (_item(element("b", {}, f"{_slip(one)}: "), Markup(one["why"])) for one in question["mistakes"])
    answer = element("p", {}, element("b", {}, f"{right}. "), why)
    return [answer, *([element("ul", {}, *slips)] if question["mistakes"] else [])]


def _item(*parts: Markup | str) -> Markup:
    """Its words in a box of their own: if the item itself scrolled a wide formula, its number would be cut off."""
    return element("li", {}, element("div", {}, *parts))


def _explained(choice: dict[str, Any], mark: str = "") -> tuple[Markup | str, ...]:
    end = f" ({mark}) " if mark else " " if choice["text"].endswith((".", "?", "!")) else ": "
    return element("b", {}, Markup(choice["text"])), end, Markup(choice["why"])


def _slip(mistake: dict[str, Any]) -> str:
    return ", ".join(mistake["answers"]) if "answers" in mistake else f"{mistake['value']:,.4g}".replace("-", "−")
