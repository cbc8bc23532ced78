"""Still pictures of sliders, line plots and heat maps, number for number what draw.js draws (pure Python)."""

import math
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from llmcourse.explore.markup import Markup, element

FRAME = {"width": 480, "height": 240, "left": 46, "right": 12, "top": 12, "bottom": 38}
LEVELS = 16  # shades of a heat map; what is drawn is rounded to them, what is said in numbers is not


def static_slider(label: str, value: str) -> Markup:
    """A labeled slider of the placeholder, with its value beside it."""
    bar = Markup('<input type="range" class="lc-range" disabled>')
    row = element("div", {"class": "lc-slider-row"}, bar, element("output", {"class": "lc-range-value"}, value))
    return element("div", {"class": "lc-field lc-slider"}, element("label", {}, label), row)


def ticks(lo: float | int, hi: float | int, most: int = 6) -> list[float]:
    """Round numbers from ``lo`` to ``hi``, at most ``most`` of them: steps of 1, 2 or 5 times a power of ten.

    >>> ticks(0.0, 10.0), ticks(-1.0, 1.0, 5)
    ([0.0, 2.0, 4.0, 6.0, 8.0, 10.0], [-1.0, -0.5, 0.0, 0.5, 1.0])
    """
    raw = (hi - lo) / max(1, most - 1)
    power = 10.0 ** math.floor(math.log10(raw) + 1e-9)
    step = next(s for s in (1, 2, 5, 10) if s * power >= raw * (1 - 1e-9)) * power
    first, last = math.ceil(lo / step - 1e-9), math.floor(hi / step + 1e-9)
    return [i * step + 0.0 for i in range(first, last + 1)]


def line_plot(
    *,
    x: dict[str, Any],
    y: dict[str, Any],
    lines: Iterable[dict[str, Any]] = (),
    dots: Iterable[dict[str, Any]] = (),
    rules: Iterable[dict[str, Any]] = (),
    texts: Iterable[dict[str, Any]] = (),
    frame: dict[str, int] = FRAME,
) -> Markup:
    """Axes, lines and dots. The arguments are those of ``linePlot`` in draw.js.

    ``x`` and ``y`` hold ``range``, ``label`` and perhaps ``ticks`` and ``write``, which turns a tick's number into its
    text; a line holds ``points``, ``color`` and perhaps
    ``dash`` and ``width``; a dot ``x``, ``y``, ``color`` and perhaps ``r``; a rule ``x`` or ``y``; a text ``x``, ``y``,
    ``text`` and perhaps ``anchor``.
    """
    left, right = frame["left"], frame["width"] - frame["right"]
    top, bottom = frame["top"], frame["height"] - frame["bottom"]

    def across(value: float | int) -> str:
        return _short(left + (value - x["range"][0]) / (x["range"][1] - x["range"][0]) * (right - left))

    def up(value: float | int, add: float | int = 0) -> str:
        return _short(top + (1 - (value - y["range"][0]) / (y["range"][1] - y["range"][0])) * (bottom - top) + add)

    def text(css: str, at_x: object, at_y: object, label: str, anchor: str | None, turn: str = "") -> Markup:
        place = {"class": css, "x": at_x, "y": at_y, "text-anchor": anchor, "transform": turn or None}
        return element("text", place, label)

    parts = []
    for value in x.get("ticks") or ticks(x["range"][0], x["range"][1]):
        at = across(value)
        parts.append(element("line", {"class": "lc-grid", "x1": at, "x2": at, "y1": top, "y2": bottom}))
        parts.append(text("lc-tick", at, bottom + 15, x.get("write", _tick)(value), "middle"))
    for value in y.get("ticks") or ticks(y["range"][0], y["range"][1], 5):
        parts.append(element("line", {"class": "lc-grid", "x1": left, "x2": right, "y1": up(value), "y2": up(value)}))
        parts.append(text("lc-tick", left - 5, up(value, 4), y.get("write", _tick)(value), "end"))
    parts.append(text("lc-axis", _short((left + right) / 2), frame["height"] - 6, x["label"], "middle"))
    middle = _short((top + bottom) / 2)
    parts.append(text("lc-axis", 11, middle, y["label"], "middle", f"rotate(-90 11 {middle})"))
    inside = []
    for rule in rules:
        if "y" in rule:
            place = {"x1": left, "x2": right, "y1": up(rule["y"]), "y2": up(rule["y"])}
        else:
            place = {"x1": across(rule["x"]), "x2": across(rule["x"]), "y1": top, "y2": bottom}
        inside.append(element("line", {"class": "lc-rule", **place}))
    for line in lines:
        d = "".join(f"{'L' if i else 'M'}{across(a)} {up(b)}" for i, (a, b) in enumerate(line["points"]))
        look = {"stroke-width": line.get("width", 1.8), "stroke-dasharray": line.get("dash")}
        inside.append(element("path", {"class": "lc-line", "d": d, **look, "style": f"stroke:var(--{line['color']})"}))
    for dot in dots:
        place = {"cx": across(dot["x"]), "cy": up(dot["y"]), "r": dot.get("r", 4)}
        inside.append(element("circle", {"class": "lc-dot", **place, "style": f"fill:var(--{dot['color']})"}))
    # Without an id for a clip path: a nested svg cuts off what leaves the frame.
    box = {"x": left, "y": top - 5, "width": right - left + 5, "height": bottom - top + 10}
    view = f"{box['x']} {box['y']} {box['width']} {box['height']}"
    parts.append(element("svg", {**box, "viewBox": view, "overflow": "hidden"}, *inside))
    parts += [text("lc-tick", across(t["x"]), up(t["y"]), t["text"], t.get("anchor")) for t in texts]
    size = f"0 0 {frame['width']} {frame['height']}"
    return element("svg", {"class": "lc-plot", "viewBox": size, "aria-hidden": "true"}, *parts)


def shade(value: float | int, top: float | int) -> int:
    """How dark a value is drawn: 0 to LEVELS, by its size beside ``top``."""
    return min(LEVELS, math.floor(abs(value) / top * LEVELS + 0.5))


def heat_map(values: Sequence[Sequence[float]], top: float | int) -> Markup:
    """One unit square for each value; above 0 in c1, below 0 in c2, of full strength at ``top``."""
    paths: dict[tuple[str, int], str] = {}
    for i, row in enumerate(values):
        looks = [("c2" if value < 0 else "c1", shade(value, top)) for value in row]
        start = 0
        for j in range(1, len(row) + 1):
            if j < len(row) and looks[j] == looks[start]:
                continue
            paths[looks[start]] = paths.get(looks[start], "") + f"M{start} {i}h{j - start}v1h{start - j}z"
            start = j
    parts = (
        element("path", {"d": d, "fill-opacity": f"{level / LEVELS:g}", "style": f"fill:var(--{color})"})
        for (color, level), d in sorted(paths.items())
        if level
    )
    size = f"0 0 {len(values[0])} {len(values)}"
    attributes = {"class": "lc-heat", "viewBox": size, "preserveAspectRatio": "none", "aria-hidden": "true"}
    return element("svg", attributes, *parts)


def _short(value: float | int) -> str:
    """Two decimals at the most, as JavaScript writes them."""
    return f"{math.floor(value * 100 + 0.5) / 100:g}" if abs(value) < 1e4 else f"{value:.0f}"


def _tick(value: float | int) -> str:
    """A tick's number: at most four significant digits, a true minus, as JavaScript writes it."""
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(abs(value)))
    rounded = Decimal(value).quantize(Decimal(1).scaleb(exponent - 3), ROUND_HALF_UP).normalize()
    text = f"{rounded:f}" if -7 < exponent < 21 else str(float(rounded))
    return text.replace("-", "−")
