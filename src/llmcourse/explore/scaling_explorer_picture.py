"""The static picture of ScalingExplorer: the table, plots and numbers that scaling_explorer.js draws (pure Python)."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from llmcourse.explore.drawing import static_slider
from llmcourse.explore.markup import Markup, element, number, static_button, static_menu
from llmcourse.explore.scaling_explorer_plots import plane, valley
from llmcourse.explore.scaling_explorer_words import (
    amount,
    digits,
    law_words,
    model_words,
    percent,
    power,
    ratio,
    users,
)
from llmcourse.learning.scaling import LossLaw

if TYPE_CHECKING:
    from llmcourse.explore.scaling_explorer import ScalingExplorer

VALLEY = (
    "Every point of a curve costs the budget: small models with much data on the left, large ones with little on the "
    "right. Blue: the chosen law, its dot the optimum. Orange: the cheapest model of the same loss once Dₛ tokens are "
    "served."
)
OF_LAWS = (
    " Gray: the other laws; a bar at the foot where a law names only the optimum. Purple: the chosen model, when the "
    "budget is its own."
)
OF_RUNS = " Green: what the runs of this budget, to 5%, reached."
PLANE = (
    "Purple: trained models. Lines: each law's optimum as the budget grows, blue the chosen one. Dashed: all pairs "
    "that cost this budget."
)


COLUMNS: dict[str, Callable[[float | int], str]] = {"n": amount, "d": amount, "ratio": ratio, "loss": digits}
SERVING = (
    ("small_n", "N", "parameters of the cheapest", amount),
    ("small_d", "D", "its training tokens", amount),
    ("small_ratio", "D/N", "tokens per parameter", ratio),
    ("small_training", "6ND", "FLOP of its training", power),
    ("small_total", "6ND + 2NDₛ", "with its use", power),
    ("plain_total", "6ND + 2NDₛ", "of the compute-optimal", power),
    ("saved", "saved", "of the total", percent),
)
MODEL = (
    ("model_n", "N", "parameters", amount),
    ("model_d", "D", "training tokens", amount),
    ("model_ratio", "D/N", "tokens per parameter", ratio),
    ("model_compute", "6ND", "FLOP", power),
    ("model_loss", "L(N, D)", "loss by this law", digits),
    ("model_measured", "L", "loss as measured", digits),
    ("model_best", "min L", "the best for that compute", digits),
    ("model_factor", "×", "compute over the least for its loss", ratio),
    ("model_served", "Dₛ", "served tokens that would justify it", users),
)


def draw(widget: "ScalingExplorer") -> Markup:
    """Everything inside the view."""
    values, model = widget.numbers(), widget.chosen_model()
    words = _named(VALLEY, widget) + (OF_RUNS if "model_measured" in values else OF_LAWS)
    pictures = ((valley(widget, values), words), (plane(widget, values), PLANE))
    figures = (
        element("figure", {}, element("div", {}, plot), element("figcaption", {}, words)) for plot, words in pictures
    )
    about = "No model is chosen." if model is None else model_words(model, widget.chosen_law())
    panels = (
        _panel(widget, "Cheapest to train and to serve Dₛ tokens", SERVING, values),
        _panel(widget, "The chosen model, under this law", MODEL, values, about),
    )
    return Markup(
        controls(widget)
        + element("div", {"class": "lc-columns"}, *figures)
        + table(widget, values)
        + element("p", {"class": "lc-note lc-words-of-law"}, _words(widget, values))
        + element("div", {"class": "lc-columns lc-panels"}, *panels)
    )


def controls(widget: "ScalingExplorer") -> Markup:
    """Where the controls will be, invisible and of the same size."""
    law, served = widget.chosen_law().name, f"Served {widget.unit}s Dₛ"
    laws = static_menu("Law", law, [one.name for one in widget.shown_laws.values()])
    model = widget.model or "no model"
    models = static_menu("Put the budget at", model, ["no model", *widget.shown_models])
    hidden = {"aria-hidden": "true", "inert": True}
    sliders = (static_slider("Budget C (FLOP)", power(widget.budget)), static_slider(served, amount(widget.served)))
    rows = element(
        "div",
        {},
        element("div", {"class": "lc-controls lc-sliders", **hidden}, *sliders),
        element("div", {"class": "lc-controls lc-second", **hidden}, laws, models, static_button("Reset")),
    )
    state = f"Without scripts, a still picture: budget {power(widget.budget)} FLOP, law {law}, {model}, "
    note = element("p", {"class": "lc-note"}, f"{state}{amount(widget.served)} {widget.unit}s served.")
    return element("div", {"class": "lc-waiting lc-still"}, rows, note)


def _words(widget: "ScalingExplorer", values: dict[str, float]) -> str:
    """Where the optimum, and the model for serving if there is one, leave the runs behind the chosen law."""
    shown = widget.chosen_law()
    serving = {"N": values["small_n"], "D": values["small_d"], "C": values["small_training"]}
    outside = shown.outside(serving) if widget.served > 0 and isinstance(shown.law, LossLaw) else None
    return law_words(shown, shown.beyond(widget.budget), outside, widget.unit)


def table(widget: "ScalingExplorer", values: dict[str, float]) -> Markup:
    """One row for each law."""
    heads = (element("th", {"scope": "col"}, text) for text in ("law", "N", "D", "D/N", "loss", "outside its runs"))
    rows = []
    for key, shown in widget.shown_laws.items():
        cells = (
            element("td", {}, number(f"{key}_{column}", values[f"{key}_{column}"], write(values[f"{key}_{column}"])))
            for column, write in COLUMNS.items()
        )
        outside = element("td", {}, ", ".join(shown.beyond(widget.budget)) or "–")
        name = element("th", {"scope": "row"}, shown.name)
        rows.append(element("tr", {"class": "lc-chosen" if key == widget.law else None}, name, *cells, outside))
    head = element("thead", {}, element("tr", {}, *heads))
    return element("table", {"class": "lc-laws"}, head, element("tbody", {}, *rows))


def _panel(
    widget: "ScalingExplorer",
    title: str,
    entries: tuple[tuple[str, str, str, Callable[[float | int], str]], ...],
    values: dict[str, float],
    about: str | None = None,
) -> Markup:
    items = []
    for key, symbol, words, write in entries:
        if key in values:
            term = element("dt", {}, element("span", {"class": "lc-symbol"}, symbol), f" {_named(words, widget)}")
            shown = element("dd", {}, number(key, values[key], write(values[key])))
            items.append(element("div", {"class": "lc-number"}, term, shown))
    head = element("p", {"class": "lc-title"}, _named(title, widget))
    foot = [] if about is None else [element("p", {"class": "lc-note lc-source"}, about)]
    return element("div", {}, head, element("dl", {"class": "lc-numbers"}, *items), *foot)


def _named(words: str, widget: "ScalingExplorer") -> str:
    return words.replace("token", widget.unit)
