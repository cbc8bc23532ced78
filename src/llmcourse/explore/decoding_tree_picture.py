"""The static picture of DecodingTree: the tree, rows and numbers that decoding_tree.js draws (pure Python)."""

import math
from typing import TYPE_CHECKING

from llmcourse.explore.decoding_trees import DEPTH, LEAVES, PREFIXES, text_of
from llmcourse.explore.drawing import static_slider
from llmcourse.explore.markup import (
    Markup,
    element,
    fixed,
    format_number,
    number,
    placeholder,
    static_button,
    static_menu,
    visible,
)

if TYPE_CHECKING:
    from llmcourse.explore.decoding_tree import DecodingTree

ALGORITHMS = {
    "greedy": "greedy", "beam": "beam search", "sampling": "sampling", "speculative": "speculative sampling",
}  # fmt: skip
REPAIRS = {"residual": "the residual (exact)", "target": "the target again (wrong)"}
NUMBERS = {
    "distance": ("½Σ", "|algorithm − model|", ""),
    "entropy": ("H", "of the algorithm", "bits"),
    "model_entropy": ("H", "of the model", "bits"),
    "likeliest": ("p", "of its likeliest text", ""),
    "mode": ("max p", "of all texts", ""),
    "alpha": ("α", "accepted at the start", ""),
    "round": ("E", "tokens of a round", ""),
    "formula": ("E", "if α were the same everywhere", ""),
}


def draw(widget: "DecodingTree") -> Markup:
    """Everything inside the view."""
    forest = element("div", {"class": "lc-forest"}, branches(widget), rows(widget))
    return Markup(controls(widget) + element("p", {"class": "lc-message"}, words(widget)) + forest + numbers(widget))


def controls(widget: "DecodingTree") -> Markup:
    """Invisible controls of the right size."""
    sliders = [static_slider("Tokens decided", f"{widget.step} of {DEPTH}")]
    if widget.algorithm == "beam":
        sliders.append(static_slider("Beam width", str(widget.width)))
        sliders.append(static_slider("Length penalty λ", format_number(widget.length_penalty, 2)))
    if widget.algorithm == "sampling":
        sliders.append(static_slider("Temperature τ", format_number(widget.temperature, 2)))
        sliders.append(static_slider("top-k", str(widget.top_k or "off")))
        sliders.append(static_slider("top-p", format_number(widget.top_p, 2) if widget.top_p < 1 else "off"))
    if widget.algorithm == "speculative":
        sliders.append(static_slider("Drafts γ", str(widget.gamma)))
        sliders.append(static_menu("A rejected draft is replaced from", REPAIRS[widget.repair], list(REPAIRS.values())))
    return placeholder(
        "A picture of the starting state. With scripts on, each control moves.",
        static_menu("Model", widget.tree, [one["name"] for one in widget.trees]),
        static_menu("Decoding", ALGORITHMS[widget.algorithm], list(ALGORITHMS.values())),
        static_button("Reset"),
        element("div", {"class": "lc-sliders"}, *sliders),
    )


def words(widget: "DecodingTree") -> str:
    """One sentence on what this step has done."""
    if widget.step == 0:
        return "Nothing has been decided yet."
    tokens = widget.chosen()["tokens"]
    if widget.algorithm == "beam":
        beams = widget.beams()
        now = beams[min(widget.step, len(beams)) - 1]
        going = () if widget.step >= len(beams) else now.live
        live = ", ".join(f"{text_of(one.tokens, tokens)} {fixed(math.exp(one.logp), 3)}" for one in going)
        done = ", ".join(
            f"{text_of(one.tokens, tokens)} {fixed(math.exp(one.logp), 3)} (score {fixed(one.score, 3)})"
            for one in now.done
        )
        return f"Live: {live or 'none'}. Set aside: {done or 'none'}."
    kept = widget.kept()
    most = max(kept, key=lambda text: kept[text])
    return (
        f"Alive: {len(kept)} of the texts and beginnings; the likeliest is {text_of(most, tokens)} "
        f"with {fixed(kept[most], 3)}."
    )


def branches(widget: "DecodingTree") -> Markup:
    """The tree: thick where the algorithm goes, dashed where it does not, faint where nothing has been decided."""
    kept, paths = widget.kept(), []
    for prefix in PREFIXES:
        for child in ((*prefix, v) for v in range(3)):
            mass = sum(p for text, p in kept.items() if text[: len(child)] == child)
            look = "later" if len(child) > widget.step else "alive" if mass > 0 else "dead"
            thick = math.floor((1.5 + 6 * min(1.0, mass)) * 100 + 0.5) / 100 if look == "alive" else 1
            d = f"M{4 + 30 * len(prefix)} {_height(prefix):g}L{4 + 30 * len(child)} {_height(child):g}"
            paths.append(element("path", {"class": f"lc-edge lc-{look}", "d": d, "stroke-width": f"{thick:g}"}))
    attributes = {"viewBox": f"0 0 100 {len(LEAVES)}", "preserveAspectRatio": "none", "aria-hidden": "true"}
    return element("div", {"class": "lc-branches"}, element("svg", attributes, *paths))


def rows(widget: "DecodingTree") -> Markup:
    """One row a text: its probability under the model and under the algorithm."""
    truth, law, known = widget.truth(), widget.law(), widget.step == DEPTH
    heads = ("text", "0 to 1", "model", "algorithm")
    head = (
        element("span", {"role": "columnheader", "class": None if i else "lc-label"}, h) for i, h in enumerate(heads)
    )
    body = []
    for i, leaf in enumerate(LEAVES):
        p, a = truth.get(leaf, 0.0), law.get(leaf, 0.0)
        name = visible(text_of(leaf, widget.chosen()["tokens"])).replace("␣", " ")
        bars = (
            element("span", {"class": "lc-bar", "style": f"--bar:var(--{color});--at:{at:.6g}"})
            for color, at in (("c1", p), ("c2", a if known else 0))
        )
        share = number(f"a.{i}", a) if known else element("span", {"data-key": f"a.{i}"}, "—")
        body.append(
            element(
                "div",
                {"class": "lc-row", "role": "row"},
                element("span", {"class": "lc-label", "role": "rowheader"}, name),
                element("span", {"class": "lc-bars", "role": "cell"}, *bars),
                element("span", {"class": "lc-value", "role": "cell"}, number(f"p.{i}", p)),
                element("span", {"class": "lc-value lc-a", "role": "cell"}, share),
            )
        )
    attributes = {"class": "lc-rows", "role": "table", "aria-label": "Texts and their probabilities"}
    return element("div", attributes, element("div", {"class": "lc-row lc-head", "role": "row"}, *head), *body)


def numbers(widget: "DecodingTree") -> Markup:
    """How far the algorithm is from the model, how much it leaves open, and how much a round of drafts is worth."""
    values, items = widget.numbers(), []
    for key, (symbol, name, unit) in NUMBERS.items():
        x = values.get(key)
        shown = element("span", {"data-key": key}, "—") if x is None else number(key, x, _text(x))
        term = element("dt", {}, element("span", {"class": "lc-symbol"}, symbol), f" {name}")
        value = element("dd", {}, shown, " ", element("span", {"class": "lc-unit"}, unit))
        items.append(element("div", {"class": "lc-number lc-off" if x is None else "lc-number"}, term, value))
    return element("dl", {"class": "lc-numbers"}, *items)


def _text(x: float) -> str:
    """A number of the list; what is 0 but for rounding is 0."""
    return format_number(0.0 if x < 1e-12 else x)


def _height(prefix: tuple[int, ...]) -> float:
    under = [i for i, leaf in enumerate(LEAVES) if leaf[: len(prefix)] == prefix]
    return (under[0] + under[-1] + 1) / 2
