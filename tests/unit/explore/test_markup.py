"""Static pictures: escaping, and numbers written digit for digit as JavaScript writes them."""

import json
import math
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from llmcourse.explore import bundle
from llmcourse.explore.markup import (
    Markup,
    axis_top,
    element,
    fixed,
    format_number,
    number,
    script_json,
    token_name,
    visible,
)
from llmcourse.palette import DARK, LIGHT

SHARED = Path(bundle.__file__).with_name("shared.js")


def test_text_is_escaped_and_markup_is_not():
    made = element("p", {"title": 'a"<b', "hidden": True, "id": None}, "1 < 2 & 3", Markup("<br>"))
    assert made == '<p title="a&quot;&lt;b" hidden>1 &lt; 2 &amp; 3<br></p>'


def test_json_cannot_close_its_script_element():
    text = script_json({"b": "</script><!--", "a": "ü\u2028"})
    assert "<" not in text
    assert json.loads(text) == {"a": "ü\u2028", "b": "</script><!--"}
    assert text.startswith('{"a"')


def test_infinity_is_written_as_itself():
    assert number("kl", math.inf) == '<span data-key="kl" data-value="Infinity">∞</span>'
    assert number("kl", 0.1 + 0.2) == '<span data-key="kl" data-value="0.30000000000000004">0.3000</span>'


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node to run the JavaScript twin")
def test_numbers_and_names_are_written_as_in_javascript(rng):
    ties = [2.0**-k for k in range(1, 40)] + [0.00005, 0.000049999, 0.99995, 9.995e-7, 1e9, 999999999.5, 123456.78905]
    values = [0.0, 1.0, *ties, *(-x for x in ties), *(10 ** rng.uniform(-12, 12, 500)).tolist()]
    tokens = ["a", " ", "\n", "Ab", "\t", " b", "é", "😉"]
    script = f"""
        import {{ fixed, format, visible, tokenName, axisTop }} from {json.dumps(SHARED.as_uri())};
        const values = {json.dumps(values)}, tokens = {json.dumps(tokens)};
        console.log(JSON.stringify([values.map((x) => format(x)), values.map((x) => format(x, 3)),
            values.map((x) => format(x, 4, 0.01)), values.map((x) => fixed(x)),
            tokens.map(visible), tokens.map(tokenName), values.map((x) => axisTop(Math.abs(x)))]));
    """
    run = subprocess.run(["node", "--input-type=module", "-e", script], capture_output=True, text=True, check=True)
    four, three, small, logs, seen, named, tops = json.loads(run.stdout)
    assert four == [format_number(x) for x in values]
    assert three == [format_number(x, 3) for x in values]
    assert small == [format_number(x, 4, 0.01) for x in values]
    assert logs == [fixed(x) for x in values]
    assert seen == [visible(token) for token in tokens]
    assert named == [token_name(token) for token in tokens]
    np.testing.assert_allclose(tops, [axis_top(abs(x)) for x in values], rtol=1e-15)


def test_the_style_falls_back_to_the_palette():
    css = bundle.style()
    assert dict(re.findall(r"--(\w+): var\(--lc-\1, (#\w+)\)", css)) == LIGHT
    dark = css[css.index('[data-jp-theme-light="false"]') :].partition("}")[0]
    assert dict(re.findall(r"--(\w+): (#\w+);", dark)) == DARK


def test_the_style_asks_for_nothing_outside_itself():
    assert not re.search(r"url\(|@import", bundle.style())
