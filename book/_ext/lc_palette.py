"""The colors of ``llmcourse.palette`` as CSS variables, so that there is one place where a color is written."""

import json
from pathlib import Path

from sphinx.application import Sphinx

from lc_package import pure_module


def variables(colors: dict[str, str]) -> str:
    """Declarations ``--lc-ink: #1f2328; …``."""
    return " ".join(f"--lc-{name}: {value};" for name, value in colors.items())


def stylesheet(light: dict[str, str], dark: dict[str, str]) -> str:
    """The light values, the dark ones where the theme says so, and the reader's preference where no script runs."""
    return (
        f":root {{ color-scheme: light; {variables(light)} }}\n"
        f'html[data-theme="dark"] {{ color-scheme: dark; {variables(dark)} }}\n'
        "@media (prefers-color-scheme: dark) { html:not([data-theme=light], [data-theme=dark]) "
        f"{{ color-scheme: dark; {variables(dark)} }} }}\n"
        f"@media print {{ html, html[data-theme] {{ color-scheme: light; {variables(light)} }} }}\n"
    )


def write_assets(app: Sphinx) -> None:
    """palette.css for every page; palette.js for scripts that must turn a light value into a dark one."""
    if app.builder.format != "html":
        return
    palette = pure_module("llmcourse.palette")
    static = Path(app.outdir, "_static")
    (static / "css").mkdir(parents=True, exist_ok=True)
    (static / "js").mkdir(parents=True, exist_ok=True)
    (static / "css/palette.css").write_text(stylesheet(palette.LIGHT, palette.DARK), encoding="utf-8")
    values = json.dumps({"light": palette.LIGHT, "dark": palette.DARK})
    (static / "js/palette.js").write_text(f"window.llmcoursePalette = {values};\n", encoding="utf-8")


def setup(app: Sphinx) -> dict:
    """Sphinx calls this."""
    app.add_css_file("css/palette.css", priority=600)
    app.connect("builder-inited", write_assets)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
