import ast
import inspect

import pytest

from llmcourse import data, source
from llmcourse.source import source_without_docstring


def documented(x):
    """Goes away.

    All of it: "quotes", too.
    """

    # stays
    def inner(y):
        """Goes too."""
        return y  # stays as well

    return inner(x)


class Documented:
    """Only words."""

    class Empty:
        """τ: nothing but words."""

    def method(self):
        r"""Goes."""

    text = """no docstring: stays"""


# fmt: off
def one_line(): "words"


def semicolon(x):
    "words"; return x  # noqa: E702
# fmt: on


def plain(x):
    return x


def test_docstrings_go_and_comments_stay():
    assert source_without_docstring(documented) == (
        "def documented(x):\n    # stays\n    def inner(y):\n        return y  # stays as well\n\n    return inner(x)"
    )


def test_classes_keep_valid_code_where_the_docstring_was_all_there_was():
    code = source_without_docstring(Documented)
    ast.parse(code)
    assert "words" not in code
    assert code.count("...") == 2
    assert '"""no docstring: stays"""' in code


def test_no_code_is_lost_on_shared_lines():
    assert source_without_docstring(one_line) == "def one_line(): ..."
    assert "return x" in source_without_docstring(semicolon)


def test_methods_are_dedented():
    assert source_without_docstring(Documented.method).startswith("def method(self):")


@pytest.mark.parametrize("item", [data.fetch, data.read, data.Text, data._extract, pytest.raises])
def test_what_is_left_runs_the_same(item):
    """Oracle: the syntax trees with docstrings taken out by ast itself."""
    expected = ast.parse(inspect.getsource(inspect.unwrap(item)))
    for node in ast.walk(expected):
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Expr(ast.Constant(...))]
    assert ast.dump(ast.parse(source_without_docstring(item))) == ast.dump(expected)


def test_shown_as_one_fenced_block(monkeypatch):
    shown = []
    monkeypatch.setattr(source, "display", shown.append)
    source.show_source(plain, one_line)
    [output] = shown
    assert output._repr_markdown_() == "```python\ndef plain(x):\n    return x\n\n\ndef one_line(): ...\n```"


@pytest.mark.parametrize("item", [len, int])
def test_builtins_are_refused(item):
    with pytest.raises(ValueError, match=f"{item.__name__} has no Python source"):
        source.show_source(item)
