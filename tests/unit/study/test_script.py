"""Scripts for the ear: taken apart without losing a word, and refused where a voice would stumble."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmcourse.study.script import read, sentences

GOOD = "# Title\n\n## First part\n\nOne. Two?\n\nThree, as\nwritten: yes.\n\n## Second part\n\nFour.\n"


def write(folder: Path, text: str) -> Path:
    path = folder / "podcast.md"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_script_has_a_title_parts_paragraphs_and_sentences(tmp_path):
    script = read(write(tmp_path, GOOD))
    assert script.title == "Title"
    assert [part.heading for part in script.parts] == ["First part", "Second part"]
    assert script.parts[0].paragraphs == (("One.", "Two?"), ("Three, as written: yes.",))
    assert script.spoken() == ["Title", "One.", "Two?", "Three, as written: yes.", "Four."]
    assert script.words() == 8  # headings are not spoken


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Hello.\n", "line 1: a script opens with its title"),
        ("# Title\n\nHello.\n", "line 3: this text stands before the first part"),
        ("# Title\n\n## A\n\n## B\n\nHello.\n", "line 5: the part 'A' before this has no text"),
        ("# Title\n\n## A\n", "the part 'A' has no text"),
        ("# Title\n", "the script has no text"),
        ("# Title\n\n## A\n\nFine.\n\nThe loss is $x$.\n", r"line 7: '\$' cannot be spoken"),
        ("# Title\n\n## A\n\nSee https://example.org.\n", "cannot be spoken"),
    ],
)
def test_a_wrong_script_is_refused_with_its_line(tmp_path, text, reason):
    with pytest.raises(ValueError, match=f"podcast.md, .*{reason}"):
        read(write(tmp_path, text))


@given(st.text(alphabet='ab AB.?!:"“,\n', max_size=80))
def test_splitting_loses_no_word(text):
    assert " ".join(sentences(text)).split() == text.split()
