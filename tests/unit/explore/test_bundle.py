"""The bundler joins two files into one module that has no imports left, and refuses what it cannot join."""

import ast
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from llmcourse.explore import bundle


def test_the_site_build_can_import_it_with_the_standard_library_alone():
    imported = set()
    for node in ast.walk(ast.parse(Path(bundle.__file__).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module)
    assert {name.split(".")[0] for name in imported} <= set(sys.stdlib_module_names)


def test_the_chapter_one_widgets_exist_and_the_shared_module_is_not_one():
    assert {"entropy", "next_token"} <= set(bundle.widget_names())
    assert not {"shared", "ngram"} & set(bundle.widget_names())


@pytest.mark.parametrize("name", bundle.widget_names())
def test_a_bundle_is_one_module_with_one_default_export_and_no_import(name):
    text = bundle.bundle(name)
    assert not re.search(r"^\s*import\b", text, re.MULTILINE)
    assert len(re.findall(r"^export default", text, re.MULTILINE)) == 1
    assert text == bundle.bundle(name)


@pytest.mark.parametrize("name", bundle.widget_names())
@pytest.mark.skipif(shutil.which("node") is None, reason="needs node to parse the module")
def test_a_bundle_parses(name, tmp_path):
    path = tmp_path / f"{name}.mjs"
    path.write_text(bundle.bundle(name), encoding="utf-8")
    subprocess.run(["node", "--check", str(path)], check=True, capture_output=True)


@pytest.mark.parametrize("name", bundle.widget_names())
def test_no_widget_asks_the_network_or_writes_markup(name):
    text = bundle.bundle(name)
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "fetch(", "XMLHttpRequest"):
        assert word not in text
    assert set(re.findall(r"https?://[^\"']*", text)) <= {"http://www.w3.org/2000/svg"}


def test_the_classic_script_holds_the_module_as_a_string():
    script = bundle.classic_script("entropy")
    head, _, rest = script.partition(' = "')
    assert head == '(window.llmcourseWidgets = window.llmcourseWidgets || {})["entropy"]'
    assert json.loads('"' + rest.rstrip().rstrip(";")) == bundle.bundle("entropy")
    assert script.isascii()


def test_data_scripts_are_ascii_and_refuse_numbers_that_json_has_not():
    assert bundle.data_script("a", 'x"é\u2028') == 'llmcourseData("a", "x\\"\\u00e9\\u2028");\n'
    with pytest.raises(ValueError, match="not JSON compliant"):
        bundle.data_script("a", [float("nan")])


def test_join_strips_the_import_and_the_shared_exports():
    shared = "export function f() {}\nexport const g = 1;\n"
    own = 'import { f,\n  g } from "./shared.js";\nexport function h() { return f(g); }\nexport default { h };\n'
    assert bundle.join({"shared.js": shared}, own) == (
        "function f() {}\nconst g = 1;\n\nexport function h() { return f(g); }\nexport default { h };\n"
    )


def test_join_takes_each_part_that_is_needed_once_and_in_order():
    parts = {
        "a.js": "export const a = 1;\n",
        "b.js": 'import { a } from "./a.js";\nexport const b = a;\n',
        "c.js": "export const c = 3;\n",
    }
    assert bundle.join(parts, 'import { b } from "./b.js";\nexport default { b };\n') == (
        "const a = 1;\n\nconst b = a;\n\nexport default { b };\n"
    )
    with pytest.raises(ValueError, match=r"b\.js imports a, which a\.js does not export"):
        bundle.join({**parts, "a.js": ""}, 'import { b } from "./b.js";\nexport default { b };\n')


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ('import { nope } from "./shared.js";\n', "widget.js imports nope, which shared.js does not export"),
        ('import x from "./other.js";\n', "may import only"),
        ('import "./shared.js";\n', "may import only"),
        ('export { f } from "./other.js";\n', "may import only"),
        ('const m = import("./other.js");\n', "may import only"),
    ],
)
def test_join_refuses_what_would_not_work_on_a_page_opened_as_a_file(own, message):
    with pytest.raises(ValueError, match=message):
        bundle.join({"shared.js": "export function f() {}\n"}, own)


def test_an_unknown_widget_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"no widget named 'nope'; there are .*entropy"):
        bundle.bundle("nope")
