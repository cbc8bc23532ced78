"""Whose passes are kept, asked of real kernels: a person's, and not those of programs that re-run notebooks."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbclient
import nbformat
import pytest
from jupyter_client.manager import start_new_kernel

from llmcourse.study.record_format import parse
from tests.chapters.pages import NOTEBOOKS

ROOT = Path(__file__).resolve().parents[3]
CELLS = [
    "from llmcourse.exercises import softmax as exercises",
    "exercises.temperature_for_odds.check(...)",
    "exercises.cut_by_the_nucleus.check(0.15)",
    "def stable_softmax_solution(z, tau):\n    return exercises.stable_softmax.answer(z, tau)\n\n"
    "exercises.stable_softmax.check(stable_softmax_solution)",
]
ARGUMENT = re.compile(r"\.check\(([^()]*|\w+\([^()]*\))\)")


@pytest.fixture
def machine(monkeypatch, tmp_path):
    path = tmp_path / "progress.json"
    monkeypatch.setenv("LLMCOURSE_PROGRESS", str(path))
    return path


@pytest.fixture
def notebook():
    cells = [nbformat.v4.new_code_cell(text) for text in CELLS]
    metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


@pytest.mark.parametrize("can_be_asked", [True, False])
def test_a_kernel_keeps_what_somebody_passed_who_can_be_asked(machine, can_be_asked):
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        for text in CELLS:
            reply = client.execute_interactive(text, allow_stdin=can_be_asked, output_hook=lambda _: None, timeout=60)
            assert reply["content"]["status"] == "ok", reply["content"]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
    assert machine.exists() is can_be_asked
    if can_be_asked:  # the number that was found, and not the printed solution
        assert set(parse(machine.read_text(encoding="utf-8"))["exercises"]) == {"4.3.b"}


def test_programs_that_run_notebooks_keep_nothing(machine, notebook, tmp_path):
    nbclient.NotebookClient(notebook, timeout=60).execute()
    assert "✓" in str(notebook.cells[2].outputs)
    nbformat.write(notebook, tmp_path / "page.ipynb")
    run = [sys.executable, "-m", "pytest", "-q", "--nbval", "-p", "no:cacheprovider", str(tmp_path / "page.ipynb")]
    done = subprocess.run(run, cwd=tmp_path, env=dict(os.environ), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "4 passed" in done.stdout
    assert not machine.exists()


@pytest.mark.parametrize("page", NOTEBOOKS)
def test_what_passes_in_a_stored_page_is_called_a_solution(page):
    """So that a reader who runs a whole page without solving anything has no pass written down."""
    passing = 0
    for cell in nbformat.read(ROOT / page, as_version=4).cells:
        if cell.cell_type == "code" and ".check(" in cell.source:
            ticks = sum("✓" in str(output.get("data", {}).get("text/plain", "")) for output in cell.outputs)
            solutions = [name for name in ARGUMENT.findall(cell.source) if name.endswith("_solution")]
            assert ticks == len(solutions), cell.source
            passing += ticks
    assert passing >= 1
