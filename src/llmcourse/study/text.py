r"""Short texts of quiz.yml and cards.yml as HTML: inline Markdown with $…$ for MathJax, or as MathML (pure Python)."""

import functools
import html
import re
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin

# The names that _config.yml gives to MathJax, and three that latex2mathml does not know.
MACROS = {r"\E": r"\operatorname{E}", r"\KL": r"\operatorname{KL}", r"\softmax": r"\operatorname{softmax}"}
UNKNOWN = {r"\arg": r"\operatorname{arg}", r"\lVert": r"\|", r"\rVert": r"\|", r"\Vert": r"\|"}
_COMMAND = re.compile(r"\\[A-Za-z]+")
_OPEN, _CLOSE = re.compile(r"(?<!\\)\{"), re.compile(r"(?<!\\)\}")
_LINK = re.compile(r"https?://")
_OPENS = re.compile(r"[(\[“‘]+$")
_FOLLOWS = re.compile(r"^[^\s—]{1,12}(?=\s|—|$)")


def to_html(markdown: str, math: str = "tex") -> str:
    r"""Inline Markdown as HTML that may stand in a paragraph, a label or a legend.

    ``*emphasis*``, ``**strong**``, code, links to other sites, ``$…$`` and ``$$…$$``. A blank line becomes two line
    breaks. HTML in the source is shown as it is written, never obeyed. With ``math="tex"`` a formula waits for MathJax,
    as on the pages of the site; with ``"mathml"`` it needs no script, as in notebooks and e-books.

    Raises:  ValueError for a formula that is not closed or cannot be converted, a picture, and a link without http(s).

    >>> to_html("*Odds*: $a < b$")
    '<em>Odds</em>: <span class="math notranslate nohighlight">\\(a &lt; b\\)</span>'
    >>> to_html("$x$ & <b>", math="mathml")
    '<math xmlns="http://www.w3.org/1998/Math/MathML" display="inline"><mrow><mi>x</mi></mrow></math> &amp; &lt;b&gt;'
    """
    if math not in ("tex", "mathml"):
        raise ValueError(f'math must be "tex" or "mathml", got {math!r}')
    paragraphs = [part for part in re.split(r"\n\s*\n", markdown.strip()) if part.strip()]
    return "<br><br>".join(_inline(part, math) for part in paragraphs)


def to_mathml(tex: str, *, display: bool = False) -> str:
    r"""A formula as MathML, which a browser or an e-book reader shows without a script.

    Raises:  ValueError for a command that the converter does not know.

    >>> to_mathml(r"\E[f]").count("<mo>E</mo>")
    1
    """
    from latex2mathml.converter import convert  # the site's pages do without

    plain = _COMMAND.sub(lambda found: (MACROS | UNKNOWN).get(found[0], found[0]), tex)
    try:
        markup = convert(plain, display="block" if display else "inline")
    except Exception as error:  # its errors share no class
        raise ValueError(f"the formula ${tex}$ cannot be converted: {type(error).__name__}") from None
    if unknown := _COMMAND.findall(markup):
        raise ValueError(f"the formula ${tex}$ cannot be converted: {unknown[0]} is unknown")
    return markup


def bound(before: str, after: str) -> tuple[str, str]:
    """What of the text before and after a formula stays on its line: an opening bracket, a comma, the end of a word.

    A browser may break a line at either side of a formula, also before a comma.

    >>> bound("the state (", "), as before")
    ('(', '),')
    """
    opens, follows = _OPENS.search(before), _FOLLOWS.search(after)
    return opens.group() if opens else "", follows.group() if follows else ""


def _inline(text: str, math: str) -> str:
    environment = {"math": math}
    return _parser().renderer.render(_parser().parseInline(text, environment), _parser().options, environment)


@functools.cache
def _parser() -> MarkdownIt:
    """CommonMark without HTML, with formulas as MyST reads them and quotation marks as Sphinx sets them."""
    parser = MarkdownIt("commonmark", {"html": False, "typographer": True})
    parser.enable("smartquotes")
    parser.use(dollarmath_plugin, allow_space=True, allow_digits=True, double_inline=True)
    parser.core.ruler.before("text_join", "refuse", _refuse)  # after it, \$ looks like $
    parser.core.ruler.after("text_join", "bind", _bind)
    parser.add_render_rule("math_inline", _formula)
    parser.add_render_rule("math_inline_double", _formula)
    return parser


def _refuse(state: StateCore) -> None:
    """What would be shown otherwise than it was meant."""
    for token in state.tokens[0].children or []:
        if token.type == "text" and "$" in token.content:
            raise ValueError(f"a $ opens no formula in {state.src!r}; write \\$ for the sign itself")
        if token.type == "image":
            raise ValueError(f"a picture has no place in a line of text: {token.attrGet('src')!r}")
        if token.type == "link_open" and not _LINK.match(str(token.attrGet("href"))):
            raise ValueError(f"a link must begin with http:// or https://, got {token.attrGet('href')!r}")


def _bind(state: StateCore) -> None:
    """Put each formula and what is bound to it into one span."""
    tokens = state.tokens[0].children or []
    for at in reversed(range(len(tokens))):
        if tokens[at].type != "math_inline":
            continue
        sides = [tokens[i] if 0 <= i < len(tokens) and tokens[i].type == "text" else None for i in (at - 1, at + 1)]
        opens, follows = bound(*(side.content if side else "" for side in sides))
        if not (opens or follows):
            continue
        span = [Token("span_open", "span", 1, attrs={"class": "lc-bound"}), tokens[at], Token("span_close", "span", -1)]
        if sides[0] and opens:
            sides[0].content = sides[0].content.removesuffix(opens)
            span.insert(1, Token("text", "", 0, content=opens))
        if sides[1] and follows:
            sides[1].content = sides[1].content.removeprefix(follows)
            span.insert(-1, Token("text", "", 0, content=follows))
        tokens[at : at + 1] = span


def _formula(_renderer: object, tokens: Sequence[Token], at: int, _options: object, environment: dict[str, str]) -> str:
    tex, display = tokens[at].content.strip(), tokens[at].type == "math_inline_double"
    if len(_OPEN.findall(tex)) != len(_CLOSE.findall(tex)):
        raise ValueError(f"the formula ${tex}$ cannot be converted: its braces do not match")
    if environment["math"] == "mathml":
        return to_mathml(tex, display=display)
    left, right = (r"\[", r"\]") if display else (r"\(", r"\)")
    return f'<span class="math notranslate nohighlight">{left}{html.escape(tex)}{right}</span>'
