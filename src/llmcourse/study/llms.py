"""llms.txt: the site in one Markdown file that a language model can read (standard library).

A title, a summary, a few sentences, then sections of links, each ``- [name](address): what it is``. A section called
"Optional" may be skipped by whoever has little room.

Source:  Howard (2024), "The /llms.txt file", section Format, https://llmstxt.org.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Link:
    """A page: its name, its address, what it is, and the address of the text that it was made from."""

    name: str
    address: str
    about: str
    source: str


def llms_text(title: str, summary: str, details: str, sections: Mapping[str, Sequence[Link]]) -> str:
    """The whole file.

    Raises:  ValueError for a name or an address that would break its link, and for a section without links.

    >>> print(llms_text("T", "S.", "D.", {"Pages": [Link("1.1 A", "a.html", "An a.", "_sources/a.ipynb")]}), end="")
    # T
    <BLANKLINE>
    > S.
    <BLANKLINE>
    D.
    <BLANKLINE>
    ## Pages
    <BLANKLINE>
    - [1.1 A](a.html): An a. Source: [a.ipynb](_sources/a.ipynb)
    """
    parts = [f"# {one_line(title)}", f"> {one_line(summary)}", details.strip()]
    for name, links in sections.items():
        if not links:
            raise ValueError(f"the section {name!r} has no links; leave it out")
        parts += [f"## {one_line(name)}", "\n".join(map(line, links))]
    return "\n\n".join(parts) + "\n"


def line(link: Link) -> str:
    """One entry of a section."""
    for address in (link.address, link.source):
        if not address or re.search(r"[\s()]", address):
            raise ValueError(f"the address {address!r} of {link.name!r} cannot stand in a link")
    if "[" in link.name or "]" in link.name:
        raise ValueError(f"the name {link.name!r} has brackets, which would end its link")
    about = one_line(link.about)
    about += "" if about.endswith((".", "?", "!", "…")) else "."
    file = link.source.rsplit("/", 1)[-1]
    return f"- [{one_line(link.name)}]({link.address}): {about} Source: [{file}]({link.source})"


def one_line(text: str) -> str:
    """Without line breaks and doubled blanks."""
    return " ".join(text.split())
