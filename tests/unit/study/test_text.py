"""Short texts as HTML: what is Markdown, what is mathematics, and what is neither."""

import re
import xml.etree.ElementTree as ET

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from llmcourse.study.text import MACROS, to_html, to_mathml
from tests.chapters.pages import ROOT


def tex(formula: str) -> str:
    return f'<span class="math notranslate nohighlight">\\({formula}\\)</span>'


def bound(markup: str) -> str:
    return f'<span class="lc-bound">{markup}</span>'


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("*a*, **b** and `c < d`", "<em>a</em>, <strong>b</strong> and <code>c &lt; d</code>"),
        ("$p_i$ of *two* $q_i$", f"{tex('p_i')} of <em>two</em> {tex('q_i')}"),
        ("$ \\tau $", tex("\\tau")),
        ("$a*b$ and $c*d$", f"{tex('a*b')} and {tex('c*d')}"),
        ("`$x$`", "<code>$x$</code>"),
        ("\\$5 a month", "$5 a month"),
        ("$$x^2$$", '<span class="math notranslate nohighlight">\\[x^2\\]</span>'),
        ('"$\\log_2$" isn\'t', bound("“" + tex("\\log_2") + "”") + " isn’t"),
        ("one\nline", "one\nline"),
        ("two\n\nparts\n", "two<br><br>parts"),
        ("[there](https://example.org/a?b=1&c=2)", '<a href="https://example.org/a?b=1&amp;c=2">there</a>'),
        ("<b onclick='x'>bold</b>", "&lt;b onclick=‘x’&gt;bold&lt;/b&gt;"),
        ("$a<b>c$", tex("a&lt;b&gt;c")),
        ("($a$), $b$-th.", f"{bound('(' + tex('a') + '),')} {bound(tex('b') + '-th.')}"),
        ("an $a$—or", f"an {tex('a')}—or"),
        ("*so $a$*.", f"<em>so {tex('a')}</em>."),
        ("$a$unreasonably_long_word", f"{tex('a')}unreasonably_long_word"),
    ],
)
def test_markdown_becomes_what_a_paragraph_may_hold(markdown, expected):
    assert to_html(markdown) == expected


def test_mathml_needs_no_script():
    markup = to_html(r"$\frac{a}{b}$ and $$\E[f]$$", math="mathml")
    first, second = re.findall(r"<math.*?</math>", markup)
    assert [ET.fromstring(one).get("display") for one in (first, second)] == ["inline", "block"]
    assert "<mfrac><mrow><mi>a</mi></mrow><mrow><mi>b</mi></mrow></mfrac>" in first
    assert "<mo>E</mo>" in second


def test_the_macros_are_those_of_the_site():
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["sphinx"]["config"]
    site = config["mathjax3_config"]["tex"]["macros"]
    assert {f"\\{name}": value for name, value in site.items()} == MACROS


@pytest.mark.parametrize(
    ("markdown", "reason"),
    [
        ("costs $5", r"a \$ opens no formula in 'costs \$5'"),
        ("see [there](index.md)", r"must begin with http:// or https://, got 'index\.md'"),
        (
            "![a picture](https://example.org/x.png)",
            r"a picture has no place in a line of text: 'https://example\.org/x\.png'",
        ),
    ],
)
def test_what_would_be_shown_otherwise_than_meant_is_refused(markdown, reason):
    with pytest.raises(ValueError, match=reason):
        to_html(markdown)


def test_an_address_that_runs_code_is_no_link():
    assert to_html("[b](javascript:x)") == "[b](javascript:x)"


def test_a_formula_that_has_no_mathml_is_refused():
    with pytest.raises(ValueError, match=r"\\nosuch is unknown"):
        to_mathml(r"a \nosuch b")
    for math in ("tex", "mathml"):
        with pytest.raises(ValueError, match="its braces do not match"):
            to_html(r"$\frac{a}{\}$", math=math)
    with pytest.raises(ValueError, match='math must be "tex" or "mathml", got \'svg\''):
        to_html("a", math="svg")


@given(st.text(alphabet="<>&\"'ab*_`[]()!\\\n /=", max_size=40))
def test_no_text_brings_in_a_tag_of_its_own(text):
    """Whatever is written, only the tags of inline Markdown come out, without attributes but a checked address."""
    try:
        markup = to_html(text)
    except ValueError:
        return
    tags = re.findall(r"<[^>]*>", markup)
    assert all(re.fullmatch(r"</?(em|strong|code|br|a)( ?/)?>|<a href=\"https?://[^\"]*\">", tag) for tag in tags), tags
