"""The player: there if a recording is; its transcript follows the voice, its parts are reachable, the feed is valid."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from llmcourse.study.script import read
from tests.chapters.pages import tool
from tests.site.conftest import ROOT, build
from tests.voices import Tone

CHAPTER = "04_attention"
PAGES = ("book/listen", f"chapters/{CHAPTER}/index", "chapters/09_training_at_scale/index")
ITUNES = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"
NOW = "one => [...one.querySelectorAll('.lc-spoken')].map(span => span.textContent)"


@pytest.fixture(scope="module")
def marks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, object]:
    """A folder with the recording of one chapter's episode, hummed, and its marks."""
    folder = tmp_path_factory.mktemp("recordings")
    audio = tool("audio")
    source = ROOT / f"chapters/{CHAPTER}/podcast.md"
    return folder, audio.render(source, folder, settings=audio.Settings(), voice=Tone())


@pytest.fixture(scope="module")
def spoken(marks: tuple[Path, object], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three pages of the book, built where one recording exists and the site's address is known."""
    address = {"LLMCOURSE_AUDIO": str(marks[0]), "LLMCOURSE_SITE_URL": "https://example.org/course/"}
    return build(tmp_path_factory.mktemp("spoken"), *PAGES, **address)


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    """A page that remembers what went wrong on it."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    page, complaints = context.new_page(), []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def open_chapter(tab: Page, site: Path) -> object:
    tab.goto(f"{site.as_uri()}/chapters/{CHAPTER}/index.html")
    return tab.locator(".lc-audio")


def test_the_transcript_follows_the_voice_and_a_part_or_a_sentence_leads_there(tab, spoken, marks):
    box = open_chapter(tab, spoken)
    sentences = read(ROOT / f"chapters/{CHAPTER}/podcast.md").spoken()[1:]
    spans = marks[1].sentences[1:]
    box.locator("summary").click()
    assert box.locator("span[data-begin]").all_text_contents() == sentences
    assert box.evaluate(NOW) == []

    button = box.get_by_role("button").nth(2)
    button.focus()
    tab.keyboard.press("Enter")
    tab.wait_for_function("!document.querySelector('audio').paused && document.querySelector('.lc-spoken')")
    heading, begin = marks[1].parts[2]
    first = next(i for i, (start, _) in enumerate(spans) if start >= begin)
    assert box.evaluate(NOW)[0] in sentences[first : first + 2]
    assert heading in box.locator("button[aria-current]").text_content()

    box.locator("span[data-begin]").nth(5).click()
    tab.wait_for_function("text => document.querySelector('.lc-spoken')?.textContent === text", arg=sentences[5])
    assert abs(tab.evaluate("document.querySelector('audio').currentTime") - spans[5][0]) < 1.5
    tab.evaluate("() => { const a = document.querySelector('audio'); a.pause(); a.currentTime = 40; }")
    expected = [text for text, (start, end) in zip(sentences, spans, strict=True) if start <= 40.05 and 40 < end + 0.5]
    tab.wait_for_function("text => document.querySelector('.lc-spoken')?.textContent === text", arg=expected[-1])


def test_the_length_shown_is_the_recording_s(tab, spoken, marks):
    box = open_chapter(tab, spoken)
    shown = box.locator(".lc-audio-title").text_content()
    minutes, seconds = divmod(int(marks[1].seconds), 60)
    assert f"{minutes}:{seconds:02d}" in shown
    tab.evaluate("document.querySelector('audio').load()")
    tab.evaluate("document.querySelector('audio').preload = 'metadata'")
    tab.wait_for_function("document.querySelector('audio').readyState > 0")
    assert tab.evaluate("document.querySelector('audio').duration") == pytest.approx(marks[1].seconds, abs=0.2)


def test_it_is_accessible_and_fits_a_phone(tab, spoken):
    for name in PAGES[:2]:
        tab.goto(f"{spoken.as_uri()}/{name}.html")
        for details in tab.locator(".lc-audio details").all():
            details.evaluate("one => { one.open = true; }")
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390
        found = Axe().run(tab, context=".lc-audio", options={"preload": False})
        assert not found.response["violations"], found.generate_report()


def test_without_a_recording_there_is_no_player_but_the_script_can_be_read(tab, spoken):
    tab.goto(f"{spoken.as_uri()}/{PAGES[2]}.html")
    assert tab.locator(".lc-audio").count() == 0
    tab.goto(f"{spoken.as_uri()}/book/listen.html")
    assert tab.locator("audio").count() == 1
    silent = tab.locator(".lc-audio:not([data-audio])")
    assert silent.count() == 1
    assert read(ROOT / "chapters/09_training_at_scale/podcast.md").spoken()[1] in silent.text_content()


def test_a_copy_without_recordings_says_so_first_and_offers_scripts_to_read(tab, tmp_path):
    site = build(tmp_path, "book/listen", f"chapters/{CHAPTER}/index", LLMCOURSE_AUDIO=str(tmp_path / "none"))
    tab.goto(f"{site.as_uri()}/book/listen.html")
    article = tab.locator("article")
    assert article.locator("p").first.inner_text().startswith("This copy of the site has no recordings")
    assert "make audio\n$ make book" in article.locator("pre").inner_text()
    assert "walk" not in article.inner_text()
    (label,) = article.locator(".lc-audio summary").all_text_contents()
    assert re.fullmatch(r"Script of a short talk: to read in \d min, aloud in \d", label)
    silently, aloud = map(int, re.findall(r"\d", label))
    words = read(ROOT / f"chapters/{CHAPTER}/podcast.md").words()
    assert 180 < words / silently < 280
    assert 120 < words / aloud < 180


def test_where_there_are_recordings_the_page_is_about_hearing(tab, spoken):
    tab.goto(f"{spoken.as_uri()}/book/listen.html")
    text = tab.locator("article").inner_text()
    assert "Take it on a walk" in text
    assert "no recordings" not in text
    assert sorted(tab.locator(".lc-audio summary").all_text_contents()) == [
        "Script of a short talk: to read in 3 min, aloud in 4",
        "Transcript",
    ]


def test_the_feed_names_each_recording_with_its_size_and_length(spoken, marks):
    channel = ET.parse(spoken / "_static/audio/feed.xml").getroot().find("channel")
    for name in ("title", "link", "description", "language", f"{ITUNES}author", f"{ITUNES}category"):
        assert channel.find(name) is not None, name
    (item,) = channel.findall("item")
    assert item.find("title").text == marks[1].title
    sound = item.find("enclosure").attrib
    assert sound["type"] == "audio/mpeg"
    assert sound["url"] == f"https://example.org/course/_static/audio/{CHAPTER}.mp3"
    assert int(sound["length"]) == (spoken / f"_static/audio/{CHAPTER}.mp3").stat().st_size
    assert int(item.find(f"{ITUNES}duration").text) == round(marks[1].seconds)


def test_the_feed_can_be_found(tab, spoken):
    tab.goto(f"{spoken.as_uri()}/book/listen.html")
    link = tab.get_by_role("link", name="The feed for podcast programs")
    assert (spoken / "book" / link.get_attribute("href")).resolve() == (spoken / "_static/audio/feed.xml").resolve()
    alternate = tab.locator("link[rel=alternate][type='application/rss+xml']")
    assert alternate.get_attribute("href") == "https://example.org/course/_static/audio/feed.xml"


def test_a_recording_of_an_older_script_is_not_played(marks, tmp_path):
    folder = tmp_path / "recordings"
    folder.mkdir()
    for ending in (".mp3", ".json"):
        (folder / f"{CHAPTER}{ending}").write_bytes((marks[0] / f"{CHAPTER}{ending}").read_bytes())
    notes = folder / f"{CHAPTER}.json"
    notes.write_text(notes.read_text("utf-8").replace(marks[1].script, "0" * 64), encoding="utf-8")
    site = build(tmp_path / "site", *PAGES[1:2], LLMCOURSE_AUDIO=str(folder))
    assert "lc-audio" not in (site / f"{PAGES[1]}.html").read_text(encoding="utf-8").partition("<article")[2]
    assert not (site / "_static/audio").exists()
