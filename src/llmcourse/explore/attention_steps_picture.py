"""The static picture of AttentionSteps: the tables and the sentence that attention_steps.js draws (pure Python)."""

import math
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from llmcourse.explore.markup import (
    Markup,
    element,
    number,
    placeholder,
    static_button,
    static_choice,
    token_name,
    visible,
)

if TYPE_CHECKING:
    from llmcourse.explore.attention_steps import AttentionSteps

Cell = tuple[str, int, int]
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def draw(widget: "AttentionSteps") -> Markup:
    """Everything inside the view."""
    note = "A picture of the starting state. With scripts on, each number can be picked and the first three changed."
    parts = (static_choice("Scores", ["÷ √d", "as they are"]), static_choice("Mask", ["causal", "none"]))
    text = (
        "Each row belongs to the token that asks. Pick any number to see what it was computed from; type over those of "
        "1, 2 and 3."
    )
    size = f"--label:{min(4.5, 0.5 + 0.55 * max(len(visible(label)) for label in widget.labels)):.2f}rem"
    boxes = [panel(widget, name) for name in titles(widget)]
    groups = (element("div", {"class": "lc-group"}, *boxes[i : i + 3]) for i in (0, 3, 6))
    panels = element("div", {"class": "lc-panels", "style": size}, *groups)
    why = element("p", {"class": "lc-why"}, explain(widget.selected, widget))
    controls = placeholder(note, *parts, static_button("Reset"))
    return Markup(controls + element("p", {"class": "lc-note"}, text) + panels + why)


def titles(widget: "AttentionSteps") -> dict[str, tuple[str, str]]:
    """Number and words above each table."""
    words = {
        "q": "queries q",
        "k": "keys k",
        "v": "values v",
        "score": "scores q·k",
        "divided": f"divided by √{len(widget.q[0])}" if widget.scaled else "not divided",
        "masked": "future masked" if widget.causal else "no mask",
        "exp": "e to the score, sum",
        "weight": "weights: ÷ sum",
        "output": "output: weights·v",
    }
    return {name: (str(i), text) for i, (name, text) in enumerate(words.items(), start=1)}


def panel(widget: "AttentionSteps", name: str) -> Markup:
    """One table with its title."""
    cells = widget.cells()
    width = len({"v": widget.v, "output": widget.v}.get(name, widget.q)[0])
    square = name not in ("q", "k", "v", "output")
    columns = [visible(label) for label in widget.labels] if square else [str(c + 1) for c in range(width)]
    columns += ["sum"] * (name == "exp")
    corner = element("span", {"class": "lc-sr"}, "token")
    heads = [element("span", {"role": "columnheader", "class": "lc-head-cell"}, text) for text in [corner, *columns]]
    lines = [element("div", {"role": "row", "class": "lc-line"}, *heads)]
    for i, label in enumerate(widget.labels):
        keys = [f"{name}.{i}.{j}" for j in range(len(columns) - (name == "exp"))] + [f"sum.{i}.0"] * (name == "exp")
        head = element("span", {"role": "rowheader", "class": "lc-head-cell"}, visible(label))
        row = (cell(key, cells[key], widget) for key in keys)
        lines.append(element("div", {"role": "row", "class": "lc-line"}, head, *row))
    step, words = titles(widget)[name]
    title = element("div", {"class": "lc-title"}, element("b", {}, step), f" {words}")
    attributes = {"role": "table", "class": "lc-panel", "aria-label": words, "style": f"--columns:{len(columns)}"}
    return element("div", {"class": "lc-box"}, title, element("div", attributes, *lines))


def cell(key: str, x: float, widget: "AttentionSteps") -> Markup:
    """One number: framed if it is explained, colored if the explained one was computed from it."""
    kind, text = key.split(".")[0], brief(x)
    first, second = sources(widget.selected, widget)
    kinds = {"lc-from": key in first, "lc-beside": key in second, "lc-chosen": key == widget.selected}
    kinds |= {"lc-long": len(text) > 5 and kind not in "qkv", "lc-longer": len(text) > 7}
    css = " ".join(["lc-cell", *(name for name, on in kinds.items() if on)])
    style = f"--share:{x:.4f}" if kind == "weight" else None
    if kind in "qkv":
        full = number(key, x, text, **{"class": "lc-entry"})
        return element("span", {"role": "cell", "class": css}, full)
    return number(key, x, text, **{"role": "cell", "class": css, "style": style})


def sources(key: str, widget: "AttentionSteps") -> tuple[list[str], list[str]]:
    """The numbers that one was computed from, in two groups; for one that is typed, those that it goes into."""
    kind, i, j = parse(key)
    n, width = len(widget.q), len(widget.q[0])

    def row(name: str, at: int, length: int) -> list[str]:
        return [f"{name}.{at}.{c}" for c in range(length)]

    def column(name: str, at: int) -> list[str]:
        return [f"{name}.{r}.{at}" for r in range(n)]

    found = {
        "q": (row("score", i, n), []),
        "k": ([], column("score", i)),
        "v": (column("output", j), []),
        "score": (row("q", i, width), row("k", j, width)),
        "divided": ([f"score.{i}.{j}"], []),
        "masked": ([f"divided.{i}.{j}"], []),
        "exp": ([f"masked.{i}.{j}"], []),
        "sum": (row("exp", i, n), []),
        "weight": ([f"exp.{i}.{j}"], [f"sum.{i}.0"]),
        "output": (row("weight", i, n), column("v", j)),
    }
    return found[kind]


def parse(key: str) -> Cell:
    """The table, row and column of a name such as score.1.0."""
    kind, i, j = key.split(".")
    return kind, int(i), int(j)


def brief(x: float | int) -> str:
    """Three decimals, fewer for a large number, none that are zero; tiny and huge ones with a power of ten.

    >>> brief(2.0), brief(-0.70711), brief(54.598), brief(0.00033535), brief(float("-inf"))
    ('2', '−0.707', '54.6', '3.4·10⁻⁴', '−∞')
    """
    sign = "−" if x < 0 else ""
    if math.isinf(x):
        return f"{sign}∞"
    if x == 0:
        return "0"
    size = Decimal(abs(x))
    if abs(x) < 0.0005 or abs(x) >= 99999.5:
        exponent = size.adjusted()
        mantissa = size.scaleb(-exponent).quantize(Decimal("0.1"), ROUND_HALF_UP)
        if mantissa >= 10:
            exponent, mantissa = exponent + 1, Decimal("1.0")
        return f"{sign}{mantissa}·10{str(exponent).translate(_SUPERSCRIPT)}"
    digits = 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 10 else 3
    text = f"{size.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP):f}"
    return sign + (text.rstrip("0").rstrip(".") if "." in text else text)


def explain(key: str, widget: "AttentionSteps") -> str:
    """What a number is, in one sentence, with the arithmetic."""
    kind, i, j = parse(key)
    tables: dict[str, Any] = {"q": widget.q, "k": widget.k, "v": widget.v}
    tables |= {name: table.tolist() for name, table in widget.steps().items()}
    x = tables[kind][i][j]
    here, there = token_name(widget.labels[i]), token_name(widget.labels[j] if j < len(widget.labels) else "")
    scores, width = tables["score"], len(widget.q[0])
    power, exps, total = tables["masked"][i][min(j, len(scores) - 1)], tables["exp"][i], tables["sum"][i][0]
    weights, shown = tables["weight"], brief(x)

    def column(name: str, at: int) -> list[float]:
        return [row[at] for row in tables[name]]

    if kind == "q":
        return f"Query of {here}, entry {j + 1}: {shown}. It is a factor in each score of {here}: {_list(scores[i])}."
    if kind == "k":
        each = _list(column("score", i))
        return f"Key of {here}, entry {j + 1}: {shown}. It is a factor in each score for {here}: {each}."
    if kind == "v":
        each = _list(column("weight", i))
        return f"Value of {here}, entry {j + 1}: {shown}. Each output takes it times the weight on {here}: {each}."
    if kind == "score":
        q, k = widget.q[i], widget.k[j]
        return f"Score of {here} for {there}, the query times the key: {_products(q, k)} {_equals(*q, *k, x)} {shown}."
    if kind == "divided" and not widget.scaled:
        return f"Not divided: the score of {here} for {there} stays {shown}."
    if kind == "divided":
        z, root = scores[i][j], math.sqrt(width)
        sign = _equals(z, root, x)
        return f"Score of {here} for {there}, divided by √{width}: {brief(z)} / {brief(root)} {sign} {shown}."
    if kind == "masked" and not widget.causal:
        return f"No mask: {here} sees every token, and the score for {there} stays {shown}."
    if kind == "masked" and j > i:
        return f"{_capital(there)} comes after {here}: its score becomes −∞, because e to the power −∞ is 0."
    if kind == "masked":
        return f"{_capital(there)} does not come after {here}, so it may be seen: the score stays {shown}."
    if kind == "exp":
        return f"For {here} and {there}: e to the power {brief(power)} {_equals(power, x)} {shown}."
    if kind == "sum":
        return f"Sum of the row of {here}: {' + '.join(map(brief, exps))} {_equals(*exps, x)} {shown}."
    if kind == "weight":
        sign = _equals(exps[j], total, x)
        share = f"{brief(exps[j])} / {brief(total)} {sign} {shown}"
        return f"Weight of {here} on {there}, its share of the row’s sum: {share}."
    values = column("v", j)
    sign = _equals(*weights[i], *values, x)
    return (
        f"Output of {here}, entry {j + 1}, the values by their weights: {_products(weights[i], values)} {sign} {shown}."
    )


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _list(values: Sequence[float]) -> str:
    return ", ".join(map(brief, values))


def _products(a: Sequence[float], b: Sequence[float]) -> str:
    factors = [f"({brief(x)})" if x < 0 else brief(x) for pair in zip(a, b, strict=True) for x in pair]
    return " + ".join(f"{x}·{y}" for x, y in zip(factors[::2], factors[1::2], strict=True))


def _equals(*shown: float) -> str:
    """An equals sign if no number on display is rounded."""
    exact = (math.isinf(x) or ("·" not in brief(x) and float(brief(x).replace("−", "-")) == x) for x in shown)
    return "=" if all(exact) else "≈"
