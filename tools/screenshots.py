"""Pictures of built pages: light, dark and phone. ``python tools/screenshots.py [-o FOLDER] [PAGE ...]``.

A page is named by its path in the site without ``.html``; without names, all of them. The name ``social`` draws
book/assets/img/social.png from social.svg with the site's own fonts, ``readme`` takes the README's picture of a page.
"""

import argparse
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from browser import ADVICE, LAUNCH_ARGS, find_chromium

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build/html"
IMAGES = ROOT / "book/assets/img"
KINDS = {
    "light": {"viewport": {"width": 1360, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1360, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light", "device_scale_factor": 2},
}


def pages(site: Path) -> list[str]:
    """Every page of the built site."""
    files = (path.relative_to(site) for path in site.rglob("*.html"))
    return sorted(path.with_suffix("").as_posix() for path in files if not path.parts[0].startswith("_"))


def shoot(browser: Browser, site: Path, names: list[str], folder: Path) -> None:
    """Write FOLDER/PAGE-KIND.png, the whole page, for each page and kind."""
    for kind, options in KINDS.items():
        context = browser.new_context(reduced_motion="reduce", **options)
        tab = context.new_page()
        for name in names:
            tab.goto((site / f"{name}.html").as_uri(), wait_until="load")
            tab.wait_for_function("!window.MathJax?.startup?.promise || MathJax.startup.promise.then(() => true)")
            tab.evaluate(  # whatever waits for the reader to scroll by
                "async () => { for (let y = 0; y < document.body.scrollHeight; y += 600)"
                " { scrollTo(0, y); await new Promise(r => setTimeout(r, 60)); } scrollTo(0, 0); }"
            )
            tab.wait_for_timeout(300)
            tab.screenshot(path=folder / f"{name.replace('/', '-')}-{kind}.png", full_page=True)
        context.close()


def social(browser: Browser) -> None:
    """The picture that a link preview shows."""
    tab = browser.new_page(viewport={"width": 1200, "height": 630})
    drawing = (IMAGES / "social.svg").read_text(encoding="utf-8")
    page = IMAGES / "social.html"  # beside the style, so that its relative addresses hold
    page.write_text(f'<link rel="stylesheet" href="../css/fonts.css"><style>body{{margin:0}}</style>{drawing}', "utf-8")
    try:
        tab.goto(page.as_uri(), wait_until="load")
        tab.evaluate("document.fonts.ready")
        tab.screenshot(path=IMAGES / "social.png")
    finally:
        page.unlink()


def readme(browser: Browser, site: Path) -> None:
    """The first screenful around the widget of page 1.3, with one bar moved by hand."""
    tab = browser.new_page(viewport={"width": 1280, "height": 800})
    tab.goto((site / "chapters/01_mathematical_intuition/03_entropy.html").as_uri(), wait_until="load")
    tab.locator(".lc-widget").scroll_into_view_if_needed()
    tab.locator(".lc-widget[data-ready=true]").wait_for()
    tab.locator(".lc-widget input[type=range], .lc-widget [role=slider]").first.focus()
    for _ in range(5):
        tab.keyboard.press("ArrowUp")
    tab.evaluate("scrollTo(0, document.querySelector('.lc-widget').getBoundingClientRect().top + scrollY - 170)")
    tab.wait_for_timeout(500)
    tab.screenshot(path=IMAGES / "page.png")


def main() -> None:
    """Take the pictures that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="*")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "_build/screenshots")
    parser.add_argument("--site", type=Path, default=SITE)
    given = parser.parse_args()
    if given.pages != ["social"] and not (given.site / "index.html").exists():
        sys.exit(f"no built site in {given.site}; run: make book")
    if not (program := find_chromium()):
        sys.exit(ADVICE)
    given.output.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program, args=LAUNCH_ARGS)
        if given.pages == ["social"]:
            social(browser)
        elif given.pages == ["readme"]:
            readme(browser, given.site.resolve())
        else:
            shoot(browser, given.site.resolve(), given.pages or pages(given.site), given.output)
        browser.close()


if __name__ == "__main__":
    main()
