"""The two plots of ScalingExplorer, point for point as scaling_explorer.js draws them (pure Python)."""

import math
from typing import TYPE_CHECKING, Any

from llmcourse.explore.drawing import line_plot
from llmcourse.explore.markup import Markup
from llmcourse.explore.scaling_explorer_words import amount
from llmcourse.learning.scaling import LossLaw

if TYPE_CHECKING:
    from llmcourse.explore.scaling_explorer import ScalingExplorer

BOX = {"width": 340, "height": 230, "left": 48, "right": 10, "top": 12, "bottom": 38}


def valley(widget: "ScalingExplorer", values: dict[str, float]) -> Markup:
    """The loss of each size at the budget, by each law that gives one."""
    budget, chosen, model = widget.budget, widget.chosen_law(), widget.chosen_model()
    marked = [
        one
        for one in widget.shown_models.values()
        if abs(one.compute / budget - 1) < 0.05 and (one is model or one.loss is not None)
    ]
    sizes = [*(values[f"{key}_n"] for key in widget.shown_laws), values["small_n"], *(one.parameters for one in marked)]
    logs = [math.log10(size) for size in sizes if not math.isnan(size)]
    x = [min(logs) - 1, max(logs) + 1]

    def height(law: LossLaw, size: float | int) -> float:
        return float(law.isoflop(size, budget))

    heights = [one.loss for one in marked if one.loss is not None]
    heights += [values["model_loss"]] if model in marked and not math.isnan(values["model_loss"]) else []
    for key, shown in widget.shown_laws.items():
        if isinstance(shown.law, LossLaw):
            heights += [height(shown.law, values[f"{key}_n"] * factor) for factor in (0.1, 1.0, 10.0)]
    foot, top = min(heights), max(heights)
    low = foot - 0.12 * (top - foot)
    lines, dots = [], []
    grid = [x[0] + i * (x[1] - x[0]) / 80 for i in range(81)]
    for key, shown in sorted(widget.shown_laws.items(), key=lambda pair: pair[1] is chosen):
        first = shown is chosen
        color, best = "c1" if first else "c6", math.log10(values[f"{key}_n"])
        if isinstance(shown.law, LossLaw):
            points = [(n, height(shown.law, 10**n)) for n in grid]
            lines.append({"points": points, "color": color, "width": 2.4 if first else 1})
            dots.append({"x": best, "y": values[f"{key}_loss"], "color": color, "r": 6 if first else 2.5})
        else:
            bar = [(best, low), (best, foot - 0.04 * (top - foot))]
            lines.append({"points": bar, "color": color, "width": 4 if first else 2})
    has_curve = isinstance(chosen.law, LossLaw)
    for one in marked:
        at = {"x": math.log10(one.parameters)}
        if one.loss is not None:
            dots.append({**at, "y": one.loss, "color": "c3", "r": 4.5 if one is model else 3})
        elif has_curve:
            dots.append({**at, "y": values["model_loss"], "color": "c4", "r": 4.5})
    if widget.served > 0 and has_curve:
        dots.append({"x": math.log10(values["small_n"]), "y": values[f"{widget.law}_loss"], "color": "c2", "r": 6})
    sideways = {"range": x, "label": "parameters N", "ticks": _decades(x), "write": _tick}
    return line_plot(
        frame=BOX,
        x=sideways,
        y={"range": [low, top], "label": f"loss (nats per {widget.unit})"},
        lines=lines,
        dots=dots,
    )


def plane(widget: "ScalingExplorer", values: dict[str, float]) -> Markup:
    """Models and optima by parameters and training tokens."""
    ends = {
        key: [tuple(map(math.log10, shown.optimum(c)[:2])) for c in widget.budgets]
        for key, shown in widget.shown_laws.items()
    }
    places = {name: (math.log10(one.parameters), math.log10(one.tokens)) for name, one in widget.shown_models.items()}
    best = [(math.log10(values[f"{widget.law}_n"]), math.log10(values[f"{widget.law}_d"]))]
    small = [(math.log10(values["small_n"]), math.log10(values["small_d"]))] if widget.served > 0 else []
    small = [place for place in small if not math.isnan(place[0])]
    shown = [*best, *places.values(), *small]
    x, y = ([min(p[axis] for p in shown) - 0.5, max(p[axis] for p in shown) + 0.5] for axis in (0, 1))
    lines: list[dict[str, Any]] = [
        {"points": two, "color": "c1" if key == widget.law else "c6", "width": 2.4 if key == widget.law else 1}
        for key, two in sorted(ends.items(), key=lambda pair: pair[0] == widget.law)
    ]
    equal = [(n, math.log10(widget.budget / 6) - n) for n in x]
    lines.append({"points": equal, "color": "c6", "dash": "4 3", "width": 1.2})
    dots = [{"x": n, "y": d, "color": color, "r": 6} for color, at in (("c1", best), ("c2", small)) for n, d in at]
    for name, (n, d) in places.items():
        dots.append({"x": n, "y": d, "color": "c4", "r": 4.5 if name == widget.model else 2.5})
    wide, high = (x[1] - x[0]) / 40, (y[1] - y[0]) / 40
    shift = {"start": (wide, -high / 2), "end": (-wide, -high / 2), "middle": (0, 1.5 * high)}
    texts = []
    for name, one in widget.shown_models.items():
        side = one.label or ("end" if 2 * places[name][0] > x[0] + x[1] else "start")
        if one.label or name == widget.model:
            at = [places[name][axis] + shift[side][axis] for axis in (0, 1)]
            texts.append({"x": at[0], "y": at[1], "text": name, "anchor": side})
    sideways = {"range": x, "label": "parameters N", "ticks": _decades(x), "write": _tick}
    upward = {"range": y, "label": f"training {widget.unit}s D", "ticks": _decades(y), "write": _tick}
    return line_plot(frame=BOX, x=sideways, y=upward, lines=lines, dots=dots, texts=texts)


def _decades(ends: list[float]) -> list[int]:
    low, high = ends
    step = 2 if high - low > 5.5 else 1
    return [i * step for i in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _tick(exponent: float | int) -> str:
    return amount(10.0**exponent)
