"""Chapters for the ear: a player where `make audio` has left a recording, the words of each, and a podcast feed."""

import datetime
import html
import json
import os
import shutil
import xml.etree.ElementTree as ET
from email.utils import format_datetime
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from lc_meta import site_url
from lc_package import ROOT, pure_module

FEED = "_static/audio/feed.xml"
ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"
ATOM = "http://www.w3.org/2005/Atom"
READING, SPEAKING = 230, 150  # words a minute


def recordings() -> Path:
    """Where `make audio` writes. LLMCOURSE_AUDIO names another folder."""
    return Path(os.environ.get("LLMCOURSE_AUDIO", ROOT / "_build/audio"))


def marks_of(name: str, script: object) -> dict | None:
    """What is known of the recording of a chapter's folder; None if there is none, or if it is of an older script."""
    notes, sound = (recordings() / f"{name}{ending}" for ending in (".json", ".mp3"))
    if not notes.exists() or not sound.exists():
        return None
    marks = json.loads(notes.read_text(encoding="utf-8"))
    return marks if marks["script"] == script.fingerprint() else None


def scripts(app: Sphinx) -> dict[str, Path]:
    """The podcast.md of each chapter whose index is part of the book, by the index's document, in the book's order."""
    found = {}
    for doc in sorted(app.env.found_docs):
        path = Path(app.srcdir, doc).with_name("podcast.md")
        if doc.endswith("/index") and path.exists():
            found[doc] = path
    return found


def clock(seconds: float) -> str:
    """3:05 for 185 seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def player(path: Path, root: str) -> str:
    """One episode: controls, its parts as buttons, the transcript with the begin and end of each sentence."""
    element = pure_module("llmcourse.explore.markup").element
    script = pure_module("llmcourse.study.script").read(path)
    marks = marks_of(path.parent.name, script)
    spans = iter(marks["sentences"][1:] if marks else ())  # the first is the title
    begins = dict(marks["parts"]) if marks else {}
    text = []
    for part in script.parts:
        text.append(element("p", {"class": "lc-audio-part"}, element("strong", {}, part.heading)))
        for paragraph in part.paragraphs:
            said = []
            for sentence in paragraph:
                begin, end = next(spans, (None, None))
                said += [element("span", {"data-begin": begin, "data-end": end}, sentence), " "]
            text.append(element("p", {}, *said))
    if marks is None:
        silently, aloud = (max(1, round(script.words() / pace)) for pace in (READING, SPEAKING))
        summary = element("summary", {}, f"Script of a short talk: to read in {silently} min, aloud in {aloud}")
        return element("div", {"class": "lc-audio"}, element("details", {}, summary, *text))
    transcript = element("details", {}, element("summary", {}, "Transcript"), *text)
    source = f"{root}_static/audio/{path.parent.name}.mp3"
    label = f"Listen: {script.title}, {clock(marks['seconds'])} minutes"
    sound = element("audio", {"controls": True, "preload": "none", "src": source, "aria-label": label})
    jumps = [
        element("li", {}, element("button", {"type": "button", "data-begin": begin}, heading, f" {clock(begin)}"))
        for heading, begin in begins.items()
    ]
    parts = element("ol", {"class": "lc-audio-parts", "aria-label": "Parts"}, *jumps)
    title = element("p", {"class": "lc-audio-title"}, label)
    return element("div", {"class": "lc-audio", "data-audio": path.parent.name}, title, sound, parts, transcript)


def insert_players(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """On a chapter's index, before the list of its pages: the player. Without a recording, nothing."""
    path = Path(app.srcdir, docname).with_name("podcast.md")
    if app.builder.format != "html" or not docname.endswith("/index") or not path.exists():
        return
    script = pure_module("llmcourse.study.script").read(path)
    if marks_of(path.parent.name, script) is None:
        return
    episode = nodes.raw("", player(path, "../" * docname.count("/")), format="html")
    pages = next(iter(doctree.findall(nodes.definition_list)), None)
    if pages is None:
        doctree[0].append(episode)
    else:
        pages.parent.insert(pages.parent.index(pages), episode)


class Episodes(SphinxDirective):
    """``{lc-episodes}``: every chapter's episode with its transcript."""

    def run(self) -> list[nodes.Node]:
        """A heading, the chapter that it is about, the player if there is a recording, and the transcript."""
        self.env.metadata[self.env.docname]["lc_episodes"] = True
        element = pure_module("llmcourse.explore.markup").element
        root, found = "../" * self.env.docname.count("/"), []
        if has_feed(self.env.app):
            link = element("a", {"href": f"{root}{FEED}"}, "The feed for podcast programs")
            found.append(nodes.raw("", element("p", {}, link, " has all episodes."), format="html"))
        for doc, path in scripts(self.env.app).items():
            script = pure_module("llmcourse.study.script").read(path)
            section = nodes.section(ids=[nodes.make_id(f"listen-{path.parent.name}")])
            section += nodes.title("", script.title)
            chapter = path.with_name("index.md").read_text(encoding="utf-8").partition("# ")[2].partition("\n")[0]
            link = element("a", {"href": f"{root}{doc}.html"}, chapter)
            section += nodes.raw("", element("p", {}, "On the chapter ", link, "."), format="html")
            section += nodes.raw("", player(path, root), format="html")
            found.append(section)
        return found


def outdated(app: Sphinx, env: BuildEnvironment, *_: object) -> list[str]:
    """Pages with a player whose script or recording came, went or changed since they were written."""
    now = {}
    for doc, path in scripts(app).items():
        files = (path, recordings() / f"{path.parent.name}.json")
        now[doc] = [file.read_text(encoding="utf-8") if file.exists() else "" for file in files]
    before, env.lc_audio = getattr(env, "lc_audio", {}), now
    changed = [doc for doc in now if now[doc] != before.get(doc)]
    lists = [doc for doc, about in env.metadata.items() if "lc_episodes" in about]
    return changed + (lists if now != before else [])


def write_feed(app: Sphinx, episodes: list[tuple[str, Path, dict]]) -> None:
    """_static/audio/feed.xml (RSS 2.0, iTunes' elements). Its addresses are absolute: only where ours is known."""
    ET.register_namespace("itunes", ITUNES)
    ET.register_namespace("atom", ATOM)
    rss = ET.Element("rss", version="2.0")
    channel = ET.SubElement(rss, "channel")
    address = f"{site_url()}_static/audio/"
    cover = f"{site_url()}_static/img/social.png"
    about = {"title": app.config.html_title, "link": site_url(), "description": app.config.lc_description}
    for name, text in {**about, "language": "en-us"}.items():
        ET.SubElement(channel, name).text = text
    ET.SubElement(channel, f"{{{ATOM}}}link", href=f"{site_url()}{FEED}", rel="self", type="application/rss+xml")
    ET.SubElement(channel, f"{{{ITUNES}}}author").text = app.config.author
    ET.SubElement(channel, f"{{{ITUNES}}}explicit").text = "false"
    ET.SubElement(channel, f"{{{ITUNES}}}type").text = "serial"
    ET.SubElement(channel, f"{{{ITUNES}}}image", href=cover)
    ET.SubElement(channel, f"{{{ITUNES}}}category", text="Education")
    for number, (doc, path, marks) in enumerate(episodes, start=1):
        script = pure_module("llmcourse.study.script").read(path)
        item = ET.SubElement(channel, "item")
        sound = f"{address}{path.parent.name}.mp3"
        ET.SubElement(item, "title").text = script.title
        ET.SubElement(item, "link").text = f"{site_url()}{doc}.html"
        ET.SubElement(item, "description").text = " ".join(script.spoken()[1:4])
        ET.SubElement(item, "enclosure", url=sound, length=str(marks["bytes"]), type="audio/mpeg")
        ET.SubElement(item, "guid", isPermaLink="false").text = f"llmcourse/{path.parent.name}"
        spoken = datetime.datetime.fromtimestamp(
            (recordings() / f"{path.parent.name}.mp3").stat().st_mtime, datetime.UTC
        )
        ET.SubElement(item, "pubDate").text = format_datetime(spoken)
        ET.SubElement(item, f"{{{ITUNES}}}duration").text = str(round(marks["seconds"]))
        ET.SubElement(item, f"{{{ITUNES}}}episode").text = str(number)
    ET.indent(rss)
    ET.ElementTree(rss).write(Path(app.outdir, FEED), encoding="utf-8", xml_declaration=True)


def spoken(app: Sphinx) -> list[tuple[str, Path, dict]]:
    """Each chapter's index, script and marks where there is a recording of this very script."""
    read = pure_module("llmcourse.study.script").read
    known = [(doc, path, marks_of(path.parent.name, read(path))) for doc, path in scripts(app).items()]
    return [(doc, path, marks) for doc, path, marks in known if marks]


def has_feed(app: Sphinx) -> bool:
    """Whether this build writes a feed: there is a recording, and the site's own address is known."""
    return bool(site_url() and spoken(app))


def copy_recordings(app: Sphinx, error: Exception | None) -> None:
    """The recordings that a page plays, and the feed; what is left of earlier ones goes."""
    if error or app.builder.format != "html":
        return
    folder = Path(app.outdir, "_static/audio")
    shutil.rmtree(folder, ignore_errors=True)
    episodes = spoken(app)
    if not episodes:
        return
    folder.mkdir(parents=True)
    for _, path, _ in episodes:
        shutil.copy2(recordings() / f"{path.parent.name}.mp3", folder)
    if site_url():
        write_feed(app, episodes)


def add_script(app: Sphinx, _page: str, _template: str, context: dict, _doctree: nodes.document | None) -> None:
    """The follower of the voice, on pages that have a player, and where podcast programs look for the feed."""
    if 'class="lc-audio"' in context.get("body", ""):
        if has_feed(app):
            address, title = f"{site_url()}{FEED}", html.escape(app.config.html_title)
            link = f'<link rel="alternate" type="application/rss+xml" title="{title}" href="{address}"/>'
            context["metatags"] = f"{context.get('metatags', '')}\n{link}"
        app.add_css_file("css/audio.css", priority=700)
        app.add_js_file("js/audio.js", loading_method="defer")


def setup(app: Sphinx) -> dict:
    """Sphinx calls this."""
    app.add_directive("lc-episodes", Episodes)
    app.connect("env-get-outdated", outdated)
    app.connect("doctree-resolved", insert_players)
    app.connect("html-page-context", add_script)
    app.connect("build-finished", copy_recordings)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
