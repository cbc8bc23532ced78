"""Showing on a page the code that runs (standard library, IPython)."""

import ast
import inspect
import textwrap
from collections.abc import Callable

from IPython.display import Markdown, display

__all__ = ["show_source", "source_without_docstring"]


def show_source(*objects: Callable) -> None:
    """Display the source of functions or classes, without their docstrings, as highlighted Python.

    Raises:  ValueError if there is none: built-in objects, or code that was not read from a file or a cell.
    """
    code = "\n\n\n".join(source_without_docstring(item) for item in objects)
    display(Markdown(f"```python\n{code}\n```"))


def source_without_docstring(item: Callable) -> str:
    """The source of a function or class, comments kept, docstrings (its own and its methods') removed.

    Raises:  ValueError if there is none: built-in objects, or code that was not read from a file or a cell.
    """
    name = getattr(item, "__qualname__", repr(item))
    try:
        code = textwrap.dedent(inspect.getsource(inspect.unwrap(item)))
    except (TypeError, OSError) as error:
        raise ValueError(f"{name} has no Python source to show: {error}") from error
    lines: list[str] = code.splitlines()
    nodes = [
        node
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and ast.get_docstring(node) is not None
    ]
    for node in sorted(nodes, key=lambda node: node.lineno, reverse=True):  # from below, so that line numbers hold
        docstring = node.body[0]
        first, last = docstring.lineno - 1, docstring.end_lineno or docstring.lineno
        if len(node.body) == 1:
            before = lines[first].encode()[: docstring.col_offset].decode()  # ast counts bytes
            lines[first:last] = [before + "..."]  # nothing else: keep the code valid
            continue
        if node.body[1].lineno == last:
            continue  # code after a semicolon: rather show the docstring than lose it
        if not lines[last].strip():
            last += 1  # and the empty line that follows it
        lines[first:last] = []
    return "\n".join(lines).rstrip()
