"""Chapters and pages keep the numbers of their files: chapters/08_x/03_y is 8.3, though 8.1 and 8.2 are unwritten."""

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx_external_toc.collectors import TocTreeCollectorWithStyles as Collector

_FILE = re.compile(r"chapters/(\d+)_[^/]*/(\d+)?")


def renumber(env: BuildEnvironment) -> None:
    """Put the numbers of folder and file for the first of each section number, in titles, contents and references."""
    for page, numbers in env.toc_secnumbers.items():
        if found := _FILE.match(page):
            own = [int(number) for number in found.groups() if number]
            for anchor, number in numbers.items():
                numbers[anchor] = number and (*own, *number[len(own) :])
            for node in (env.titles[page], *env.tocs[page].findall(nodes.reference)):
                if node.get("secnumber"):
                    node["secnumber"] = [*own, *node["secnumber"][len(own) :]]


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
