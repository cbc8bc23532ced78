"""Small matters of reading: what a fold says, a formula with the comma after it, who wrote a reference and when."""

from collections.abc import Iterator
from typing import ClassVar

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from pybtex.database import Entry
from pybtex.plugin import register_plugin
from pybtex.richtext import Text
from pybtex.style.formatting.alpha import Style as AlphaStyle
from pybtex.style.labels import BaseLabelStyle
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

from lc_package import pure_module

PROMPTS = {
    "Show code cell content": ("Solution in code", "Hide the solution"),
    "Show code cell source": ("Show the code", "Hide the code"),
    "Show code cell output": ("Show the result", "Hide the result"),
    "Show code cell outputs": ("Show the result", "Hide the result"),
}

bound_text = pure_module("llmcourse.study.text").bound


class FoldPrompts(SphinxPostTransform):
    """A folded cell says what it hides. A prompt that a page sets itself stays."""

    default_priority = 200  # after myst_nb has made the folds
    formats: ClassVar[tuple] = ("html",)

    def run(self, **_: object) -> None:
        """Exchange myst_nb's words."""
        for fold in self.document.findall(HideCodeCellNode):
            if words := PROMPTS.get(fold["prompt_show"]):
                fold["prompt_show"], fold["prompt_hide"] = words


class BoundFormulas(SphinxPostTransform):
    """A comma never starts a line: an inline formula stays with the bracket before and the word end after it."""

    default_priority = 900
    formats: ClassVar[tuple] = ("html",)

    def run(self, **_: object) -> None:
        """Put formula and neighbors into one span that does not break."""
        for formula in list(self.document.findall(nodes.math)):
            before, after = neighbor(formula, -1), neighbor(formula, 1)
            opens, follows = bound_text(before, after)
            if not (opens or follows):
                continue
            children = formula.parent.children
            place = formula.parent.index(formula)
            first, last = place - bool(opens), place + 1 + bool(follows)
            inside = [nodes.Text(opens)] * bool(opens) + [formula.deepcopy()] + [nodes.Text(follows)] * bool(follows)
            bound = nodes.inline("", "", *inside, classes=["lc-bound"])
            left = [nodes.Text(before.removesuffix(opens))] if opens else []
            right = [nodes.Text(after.removeprefix(follows))] if follows else []
            formula.parent.children = children[:first]
            for one in (*left, bound, *right, *children[last:]):
                formula.parent.append(one)


def neighbor(node: nodes.Node, step: int) -> str:
    """The text beside ``node``, or nothing where something else stands."""
    place = node.parent.index(node) + step
    beside = node.parent[place] if 0 <= place < len(node.parent) else None
    return str(beside) if isinstance(beside, nodes.Text) else ""


class AuthorYear(BaseLabelStyle):
    """Labels in the list of references as the text cites them: ``Arnold and Bell, 1997``."""

    def format_labels(self, sorted_entries: list[Entry]) -> Iterator[str]:
        """One label for each entry."""
        for entry in sorted_entries:
            people = entry.persons.get("author") or entry.persons.get("editor") or []
            names = [str(Text.from_latex(" ".join([*one.prelast_names, *one.last_names]))) for one in people]
            who = f"{names[0]} et al." if len(names) > 2 else " and ".join(names) or entry.key
            yield f"{who}, {entry.fields.get('year', 'n.d.')}"


class AuthorYearStyle(AlphaStyle):
    """pybtex's list of references with these labels."""

    default_label_style = "lc_author_year"


def setup(app: Sphinx) -> dict:
    """Sphinx calls this."""
    register_plugin("pybtex.style.labels", "lc_author_year", AuthorYear)
    register_plugin("pybtex.style.formatting", "lc_author_year", AuthorYearStyle)
    app.add_post_transform(FoldPrompts)
    app.add_post_transform(BoundFormulas)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
