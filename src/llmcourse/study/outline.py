"""What can be done on each page: the names of its exercises, questions and cards, which progress counts (PyYAML)."""

import ast
import json
import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from llmcourse.study.course import Chapter, Page, chapters

__all__ = ["PageOutline", "checks", "exercise_id", "outline"]

KINDS = ("Exercise", "Number")  # of llmcourse.exercises.checker
_EXERCISE = re.compile(r"\{admonition\} Exercise (\d+\.\d+\.[a-z])\b[^\n]*\n:class: exercise")
_ID = re.compile(r"\d+\.\d+\.[a-z](?![a-z])")


@dataclass(frozen=True)
class PageOutline:
    """A page and the names under which the reader's record keeps what is done there."""

    page: Page
    exercises: dict[str, tuple[str, ...]]  # of an exercise in several parts: what each part's check is called
    questions: tuple[str, ...]
    cards: tuple[str, ...]


def exercise_id(name: str) -> str | None:
    """The exercise that a check belongs to, or None if its name does not begin with one.

    >>> exercise_id("4.3.e"), exercise_id("1.1.a (ii)"), exercise_id("1.2.e, the loop"), exercise_id("a test")
    ('4.3.e', '1.1.a', '1.2.e', None)
    """
    found = _ID.match(name)
    return found[0] if found else None


def checks(root: Path) -> list[str]:
    """The names of all checks in ``llmcourse.exercises``, read from its source: importing it would need NumPy."""
    names = []
    for path in sorted((root / "src/llmcourse/exercises").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in ("Exercise", "Number")
            ):
                values = [one.value for one in node.keywords if one.arg == "name"]
                names += [one.value for one in values if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return names


def outline(root: Path) -> list[tuple[Chapter, list[PageOutline]]]:
    """Every chapter with its written pages, in the order of ``_toc.yml``. A file that is not there yet counts as empty.

    Raises:  CourseError from ``llmcourse.study.course``.
    """
    parts: dict[str, list[str]] = {}
    for name in checks(root):
        if (one := exercise_id(name)) and one != name:
            parts.setdefault(one, []).append(name)
    found = []
    for chapter in chapters(root):
        folder = root / chapter.folder
        questions, cards = _ids(folder / "quiz.yml", "questions"), _ids(folder / "cards.yml", "cards")
        found.append(
            (
                chapter,
                [
                    PageOutline(
                        page,
                        {name: tuple(parts.get(name, ())) for name in _exercises(root / page.path)},
                        tuple(name for name in questions if name.rpartition("-")[0] == page.id),
                        tuple(name for name in cards if name.rpartition("-")[0] == page.id),
                    )
                    for page in chapter.pages
                ],
            )
        )
    return found


def _exercises(path: Path) -> list[str]:
    """The exercises that a notebook sets, in its order."""
    if path.suffix != ".ipynb":
        return _EXERCISE.findall(path.read_text(encoding="utf-8"))
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    texts = ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return [name for text in texts for name in _EXERCISE.findall(text)]


def _ids(path: Path, key: str) -> list[str]:
    """The ids in a quiz.yml or cards.yml. Whether the file is right, others check: quiz.load and cards.load."""
    if not path.exists():
        return []
    return [str(entry["id"]) for entry in yaml.safe_load(path.read_text(encoding="utf-8"))[key]]
