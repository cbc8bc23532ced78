"""The static first paint of a widget: HTML text with the same classes and numbers as its JavaScript (pure Python)."""

import html
import json
import math
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_NAMED = {" ": ("␣", "space"), "\n": ("↵", "line break"), "\t": ("⇥", "tab"), "\r": ("␍", "carriage return")}


class Markup(str):
    """Text that is already HTML: ``element`` inserts it as it is and escapes every other string."""

    __slots__ = ()


def element(tag: str, attributes: Mapping[str, object] | None = None, *children: str) -> Markup:
    """An HTML or SVG element. An attribute that is None or False is left out, one that is True has no value.

    >>> element("b", {"class": "x"}, "1 < 2", element("br"))
    '<b class="x">1 &lt; 2<br></br></b>'
    """
    parts = [tag]
    for key, value in (attributes or {}).items():
        if value is not None and value is not False:
            parts.append(key if value is True else f'{key}="{html.escape(str(value))}"')
    inside = "".join(c if isinstance(c, Markup) else html.escape(c, quote=False) for c in children)
    return Markup(f"<{' '.join(parts)}>{inside}</{tag}>")


def script_json(value: object) -> Markup:
    """JSON that may stand inside a script element: sorted, compact, and without any "<"."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return Markup(text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))


def widget_shell(
    script: str, state: Mapping[str, object], picture: Markup, assets: Mapping[str, str] | None = None
) -> Markup:
    """A widget as the site ships it: its name, its state and its static picture, which host.js brings to life.

    ``assets`` are traits whose value comes from data/ASSET.js instead: {trait: asset}.
    """
    named = json.dumps(assets, sort_keys=True) if assets else None
    return element(
        "div",
        {"class": "lc-widget", "data-widget": script, "data-assets": named},
        element("script", {"type": "application/json"}, script_json(state)),
        element("div", {"class": f"lc-view lc-{script} lc-static"}, picture),
    )


def fixed(x: float | int, digits: int = 3) -> str:
    """Fixed decimals and one comma for each thousand, digit for digit what ``fixed`` in shared.js writes.

    >>> fixed(2719), fixed(-0.0002)
    ('2,719.000', '−0.000')
    """
    size = Decimal(abs(x)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return f"{'−' if x < 0 else ''}{size:,}"


def format_number(x: float | int, digits: int = 4, below: float | None = None) -> str:
    """A number for the eye, digit for digit what ``format`` in shared.js writes.

    Three digits with a power of ten under ``below``: where fixed decimals would show a false zero, or a larger bound.

    >>> format_number(1.15678), format_number(float("inf")), format_number(0.000012), format_number(0.00066, 4, 0.01)
    ('1.1568', '∞', '1.20·10⁻⁵', '6.60·10⁻⁴')
    """
    if math.isnan(x):
        return "undefined"
    if math.isinf(x):
        return "∞" if x > 0 else "−∞"
    size, sign = Decimal(abs(x)), "−" if x < 0 else ""
    if size == 0:
        return f"{0:.{digits}f}"
    if size < Decimal(0.5 * 10**-digits if below is None else below) or size >= 10**9:
        exponent = size.adjusted()
        mantissa = size.scaleb(-exponent).quantize(Decimal("0.01"), ROUND_HALF_UP)
        if mantissa >= 10:
            exponent, mantissa = exponent + 1, Decimal("1.00")
        return f"{sign}{mantissa}·10{str(exponent).translate(_SUPERSCRIPT)}"
    return fixed(x, digits)


def number(key: str, x: float | int, text: str | None = None, **attributes: object) -> Markup:
    """A computed number on the page: rounded as text, in full in ``data-value``, as ``show`` in shared.js does."""
    full = repr(float(x)) if math.isfinite(x) else "NaN" if math.isnan(x) else "Infinity" if x > 0 else "-Infinity"
    return element(
        "span", {"data-key": key, "data-value": full, **attributes}, format_number(x) if text is None else text
    )


def axis_top(x: float | int) -> float:
    """The smallest of 1, 1.2, 1.5, 2, 3, 4, 5, 6, 8, 10, 12 … not below x: the top of an axis that seldom moves."""
    scale = 1.0
    while True:
        for step in (1, 1.2, 1.5, 2, 3, 4, 5, 6, 8):
            if step * scale >= x:
                return step * scale
        scale *= 10


def visible(token: str) -> str:
    """A token as it is drawn: blanks become visible signs."""
    return "".join(_NAMED[c][0] if c in _NAMED else c for c in token)


def token_name(token: str) -> str:
    """A token as it is read aloud: “e”, space, line break."""
    if token in _NAMED:
        return _NAMED[token][1]
    return f"“{''.join(f' {_NAMED[c][1]} ' if c in _NAMED else c for c in token).strip()}”"


def placeholder(note: str, *controls: Markup) -> Markup:
    """Where the controls will be: invisible ones of the same size, so that nothing jumps, under a line of text."""
    return element(
        "div",
        {"class": "lc-waiting"},
        element("div", {"class": "lc-controls", "aria-hidden": "true", "inert": True}, *controls),
        element("p", {"class": "lc-note"}, note),
    )


def static_field(label: str, control: Markup) -> Markup:
    """A labeled control of the placeholder."""
    return element("div", {"class": "lc-field"}, element("label", {}, label), control)


def static_menu(label: str, shown: str, options: list[str]) -> Markup:
    """A drop-down of the placeholder, as wide as its widest option."""
    chosen = (element("option", {"selected": text == shown}, text) for text in options)
    return static_field(label, element("select", {"disabled": True}, *chosen))


def static_choice(legend: str, labels: list[str]) -> Markup:
    """A switch of the placeholder."""
    options = (
        element("label", {}, Markup('<input type="radio" disabled>'), element("span", {}, text)) for text in labels
    )
    row = element("div", {"class": "lc-choice-row"}, *options)
    return element("fieldset", {"class": "lc-choice"}, element("legend", {}, legend), row)


def static_button(text: str) -> Markup:
    """A button of the placeholder."""
    return element("button", {"type": "button", "class": "lc-button", "disabled": True}, text)
