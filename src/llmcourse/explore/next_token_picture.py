"""The static picture of NextTokenExplorer: the same bars, text and numbers that next_token.js draws (numpy)."""

import math
from typing import TYPE_CHECKING

import numpy as np

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
    token_name,
    visible,
)
from llmcourse.language.information import entropy
from llmcourse.language.ngram import AddK

if TYPE_CHECKING:
    from llmcourse.explore.next_token import NextTokenExplorer

NO_STEPS = "No step yet: each token that is sampled or chosen becomes a row here."
WRITTEN = {"p": format_number, "product": lambda x: format_number(x, 4, 0.01), "log": fixed, "sum": fixed}


def draw(widget: "NextTokenExplorer") -> Markup:
    """Everything inside the view."""
    p = widget.distribution()
    left = element("div", {}, bars(widget, p), facts(widget, p), rule(widget))
    right = element("div", {}, prose(widget), totals(widget), steps(widget))
    columns = element("div", {"class": "lc-columns"}, left, right)
    return Markup(controls() + message(widget) + chips(widget) + columns)


def controls() -> Markup:
    """Invisible controls of the right size."""
    box = Markup('<input type="text" disabled>')
    digits = Markup('<input type="number" disabled>')
    context = element("div", {"class": "lc-field lc-wide"}, element("label", {}, "Context: type the beginning"), box)
    buttons = (static_button(text) for text in ("Sample", "Sample 10", "Greedy", "Undo", "Reset"))
    return placeholder(
        "A picture of the starting state. With scripts on, you can type a context and sample.",
        context,
        static_choice("Token", ["character", "word"]),
        static_choice("Logarithm", ["log₂", "ln"]),
        static_choice("Order: tokens of context", list("012345")),
        static_field("Seed", digits),
        element(
            "div", {"class": "lc-pair"}, static_choice("Smoothing", ["Kneser–Ney", "add-k"]), static_field("k", digits)
        ),
        element("div", {"class": "lc-buttons"}, *buttons),
    )


def message(widget: "NextTokenExplorer") -> Markup:
    """Which tokens of the context the text does not have."""
    thing, size = widget.unit[:-1], len(widget.model().vocabulary)
    unknown = widget.unknown()
    names = ", ".join(token_name(token) for token in unknown[:3])
    more = f" and {len(unknown) - 3} more" if len(unknown) > 3 else ""
    text = f"{names}{more}: no such {thing} in this text ({size:,} different), so left out."
    return element("p", {"class": "lc-message"}, text if names else "")


def chips(widget: "NextTokenExplorer") -> Markup:
    """The tokens that the model looks at."""
    history, tokens = widget.history(), widget.model().vocabulary.tokens
    used = history[max(0, history.size - widget.order) :].tolist()
    shown = (element("span", {"class": "lc-chip"}, visible(str(tokens[i]))) for i in used)
    return element("p", {"class": "lc-chips"}, "Next after " if used else "Next, whatever came before", *shown)


def bars(widget: "NextTokenExplorer", p: np.ndarray) -> Markup:
    """The most probable tokens, and one bar for all the others together."""
    tokens = widget.model().vocabulary.tokens
    ranked = np.argsort(-p, kind="stable")
    shown, rest = ranked[: widget.top], ranked[widget.top :]
    items = [(str(tokens[i]), f"p.{rank}", float(p[i])) for rank, i in enumerate(shown)]
    rows = []
    for token, key, x in [*items, (None, "others", float(p[rest].sum()))]:
        label = f"{rest.size:,} others" if token is None else visible(token)
        css, color = ("lc-token lc-rest", "c6") if token is None else ("lc-token", "c1")
        bar = element("span", {"class": "lc-bar", "style": f"--bar:var(--{color});--at:{x:.6g}"})
        name = element("span", {"class": "lc-label"}, label)
        value = number(key, x, **{"class": "lc-value"})
        rows.append(element("div", {"class": css, "data-token": token}, name, bar, value))
    return element("div", {"class": "lc-tokens", "role": "group", "aria-label": "Next-token probabilities"}, *rows)


def facts(widget: "NextTokenExplorer", p: np.ndarray) -> Markup:
    """How much evidence there is, and how uncertain the next token."""
    seen = widget.seen()
    h = float(entropy(p, base=2.0 if widget.measure == "bits" else math.e))
    places = number("seen", seen, f"{seen:,}")
    middle = f" {'place' if seen == 1 else 'places'} in the text. Entropy of the next token: "
    return element(
        "p", {"class": "lc-note"}, "This context: ", places, middle, number("entropy", h), f" {widget.measure}."
    )


def rule(widget: "NextTokenExplorer") -> Markup:
    """The smoothing in one line, with its constants."""
    model = widget.model()
    if isinstance(model.smoothing, AddK):
        total = "places" if widget.order else "tokens"
        size = f"{len(model.vocabulary):,}"
        parts = [f"add-k: (count + k) / ({total} + k·V), with V = {size} different tokens."]
    else:
        parts = ["Kneser–Ney discounts D = n₁/(n₁ + 2n₂), from no context to the full one: "]
        for j, d in enumerate(model.discounts):
            parts += [", " if j else "", number(f"discount.{j}", d, format_number(d, 3))]
        parts.append(".")
    return element("p", {"class": "lc-note lc-discounts"}, *parts)


def prose(widget: "NextTokenExplorer") -> Markup:
    """The context, and what was generated after it."""
    decode = widget.model().vocabulary.decode
    start, whole = decode(widget.history(0)), decode(widget.history())
    caret = element("span", {"class": "lc-caret", "aria-hidden": "true"})
    mark = element("mark", {}, whole[len(start) :])
    box = {"class": "lc-prose", "role": "group", "tabindex": "0", "aria-label": "The text so far"}
    return element("p", box, element("span", {}, start), mark, caret)


def totals(widget: "NextTokenExplorer") -> Markup:
    """Product, sum of logarithms and perplexity of the generated tokens."""
    symbol, base = ("log₂", 2.0) if widget.measure == "bits" else ("ln", math.e)
    table = widget.steps()
    product, total = (table[-1].product, table[-1].sum) if table else (1.0, 0.0)
    rate = base ** (-total / len(table)) if table else math.nan
    items = []
    for key, name, words, x, text in (
        ("product", "P", "the chain rule multiplies", product, format_number(product, 4, 0.01)),
        ("log_sum", f"{symbol} P", "the logarithms add", total, fixed(total)),
        ("perplexity", "perplexity", "so far, per token", rate, format_number(rate, 3) if table else "—"),
    ):
        term = element("dt", {}, element("span", {"class": "lc-symbol"}, name), " ", words)
        items.append(element("div", {"class": "lc-number"}, term, element("dd", {}, number(key, x, text))))
    return element("dl", {"class": "lc-numbers"}, *items)


def steps(widget: "NextTokenExplorer") -> Markup:
    """One row for each generated token."""
    symbol = "log₂" if widget.measure == "bits" else "ln"
    heads = ("step", "token", "p", "product", f"{symbol} p", "sum")
    head = element("thead", {}, element("tr", {}, *(element("th", {"scope": "col"}, text) for text in heads)))
    empty = [] if widget.generated else [element("caption", {"class": "lc-empty"}, NO_STEPS)]
    rows = []
    for i, step in enumerate(widget.steps()):
        cells = [element("td", {}, str(i + 1)), element("td", {"class": "lc-what"}, visible(step.token))]
        for key, write in WRITTEN.items():
            x = getattr(step, key)
            cells.append(element("td", {}, number(f"step.{i}.{key}", x, write(x))))
        rows.append(element("tr", {}, *cells))
    table = element("table", {"class": "lc-steps"}, *empty, head, element("tbody", {}, *rows))
    box = {"class": "lc-scroll", "role": "region", "tabindex": "0", "aria-label": "Steps of the chain rule"}
    return element("div", box, table)
