"""The static picture of GPTPlayground: what its scripts draw before the model is loaded (pure Python)."""

from typing import TYPE_CHECKING

from llmcourse.explore.markup import Markup, element, fixed, number, placeholder, token_name

if TYPE_CHECKING:
    from llmcourse.explore.gpt_playground import GPTPlayground

ROWS = 10  # of the next-token distribution; the others stand together in one more
_PLAIN = str.maketrans({"␣": " ", "↵": "\n", "⇥": "\t", "␍": "\r"})
SAMPLE_TEXT = "Computed in advance for this text. Load the model, and type your own."


def draw(widget: "GPTPlayground") -> Markup:
    """Everything inside the view."""
    about, sample = widget.about, widget.sample
    chips = (chip for text in sample["tokens"] for chip in _chip(text))
    return Markup(
        _controls(widget.text, about["bytes"])
        + element("p", {"class": "lc-message"})
        + element("div", {"class": "lc-chips-box"}, element("div", {"class": "lc-tokens"}, *chips))
        + element("p", {"class": "lc-reading"}, SAMPLE_TEXT)
        + element("p", {"class": "lc-title"}, f"The next token after {said(sample['tokens'][-1])}")
        + element("div", {"class": "lc-columns lc-still"}, _rows(sample))
        + element("p", {"class": "lc-note"}, foot_text(about))
    )


def said(text: str) -> str:
    """A token's text as it is said: without the blank before it.

    >>> said("␣Alice"), said("␣")
    ('“Alice”', 'space')
    """
    plain = text.translate(_PLAIN)
    return token_name(plain.strip() or plain)


def foot_text(about: dict) -> str:
    """What the model is, and what its storage costs."""
    size = f"{about['parameters']:,} parameters in {about['layers']} layers of {about['heads']} heads"
    most = about["tolerance"]
    moved = f", which moved no logit by more than {fixed(most, 2)} on held-out text" if most else ""
    return (
        f"{size}; it sees {about['context']} tokens at once. Its weights are stored in one byte each{moved}. "
        "Everything is computed here; nothing that you type leaves this page."
    )


def _controls(text: str, size: int) -> Markup:
    box = element("textarea", {"rows": 3, "disabled": True}, text)
    field = element("div", {"class": "lc-field lc-wide"}, element("label", {}, "Text to go on from"), box)
    button = element("button", {"type": "button", "class": "lc-button lc-main", "disabled": True}, load_text(size))
    note = "A picture of the starting state. With scripts on, a button loads the model, and you can type to it."
    return placeholder(note, field, element("div", {"class": "lc-loader"}, button))


def load_text(size: int) -> str:
    """What the button says."""
    return f"Load the model ({fixed(size / 1e6, 1)} MB)"


def _chip(text: str) -> list[Markup]:
    one = element("span", {"class": "lc-one"}, element("span", {}, *_label(text)))
    return [one, Markup("<br>")] if "↵" in text else [one]


def _rows(sample: dict) -> Markup:
    rows, others = sample["rows"], sample["others"]
    top = bar_end(max(p for _, p in rows))
    names = ("token", f"0 to {top:g}", "model", "drawn")
    head = (element("span", {} if i else {"class": "lc-label"}, text) for i, text in enumerate(names))
    lines = [_row(_label(text), f"p.{i}", f"drawn.{i}", p, top) for i, (text, p) in enumerate(rows)]
    lines.append(_row([f"{others['count']:,} others"], "others", "drawn_others", others["p"], top, " lc-rest"))
    return element("div", {"class": "lc-rows"}, element("div", {"class": "lc-row lc-head"}, *head), *lines)


def _label(text: str) -> list[str]:
    """A token's text for the eye, the blank before it less so."""
    return [element("i", {}, "␣"), text[1:]] if len(text) > 1 and text[0] == "␣" else [text]


def _row(label: list[str], key: str, drawn: str, p: float, top: float, kind: str = "") -> Markup:
    look, at = "lc-bar lc-over" if p > top else "lc-bar", f"--at:{min(1, p / top):g}"
    bars = (element("span", {"class": look, "style": f"--bar:var(--{color});{at}"}) for color in ("c1", "c2"))
    return element(
        "div",
        {"class": f"lc-row{kind}"},
        element("span", {"class": "lc-label"}, *label),
        element("span", {"class": "lc-bars"}, *bars),
        element("span", {"class": "lc-value lc-p"}, number(key, p, _short(p))),
        element("span", {"class": "lc-value lc-drawn"}, number(drawn, p, _short(p))),
    )


def _short(p: float) -> str:
    """A probability with three decimals, and without a false zero."""
    return "<0.001" if 0 < p < 0.0005 else fixed(p, 3)


def bar_end(largest: float) -> float | int:
    """Where the bars end: the first of these that leaves room for the longest.

    >>> bar_end(0.2), bar_end(0.6)
    (0.25, 1)
    """
    return next((top for top in (0.05, 0.1, 0.25, 0.5) if largest <= 0.95 * top), 1)
