"""The static picture of one attention head: arcs, tokens, numbers and heat map, row beside row (pure Python)."""

import math

from llmcourse.explore.drawing import heat_map
from llmcourse.explore.markup import Markup, element, fixed, number, token_name, visible

CROWDED = 26  # from so many tokens on the columns have no names
THIN, WIDEST = 0.02, 7  # arcs of less than this part of the widest are left out; the widest, in pixels
NOTHING = 0.005  # what two decimals show as 0.00
Rows = list[list[float]]  # the weights of a head


def one_head(rows: Rows, tokens: list[str], t: int, skip: bool) -> Markup:
    """Arcs, tokens, numbers and heat map around token t, with or without the first token."""
    size, top = len(rows), darkest(rows, skip)
    columns = (element("span", {}, visible(token.strip() or token)) for token in tokens)
    frame = {"viewBox": f"0 0 100 {10 * size}", "preserveAspectRatio": "none"}
    faint = element("svg", {**frame, "class": "lc-arc-all"}, *arcs(rows, top, skip))
    focus = element("svg", {**frame, "class": "lc-over lc-arc-focus"}, *arcs(rows, top, skip, t))
    labels, numbers = [], []
    for i, token in enumerate(tokens):
        kind = "lc-is" if i == t else "lc-to" if i < t else "lc-from"
        weight = rows[t][i] if i <= t else rows[i][t]
        labels.append(element("label", {"class": kind}, token_text(token)))
        key = f"to.{i}" if i <= t else f"from.{i}"
        look = {"class": "lc-zero" if weight < NOTHING else kind}
        numbers.append(number(key, weight, fixed(weight, 2), **look))
    squares = [[0.0 if skip and s == 0 else w for s, w in enumerate(row)] for row in rows]
    covered = [element("path", {"class": "lc-ahead", "d": ahead(size)})]
    if skip:
        covered.append(element("rect", {"class": "lc-ahead", "x": 0, "y": 0, "width": 1, "height": size}))
    marks = [element("rect", {"class": "lc-mark lc-to", "x": 0, "y": t, "width": t + 1, "height": 1})]
    if t + 1 < size:
        marks.append(
            element("rect", {"class": "lc-mark lc-from", "x": t, "y": t + 1, "width": 1, "height": size - t - 1})
        )
    hidden = {"aria-hidden": "true"}
    return element(
        "div",
        {"class": f"lc-head-view{' lc-crowded' if size > CROWDED else ''}", "style": f"--rows:{size}"},
        element("div", {"class": "lc-columns-names", **hidden}, *columns),
        element("div", {"class": "lc-arcs", **hidden}, faint, focus),
        element("div", {"class": "lc-tokens"}, *labels),
        element("div", {"class": "lc-token-numbers"}, *numbers),
        element(
            "div",
            {"class": "lc-map", **hidden},
            heat_map(squares, top),
            over(size, size, *covered),
            over(size, size, *marks, css="lc-over lc-marks"),
        ),
    )


def said(token: str) -> str:
    """A token as it is said: without the blank before it."""
    return token_name(token.strip() or token)


def token_text(token: str) -> Markup:
    """A token for the eye, the blank before it less so."""
    if len(token) > 1 and token[0] == " ":
        return element("span", {}, element("i", {}, "␣"), visible(token[1:]))
    return element("span", {}, visible(token))


def arcs(rows: Rows, top: float, skip: bool, token: int | None = None) -> list[Markup]:
    """The arcs of a head, or only those from and to ``token``; their width is the weight beside ``top``."""
    parts = []
    for t, row in enumerate(rows):
        for s in range(1 if skip else 0, t + 1):
            if row[s] < THIN * top or (token is not None and token not in (t, s)):
                continue
            css = "lc-arc" if token is None else "lc-arc lc-to" if t == token else "lc-arc lc-from"
            look = {"class": css, "d": arc_path(t, s, len(rows)), "stroke-width": _short(WIDEST * row[s] / top)}
            parts.append(element("path", look))
    return parts


def arc_path(t: int, s: int, size: int) -> str:
    """From row t to row s, out to the left, the further the longer: a box of width 100, its rows 10 high."""
    start, end = 10 * t + 5, 10 * s + 5
    reach = 12.0 if s == t else 12 + 82 * ((t - s) / (size - 1)) ** 0.75
    x = _short(100 - 4 / 3 * reach)
    if s == t:
        return f"M100 {start - 3}C{x} {start - 3} {x} {start + 3} 100 {start + 3}"
    return f"M100 {start}C{x} {start} {x} {end} 100 {end}"


def ahead(size: int) -> str:
    """The keys that a query cannot see: a staircase above the diagonal."""
    return "M1 0" + "".join(f"V{t}H{t + 1}" for t in range(1, size)) + f"V{size - 1}H{size}V0z"


def darkest(rows: Rows, skip: bool) -> float:
    """The largest weight drawn: 1, or, without the first token, the largest of the others."""
    return max(max(row[1:]) for row in rows[1:]) or 1.0 if skip else 1.0


def reading(rows: Rows, tokens: list[str], t: int) -> str:
    """One token's attention in words."""
    s = rows[t].index(max(rows[t]))
    at = "itself" if s == t else said(tokens[s])
    most = " most" if t else ""
    text = f"{said(tokens[t])} looks{most} at {at} with weight {fixed(rows[t][s], 2)}"
    if t + 1 < len(rows):
        later = max(range(t + 1, len(rows)), key=lambda i: rows[i][t])
        name, weight = said(tokens[later]), rows[later][t]
        most = f"{name} looks at it most, with weight {fixed(weight, 2)}"
        text += f"; {'no later token looks at it' if weight < NOTHING else most}"
    return f"{text[0].upper()}{text[1:]}."


def over(width: int, height: int, *marks: Markup, css: str = "lc-over") -> Markup:
    """A drawing over another one, with one unit for each of its squares."""
    box = {"class": css, "viewBox": f"0 0 {width} {height}", "preserveAspectRatio": "none"}
    return element("svg", box, *marks)


def _short(value: float) -> str:
    """Two decimals at the most, as JavaScript writes them."""
    return f"{math.floor(value * 100 + 0.5) / 100:g}"
