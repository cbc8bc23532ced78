"""Figures that follow the page: a notebook's SVG output is put inside the page, with the palette's CSS variables."""

import html
import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

from lc_package import pure_module

_PROLOGUE = re.compile(r"^.*?(?=<svg\b)", re.DOTALL)  # XML declaration and document type
_METADATA = re.compile(r"<metadata>.*?</metadata>|<!--.*?-->", re.DOTALL)
_OPENING = re.compile(r"<svg\b[^>]*>")
_SIZE = re.compile(r'\s(?:width|height|role|aria-label|xmlns:\w+|version)="[^"]*"')
_ID = re.compile(r'\bid="([^"]+)"')
_REFERENCE = re.compile(r'(url\(#|href="#)([^")]+)')
_WHITE_FILL = re.compile(r"fill:\s*(?:#ffffff|#fff|white)\b|fill=\"(?:#ffffff|#fff|white)\"", re.IGNORECASE)
_FONT = re.compile(r"font:[^;\"]*?(\d+(?:\.\d+)?px)[^;\"]*")


def themed(svg: str, light: dict[str, str]) -> str:
    """The same drawing with the palette's light values, black and white exchanged for the page's variables."""
    svg = _WHITE_FILL.sub(lambda match: 'fill="none"' if "=" in match.group() else "fill: none", svg)
    colors = {value.lower(): f"var(--lc-{name})" for name, value in reversed(light.items())}
    colors |= {"#000000": "var(--lc-ink)", "#ffffff": "var(--lc-paper)"}
    return re.sub("|".join(colors), lambda match: colors[match.group().lower()], svg, flags=re.IGNORECASE)


def own_ids(svg: str, prefix: str) -> str:
    """Every id, and every reference to one, behind a prefix, so that figures on one page cannot clash."""
    names = set(_ID.findall(svg))
    svg = _ID.sub(lambda match: f'id="{prefix}{match.group(1)}"', svg)
    return _REFERENCE.sub(
        lambda match: f"{match.group(1)}{prefix if match.group(2) in names else ''}{match.group(2)}", svg
    )


def inline(svg: str, *, alt: str, prefix: str, light: dict[str, str]) -> str:
    """One <svg> element that scales with the column and says what it shows."""
    svg = _METADATA.sub("", _PROLOGUE.sub("", svg, count=1)).strip()
    opening = _OPENING.search(svg).group()
    width = re.search(r'\bwidth="([\d.]+)(pt|px)?"', opening)
    style = f"width: {width.group(1)}{width.group(2) or 'px'}" if width else "width: 100%"
    label = f'role="img" aria-label="{html.escape(alt)}"' if alt else 'role="presentation"'
    bare = _SIZE.sub("", opening)
    fresh = bare.replace("<svg", f'<svg class="lc-svg" {label} style="{style}"', 1)
    svg = svg.replace(opening, fresh, 1)
    return own_ids(themed(svg, light), prefix)


def replace_images(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Exchange each notebook output that is an SVG file for its text. SVG files that an author links stay files."""
    if app.builder.format != "html":
        return
    light = pure_module("llmcourse.palette").LIGHT
    outputs = Path(app.outdir).parent / "jupyter_execute"
    for number, image in enumerate(list(doctree.findall(nodes.image)), start=1):
        path = Path(app.srcdir, image["uri"])
        made_here = any(parent.get("nb_element") for parent in holders(image)) or outputs in path.resolve().parents
        if path.suffix != ".svg" or not made_here or not path.exists():
            continue
        text = inline(path.read_text(encoding="utf-8"), alt=image.get("alt", ""), prefix=f"f{number}-", light=light)
        image.replace_self(nodes.raw("", f'<div class="lc-figure">{text}</div>', format="html"))


def holders(node: nodes.Node) -> list[nodes.Element]:
    """The elements around ``node``."""
    found = []
    while (node := node.parent) is not None and isinstance(node, nodes.Element):
        found.append(node)
    return found


def setup(app: Sphinx) -> dict:
    """Sphinx calls this."""
    app.connect("doctree-resolved", replace_images)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
