"""What a reader does with the site: switch the theme, get lost, print; and what hosting adds."""

import re

import pytest

from tests.site.visit import FRAME, PHONE

pytestmark = pytest.mark.browser
ENTROPY = "chapters/01_mathematical_intuition/03_entropy"
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


def contrast(one: list[int], other: list[int]) -> float:
    """The contrast ratio of two colors as accessibility guidelines define it."""

    def luminance(color: list[int]) -> float:
        parts = [part / 255 for part in color]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def paper(tab) -> list[int]:
    return rgb(tab.evaluate("getComputedStyle(document.body).backgroundColor"))


def test_the_button_switches_to_dark_and_the_choice_lasts(tab, address):
    tab.goto(f"{address}/book/index.html")
    light = paper(tab)
    for _ in range(3):  # auto, light, dark in the theme's order
        tab.locator(".bd-header-article .theme-switch-button").first.click()
        if tab.evaluate("document.documentElement.dataset.theme") == "dark":
            break
    assert sum(light) > 700
    tab.wait_for_function(DARK)  # the color may take a moment to change
    tab.goto(f"{address}/book/glossary.html")
    tab.wait_for_function(DARK)


def test_without_scripts_the_system_decides_and_text_is_there(browser, address):
    context = browser.new_context(color_scheme="dark", java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"{address}/book/index.html")
    tab.screenshot()  # styles are settled
    assert "distribution" in tab.inner_text("article")
    context.close()


def test_with_reduced_motion_nothing_moves_when_the_theme_and_the_width_change(tab, address):
    tab.goto(f"{address}/{ENTROPY}.html")
    tab.evaluate("() => { window.moved = 0; addEventListener('transitionrun', () => window.moved++, true); }")
    tab.emulate_media(color_scheme="dark")
    tab.wait_for_function(DARK)
    tab.set_viewport_size(PHONE)
    tab.evaluate(FRAME)
    assert tab.evaluate("window.moved") == 0


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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_skip_link_can_be_read(browser, address, scheme):
    context = browser.new_context(color_scheme=scheme, reduced_motion="reduce")
    tab = context.new_page()
    tab.goto(f"{address}/book/index.html")
    tab.keyboard.press("Tab")
    ink = rgb(tab.evaluate("getComputedStyle(document.querySelector('#pst-skip-link a')).color"))
    ground = rgb(tab.evaluate("getComputedStyle(document.querySelector('#pst-skip-link')).backgroundColor"))
    assert contrast(ink, ground) > 4.5
    context.close()


def test_widgets_and_plots_stand_on_the_dark_page_itself(browser, address):
    context = browser.new_context(color_scheme="dark")
    tab = context.new_page()
    tab.goto(f"{address}/{ENTROPY}.html")
    boxes = "div.cell_output .text_html:has(div.lc-widget, div.lc-plotly)"
    grounds = tab.eval_on_selector_all(boxes, "found => found.map(one => getComputedStyle(one).backgroundColor)")
    assert len(grounds) == 2
    assert set(grounds) == {"rgba(0, 0, 0, 0)"}
    context.close()


def test_drawers_on_a_phone_cover_the_page_close_and_give_focus_back(browser, address):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, reduced_motion="reduce")
    tab = context.new_page()
    tab.goto(f"{address}/{ENTROPY}.html")
    for side in ("primary", "secondary"):
        tab.tap(f".{side}-toggle")
        ground = tab.evaluate(f"getComputedStyle(document.getElementById('pst-{side}-sidebar-modal')).backgroundColor")
        assert rgb(ground) == paper(tab), side
        assert "rgba" not in ground, side
        tab.keyboard.press("Escape")
        tab.wait_for_function(f"document.activeElement.matches('.{side}-toggle')")
    tab.tap(".secondary-toggle")
    tab.tap("#pst-secondary-sidebar-modal a[href='#summary']")
    tab.wait_for_function("!document.getElementById('pst-secondary-sidebar-modal').open")
    top = "() => Math.abs(document.querySelector('#summary').getBoundingClientRect().top) < 150"
    tab.wait_for_function(top)
    context.close()


def test_printing_from_the_dark_is_light_and_open_and_leaves_no_trace(browser, address):
    context = browser.new_context(color_scheme="dark", reduced_motion="reduce")
    tab = context.new_page()
    tab.goto(f"{address}/{ENTROPY}.html")
    shut = tab.locator(".bd-article details:not([open])").count()
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    tab.emulate_media(media="print")
    assert tab.evaluate("document.documentElement.dataset.theme") == "light"
    assert tab.locator(".bd-article details:not([open])").count() == 0
    code = tab.eval_on_selector_all(
        ".bd-article .highlight span", "found => [...new Set(found.map(one => getComputedStyle(one).color))]"
    )
    assert code
    assert min(contrast(rgb(color), [255, 255, 255]) for color in code) > 4.5
    tab.emulate_media(media="screen")
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    assert tab.evaluate("document.documentElement.dataset.theme") == "dark"
    assert tab.locator(".bd-article details:not([open])").count() == shut > 0
    context.close()


def test_a_plot_without_scripts_is_told_in_words_with_its_caption(browser, address):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"{address}/{ENTROPY}.html")
    words = tab.get_attribute(".lc-plotly", "aria-label")
    assert words in tab.inner_text(".lc-plotly")
    assert len(tab.inner_text("figure:has(> .lc-plotly) figcaption")) > 40
    assert "typeset by a script" in tab.inner_text("article")
    context.close()


def test_controls_have_names_for_people(tab, address):
    tab.goto(f"{address}/{ENTROPY}.html")
    tab.wait_for_function("document.querySelector('.toggle-button')")
    read = "found => found.map(one => one.getAttribute('aria-label') || one.title || one.innerText)"
    names = tab.eval_on_selector_all("button, summary", read)
    plain = "button:not(:has(math, mjx-container)), summary:not(:has(math, mjx-container))"  # formulas have lines
    assert not [name for name in tab.eval_on_selector_all(plain, read) if "\n" in name.strip()]
    assert not [name for name in names if name.startswith("Toggle") or "code cell" in name]
    assert {"Contents", "On this page", "Hint", "Show the code", "Solution in code"} <= set(names)
    assert "Colors: as the system" in names
    tab.locator(".theme-switch-button").first.click()
    assert "Colors: as the system" not in tab.eval_on_selector_all("button", read)


def test_wide_formulas_on_a_phone_scroll_and_keep_their_comma(browser, address):
    context = browser.new_context(viewport={"width": 390, "height": 844})
    tab = context.new_page()
    tab.goto(f"{address}/{ENTROPY}.html")
    tab.wait_for_function("document.querySelector('span.math.lc-wide')")
    wide = tab.eval_on_selector_all("span.math.lc-wide", "found => found.map(one => [one.tabIndex, one.clientWidth])")
    assert all(index == 0 and width < 390 for index, width in wide)
    split = """found => found.filter(one => one.nextSibling?.nodeType === 3 && /^[,.;:)]/.test(one.nextSibling.data)
      && !one.closest('.lc-bound')).map(one => one.textContent)"""
    assert tab.eval_on_selector_all("article span.math", split) == []
    context.close()


def test_pages_load_no_more_than_they_need(site):
    load = {
        name: (site / f"{name}.html").read_text(encoding="utf-8") for name in ("book/index", "book/status", ENTROPY)
    }
    assert [name for name, text in load.items() if "mathjax/" in text] == [ENTROPY]
    assert not [name for name, text in load.items() if re.search(r"fontawesome\.js|searchindex\.js|searchtools", text)]
    assert list((site / "_static").rglob("*.map")) == []
    assert not (site / "_static/img/page.png").exists()


def test_the_icons_show(tab, address):
    tab.goto(f"{address}/{ENTROPY}.html")
    tab.evaluate("document.fonts.ready")
    assert tab.evaluate("document.fonts.check('900 16px \"Font Awesome 6 Free\"')")
    drawn = "found => found.map(one => getComputedStyle(one, '::before').content)"
    icons = tab.eval_on_selector_all("i[class*='fa-'], span[class*='fa-']", drawn)
    assert len(icons) > 8
    assert "none" not in icons


def test_references_are_listed_as_the_text_cites_them(site):
    page = (site / f"{ENTROPY}.html").read_text(encoding="utf-8")
    cited = set(re.findall(r">([^<>]+, \d{4})</a>\]", page))
    references = (site / "book/references.html").read_text(encoding="utf-8")
    listed = re.findall(r'class="fn-bracket">\[</span>(.*?)<span class="fn-bracket">', references)
    assert cited
    assert cited <= set(listed)
