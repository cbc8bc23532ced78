"""What ``llmcourse progress`` says and does: the exercises passed in notebooks on this machine (standard library)."""

import os
from datetime import datetime
from pathlib import Path

from llmcourse.files import replacing
from llmcourse.study import record
from llmcourse.study.course import place_in_book
from llmcourse.study.outline import exercise_id
from llmcourse.study.record_format import parse

__all__ = ["export", "overview"]


def overview() -> str:
    """The passed exercises page by page, with the day of the last one, and whether passes are kept.

    Raises:  ValueError if the record is damaged.
    """
    passed = parse(record.here())["exercises"]
    pages: dict[str, list[str]] = {}
    for name in sorted(passed):
        pages.setdefault((exercise_id(name) or name).rpartition(".")[0] or "other", []).append(name)
    lines = [f"{len(passed)} passed in notebooks on this machine, in {record.file()}"]
    for page in sorted(pages, key=_order):
        last = max(datetime.fromisoformat(passed[name]["passed"]) for name in pages[page]).astimezone()
        own = ", ".join(name.removeprefix(f"{page}.") for name in pages[page])
        lines.append(f"  {page:<5} {own}   (last: {last:%Y-%m-%d})")
    if record.is_kept():
        lines.append("To take them to the site: llmcourse progress --export FILE, then import FILE on “Your progress”.")
    elif os.environ.get("LLMCOURSE_PROGRESS") == "off":
        lines.append("New passes are not written down: LLMCOURSE_PROGRESS is off.")
    else:
        lines.append("New passes are not written down. To change that: llmcourse progress --on")
    return "\n".join(lines)


def _order(page: str) -> tuple[int, ...]:
    try:
        return place_in_book(page)
    except ValueError:  # an exercise of somebody else's, under a name of another form
        return (10**6,)


def export(path: Path) -> str:
    """Write the record to a file that the site imports, and say so.

    Raises:  ValueError if the record is damaged, OSError if the file cannot be written.
    """
    content = record.here()
    with replacing(path) as part:
        part.write_text(content, encoding="utf-8")
    return f"{len(parse(content)['exercises'])} passed exercises written to {path}"
