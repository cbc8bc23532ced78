"""Chapters keep the numbers of their folders: chapters/04_attention is Chapter 4, also while 2 and 3 are unwritten."""

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx_external_toc.collectors import TocTreeCollectorWithStyles as Collector

_CHAPTER = re.compile(r"chapters/(\d+)_")


def renumber(env: BuildEnvironment) -> None:
    """Put the folder's number for the first of each section number, in titles, contents and references."""
    for page, numbers in env.toc_secnumbers.items():
        if found := _CHAPTER.match(page):
            chapter = int(found[1])
            for anchor, number in numbers.items():
                numbers[anchor] = number and (chapter, *number[1:])
            for node in (env.titles[page], *env.tocs[page].findall(nodes.reference)):
                if node.get("secnumber"):
                    node["secnumber"] = [chapter, *node["secnumber"][1:]]


def patch(_app: Sphinx) -> None:
    """Renumber right after the sections were counted, before the figures are."""
    count = Collector.assign_section_numbers
    if getattr(count, "keeps_folders", False):
        return

    def assign_section_numbers(self: Collector, env: BuildEnvironment) -> list[str]:
        changed = count(self, env)
        renumber(env)
        return changed

    assign_section_numbers.keeps_folders = True
    Collector.assign_section_numbers = assign_section_numbers


def setup(app: Sphinx) -> dict:
    """Sphinx calls this."""
    app.connect("builder-inited", patch)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
