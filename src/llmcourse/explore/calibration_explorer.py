"""A model's confidence beside how often it is right: bins, temperature, and the scores of both (anywidget).

calibration_explorer.js computes every number itself, so the widget also lives on a page without a kernel;
tests/site/test_widget_calibration_explorer.py holds it to ``llmcourse.evaluation``.
"""

from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np
import traitlets

from llmcourse.evaluation.calibration import Bins, bins, calibration_error, debiased_square, decomposition
from llmcourse.evaluation.intervals import Interval, wilson
from llmcourse.evaluation.proper import nll
from llmcourse.evaluation.temperature import fit_temperature
from llmcourse.explore import choice_scores
from llmcourse.explore.calibration_explorer_picture import draw
from llmcourse.explore.markup import Markup
from llmcourse.explore.widget import Widget, check
from llmcourse.language.softmax import softmax
from llmcourse.shapes import Array, Float, Integer

MIN_TAU, MAX_TAU = 0.05, 20.0
MAX_BINS = 30


class CalibrationExplorer(Widget):
    """Reliability of a model's probabilities: how they are binned and the temperature can be moved.

    ``chosen`` names one of ``sets``: what a model said about each choice of each question, in one format. Its
    confidence is the probability of the choice that it picks.

    Raises:  traitlets.TraitError for values that a view could not show.
    """

    script: ClassVar[str] = "calibration_explorer"

    sets = traitlets.List(traitlets.Dict()).tag(sync=True)
    chosen = traitlets.Unicode().tag(sync=True)
    temperature = traitlets.Float(1.0).tag(sync=True)
    number = traitlets.Int(10, min=1, max=MAX_BINS).tag(sync=True)
    rule = traitlets.Enum(("width", "mass"), default_value="width").tag(sync=True)

    def __init__(self, chosen: str = "", *, sets: Iterable[choice_scores.ChoiceSet] | None = None, **options: Any):
        known = choice_scores.shipped() if sets is None else list(sets)
        self._shipped = sets is None
        check(bool(known), "there must be a set of answers to show, got 0 sets")
        super().__init__(sets=known, chosen=chosen or str(known[0].get("name", "")), **options)

    @traitlets.validate("sets")
    def _valid_sets(self, proposal: dict[str, Any]) -> list[choice_scores.ChoiceSet]:
        names = [one.get("name") for one in proposal["value"]]
        check(all(names) and len(names) == len(set(names)), f"sets need names that differ, got {names}")
        for one in proposal["value"]:
            try:
                choice_scores.decode(one)
            except ValueError as error:
                raise traitlets.TraitError(f"set {one['name']!r}: {error}") from None
        return proposal["value"]

    @traitlets.validate("chosen")
    def _valid_chosen(self, proposal: dict[str, Any]) -> str:
        names = [one["name"] for one in self.sets]
        check(proposal["value"] in names, f"no set is named {proposal['value']!r}; there are {', '.join(names)}")
        return proposal["value"]

    @traitlets.validate("temperature")
    def _valid_temperature(self, proposal: dict[str, Any]) -> float:
        tau = proposal["value"]
        check(MIN_TAU <= tau <= MAX_TAU, f"the temperature must lie between {MIN_TAU} and {MAX_TAU}, got {tau}")
        return tau

    def assets(self) -> dict[str, str]:
        """The sets, if they are those that the site ships."""
        return {"sets": choice_scores.ASSET} if self._shipped and self.sets == choice_scores.shipped() else {}

    def scores(self) -> tuple[Float[Array, "N V"], Integer[Array, " N"]]:
        """Scores and right choices of the set that is shown."""
        return choice_scores.decode(next(one for one in self.sets if one["name"] == self.chosen))

    def confidence(self) -> tuple[Float[Array, " N"], Integer[Array, " N"]]:
        """The probability of the choice that is picked, and whether it is right (1) or not (0)."""
        z, answer = self.scores()
        p = softmax(z, temperature=self.temperature)
        return p.max(axis=-1), (z.argmax(axis=-1) == answer).astype(int)

    def best(self) -> float:
        """The temperature that fits these very questions best, +∞ or 0 where none does."""
        z, answer = self.scores()
        try:
            return fit_temperature(z, answer)
        except ValueError:
            sure = (np.take_along_axis(z, answer[:, None], axis=-1)[:, 0] == z.max(axis=-1)).all()
            return 0.0 if sure and np.ptp(z) else np.inf

    def found(self) -> tuple[Bins, Interval]:
        """The bins, and for each that is not empty the interval of its share of right answers."""
        q, right = self.confidence()
        made = bins(q, right, number=self.number, rule=self.rule)
        filled = made.count > 0
        counted = np.bincount(made.place, right, minlength=self.number).astype(int)
        low, high = np.full(self.number, np.nan), np.full(self.number, np.nan)
        low[filled], high[filled] = wilson(counted[filled], made.count[filled])
        return made, Interval(low, high)

    def numbers(self) -> dict[str, float]:
        """The numbers beside the diagram, by the names they have in the page (``data-key``)."""
        (q, right), (z, answer) = self.confidence(), self.scores()
        options: dict[str, Any] = {"number": self.number, "rule": self.rule}
        parts = decomposition(q, right, **options)
        values = {
            "n": q.size,
            "accuracy": right.mean(),
            "confidence": q.mean(),
            "ece": calibration_error(q, right, **options),
            "square": parts.reliability,
            "debiased": debiased_square(q, right, **options),
            "brier": ((q - right) ** 2).mean(),
            "resolution": parts.resolution,
            "uncertainty": parts.uncertainty,
            "within": parts.within,
            "nll": nll(softmax(z, temperature=self.temperature), answer),
            "best": self.best(),
        }
        return {key: float(value) for key, value in values.items()}

    def picture(self) -> Markup:
        """The diagram, the numbers and the bins, as the script draws them."""
        return draw(self)
