"""Every page of the site, from a server, in light and dark, and from the file system, with the network blocked."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest

from tests.site.visit import Visit, is_internal

pytestmark = pytest.mark.browser


def complaints(visits: list[Visit], what: str) -> dict[str, list]:
    """Pages whose list ``what`` is not empty."""
    return {f"{one.page} ({one.kind})": getattr(one, what) for one in visits if getattr(one, what)}


def facts(visits: list[Visit], what: str) -> dict[str, list]:
    """The same for what was read from the page."""
    return {f"{one.page} ({one.kind})": one.facts[what] for one in visits if one.facts[what]}


def test_the_whole_book_was_visited(visits, names):
    seen = {one.page for one in visits}
    assert {"book/index", "book/glossary", "404", "search"} <= seen
    assert len(visits) == 2 * (len(names) - 1)
    assert sum("/0" in page for page in seen) >= 3  # the chapter's three notebooks


def test_no_page_asks_anybody_else_for_anything(visits):
    assert complaints(visits, "outside") == {}


def test_no_page_misses_a_file_of_its_own(visits):
    assert complaints(visits, "missing") == {}


def test_no_page_reports_an_error(visits):
    assert complaints(visits, "errors") == {}


def test_every_formula_is_typeset(visits):
    bare = {f"{one.page} ({one.kind})": one.facts for one in visits if one.facts["formulas"] > one.facts["typeset"]}
    assert {page: (fact["formulas"], fact["typeset"]) for page, fact in bare.items()} == {}
    assert facts(visits, "raw") == {}
    assert facts(visits, "broken") == {}
    assert sum(one.facts["typeset"] for one in visits) > 100


def test_axe_finds_nothing_in_light_and_dark(visits):
    assert complaints(visits, "axe") == {}


def test_pictures_have_a_text_alternative_and_figures_a_caption(visits):
    assert facts(visits, "mute") == {}
    assert {one.page: one.facts["figures"] for one in visits if not all(one.facts["figures"])} == {}


def test_no_page_is_wider_than_a_phone(visits):
    assert {one.page: one.phone_width for one in visits if one.phone_width > 390} == {}


def test_every_widget_and_plot_comes_to_life(visits):
    dead = {f"{one.page} ({one.kind})": one.facts["widgets"] for one in visits}
    assert {page: found for page, found in dead.items() if any(state != "true" for _, state in found)} == {}
    assert {one.page: one.facts["plots"] for one in visits if set(one.facts["plots"]) - {"true"}} == {}


def test_the_theme_follows_the_readers_system(visits):
    ours = [one for one in visits if one.page.startswith(("book", "chapters"))]
    assert {(wanted, found["theme"]) for one in ours for wanted, found in one.colors.items()} == {
        ("light", "light"),
        ("dark", "dark"),
    }
    assert [one.page for one in ours if len({found["paper"] for found in one.colors.values()}) != len(one.colors)] == []


def test_figures_take_the_colors_of_the_theme(visits):
    drawn = [one for one in visits if one.kind == "served" and one.colors["light"]["figures"]]
    assert len(drawn) > 20
    for one in drawn:
        light, dark = (one.colors[theme]["figures"] for theme in ("light", "dark"))
        assert light != dark, one.page
        assert not any("rgb(255, 255, 255)" in color for color in dark), f"{one.page}: white in the dark"


def test_links_lead_somewhere(visits, site):
    by_page = {f"{one.page}.html": one.facts for one in visits if one.kind == "file"}
    anchors = {page: set(fact["anchors"]) for page, fact in by_page.items()}
    broken = []
    for page, fact in by_page.items():
        if page == "404.html":
            continue  # it does not know how deep it stands; test_site.py follows its links
        for link in filter(is_internal, fact["links"]):
            parts = urlsplit(urljoin(page, link))
            target, anchor = unquote(parts.path), unquote(parts.fragment)
            if not (site / target).is_file() or (anchor and target in anchors and anchor not in anchors[target]):
                broken.append(f"{page}: {link}")
    assert broken == []


class Addresses(HTMLParser):
    """Addresses that a browser loads without being asked to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("script", "img", "iframe", "source", "video", "audio"):
            self.found.append(given.get("src") or "")
        if tag == "link" and given.get("rel") not in ("canonical",):
            self.found.append(given.get("href") or "")


def test_no_source_names_another_host_in_anything_that_loads(site):
    outside = []
    for path in site.rglob("*.html"):
        parser = Addresses()
        parser.feed(path.read_text(encoding="utf-8"))
        outside += [f"{path.name}: {one}" for one in parser.found if re.match(r"(https?:)?//", one)]
    for path in site.rglob("*.css"):
        text = path.read_text(encoding="utf-8")
        outside += [f"{path.name}: {one}" for one in re.findall(r"url\([\"']?((?:https?:)?//[^)\"']+)", text)]
    assert outside == []


def notebooks(site: Path) -> list[str]:
    return [path.relative_to(site).with_suffix("").as_posix() for path in site.glob("chapters/*/[0-9]*.html")]


def test_notebook_pages_offer_their_notebook(site):
    pages = notebooks(site)
    assert pages
    for page in pages:
        text = (site / f"{page}.html").read_text(encoding="utf-8")
        link = re.search(r'href="([^"]+\.ipynb)"[^>]*class="[^"]*btn-download-source', text)
        assert link, f"{page} has no download button"
        target = (site / page).parent / link.group(1)
        assert json.loads(target.read_text(encoding="utf-8"))["nbformat"] == 4


def test_figures_of_one_page_share_no_ids(site):
    for page in notebooks(site):
        ids = re.findall(r'\bid="([^"]+)"', (site / f"{page}.html").read_text(encoding="utf-8"))
        assert sorted({one for one in ids if ids.count(one) > 1}) == [], page
