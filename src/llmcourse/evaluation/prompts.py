"""Ways to put a multiple-choice question to a language model (standard library).

The same question in several formats, each a function from a question to a ``Request``. Which one is used is a part of
the task: page 11.2 measures by how much the answers differ.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from llmcourse.evaluation.harness import Request
from llmcourse.evaluation.questions import LETTERS, Question

__all__ = ["Prompt", "cloze", "few_shot", "in_chat", "lettered", "shifted"]

Prompt = Callable[[Question], Request]


def cloze(question: Question) -> Request:
    """The question alone; each choice is a continuation, its own words."""
    context = f"Question: {question.question}\nAnswer:"
    return Request(context, tuple(f" {choice}" for choice in question.choices))


def lettered(question: Question) -> Request:
    """The question and its choices with letters; the continuations are the letters."""
    choices = "\n".join(f"{letter}. {choice}" for letter, choice in zip(LETTERS, question.choices, strict=True))
    return Request(f"Question: {question.question}\n{choices}\nAnswer:", tuple(f" {letter}" for letter in LETTERS))


def few_shot(prompt: Prompt, examples: Sequence[Question]) -> Prompt:
    """The same prompt after ``examples`` with their right answers.

    Raises:  ValueError, from the prompt, for a question that is among the examples: its answer would be given away.
    """
    shown = ""
    for example in examples:
        request = prompt(example)
        shown += f"{request.context}{request.continuations[example.answer]}\n\n"
    ids = {example.id for example in examples}

    def shot(question: Question) -> Request:
        if question.id in ids:
            raise ValueError(f"{question.id} is one of the {len(ids)} examples; leave it out of the task")
        request = prompt(question)
        return replace(request, context=shown + request.context)

    return shot


def in_chat(prompt: Prompt) -> Prompt:
    """The same prompt as a user's message; the continuations begin the assistant's answer, so without a space."""

    def asked(question: Question) -> Request:
        request = prompt(question)
        context = request.context.removesuffix("\nAnswer:")
        return Request(context, tuple(c.strip() for c in request.continuations), request.max_new, chat=True)

    return asked


def shifted(question: Question, by: int) -> Question:
    """The same question with its choices moved ``by`` places on, the last to the front: the right one moves too."""
    choices = tuple(question.choices[(i - by) % 4] for i in range(4))
    return replace(question, id=f"{question.id}+{by % 4}", choices=choices, answer=(question.answer + by) % 4)
