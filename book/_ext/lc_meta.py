"""What search engines, link previews and lost visitors need: descriptions, sitemap, the root page and 404.html."""

import html
import os
import re
from pathlib import Path
from string import Template
from urllib.parse import urlsplit

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.config import Config

from lc_package import pure_module
from lc_palette import stylesheet

PAGES = Path(__file__).with_name("pages")
UNLISTED = {"search", "genindex", "py-modindex"}


def site_url() -> str:
    """The address at which the site will be published, with a closing slash, or an empty string."""
    address = os.environ.get("LLMCOURSE_SITE_URL", "").rstrip("/")
    return f"{address}/" if address else ""


def set_base(_app: Sphinx, config: Config) -> None:
    """Sphinx writes ``<link rel="canonical">`` when it knows the base address."""
    config.html_baseurl = site_url()


def description(doctree: nodes.document | None, fallback: str) -> str:
    """The page's first paragraph outside call-outs and tables, cut at a word before 200 characters.

    Citations that are not resolved yet are left out: their text is a key.
    """
    for paragraph in doctree.findall(nodes.paragraph) if doctree else ():
        inside = {type(one) for one in ancestors(paragraph)}
        if inside.isdisjoint({nodes.Admonition, nodes.admonition, nodes.entry, nodes.list_item, nodes.container}):
            text = re.sub(r"\s+(?=[,.;:?!])", "", " ".join(without_keys(paragraph).astext().split()))
            return text if len(text) <= 200 else text[:199].rsplit(" ", 1)[0] + "…"
    return fallback


def without_keys(paragraph: nodes.paragraph) -> nodes.paragraph:
    """A copy of ``paragraph`` without its unresolved citations."""
    copy = paragraph.deepcopy()
    for one in list(copy.findall(addnodes.pending_xref)):
        if one["refdomain"] == "cite":
            one.parent.remove(one)
    return copy


def ancestors(node: nodes.Node) -> list[nodes.Node]:
    """The nodes that hold ``node``, nearest first."""
    found = []
    while (node := node.parent) is not None:
        found.append(node)
    return found


def add_tags(app: Sphinx, pagename: str, _template: str, context: dict, doctree: nodes.document | None) -> None:
    """Description, Open Graph and Twitter tags; the picture only where its absolute address is known."""
    title = f"{context.get('pagetitle') or context.get('title')} · {app.config.html_title}"
    if pagename == app.config.root_doc:
        title = app.config.html_title
    summary = description(doctree, app.config.lc_description)
    tags = {
        "description": summary,
        "og:title": title,
        "og:description": summary,
        "og:type": "website" if pagename == app.config.root_doc else "article",
        "og:site_name": app.config.html_title,
        "twitter:card": "summary_large_image",
        "twitter:title": title,
        "twitter:description": summary,
    }
    if site_url():
        picture = f"{site_url()}_static/img/social.png"
        tags |= {"og:url": f"{site_url()}{pagename}.html", "og:image": picture, "twitter:image": picture}
        tags |= {"og:image:width": "1200", "og:image:height": "630", "og:image:alt": app.config.html_title}
    kind = {name: "property" if name.startswith("og:") else "name" for name in tags}
    lines = [f'<meta {kind[name]}="{name}" content="{html.escape(text)}"/>' for name, text in tags.items()]
    kept = [line for line in context.get("metatags", "").split("\n") if 'name="description"' not in line]
    context["metatags"] = "\n".join([*kept, *lines])
    context["page_description"] = ""


def write_extra_files(app: Sphinx, error: Exception | None) -> None:
    """index.html at the root, 404.html, and sitemap.xml where the address is known."""
    if error or app.builder.format != "html":
        return
    out = Path(app.outdir)
    palette = pure_module("llmcourse.palette")
    values = {
        "title": html.escape(app.config.html_title),
        "description": html.escape(app.config.lc_description),
        "home": f"{app.config.root_doc}.html",
        "root": urlsplit(site_url()).path or "/",
        "palette": stylesheet(palette.LIGHT, palette.DARK),
        "canonical": f'<link rel="canonical" href="{site_url()}{app.config.root_doc}.html"/>' if site_url() else "",
    }
    for name in ("index.html", "404.html"):
        page = Template((PAGES / name).read_text(encoding="utf-8")).substitute(values)
        (out / name).write_text(page, encoding="utf-8")
    (out / ".nojekyll").touch()
    sitemap = out / "sitemap.xml"
    sitemap.unlink(missing_ok=True)
    if site_url():
        pages = sorted(set(app.env.found_docs) - UNLISTED)
        rows = "".join(f"  <url><loc>{html.escape(site_url())}{page}.html</loc></url>\n" for page in pages)
        head = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        sitemap.write_text(f"{head}{rows}</urlset>\n", encoding="utf-8")


def setup(app: Sphinx) -> dict:
    """Sphinx calls this."""
    app.add_config_value("lc_description", "", "html")
    app.connect("config-inited", set_base)
    app.connect("html-page-context", add_tags, priority=900)
    app.connect("build-finished", write_extra_files)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
