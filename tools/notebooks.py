"""Run, tidy and check notebooks: ``python tools/notebooks.py run 01``, ``normalise``, ``check``, ``from-md PAGE.md``.

A page is named by its path, or all pages of a chapter by its number. Stored notebooks must not change unless their
content does, so normalising makes everything that is not content the same on every machine:
  - a readable cell id is kept if it is unique; a random one (hexadecimal, as Jupyter and jupytext make them), a doubled
    or a missing one becomes "<first words of the cell>-<number of the cell>";
  - widget state, timings, and everything about the kernel but its name are dropped, and a widget is named by its cell;
  - consecutive pieces of one stream are joined, trailing blanks removed, and paths of this machine shortened.
"""

import argparse
import contextlib
import datetime
import hashlib
import importlib.metadata
import json
import os
import platform
import re
import sys
import time
from pathlib import Path

import jupytext
import nbclient
import nbformat
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

ROOT = Path(__file__).resolve().parent.parent
STATUS = ROOT / "book" / "status.json"
PACKAGES = ["llmcourse", "numpy", "matplotlib", "torch", "plotly", "anywidget"]
CELL_SECONDS, MOST_BYTES, CODE_CELLS = 300, 400_000, range(5, 31)
MOST_LINES, MOST_FOLDED_LINES = 20, 30  # of a cell: shown, and folded away (set-up, the code of a figure)
RANDOM_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f-]+)?|[0-9a-f]{32}|[0-9a-f]*")
MACHINE_PATH = re.compile(
    r"(?<![\w.:/])(/home/|/Users/|/root/|/tmp/|/var/folders/|/private/|[A-Za-z]:\\+Users|"
    + "|".join(re.escape(str(folder)) + r"\b" for folder in (ROOT, Path.home()) if len(folder.parts) > 1)
    + r")[\w.\\/-]*"
)
VIEW = "application/vnd.jupyter.widget-view+json"
TRANSIENT = {"ExecuteTime", "execution", "collapsed", "scrolled", "widgets", "papermill", "lines_to_next_cell"}


def pages(names: list[str]) -> list[Path]:
    """Notebooks for paths and chapter numbers; all of them for an empty list."""
    found: list[Path] = []
    for name in names or ["*"]:
        if name == "*" or name.isdigit():
            pattern = "*" if name == "*" else f"{int(name):02d}_*"
            matches = sorted((ROOT / "chapters").glob(f"{pattern}/[0-9]*.ipynb"))
            matches += sorted((ROOT / "book").glob("*.ipynb")) if name == "*" else []  # pages outside the chapters
        else:
            path = Path(name)
            matches = sorted(path.glob("*.ipynb")) if path.is_dir() else [path] if path.is_file() else []
        if not matches:
            raise SystemExit(f"no notebook for {name!r}: give a path, or a chapter's number such as 01")
        found += matches
    return list(dict.fromkeys(path.resolve() for path in found))


def page_name(path: Path) -> str:
    """The path as people say it: from the repository's root where possible, with forward slashes."""
    path = path.resolve()
    return (path.relative_to(ROOT) if path.is_relative_to(ROOT) else Path(path.name)).as_posix()


def save(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Write whole or not at all, as UTF-8 with line feeds on every system and one at the end."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_bytes((nbformat.writes(notebook).rstrip("\n") + "\n").encode())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


# Normalising


def normalise(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook with only its content left; doing it twice changes nothing."""
    kernel = notebook.metadata.get("kernelspec", {})
    name = kernel.get("name", "python3")
    kept = {"course": notebook.metadata["course"]} if "course" in notebook.metadata else {}  # needs, topics, minutes
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": kernel.get("display_name", "Python 3"), "language": "python", "name": name},
            "language_info": {"name": "python"},
            **kept,
        }
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    readable = [cell.get("id", "") for cell in notebook.cells if not RANDOM_ID.fullmatch(cell.get("id", ""))]
    used: set[str] = set()
    for index, cell in enumerate(notebook.cells, start=1):
        name = cell.get("id", "")
        if name not in readable or name in used:
            name = f"{slug(cell.source)}-{index}"
            while name in used or name in readable:
                name += "x"
        cell["id"] = name
        used.add(name)
        for key in TRANSIENT & set(cell.metadata):
            del cell.metadata[key]
        cell.source = "\n".join(line.rstrip() if cell.cell_type == "code" else line for line in cell.source.split("\n"))
        if cell.cell_type == "code":
            cell.outputs = tidy_outputs(cell.outputs)
            for view in (o.data[VIEW] for o in cell.outputs if VIEW in o.get("data", {})):
                view["model_id"] = name  # as drawn, it differs from run to run
    return notebook


def slug(source: str) -> str:
    """Up to four plain words of the cell's first line that has any."""
    words = re.findall(r"[a-z0-9]+", next((s for s in source.lower().split("\n") if re.search("[a-z0-9]", s)), ""))
    return "-".join(words[:4])[:40] or "cell"


def tidy_outputs(outputs: list) -> list:
    """Streams joined, blanks at the ends of printed lines gone, transient metadata dropped, paths shortened."""
    joined: list = []
    for output in outputs:
        output = nbformat.from_dict(output)
        last = joined[-1] if joined else None
        if output.output_type == "stream" and last and last.output_type == "stream" and last.name == output.name:
            last.text += output.text
        else:
            joined.append(output)
    for output in joined:
        output.pop("transient", None)
        if output.output_type == "stream":
            output.text = shorten(re.sub(r"[ \t]+(?=\n|$)", "", output.text))
        for kind, value in output.get("data", {}).items():
            if isinstance(value, str) and (kind.startswith("text/") or kind == "image/svg+xml"):
                output.data[kind] = shorten(value)
    return joined


def shorten(text: str) -> str:
    """Paths inside the repository become relative to it, others lose their folders."""
    for root in (str(ROOT), ROOT.as_posix()):
        text = text.replace(root + os.sep, "").replace(root + "/", "").replace(root, ".")
    return MACHINE_PATH.sub(lambda match: re.split(r"[\\/]", match[0].rstrip("\\/"))[-1], text)


# Running


class PageError(RuntimeError):
    """A page did not run; the message names the notebook and the cell, and shows the cell's source and the error."""


def run(path: Path, *, status: Path = STATUS) -> float:
    """Execute a notebook in place, in its own folder, and record that it passed. Returns the seconds it took.

    Raises:  PageError; the file then stays as it was.
    """
    notebook = nbformat.read(path, as_version=4)
    start = time.perf_counter()
    client = nbclient.NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        store_widget_state=True,  # interactive_output needs it while the page runs; normalise drops it
        record_timing=False,
    )
    try:
        client.execute(env={**os.environ, "PYTHONHASHSEED": "0"})
    except CellExecutionError as error:
        raise PageError(failure(path, notebook, f"{error.ename}: {error.evalue}")) from error
    except (CellTimeoutError, DeadKernelError) as error:
        raise PageError(failure(path, notebook, f"{type(error).__name__} (limit: {CELL_SECONDS} s a cell)")) from error
    seconds = time.perf_counter() - start
    save(normalise(notebook), path)
    record(path, seconds, status=status)
    return seconds


def sources_hash(path: Path) -> str:
    """sha256 of the cells' kinds and sources: what a status record is about."""
    cells = [[cell.cell_type, cell.source] for cell in nbformat.read(path, as_version=4).cells]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


def record(path: Path, seconds: float, *, status: Path = STATUS) -> None:
    """Note in ``book/status.json`` that the page passed just now. The test run calls this too."""
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[package] = importlib.metadata.version(package).partition("+")[0]
    records = json.loads(status.read_text(encoding="utf-8")) if status.exists() else {}
    records[page_name(path)] = {
        "seconds": round(seconds, 1),
        "passed": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "versions": versions,
        "sources": sources_hash(path),
    }
    temporary = status.with_name(f".{status.name}.{os.getpid()}")
    temporary.write_bytes((json.dumps(records, indent=1, sort_keys=True) + "\n").encode())
    os.replace(temporary, status)


def is_stale(path: Path, *, status: Path = STATUS) -> bool:
    """True if the page has no record, or has changed since."""
    records = json.loads(status.read_text(encoding="utf-8")) if status.exists() else {}
    return records.get(page_name(path), {}).get("sources") != sources_hash(path)


def failure(path: Path, notebook: nbformat.NotebookNode, error: str) -> str:
    """What stopped a page, without the kernel's traceback."""
    cells = enumerate(notebook.cells)
    broken = [n for n, cell in cells if any(output.output_type == "error" for output in cell.get("outputs", []))]
    if not broken:
        return f"{page_name(path)} failed\n  {error}"
    source = "\n".join(f"    {line}" for line in notebook.cells[broken[-1]].source.split("\n"))
    return f"{page_name(path)}, cell {broken[-1] + 1} failed:\n{source}\n  {shorten(error)}"


# Checking


def problems(path: Path) -> list[str]:
    """What is wrong with a stored notebook, one line each."""
    notebook = nbformat.read(path, as_version=4)
    code = [(number, cell) for number, cell in enumerate(notebook.cells, start=1) if cell.cell_type == "code"]
    found = []
    if (size := path.stat().st_size) > MOST_BYTES:
        found.append(f"{size:,} bytes; at most {MOST_BYTES:,}")
    if "widgets" in notebook.metadata:
        found.append("widget state in the metadata")
    if len(code) not in CODE_CELLS:
        found.append(f"{len(code)} code cells; between {CODE_CELLS[0]} and {CODE_CELLS[-1]} make a page")
    for position, (number, cell) in enumerate(code, start=1):
        if cell.execution_count is None:
            found.append(f"cell {number} has not been run")
        elif cell.execution_count != position:
            found.append(
                f"cell {number} ran as number {cell.execution_count}, not {position}: run the page from its start"
            )
        most = MOST_FOLDED_LINES if "hide-input" in cell.metadata.get("tags", []) else MOST_LINES
        if (lines := len(cell.source.split("\n"))) > most:
            found.append(f"cell {number} has {lines} lines; at most {most}")
        for output in cell.outputs:
            if output.output_type == "error":
                found.append(f"cell {number} ends in {output.ename}: {output.evalue}")
            if match := MACHINE_PATH.search(output_text(output)):
                found.append(f"cell {number} shows a path of this machine: {match[0]}")
    for number, cell in enumerate(notebook.cells, start=1):
        if match := MACHINE_PATH.search(cell.source):
            found.append(f"cell {number} names a path of this machine: {match[0]}")
    return found


def output_text(output: nbformat.NotebookNode) -> str:
    """Everything readable in an output; encoded images are left out."""
    data = output.get("data", {})
    parts = [value for kind, value in data.items() if isinstance(value, str) and not kind.startswith("image/p")]
    return "\n".join([output.get("text", ""), *parts])


# The command line


def from_markdown(page: Path) -> Path:
    """Turn a MyST Markdown page into a notebook beside it: cells, tags and metadata kept, outputs empty.

    What a notebook that stands there already says of the page (``course``) stays, where the Markdown says nothing.
    """
    notebook = jupytext.read(page)
    target = page.with_suffix(".ipynb")
    if target.exists() and "course" not in notebook.metadata:
        course = nbformat.read(target, as_version=4).metadata.get("course")
        notebook.metadata |= {"course": course} if course else {}
    save(normalise(notebook), target)
    return target


def run_all(paths: list[Path]) -> int:
    """Run pages one after the other, saying how each went; the exit code."""
    failed = 0
    for number, path in enumerate(paths, start=1):
        print(f"[{number}/{len(paths)}] {page_name(path)} … ", end="", flush=True)
        try:
            print(f"{run(path):.1f} s", flush=True)
        except PageError as error:
            failed += 1
            print(f"failed\n{error}", flush=True)
    return 1 if failed else 0


def main(arguments: list[str] | None = None) -> int:
    """See the module's docstring."""
    for stream in (sys.stdout, sys.stderr):  # Windows' consoles may not be UTF-8
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["run", "normalise", "check", "from-md"])
    parser.add_argument("names", nargs="*", help="paths or chapter numbers; none: every page")
    options = parser.parse_args(arguments)
    if options.action == "from-md":
        missing = [name for name in options.names if not Path(name).is_file()]
        if missing or not options.names:
            raise SystemExit(f"no such page: {', '.join(missing)}" if missing else "from-md needs the path of a page")
        return run_all([from_markdown(Path(name)) for name in options.names])
    paths = pages(options.names)
    if options.action == "run":
        return run_all(paths)
    if options.action == "normalise":
        for path in paths:
            save(normalise(nbformat.read(path, as_version=4)), path)
        return 0
    listed = [f"{page_name(path)}: {problem}" for path in paths for problem in problems(path)]
    print("\n".join(listed) or f"{len(paths)} notebooks are in order")
    return 1 if listed else 0


if __name__ == "__main__":
    sys.exit(main())
