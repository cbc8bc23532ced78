"""Look at a page once and write down everything that the tests ask about."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

TYPESET = "() => !window.MathJax || (MathJax.startup?.promise ?? Promise.reject()).then(() => true)"
SCROLL = """async () => {
  for (let y = 0; y < document.body.scrollHeight; y += 500) {
    scrollTo(0, y);
    await new Promise(r => setTimeout(r, 20));
  }
  scrollTo(0, 0);
}"""
# preload: axe would fetch the styles again and resolve their imports against the page. In the dark only colors differ.
AXE = {"light": {"preload": False}, "dark": {"preload": False, "runOnly": ["color-contrast", "link-in-text-block"]}}
ALIVE = """() => [...document.querySelectorAll('.lc-widget, .lc-plotly')].every(one => one.dataset.ready)"""
FACTS = """() => ({
  width: document.documentElement.scrollWidth,
  theme: document.documentElement.dataset.theme || '',
  paper: getComputedStyle(document.body).backgroundColor,
  formulas: document.querySelectorAll('.math').length,
  typeset: document.querySelectorAll('.math mjx-container').length,
  broken: [...document.querySelectorAll('[data-mml-node="merror"]')].map(one => one.textContent.slice(0, 80)),
  raw: (document.querySelector('article')?.innerText.match(/\\\\\\(|\\\\\\[|\\$\\$/g) || []).length,
  mute: [...document.querySelectorAll('img, svg[role=img], svg.lc-svg')]
    .filter(one => !(one.getAttribute('alt') ?? one.getAttribute('aria-label'))
      && one.getAttribute('role') !== 'presentation'
      && !one.closest('.navbar-brand, .svg-inline--fa, mjx-container, [aria-hidden=true]'))
    .map(one => one.outerHTML.slice(0, 120)),
  figures: [...document.querySelectorAll('figure')]
    .map(one => one.querySelector('figcaption')?.textContent.trim() || ''),
  widgets: [...document.querySelectorAll('.lc-widget')].map(one => [one.dataset.widget, one.dataset.ready || 'never']),
  plots: [...document.querySelectorAll('.lc-plotly')].map(one => one.dataset.ready || 'never'),
  links: [...document.querySelectorAll('a[href]')].map(one => one.getAttribute('href')),
  anchors: [...document.querySelectorAll('[id]')].map(one => one.id),
})"""


@dataclass
class Visit:
    """What one page showed."""

    page: str
    kind: str  # light, dark or file
    outside: list[str] = field(default_factory=list)  # addresses asked for that are not the site's
    missing: list[str] = field(default_factory=list)  # the site's own files that were not there
    errors: list[str] = field(default_factory=list)  # console errors and uncaught exceptions
    axe: list[str] = field(default_factory=list)
    phone_width: int = 0
    facts: dict = field(default_factory=dict)


def take(browser: Browser, base: str, pages: list[str], *, kind: str) -> Iterator[Visit]:
    """Visit ``pages`` under ``base`` one after another in one window whose network ends at the site."""
    context = browser.new_context(
        color_scheme="dark" if kind == "dark" else "light",
        viewport={"width": 1280, "height": 900},
        reduced_motion="reduce",
    )
    tab = context.new_page()
    now = Visit("", kind)

    def gate(route: object) -> None:
        url = route.request.url
        if url.startswith((base, "data:", "blob:")):
            route.continue_()
        else:
            now.outside.append(url)
            route.abort()

    context.route("**/*", gate)
    tab.on("console", lambda message: now.errors.append(message.text) if message.type == "error" else None)
    tab.on("pageerror", lambda error: now.errors.append(str(error)))
    tab.on("requestfailed", lambda request: now.missing.append(request.url))
    tab.on("response", lambda answer: now.missing.append(answer.url) if answer.status >= 400 else None)
    for page in pages:
        now = Visit(page, kind)
        tab.set_viewport_size({"width": 1280, "height": 900})
        tab.goto(f"{base}/{page}.html", wait_until="load")
        look(tab, now)
        yield now
    context.close()


def look(tab: Page, visit: Visit) -> None:
    """Wait until the page has come to rest, then write down the facts."""
    tab.wait_for_function(TYPESET, timeout=20_000)
    tab.evaluate(SCROLL)
    tab.wait_for_function(ALIVE, timeout=20_000)
    visit.facts = tab.evaluate(FACTS)
    if visit.kind != "file":
        found = Axe().run(tab, options=AXE[visit.kind]).response["violations"]
        visit.axe = [
            f"{one['id']}: {node['html'][:140]} | {' '.join(node['failureSummary'].split())[:200]}"
            for one in found
            for node in one["nodes"][:3]
        ]
    if visit.kind == "light":
        tab.set_viewport_size({"width": 390, "height": 844})
        visit.phone_width = tab.evaluate("document.documentElement.scrollWidth")


def is_internal(link: str) -> bool:
    """Whether a link stays inside the site."""
    return not urlsplit(link).scheme and not link.startswith("//")
