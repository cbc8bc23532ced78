"""What a reader does with the site: search, switch the theme, get lost, print; and what hosting adds."""

import re

import pytest

pytestmark = pytest.mark.browser
DARK = "() => getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).every(part => part < 40)"


@pytest.fixture
def tab(browser):
    """A fresh window in light colors."""
    context = browser.new_context(
        color_scheme="light", viewport={"width": 1280, "height": 900}, reduced_motion="reduce"
    )
    yield context.new_page()
    context.close()


def rgb(color: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", color)[:3]]


def paper(tab) -> list[int]:
    return rgb(tab.evaluate("getComputedStyle(document.body).backgroundColor"))


@pytest.mark.parametrize("how", ["server", "file"])
def test_search_finds_entropy(tab, address, site, how):
    base = address if how == "server" else site.as_uri()
    tab.goto(f"{base}/search.html?q=entropy")
    tab.wait_for_selector("#search-results li a", timeout=10_000)
    links = tab.eval_on_selector_all("#search-results li a", "found => found.map(one => one.getAttribute('href'))")
    assert any("03_entropy" in link for link in links)
    assert any("glossary" in link for link in links)


def test_the_button_switches_to_dark_and_the_choice_lasts(tab, address):
    tab.goto(f"{address}/book/index.html")
    light = paper(tab)
    for _ in range(3):  # auto, light, dark in the theme's order
        tab.locator(".bd-header-article .theme-switch-button").first.click()
        if tab.evaluate("document.documentElement.dataset.theme") == "dark":
            break
    assert sum(light) > 700
    tab.wait_for_function(DARK, timeout=5_000)  # the color may take a moment to change
    tab.goto(f"{address}/book/glossary.html")
    tab.wait_for_function(DARK, timeout=5_000)


def test_without_scripts_the_system_decides_and_text_is_there(browser, address):
    context = browser.new_context(color_scheme="dark", java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"{address}/book/index.html")
    tab.screenshot()  # styles are settled
    assert "distribution" in tab.inner_text("article")
    context.close()


def test_figures_take_the_colors_of_the_theme(browser, address, site):
    pages = [f"chapters/{one.parent.name}/{one.stem}" for one in site.glob("chapters/*/*.html")]
    strokes = {}
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme)
        tab = context.new_page()
        for page in pages:
            tab.goto(f"{address}/{page}.html")
            read = "found => found.map(one => getComputedStyle(one).fill + getComputedStyle(one).stroke)"
            strokes[scheme, page] = tab.eval_on_selector_all(".lc-svg path, .lc-svg text, .lc-svg use", read)
        context.close()
    drawn = [page for page in pages if strokes["light", page]]
    assert drawn, "no page has a figure"
    for page in drawn:
        assert strokes["light", page] != strokes["dark", page], page
        assert not any("rgb(255, 255, 255)" in one for one in strokes["dark", page]), f"{page}: white in the dark"


@pytest.mark.parametrize("place", ["nowhere.html", "a/b/c/d.html", "chapters/nothing/here"])
def test_a_wrong_address_gets_a_page_that_leads_back(tab, address, place):
    tab.goto(f"{address}/{place}")
    assert "probability zero" in tab.inner_text("h1")
    tab.get_by_role("link", name="landing page").click()
    assert tab.title().startswith("How Large Language Models Work")


def test_the_404_page_works_as_a_file(tab, site):
    tab.goto((site / "404.html").as_uri())
    tab.get_by_role("link", name="glossary").click()
    assert "Glossary" in tab.inner_text("h1")


def test_the_root_leads_to_the_landing_page(tab, address):
    tab.goto(f"{address}/")
    tab.wait_for_url("**/book/index.html")
    assert "How Large Language Models Work" in tab.inner_text("h1")


def test_the_first_tab_stop_skips_to_the_text(tab, address):
    tab.goto(f"{address}/book/index.html")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.getAttribute('href')") == "#main-content"
    tab.keyboard.press("Tab")
    ring = tab.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert ring == "solid"


def test_print_shows_the_text_alone(tab, address):
    tab.goto(f"{address}/book/glossary.html")
    tab.emulate_media(media="print")
    assert not tab.is_visible("#pst-primary-sidebar")
    assert not tab.is_visible(".bd-header-article")
    assert tab.is_visible("article h1")
    assert rgb(tab.evaluate("getComputedStyle(document.querySelector('article')).color")) < [90, 90, 90]
    assert len(tab.pdf()) > 20_000


def test_code_can_be_copied(tab, address):
    tab.goto(f"{address}/book/how_to_use.html")
    assert tab.locator("article button.copybtn").count() >= 1


def test_api_entries_lead_to_the_page_that_explains_them(site):
    text = (site / "book/api/language.html").read_text(encoding="utf-8")
    entry = text[text.index('id="llmcourse.language.information.entropy"') :]
    entry = entry[: entry.index('id="llmcourse.language.information.cross_entropy"')]
    assert re.search(r'lc-explained.*?href="[^"]*03_entropy\.html"', entry, re.DOTALL)
    assert "Source of" in entry
    assert "Shannon" in entry


def test_citations_say_what_they_cite_when_pointed_at(site):
    text = (site / "book/api/language.html").read_text(encoding="utf-8")
    assert re.search(r'title="[^"]*A [Mm]athematical [Tt]heory', text)


def test_pages_describe_themselves(site):
    for name in ("book/index", "book/glossary", "chapters/01_mathematical_intuition/03_entropy"):
        text = (site / f"{name}.html").read_text(encoding="utf-8")
        for tag in ('name="description"', 'property="og:title"', 'property="og:description"', 'name="twitter:card"'):
            assert text.count(tag) == 1, (name, tag)
        assert re.search(r'name="description" content="[^"]{40,200}"', text), name


def test_nothing_is_said_about_hosting_unless_the_build_knows(site):
    page = (site / "chapters/01_mathematical_intuition/03_entropy.html").read_text(encoding="utf-8")
    assert not re.search(r"colab|binder|og:image|canonical|btn-source-repository", page)
    assert not (site / "sitemap.xml").exists()


def test_a_hosted_build_has_its_buttons_and_addresses(hosted):
    page = (hosted / "chapters/01_mathematical_intuition/03_entropy.html").read_text(encoding="utf-8")
    notebook = "chapters/01_mathematical_intuition/03_entropy"
    assert f"colab.research.google.com/github/someone/course/blob/main/{notebook}.ipynb" in page
    assert "mybinder.org/v2/gh/someone/course/main" in page
    assert 'content="https://example.org/course/_static/img/social.png"' in page
    assert f'rel="canonical" href="https://example.org/course/{notebook}.html"' in page
    assert (hosted / "_static/img/social.png").stat().st_size > 5_000
    assert f"<loc>https://example.org/course/{notebook}.html</loc>" in (hosted / "sitemap.xml").read_text()
    assert 'href="/course/book/index.html"' in (hosted / "404.html").read_text(encoding="utf-8")
