"""The static picture of PositionExplorer: the same table, plots and numbers that position.js draws (torch)."""

from typing import TYPE_CHECKING

import torch

from llmcourse.explore.drawing import heat_map, line_plot, static_slider
from llmcourse.explore.markup import (
    Markup,
    element,
    format_number,
    number,
    placeholder,
    static_button,
    static_choice,
)
from llmcourse.transformer.positions import offset_product

if TYPE_CHECKING:
    from llmcourse.explore.position import PositionExplorer

BOX = {"width": 300, "height": 166, "left": 42, "right": 10, "top": 10, "bottom": 36}
NUMBERS = {
    "entry": ("PE(t)ⱼ", "entry", ": sine (even j) or cosine (odd j) of t·ω"),
    "frequency": ("ω", "frequency", ": radians per position"),
    "wavelength": ("2π/ω", "wavelength", ": positions for one turn"),
    "product": ("PE(t)·PE(t+k)", "dot product", ""),
    "cosine": ("÷ D/2", "cosine", ": 1 for equal rows"),
    "twin_cosine": ("max", "closest rows", ": their cosine"),
}
WRITTEN = {"entry": 4, "wavelength": 2, "product": 3, "cosine": 4, "twin_cosine": 4}
TABLE = (
    "The table: one row per position, one column per dimension; blue above 0, orange below. The outlined row is t, the "
    "dashed one t + k, the outlined column j."
)
WAVE = "Column j read downward. The dots are the positions, the large one is t."
CURVE = "Dotted: Σ cos kωᵢ. Bold: the dot products of row t with every row of the table. The dot is row t + k."


def draw(widget: "PositionExplorer") -> Markup:
    """Everything inside the view."""
    plots = element(
        "div",
        {"class": "lc-plots"},
        element("figure", {}, element("div", {}, wave(widget)), element("figcaption", {}, WAVE)),
        element("figure", {}, element("div", {}, curve(widget)), element("figcaption", {}, CURVE)),
    )
    return Markup(controls(widget) + element("div", {"class": "lc-columns"}, table(widget), plots, numbers(widget)))


def controls(widget: "PositionExplorer") -> Markup:
    """Invisible controls of the right size."""
    base = f"{widget.base:,.0f}" if widget.base >= 1000 else f"{widget.base:.4g}"
    kind = "cos" if widget.dimension % 2 else "sin"
    return placeholder(
        "A picture of the starting state. With scripts on, sliders choose position, offset, dimension, width and base.",
        static_slider("Position t", str(widget.position)),
        static_slider("Offset k", str(widget.offset)),
        static_slider("Dimension j", f"{widget.dimension}, {kind}"),
        static_slider("Width D", str(widget.width)),
        static_slider("Base b", base),
        static_choice("Curve", ["dot product", "cosine"]),
        static_button("Reset"),
    )


def numbers(widget: "PositionExplorer") -> Markup:
    """Entry, frequency, wavelength, the two forms of the dot product, and the two rows that are most alike."""
    values, items = widget.numbers(), []
    for key, (symbol, name, words) in NUMBERS.items():
        x = values[key]
        text = format_number(x, 4, 0.01) if key == "frequency" else format_number(x, WRITTEN[key])
        shown = [number(key, x, text)]
        if key == "twin_cosine":
            shown += [Markup(" at k = "), number("twin", values["twin"], f"{values['twin']:.0f}")]
        sign, rest = element("span", {"class": "lc-symbol"}, symbol), element("span", {"class": "lc-words"}, words)
        items.append(
            element("div", {"class": "lc-number"}, element("dt", {}, sign, f" {name}", rest), element("dd", {}, *shown))
        )
    return element("dl", {"class": "lc-numbers"}, *items)


def table(widget: "PositionExplorer") -> Markup:
    """The heat map with row t, row t + k and column j outlined."""
    length, width = widget.length, widget.width

    def mark(css: str, top: float, left: float, height: float, wide: float) -> Markup:
        place = {"top": top, "left": left, "height": height, "width": wide}
        style = ";".join(f"{name}:{100 * share:.6g}%" for name, share in place.items())
        return element("div", {"class": css, "style": style})

    other = widget.position + widget.offset
    marks = [mark("lc-mark", widget.position / length, 0.0, 1 / length, 1.0)]
    marks += [mark("lc-mark lc-other", other / length, 0.0, 1 / length, 1.0)] if other < length else []
    marks += [mark("lc-mark", 0.0, widget.dimension / width, 1.0, 1 / width)]
    cells = element("div", {"class": "lc-cells"}, heat_map(widget.rows(*range(length)).tolist(), 1))
    span = lambda text, css=None: element("span", {"class": css}, text)  # noqa: E731
    head = element("div", {"class": "lc-axis-top"}, span("0"), span("dimension"), span(str(width - 1)))
    side = element("div", {"class": "lc-axis-side"}, span("0"), span("position", "lc-upright"), span(str(length - 1)))
    axes = element(
        "div",
        {"class": "lc-axes", "aria-hidden": "true"},
        head,
        side,
        element("div", {"class": "lc-map"}, cells, *marks),
    )
    return element("figure", {"class": "lc-table"}, axes, element("figcaption", {}, TABLE))


def wave(widget: "PositionExplorer") -> Markup:
    """The chosen column over the positions."""
    fine = [i / 4 for i in range(4 * (widget.length - 1) + 1)]
    heights = widget.rows(*fine)[:, widget.dimension].tolist()
    small = [{"x": t, "y": heights[4 * t], "color": "c1", "r": 1.8} for t in range(widget.length)]
    large = {"x": widget.position, "y": heights[4 * widget.position], "color": "c2", "r": 5}
    return line_plot(
        frame=BOX,
        x={"range": [0, widget.length - 1], "label": "position"},
        y={"range": [-1.1, 1.1], "label": f"dimension {widget.dimension}", "ticks": [-1, 0, 1]},
        lines=[{"points": list(zip(fine, heights, strict=True)), "color": "c1", "width": 1.2}],
        dots=[*small, large],
    )


def curve(widget: "PositionExplorer") -> Markup:
    """The dot product over the offset: the formula dotted, the products of row t bold."""
    unit = widget.width / 2 if widget.scale == "cosine" else 1
    top, last = widget.width / 2 / unit, widget.length - 1
    every = range(-last, last + 1)
    formula = (offset_product(torch.tensor([*every]), widget.width, base=widget.base) / unit).tolist()
    bottom = -top if min(formula) < 0 else 0
    here = widget.rows(widget.position)[0]
    measured = (widget.rows(*range(widget.length)) @ here / unit).tolist()
    at = float(widget.rows(widget.position + widget.offset)[0] @ here) / unit
    return line_plot(
        frame=BOX,
        x={"range": [-last, last], "label": "offset k"},
        y={
            "range": [bottom - 0.1 * top, 1.1 * top],
            "label": "cosine" if widget.scale == "cosine" else "dot product",
            "ticks": [bottom, (bottom + top) / 2, top],
        },
        rules=[{"x": 0}],
        lines=[
            {"points": list(zip(every, formula, strict=True)), "color": "c6", "dash": "2 3", "width": 1.2},
            {"points": [(s - widget.position, m) for s, m in enumerate(measured)], "color": "c1", "width": 2.4},
        ],
        dots=[{"x": widget.offset, "y": at, "color": "c2", "r": 5}],
    )
