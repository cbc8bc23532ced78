"""One build, one server on loopback, one browser, and one visit of every page, served and as a file, for all tests."""

import functools
import http.server
import importlib.util
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.site.visit import Visit, take
from tests.site.widgets import open_page, widget_folder, widget_server  # noqa: F401 (fixtures)

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ["_config.yml", "_toc.yml", "book", "chapters", "src/llmcourse"]
PATIENCE = 120_000  # milliseconds: a slow machine is not a fault, and a test that waits in vain fails all the same


def build(output: Path, *pages: str, **environment: str) -> Path:
    """Build the book as ``make book`` does; the folder of the pages. Fails with the builder's own words.

    With ``pages`` only these, in seconds; then links to the others lead nowhere and warnings do not count.
    """
    run = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()"]
    command = [*run, "build", ".", "--keep-going", "--path-output", str(output)]
    if pages:
        output.mkdir(parents=True, exist_ok=True)
        others = "".join(f"  - file: {page}\n" for page in pages[1:])
        text = f"format: jb-book\nroot: {pages[0]}\n" + (f"chapters:\n{others}" if others else "")
        (output / "toc.yml").write_text(text, encoding="utf-8")
        command += ["--toc", str(output / "toc.yml")]
    else:
        command += ["-W", "-n"]
    hidden = {"LLMCOURSE_REPOSITORY", "LLMCOURSE_SITE_URL"}
    variables = {name: value for name, value in os.environ.items() if name not in hidden} | environment
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(f"the book does not build without warnings:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return output / "_build/html"


def refusal(folder: Path, name: str, right: str, wrong: str) -> tuple[int, str]:
    """Build a copy of the book in which the first ``right`` of one file is ``wrong``: its line, and what was said."""
    for part in ("book", "chapters", "src/llmcourse"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__", "*.safetensors"))
    for part in ("_config.yml", "_toc.yml"):
        shutil.copy(ROOT / part, folder)
    text = (folder / name).read_text(encoding="utf-8")
    (folder / name).write_text(text.replace(right, wrong, 1), encoding="utf-8")
    run = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", "."]
    done = subprocess.run(run, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    return text[: text.index(right)].count("\n") + 1, done.stdout + done.stderr


def is_fresh(site: Path) -> bool:
    """Whether the built pages are younger than everything they are built from."""
    if not (site / "index.html").exists():
        return False
    files = [path for name in SOURCES for path in (ROOT / name).rglob("*") if path.is_file()]
    files += [ROOT / "_config.yml", ROOT / "_toc.yml"]
    built = (site / "index.html").stat().st_mtime
    return all(path.stat().st_mtime < built for path in files if "__pycache__" not in path.parts)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built pages: _build/html if nothing has changed since, else a new build."""
    usual = ROOT / "_build/html"
    return usual if is_fresh(usual) else build(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="session")
def hosted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages as published: the build knows the repository and its own address."""
    return build(
        tmp_path_factory.mktemp("hosted"),
        LLMCOURSE_REPOSITORY="https://github.com/someone/course",
        LLMCOURSE_SITE_URL="https://example.org/course/",
    )


class Handler(http.server.SimpleHTTPRequestHandler):
    """A plain file server that answers a wrong address with the site's own 404.html, as static hosts do."""

    def send_error(self, code: int, *_: object) -> None:
        page = Path(self.directory, "404.html").read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """Where the site is served."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, as tools/browser.py finds it, each of whose windows waits with ``PATIENCE``."""
    spec = importlib.util.spec_from_file_location("find_browser", ROOT / "tools/browser.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    program = tool.find_chromium()
    if program is None:
        pytest.fail(tool.ADVICE)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=tool.LAUNCH_ARGS)
        open_window = chromium.new_context

        def new_context(**options: object) -> BrowserContext:
            context = open_window(**options)
            context.set_default_timeout(PATIENCE)
            return context

        chromium.new_context = new_context
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def names(site: Path) -> list[str]:
    """Every page of the build, as a path without .html."""
    pages = (path.relative_to(site) for path in site.rglob("*.html"))
    return sorted(page.with_suffix("").as_posix() for page in pages if not page.parts[0].startswith("_"))


@pytest.fixture(scope="session")
def visits(browser: Browser, address: str, site: Path, names: list[str]) -> list[Visit]:
    """Each page from the server, opened in light and turned dark, and from the file system, opened in dark."""
    pages = [name for name in names if name != "index"]  # the root only sends on to the first page
    return [*take(browser, address, pages, kind="served"), *take(browser, site.as_uri(), pages, kind="file")]
