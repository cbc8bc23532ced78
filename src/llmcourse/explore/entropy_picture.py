"""The static picture of EntropyExplorer: the same rows, areas and numbers that entropy.js draws (pure Python)."""

import math
from typing import TYPE_CHECKING

from llmcourse.explore.markup import (
    Markup,
    axis_top,
    element,
    format_number,
    number,
    placeholder,
    static_button,
    static_choice,
    static_menu,
    token_name,
    visible,
)

if TYPE_CHECKING:
    from llmcourse.explore.entropy import EntropyExplorer

MANY = 12
MARK = 30  # the room that one "↑ ∞" needs
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 300.0, 190.0, 30.0, 6.0, 18.0, 26.0
NUMBERS = {
    "entropy": ("H(p)", "entropy", ": the average surprise, the blue area"),
    "perplexity": ("2ᴴ", "perplexity", ": as uncertain as a fair choice among this many"),
    "cross_entropy": (
        "H(p, q)",
        "cross-entropy",
        ": average surprise if you believe q, the area under the dashed line",
    ),
    "kl": ("KL(p‖q)", "the difference", ": what believing q costs"),
    "kl_reverse": ("KL(q‖p)", "roles swapped", ": what believing p costs, if q is true"),
}


def draw(widget: "EntropyExplorer") -> Markup:
    """Everything inside the view."""
    reason = element("p", {"class": "lc-reason"}, reasons(widget.p, widget.q, widget.labels))
    figure = element("figure", {}, areas(widget), caption(widget))
    note = "When one bar moves, the others keep their proportions, so that all of them still sum to 1."
    columns = element("div", {"class": "lc-columns"}, rows(widget), numbers(widget), figure)
    return Markup(controls(widget) + element("p", {"class": "lc-note"}, note) + columns + reason)


def controls(widget: "EntropyExplorer") -> Markup:
    """Invisible controls of the right size."""
    names = [preset["name"] for preset in widget.presets]
    comparable = [preset["name"] for preset in widget.presets if preset["labels"] == widget.labels]
    parts = [static_menu("Distribution p", "your own", [*names, "your own"])] if names else []
    parts += [
        static_menu("Compare with q", "none", ["none", "uniform", "same as p", *comparable, "your own"]),
        static_choice("Unit", ["bits", "nats"]),
        static_button("Swap p and q"),
        static_button("Reset"),
    ]
    return placeholder("A picture of the starting state. With scripts on, the bars can be dragged.", *parts)


def rows(widget: "EntropyExplorer") -> Markup:
    """One row per outcome: label, bar, probability, surprise; for q underneath."""
    which = ["p"] if widget.q is None else ["p", "q"]
    top = bar_top(widget.p, widget.q)
    surprises = {name: widget.surprises(name) for name in which}
    heads = ["outcome", f"0 to {top:g}", ", ".join(which), "surprise"]
    head = (
        element("span", {"role": "columnheader", "class": None if i else "lc-label"}, h) for i, h in enumerate(heads)
    )
    body = []
    for i, label in enumerate(widget.labels):
        bars, values, logs = [], [], []
        for name, color in zip(which, ("c1", "c2"), strict=False):
            x, s = getattr(widget, name)[i], surprises[name][i]
            bars.append(element("span", {"class": "lc-bar", "style": f"--bar:var(--{color});--at:{x / top:.6g}"}))
            values.append(number(f"{name}.{i}", x))
            key = "surprise" if name == "p" else "surprise_q"
            logs.append(number(f"{key}.{i}", s, format_number(s, 3)))
        body.append(
            element(
                "div",
                {"class": "lc-row", "role": "row"},
                element("span", {"class": "lc-label", "role": "rowheader"}, visible(label)),
                element("span", {"class": "lc-bars", "role": "cell"}, *bars),
                element("span", {"class": "lc-value", "role": "cell"}, *values),
                element("span", {"class": "lc-value", "role": "cell"}, *logs),
            )
        )
    many = " lc-many" if len(widget.labels) > MANY else ""
    attributes = {"class": f"lc-rows{many}", "role": "table", "aria-label": "Outcomes and their probabilities"}
    return element("div", attributes, element("div", {"class": "lc-row lc-head", "role": "row"}, *head), *body)


def bar_top(p: list[float], q: list[float] | None) -> float | int:
    """Where the bars end: at 1, or, if many outcomes are all small, at the first of ¼, ½ and 1 that leaves room."""
    largest = max(p) if q is None else max(*p, *q)
    return 1 if len(p) <= MANY else next((top for top in (0.25, 0.5, 1) if largest <= 0.9 * top), 1)


def numbers(widget: "EntropyExplorer") -> Markup:
    """Entropy, perplexity and, with q, cross-entropy and both divergences; without q their places."""
    items = []
    values = widget.numbers()
    for key, (symbol, name, words) in NUMBERS.items():
        symbol = "eᴴ" if key == "perplexity" and widget.unit == "nats" else symbol
        unit = "" if key == "perplexity" or key not in values else widget.unit
        shown = number(key, values[key]) if key in values else element("span", {"data-key": key}, "—")
        sign, rest = element("span", {"class": "lc-symbol"}, symbol), element("span", {"class": "lc-words"}, words)
        term = element("dt", {}, sign, f" {name}", rest)
        value = element("dd", {}, shown, " ", element("span", {"class": "lc-unit"}, unit))
        items.append(element("div", {"class": "lc-number" if key in values else "lc-number lc-off"}, term, value))
    return element("dl", {"class": "lc-numbers"}, *items)


def areas(widget: "EntropyExplorer") -> Markup:
    """Blocks of width p and height −log p: the area is the entropy."""
    heights = widget.surprises("p")
    believed = widget.surprises("q") if widget.q is not None else []
    counted = [h for hs in (heights, believed) for h, p in zip(hs, widget.p, strict=False) if p > 0 and h < math.inf]
    top = axis_top(max([1.0, *counted]))

    def y(height: float) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - min(height, top) / top), 2)

    def rect(css: str, x: float, width: float, height: float) -> Markup:
        size = {"width": round(width, 2), "height": round(y(0.0) - y(height), 2)}
        return element("rect", {"class": css, "x": round(x, 2), "y": y(height), **size})

    def text(x: float, y: float, label: str, anchor: str | None = None, css: str = "lc-tick") -> Markup:
        return element("text", {"class": css, "x": round(x, 2), "y": y, "text-anchor": anchor}, label)

    right = WIDTH - RIGHT
    parts, path = [], ""
    for share in (0.0, 0.5, 1.0):
        at = y(share * top)
        parts.append(element("line", {"class": "lc-grid", "x1": LEFT, "x2": right, "y1": at, "y2": at}))
        parts.append(text(LEFT - 5, at + 4, f"{share * top:g}", "end"))
    # Where q is 0 and p is not: a mark on each block, or one for all if some are narrow.
    infinite = [p for p, h in zip(widget.p, believed, strict=False) if p > 0 and math.isinf(h)]
    crowded = any(p * (right - LEFT) < MARK for p in infinite)
    if crowded:
        label = f"↑ ∞ for {len(infinite)} {'outcome' if len(infinite) == 1 else 'outcomes'}"
        parts.append(text((LEFT + right) / 2, 12.0, label, "middle", "lc-infinite"))
    x = float(LEFT)
    for i, p in enumerate(widget.p):
        width = p * (right - LEFT)
        if p > 0:
            parts.append(rect("lc-area", x, width, heights[i]))
            if believed:
                path += f"{'V' if path else f'M{x:g} '}{y(believed[i])}H{x + width:.2f}"
                if math.isinf(believed[i]) and not crowded:
                    parts.append(text(x + width / 2, 12.0, "↑ ∞", "middle", "lc-infinite"))
        label = visible(widget.labels[i])
        if width > 8 * len(label) + 6:
            parts.append(text(x + width / 2, y(0.0) - 6, label, "middle"))
        x += width
    mean = y(widget.numbers()["entropy"])
    parts.append(element("line", {"class": "lc-mean", "x1": LEFT, "x2": right, "y1": mean, "y2": mean}))
    if path:
        parts.append(element("path", {"class": "lc-area-q", "d": path}))
    parts.append(text(LEFT, HEIGHT - 7, "0"))
    parts.append(text(WIDTH / 2, HEIGHT - 7, "probability, stacked to 1", "middle"))
    parts.append(text(right, HEIGHT - 7, "1", "end"))
    box = {"class": "lc-areas", "viewBox": f"0 0 {WIDTH:g} {HEIGHT:g}", "aria-hidden": "true"}
    return element("svg", box, *parts)


def caption(widget: "EntropyExplorer") -> Markup:
    """What to look at in the areas, and why surprise is a logarithm."""
    halving = "1 bit" if widget.unit == "bits" else "0.693 nats"
    words = (
        "Each outcome is a block of width p and height −log p, so its area is its part of the entropy; the line is the "
        f"average height, H(p). Surprise is a logarithm: halving a probability adds {halving}."
    )
    dashed = " The dashed line has height −log q, and the area under it is H(p, q)."
    return element("figcaption", {}, words, element("span", {"class": "lc-away" if widget.q is None else None}, dashed))


def reasons(p: list[float], q: list[float] | None, labels: list[str]) -> str:
    """Why a number is infinite, in words; empty if nothing is."""
    if q is None:
        return ""

    def names(excluded_by: list[float], used_by: list[float]) -> str:
        pairs = zip(labels, excluded_by, used_by, strict=True)
        found = [token_name(label) for label, a, b in pairs if a == 0 and b > 0]
        return ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")

    parts = []
    if blind := names(q, p):
        parts.append(f"q gives 0 to {blind}, which happens under p: −log 0 = ∞, so H(p, q) and KL(p‖q) are infinite.")
    if unused := names(p, q):
        parts.append(f"p gives 0 to {unused}, which happens under q, so KL(q‖p) is infinite.")
    return " ".join(parts)
