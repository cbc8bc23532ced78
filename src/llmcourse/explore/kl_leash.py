"""The best policy on a leash: β from 0 to ∞ on a few answers, with a proxy reward and the true one (anywidget).

kl_leash.js computes every number itself, so the widget also lives on a page without a kernel;
tests/site/test_widget_kl_leash.py holds it to ``llmcourse.alignment.optimal``.
"""

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import traitlets

from llmcourse.alignment.optimal import Path, leash_path
from llmcourse.explore.kl_leash_picture import draw
from llmcourse.explore.markup import Markup
from llmcourse.explore.widget import Numbers, Widget, check
from llmcourse.language.probability import check_distribution
from llmcourse.shapes import Array, Float

ENDS = 41  # places −41 and 41 of the slider are β = 0 and β = ∞
MAX_REWARD = 3.0
MAX_ANSWERS = 8
WORLDS = (
    {
        "name": "a lucky rare answer",
        "labels": ["plain", "short", "careful", "chatty", "off topic", "odd"],
        "reference": [0.4, 0.25, 0.2, 0.1, 0.048, 0.002],
        "proxy": [0.5, 0.3, 1.5, -0.2, -0.8, 2.2],
        "gold": [0.6, 0.4, 1.8, -0.1, -1.0, -1.5],
    },
    {
        "name": "longer is better",
        "labels": ["5 words", "10 words", "20 words", "40 words", "80 words", "160 words"],
        "reference": [0.1, 0.2, 0.3, 0.25, 0.13, 0.02],
        "proxy": [-1.5, -0.9, -0.3, 0.3, 0.9, 1.5],
        "gold": [-1.4, -0.6, 0.4, 1.2, 0.8, -1.6],
    },
    {
        "name": "the worked number",
        "labels": ["a", "b", "c"],
        "reference": [0.5, 0.3, 0.2],
        "proxy": [0.0, 1.0, 2.0],
        "gold": [0.0, 1.0, 2.0],
    },
)
PLACES = range(-ENDS, ENDS + 1)


def beta_at(place: int) -> float:
    """The β of a place of the slider: twenty places a factor of ten, 1 in the middle, the limits at the ends."""
    return 0.0 if place == -ENDS else math.inf if place == ENDS else 10 ** (place / 20)


class KLLeash(Widget):
    """Bars of the optimum π* ∝ π_ref e^{r/β} for the proxy reward, and what it earns in both rewards.

    ``world`` is the name of one of WORLDS, to start from; ``labels``, ``reference``, ``proxy`` and ``gold`` replace its
    parts. ``place`` is the slider's: see ``beta_at``.

    Raises:  traitlets.TraitError for values that a view could not show.
    """

    script: ClassVar[str] = "kl_leash"

    labels = traitlets.List(traitlets.Unicode()).tag(sync=True)
    reference = Numbers().tag(sync=True)
    proxy = Numbers().tag(sync=True)
    gold = Numbers().tag(sync=True)
    place = traitlets.Int(0, min=-ENDS, max=ENDS).tag(sync=True)
    worlds = traitlets.List(traitlets.Dict(), default_value=list(WORLDS)).tag(sync=True)

    def __init__(self, world: str = WORLDS[0]["name"], **options: Any) -> None:
        found = [one for one in WORLDS if one["name"] == world]
        check(bool(found), f"no world is named {world!r}; there are {', '.join(one['name'] for one in WORLDS)}")
        super().__init__(**{name: value for name, value in found[0].items() if name != "name"} | options)

    @traitlets.validate("labels")
    def _valid_labels(self, proposal: dict[str, Any]) -> list[str]:
        labels = proposal["value"]
        check(2 <= len(labels) <= MAX_ANSWERS, f"2 to {MAX_ANSWERS} answers can be shown, got {len(labels)}")
        check(len(labels) == len(set(labels)), f"labels must differ, got {labels}")
        return labels

    @traitlets.validate("reference")
    def _valid_reference(self, proposal: dict[str, Any]) -> Sequence[float]:
        self._one_for_each(proposal)
        try:
            check_distribution(np.array(proposal["value"]), name="reference")
        except ValueError as error:
            raise traitlets.TraitError(str(error)) from None
        return proposal["value"]

    @traitlets.validate("proxy", "gold")
    def _valid_rewards(self, proposal: dict[str, Any]) -> Sequence[float]:
        self._one_for_each(proposal)
        wrong = [x for x in proposal["value"] if not -MAX_REWARD <= x <= MAX_REWARD]
        check(not wrong, f"rewards must lie between -{MAX_REWARD:g} and {MAX_REWARD:g}, got {wrong[:1]}")
        return proposal["value"]

    def _one_for_each(self, proposal: dict[str, Any]) -> None:
        name, values = proposal["trait"].name, proposal["value"]
        check(len(values) == len(self.labels), f"{name} has {len(values)} numbers for {len(self.labels)} labels")

    @property
    def beta(self) -> float:
        """The β on display, 0 and ∞ included."""
        return beta_at(self.place)

    def path(self) -> Path:
        """The optimum for the proxy at every place of the slider."""
        betas = np.array([beta_at(place) for place in PLACES])
        return leash_path(np.array(self.reference), np.array(self.proxy), betas)

    def gold_path(self) -> Float[Array, " N"]:
        """What each of these policies earns in the true reward."""
        return self.path().policy @ np.array(self.gold)

    def numbers(self) -> dict[str, float]:
        """The numbers beside the bars, by the names they have in the page (``data-key``)."""
        path, gold, at = self.path(), self.gold_path(), self.place + ENDS
        best = int(gold.argmax())  # of equal ones the shortest leash
        values = {
            "beta": self.beta,
            "mean_proxy": path.reward[at],
            "mean_gold": gold[at],
            "kl": path.kl[at],
            "entropy": path.entropy[at],
            "best": gold[best],
            "best_beta": beta_at(best - ENDS),
        }
        for i, p in enumerate(path.policy[at]):
            values |= {f"p.{i}": p, f"q.{i}": self.reference[i], f"proxy.{i}": self.proxy[i], f"gold.{i}": self.gold[i]}
        return {key: float(value) for key, value in values.items()}

    def picture(self) -> Markup:
        """The rows, the numbers and the plots, as the script draws them."""
        return draw(self)
