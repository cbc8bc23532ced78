"""The reader's progress on the pages of a small build: buttons, ticks, the chapters' lines, and the progress page."""

import functools
import http.server
import json
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from llmcourse.study.outline import outline
from tests.site.conftest import ROOT, Handler
from tests.site.widgets import BLOCKED

pytestmark = pytest.mark.browser

CONTENTS = """
format: jb-book
root: book/index
parts:
  - chapters:
      - file: book/progress
  - numbered: true
    chapters:
      - file: chapters/01_mathematical_intuition/index
        sections:
          - file: chapters/01_mathematical_intuition/01_notation
      - file: chapters/04_attention/index
        sections:
          - file: chapters/04_attention/03_softmax
"""
SOFTMAX, NOTATION = "chapters/04_attention/03_softmax", "chapters/01_mathematical_intuition/01_notation"
AXE = {"preload": False}
PARTS = ["1.1.a (i)", "1.1.a (ii)", "1.1.a (iii)"]


@pytest.fixture(scope="module")
def small_site(tmp_path_factory) -> Path:
    """Two chapters with one page each. Their links to other pages lead nowhere, so warnings do not count here."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "_toc.yml").write_text(CONTENTS, encoding="utf-8")
    run = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", "."]
    command = [*run, "--toc", str(folder / "_toc.yml"), "--path-output", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder / "_build/html"


@pytest.fixture(scope="module")
def small_address(small_site):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(small_site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def visit(browser, small_address, small_site):
    """Opens a page of the small site in a fresh browser; in the end its console is empty."""
    contexts, complaints = [], []

    def go(name: str, *, how: str = "http", record: dict | None = None, blocked: bool = False, **options):
        options = {
            "viewport": {"width": 1280, "height": 900},
            "reduced_motion": "reduce",
            "timezone_id": "UTC",
        } | options
        context = browser.new_context(**options)
        contexts.append(context)
        if blocked:
            context.add_init_script(BLOCKED)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.complaints = complaints
        page.where = small_address if how == "http" else small_site.as_uri()
        page.goto(f"{page.where}/{name}.html")
        if record is not None:
            page.evaluate("text => llmcourseStore.importText(text)", json.dumps(file_of(**record)))
            page.reload()
        return page

    yield go
    for context in contexts:
        context.close()
    assert complaints == []


def file_of(**sections: dict) -> dict:
    return {"format": "llmcourse-progress", "version": 1, **sections}


def stored(page, section: str) -> dict:
    return page.evaluate("section => llmcourseStore.all(section)", section)


def named(page, name: str):
    return page.get_by_role("button", name=name, exact=True)


def reading(page):
    """The button at the page's foot: its words change."""
    return page.locator(".lc-mark[data-page]").get_by_role("button")


def ticked(page) -> list[str]:
    """The links of the table of contents with a tick, as a screen reader says them."""
    links = page.locator(".bd-docs-nav a.reference:has(.lc-tick)")
    return [" ".join(text.replace("✓", "").split()) for text in links.all_text_contents()]


# ---- pages and exercises -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["http", "file"])
def test_a_page_is_marked_as_read_with_the_keyboard_and_stays_so(visit, how):
    page = visit(SOFTMAX, how=how)
    button = reading(page)
    assert button.inner_text() == "Mark this page as read"
    assert ticked(page) == []
    button.press("Enter")
    day = page.evaluate("new Date().toLocaleDateString('en-US', {day: 'numeric', month: 'long', year: 'numeric'})")
    assert button.inner_text() == f"Read on {day} · undo"
    assert ticked(page) == ["4.3. Softmax and temperature (read)"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", stored(page, "pages")["4.3"]["read"])
    page.goto(f"{page.where}/{NOTATION}.html")
    assert ticked(page) == ["4.3. Softmax and temperature (read)"]
    assert button.inner_text() == "Mark this page as read"
    page.goto(f"{page.where}/chapters/04_attention/index.html")
    assert page.locator("dl.lc-parts dt:has(.lc-tick)").all_text_contents() == ["Softmax and temperature ✓ (read)"]
    page.goto(f"{page.where}/{SOFTMAX}.html")
    button.press("Space")
    assert button.inner_text() == "Mark this page as read"
    assert ticked(page) == []
    assert stored(page, "pages") == {}


def test_the_button_at_the_foot_says_to_the_ear_what_a_click_does_and_did(visit):
    page = visit(SOFTMAX, record={"pages": {"4.3": {"read": "2026-11-01T08:00:00Z"}}})
    button, status = reading(page), page.locator(".lc-mark[data-page] [role=status]")
    named(page, "Read on November 1, 2026 · undo").wait_for()
    assert status.text_content() == ""
    button.focus()
    for words, name in (("No longer marked as read.", "Mark this page as read"), ("Marked as read.", "Read on ")):
        page.keyboard.press("Enter")
        assert status.text_content() == words
        assert button.inner_text().startswith(name)
        assert button.evaluate("one => one === document.activeElement")
        for attribute in ("aria-label", "aria-pressed"):  # they would contradict the words
            assert button.get_attribute(attribute) is None


def test_every_exercise_has_its_button_and_no_other_page_has_any(visit):
    page = visit(SOFTMAX)
    names = [f"4.3.{letter}" for letter in "abcdef"]
    boxes = page.locator(".admonition.exercise")
    assert boxes.count() == len(names)
    for name, box in zip(names, boxes.all(), strict=True):
        assert f"Exercise {name}" in box.inner_text()
        box.get_by_role("button", name=f"I solved it: exercise {name}").click()
        assert "Solved on " in box.inner_text()
    assert set(stored(page, "exercises")) == set(names)
    page.reload()
    assert page.locator(".lc-mark[data-exercise] [aria-pressed=true]").count() == len(names)
    named(page, "I solved it: exercise 4.3.b").click()
    assert set(stored(page, "exercises")) == set(names) - {"4.3.b"}
    page.goto(f"{page.where}/chapters/04_attention/index.html")
    assert page.locator(".lc-toggle").count() == 0


def test_an_exercise_in_parts_is_solved_when_all_parts_are(visit):
    passed = {"passed": "2026-11-01T08:00:00Z"}
    page = visit(NOTATION, record={"exercises": {PARTS[0]: passed, PARTS[1]: passed}})
    button, box = named(page, "I solved it: exercise 1.1.a"), page.locator(".lc-mark[data-exercise='1.1.a']")
    assert button.get_attribute("aria-pressed") == "false"
    assert "2 of 3 parts passed in your notebook" in box.inner_text()
    page.evaluate("llmcourseStore.put('exercises', '1.1.a (iii)', { passed: '2026-11-03T08:00:00Z' })")
    assert button.get_attribute("aria-pressed") == "true"
    assert "Solved on November 3, 2026" in box.inner_text()
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    assert stored(page, "exercises") == {}
    button.click()
    assert set(stored(page, "exercises")) == {"1.1.a"}


def test_the_stored_verdict_of_a_solved_exercise_is_gone_and_that_of_another_stays(visit):
    page = visit(SOFTMAX)
    line = {name: page.locator(".cell_output", has_text=f"{name}: not attempted yet.") for name in ("4.3.a", "4.3.b")}
    assert all(one.is_visible() for one in line.values())
    button = named(page, "I solved it: exercise 4.3.a")
    button.click()
    assert [one.is_visible() for one in line.values()] == [False, True]
    page.reload()
    assert [one.is_visible() for one in line.values()] == [False, True]
    button.click()
    assert all(one.is_visible() for one in line.values())


def test_of_an_exercise_in_parts_the_stored_verdicts_go_one_by_one(visit):
    page = visit(NOTATION, record={"exercises": {PARTS[0]: {"passed": "2026-11-01T08:00:00Z"}}})
    lines = page.locator(".cell_output > p", has_text=re.compile(r"1\.1\.a .*not attempted yet"))
    assert [one.is_visible() for one in lines.all()] == [False, True, True]
    named(page, "I solved it: exercise 1.1.a").click()
    assert [one.is_visible() for one in lines.all()] == [False] * 3


def test_another_tab_shows_the_same(visit):
    page = visit(SOFTMAX)
    other = page.context.new_page()
    other.goto(page.url)
    reading(page).click()
    other.wait_for_selector(".lc-mark[data-page] button:text('Read on ')")
    assert ticked(other) == ticked(page) != []


def test_a_button_in_a_private_window_works_for_the_page_and_says_so(visit):
    page = visit(SOFTMAX, blocked=True)
    reading(page).click()
    assert reading(page).inner_text().startswith("Read on ")
    page.wait_for_function("document.querySelector('.lc-notice [role=status]')?.textContent")
    ground, ink = page.eval_on_selector(".lc-notice", "one => [getComputedStyle(one).backgroundColor, one.innerText]")
    assert "keep nothing" in ink
    assert "rgba" not in ground


@pytest.mark.parametrize("how", ["http", "file"])
def test_where_nothing_can_be_kept_the_whole_page_works(visit, how):
    """The theme's scripts use the storage without a doubt; that no error is thrown the fixture sees."""
    page = visit(SOFTMAX, how=how, blocked=True, color_scheme="light", viewport={"width": 390, "height": 844})
    assert page.evaluate("llmcourseStore.status") == "blocked"
    assert page.locator(".lc-notice").count() == 0  # nothing has been asked of it yet
    seen = set()
    for _ in range(3):  # auto, light, dark in the theme's order
        page.locator(".bd-header-article .theme-switch-button").first.dispatch_event("click")  # waits for no repaint
        seen.add(page.evaluate("document.documentElement.dataset.theme"))
    assert seen == {"light", "dark"}
    for name in ("1.1", "4.1"):
        page.evaluate("name => llmcourseStore.put('pages', name, { read: new Date().toISOString() })", name)
    reading(page).click()
    page.wait_for_function("document.querySelector('.lc-notice [role=status]')?.textContent")
    assert page.locator(".lc-notice").count() == 1
    page.wait_for_function("MathJax.startup.promise.then(() => true)")
    found = Axe().run(page, options=AXE).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []


def test_the_stand_in_for_the_storage_is_as_good_as_one_for_a_page(visit):
    assert visit("search").evaluate("window.llmcourseStorageBlocked ?? false") is False
    page = visit("search", blocked=True)
    values = page.evaluate(
        """() => {
        const before = localStorage.length;
        localStorage.setItem("a", 1);
        localStorage.setItem("b", null);
        const then = [localStorage.length, localStorage.getItem("a"), localStorage.getItem("b")];
        localStorage.removeItem("a");
        const after = [localStorage.length, localStorage.getItem("a"), localStorage.key(localStorage.length - 1)];
        localStorage.clear();
        return [before, then, after, localStorage.length];
        }"""
    )
    before = values[0]  # what the theme has put there
    assert values[1:] == [[before + 2, "1", "null"], [before + 1, None, "b"], 0]


def test_without_scripts_there_is_no_button_that_does_nothing(visit):
    page = visit(SOFTMAX, java_script_enabled=False)
    assert page.locator(".lc-mark").count() == 7
    assert page.locator(".lc-mark button").count() == 0
    assert page.locator(".lc-mark").evaluate_all("all => all.every(one => one.childNodes.length === 0)")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_about_buttons_and_ticks(visit, scheme, width):
    page = visit(SOFTMAX, color_scheme=scheme, viewport={"width": width, "height": 844})
    reading(page).click()
    named(page, "I solved it: exercise 4.3.a").click()
    page.evaluate("MathJax.startup.promise.then(() => true)")
    page.wait_for_timeout(300)
    found = Axe().run(page, context=[[".lc-mark"], [".bd-docs-nav"]], options=AXE).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


# ---- the report and the chapters' lines ----------------------------------------------------------------------------


def numbers(page, *keys: str) -> list[int]:
    """What the report or the line shows now."""
    page.wait_for_selector(".lc-widget[data-widget=progress][data-ready=true]")
    place = page.locator(".lc-widget[data-widget=progress]")
    return [int(place.locator(f"[data-key='{key}']").text_content()) for key in keys]


@pytest.mark.parametrize("how", ["http", "file"])
def test_what_is_done_on_pages_stands_in_the_report_and_in_its_chapters_line(visit, how):
    page = visit(SOFTMAX, how=how)
    reading(page).click()
    named(page, "I solved it: exercise 4.3.a").click()
    page.locator(".lc-mark").get_by_role("link", name="Your progress").click()
    page.wait_for_url("**/book/progress.html")
    assert numbers(page, "all.read", "ch4.read", "ch4.exercises", "ch1.read", "4.3.exercises") == [1, 1, 1, 0, 1]
    page.goto(f"{page.where}/chapters/04_attention/index.html")
    assert numbers(page, "all.read", "all.exercises") == [1, 1]
    line = page.locator("dl.lc-parts + .lc-widget .lc-line")
    assert line.inner_text().startswith("Read 1 of 4 pages")
    line.get_by_role("link", name="Your progress").click()
    page.wait_for_url("**/book/progress.html")
    page.goto(f"{page.where}/chapters/01_mathematical_intuition/index.html")
    assert numbers(page, "all.read", "all.exercises") == [0, 0]


def test_pages_that_are_not_built_have_no_link(visit):
    page = visit("book/progress")
    assert numbers(page, "all.read") == [0]
    links = page.locator("article table a").all_text_contents()
    assert links == ["Notation without fear", "Softmax and temperature"]


def test_the_first_page_says_where_to_continue_and_how_many_cards_are_due(visit):
    page = visit("book/index")
    line = page.locator(".lc-widget[data-widget=progress] .lc-line")
    line.scroll_into_view_if_needed()  # a widget comes to life when it is near
    assert numbers(page, "all.read", "all.due") == [0, 0]
    assert "Continue" not in line.inner_text()
    cards = {"4.3-c1": {"reviewed": "2026-11-01T08:00:00Z", "due": "2026-11-03T08:00:00Z"}}
    cards["4.3-c1"] |= {"stability": 4.0, "difficulty": 5.0, "state": 2, "step": None, "reviews": 3, "lapses": 0}
    record = {"pages": {"4.3": {"read": "2026-11-01T08:00:00Z"}}, "cards": cards}
    page.evaluate("text => llmcourseStore.importText(text)", json.dumps(file_of(**record)))
    assert line.inner_text().startswith("Continue with 4.4 Attention as a kernel method. Read 1 of ")
    assert numbers(page, "all.read", "all.due") == [1, 1]
    page.evaluate("llmcourseStore.put('pages', '0', { read: '2026-11-02T08:00:00Z' })")  # the digest, read last
    line.get_by_role("link", name="Notation without fear").click()
    page.wait_for_url("**/01_notation.html")
    reading(page).click()
    page.goto(f"{page.where}/book/index.html")
    line.scroll_into_view_if_needed()
    assert numbers(page, "all.read") == [3]
    assert line.inner_text().startswith("Continue with 1.2 Probability for language generation. Read 3 of ")
    names = [one.page.id for _, pages in outline(ROOT) for one in pages]
    pages = {name: {"read": "2026-11-02T08:00:00Z"} for name in names}
    page.evaluate("text => llmcourseStore.importText(text)", json.dumps(file_of(pages=pages)))
    assert numbers(page, "all.read") == [len(pages)]
    assert "Continue" not in line.inner_text()


def test_the_page_says_what_deleting_takes_and_what_it_leaves(visit):
    page = visit("book/progress", record={"pages": {"4.3": {"read": "2026-11-01T08:00:00Z"}}})
    settings = json.dumps({"perDay": 3, "off": ["4"]})
    page.evaluate("text => localStorage.setItem('llmcourse-review', text)", settings)
    assert "perDay" not in page.evaluate("llmcourseStore.exportText()")
    numbers(page, "all.read")
    page.get_by_role("button", name="Delete everything …").click()
    assert "settings for reviews, which no exported file has" in page.get_by_role("dialog").inner_text()
    page.get_by_role("button", name="Delete everything", exact=True).click()
    page.wait_for_function("document.querySelector('.lc-doing .lc-said').textContent.startsWith('Deleted')")
    said, keys = page.locator(".lc-doing .lc-said").inner_text(), page.evaluate("Object.keys(localStorage).sort()")
    assert keys == ["mode", "theme"]
    for text in (said, page.locator("#where-it-is-kept").inner_text()):
        assert all(key in text for key in keys)


def test_the_page_says_that_nothing_is_sent_and_asks_nobody(visit):
    page = visit("book/progress")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    numbers(page, "all.read")
    assert "Nothing is sent anywhere" in page.locator("article").inner_text()
    assert [url for url in asked if not url.startswith((page.where, "data:", "blob:"))] == []


def test_the_printed_report_is_the_report_alone(visit):
    page = visit("book/progress")
    numbers(page, "all.read")
    page.emulate_media(media="print")
    assert page.locator(".lc-progress table").first.is_visible()
    assert page.locator(".lc-printed").is_visible()
    assert page.locator("#where-it-is-kept").is_hidden()
    assert page.locator(".lc-doing").is_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_on_the_report(visit, scheme, width):
    record = {"pages": {"4.3": {"read": "2026-11-01T08:00:00Z"}, "77.1": {"read": "2026-11-01T08:00:00Z"}}}
    page = visit("book/progress", record=record, color_scheme=scheme, viewport={"width": width, "height": 844})
    assert numbers(page, "all.read") == [1]
    found = Axe().run(page, context=[[".bd-article"]], options=AXE).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
