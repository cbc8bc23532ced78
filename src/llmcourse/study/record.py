"""The reader's record on this machine: exercises that were passed in a notebook (standard library).

A pass is kept only if a person made it. ``is_attended``: the cell was sent by a program in which somebody can be asked
for input. JupyterLab and editors say so of themselves with each cell; programs that re-run notebooks (nbval, nbconvert,
papermill, this course's own) say that nobody is there. ``is_own``: it is not the solution printed on the page, a
function named ``…_solution``. ``llmcourse progress --off`` ends the keeping, and so does LLMCOURSE_PROGRESS=off.
Nothing is sent anywhere; ``llmcourse progress --export`` writes a file that the site imports.
"""

import os
import sys
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import platformdirs

from llmcourse.files import replacing
from llmcourse.study.record_format import parse, text

__all__ = ["file", "forget", "here", "is_attended", "is_kept", "is_own", "note", "passed", "switch"]


def file() -> Path:
    """Where the record is kept: the file that LLMCOURSE_PROGRESS names, or one in this user's data folder."""
    chosen = os.environ.get("LLMCOURSE_PROGRESS", "")
    if chosen and chosen != "off":
        return Path(chosen).expanduser()
    return Path(platformdirs.user_data_dir("llmcourse", appauthor=False)) / "progress.json"


def _switch_file() -> Path:
    return file().with_suffix(".off")


def is_kept() -> bool:
    """Whether passes are kept: the reader has not switched it off."""
    return os.environ.get("LLMCOURSE_PROGRESS") != "off" and not _switch_file().exists()


def switch(on: bool) -> None:
    """Keep passes from now on, or no longer. What is there already stays."""
    if on:
        _switch_file().unlink(missing_ok=True)
    else:
        _switch_file().parent.mkdir(parents=True, exist_ok=True)
        _switch_file().touch()


def here() -> str:
    """This machine's record as text; of an empty record if there is none yet.

    Raises:  ValueError with the file's name if it is damaged, OSError if it cannot be read.
    """
    path = file()
    if not path.exists():
        return text({})
    try:
        return text(parse(path.read_text(encoding="utf-8")))
    except ValueError as error:
        raise ValueError(f"{path} is no record of progress: {error}. Mend it, or move it away") from None


def note(name: str, when: datetime | None = None) -> None:
    """Write down that this exercise was passed; the first pass stays. The file is replaced whole or not at all.

    Raises:  ValueError if the file is damaged (it is left as it is), OSError if it cannot be written.
    """
    record = parse(here())
    if name in record["exercises"]:
        return
    moment = (when or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    record["exercises"][name] = {"passed": moment}
    path = file()
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as part:
        part.write_text(text(record), encoding="utf-8")


def forget() -> None:
    """Delete this machine's record. The switch stays as it is."""
    file().unlink(missing_ok=True)


def is_attended() -> bool:
    """Whether the running cell was sent by a person: its sender can be asked for input.

    In Jupyter's messages each request to execute says so under ``allow_stdin``. Outside a notebook there is no cell.
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    request = getattr(shell, "parent_header", None)  # a terminal has none
    return isinstance(request, dict) and request.get("content", {}).get("allow_stdin") is True


def is_own(attempt: Any) -> bool:
    """Whether this attempt is the reader's and not the page's printed solution, a function named ``…_solution``.

    >>> def stable_softmax_solution(z): ...
    >>> is_own(stable_softmax_solution), is_own(lambda z: z), is_own(0.15)
    (False, True, True)
    """
    return not str(getattr(attempt, "__name__", "")).endswith("_solution")


def passed(name: str, attempt: Any) -> None:
    """Keep a pass, if a person made it and has not switched it off. A file that fails costs a warning, no more."""
    if not (is_attended() and is_own(attempt) and is_kept()):
        return
    try:
        note(name)
    except (OSError, ValueError) as error:
        warnings.warn(f"The pass of {name} was not written down: {error}.", stacklevel=3)
