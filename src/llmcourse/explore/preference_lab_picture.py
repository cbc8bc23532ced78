"""The static picture of PreferenceLab: the table, plots and numbers that preference_lab.js draws (pure Python)."""

from typing import TYPE_CHECKING, Any

import torch

from llmcourse.alignment.preferences import log_odds, loss_of_margin
from llmcourse.explore.drawing import line_plot, static_slider
from llmcourse.explore.markup import (
    Markup,
    axis_top,
    element,
    fixed,
    format_number,
    number,
    static_button,
    static_menu,
)

if TYPE_CHECKING:
    from llmcourse.explore.preference_lab import PreferenceLab

BOX = {"width": 340, "height": 230, "left": 48, "right": 10, "top": 12, "bottom": 38}
CASES = {  # winner and loser under the policy, winner and loser under the reference
    "at the reference": (-12.0, -11.0, -12.0, -11.0),
    "worked number": (-10.0, -14.0, -12.0, -11.0),
    "displaced": (-25.0, -60.0, -12.0, -14.0),
    "overconfident": (-8.0, -95.0, -12.0, -14.0),
    "still wrong": (-20.0, -8.0, -12.0, -14.0),
}
OWN = "your own"
ROWS = {
    "dpo": ("DPO", "c1"),
    "ipo": ("IPO", "c2"),
    "kto_win": ("KTO, winner", "c3"),
    "kto_lose": ("KTO, loser", "c3"),
    "orpo": ("ORPO", "c4"),
    "simpo": ("SimPO", "c5"),
}
CURVES = ("ipo", "kto_win", "orpo", "simpo", "dpo")  # the last one lies on top
COLUMNS = {"margin": "margin u", "loss": "loss", "win": "pull on winner", "lose": "push on loser"}
NUMBERS = {
    "delta_win": ("Δ⁺", "log-ratio of the winner"),
    "delta_lose": ("Δ⁻", "log-ratio of the loser"),
    "h": ("h", "their difference Δ⁺ − Δ⁻"),
    "agree": ("σ(βh)", "the preference, by DPO's implicit reward"),
}
LOSSES = (
    "Each loss as the winner's log-probability moves and all else stays; dots: this pair. Blue: DPO. Orange: IPO, "
    "times 4τ² so that it fits. Green: KTO's part for the winner. Purple: ORPO. Ochre: SimPO. A curve "
    "ends where the winner would be certain."
)
PULLS = (
    "How hard each gradient pulls the winner up; below 0 it is pulled down. The same colors, IPO again times 4τ². What "
    "leaves a picture stands in the table."
)


def draw(widget: "PreferenceLab") -> Markup:
    """Everything inside the view."""
    values = widget.numbers()
    figures = (
        element("figure", {}, element("div", {}, line_plot(**plot)), element("figcaption", {}, words))
        for plot, words in zip(curves(widget, values), (LOSSES, PULLS), strict=True)
    )
    terms = (
        element(
            "div",
            {"class": "lc-number"},
            element("dt", {}, element("span", {"class": "lc-symbol"}, symbol), f" {words}"),
            element("dd", {}, _shown(key, values)),
        )
        for key, (symbol, words) in NUMBERS.items()
    )
    return Markup(
        controls(widget)
        + element("p", {"class": "lc-note lc-story"}, story(values, widget.beta))
        + table(values)
        + element("dl", {"class": "lc-numbers"}, *terms)
        + element("div", {"class": "lc-columns"}, *figures)
    )


def controls(widget: "PreferenceLab") -> Markup:
    """Where the controls will be, invisible and of the same size."""
    four = (widget.policy_win, widget.policy_lose, widget.ref_win, widget.ref_lose)
    case = next((name for name, values in CASES.items() if values == four), OWN)
    settings = {
        "Winner now, log π(y⁺)": fixed(widget.policy_win, 1),
        "Winner in the reference": fixed(widget.ref_win, 1),
        "Loser now, log π(y⁻)": fixed(widget.policy_lose, 1),
        "Loser in the reference": fixed(widget.ref_lose, 1),
        "Tokens of the winner": str(widget.length_win),
        "Tokens of the loser": str(widget.length_lose),
        "β of DPO and KTO, τ of IPO": format_number(widget.beta, 3),
        "z₀ of KTO": fixed(widget.z0, 1),
        "β of SimPO": fixed(widget.simpo_beta, 1),
        "γ of SimPO": fixed(widget.gamma, 1),
        "λ of ORPO": fixed(widget.weight, 2),
    }
    hidden = {"aria-hidden": "true", "inert": True}
    menu = static_menu("Case", case, [*CASES, OWN])
    rows = element(
        "div",
        {},
        element("div", {"class": "lc-controls lc-second", **hidden}, menu, static_button("Reset")),
        element(
            "div", {"class": "lc-controls lc-sliders", **hidden}, *(static_slider(*one) for one in settings.items())
        ),
    )
    said = f"Without scripts, a still picture: {', '.join(f'{name} {value}' for name, value in settings.items())}."
    return element("div", {"class": "lc-waiting lc-still"}, rows, element("p", {"class": "lc-note"}, said))


def table(values: dict[str, float]) -> Markup:
    """One row for each method."""
    heads = (element("th", {"scope": "col"}, text) for text in ("method", *COLUMNS.values()))
    rows = (
        element(
            "tr",
            {"style": f"--mark:var(--{color})"},
            element("th", {"scope": "row"}, label),
            *(element("td", {}, _shown(f"{name}_{column}", values)) for column in COLUMNS),
        )
        for name, (label, color) in ROWS.items()
    )
    head = element("thead", {}, element("tr", {}, *heads))
    return element("table", {"class": "lc-methods"}, head, element("tbody", {}, *rows))


def curves(widget: "PreferenceLab", values: dict[str, float]) -> list[dict[str, Any]]:
    """Loss and pull of each method while the winner's log-probability moves and everything else stays."""
    h, beta, fixed_part = values["h"], widget.beta, widget.ref_win + values["delta_lose"]
    end = axis_top(max(30.0, 1.05 * abs(h)))
    last = min(end, -fixed_part - 0.01)
    grid = [-end + i * (last + end) / 120 for i in range(121)]
    scale = {"ipo": 4 * beta * beta}
    lines = _along(widget, fixed_part, values["delta_lose"], torch.tensor(grid, dtype=torch.float64))
    plots = []
    for place, key in enumerate(("loss", "win")):
        looks = {name: {"color": ROWS[name][1]} for name in CURVES}
        curves_of = [
            {
                "points": list(zip(grid, (scale.get(name, 1.0) * lines[name][place]).tolist(), strict=True)),
                "width": 2.6 if name == "dpo" else 1.6,
                **looks[name],
            }
            for name in CURVES
        ]
        dots = [
            {
                "x": h,
                "y": scale.get(name, 1.0) * values[f"{name}_{key}"],
                "r": 5 if name == "dpo" else 3.5,
                **looks[name],
            }
            for name in CURVES
        ]
        plots.append({"lines": curves_of, "dots": dots})
    tallest = [max(dot["y"] for dot in plot["dots"]) for plot in plots]
    tops = min(8, axis_top(max(2.0, 1.1 * tallest[0]))), 2 * max(beta, min(tallest[1], 8 * beta))
    ticks = [-end, -end / 2, 0, end / 2, end]
    x = {"range": [-end, end], "label": "log-ratio of the winner less that of the loser, h", "ticks": ticks}
    up = {"range": [-tops[1] / 2, tops[1]], "label": "pull on the winner"}
    return [
        {**plots[0], "frame": BOX, "x": x, "y": {"range": [0, tops[0]], "label": "loss"}, "rules": [{"x": 0}]},
        {**plots[1], "frame": BOX, "x": x, "y": up, "rules": [{"x": 0}, {"y": 0}]},
    ]


def _along(
    widget: "PreferenceLab", fixed_part: float, delta_lose: float, h: torch.Tensor
) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """Losses, and pulls on the winner by torch, at many differences h."""
    win = (fixed_part + h).requires_grad_()
    ratio = win - fixed_part  # h, as a function of the winner's log-probability
    mean, other = win / widget.length_win, torch.full_like(h, widget.policy_lose / widget.length_lose)
    losses = {
        "dpo": loss_of_margin(widget.beta * ratio, "logistic"),
        "ipo": loss_of_margin(ratio, "square", target=1 / (2 * widget.beta)),
        "kto_win": loss_of_margin(widget.beta * (ratio + delta_lose - widget.z0), "sigmoid"),
        "orpo": -mean + widget.weight * loss_of_margin(log_odds(mean) - log_odds(other), "logistic"),
        "simpo": loss_of_margin(widget.simpo_beta * (mean - other) - widget.gamma, "logistic"),
    }
    pulls = {name: -torch.autograd.grad(loss.sum(), win, retain_graph=True)[0] for name, loss in losses.items()}
    return {name: (losses[name].detach(), pulls[name]) for name in losses}


def story(values: dict[str, float], beta: float) -> str:
    """What kind of pair this is, and what IPO would do with it that DPO would not."""
    up, down, h, target = values["delta_win"], values["delta_lose"], values["h"], 1 / (2 * beta)
    if abs(up) < 1e-9 and abs(down) < 1e-9:
        kind = "At the reference: both log-ratios are 0, DPO's loss is ln 2 and its pull β/2."
    elif h > 0 and up < 0:
        kind = (
            "Displaced: the margin is on the right side, yet the winner has become less likely than it was; the loser "
            "fell further."
        )
    elif h > 0:
        kind = "The winner has gained on the loser, and is no less likely than it was."
    elif h < 0:
        kind = "Still wrong: the loser has gained on the winner."
    else:
        kind = "Winner and loser have moved alike: no margin."
    aim = f"1/(2τ) = {fixed(target, 1)}"
    if h > target:
        return f"{kind} IPO pulls back: the difference {fixed(h, 1)} is beyond its target {aim}; DPO pulls on."
    return f"{kind} IPO's target for the difference is {aim}; DPO has none."


def _shown(key: str, values: dict[str, float]) -> Markup:
    return number(key, values[key], format_number(values[key], 3))
