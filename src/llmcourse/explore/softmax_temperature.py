"""Logits to probabilities: temperature, top-k, top-p, min-p, and draws that converge to the bars (anywidget).

softmax_temperature.js computes every number itself, so the widget also lives on a page without a kernel;
tests/site/test_widget_softmax_temperature.py holds it to ``llmcourse.inference.sampling``.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
import traitlets

from llmcourse.explore import softmax_prompts
from llmcourse.explore.markup import Markup
from llmcourse.explore.prng import uniform
from llmcourse.explore.softmax_temperature_picture import draw
from llmcourse.explore.widget import Numbers, Widget, check
from llmcourse.inference.sampling import cut_mass, next_distribution
from llmcourse.language.information import entropy, perplexity
from llmcourse.language.softmax import softmax
from llmcourse.shapes import Array, Float, Int

MIN_TAU, MAX_TAU = 0.05, 20.0
MAX_LOGIT = 10  # a bar goes from minus this to this
MAX_OUTCOMES = 12  # that can be dragged
MAX_DRAWS = 100_000


class SoftmaxTemperature(Widget):
    """Bars of the next-token distribution, with a slider for each knob between logits and a drawn token.

    ``prompt`` is the name of one of ``prompts``, SmolLM2's logits after some texts, or "" for one's own ``logits``,
    which can be dragged. ``top_k = 0``, ``top_p = 1`` and ``min_p = 0`` leave a filter out. ``draws`` tokens are drawn
    with the visible ``seed``.

    Raises:  traitlets.TraitError for values that a view could not show.
    """

    script: ClassVar[str] = "softmax_temperature"

    logits = Numbers().tag(sync=True)
    labels = traitlets.List(traitlets.Unicode()).tag(sync=True)
    prompts = traitlets.List(traitlets.Dict()).tag(sync=True)
    prompt = traitlets.Unicode("").tag(sync=True)
    temperature = traitlets.Float(1.0).tag(sync=True)
    top_k = traitlets.Int(0, min=0).tag(sync=True)
    top_p = traitlets.Float(1.0).tag(sync=True)
    min_p = traitlets.Float(0.0, min=0, max=1).tag(sync=True)
    draws = traitlets.Int(0, min=0, max=MAX_DRAWS).tag(sync=True)
    seed = traitlets.Int(0, min=0, max=2**32 - 1).tag(sync=True)
    rows = traitlets.Enum((10, 25, 50), default_value=10).tag(sync=True)

    def __init__(
        self,
        logits: Any = (2.0, 1.0, 0.0),
        labels: Sequence[str] = ("a", "b", "c"),
        *,
        prompts: Iterable[softmax_prompts.Prompt] | None = None,
        **options: Any,
    ) -> None:
        known = softmax_prompts.shipped() if prompts is None else list(prompts)
        self._shipped = prompts is None
        super().__init__(logits=logits, labels=list(labels), prompts=known, **options)

    @traitlets.validate("logits")
    def _valid_logits(self, proposal: dict[str, Any]) -> list[float]:
        z = proposal["value"]
        check(2 <= len(z) <= MAX_OUTCOMES, f"2 to {MAX_OUTCOMES} logits can be dragged, got {len(z)}")
        check(len(z) == len(self.labels), f"{len(z)} logits for {len(self.labels)} labels")
        wrong = [x for x in z if not -MAX_LOGIT <= x <= MAX_LOGIT]
        check(not wrong, f"logits must lie between -{MAX_LOGIT} and {MAX_LOGIT}, got {wrong[:1]}")
        return z

    @traitlets.validate("labels")
    def _valid_labels(self, proposal: dict[str, Any]) -> list[str]:
        labels = proposal["value"]
        check(len(labels) == len(set(labels)), f"labels must differ, got {labels}")
        check(len(labels) == len(self.logits), f"{len(self.logits)} logits for {len(labels)} labels")
        return labels

    @traitlets.validate("prompts")
    def _valid_prompts(self, proposal: dict[str, Any]) -> list[softmax_prompts.Prompt]:
        names = [prompt.get("name") for prompt in proposal["value"]]
        check(all(names) and len(names) == len(set(names)), f"prompts need names that differ, got {names}")
        for prompt in proposal["value"]:
            try:
                softmax_prompts.decode(prompt)
            except ValueError as error:
                raise traitlets.TraitError(f"prompt {prompt['name']!r}: {error}") from None
        return proposal["value"]

    @traitlets.validate("prompt")
    def _valid_prompt(self, proposal: dict[str, Any]) -> str:
        names = [prompt["name"] for prompt in self.prompts]
        name = proposal["value"]
        known = ", ".join(map(repr, names)) or "none"
        check(not name or name in names, f"no prompt is named {name!r}; there are {known}, and '' for your own logits")
        return name

    @traitlets.validate("temperature")
    def _valid_temperature(self, proposal: dict[str, Any]) -> float:
        tau = proposal["value"]
        check(MIN_TAU <= tau <= MAX_TAU, f"the temperature must lie between {MIN_TAU} and {MAX_TAU}, got {tau}")
        return tau

    @traitlets.validate("top_p")
    def _valid_top_p(self, proposal: dict[str, Any]) -> float:
        mass = proposal["value"]
        check(0 < mass <= 1, f"top_p must lie above 0 and not above 1 (which leaves it out), got {mass}")
        return mass

    def assets(self) -> dict[str, str]:
        """The prompts, if they are those that the site ships."""
        return {"prompts": softmax_prompts.ASSET} if self._shipped and self.prompts == softmax_prompts.shipped() else {}

    def scores(self) -> Float[Array, " V"]:
        """The logits of the whole vocabulary: those of the prompt, from the largest to the smallest, or one's own."""
        chosen = [prompt for prompt in self.prompts if prompt["name"] == self.prompt]
        return softmax_prompts.decode(chosen[0]) if self.prompt else np.array(self.logits)

    def names(self) -> list[str]:
        """The tokens that the rows show: all of one's own, or the ``rows`` most probable ones."""
        if not self.prompt:
            return self.labels
        return next(prompt["tokens"] for prompt in self.prompts if prompt["name"] == self.prompt)[: self.rows]

    def before(self) -> Float[Array, " V"]:
        """The distribution before anything is cut: softmax of the scores at the temperature."""
        return softmax(self.scores(), temperature=self.temperature)

    def distribution(self) -> Float[Array, " V"]:
        """The distribution that tokens are drawn from."""
        settings: dict[str, Any] = {"top_k": self.top_k or None, "min_p": self.min_p or None}
        settings["top_p"] = self.top_p if self.top_p < 1 else None
        return next_distribution(self.scores(), temperature=self.temperature, **settings)

    def counts(self) -> Int[Array, " V"]:
        """How often each token came in ``draws`` draws."""
        p = self.distribution()
        edges = p.cumsum() / p.sum()
        drawn = np.searchsorted(edges, np.array(_throws(self.seed, self.draws)), side="right")
        return np.bincount(np.minimum(drawn, p.size - 1), minlength=p.size)

    def numbers(self) -> dict[str, float]:
        """The numbers beside the bars, by the names they have in the page (``data-key``)."""
        before, p = self.before(), self.distribution()
        values = {"entropy": entropy(p), "perplexity": perplexity(p), "cut": cut_mass(before, p)}
        values |= {"left": (p > 0).sum(), "draws": self.draws}
        if self.draws:
            values["distance"] = np.abs(self.counts() / self.draws - p).sum() / 2
        return {key: float(value) for key, value in values.items()}

    def picture(self) -> Markup:
        """The rows, the numbers and the plot, as the script draws them."""
        return draw(self)


@lru_cache(maxsize=4)
def _throws(seed: int, count: int) -> list[float]:
    return [uniform(seed, step) for step in range(count)]
