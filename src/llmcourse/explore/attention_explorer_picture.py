"""The static picture of AttentionExplorer, number for number what attention_explorer.js draws (pure Python)."""

import math
from typing import TYPE_CHECKING, Any

from llmcourse.explore.attention_head_picture import darkest, one_head, over, reading
from llmcourse.explore.attention_trace import error_bound
from llmcourse.explore.drawing import heat_map, static_slider
from llmcourse.explore.markup import (
    Markup,
    element,
    fixed,
    number,
    placeholder,
    static_button,
    static_choice,
    static_field,
    static_menu,
)

if TYPE_CHECKING:
    from llmcourse.explore.attention_explorer import AttentionExplorer

STATISTICS = {
    "previous": ("previous token", "mean weight on the token just before", ""),
    "induction": ("induction", "mean weight on what followed this token earlier", ""),
    "sink": ("first token", "mean weight on the first token of the text", ""),
    "self": ("itself", "mean weight on the token itself", ""),
    "entropy": ("entropy", "how broadly it looks, on average", "bits"),
    "distance": ("distance", "how far back it looks, on average", "tokens"),
}
OWN = "your own text"
TYPED = "Your own text, in the course GPT (loads 2.7 MB)"
RANKED = 5  # heads that the search lists


def draw(widget: "AttentionExplorer") -> Markup:
    """Everything inside the view."""
    rows = widget.weights().tolist()
    top = darkest(rows, widget.hide_first)
    title = element("p", {"class": "lc-title"}, f"Layer {widget.layer}, head {widget.head}")
    third = element("div", {"class": "lc-controls lc-third"}, title, *_hidden(_switches()))
    said = element("p", {"class": "lc-reading"}, reading(rows, widget.trace["tokens"], widget.token))
    return Markup(
        _text_controls(widget)
        + _head_controls(widget)
        + all_heads(widget)
        + third
        + said
        + one_head(rows, widget.trace["tokens"], widget.token, widget.hide_first)
        + element("p", {"class": "lc-note"}, scale_text(top, widget.hide_first))
        + habits(widget)
        + element("p", {"class": "lc-note"}, foot_text(len(rows)))
    )


def _hidden(controls: list[Markup]) -> list[Markup]:
    """Controls that keep their place without being there."""
    return [element("div", {"class": "lc-away", "aria-hidden": "true", "inert": True}, one) for one in controls]


def _switches() -> list[Markup]:
    return [static_choice("First token", ["shown", "left out"]), static_button("Reset")]


def _text_controls(widget: "AttentionExplorer") -> Markup:
    if not widget.sentences:
        return Markup("")
    chosen = next((one for one in widget.sentences if one["name"] == widget.sentence), None)
    titles = [one["title"] for one in widget.sentences]
    menu = static_menu("Text", chosen["title"] if chosen else OWN, titles if chosen else [OWN, *titles])
    note = "A picture of the starting state. With scripts on, texts, heads and tokens can be chosen."
    about = element("p", {"class": "lc-note lc-about"}, chosen["about"] if chosen else "")
    box = element("input", {"type": "text", "disabled": True})
    own = element("div", {"class": "lc-own"}, static_field(TYPED, box), static_button("Read it"))
    return Markup(placeholder(note, menu, static_button("Show it"), own) + about)


def _head_controls(widget: "AttentionExplorer") -> Markup:
    labels = [label for label, _, _ in STATISTICS.values()]
    controls = element(
        "div",
        {"class": "lc-controls lc-second lc-away", "aria-hidden": "true", "inert": True},
        static_menu("Color the heads by", STATISTICS[widget.statistic][0], labels),
        static_slider("Layer", str(widget.layer)),
        static_slider("Head", str(widget.head)),
    )
    return controls


def all_heads(widget: "AttentionExplorer") -> Markup:
    """The map of all heads, what its squares mean, and the highest of them."""
    layers, heads = widget.trace["layers"], widget.trace["heads"]
    scores = widget.scores()
    top = statistic_top(widget.statistic, len(widget.trace["tokens"]), widget.even())
    table = [[0.0 if math.isnan(x) else x for x in row] for row in scores.T.tolist()]
    mark = element("rect", {"class": "lc-chosen", "x": widget.layer, "y": widget.head, "width": 1, "height": 1})
    squares = element(
        "div", {"class": "lc-heads", "style": f"--heads:{heads}"}, heat_map(table, top), over(layers, heads, mark)
    )
    places = [i for i in range(layers) if i % 5 == 0 or i == layers - 1]
    across = (_tick("x", f"left:{100 * (i + 0.5) / layers:g}%", str(i) if i else "layer 0") for i in places)
    down = (_tick("y", f"top:{100 * (j + 0.5) / heads:g}%", str(j) if j else "head 0") for j in (0, heads - 1))
    sides = (element("div", {"class": "lc-ticks-y"}, *down), squares, element("div", {"class": "lc-ticks-x"}, *across))
    box = element("div", {"class": "lc-grid-box", "aria-hidden": "true"}, *sides)
    score = float(scores[widget.layer, widget.head])
    note = element("p", {"class": "lc-note lc-grid-note"}, grid_text(widget, score, top))
    buttons = []
    for i, one in enumerate(widget.ranking()):
        name = element("b", {}, f"L{one.layer}H{one.head}")
        look = {"type": "button", "class": "lc-button", "disabled": True}
        if (one.layer, one.head) == (widget.layer, widget.head):
            look["aria-pressed"] = "true"
        buttons.append(element("button", look, name, " ", number(f"rank.{i}", one.score, fixed(one.score, 2))))
    away = element("button", {"type": "button", "class": "lc-button lc-away", "disabled": True}, "—")
    buttons += [away] * (RANKED - len(buttons))
    label = element("span", {"class": "lc-soft"}, "Highest")
    return Markup(box + note + element("div", {"class": "lc-ranks"}, label, *buttons))


def _tick(axis: str, place: str, text: str) -> Markup:
    return element("span", {"class": f"lc-tick-{axis}", "style": place}, text)


def habits(widget: "AttentionExplorer") -> Markup:
    """The statistics of the head, each beside that of a head without preferences."""
    values, items = widget.numbers(), []
    for name, (label, words, unit) in STATISTICS.items():
        stat, even = (
            number(key, values[key], fixed(values[key], 2))
            if key in values
            else element("span", {"data-key": key}, "—")
            for key in (f"stat.{name}", f"even.{name}")
        )
        term = element(
            "dt", {}, element("span", {"class": "lc-symbol"}, label), element("span", {"class": "lc-words"}, words)
        )
        suffix = element("span", {"class": "lc-unit"}, unit) if unit else ""
        value = element("dd", {}, stat, suffix, element("span", {"class": "lc-even"}, "even: ", even))
        items.append(element("div", {"class": "lc-number"}, term, value))
    return element("dl", {"class": "lc-numbers"}, *items)


def statistic_top(name: str, size: int, even: dict[str, Any]) -> float:
    """The value drawn in the strongest color: 1 for a share, the largest possible for entropy and distance."""
    return even["entropy"] if name == "entropy" else size / 2 if name == "distance" else 1.0


def grid_text(widget: "AttentionExplorer", score: float, top: float) -> str:
    """What the squares mean, and the value of the chosen head."""
    label, words, unit = STATISTICS[widget.statistic]
    if math.isnan(score):
        return "No token comes again after another one, so there is nothing that an induction head could find."
    unit = f" {unit}" if unit else ""
    head = f"L{widget.layer}H{widget.head}: {label} {fixed(score, 2)}{unit}, {words}."
    return f"Each square is a head; the strongest color would be {fixed(top, 2)}{unit}. {head}"


def scale_text(top: float, skip: bool) -> str:
    """What the strongest color and the widest arc stand for."""
    first = "The first token is left out, and the" if skip else "The"
    scale = f"{first} strongest color and the widest arc stand for a weight of {fixed(top, 2)}."
    colors = "Blue: where the token in focus looks; orange: how much later ones look at it."
    return f"Rows look, columns are looked at. {colors} {scale}"


def foot_text(size: int) -> str:
    """What "even" means, how exact the weights are, and what this page cannot do."""
    return (
        "“Even”: the value of a head that looks at all tokens so far alike. Weights are stored in one byte each; none "
        f"is off by more than {fixed(error_bound(size), 3)}. For a text of your own in another model: in a notebook, "
        "AttentionExplorer.from_text(loaded, text)."
    )
