"""One module text per widget: shared.js and NAME.js joined (pure Python).

A widget's JavaScript imports only from ``./shared.js``. Neither a notebook (which gets one string) nor a page opened as
a file (where ``import "./shared.js"`` fails) can follow that import, so both get the two files as one module. The site
build imports this file, therefore it imports nothing outside the standard library.
"""

import json
import re
from pathlib import Path

HERE = Path(__file__).parent
SHARED = "shared.js"

_IMPORT = re.compile(r'^import\s*\{([^}]*)\}\s*from\s*"\./shared\.js";[ \t]*\n', re.MULTILINE)
_EXPORT = re.compile(r"^export\s+(?=(?:async\s+)?(?:function|const|let|class)\b)", re.MULTILINE)
_EXPORTED = re.compile(r"^export\s+(?:async\s+)?(?:function\*?|const|let|class)\s+([\w$]+)", re.MULTILINE)
_STRAY = re.compile(r"""^\s*(?:import\b|export\s[^;]*\bfrom\b).*$|\bimport\s*\(""", re.MULTILINE)


def widget_names() -> list[str]:
    """The widgets that exist: every NAME.js beside this file except the shared one, sorted."""
    return sorted(path.stem for path in HERE.glob("*.js") if path.name != SHARED)


def read_script(name: str) -> str:
    """The text of a JavaScript or style file of this folder, with Unix line ends."""
    return (HERE / name).read_text(encoding="utf-8").replace("\r\n", "\n")


def join(shared: str, own: str, *, name: str = "widget") -> str:
    """One ES module out of two: the shared text without its exports, then the widget's without its imports.

    Raises:  ValueError for a name that shared.js does not export, and for any other import.
    """
    exported = set(_EXPORTED.findall(shared))
    for names in _IMPORT.findall(own):
        wanted = {part.strip() for part in names.split(",") if part.strip()}
        if missing := sorted(wanted - exported):
            raise ValueError(f"{name}.js imports {', '.join(missing)}, which {SHARED} does not export")
    body = _IMPORT.sub("", own)
    for text, where in ((shared, SHARED), (body, f"{name}.js")):
        if stray := _STRAY.search(text):
            raise ValueError(f'{where} may import only from "./{SHARED}" by name; found: {stray.group().strip()}')
    return _EXPORT.sub("", shared).rstrip() + "\n\n" + body.lstrip()


def bundle(name: str) -> str:
    """The widget ``name`` as one ES module without imports, for anywidget's ``_esm`` and for the site."""
    if name not in widget_names():
        raise ValueError(f"no widget named {name!r}; there are {', '.join(widget_names())}")
    return join(read_script(SHARED), read_script(f"{name}.js"), name=name)


def classic_script(name: str) -> str:
    """The same module as a classic script that registers its source: what the site ships as NAME.widget.js."""
    source = json.dumps(bundle(name), ensure_ascii=True)
    return f"(window.llmcourseWidgets = window.llmcourseWidgets || {{}})[{json.dumps(name)}] = {source};\n"


def data_script(name: str, value: object) -> str:
    """A value as a classic script that hands it to the host: what the site ships as data/NAME.js."""
    return f"llmcourseData({json.dumps(name)}, {json.dumps(value, ensure_ascii=True, allow_nan=False)});\n"
