"""The still picture of CalibrationExplorer: diagram, numbers and bins as calibration_explorer.js draws them (numpy)."""

import math
from typing import TYPE_CHECKING

from llmcourse.evaluation.calibration import Bins
from llmcourse.evaluation.intervals import Interval
from llmcourse.explore.drawing import line_plot, static_slider
from llmcourse.explore.markup import (
    Markup,
    element,
    fixed,
    format_number,
    number,
    placeholder,
    static_button,
    static_choice,
    static_menu,
)

if TYPE_CHECKING:
    from llmcourse.explore.calibration_explorer import CalibrationExplorer

FRAME = {"width": 400, "height": 380, "left": 46, "right": 12, "top": 12, "bottom": 38}
SQUARE = {"range": [0, 1], "ticks": [0, 0.25, 0.5, 0.75, 1]}
NUMBERS = {
    "accuracy": ("share right", ""),
    "confidence": ("mean confidence", ""),
    "ece": ("calibration error (ECE)", ""),
    "square": ("squared gaps (reliability)", ""),
    "debiased": ("the same, debiased", ""),
    "brier": ("Brier score of the pick", ""),
    "resolution": ("− resolution", ""),
    "uncertainty": ("+ uncertainty", ""),
    "within": ("+ hidden by the bins", ""),
    "nll": ("NLL of the right choice", "nats"),
    "best": ("best τ here", ""),
}
HEADS = ("bin", "items", "confidence", "right", "95% interval")
CAPTION = (
    "Each dot is a bin: its mean confidence across, its share of right answers up, with Wilson's 95% interval; larger "
    "dots hold more items. On the dashed line, confidence and share agree; below it the model is too sure."
)


def draw(widget: "CalibrationExplorer") -> Markup:
    """Everything inside the view."""
    made, intervals = widget.found()
    values = widget.numbers()
    figure = element("figure", {}, plot(made, intervals), element("figcaption", {}, CAPTION))
    count = number("n", values["n"], f"{values['n']:.0f}")
    note = element("p", {"class": "lc-note"}, count, " answers of SmolLM2-135M-Instruct, each picked from four.")
    region = {"class": "lc-scroll", "role": "group", "tabindex": "0", "aria-label": "Bins"}
    columns = (figure, element("div", {}, numbers(values), note), element("div", region, table(made, intervals)))
    return Markup(controls(widget) + element("div", {"class": "lc-columns"}, *columns))


def controls(widget: "CalibrationExplorer") -> Markup:
    """Invisible controls of the right size."""
    sliders = (
        static_slider("Temperature τ", format_number(widget.temperature, 2)),
        static_slider("Number of bins", f"{widget.number}"),
    )
    return placeholder(
        "A picture of the starting state. With scripts on, bins and temperature can be moved.",
        static_menu("Asked how", widget.chosen, [one["name"] for one in widget.sets]),
        static_choice("Bins of equal", ["width", "mass"]),
        element("div", {"class": "lc-sliders"}, *sliders),
        element("div", {"class": "lc-buttons"}, *(static_button(text) for text in ("Best τ", "τ = 1", "Reset"))),
    )


def plot(made: Bins, intervals: Interval) -> Markup:
    """The reliability diagram."""
    filled = [m for m, count in enumerate(made.count) if count]
    lines = [{"points": [(0, 0), (1, 1)], "color": "c6", "dash": "5 3", "width": 1.4}]
    dots = []
    for m in filled:
        x = float(made.confidence[m])
        ends = [(x, float(intervals.low[m])), (x, float(intervals.high[m]))]
        lines.append({"points": ends, "color": "c1", "width": 1.4})
        radius = 2.5 + 9 * math.sqrt(made.count[m] / made.place.size)
        dots.append({"x": x, "y": float(made.share[m]), "color": "c1", "r": radius})
    x, y = {**SQUARE, "label": "confidence"}, {**SQUARE, "label": "share right"}
    return line_plot(x=x, y=y, frame=FRAME, lines=lines, dots=dots)


def numbers(values: dict[str, float]) -> Markup:
    """Accuracy, confidence, the errors and the scores."""
    items = []
    for key, (name, unit) in NUMBERS.items():
        value = element("dd", {}, number(key, values[key]), " ", element("span", {"class": "lc-unit"}, unit))
        items.append(element("div", {"class": "lc-number"}, element("dt", {}, name), value))
    return element("dl", {"class": "lc-numbers"}, *items)


def table(made: Bins, intervals: Interval) -> Markup:
    """One row for each bin."""
    head = element("thead", {}, element("tr", {}, *(element("th", {"scope": "col"}, text) for text in HEADS)))
    rows = []
    for m, count in enumerate(made.count):
        edges = f"{fixed(made.edges[m], 3)} to {fixed(made.edges[m + 1], 3)}"
        cells = [element("th", {"scope": "row"}, edges)]
        cells.append(_cell(f"count.{m}", float(count), f"{count}"))
        for key, means in (("confidence", made.confidence), ("share", made.share)):
            x = float(means[m])
            cells.append(_cell(f"{key}.{m}", x, format_number(x, 3) if count else "—"))
        low, high = float(intervals.low[m]), float(intervals.high[m])
        ends = (
            (number(f"low.{m}", low, fixed(low, 2)), " to ", number(f"high.{m}", high, fixed(high, 2)))
            if count
            else "—"
        )
        cells.append(element("td", {}, *ends))
        rows.append(element("tr", {}, *cells))
    return element("table", {"class": "lc-bins"}, head, element("tbody", {}, *rows))


def _cell(key: str, x: float, text: str) -> Markup:
    return element("td", {"data-key": key, "data-value": None if math.isnan(x) else repr(x)}, text)
