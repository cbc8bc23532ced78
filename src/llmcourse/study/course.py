"""The chapters and pages of the course, in the order of ``_toc.yml``, with what each page says of itself (pure Python).

A notebook says it in its metadata under the key ``course``, a Markdown page in its front matter:

    {"needs": ["1.3"], "topics": ["softmax", "temperature"], "minutes": 21, "mentions": ["4.1"]}

``needs`` are the pages to read before, the nearest ones only; ``mentions`` are earlier pages that this one links to and
can be read without; ``topics`` are ids of ``book/topics.yml``. Pages that nobody has written yet stand in
``book/planned.yml``.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

DIGEST = "book/digest"  # page 0: the same files as a chapter's folder
PLAN, PLANNED_MINUTES = "book/planned.yml", 20
_PAGE = re.compile(r"chapters/(\d+)_[^/]+/(\d+)_[^/]+")
_CHAPTER = re.compile(r"chapters/(\d+)_[^/]+/index")
_ID = re.compile(r"0|[1-9]\d*\.[1-9]\d*")
_KEYS = {"needs", "topics", "minutes", "mentions"}


class CourseError(ValueError):
    """What is wrong with a page's metadata; the message begins with the file."""


@dataclass(frozen=True)
class Page:
    """One page: a notebook of a chapter, the digest, or one that is planned (then ``path`` is empty)."""

    id: str  # "4.3": chapter and page
    path: str  # from the root, with forward slashes
    title: str
    chapter: str  # "4"
    needs: tuple[str, ...]
    topics: tuple[str, ...]
    minutes: int  # of reading, without the exercises
    mentions: tuple[str, ...] = ()

    @property
    def is_planned(self) -> bool:
        """True as long as nobody has written it."""
        return not self.path

    @property
    def docname(self) -> str:
        """The path without its ending, as ``_toc.yml`` and Sphinx name it."""
        return self.path.rsplit(".", 1)[0]


@dataclass(frozen=True)
class Chapter:
    """A chapter's folder, or the digest's (its id is "0"); ``pages`` are the written ones."""

    id: str
    folder: str
    title: str
    pages: tuple[Page, ...]


def place_in_book(page_id: str) -> tuple[int, ...]:
    """Where a page stands in the book, to sort by.

    >>> sorted(["10.1", "2.1", "0", "1.3"], key=place_in_book)
    ['0', '1.3', '2.1', '10.1']
    """
    return tuple(int(part) for part in page_id.split("."))


def page_id(path: str) -> str | None:
    """The id of the page with this path (its ending may be missing), or None for what is no page of the course.

    >>> page_id("chapters/04_attention/03_softmax.ipynb"), page_id("book/digest/index"), page_id("book/glossary.md")
    ('4.3', '0', None)
    """
    if path.rsplit(".", 1)[0] == f"{DIGEST}/index":
        return "0"
    found = _PAGE.match(path)
    return f"{int(found[1])}.{int(found[2])}" if found else None


def contents(root: Path) -> list[str]:
    """Every file that ``_toc.yml`` names after the first page, in its order, without ending."""
    return files(yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8")))


def files(node: Any) -> list[str]:
    """The files that a part of the table of contents names.

    >>> files({"caption": "All", "chapters": [{"file": "a", "sections": [{"file": "b"}]}]})
    ['a', 'b']
    """
    if isinstance(node, dict):
        return [name for key, value in node.items() for name in ([value] if key == "file" else files(value))]
    return [name for item in node for name in files(item)] if isinstance(node, list) else []


def pages(root: Path) -> list[Page]:
    """The written pages, in the order of the table of contents.

    Raises:  CourseError for metadata that is missing or of the wrong form.
    """
    planning = {page.id: page for page in planned(root)}
    found = []
    for name in contents(root):
        if identity := page_id(name):
            path = source_of(root, name)
            metadata, text = read(path)
            if (
                not metadata and identity in planning
            ):  # just landed: what was planned holds until the page says it itself
                known = planning[identity]
                metadata = {"needs": known.needs, "topics": known.topics, "minutes": known.minutes}
                metadata |= {"mentions": known.mentions}
            where = path.relative_to(root).as_posix()
            found.append(checked(where, identity, first_heading(text, where), metadata, path=where))
    return found


def chapters(root: Path) -> list[Chapter]:
    """The chapters that the table of contents names, the digest among them, each with its written pages."""
    written = pages(root)
    found = []
    for name in contents(root):
        number = "0" if name == f"{DIGEST}/index" else str(int(m[1])) if (m := _CHAPTER.fullmatch(name)) else None
        if number is not None:
            path = source_of(root, name)
            title = first_heading(read(path)[1], path.relative_to(root).as_posix())
            own = tuple(page for page in written if page.chapter == number)
            found.append(Chapter(number, name.rsplit("/", 1)[0], title, own))
    return found


def planned(root: Path) -> list[Page]:
    """The pages of ``book/planned.yml``, in its order.

    Raises:  CourseError for a file or an entry of the wrong form and for an id that stands there twice.
    """
    found: list[Page] = []
    for entry in plan(root)["pages"]:
        metadata = {key: value for key, value in entry.items() if key not in ("id", "title")}
        identity, title = str(entry.get("id", "")), entry.get("title")
        if not _ID.fullmatch(identity) or identity in {page.id for page in found}:
            raise CourseError(f'{PLAN}: "{identity}" is no page\'s id such as "6.1", or it stands there twice')
        if not isinstance(title, str):
            raise CourseError(f"{PLAN}: page {identity} has no title")
        found.append(checked(PLAN, identity, title, {"minutes": PLANNED_MINUTES} | metadata, path=""))
    return found


def plan(root: Path) -> dict[str, Any]:
    """What ``book/planned.yml`` holds: chapters and pages, none if there is no such file."""
    if not (root / PLAN).exists():
        return {"chapters": {}, "pages": []}
    try:
        found = yaml.safe_load((root / PLAN).read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise CourseError(f"{PLAN} is not YAML: {error}") from error
    if not isinstance(found, dict) or not isinstance(found.get("pages"), list):
        raise CourseError(f"{PLAN}: there must be a list of pages")
    return {"chapters": {}} | found


def everything(root: Path) -> list[Page]:
    """Written and planned pages together, in the order of the book."""
    written = pages(root)
    have = {page.id for page in written}
    return sorted(
        [*written, *(page for page in planned(root) if page.id not in have)], key=lambda page: place_in_book(page.id)
    )


def planned_chapters(root: Path) -> dict[str, str]:
    """The titles of chapters without a folder, by id."""
    return {str(number): title for number, title in plan(root)["chapters"].items()}


def checked(where: str, identity: str, title: str, metadata: dict[str, Any], *, path: str) -> Page:
    """A page from its metadata; what its ids mean is checked elsewhere (``prerequisites``)."""
    if not metadata:
        raise CourseError(f'{where}: no "course" in the metadata; add needs, topics and minutes')
    if wrong := set(metadata) - _KEYS:
        raise CourseError(f"{where}: page {identity} has unknown metadata: {', '.join(sorted(wrong))}")
    ids: dict[str, tuple[str, ...]] = {}
    for key in ("needs", "topics", "mentions"):
        values = metadata.get(key, () if key == "mentions" else None)
        if not isinstance(values, list | tuple) or not all(isinstance(value, str) for value in values):
            raise CourseError(
                f'{where}: {key} of page {identity} must be a list of texts such as ["1.3"], got {values!r}'
            )
        if len(set(values)) < len(values):
            raise CourseError(f"{where}: {key} of page {identity} has an entry twice: {values!r}")
        ids[key] = tuple(values)
    minutes = metadata.get("minutes")
    if not isinstance(minutes, int) or isinstance(minutes, bool) or not 1 <= minutes <= 120:
        raise CourseError(f"{where}: minutes of page {identity} must be a whole number from 1 to 120, got {minutes!r}")
    return Page(id=identity, path=path, title=title, chapter=identity.split(".")[0], minutes=minutes, **ids)


def read(path: Path) -> tuple[dict[str, Any], str]:
    """The ``course`` metadata (empty if there is none) and the Markdown of a notebook or a Markdown page."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        notebook = json.loads(text)
        cells = ("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown")
        return notebook["metadata"].get("course", {}), "\n\n".join(cells)
    found = re.match(r"---\n(.*?\n)---\n", text, re.DOTALL)
    front = yaml.safe_load(found[1]) if found else {}
    return front.get("course", {}), text[found.end() :] if found else text


def source_of(root: Path, name: str) -> Path:
    """The file behind an entry of the table of contents.

    Raises:  CourseError if there is neither a notebook nor a Markdown page.
    """
    for ending in (".ipynb", ".md"):
        if (path := root / f"{name}{ending}").exists():
            return path
    raise CourseError(f"_toc.yml: there is neither {name}.ipynb nor {name}.md")


def first_heading(text: str, where: str) -> str:
    """The page's title without emphasis signs."""
    found = re.search(r"^# +(.+)$", text, re.MULTILINE)
    if not found:
        raise CourseError(f'{where}: no title; a page begins with "# …"')
    return re.sub(r"[*`]", "", found[1]).strip()
