"""The static picture of ErrorBars: the same table, plots and numbers that error_bars.js draws (numpy)."""

import math
from typing import TYPE_CHECKING

import numpy as np

from llmcourse.explore.drawing import line_plot, static_slider
from llmcourse.explore.markup import (
    Markup,
    element,
    format_number,
    number,
    placeholder,
    static_button,
    static_choice,
)

if TYPE_CHECKING:
    from llmcourse.explore.error_bars import ErrorBars

BARS = {"width": 480, "height": 150, "left": 104, "right": 12, "top": 12, "bottom": 38}
CURVES = {"width": 480, "height": 240, "left": 46, "right": 12, "top": 12, "bottom": 38}
KINDS = {"wald": ("Wald", "c2"), "wilson": ("Wilson", "c1"), "clopper_pearson": ("Clopper–Pearson", "c3")}
REACHES = (1, 2, 3, 5, 10, 20, 30, 50, 100)  # points on each side of the score
SHARES = np.arange(1, 200) / 200
SIZES = [math.floor(10 ** (1 + i / 10) + 0.5) for i in range(31)]
NUMBERS = {
    "error": ("SE", "of one score", "points"),
    "apart": ("SE", "of B − A on two sets of items", "points"),
    "paired": ("SE", "of B − A on the same items", "points"),
    "flip": ("A > B", "the worse is ahead", "%"),
    "tie": ("A = B", "a tie", "%"),
    "needed_apart": ("n", "to find B − A on two sets", "items"),
    "needed": ("n", "to find B − A on the same", "items"),
    "luck": ("max − p", "luck of the best of M", "points"),
}
CAPTIONS = {
    "bars": "The three intervals around the score that n items of a model with the true share p most likely give. "
    "Dashed: p. The axis zooms in as n grows.",
    "coverage": "How often each interval holds the true share, if that is what the axis says: every possible count is "
    "visited. Dashed: the promise, and where p stands.",
    "order": "How often the worse model A is ahead of B. Solid: on the same items, with the correlation ρ. Dashed: on "
    "two separate sets. The dot is where n stands.",
}


def draw(widget: "ErrorBars") -> Markup:
    """Everything inside the view."""
    values = widget.numbers()
    curves = coverage_curves(widget) if widget.plot == "coverage" else order_curves(widget, values)
    plots = element(
        "div",
        {"class": "lc-plots"},
        element("figure", {}, element("div", {}, bars(widget, values)), caption("bars")),
        element("figure", {}, element("div", {}, curves), caption(widget.plot)),
    )
    left = element("div", {}, table(widget, values), numbers(values))
    return Markup(controls(widget) + element("div", {"class": "lc-columns"}, left, plots))


def caption(name: str) -> Markup:
    """What a plot shows."""
    return element("figcaption", {}, CAPTIONS[name])


def percent(x: float, digits: int = 2) -> str:
    """A share in percent, without the sign; what would be a false zero is said to be below the last digit."""
    return "< 0.01" if digits == 2 and 0 < x < 5e-5 else format_number(100 * x, digits)


def controls(widget: "ErrorBars") -> Markup:
    """Invisible controls of the right size."""
    return placeholder(
        "A picture of the starting state. With scripts on, sliders choose items, shares, correlation and models.",
        static_slider("Items n", f"{widget.items:,}"),
        static_slider("True share p of A", f"{100 * widget.share:.0f}%"),
        static_slider("B is better by", f"{percent(widget.gap, 1)} points"),
        static_slider("Correlation ρ", format_number(widget.correlation, 2)),
        static_slider("Equal models M", str(widget.models)),
        static_choice("Level", ["80%", "90%", "95%", "99%"]),
        static_choice("Curves", ["coverage", "wrong order"]),
        static_button("Reset"),
    )


def table(widget: "ErrorBars", values: dict[str, float]) -> Markup:
    """The three intervals and how often each holds the true share."""
    head = (element("th", {"scope": "col"}, text) for text in ("interval", "from", "to", "holds p in"))
    rows = []
    for kind, (name, _) in KINDS.items():
        keys = (f"{kind}.{part}" for part in ("low", "high", "coverage"))
        cells = (element("td", {}, number(key, values[key], percent(values[key])), "%") for key in keys)
        rows.append(element("tr", {}, element("th", {"scope": "row"}, name), *cells))
    right = number("right", values["right"], f"{values['right']:,.0f}")
    title = element("caption", {}, right, " of ", element("span", {}, f"{widget.items:,}"), " right")
    body = element("tbody", {}, *rows)
    return element("table", {"class": "lc-intervals"}, title, element("thead", {}, element("tr", {}, *head)), body)


def numbers(values: dict[str, float]) -> Markup:
    """Standard errors, wrong orders, items that are needed, and the luck of the best."""
    items = []
    for key, (symbol, words, unit) in NUMBERS.items():
        x = values[key]
        text = percent(x) if not key.startswith("needed") else f"{x:,.0f}" if math.isfinite(x) else "∞"
        term = element("dt", {}, element("span", {"class": "lc-symbol"}, symbol), f" {words}")
        value = element("dd", {}, number(key, x, text), " ", element("span", {"class": "lc-unit"}, unit))
        items.append(element("div", {"class": "lc-number"}, term, value))
    return element("dl", {"class": "lc-numbers"}, *items)


def bars(widget: "ErrorBars", values: dict[str, float]) -> Markup:
    """The three intervals around the score."""
    score = 100 * values["right"] / widget.items
    ends = [(100 * values[f"{kind}.low"], 100 * values[f"{kind}.high"]) for kind in KINDS]
    reach = next(r for r in REACHES if all(low >= score - r and high <= score + r for low, high in ends))
    colors = [color for _, color in KINDS.values()]
    lines = [
        {"points": [(low, 3 - i), (high, 3 - i)], "color": colors[i], "width": 4} for i, (low, high) in enumerate(ends)
    ]
    return line_plot(
        frame=BARS,
        x={"range": [score - reach, score + reach], "label": "right answers, in percent"},
        y={"range": [0.4, 3.6], "label": "", "ticks": [3, 2, 1], "write": lambda y: [*KINDS.values()][3 - y][0]},
        rules=[{"x": 100 * widget.share}],
        lines=lines,
        dots=[{"x": score, "y": 3 - i, "color": color, "r": 5} for i, color in enumerate(colors)],
    )


def coverage_curves(widget: "ErrorBars") -> Markup:
    """Each interval's coverage over the true share."""
    held = widget.coverages(SHARES)
    return line_plot(
        frame=CURVES,
        x={"range": [0, 100], "label": "true share of right answers, in percent"},
        y={"range": [0, 100], "label": "coverage, percent", "ticks": [0, 20, 40, 60, 80, 100]},
        rules=[{"x": 100 * widget.share}, {"y": 100 * widget.level}],
        lines=[
            {"points": [*zip(100 * SHARES, 100 * held[kind], strict=True)], "color": color, "width": 1.4}
            for kind, (_, color) in KINDS.items()
        ],
    )


def order_curves(widget: "ErrorBars", values: dict[str, float]) -> Markup:
    """How often the worse model is ahead, over the number of items."""

    def curve(correlation: float) -> list[tuple[float, float]]:
        return [(math.log10(n), 100 * widget.flips(n, correlation)) for n in SIZES]

    here = math.log10(widget.items)
    return line_plot(
        frame=CURVES,
        x={"range": [1, 4], "label": "number of items, as a power of ten", "ticks": [1, 1.5, 2, 2.5, 3, 3.5, 4]},
        y={"range": [0, 50], "label": "wrong order, percent", "ticks": [0, 10, 20, 30, 40, 50]},
        rules=[{"x": here}],
        lines=[
            {"points": curve(0.0), "color": "c6", "dash": "5 3", "width": 1.4},
            {"points": curve(widget.correlation), "color": "c1"},
        ],
        dots=[{"x": here, "y": 100 * values["flip"], "color": "c1"}],
    )
