"""What `make pdf` and `make epub` share: the pages in the book's order, taken out of the built site by a browser."""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from playwright.sync_api import Browser, Page, sync_playwright

from browser import ADVICE, LAUNCH_ARGS, find_chromium

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build/html"
SCRIPT = Path(__file__).with_name("export.js")
# Pages that are nothing without their scripts, that say how the site is doing, or that list the package's source.
SCREEN_ONLY = {"book/review", "book/progress", "book/tree", "book/coverage", "book/listen", "book/status"}
REFERENCE = "book/api/"
PLOTS = ".lc-plotly"
# Drawn with styles that few readers of EPUB know; quizzes and cards are text and stay so.
DRAWN = f'{PLOTS}, .lc-widget:not([data-widget="quiz"], [data-widget="flashcards"])'
READY = "([live, number]) => document.querySelectorAll(live)[number].dataset.ready === 'true'"


@dataclass
class Entry:
    """One page of the table of contents: its path without ending, how deep it stands, the part that it opens."""

    page: str
    depth: int  # 1 under a part, 2 under a chapter
    part: str = ""
    title: str = ""
    body: str = ""
    headings: list[dict] = field(default_factory=list)
    math: int = 0
    svg: int = 0
    images: list[str] = field(default_factory=list)


def entries(toc: Path = ROOT / "_toc.yml") -> list[Entry]:
    """The pages of the book in order, without those that only make sense on a screen."""
    contents = yaml.safe_load(toc.read_text(encoding="utf-8"))
    found = [Entry(contents["root"], 1)]
    for part in contents.get("parts", [contents]):
        opens = part.get("caption", "")
        for chapter in part.get("chapters", []):
            for depth, one in [(1, chapter), *((2, section) for section in chapter.get("sections", []))]:
                if one["file"] not in SCREEN_ONLY and not one["file"].startswith(REFERENCE):
                    found.append(Entry(one["file"], depth, opens))
                    opens = ""
    return found


def slug(page: str) -> str:
    """A page's path as one word: the name of its file in the EPUB, its anchor in the PDF, as in export.js.

    >>> slug("chapters/04_attention/index")
    'chapters-04_attention-index'
    """
    return re.sub(r"[^\w.-]+", "-", page)


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A browser, or an exit that says how to get one."""
    program = find_chromium()
    if program is None:
        raise SystemExit(ADVICE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=LAUNCH_ARGS)
        yield browser
        browser.close()


def take_pictures(browser: Browser, site: Path, page: str, live: str, folder: Path) -> None:
    """A picture of each live part of a page, drawn by its own script, as PAGE-0.png, PAGE-1.png …"""
    if not re.search(r'class="lc-(plotly|widget)"', (site / f"{page}.html").read_text(encoding="utf-8")):
        return
    context = browser.new_context(
        viewport={"width": 900, "height": 900}, device_scale_factor=2, reduced_motion="reduce"
    )
    context.set_default_timeout(120_000)  # a long page draws slowly where other work is going on
    tab = context.new_page()
    tab.goto((site / f"{page}.html").as_uri(), wait_until="load")
    tab.evaluate("() => { document.documentElement.dataset.theme = 'light'; }")
    tab.evaluate("document.fonts.ready.then(() => true)")
    parts = tab.locator(live)
    for number in range(parts.count()):
        parts.nth(number).scroll_into_view_if_needed()
        tab.wait_for_function(READY, arg=[live, number])
        parts.nth(number).screenshot(path=folder / f"{slug(page)}-{number}.png")
    context.close()


def workbench(browser: Browser, site: Path) -> Page:
    """A page that has the site's MathJax with the site's macros, and export.js, and nothing else that runs."""
    tab = browser.new_page()
    tab.route("**/*.js*", lambda route: route.continue_() if "mathjax" in route.request.url else route.abort())
    tab.goto((site / "book/notation.html").as_uri(), wait_until="load")
    tab.wait_for_function("() => window.MathJax?.startup?.promise?.then(() => true)")
    tab.add_script_tag(path=str(SCRIPT))
    return tab


def fill(entry: Entry, tab: Page, site: Path, known: list[str], *, live: str, target: str) -> None:
    """Put the page's article into ``entry``.

    Raises:  playwright's Error with export.js's own words, such as a formula that MathJax cannot set.
    """
    html = (site / f"{entry.page}.html").read_text(encoding="utf-8")
    options = {"page": entry.page, "known": known, "live": live, "target": target}
    for name, value in tab.evaluate("([html, options]) => exportPage(html, options)", [html, options]).items():
        setattr(entry, name, value)


def built(site: Path, wanted: list[Entry]) -> None:
    """Raise SystemExit unless each page has been built."""
    missing = [entry.page for entry in wanted if not (site / f"{entry.page}.html").exists()]
    if missing:
        raise SystemExit(f"{missing[0]}.html is not in {site.name}; run `make book` first")


def prepare(browser: Browser, site: Path, book: list[Entry], folder: Path, *, live: str, target: str) -> None:
    """Fill each entry of the book with its page, and take the pictures that it needs into ``folder``.

    Raises:  SystemExit if a page is not built, playwright's Error if a formula cannot be set.
    """
    built(site, book)
    known = [entry.page for entry in book]
    tab = workbench(browser, site)
    for entry in book:
        take_pictures(browser, site, entry.page, live, folder)
        fill(entry, tab, site, known, live=live, target=target)
    tab.close()
