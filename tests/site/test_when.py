"""Words for some builds only: how to get the course, with and without a known repository."""

import re
from pathlib import Path

from tests.site.conftest import build

PAGE = "book/how_to_use"


def under_run(site: Path) -> tuple[list[str], str]:
    """What stands after a prompt in the section *Run*, and all of its text."""
    page = (site / f"{PAGE}.html").read_text(encoding="utf-8")
    run = re.search(r'<section id="run">.*?</section>', page, re.DOTALL)[0]
    text = re.sub(r"<[^>]+>", "", run)
    return [line.removeprefix("$ ") for line in text.splitlines() if line.startswith("$ ")], text


def test_the_commands_begin_where_the_reader_can_begin(tmp_path):
    """One folder, built twice: when the address becomes known, the page is made anew."""
    commands, text = under_run(build(tmp_path, PAGE))
    assert commands == ["make lab"]
    assert "without an address" in text
    address = "https://github.com/someone/course"
    commands, text = under_run(build(tmp_path, PAGE, LLMCOURSE_REPOSITORY=f"{address}/"))
    assert commands == [f"git clone {address} llm-course", "cd llm-course", "make lab"]
    assert "The course is at" in text
    assert "without an address" not in text
