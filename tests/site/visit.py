"""Look at a page once and write down everything that the tests ask about."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, TimeoutError

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
LOADED = {"served": "light", "file": "dark"}  # the theme in which pages are opened
TYPESET = "() => !window.MathJax || (MathJax.startup?.promise ?? Promise.reject()).then(() => true)"
# Two frames at each stop: what comes near the screen is noticed when a frame is drawn, however busy the machine is.
FRAME = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
SCROLL = f"""async () => {{
  for (let y = 0; y < document.body.scrollHeight; y += 800) {{
    scrollTo(0, y);
    await ({FRAME})();
  }}
  scrollTo(0, 0);
}}"""
# What takes axe longer than all else and tells it nothing: words of code, of which those of one class in one place have
# one color (the longest stays an element, since axe passes over single letters; the others become plain text, and so do
# all that are folded away), and the strokes of formulas, which it does not look at.
LIGHTEN = """() => {
  const words = [...document.querySelectorAll('pre span, dt.sig span')], longest = new Map();
  for (const word of words.filter(one => one.checkVisibility())) {
    const ground = getComputedStyle(word.closest('pre, dt')).backgroundColor;
    const kind = [word.className, word.parentElement.className, ground].join();
    if (word.textContent.length > (longest.get(kind)?.textContent.length ?? 0)) longest.set(kind, word);
  }
  const kept = new Set(longest.values());
  for (const word of words) if (!kept.has(word)) word.replaceWith(...word.childNodes);
  for (const formula of document.querySelectorAll('mjx-container > svg')) formula.replaceChildren();
}"""
# preload: axe would fetch the styles again and resolve their imports against the page. resultTypes: of what
# passes, nearly all, one element each is enough; that halves the time. In the dark only colors differ.
QUICK = {"preload": False, "resultTypes": ["violations"]}
AXE = {"light": QUICK, "dark": QUICK | {"runOnly": ["color-contrast", "link-in-text-block"]}}
# What is folded away (a chapter's whole quiz) starts when it is unfolded: test_study.py does that.
ALIVE = """() => [...document.querySelectorAll('.lc-widget, .lc-plotly')]
  .every(one => one.dataset.ready || one.closest('details:not([open])'))"""
# Formulas that are seen as TeX. In code, as in a doctest, they are meant.
RAW = """() => {
  const article = document.querySelector('article');
  if (!article) return [];
  const accept = (text) => text.parentElement.closest('pre, code, script') || !text.parentElement.checkVisibility()
    ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT;
  const texts = document.createTreeWalker(article, NodeFilter.SHOW_TEXT, accept);
  const found = [];
  while (texts.nextNode()) {
    if (/\\\\\\(|\\\\\\[|\\$\\$/.test(texts.currentNode.data)) found.push(texts.currentNode.data.trim().slice(0, 80));
  }
  return found;
}"""
FACTS = """() => ({
  width: document.documentElement.scrollWidth,
  formulas: document.querySelectorAll('.math').length,
  typeset: document.querySelectorAll('.math mjx-container').length,
  broken: [...document.querySelectorAll('[data-mml-node="merror"]')].map(one => one.textContent.slice(0, 80)),
  mute: [...document.querySelectorAll('img, svg[role=img], svg.lc-svg')]
    .filter(one => !(one.getAttribute('alt') ?? one.getAttribute('aria-label'))
      && one.getAttribute('role') !== 'presentation'
      && !one.closest('.navbar-brand, .svg-inline--fa, mjx-container, [aria-hidden=true]'))
    .map(one => one.outerHTML.slice(0, 120)),
  figures: [...document.querySelectorAll('figure')]
    .map(one => one.querySelector('figcaption')?.textContent.trim() || ''),
  widgets: [...document.querySelectorAll('.lc-widget')].filter(one => !one.closest('details:not([open])'))
    .map(one => [one.dataset.widget, one.dataset.ready || 'never']),
  plots: [...document.querySelectorAll('.lc-plotly')].map(one => one.dataset.ready || 'never'),
  links: [...document.querySelectorAll('a[href]')].map(one => one.getAttribute('href')),
  anchors: [...document.querySelectorAll('[id]')].map(one => one.id),
})"""
COLORS = """() => ({
  theme: document.documentElement.dataset.theme || '',
  paper: getComputedStyle(document.body).backgroundColor,
  figures: [...document.querySelectorAll('.lc-svg :is(path, text, use)')]
    .map(one => getComputedStyle(one).fill + getComputedStyle(one).stroke),
})"""


@dataclass
class Visit:
    """What one page showed."""

    page: str
    kind: str  # served or file, as in LOADED
    outside: list[str] = field(default_factory=list)  # addresses asked for that are not the site's
    missing: list[str] = field(default_factory=list)  # the site's own files that were not there
    errors: list[str] = field(default_factory=list)  # console errors and uncaught exceptions
    axe: list[str] = field(default_factory=list)
    phone_width: int = 0
    facts: dict = field(default_factory=dict)
    colors: dict[str, dict] = field(default_factory=dict)  # of each theme


def take(browser: Browser, base: str, pages: list[str], *, kind: str) -> Iterator[Visit]:
    """Visit ``pages`` under ``base`` one after another in one window whose network ends at the site."""
    context = browser.new_context(viewport=DESKTOP, reduced_motion="reduce")
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
    # Aborted is what the page itself called off, or left behind when it was left: a missing file fails in other words.
    tab.on(
        "requestfailed",
        lambda request: None if request.failure == "net::ERR_ABORTED" else now.missing.append(request.url),
    )
    tab.on("response", lambda answer: now.missing.append(answer.url) if answer.status >= 400 else None)
    for page in pages:
        now = Visit(page, kind)
        tab.emulate_media(color_scheme=LOADED[kind])
        tab.goto(f"{base}/{page}.html", wait_until="load")
        look(tab, now)
        yield now
    context.close()


def look(tab: Page, visit: Visit) -> None:
    """Wait until the page has come to rest, then write down the facts: also, that it did not.

    What is served is looked at in the width of a phone too, and by axe, in light and then in dark.
    """
    try:
        tab.wait_for_function(TYPESET)
        tab.evaluate(SCROLL)
        tab.wait_for_function(ALIVE)
    except TimeoutError as error:
        visit.errors.append(str(error))
    visit.facts = tab.evaluate(FACTS) | {"raw": tab.evaluate(RAW)}
    visit.colors[LOADED[visit.kind]] = tab.evaluate(COLORS)
    if visit.kind == "file":
        return
    tab.set_viewport_size(PHONE)
    visit.phone_width = tab.evaluate("document.documentElement.scrollWidth")
    tab.set_viewport_size(DESKTOP)
    tab.evaluate(LIGHTEN)
    visit.axe = violations(tab, "light")
    tab.emulate_media(color_scheme="dark")
    tab.evaluate(FRAME)
    visit.colors["dark"] = tab.evaluate(COLORS)
    visit.axe += violations(tab, "dark")


def violations(tab: Page, theme: str) -> list[str]:
    """What axe says of the page as it is now: each rule that is broken with up to three of its elements."""
    return [
        f"{one['id']} in {theme}: {node['html'][:140]} | {' '.join(node['failureSummary'].split())[:200]}"
        for one in Axe().run(tab, options=AXE[theme]).response["violations"]
        for node in one["nodes"][:3]
    ]


def is_internal(link: str) -> bool:
    """Whether a link stays inside the site."""
    return not urlsplit(link).scheme and not link.startswith("//")
