"""A conversation in a terminal or through a pipe: one line in, one answer out (torch).

Reading and showing are left to the caller, so that the same loop serves a person, a pipe and a test.
"""

from collections.abc import Callable, Iterable

from llmcourse.inference.chat import Message, chat
from llmcourse.inference.generate import Choose
from llmcourse.transformer.checkpoint import LoadedModel

__all__ = ["HELP", "converse"]

HELP = """\
/reset   forget the conversation, keep the system prompt
/system  show the system prompt; followed by a text: set it and begin anew
/quit    leave (so does the end of the input, Ctrl-D)
/help    this list
Ctrl-C stops an answer. Anything else is said to the model."""


def converse(
    loaded: LoadedModel,
    lines: Iterable[str],
    show: Callable[[str], None],
    *,
    choose: Choose,
    system: str | None = None,
    max_new: int = 256,
) -> None:
    """Answer each line, until ``/quit`` or the last one. ``show`` is given pieces of text as they are written.

    An answer that Ctrl-C stops stays in the conversation as far as it came.

    Raises:  ValueError as ``chat``, if the conversation has outgrown the context, for example.
    """
    messages: list[Message] = []
    for line in lines:
        said = line.strip()
        command, _, rest = said.partition(" ")
        if not said:
            continue
        if command == "/quit":
            return
        if command == "/help":
            show(f"{HELP}\n")
        elif command == "/reset":
            messages = []
            show("(a new conversation)\n")
        elif command == "/system":
            if rest:
                system, messages = rest.strip(), []
            show(f"(system prompt: {system or 'the one the model was trained with'})\n")
        elif command.startswith("/"):
            show(f"There is no command {command}; /help lists them.\n")
        else:
            messages = _answer(loaded, [*messages, {"role": "user", "content": said}], show, choose, system, max_new)


def _answer(
    loaded: LoadedModel,
    messages: list[Message],
    show: Callable[[str], None],
    choose: Choose,
    system: str | None,
    max_new: int,
) -> list[Message]:
    """The conversation with one more answer, shown as it is written."""
    first: list[Message] = [{"role": "system", "content": system}] if system is not None else []
    answer = ""
    try:
        for piece in chat(loaded, [*first, *messages], choose=choose, max_new=max_new):
            show(piece)
            answer += piece
    except KeyboardInterrupt:
        show(" …")
    show("\n")
    return [*messages, {"role": "assistant", "content": answer}]
