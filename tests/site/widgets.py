"""What the tests of widgets share: a page with nothing but widgets on it, and how to read and set their state."""

import functools
import http.server
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page

from llmcourse.explore import bundle
from llmcourse.explore.widget import Widget
from llmcourse.palette import DARK, LIGHT

ROOT = Path(__file__).resolve().parents[2]
# What a browser does that refuses to keep anything; for add_init_script.
BLOCKED = "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } })"
READ = """div => Object.fromEntries([...div.querySelectorAll('[data-key][data-value]')]
    .map(node => [node.dataset.key, [node.dataset.value, node.textContent]]))"""
SET = """async (div, state) => {
  for (const [name, value] of Object.entries(state)) div.lcModel.set(name, value);
  await new Promise(done => setTimeout(done));
}"""
RUN = """async ([source, css, state]) => {
      document.head.append(Object.assign(document.createElement("style"), { textContent: css }));
      const module = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
      const sent = [], model = new llmcourseHost.Model(state);
      model.save_changes = () => sent.push(structuredClone(model.state));
      const el = document.body.appendChild(document.createElement("div"));
      const stop = await module.default.render({ model, el, experimental: {} });
      Object.assign(el, { id: "cell", lcModel: model });
      Object.assign(window, { sent, stop });
    }"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture(scope="session")
def widget_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the site ships for widgets, laid out as on the site."""
    base = tmp_path_factory.mktemp("widgets")
    shutil.copytree(ROOT / "book/assets/js", base / "_static/js")
    shutil.copytree(ROOT / "book/assets/data", base / "_static/data")
    shutil.copytree(ROOT / "book/assets/fonts", base / "_static/fonts")
    shutil.copytree(ROOT / "book/assets/mathjax", base / "_static/mathjax")
    (base / "_static/css").mkdir()
    shutil.copy(ROOT / "book/assets/css/fonts.css", base / "_static/css")  # no width may hang on this machine's fonts
    (base / "_static/widgets").mkdir()
    for name in bundle.widget_names():
        (base / f"_static/widgets/{name}.widget.js").write_text(bundle.classic_script(name), encoding="utf-8")
    (base / "_static/widgets/widget.css").write_text(bundle.style(), encoding="utf-8")
    broken = "(window.llmcourseWidgets = window.llmcourseWidgets || {})['broken'] = "
    module = "export default { render() { throw new Error('of a planted fault'); } };"
    (base / "_static/widgets/broken.widget.js").write_text(broken + json.dumps(module), encoding="utf-8")
    return base


@pytest.fixture(scope="session")
def widget_server(widget_folder: Path) -> Iterator[str]:
    """A plain file server on loopback."""
    one = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(widget_folder)))
    threading.Thread(target=one.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{one.server_port}"
    one.shutdown()
    one.server_close()


@pytest.fixture
def open_page(browser: Browser, widget_folder: Path, widget_server: str) -> Iterator[Callable[..., Page]]:
    """Opens a page with these widgets; in the end nothing was asked of the network and the console is empty."""
    contexts, complaints = [], []

    def open_it(*html: str, how: str = "http", theme: str = "light", width: int = 900, mount: bool = True, **options):
        colors = "".join(f"--lc-{name}:{value};" for name, value in (LIGHT if theme == "light" else DARK).items())
        style = (
            f"html{{{colors}}} body{{margin:0 8px;background:var(--lc-paper);color:var(--lc-ink);"
            "font-family:'Source Sans 3'}"
        )
        body = "".join(f"<p>Before it.</p>{part}" for part in html)
        (widget_folder / "page.html").write_text(
            '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            f'<link rel="icon" href="data:,"><title>Widgets</title><style>{style}</style>'
            '<link rel="stylesheet" href="_static/css/fonts.css">'
            '<link rel="stylesheet" href="_static/widgets/widget.css">'
            f'<main><h1>Widgets</h1>{body}<p id="end">After it.</p></main>'
            '<script defer src="_static/js/record-format.js"></script><script defer src="_static/js/store.js"></script>'
            '<script defer src="_static/js/host.js?v=1"></script></html>',
            encoding="utf-8",
        )
        context = browser.new_context(viewport={"width": width, "height": 800}, **options)
        contexts.append(context)
        base = widget_server if how == "http" else widget_folder.as_uri()
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith((base, "data:", f"blob:{base}", "blob:null"))
                else complaints.append(f"asked for {request.url}")
            ),
        )
        page.goto(f"{base}/page.html")
        if mount and options.get("java_script_enabled", True):
            page.evaluate(
                "Promise.all([...document.querySelectorAll('.lc-widget')].map(div => llmcourseHost.mount(div)))"
            )
        page.evaluate("document.fonts.ready.then(() => true)")  # a line may break elsewhere in another font
        page.complaints = complaints
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert complaints == []


def widget_of(page: Page) -> Locator:
    """The first widget of the page, alive."""
    div = page.locator(".lc-widget").first
    assert div.get_attribute("data-ready") == "true"
    return div


def shown(div: Locator) -> dict[str, float]:
    """Every number in the widget, in full precision."""
    return {key: float(value) for key, (value, _) in div.evaluate(READ).items()}


def same(actual: dict[str, float], expected: dict[str, float]) -> None:
    """The same numbers under the same names, to 1e-6; infinities exactly."""
    assert set(actual) == set(expected)
    for key, value in expected.items():
        assert actual[key] == pytest.approx(value, abs=1e-6, rel=1e-6, nan_ok=True), key


def same_without_scripts(
    open_page: Callable[..., Page],
    *html: str,
    width: int,
    also: str = "div => null",
    texts: Callable[[str], bool] = lambda key: True,
) -> None:
    """Without scripts the widgets show the numbers that they show alive, at the same place, and fit their screen.

    ``also`` is JavaScript for what else must be the same; ``texts`` says of a name whether its number is written alike.
    """
    looks = []
    for options in ({"mount": False, "java_script_enabled": False}, {}):
        page = open_page(*html, width=width, **options)
        divs = page.locator(".lc-widget").all()
        assert [div.locator(".lc-static").count() for div in divs] == [int("mount" in options)] * len(html)
        looks.append([(div.evaluate(READ), div.evaluate(also), div.bounding_box()) for div in divs])
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    for (numbers, other, place), (live_numbers, live_other, live_place) in zip(*looks, strict=True):
        written, live_written = (
            {key: text for key, (_, text) in one.items() if texts(key)} for one in (numbers, live_numbers)
        )
        assert live_written == written
        same(*({key: float(value) for key, (value, _) in one.items()} for one in (live_numbers, numbers)))
        assert live_other == other
        assert live_place["height"] == pytest.approx(place["height"], abs=1)
        assert live_place["y"] == pytest.approx(place["y"], abs=2)


def state_of(div: Locator, *names: str) -> list:
    return div.evaluate("(div, names) => names.map(name => div.lcModel.get(name))", list(names))


def moving(page: Page) -> int:
    """How many parts of the widgets on a page have a transition that takes time, or an animation."""
    return page.evaluate(
        """() => [...document.querySelectorAll('.lc-widget *')].filter(one => {
        const style = getComputedStyle(one);
        return parseFloat(style.transitionDuration) > 0 || style.animationName !== 'none';
        }).length"""
    )


def focused(page: Page) -> str:
    return page.evaluate(
        """() => { const one = document.activeElement; const style = getComputedStyle(one);
        const name = one.getAttribute('aria-label') || one.labels?.[0]?.textContent || one.textContent;
        const ring = [style, one.nextElementSibling && getComputedStyle(one.nextElementSibling)]
          .some(s => s && s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2);
        return `${name}|${ring}`; }"""
    )


def swipe(page: Page, points: list[tuple[float, float]]) -> None:
    """One finger along these points, as the browser's own input."""
    send = page.context.new_cdp_session(page).send
    send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": points[0][0], "y": points[0][1]}]})
    for x, y in points[1:]:
        send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": y}]})
        page.wait_for_timeout(20)
    send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_timeout(50)


def finger(node: Locator, points: list[tuple[float, float]]) -> None:
    """The pointer events of one finger along these points. On a busy machine the browser's own input (``swipe``) is
    slow, and a slow finger is taken for a long press."""
    node.evaluate(
        """(node, points) => points.forEach(([clientX, clientY], i) => {
          const send = (type) => node.dispatchEvent(new PointerEvent(type,
            { clientX, clientY, pointerType: "touch", isPrimary: true, bubbles: true }));
          send(i === 0 ? "pointerdown" : "pointermove");
          if (i === points.length - 1) send("pointerup");
        })""",
        points,
    )


def in_notebook(page: Page, widget: Widget) -> Locator:
    """The view that a notebook shows: anywidget imports ``_esm`` from a blob and hands over a model.

    ``sent`` holds what was sent to Python, ``stop()`` takes the view down.
    """
    assert str(widget._esm) == bundle.bundle(widget.script)
    page.evaluate(RUN, [str(widget._esm), str(widget._css), widget.state()])
    return page.locator("#cell")
