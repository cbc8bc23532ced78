"""The true downloads: sizes, line ends, and the number of verses of the KJV."""

import pytest

from llmcourse import data

pytestmark = pytest.mark.network


@pytest.mark.parametrize(
    ("name", "size"),
    [("alice29.txt", 152089), ("asyoulik.txt", 125179), ("lcet10.txt", 426754), ("plrabn12.txt", 481861)],
)
def test_canterbury_texts_have_their_sizes_and_line_ends(name, size):
    assert data.fetch(name).stat().st_size == size == data.TEXTS[name].size
    text = data.read(name)
    assert len(text) == size
    assert text.encode("ascii") == data.fetch(name).read_bytes()
    assert ("\r\n" in text) is (name != "asyoulik.txt")


def test_kjv_has_its_31102_verses():
    text = data.read("kjv")
    assert len(text) == 4_137_449
    assert text.count("\n") == 31_102
    assert text.startswith("In the beginning God created the heaven and the earth.\n")
    assert text.endswith("Amen.\n")
    assert text.isascii()
    assert "[]" not in text


def test_a_fresh_download_gives_the_same_file(tmp_path):
    assert data.fetch("kjv", folder=tmp_path).read_bytes() == data.fetch("kjv").read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["kjv.jsonl"]
