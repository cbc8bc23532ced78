"""Which pages explain a function: the notebooks that show its source, then those that use it."""

import ast
import functools
import json
import re
from pathlib import Path

from lc_package import ROOT, module_file

_PAGE = re.compile(r"^\d\d_.*\.ipynb$")


def notebooks() -> list[Path]:
    """The chapters' notebooks in reading order."""
    return sorted(path for path in ROOT.glob("chapters/*/*.ipynb") if _PAGE.match(path.name))


def names_used(notebook: Path) -> tuple[set[str], set[str]]:
    """Dotted names of the package that a notebook shows with ``show_source``, and those it uses."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    where: dict[str, str] = {}
    shown, used = set(), set()
    for cell in cells:
        if cell["cell_type"] == "code":
            for tree in _parsed("".join(cell["source"])):
                _imports(tree, where)
                _uses(tree, where, shown, used)
    return shown, used


def _parsed(code: str) -> list[ast.Module]:
    try:
        return [ast.parse(code)]
    except SyntaxError:  # a cell of magics has no names of ours
        return []


def _imports(tree: ast.Module, where: dict[str, str]) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("llmcourse"):
            where.update({one.asname or one.name: home(node.module, one.name) for one in node.names})
        elif isinstance(node, ast.Import):
            where.update({one.asname or one.name: one.name for one in node.names if one.name.startswith("llmcourse")})


@functools.cache
def home(module: str, name: str) -> str:
    """Where a name is defined: ``module`` itself, or the module of the package that ``module`` imports it from."""
    path = module_file(module)
    body = ast.parse(path.read_text(encoding="utf-8")).body if path.exists() else []
    for node in body:
        ours = isinstance(node, ast.ImportFrom) and (node.module or "").startswith("llmcourse")
        if ours and any(name == (one.asname or one.name) for one in node.names):
            return home(node.module, name)
    return f"{module}.{name}"


def _uses(tree: ast.Module, where: dict[str, str], shown: set[str], used: set[str]) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("show_source") and node.args:
            shown.add(_dotted(ast.unparse(node.args[0]), where))
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
            used.add(_dotted(ast.unparse(node), where))


def _dotted(name: str, where: dict[str, str]) -> str:
    head, _, rest = name.partition(".")
    return ".".join(part for part in (where.get(head, head), rest) if part)


@functools.cache  # asked for by each module's directive; no notebook changes while a site is built
def index() -> dict[str, list[tuple[str, bool]]]:
    """For each dotted name the pages that hold it, as (document name, shown there?), shown ones first."""
    found: dict[str, list[tuple[str, bool]]] = {}
    for notebook in notebooks():
        shown, used = names_used(notebook)
        page = notebook.relative_to(ROOT).with_suffix("").as_posix()
        for name in shown | used:
            found.setdefault(name, []).append((page, name in shown))
    return {name: sorted(pages, key=lambda one: not one[1]) for name, pages in found.items()}
