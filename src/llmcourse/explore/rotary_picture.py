"""The static picture of RotaryExplorer: the same arrows, plots and numbers that rotary.js draws (pure Python)."""

import math
from typing import TYPE_CHECKING

import torch

from llmcourse.explore.drawing import line_plot, static_slider
from llmcourse.explore.markup import Markup, axis_top, element, format_number, number, static_button, static_choice

if TYPE_CHECKING:
    from torch import Tensor

    from llmcourse.explore.rotary import RotaryExplorer

SPANS = (64, 256, 1024, 4096)
SCALINGS = ("none", "interpolation", "NTK", "YaRN")
SIZE, RADIUS = 200, 88
FRAME = {"width": 340, "height": 200, "left": 44, "right": 10, "top": 12, "bottom": 38}
NUMBERS = {
    "score": ("q·k/√K", "score", " of all pairs at this offset", "", 4),
    "part": ("pair i", "its part", " of the score", "", 4),
    "between": ("φ", "angle", " from k to q", "°", 1),
    "query_turn": ("tθᵢ", "turn of q", ", less whole turns", "°", 1),
    "key_turn": ("sθᵢ", "turn of k", ", less whole turns", "°", 1),
    "theta": ("θᵢ", "speed", " of this pair", "rad/tok.", 6),
    "wavelength": ("2π/θᵢ", "wavelength", ", one turn", "tokens", 1),
    "turns": ("Lθᵢ/2π", "turns", " in training, unscaled", "", 2),
}
DIAL_WORDS = "One pair of coordinates is a point in a plane. Dashed: query and key before they turn."
CLOCK_WORDS = (
    "Tokens for one turn of each pair, and a dot on the chosen one. Dashed: the trained length L; pairs above it never "
    "complete a turn in training."
)


def draw(widget: "RotaryExplorer") -> Markup:
    """Everything inside the view."""
    values = widget.numbers()
    columns = element(
        "div",
        {"class": "lc-columns"},
        element("figure", {"class": "lc-plane"}, dial(widget, values["theta"]), element("figcaption", {}, DIAL_WORDS)),
        element("dl", {"class": "lc-numbers"}, *(_number(key, values[key]) for key in NUMBERS)),
        _plot(curve(widget, values), _curve_words(widget)),
        _plot(clocks(widget), CLOCK_WORDS),
    )
    return Markup(controls(widget) + columns)


def controls(widget: "RotaryExplorer") -> Markup:
    """Where the controls will be, invisible and of the same size."""
    shown = {
        "Offset n = t − s": str(widget.offset),
        "Key position s": str(widget.position),
        "Pair i": str(widget.pair),
        "Base b": _whole(widget.base),
        "Factor": format_number(widget.factor, 2),
    }
    spans = static_choice("Offsets shown", [str(n) for n in SPANS])
    hidden = {"aria-hidden": "true", "inert": True}
    sliders = element(
        "div", {"class": "lc-controls lc-sliders", **hidden}, *(static_slider(*pair) for pair in shown.items())
    )
    choices = (static_choice("Scaling", list(SCALINGS)), spans, static_button("Reset"))
    state = f"Without scripts, a still picture: {', '.join(f'{k.lower()} = {v}' for k, v in _state(widget).items())}."
    note = element("p", {"class": "lc-note"}, state)
    rows = element("div", {}, sliders, element("div", {"class": "lc-controls lc-second", **hidden}, *choices))
    return element("div", {"class": "lc-waiting lc-still"}, rows, note)


def shown_span(widget: "RotaryExplorer") -> int:
    """How many offsets the curve shows: the wanted number, or more if the offset lies beyond it."""
    return next(n for n in SPANS if n >= max(widget.span, widget.offset))


def dial(widget: "RotaryExplorer", theta: float) -> Markup:
    """The plane of one pair: dashed where query and key point before they turn, arrows after, an arc between them."""
    middle, i = SIZE / 2, widget.pair
    vectors = [torch.tensor(x[2 * i : 2 * i + 2], dtype=torch.float64) for x in (widget.query, widget.key)]
    lengths = [float(x.norm()) for x in vectors]
    starts = [math.atan2(float(x[1]), float(x[0])) for x in vectors]
    ends = [starts[0] + (widget.position + widget.offset) * theta, starts[1] + widget.position * theta]
    reach = [(RADIUS - 16) * length / (max(lengths) or 1.0) for length in lengths]

    def place(angle: float, along: float, across: float = 0.0) -> str:
        c, s = math.cos(angle), -math.sin(angle)
        return f"{middle + along * c + across * s:.2f} {middle + along * s - across * c:.2f}"

    parts = [element("circle", {"class": "lc-ring", "cx": middle, "cy": middle, "r": RADIUS})]
    for which, (angle, length) in enumerate(zip(starts, reach, strict=True), 1):
        line = f"M{middle:g} {middle:g}L{place(angle, length)}"
        parts.append(element("path", {"class": "lc-start", "d": line, "style": f"stroke:var(--c{which})"}))
    sweep = 0 if (math.degrees(ends[0] - ends[1]) + 180) % 360 > 180 else 1
    arc = f"M{place(ends[1], 24.0)}A24 24 0 0 {sweep} {place(ends[0], 24.0)}"
    parts.append(element("path", {"class": "lc-arc", "d": arc}))
    for which, name in ((1, "k"), (0, "q")):
        angle, length = ends[which], reach[which]
        tip = max(length - 9, 0.0)
        head = f"M{place(angle, length)}L{place(angle, tip, 5.0)}L{place(angle, tip, -5.0)}z"
        x, y = place(angle, length + 9).split()
        parts.append(
            element(
                "g",
                {"style": f"stroke:var(--c{which + 1});fill:var(--c{which + 1})"},
                element("path", {"class": "lc-arrow", "d": f"M{place(angle, 0.0)}L{place(angle, tip)}"}),
                element("path", {"d": head}),
                element("text", {"x": x, "y": f"{float(y) + 4:.2f}", "text-anchor": "middle"}, name),
            )
        )
    return element("svg", {"class": "lc-dial", "viewBox": f"0 0 {SIZE} {SIZE}", "aria-hidden": "true"}, *parts)


def curve(widget: "RotaryExplorer", values: dict[str, float]) -> Markup:
    """The score, and the part of one pair, at each offset."""
    span = shown_span(widget)
    offsets = torch.arange(span + 1)

    def line(scores: "Tensor", **look: object) -> dict[str, object]:
        return {"points": list(enumerate(scores.tolist())), **look}

    scaling = widget.scaling_value()
    plain = [line(widget.scores(offsets, scaled=False), color="c6", width=1)] if scaling else []
    part = line(widget.scores(offsets, pair=widget.pair), color="c2", width=1)
    dots = [
        {"x": widget.offset, "y": values["part"], "color": "c2", "r": 3},
        {"x": widget.offset, "y": values["score"], "color": "c1", "r": 5},
    ]
    vectors = torch.tensor([widget.query, widget.key], dtype=torch.float64)
    lengths = vectors.unflatten(-1, (-1, 2)).norm(dim=-1)  # of each pair of both
    largest = float(lengths[0] @ lengths[1]) / math.sqrt(len(widget.query)) * _sharpening(widget)
    bound = axis_top(largest or 1.0)
    return line_plot(
        x={"range": [0, span], "label": "offset n (tokens)"},
        y={"range": [-bound, bound], "label": "score"},
        lines=[*plain, part, line(widget.scores(offsets), color="c1")],
        dots=dots,
        rules=[{"y": 0}],
        frame=FRAME,
    )


def clocks(widget: "RotaryExplorer") -> Markup:
    """The wavelength of each pair."""
    waves = {scaled: (2 * math.pi / widget.speeds(scaled=scaled)).log10().tolist() for scaled in (True, False)}
    trained = math.log10(widget.original_context)
    plain = [{"points": list(enumerate(waves[False])), "color": "c6", "width": 1}] if widget.scaling != "none" else []
    return line_plot(
        x={"range": [0, len(waves[True]) - 1], "label": "pair i"},
        y={"range": [0, math.ceil(max(waves[True][-1], waves[False][-1], trained))], "label": "log₁₀ wavelength"},
        lines=[*plain, {"points": list(enumerate(waves[True])), "color": "c1"}],
        dots=[{"x": widget.pair, "y": waves[True][widget.pair], "color": "c1", "r": 5}],
        rules=[{"y": trained}],
        frame=FRAME,
    )


def _plot(plot: Markup, words: str) -> Markup:
    return element("figure", {}, element("div", {}, plot), element("figcaption", {}, words))


def _sharpening(widget: "RotaryExplorer") -> float:
    scaling = widget.scaling_value()
    return 1.0 if scaling is None else scaling.attention_factor**2


def _whole(x: float) -> str:
    return f"{math.floor(x + 0.5):,}"


def _state(widget: "RotaryExplorer") -> dict[str, str]:
    scaling = widget.scaling if widget.scaling == "none" else f"{widget.scaling} by {format_number(widget.factor, 2)}"
    places = {"Offset": f"{widget.offset}", "Key position": f"{widget.position}", "Pair": f"{widget.pair}"}
    return places | {"Base": _whole(widget.base), "Scaling": scaling}


def _number(key: str, value: float) -> Markup:
    symbol, name, words, unit, digits = NUMBERS[key]
    sign, rest = element("span", {"class": "lc-symbol"}, symbol), element("span", {"class": "lc-words"}, words)
    shown = number(key, value, format_number(value, digits))
    value_and_unit = element("dd", {}, shown, " ", element("span", {"class": "lc-unit"}, unit))
    return element("div", {"class": "lc-number"}, element("dt", {}, sign, f" {name}", rest), value_and_unit)


def _curve_words(widget: "RotaryExplorer") -> str:
    gray = "" if widget.scaling == "none" else " Gray: without scaling."
    sharpening = _sharpening(widget)
    sharp = f" YaRN multiplies scores by {format_number(sharpening, 3)}." if sharpening > 1 else ""
    return f"Blue: the score at each whole offset. Orange: the part of this pair.{gray}{sharp}"
