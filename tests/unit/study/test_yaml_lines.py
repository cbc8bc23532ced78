"""Each value knows its line, and what is wrong with a file is said with its line."""

import pytest
import yaml

from llmcourse.study.yaml_lines import FileError, read

TEXT = """\
# a comment
cards:
  - id: 1.1-c1
    front: "Why?"
    back: >
      Because of
      this.
    tags: [a, b]

  - {id: 1.1-c2, front: "Who?"}
"""


@pytest.fixture
def document(tmp_path):
    def write(text):
        path = tmp_path / "cards.yml"
        path.write_text(text, encoding="utf-8")
        return read(path)

    return write


def test_the_values_are_those_of_pyyaml(document):
    assert document(TEXT).value == yaml.safe_load(TEXT)
    assert document("").value is None
    assert document("[1, 2.5, yes, null, 2026-01-02]").value == yaml.safe_load("[1, 2.5, yes, null, 2026-01-02]")


def test_each_part_knows_its_line(document):
    lines = document(TEXT).lines
    assert lines["cards",] == 2
    assert lines["cards", 0] == 3
    assert lines["cards", 0, "front"] == 4
    assert lines["cards", 0, "back"] == 5
    assert lines["cards", 0, "tags", 1] == 8
    assert lines["cards", 1] == lines["cards", 1, "front"] == 10


def test_an_error_says_file_line_and_reason(document):
    one = document(TEXT)
    assert str(one.error("too short", "cards", 0, "back")) == f"{one.path}, line 5: too short"
    assert str(one.error("no back", "cards", 1, "back")).endswith(", line 10: no back")  # what is missing has no line
    assert str(one.error("no title", "title")).endswith(", line 1: no title")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("cards:\n  - id: [1,\n", "line 3: expected"),
        ("cards: []\n\ncards: []\n", "line 3: the key cards stands twice"),
        ("a: 1\nb: \x07\n", "line 1: unacceptable character"),
        ("cards: &all\n  - 1\n  - *all\n", "contains itself"),
        ("a: 1\n---\nb: 2\n", "line 2: but found another document"),
        ("a: 1\nb: *nobody\n", "line 2: found undefined alias"),
    ],
)
def test_what_is_not_yaml_is_refused_with_its_line(document, text, says):
    with pytest.raises(FileError, match=says):
        document(text)
