"""The reader below is the format as llmstxt.org states it, written anew from its words."""

import re

import pytest
from markdown_it import MarkdownIt

from llmcourse.study.llms import Link, llms_text

ONE = Link("4.3 Softmax", "chapters/a.html", "From scores\nto  chances", "_sources/chapters/a.ipynb")
TWO = Link("Notation", "book/n.html", "What letters mean.", "_sources/book/n.md")


def parsed(text):
    """Title, summary, details, {section: [(name, address, note)]}, from the tokens of a Markdown parser."""
    tokens = MarkdownIt().parse(text)
    found, section, quote, details = {}, None, False, []
    title = summary = None
    for i, token in enumerate(tokens):
        quote = (quote or token.type == "blockquote_open") and token.type != "blockquote_close"
        if token.type != "inline":
            continue
        before = tokens[i - 1]
        if before.type == "heading_open":
            if before.tag == "h1":
                title = token.content
            else:
                assert before.tag == "h2"
                section = token.content
                found[section] = []
        elif quote:
            summary = token.content
        elif section is None:
            details.append(token.content)
        else:
            name, address, note = re.fullmatch(r"\[([^\]]+)\]\(([^)]+)\)(?:: (.*))?", token.content).groups()
            found[section].append((name, address, note))
    return title, summary, details, found


def test_the_file_has_title_summary_details_and_sections_of_links():
    text = llms_text("A course", "How it\n works.", "Two words.", {"Pages": [ONE, TWO], "Optional": [TWO]})
    title, summary, details, sections = parsed(text)
    assert (title, summary, details) == ("A course", "How it works.", ["Two words."])
    assert list(sections) == ["Pages", "Optional"]
    assert sections["Pages"] == [
        ("4.3 Softmax", "chapters/a.html", "From scores to chances. Source: [a.ipynb](_sources/chapters/a.ipynb)"),
        ("Notation", "book/n.html", "What letters mean. Source: [n.md](_sources/book/n.md)"),
    ]
    assert text.endswith(")\n")


@pytest.mark.parametrize(
    ("link", "message"),
    [
        (Link("A", "a b.html", "x", "s.md"), r"the address 'a b.html' of 'A'"),
        (Link("A", "a.html", "x", "s(1).md"), r"the address 's\(1\).md' of 'A'"),
        (Link("A", "", "x", "s.md"), "the address '' of 'A'"),
        (Link("A [b]", "a.html", "x", "s.md"), r"the name 'A \[b\]' has brackets"),
    ],
)
def test_what_would_break_a_link_is_refused(link, message):
    with pytest.raises(ValueError, match=message):
        llms_text("T", "S", "D", {"Pages": [link]})


def test_an_empty_section_is_refused():
    with pytest.raises(ValueError, match="the section 'Empty' has no links"):
        llms_text("T", "S", "D", {"Empty": []})
