"""The static picture of KLLeash: the rows, numbers and plots that kl_leash.js draws (numpy)."""

from typing import TYPE_CHECKING, Any

from llmcourse.explore.drawing import line_plot, static_slider
from llmcourse.explore.markup import (
    Markup,
    element,
    fixed,
    format_number,
    number,
    placeholder,
    static_button,
    static_menu,
)

if TYPE_CHECKING:
    from llmcourse.explore.kl_leash import KLLeash

OWN = "your own"
FRAME = {"width": 480, "height": 230, "left": 46, "right": 12, "top": 12, "bottom": 38}
COLORS = ("c1", "c2", "c3", "c4", "c5", "c6")
NUMBERS = {
    "beta": ("β", "leash", ""),
    "mean_proxy": ("E[r̂]", "proxy reward", ""),
    "mean_gold": ("E[r]", "true reward", ""),
    "kl": ("D", "from the reference", "nats"),
    "entropy": ("H", "entropy", "nats"),
    "best": ("max E[r]", "on this slider", ""),
    "best_beta": ("at β", "its leash", ""),
}
HEADS = ("answer", "rewards: proxy r̂, true r", "", "probability", "π*", "π_ref")
NOTE = (
    "Drag a reward: above the proxy, which the policy sees, below the true one, which it does not. The bar is the "
    "optimum π*, its tick the reference."
)
SHARES = (
    "Each line is one answer's probability in the optimum, for every leash, in the color beside its name; the dashed "
    "line is where β stands."
)
CURVES = (
    "Mean proxy reward (solid) and true reward (dashed) of the optimum, against how far it is from the reference. "
    "The leash gets longer, β smaller, to the right."
)


def draw(widget: "KLLeash") -> Markup:
    """Everything inside the view."""
    left = element("div", {}, rows(widget), element("p", {"class": "lc-note"}, NOTE))
    figures = (
        element("figure", {"tabindex": "-1"} if not i else {}, line_plot(**plot), element("figcaption", {}, caption))
        for i, (plot, caption) in enumerate(((curves(widget), CURVES), (share_curves(widget), SHARES)))
    )
    columns = element("div", {"class": "lc-columns"}, left, numbers(widget), *figures)
    return Markup(controls(widget) + columns)


def controls(widget: "KLLeash") -> Markup:
    """Invisible controls of the right size."""
    names = [world["name"] for world in widget.worlds]
    parts = ("labels", "reference", "proxy", "gold")
    now = next((w["name"] for w in widget.worlds if all(w[name] == getattr(widget, name) for name in parts)), OWN)
    return placeholder(
        "A picture of the starting state. With scripts on, every knob turns.",
        static_menu("Answers", now, [*names, *([OWN] if now == OWN else [])]),
        static_slider("Leash β", format_number(widget.beta, 3)),
        element("div", {"class": "lc-buttons"}, *(static_button(text) for text in ("β = 0", "β = ∞", "Reset"))),
    )


def rows(widget: "KLLeash") -> Markup:
    """One row an answer: both rewards, the bar of π* with the reference's tick, both probabilities."""
    spans = [
        element("span", {"role": "columnheader", "class": None if i else "lc-label"}, head)
        for i, head in enumerate(HEADS)
    ]
    policy = widget.path().policy[widget.place + 41]
    body = []
    for i, label in enumerate(widget.labels):
        levers = (
            element("span", {"class": "lc-bar lc-lever", "style": f"--bar:var(--{color});--at:{(x + 3) / 6:.6g}"})
            for color, x in (("c3", widget.proxy[i]), ("c2", widget.gold[i]))
        )
        texts = (
            number(f"{key}.{i}", x, format_number(x, 2))
            for key, x in (("proxy", widget.proxy[i]), ("gold", widget.gold[i]))
        )
        own = f"var(--{COLORS[i % 6]})"
        style = f"--bar:{own};--at:{policy[i]:.6g};--was:{widget.reference[i]:.6g}"
        cells = (
            ("lc-levers", levers),
            ("lc-value lc-rewards", texts),
            ("lc-bars", [element("span", {"class": "lc-bar", "style": style})]),
            ("lc-value", [number(f"p.{i}", policy[i], format_number(policy[i], 3))]),
            ("lc-value lc-soft", [number(f"q.{i}", widget.reference[i], format_number(widget.reference[i], 3))]),
        )
        inside = (element("span", {"class": css, "role": "cell"}, *content) for css, content in cells)
        name = element("span", {"class": "lc-label", "role": "rowheader", "style": f"--own:{own}"}, label)
        body.append(element("div", {"class": "lc-row", "role": "row"}, name, *inside))
    head = element("div", {"class": "lc-row lc-head", "role": "row"}, *spans)
    attributes = {"class": "lc-rows", "role": "table", "aria-label": "Answers, their rewards and probabilities"}
    return element("div", attributes, head, *body)


def numbers(widget: "KLLeash") -> Markup:
    """What the policy on display earns and costs, and the leash that would earn the most."""
    values, items = widget.numbers(), []
    for key, (symbol, name, unit) in NUMBERS.items():
        x = values[key]
        text = format_number(x, 3) if key in ("beta", "best_beta") or x == 0 else fixed(x, 3)
        term = element("dt", {}, element("span", {"class": "lc-symbol"}, symbol), f" {name}")
        value = element("dd", {}, number(key, x, text), " ", element("span", {"class": "lc-unit"}, unit))
        items.append(element("div", {"class": "lc-number"}, term, value))
    return element("dl", {"class": "lc-numbers"}, *items)


def curves(widget: "KLLeash") -> dict[str, Any]:
    """Both rewards over the divergence, as ``rewardPlot`` in the script."""
    path, gold, at = widget.path(), widget.gold_path(), widget.place + 41
    low, high = min(*path.reward, *gold), max(*path.reward, *gold)
    pad = 0.08 * (high - low) or 0.5
    return {
        "x": {"range": [0, 1.04 * max(*path.kl, 0.1)], "label": "divergence D(π* ‖ π_ref), nats"},
        "y": {"range": [low - pad, high + pad], "label": "mean reward"},
        "frame": FRAME,
        "lines": [
            {"points": list(zip(path.kl, path.reward, strict=True)), "color": "c3"},
            {"points": list(zip(path.kl, gold, strict=True)), "color": "c2", "dash": "6 3"},
        ],
        "rules": [{"x": path.kl[at]}],
        "dots": [
            {"x": path.kl[at], "y": path.reward[at], "color": "c3"},
            {"x": path.kl[at], "y": gold[at], "color": "c2"},
        ],
    }


def share_curves(widget: "KLLeash") -> dict[str, Any]:
    """Each answer's probability over β, as ``sharePlot`` in the script."""
    policy, places = widget.path().policy, [place / 20 for place in range(-41, 42)]
    looks = [{"color": COLORS[i % 6], "dash": None if i < 6 else "5 3"} for i in range(len(widget.labels))]
    return {
        "x": {
            "range": [-2.15, 2.15],
            "label": "leash β (from 0 at the left edge to ∞ at the right)",
            "ticks": [-2, -1, 0, 1, 2],
            "write": lambda power: f"{10.0**power:g}",
        },
        "y": {"range": [0, 1], "label": "probability", "ticks": [0, 0.25, 0.5, 0.75, 1]},
        "frame": FRAME,
        "lines": [{"points": list(zip(places, policy[:, i], strict=True)), **look} for i, look in enumerate(looks)],
        "rules": [{"x": widget.place / 20}],
        "dots": [
            {"x": widget.place / 20, "y": p, "color": look["color"]}
            for p, look in zip(policy[widget.place + 41], looks, strict=True)
        ],
    }
