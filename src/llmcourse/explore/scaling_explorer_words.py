"""How ScalingExplorer writes its numbers and what it says of a law, as scaling_explorer.js does (pure Python)."""

import math
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from llmcourse.explore.markup import format_number
from llmcourse.learning.scaling import LossLaw

if TYPE_CHECKING:
    from llmcourse.explore.scaling_laws import ShownLaw
    from llmcourse.explore.scaling_models import KnownModel

LETTERS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K"), (1.0, ""))


def amount(x: float | int) -> str:
    """Three digits and a letter, as ``amount`` in scaling_explorer.js writes them.

    >>> amount(70e9), amount(1.4e12), amount(134_515_008), amount(0)
    ('70B', '1.4T', '135M', '0')
    """
    if math.isnan(x):
        return "–"
    if x == 0:
        return "0"
    exact = Decimal(x)
    rounded = exact.quantize(Decimal(1).scaleb(exact.adjusted() - 2), ROUND_HALF_UP)
    unit, letter = next((pair for pair in LETTERS if rounded >= pair[0]), LETTERS[-1])
    return f"{(rounded / Decimal(unit)).normalize():,f}{letter}"


def power(x: float | int) -> str:
    """A number of FLOP: three digits and a power of ten."""
    return "–" if math.isnan(x) else format_number(x, 0)


def digits(x: float | int) -> str:
    """A loss."""
    return "–" if math.isnan(x) else format_number(x, 3)


def ratio(x: float | int) -> str:
    """A quotient: about three digits."""
    return "–" if math.isnan(x) else format_number(x, 3 if x < 0.1 else 2 if x < 10 else 1 if x < 100 else 0)


def percent(x: float | int) -> str:
    """A share."""
    return "–" if math.isnan(x) else f"{format_number(100 * x, 1)}%"


def users(x: float | int) -> str:
    """A number of served tokens, where a negative one means that there is none."""
    return "none" if x < 0 else amount(x)


def law_words(shown: "ShownLaw", outside: list[str], outside_serving: list[str] | None, unit: str) -> str:
    """Where the optimum and the model for serving (if any) leave the runs of the law, and what it cannot say."""
    units = {"N": "parameters", "D": f"{unit}s", "C": "FLOP"}
    bounds = ", ".join(
        f"{' to '.join((power if name == 'C' else amount)(end) for end in shown.runs[name])} {units[name]}"
        for name in units
        if name in shown.runs
    )

    def where(names: list[str]) -> str:
        return f"lies outside them ({', '.join(names)}): an extrapolation." if names else "lies inside them."

    serving = "" if outside_serving is None else f" The cheapest to serve {where(outside_serving)}"
    silent = " It names an optimum and no loss beside it: no curve, nothing about serving."
    found = where(outside) + serving + ("" if isinstance(shown.law, LossLaw) else silent)
    return f"{shown.name}. Fitted to runs of {bounds}; the optimum {found}{' ' if shown.note else ''}{shown.note}"


def model_words(model: "KnownModel", shown: "ShownLaw") -> str:
    """Where a model's numbers come from, and in what it leaves the runs behind the chosen law."""
    outside = shown.outside({"N": model.parameters, "D": model.tokens, "C": model.compute})
    end = f" Outside the runs of this law: {', '.join(outside)}." if outside else ""
    return f"{model.name}, {model.source}.{end}"
