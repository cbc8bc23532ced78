"""The static picture of SoftmaxTemperature: the rows, numbers and plot that softmax_temperature.js draws (numpy)."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np

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
    static_field,
    static_menu,
    visible,
)
from llmcourse.language.softmax import softmax
from llmcourse.shapes import Array, Float

if TYPE_CHECKING:
    from llmcourse.explore.softmax_temperature import SoftmaxTemperature

OWN = "your own logits"
FRAME = {"width": 480, "height": 230, "left": 46, "right": 12, "top": 12, "bottom": 38}
COLORS = ("c1", "c2", "c3", "c4", "c5", "c6")
FLOOR = -12.0  # the lowest power of ten in the plot over ranks
NUMBERS = {
    "entropy": ("H", "entropy", "bits"),
    "perplexity": ("2ᴴ", "perplexity", ""),
    "left": ("#", "tokens left", ""),
    "cut": ("cut", "probability", ""),
    "draws": ("n", "draws", ""),
    "distance": ("½Σ", "|drawn − p|", ""),
}
OWN_CAPTION = (
    "Each line is one token's probability at every temperature, before anything is cut; the dashed line is where τ "
    "stands. To the left the largest logit takes all, to the right all become alike."
)
RANK_CAPTION = (
    "Every token of the vocabulary, from the most probable (left) to the least, each step of one a factor of ten. "
    "Dashed: before the cut. Solid: what tokens are drawn from."
)
OWN_NOTE = (
    "Drag a logit, the upper bar of each row. Below it: the probability, with a tick where it was before the cut, and "
    "the share drawn."
)


def draw(widget: "SoftmaxTemperature") -> Markup:
    """Everything inside the view."""
    size = widget.scores().size
    note = OWN_NOTE if not widget.prompt else prompt_note(size)
    figure = element(
        "figure", {}, plot(widget), element("figcaption", {}, RANK_CAPTION if widget.prompt else OWN_CAPTION)
    )
    left = element("div", {}, rows(widget), element("p", {"class": "lc-note"}, note))
    columns = element("div", {"class": "lc-columns"}, left, numbers(widget), figure)
    return Markup(controls(widget) + element("p", {"class": "lc-message"}) + columns)


def prompt_note(size: int) -> str:
    """Whose logits these are, and where the rest of them is."""
    return (
        f"SmolLM2-135M-Instruct, its whole vocabulary of {size:,} tokens: what has no row is in the last one. A tick "
        "on a bar: the probability before the cut."
    )


def controls(widget: "SoftmaxTemperature") -> Markup:
    """Invisible controls of the right size."""
    names = [prompt["name"] for prompt in widget.prompts]
    parts = [static_menu("Logits", widget.prompt or OWN, [OWN, *names])] if names else []
    sliders = (
        static_slider("Temperature τ", format_number(widget.temperature, 2)),
        static_slider("top-k", f"{widget.top_k:,}" if widget.top_k else "off"),
        static_slider("top-p", format_number(widget.top_p, 2) if widget.top_p < 1 else "off"),
        static_slider("min-p", format_number(widget.min_p, 2) if widget.min_p > 0 else "off"),
    )
    texts = ("Draw 1", "Draw 100", "Draw 10,000", "Clear draws", "Reset")
    parts += [static_choice("Rows", ["10", "25", "50"])] if widget.prompt else []
    parts += [
        element("div", {"class": "lc-sliders"}, *sliders),
        static_field("Seed", Markup('<input type="number" disabled>')),
        element("div", {"class": "lc-buttons"}, *(static_button(text) for text in texts)),
    ]
    return placeholder("A picture of the starting state. With scripts on, every knob turns.", *parts)


def bar_top(p: Float[Array, " V"]) -> float | int:
    """Where the bars end: at the first of 0.05, 0.1, ¼, ½ and 1 that leaves room for the longest."""
    return next((top for top in (0.05, 0.1, 0.25, 0.5) if p.max() <= 0.95 * top), 1)


def rows(widget: "SoftmaxTemperature") -> Markup:
    """One row a token: logit, bar, probability, share drawn; for a long vocabulary the rest in a last row."""
    z, before, p, names = widget.scores(), widget.before(), widget.distribution(), widget.names()
    shares = widget.counts() / widget.draws if widget.draws else np.zeros(p.size)
    own, shown = not widget.prompt, len(names)
    top = 1 if own else bar_top(p)
    heads = ("token", "logit", f"0 to {top:g}", "p", "drawn")
    head = (
        element("span", {"role": "columnheader", "class": None if i else "lc-label"}, h) for i, h in enumerate(heads)
    )
    body = [
        row(widget, visible(name), float(z[i]), i, (float(p[i]), float(before[i]), float(shares[i])), top)
        for i, name in enumerate(names)
    ]
    if p.size > shown:
        rest = (float(p[shown:].sum()), float(before[shown:].sum()), float(shares[shown:].sum()))
        body.append(row(widget, f"{p.size - shown:,} others", None, shown, rest, top))
    css = f"lc-rows{' lc-own' if own else ''}"
    attributes = {"class": css, "role": "table", "aria-label": "Tokens and their probabilities"}
    return element("div", attributes, element("div", {"class": "lc-row lc-head", "role": "row"}, *head), *body)


def row(
    widget: "SoftmaxTemperature",
    label: str,
    z: float | None,
    i: int,
    values: tuple[float, float, float],
    top: float | int,
) -> Markup:
    """One row; without a logit it is that of all other tokens."""
    p, before, drawn = values
    is_rest, is_cut = z is None, p == 0 < before

    def bar(color: str, at: float, was: float | None = None) -> Markup:
        places = f"--bar:var(--{color});--at:{min(1, at / top):.6g}"
        places += "" if was is None else f";--was:{min(1, was / top):.6g}"
        return element("span", {"class": f"lc-bar{' lc-over' if at > top else ''}", "style": places})

    dial = []
    if z is not None and not widget.prompt:
        at = f"--bar:var(--c3);--at:{(z + 10) / 20:.6g}"
        dial = [element("span", {"class": "lc-bar lc-lever", "style": at})]
    keys = ("others", "drawn_others") if is_rest else (f"p.{i}", f"drawn.{i}")
    share = number(keys[1], drawn) if widget.draws else element("span", {"data-key": keys[1]}, "—")
    cells = (
        ("lc-value lc-z", [] if z is None else [number(f"z.{i}", z, format_number(z, 2))]),
        ("lc-bars", [*dial, bar("c1", p, before), bar("c2", drawn)]),
        ("lc-value lc-p", [number(keys[0], p, "cut" if is_cut else format_number(p))]),
        ("lc-value lc-drawn", [share]),
    )
    name = element("span", {"class": "lc-label", "role": "rowheader"}, label)
    css = f"lc-row{' lc-rest' if is_rest else ''}{' lc-cut' if is_cut else ''}"
    inside = (element("span", {"class": kind, "role": "cell"}, *content) for kind, content in cells)
    return element("div", {"class": css, "role": "row"}, name, *inside)


def numbers(widget: "SoftmaxTemperature") -> Markup:
    """Entropy, perplexity, what is left and what was cut, draws and their distance."""
    values, items = widget.numbers(), []
    for key, (symbol, name, unit) in NUMBERS.items():
        x = values.get(key)
        if x is None:
            shown = element("span", {"data-key": key}, "—")
        else:
            whole, ratio = key in ("left", "draws"), key == "perplexity"
            shown = number(key, x, f"{x:,.0f}" if whole else fixed(x, 2) if ratio else format_number(x))
        term = element("dt", {}, element("span", {"class": "lc-symbol"}, symbol), f" {name}")
        value = element("dd", {}, shown, " ", element("span", {"class": "lc-unit"}, unit))
        css = "lc-number" if x is not None else "lc-number lc-off"
        items.append(element("div", {"class": css}, term, value))
    return element("dl", {"class": "lc-numbers"}, *items)


def plot(widget: "SoftmaxTemperature") -> Markup:
    """Own logits: probabilities at every temperature. A prompt: probability over rank, before and after the cut."""
    if widget.prompt:
        return line_plot(**rank_plot(widget.before(), widget.distribution()))
    return line_plot(**temperature_plot(widget.scores(), widget.labels, widget.temperature))


def temperature_plot(z: Float[Array, " V"], labels: list[str], temperature: float) -> dict[str, Any]:
    """The lines of p over τ, as ``temperaturePlot`` in the script."""
    taus = np.log10(0.05) + np.arange(66) / 65 * np.log10(20 / 0.05)
    curves = np.stack([softmax(z, temperature=10**at) for at in taus])
    now, at = softmax(z, temperature=temperature), math.log10(temperature)
    looks = [{"color": COLORS[i % 6], "dash": None if i < 6 else "5 3"} for i in range(z.size)]
    return {
        "x": {
            "range": [-1.35, 1.35],
            "label": "temperature, as a power of ten (0 is τ = 1)",
            "ticks": [-1, -0.5, 0, 0.5, 1],
        },
        "y": {"range": [0, 1], "label": "probability", "ticks": [0, 0.25, 0.5, 0.75, 1]},
        "frame": FRAME,
        "lines": [{"points": list(zip(taus, curves[:, i], strict=True)), **look} for i, look in enumerate(looks)],
        "rules": [{"x": at}],
        "dots": [{"x": at, "y": now[i], "color": look["color"]} for i, look in enumerate(looks)],
        "texts": [{"x": at + 0.05, "y": now[i], "text": visible(label)} for i, label in enumerate(labels[:6])],
    }


def rank_plot(before: Float[Array, " V"], p: Float[Array, " V"]) -> dict[str, Any]:
    """The lines of log p over log rank, as ``rankPlot`` in the script."""
    size, left = before.size, int(np.flatnonzero(p)[-1]) + 1
    ranks = sorted({math.floor(10 ** (i / 120 * math.log10(size)) + 0.5) for i in range(121)})

    def power(x: float) -> float:
        return math.log10(x) if x > 10 ** (FLOOR - 2) else FLOOR - 2

    def curve(values: Float[Array, " V"], end: int) -> list[tuple[float, float]]:
        return [(math.log10(rank), power(float(values[rank - 1]))) for rank in ranks if rank <= end]

    edge = [(math.log10(left), power(float(p[left - 1]))), (math.log10(left), FLOOR - 2)] if left < size else []
    return {
        "x": {
            "range": [0, 4.7],
            "label": "rank, as a power of ten (0 is the most probable token)",
            "ticks": [0, 1, 2, 3, 4],
        },
        "y": {"range": [FLOOR, 0], "label": "probability, power of ten", "ticks": [-12, -9, -6, -3, 0]},
        "frame": FRAME,
        "lines": [
            {"points": curve(before, size), "color": "c6", "dash": "5 3", "width": 1.4},
            {"points": [*curve(p, left), *edge], "color": "c1"},
        ],
    }
