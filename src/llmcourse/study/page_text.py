"""What a page's text says of other pages: links, labels, references; and how long it takes to read (pure Python)."""

import json
import posixpath
import re
from dataclasses import dataclass
from pathlib import Path

from llmcourse.study.course import page_id, read

WORDS_A_MINUTE = 200
_LINK = re.compile(r"\]\(([^)#:\s]+\.(?:ipynb|md))(?:#[^)]*)?\)")
_REFERENCE = re.compile(r"\{(?:eq|numref|ref)\}`(?:[^`<]*<)?([^`<>]+)>?`")
_LABEL = re.compile(r"^\$\$ \(([\w-]+)\)$|^\(([\w-]+)\)=$|^:label: *([\w-]+)$", re.MULTILINE)
_FOLDED = {"hide-input", "hide-cell", "remove-cell", "remove-input"}
_EXERCISES = re.compile(r"^#+ Exercises\b.*?(?=^#+ Summary\b)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Links:
    """Where a text leads: ids of pages, and numbers of chapters whose index it names."""

    pages: frozenset[str]
    chapters: frozenset[str]


def minutes_of(text: str) -> int:
    """Minutes of reading at 200 words a minute; a formula and a line of code count as the words they are written in.

    Adults read English non-fiction silently at 238 words a minute on average; we allow for mathematics.

    Source:  Brysbaert (2019), abstract (the 238; the 200 is our choice).

    >>> minutes_of("word " * 3900)
    20
    """
    return max(1, round(len(text.split()) / WORDS_A_MINUTE))


def to_read(path: Path) -> str:
    """What one reads of a page: the prose without the exercises, and of a notebook the code that is not folded away."""
    text = _EXERCISES.sub("", read(path)[1])
    if path.suffix != ".ipynb":
        return text
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    shown = (c for c in cells if c["cell_type"] == "code" and _FOLDED.isdisjoint(c["metadata"].get("tags", ())))
    return "\n\n".join([text, *("".join(cell["source"]) for cell in shown)])


def links(text: str, path: str, labels: dict[str, str]) -> Links:
    """The course's pages that a text at ``path`` links to, or refers to by one of their labels (formula, figure)."""
    here, folder = page_id(path), posixpath.dirname(path)
    targets = [posixpath.normpath(posixpath.join(folder, target)) for target in _LINK.findall(text)]
    found = {page_id(target) for target in targets} | {labels.get(label) for label in _REFERENCE.findall(text)}
    indexes = {int(m[1]) for target in targets if (m := re.match(r"chapters/(\d+)_[^/]+/index\.md$", target))}
    return Links(frozenset(found - {None, here}), frozenset(map(str, indexes)))  # type: ignore[arg-type]


def labels(root: Path, paths: list[str]) -> dict[str, str]:
    """The id of the page on which each labeled formula, figure and section stands."""
    found: dict[str, str] = {}
    for path in paths:
        text = read(root / path)[1]
        if path.endswith(".ipynb"):
            cells = json.loads((root / path).read_text(encoding="utf-8"))["cells"]
            figures = (cell["metadata"].get("mystnb", {}).get("figure", {}).get("name") for cell in cells)
            text += "".join(f"\n({name})=" for name in figures if name)
        if identity := page_id(path):
            found |= {next(filter(None, match.groups())): identity for match in _LABEL.finditer(text)}
    return found
