"""What cards.yml may hold: each fault is refused with file, line and reason, and every chapter's file is right."""

import re

import pytest
import yaml

from llmcourse.study.cards import Card, load, of_page
from llmcourse.study.course import contents, page_id
from llmcourse.study.yaml_lines import FileError
from tests.chapters.pages import ROOT

FILES = sorted([*ROOT.glob("chapters/*/cards.yml"), *ROOT.glob("book/digest/cards.yml")])
GOOD = """\
cards:
  - id: 4.3-c1
    page: 03_softmax.ipynb
    front: "What does $\\\\tau$ do?"
    back: "It divides."
    tags: [softmax, weight decay]
  - id: 4.3-c2
    page: 03_softmax.ipynb
    front: Why?
    back: >
      Because.
    tags: [softmax]
"""


@pytest.fixture
def chapter(tmp_path):
    """Writes chapters/04_attention/cards.yml beside two pages; the file's path."""
    folder = tmp_path / "chapters/04_attention"
    folder.mkdir(parents=True)
    for name in ("03_softmax.ipynb", "01_self_attention.ipynb", "index.md"):
        (folder / name).write_text("{}")

    def write(text):
        (folder / "cards.yml").write_text(text, encoding="utf-8")
        return folder / "cards.yml"

    return write


def test_a_right_file_gives_its_cards_in_order(chapter):
    first, second = load(chapter(GOOD))
    assert first == Card("4.3-c1", "4.3", "What does $\\tau$ do?", "It divides.", ("softmax", "weight decay"))
    assert (second.id, second.chapter, second.back) == ("4.3-c2", "4", "Because.\n")


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("cards:", "card:", 1, 'the file must have the one key "cards"'),
        ("    front: Why?\n", "", 7, "card 4.3-c2 has no front"),
        ("    front: Why?\n    back: >\n      Because.\n", "", 7, "card 4.3-c2 has no front and no back"),
        ("tags: [softmax]", "tags: [softmax]\n    hint: x", 13, "card 4.3-c2 has an unknown key: hint"),
        ("4.3-c2", "4.3-c1", 7, "the id 4.3-c1 stands on line 2 already"),
        ("4.3-c2", "4.4-c2", 7, "the id of a card of 03_softmax.ipynb looks like 4.3-c1, got 4.4-c2"),
        ("4.3-c2", "4.3-c0", 7, "looks like 4.3-c1, got 4.3-c0"),
        ("4.3-c2", "4.30", 7, "id of card 4.3 must be text, got 4.3"),
        ("Why?", "2026", 9, "front of card 4.3-c2 must be text, got 2026"),
        ("Why?", '"  "', 9, "front of card 4.3-c2 must be text, got '  '"),
        ("Because.", "$x", 10, "back of card 4.3-c2: a $ opens no formula in '$x'"),
        ("Because.", "$\\nosuchthing x$", 10, r"back of card 4.3-c2: the formula $\nosuchthing x$ cannot be converted"),
        ("tags: [softmax]", "tags: softmax", 12, "tags of card 4.3-c2 must be a list of one tag or more"),
        ("tags: [softmax]", "tags: []", 12, "tags of card 4.3-c2 must be a list of one tag or more"),
        ("tags: [softmax]", "tags: [a, 'b  c']", 12, "card 4.3-c2: a tag is a word or words with a blank between"),
        ("tags: [softmax]", "tags: [a, a]", 12, "card 4.3-c2 has a tag twice: a, a"),
        ("  - id: 4.3-c2\n", "  - 4.3-c2\n  - id: 4.3-c2\n", 7, "a card has the keys id, page, front, back, tags, got"),
    ],
)
def test_each_fault_is_refused_with_its_line(chapter, old, new, line, reason):
    assert old in GOOD
    head, _, tail = GOOD.rpartition(old)
    path = chapter(head + new + tail)
    with pytest.raises(FileError) as error:
        load(path)
    assert str(error.value).startswith(f"{path}, line {line}: ")
    assert reason in str(error.value)


@pytest.mark.parametrize(
    ("page", "reason"),
    [("05_gone.ipynb", "there is no page 05_gone.ipynb here"), ("index.md", "index.md is no page with cards")],
)
def test_the_page_must_be_one(chapter, page, reason):
    path = chapter(GOOD.replace("page: 03_softmax.ipynb", f"page: {page}", 1))
    with pytest.raises(FileError, match=re.escape(f"{path}, line 3: card 4.3-c1: {reason}")):
        load(path)


@pytest.mark.parametrize("text", ["", "cards:\n", "cards: []\n", "cards: 3\n", "- 1\n"])
def test_a_file_without_cards_is_refused(chapter, text):
    with pytest.raises(FileError, match="line 1: "):
        load(chapter(text))


def test_the_cards_of_one_page(chapter, tmp_path):
    other = GOOD.replace("4.3-c2", "4.1-c1").replace(
        "03_softmax.ipynb\n    front: W", "01_self_attention.ipynb\n    front: W"
    )
    chapter(other)
    assert [card.id for card in of_page(tmp_path, "4.3")] == ["4.3-c1"]
    assert [card.id for card in of_page(tmp_path, "4.1")] == ["4.1-c1"]
    assert of_page(tmp_path, "4.2") == of_page(tmp_path, "9.4") == ()
    digest = tmp_path / "book/digest"
    digest.mkdir(parents=True)
    (digest / "index.md").write_text("# Digest")
    (digest / "cards.yml").write_text(
        GOOD[: GOOD.index("  - id: 4.3-c2")].replace("4.3", "0").replace("03_softmax.ipynb", "index.md")
    )
    assert [card.id for card in of_page(tmp_path, "0")] == ["0-c1"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_a_chapters_cards_are_what_the_file_says(path):
    plain = yaml.safe_load(path.read_text(encoding="utf-8"))["cards"]
    cards = load(path)
    assert [(c.id, c.front, c.back, list(c.tags)) for c in cards] == [
        (c["id"], c["front"], c["back"], c["tags"]) for c in plain
    ]
    assert len({card.front for card in cards}) == len(cards) >= 12


def test_every_page_has_cards_and_no_id_stands_in_two_files():
    cards = [card for path in FILES for card in load(path)]
    assert len({card.id for card in cards}) == len(cards)
    pages = {page for name in contents(ROOT) if (page := page_id(name))}
    assert pages == {card.page for card in cards} | (pages & {"0"})  # the digest's cards may come later than its page
