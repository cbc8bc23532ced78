"""One module text per widget: shared.js, the parts that NAME.js names, and NAME.js, joined (pure Python).

A widget's JavaScript imports by name from files beside it, ``import { sum } from "./shared.js"``. Neither a notebook
(which gets one string) nor a page opened as a file (where such an import fails) can follow that, so both get the files
as one module. The site build imports this file, therefore it imports nothing outside the standard library.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).parent
PARTS = (  # what widgets may import, each after what it imports itself
    *("shared.js", "ngram.js", "softmax.js", "sampling.js", "decoding.js", "scaling.js", "draw.js"),
    *("binomial.js", "calibration.js", "typeset.js", "rich_text.js", "fsrs.js", "card_queue.js", "card_face.js"),
    *("review_overview.js",),
    *("learning_graph.js", "tally.js", "progress_actions.js"),
    *("answers.js", "quiz_inputs.js", "quiz_verdict.js", "quiz_question.js"),
    *("bpe.js", "decoder.js", "gpt_loader.js", "gpt_worker.js", "gpt_trace.js"),
    *("gpt_session.js", "gpt_text.js", "gpt_next.js", "gpt_attention.js", "gpt_lens.js"),
)

_IMPORT = re.compile(r'^import\s*\{([^}]*)\}\s*from\s*"\./([\w.]+)";[ \t]*\n', re.MULTILINE)
_EXPORT = re.compile(r"^export\s+(?=(?:async\s+)?(?:function|const|let|class)\b)", re.MULTILINE)
_EXPORTED = re.compile(r"^export\s+(?:async\s+)?(?:function\*?|const|let|class)\s+([\w$]+)", re.MULTILINE)
_STRAY = re.compile(r"""^\s*(?:import\b|export\s[^;]*\bfrom\s*["']).*$|\bimport\s*\(""", re.MULTILINE)


def widget_names() -> list[str]:
    """The widgets that exist: every NAME.js beside this file except the parts, sorted."""
    return sorted(path.stem for path in HERE.glob("*.js") if path.name not in PARTS)


def read_script(name: str) -> str:
    """The text of a JavaScript or style file of this folder, with Unix line ends."""
    return (HERE / name).read_text(encoding="utf-8").replace("\r\n", "\n")


def style() -> str:
    """The look of all widgets: widget.css, then what each widget adds in a NAME.css of its own."""
    own = sorted(path.name for path in HERE.glob("*.css") if path.name != "widget.css")
    return "\n".join(read_script(name) for name in ("widget.css", *own))


def join(parts: Mapping[str, str], own: str, *, name: str = "widget") -> str:
    """One ES module out of several: the parts that are imported, without their exports, then the widget's own text.

    Raises:  ValueError for a name that a part does not export, and for any other import.
    """
    texts, needed = {**parts, f"{name}.js": own}, {f"{name}.js"}
    for where in reversed(texts):  # a part is followed only by what may import it
        for names, part in _IMPORT.findall(texts[where]) if where in needed else ():
            missing = {one.strip() for one in names.split(",")} - {"", *_EXPORTED.findall(parts.get(part, ""))}
            if part in parts and missing:
                raise ValueError(f"{where} imports {', '.join(sorted(missing))}, which {part} does not export")
            needed.add(part)
    bodies = []
    for where, text in texts.items():
        body = _IMPORT.sub(lambda found: "" if found[2] in parts else found[0], text)
        if where in needed and (stray := _STRAY.search(body)):
            raise ValueError(f"{where} may import only from {', '.join(parts)} by name; found: {stray[0].strip()}")
        if where in needed:
            bodies.append((_EXPORT.sub("", body) if where in parts else body).strip())
    return "\n\n".join(bodies) + "\n"


def bundle(name: str) -> str:
    """The widget ``name`` as one ES module without imports, for anywidget's ``_esm`` and for the site."""
    if name not in widget_names():
        raise ValueError(f"no widget named {name!r}; there are {', '.join(widget_names())}")
    return join({part: read_script(part) for part in PARTS}, read_script(f"{name}.js"), name=name)


def classic_script(name: str) -> str:
    """The same module as a classic script that registers its source: what the site ships as NAME.widget.js."""
    source = json.dumps(bundle(name), ensure_ascii=True)
    return f"(window.llmcourseWidgets = window.llmcourseWidgets || {{}})[{json.dumps(name)}] = {source};\n"


def data_script(name: str, value: object) -> str:
    """A value as a classic script that hands it to the host: what the site ships as data/NAME.js."""
    return f"llmcourseData({json.dumps(name)}, {json.dumps(value, ensure_ascii=True, allow_nan=False)});\n"
