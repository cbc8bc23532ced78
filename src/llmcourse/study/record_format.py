"""The file of a reader's progress, as the site exports and imports it; record-format.js is its twin (pure Python)."""

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

__all__ = ["Record", "parse", "text"]

FORMAT, VERSION = "llmcourse-progress", 1
LARGEST = 4_000_000  # characters
LONGEST_NAME = 100
WHEN = {"pages": "read", "exercises": "passed", "quiz": "answered", "cards": "reviewed"}
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)", re.ASCII)

Record = dict[str, dict[str, Any]]


def parse(content: str) -> Record:
    """The sections of a file of progress: {"pages": {id: entry}, "exercises": …, "quiz": …, "cards": …}.

    Raises:  ValueError with half a sentence: a text that is no such file, is damaged, or comes from a newer version.

    >>> parse('{"format": "llmcourse-progress", "version": 1, "pages": {"4.3": {"read": "2026-11-01T08:00:00Z"}}}')
    {'pages': {'4.3': {'read': '2026-11-01T08:00:00Z'}}, 'exercises': {}, 'quiz': {}, 'cards': {}}
    """
    if len(content) > LARGEST:
        raise ValueError("it is larger than four million characters")
    try:
        value = json.loads(content.removeprefix("\ufeff"), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise ValueError("it is not JSON, or it is cut off") from None
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise ValueError("it is not a record of progress in this course")
    version = value.get("version")
    if isinstance(version, int) and version > VERSION:
        raise ValueError("it was written by a newer version of this course")
    if version is True or version != VERSION:
        raise ValueError("it does not say in which version of the format it is")
    record: Record = {name: {} for name in WHEN}
    for section, entries in value.items():
        if section in ("format", "version"):
            continue
        if section not in WHEN:
            raise ValueError(f"it has a part that this course does not know, “{section[:40]}”")
        if not isinstance(entries, dict):
            raise ValueError(f"its part “{section}” is damaged")
        for name, entry in entries.items():
            _check(section, name, entry)
        record[section] = entries
    return record


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _check(section: str, name: str, entry: Any) -> None:
    """Refuse what the site would refuse: a name or an entry that is none, a known field of another kind."""
    if not name or len(name) > LONGEST_NAME:
        raise ValueError(f"a name in “{section}” is not one")
    if not isinstance(entry, dict):
        raise ValueError(f"the entry {name} in “{section}” is not an entry")
    for field, is_right in _FIELDS[section].items():
        if (field in entry and not is_right(entry[field])) or (field == WHEN[section] and field not in entry):
            raise ValueError(f"the entry {name} in “{section}” has no valid “{field}”")


def _is_date(x: Any) -> bool:
    if not isinstance(x, str) or not _ISO.fullmatch(x):
        return False
    try:
        datetime.fromisoformat(x)
    except ValueError:
        return False
    return True


def _is_count(x: Any) -> bool:
    return isinstance(x, int | float) and not isinstance(x, bool) and x >= 0 and x == int(x) and x < 2**53


def _is_amount(x: Any) -> bool:
    return x is None or (isinstance(x, int | float) and not isinstance(x, bool))


def _is_flag(x: Any) -> bool:
    return isinstance(x, bool)


_FIELDS: dict[str, dict[str, Callable[[Any], bool]]] = {
    "pages": {"read": _is_date},
    "exercises": {"passed": _is_date},
    "quiz": {"answered": _is_date, "tries": _is_count, "first": _is_flag, "right": _is_flag},
    "cards": {
        "reviewed": _is_date,
        "due": _is_date,
        "stability": _is_amount,
        "difficulty": _is_amount,
        "state": lambda x: _is_count(x) and x <= 3,
        "step": lambda x: x is None or _is_count(x),
        "reviews": _is_count,
        "lapses": _is_count,
    },
}


def text(record: Record) -> str:
    """The file's content: what the site's import reads. The same record is the same text."""
    sections = {name: dict(sorted(record.get(name, {}).items())) for name in WHEN}
    return json.dumps({"format": FORMAT, "version": VERSION, **sections}, indent=2, ensure_ascii=False) + "\n"
