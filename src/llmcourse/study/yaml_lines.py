"""YAML that remembers its lines, so that a complaint about a value can say where it stands (PyYAML)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

Place = tuple[str | int, ...]


class FileError(ValueError):
    """A file of the course is not as it must be. The message gives file, line and reason."""


class Document(NamedTuple):
    """A file's value, and the line on which each part of it begins: ``lines["cards", 0, "front"]``."""

    path: Path
    value: Any
    lines: dict[Place, int]

    def error(self, reason: str, *place: str | int) -> FileError:
        """What to raise about the part at ``place``; a part that is missing has the line of what should hold it."""
        while place not in self.lines:
            place = place[:-1]
        return FileError(f"{self.path}, line {self.lines[place]}: {reason}")


def read(path: Path) -> Document:
    """The values of a YAML file with their lines.

    Raises:  FileError for text that is not YAML, for a key that stands twice in one mapping (PyYAML keeps the last
             without a word), and for a value that contains itself.
    """
    try:
        loader = yaml.SafeLoader(path.read_text(encoding="utf-8"))
        node = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise FileError(f"{path}, line {line}: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise FileError(f"{path}, line 1: {error}") from None
    lines: dict[Place, int] = {(): 1}
    value = None if node is None else _value(path, loader, node, (), lines, ())
    return Document(path, value, lines)


def _value(
    path: Path, loader: yaml.SafeLoader, node: yaml.Node, place: Place, lines: dict[Place, int], around: tuple[int, ...]
) -> Any:
    """The value of a node; on the way the lines are written down."""
    line = node.start_mark.line + 1
    lines.setdefault(place, line)
    if id(node) in around:
        raise FileError(f"{path}, line {line}: a value that contains itself")
    around = (*around, id(node))
    if isinstance(node, yaml.SequenceNode):
        return [_value(path, loader, one, (*place, i), lines, around) for i, one in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        found = {}
        for key, at, inside in _pairs(loader, node):
            if key in found:
                raise FileError(f"{path}, line {at}: the key {key} stands twice")
            lines[(*place, key)] = at
            found[key] = _value(path, loader, inside, (*place, key), lines, around)
        return found
    return loader.construct_object(node)


def _pairs(loader: yaml.SafeLoader, node: yaml.MappingNode) -> Iterator[tuple[str, int, yaml.Node]]:
    """Key, line of the key, and value of each entry. A key that is a number or a list becomes its text."""
    for key, inside in node.value:
        name = loader.construct_object(key, deep=True)
        yield name if isinstance(name, str) else str(name), key.start_mark.line + 1, inside
