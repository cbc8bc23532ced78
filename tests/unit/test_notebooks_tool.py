import importlib.util
import json
import sys
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

TOOL = Path(__file__).resolve().parents[2] / "tools" / "notebooks.py"
spec = importlib.util.spec_from_file_location("notebooks_tool", TOOL)
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)


def code(source, *, count=1, outputs=(), **more):
    return new_code_cell(source, execution_count=count, outputs=list(outputs), **more)


def notebook(cells):
    """Without nbformat's own repair of doubled ids."""
    book = new_notebook()
    book.cells = cells
    return book


def stream(text, name="stdout"):
    return new_output("stream", name=name, text=text)


def written(tmp_path, cells, **metadata):
    path = tmp_path / "01_page.ipynb"
    nbformat.write(new_notebook(cells=cells, metadata=metadata), path)
    return path


@pytest.fixture
def status(monkeypatch, tmp_path):
    path = tmp_path / "status.json"
    monkeypatch.setattr(tool, "STATUS", path)
    return path


# Normalising


def test_random_and_doubled_ids_become_stable_and_readable_ones_stay():
    cells = [
        new_markdown_cell("# The first Title of all words", id="0a1b2c3d"),
        code("x = 1", id="set-up"),
        code("x = 2", id="set-up"),
        code("", id="9b2f6c1e-7a54-4c8e-a4f2-0123456789ab"),
    ]
    ids = [cell.id for cell in tool.normalise(notebook(cells)).cells]
    assert ids == ["the-first-title-of-1", "set-up", "x-2-3", "cell-4"]


def test_a_new_id_never_takes_a_later_cells():
    cells = [code("x", id="deadbeef"), code("y", id="x-1")]
    assert [cell.id for cell in tool.normalise(new_notebook(cells=cells)).cells] == ["x-1x", "x-1"]


@given(
    st.lists(st.tuples(st.sampled_from(["", "a b", "# τ", "dead beef"]), st.sampled_from(["a", "ok", "dead", "q-2"])))
)
def test_ids_are_unique_and_normalising_twice_changes_nothing(cells):
    book = notebook([code(source, id=name, outputs=[stream("a \nb  ")]) for source, name in cells])
    once = tool.normalise(book)
    assert len({cell.id for cell in once.cells}) == len(cells)
    nbformat.validate(once)
    text = nbformat.writes(once)
    assert nbformat.writes(tool.normalise(nbformat.reads(text, as_version=4))) == text


def test_only_content_is_left_in_the_metadata():
    figure = {"figure": {"name": "fig-x"}}
    cell = code(
        "1", metadata={"tags": ["hide-input"], "mystnb": figure, "execution": {"iopub": "now"}, "scrolled": True}
    )
    book = new_notebook(
        cells=[cell],
        metadata={
            "widgets": {"state": {}},
            "kernelspec": {"name": "python3", "display_name": "Python 3", "path": "x"},
            "language_info": {"name": "python", "version": "3.11.4"},
        },
    )
    book = tool.normalise(book)
    assert book.metadata == {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python"},
    }
    assert book.cells[0].metadata == {"tags": ["hide-input"], "mystnb": figure}


def test_what_a_page_says_of_itself_is_kept_and_makes_no_record_stale(tmp_path, status):
    course = {"needs": ["1.3"], "topics": ["softmax"], "minutes": 22}
    path = written(tmp_path, [new_markdown_cell("# Page")])
    tool.record(path, 1.0, status=status)
    book = nbformat.read(path, as_version=4)
    book.metadata |= {"course": course, "title": "dropped"}
    tool.save(tool.normalise(book), path)
    assert nbformat.read(path, as_version=4).metadata["course"] == course
    assert set(nbformat.read(path, as_version=4).metadata) == {"course", "kernelspec", "language_info"}
    assert not tool.is_stale(path, status=status)


def test_a_page_that_went_through_markdown_still_says_what_it_needs(tmp_path):
    course = {"needs": ["1.3"], "topics": [], "minutes": 22}
    path = written(tmp_path, [new_markdown_cell("# Page")], course=course)
    (tmp_path / "01_page.md").write_text(PAGE, encoding="utf-8")
    assert nbformat.read(tool.from_markdown(tmp_path / "01_page.md"), as_version=4).metadata["course"] == course
    own = PAGE.replace("---\n", "---\ncourse: {needs: ['1.1'], topics: [], minutes: 9}\n", 1)
    (tmp_path / "01_page.md").write_text(own, encoding="utf-8")
    tool.from_markdown(tmp_path / "01_page.md")
    assert nbformat.read(path, as_version=4).metadata["course"]["needs"] == ["1.1"]


def test_a_widget_is_named_by_its_cell():
    view = {tool.VIEW: {"model_id": "346afbbd", "version_major": 2}, "text/plain": "Slider()"}
    cell = code("Slider()", id="the-slider", outputs=[new_output("display_data", data=view)])
    (output,) = tool.normalise(new_notebook(cells=[cell])).cells[0].outputs
    assert output.data == {tool.VIEW: {"model_id": "the-slider", "version_major": 2}, "text/plain": "Slider()"}


def test_streams_are_joined_only_next_to_each_other_and_of_one_kind():
    outputs = [stream("a  \n"), stream("b\n"), stream("c", "stderr"), stream("d \n\n e")]
    assert [output.text for output in tool.tidy_outputs(outputs)] == ["a\nb\n", "c", "d\n\n e"]


def test_paths_of_the_machine_are_shortened():
    root = str(tool.ROOT)
    assert tool.shorten(f"{root}/chapters/01/x.py: no") == "chapters/01/x.py: no"
    assert tool.shorten("see /home/ann/file.py, C:\\Users\\ann\\file.py") == "see file.py, file.py"
    assert tool.shorten("p(a/b) https://x.org/home/ann") == "p(a/b) https://x.org/home/ann"


def test_saved_with_line_feeds_and_one_newline_at_the_end(tmp_path):
    tool.save(new_notebook(cells=[new_markdown_cell("τ")]), tmp_path / "x.ipynb")
    raw = (tmp_path / "x.ipynb").read_bytes()
    assert raw.endswith(b"}\n")
    assert not raw.endswith(b"\n\n")
    assert b"\r" not in raw
    assert "τ".encode() in raw
    assert [path.name for path in tmp_path.iterdir()] == ["x.ipynb"]


# Checking


def good(number):
    return [code(f"x = {n}", count=n, id=f"c-{n}") for n in range(1, number + 1)]


def test_a_page_in_order_has_no_problems(tmp_path, capsys):
    path = written(tmp_path, [new_markdown_cell("# Page"), *good(6)])
    assert tool.problems(path) == []
    assert tool.main(["check", str(path)]) == 0
    assert "in order" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        (code("x", count=None), "cell 7 has not been run"),
        (code("x", count=9), "cell 7 ran as number 9, not 7"),
        (code("x\n" * 20, count=7), "cell 7 has 21 lines; at most 20"),
        (
            code("1/0", count=7, outputs=[new_output("error", ename="ZeroDivisionError", evalue="no")]),
            "ZeroDivisionError: no",
        ),
        (code("p", count=7, outputs=[stream("/home/ann/x.py")]), "path of this machine: /home/ann/x.py"),
        (code("p = '/Users/ann/x'", count=7), "cell 7 names a path of this machine"),
        (code("p", count=7, outputs=[stream("x" * 400_000)]), "at most 400,000"),
    ],
)
def test_each_problem_is_named(tmp_path, capsys, cell, problem):
    path = written(tmp_path, [*good(6), cell])
    assert any(problem in found for found in tool.problems(path))
    assert tool.main(["check", str(path)]) == 1
    assert problem in capsys.readouterr().out


def test_widget_state_and_too_few_cells_are_problems(tmp_path):
    path = written(tmp_path, good(2), widgets={"state": {}})
    assert tool.problems(path) == ["widget state in the metadata", "2 code cells; between 5 and 30 make a page"]


# Status


def test_a_record_goes_stale_when_a_source_changes_but_not_an_output(tmp_path, status):
    path = written(tmp_path, good(2))
    assert tool.is_stale(path, status=status)
    tool.record(path, 1.26, status=status)
    [(name, entry)] = json.loads(status.read_text(encoding="utf-8")).items()
    assert name == "01_page.ipynb"
    assert entry["seconds"] == 1.3
    assert {"python", "numpy"} <= set(entry["versions"])
    book = nbformat.read(path, as_version=4)
    book.cells[0].outputs = [stream("new")]
    nbformat.write(book, path)
    assert not tool.is_stale(path, status=status)
    book.cells[0].source += " + 1"
    nbformat.write(book, path)
    assert tool.is_stale(path, status=status)


def test_unknown_pages_are_refused(tmp_path):
    with pytest.raises(SystemExit, match="no notebook for '77'"):
        tool.pages(["77"])
    with pytest.raises(SystemExit, match=r"nothing\.md"):
        tool.main(["from-md", str(tmp_path / "nothing.md")])


# Running: two kernels are started here, all other tests are quick

PAGE = """---
kernelspec: {display_name: Python 3, language: python, name: python3}
---

# A page

```{code-cell} ipython3
---
tags: [hide-input]
mystnb:
  figure: {name: fig-x, caption: "What to look at: $x$"}
---
import pathlib
print(pathlib.Path.cwd().name, end=" \\n")
```

```{code-cell} ipython3
1 + 1
```
"""


@pytest.fixture
def quiet_kernel(monkeypatch):
    """A kernel process of its own keeps pytest's strict warnings and the shape hook out of the page."""
    import subprocess

    def tool_in_a_process(*arguments, status):
        script = (
            "import importlib.util, pathlib, sys; "
            f"s = importlib.util.spec_from_file_location('t', {str(TOOL)!r}); t = importlib.util.module_from_spec(s); "
            f"s.loader.exec_module(t); t.run.__kwdefaults__['status'] = pathlib.Path({str(status)!r}); "
            "sys.exit(t.main(sys.argv[1:]))"
        )
        return subprocess.run(
            [sys.executable, "-c", script, *arguments], capture_output=True, encoding="utf-8", timeout=120
        )

    return tool_in_a_process


def test_a_markdown_page_becomes_a_notebook_that_has_run(tmp_path, status, quiet_kernel):
    (tmp_path / "01_page.md").write_text(PAGE, encoding="utf-8")
    done = quiet_kernel("from-md", str(tmp_path / "01_page.md"), status=status)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("[1/1] 01_page.ipynb … ")
    book = nbformat.read(tmp_path / "01_page.ipynb", as_version=4)
    assert [cell.id for cell in book.cells] == ["a-page-1", "import-pathlib-2", "1-1-3"]
    assert book.cells[1].metadata.tags == ["hide-input"]
    assert book.cells[1].metadata.mystnb.figure == {"name": "fig-x", "caption": "What to look at: $x$"}
    assert book.cells[1].outputs[0].text == f"{tmp_path.name}\n"
    assert book.cells[2].outputs[0].data["text/plain"] == "2"
    assert [cell.execution_count for cell in book.cells[1:]] == [1, 2]
    assert not tool.is_stale(tmp_path / "01_page.ipynb", status=status)


def test_a_failing_cell_is_shown_and_the_file_is_left_alone(tmp_path, status, quiet_kernel):
    path = written(tmp_path, [new_markdown_cell("# Page"), code("x = 1"), code("x / 0  # here")])
    before = path.read_bytes()
    done = quiet_kernel("run", str(path), status=status)
    assert done.returncode == 1
    assert "01_page.ipynb, cell 3 failed:\n    x / 0  # here\n  ZeroDivisionError: division by zero" in done.stdout
    assert path.read_bytes() == before
    assert not status.exists()
