"""The package read as text: public names, signatures and docstrings, found with ast, nothing imported."""

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path

_LABEL = re.compile(r"^([A-Z][A-Za-z]*):\s+(\S.*)$")


@dataclass(frozen=True)
class Entry:
    """One public function, class, method or constant of a module."""

    kind: str  # the Python domain's directive: function, class, method, property, data
    name: str
    signature: str
    docstring: str
    source: str
    line: int
    options: tuple[str, ...] = ()
    members: tuple["Entry", ...] = field(default=())


def read_module(path: Path) -> tuple[str, list[Entry]]:
    """The docstring of a module and its public entries in the order of the file."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    entries = [entry for node in tree.body if (entry := _entry(node, text)) is not None]
    return ast.get_docstring(tree) or "", entries


def _entry(node: ast.stmt, text: str, *, inside: bool = False) -> Entry | None:
    if isinstance(node, ast.FunctionDef):
        return None if node.name.startswith("_") else _function(node, text, inside=inside)
    if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
        members = tuple(one for child in node.body if (one := _entry(child, text, inside=True)) is not None)
        return Entry("class", node.name, _constructor(node), *_about(node, text), members=members)
    return None


def _function(node: ast.FunctionDef, text: str, *, inside: bool) -> Entry:
    decorators = {ast.unparse(one).split(".")[-1].split("(")[0] for one in node.decorator_list}
    kind = "method" if inside else "function"
    options = tuple(f":{name}:" for name in ("classmethod", "staticmethod") if name in decorators)
    if decorators & {"property", "cached_property"}:
        returns = f":type: {ast.unparse(node.returns)}" if node.returns else ""
        return Entry("property", node.name, "", *_about(node, text), options=(returns,) if returns else ())
    skip = inside and "staticmethod" not in decorators
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return Entry(kind, node.name, _arguments(node.args, skip=skip) + returns, *_about(node, text), options=options)


def _about(node: ast.FunctionDef | ast.ClassDef, text: str) -> tuple[str, str, int]:
    """Docstring, source without the docstring, and line."""
    lines = text.splitlines()
    start = min([node.lineno, *(one.lineno for one in node.decorator_list)])
    keep = list(range(start, node.end_lineno + 1))
    if ast.get_docstring(node) is not None:
        first = node.body[0]
        keep = [number for number in keep if not first.lineno <= number <= first.end_lineno]
    source = "\n".join(lines[number - 1] for number in keep)
    indent = len(source) - len(source.lstrip())
    source = "\n".join(line[indent:] for line in source.splitlines())
    return ast.get_docstring(node) or "", source, start


def _arguments(arguments: ast.arguments, *, skip: bool) -> str:
    """``(p, *, base=2.0)`` as written, without ``self`` or ``cls``."""
    if skip:
        named = [*arguments.posonlyargs, *arguments.args][1:]
        arguments = ast.arguments([], named, *(getattr(arguments, name) for name in arguments._fields[2:]))
    return f"({ast.unparse(arguments)})"


def _constructor(node: ast.ClassDef) -> str:
    """The call that makes an instance: ``__init__``'s arguments, or a dataclass's fields."""
    for child in node.body:
        if isinstance(child, ast.FunctionDef) and child.name == "__init__":
            return _arguments(child.args, skip=True)
    if not any("dataclass" in ast.unparse(one) for one in node.decorator_list):
        return ""
    fields = [one for one in node.body if isinstance(one, ast.AnnAssign)]
    public = [one for one in fields if not ast.unparse(one.target).startswith("_")]
    parts = [f"{ast.unparse(one.target)}: {ast.unparse(one.annotation)}{_default(one.value)}" for one in public]
    only = any("kw_only=True" in ast.unparse(one) for one in node.decorator_list) and parts
    return f"({', '.join(['*', *parts] if only else parts)})"


def _default(value: ast.expr | None) -> str:
    return "" if value is None else f" = {'…' if 'field(' in ast.unparse(value) else ast.unparse(value)}"


def docstring_to_myst(docstring: str) -> list[str]:
    """Our docstrings as MyST lines: paragraphs, then ``Units:``-like lines as a definition list, then doctests."""
    lines, out, number = docstring.splitlines(), [], 0
    while number < len(lines):
        line = lines[number]
        if line.startswith(">>>"):
            example = []
            while number < len(lines) and lines[number].strip():
                example.append(lines[number])
                number += 1
            out += ["", "```pycon", *example, "```", ""]
        elif label := _LABEL.match(line):
            text = [label.group(2)]
            while number + 1 < len(lines) and lines[number + 1].startswith("  "):
                number += 1
                text.append(lines[number].strip())
            out += ["", label.group(1), f": {' '.join(text)}", ""]
            number += 1
        else:
            out.append(line)
            number += 1
    return out
