"""The pages of the course, for the tests: found through the table of contents, read once."""

import functools
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import nbformat
import yaml

ROOT = Path(__file__).parents[2]
CALL_OUT = re.compile(r"^:::\{admonition\} *(?P<title>.*)\n:class: *(?P<classes>.*)$", re.MULTILINE)


def tool(name: str) -> ModuleType:
    """A script of the folder tools, as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def contents() -> list[str]:
    """Every file that the table of contents names, in order, without its ending."""

    def walk(node):
        if isinstance(node, dict):
            for key, value in node.items():
                yield from [value] if key in ("file", "root") else walk(value)
        elif isinstance(node, list):
            for item in node:
                yield from walk(item)

    return list(walk(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))))


OTHERS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "book").glob("*.ipynb"))  # not of a chapter
NOTEBOOKS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "chapters").glob("*/*.ipynb"))


@functools.cache
def cells(name: str) -> list[nbformat.NotebookNode]:
    return nbformat.read(ROOT / name, as_version=4).cells


def prose(name: str) -> str:
    return "\n\n".join(cell.source for cell in cells(name) if cell.cell_type == "markdown")


def code(name: str) -> list[nbformat.NotebookNode]:
    return [cell for cell in cells(name) if cell.cell_type == "code"]


def tags(cell: nbformat.NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def classes(name: str) -> list[str]:
    """The call-outs of a page, by class, in order."""
    return [match["classes"].split()[0] for match in CALL_OUT.finditer(prose(name))]
