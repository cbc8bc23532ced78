"""A compute budget under the published scaling laws, side by side, with the models that were trained (anywidget).

scaling.js computes every number itself, so the widget also lives on a page without a kernel;
tests/site/test_widget_scaling_explorer.py holds it to ``llmcourse.learning.scaling``.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import traitlets

from llmcourse.explore.markup import Markup
from llmcourse.explore.scaling_explorer_picture import draw
from llmcourse.explore.scaling_explorer_words import amount, power
from llmcourse.explore.scaling_laws import PUBLISHED_LAWS, ShownLaw
from llmcourse.explore.scaling_models import KNOWN_MODELS, KnownModel
from llmcourse.explore.widget import Numbers, Widget, check
from llmcourse.learning.scaling import LossLaw

SERVED = (1e6, 1e16)


class ScalingExplorer(Widget):
    """What each law would buy with ``budget`` FLOP, where known models stand, and what serving tokens changes.

    ``law`` is the key of the chosen law, ``model`` the name of the chosen model or empty, ``served`` the tokens that a
    model is to read and write in its life. ``shown_laws`` and ``shown_models`` replace the published ones.

    Raises:  traitlets.TraitError for a law or a model that is not there, a budget outside ``budgets``, and a number of
             served tokens that is neither 0 nor in 10⁶ … 10¹⁶.
    """

    script: ClassVar[str] = "scaling_explorer"

    laws = traitlets.List(traitlets.Dict()).tag(sync=True)
    models = traitlets.List(traitlets.Dict()).tag(sync=True)
    budgets = Numbers().tag(sync=True)
    budget = traitlets.Float().tag(sync=True)
    served = traitlets.Float(0.0).tag(sync=True)
    law = traitlets.Unicode().tag(sync=True)
    model = traitlets.Unicode("").tag(sync=True)
    unit = traitlets.Unicode("token").tag(sync=True)

    def __init__(
        self,
        *,
        shown_laws: Sequence[ShownLaw] = PUBLISHED_LAWS,
        shown_models: Sequence[KnownModel] = KNOWN_MODELS,
        budgets: Sequence[float | int] = (1e17, 1e27),
        **options: Any,
    ) -> None:
        curves = [one for one in shown_laws if isinstance(one.law, LossLaw)]
        check(len(curves) > 0, "one law at least must give a loss for every size")
        ends = f"budgets must be a lowest and a highest, got {budgets}"
        check(len(budgets) == 2 and 0 < budgets[0] < budgets[1] < math.inf, ends)
        self.shown_laws = {one.key: one for one in shown_laws}
        self.shown_models = {one.name: one for one in shown_models}
        check(len(self.shown_laws) == len(shown_laws), "two laws have the same key")
        check(len(self.shown_models) == len(shown_models), "two models have the same name")
        options.setdefault("law", shown_laws[0].key)
        options.setdefault("budget", 5.88e23)  # 6 · 70e9 · 1.4e12, Chinchilla's
        options.setdefault("model", "Chinchilla" if "Chinchilla" in self.shown_models else "")
        super().__init__(
            laws=[one.description() for one in shown_laws],
            models=[one.description() for one in shown_models],
            budgets=list(budgets),
            **options,
        )

    @classmethod
    def from_runs(
        cls,
        law: LossLaw,
        runs: Iterable[Mapping[str, Any]],
        *,
        held_out: Iterable[Mapping[str, Any]] = (),
        name: str = "Our fit",
        unit: str = "byte",
    ) -> "ScalingExplorer":
        """One law of one's own, the runs it was fitted to, and others that it has to foresee (``held_out``).

        Each run is a mapping of "parameters", "tokens" and "loss". At the budget of a run, the picture of the loss
        shows what all runs of that budget (to 5%) really reached.

        Raises:  ValueError for fewer than two runs to fit to.
        """

        def models(kind: str, records: Iterable[Mapping[str, Any]]) -> list[KnownModel]:
            made = []
            for number, run in enumerate(records, 1):
                size, data, loss = (float(run[key]) for key in ("parameters", "tokens", "loss"))
                name_of_run = f"{kind} {number}: {amount(size)} on {amount(data)}"
                made.append(KnownModel(name_of_run, size, data, f"{power(6 * size * data)} FLOP", loss=loss))
            return made

        fitted, others = models("run", runs), models("held out", held_out)
        if len(fitted) < 2:
            raise ValueError(f"a law rests on several runs, got {len(fitted)}")
        sizes, data, budgets = zip(*((one.parameters, one.tokens, one.compute) for one in fitted), strict=True)
        ends = {"N": (min(sizes), max(sizes)), "D": (min(data), max(data)), "C": (min(budgets), max(budgets))}
        low, high = (
            10.0 ** math.floor(math.log10(pick(one.compute for one in fitted + others))) for pick in (min, max)
        )
        best = min(fitted, key=lambda one: one.loss or math.inf)
        options = {"budgets": (low, 100 * high), "budget": best.compute, "model": best.name, "unit": unit}
        return cls(shown_laws=[ShownLaw("own", name, law, ends)], shown_models=fitted + others, **options)

    @traitlets.validate("law")
    def _valid_law(self, proposal: dict[str, Any]) -> str:
        key = proposal["value"]
        check(key in self.shown_laws, f"no law {key!r}; there are {', '.join(self.shown_laws)}")
        return key

    @traitlets.validate("model")
    def _valid_model(self, proposal: dict[str, Any]) -> str:
        name = proposal["value"]
        check(name in ("", *self.shown_models), f"no model {name!r}; there are {', '.join(self.shown_models)}")
        return name

    @traitlets.validate("budget")
    def _valid_budget(self, proposal: dict[str, Any]) -> float:
        low, high = self.budgets
        value = proposal["value"]
        check(low <= value <= high, f"budget must lie in {low:g} … {high:g} FLOP, got {value:g}")
        return value

    @traitlets.validate("served")
    def _valid_served(self, proposal: dict[str, Any]) -> float:
        value, (low, high) = proposal["value"], SERVED
        check(value == 0 or low <= value <= high, f"served must be 0 or in {low:g} … {high:g} tokens, got {value:g}")
        return value

    def chosen_law(self) -> ShownLaw:
        """The law that ``law`` names."""
        return self.shown_laws[self.law]

    def chosen_model(self) -> KnownModel | None:
        """The model that ``model`` names, if any."""
        return self.shown_models.get(self.model)

    def numbers(self) -> dict[str, float]:
        """Every number on display, by the names they have in the page (``data-key``); NaN for what a law cannot say."""
        values = {}
        for key, one in self.shown_laws.items():
            size, data, loss = one.optimum(self.budget)
            values |= {f"{key}_n": size, f"{key}_d": data, f"{key}_ratio": data / size, f"{key}_loss": loss}
        return values | self._serving() | self._model()

    def _serving(self) -> dict[str, float]:
        shown, small = self.chosen_law(), (math.nan, math.nan)
        best, data, loss = shown.optimum(self.budget)
        if isinstance(shown.law, LossLaw):
            small = shown.law.cheapest_for(loss, served=self.served) if self.served > 0 else (best, data)
        total, plain = (n * (6 * d + 2 * self.served) for n, d in (small, (best, data)))
        return {
            "small_n": small[0],
            "small_d": small[1],
            "small_ratio": small[1] / small[0],
            "small_training": 6 * small[0] * small[1],
            "small_total": total,
            "plain_total": plain,
            "saved": 1 - total / plain,
        }

    def _model(self) -> dict[str, float]:
        shown, model = self.chosen_law(), self.chosen_model()
        names = ("n", "d", "ratio", "compute", "loss", "best", "factor", "served")
        values = dict.fromkeys((f"model_{name}" for name in names), math.nan)
        if any(one.loss is not None for one in self.shown_models.values()):
            values["model_measured"] = math.nan if model is None or model.loss is None else model.loss
        if model is None:
            return values
        n, d, compute = float(model.parameters), float(model.tokens), model.compute
        values |= {"model_n": n, "model_d": d, "model_ratio": d / n, "model_compute": compute}
        values["model_best"] = shown.optimum(compute)[2]
        if isinstance(shown.law, LossLaw):
            loss = float(shown.law.loss(n, d))
            values |= {"model_loss": loss, "model_served": shown.law.served_for(n, d)}
            values["model_factor"] = compute / shown.law.compute_for(loss)
        return values

    def picture(self) -> Markup:
        """Controls, both pictures, the table of laws and the numbers, as the script draws them."""
        return draw(self)
