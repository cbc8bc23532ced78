"""How sure one can be of a score, of an order of two models, and of the best of many (anywidget).

error_bars.js computes every number itself, so the widget also lives on a page without a kernel;
tests/site/test_widget_error_bars.py holds it to ``llmcourse.evaluation``, its ``intervals`` and ``ranking``.
"""

import math
from typing import Any, ClassVar

import numpy as np
import traitlets

from llmcourse.evaluation.intervals import clopper_pearson, coverage, wald, wilson
from llmcourse.evaluation.ranking import (
    difference_deviation,
    expected_best,
    items_needed,
    largest_correlation,
    order_probabilities,
)
from llmcourse.explore.error_bars_picture import draw
from llmcourse.explore.markup import Markup
from llmcourse.explore.widget import Widget, check

FEWEST, MOST = 10, 10_000
INTERVALS = {"wald": wald, "wilson": wilson, "clopper_pearson": clopper_pearson}


class ErrorBars(Widget):
    """A model A that is right on a ``share`` of all items, one that is better by ``gap``, and ``models`` equals of A.

    ``correlation`` is that of the answers of two models to the same item, ``items`` the number of items, ``level`` the
    intervals' promise.

    Raises:  traitlets.TraitError for values out of range, and for a correlation that the two shares cannot have.
    """

    script: ClassVar[str] = "error_bars"

    items = traitlets.Int(300).tag(sync=True)
    share = traitlets.Float(0.7).tag(sync=True)
    gap = traitlets.Float(0.03).tag(sync=True)
    correlation = traitlets.Float(0.5).tag(sync=True)
    models = traitlets.Int(20).tag(sync=True)
    level = traitlets.Enum((0.8, 0.9, 0.95, 0.99), default_value=0.95).tag(sync=True)
    plot = traitlets.Enum(("coverage", "order"), default_value="coverage").tag(sync=True)

    @traitlets.validate("items")
    def _valid_items(self, proposal: dict[str, Any]) -> int:
        n = proposal["value"]
        check(FEWEST <= n <= MOST, f"items must be from {FEWEST} to {MOST:,}, got {n}")
        return n

    @traitlets.validate("models")
    def _valid_models(self, proposal: dict[str, Any]) -> int:
        models = proposal["value"]
        check(1 <= models <= 100, f"models must be from 1 to 100, got {models}")
        return models

    @traitlets.validate("share", "gap", "correlation")
    def _valid_pair(self, proposal: dict[str, Any]) -> float:
        now = {"share": self.share, "gap": self.gap, "correlation": self.correlation}
        now[proposal["trait"].name] = proposal["value"]
        share, gap, correlation = now.values()
        check(0.01 <= share <= 0.99, f"share must lie between 0.01 and 0.99, got {share}")
        check(0 <= gap <= 0.3, f"gap must lie between 0 and 0.3, got {gap}")
        check(share + gap <= 0.99 + 1e-9, f"share + gap must be at most 0.99, got {share} + {gap}")
        most = largest_correlation(share, share + gap)
        check(0 <= correlation <= most + 1e-9, f"correlation must lie between 0 and {most:.4g}, got {correlation}")
        return proposal["value"]

    @property
    def right(self) -> int:
        """The right answers that the model most likely has: the share of the items, rounded."""
        return math.floor(self.items * self.share + 0.5)

    def coverages(self, shares: np.ndarray) -> dict[str, np.ndarray]:
        """How often each interval holds each of these true shares."""
        return {name: coverage(one, shares, self.items, level=self.level) for name, one in INTERVALS.items()}

    def flips(self, items: int, correlation: float) -> float:
        """How often the worse model is ahead on so many items."""
        return float(order_probabilities(self.share, self.share + self.gap, items, correlation=correlation)[2])

    def numbers(self) -> dict[str, float]:
        """The numbers of the view, by the names they have in the page (``data-key``); shares and not percent."""
        n, p, q = self.items, self.share, self.share + self.gap
        values: dict[str, float] = {"right": float(self.right)}
        held = self.coverages(np.array([p]))
        for name, interval in INTERVALS.items():
            low, high = interval(self.right, n, level=self.level)
            values |= {f"{name}.low": float(low), f"{name}.high": float(high), f"{name}.coverage": float(held[name][0])}
        _, tie, flip = order_probabilities(p, q, n, correlation=self.correlation)
        deviations = {
            "_apart": difference_deviation(p, q),
            "": difference_deviation(p, q, correlation=self.correlation),
        }
        for name, deviation in deviations.items():
            needed = items_needed(self.gap, deviation, level=self.level) if self.gap else math.inf
            values[f"needed{name}"] = float(needed)
        return values | {
            "error": math.sqrt(p * (1 - p) / n),
            "apart": deviations["_apart"] / math.sqrt(n),
            "paired": deviations[""] / math.sqrt(n),
            "tie": float(tie),
            "flip": float(flip),
            "luck": expected_best(self.models, p, n, correlation=self.correlation) - p,
        }

    def picture(self) -> Markup:
        """The table, the plots and the numbers, as the script draws them."""
        return draw(self)
