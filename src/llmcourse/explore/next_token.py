"""A count model of a text to play with: context, next-token distribution, samples, chain rule (anywidget).

ngram.js counts and computes by itself, so the widget also lives on a page without a kernel;
tests/site/test_widgets.py holds it to ``llmcourse.language.ngram``.
"""

import math
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any, ClassVar, NamedTuple

import numpy as np
import traitlets

from llmcourse import data
from llmcourse.explore.markup import Markup
from llmcourse.explore.next_token_picture import draw
from llmcourse.explore.prng import uniform
from llmcourse.explore.widget import Widget, check
from llmcourse.language.ngram import AddK, KneserNey, NGramModel
from llmcourse.language.vocabulary import tokenize

ASSETS = {"alice29": "alice29.txt"}  # texts that the site ships: name of data/NAME.js -> name for llmcourse.data
MAX_STEPS = 200
MIN_K, MAX_K = 0.001, 100


class Step(NamedTuple):
    """One factor of the chain rule."""

    token: str
    p: float
    product: float
    log: float
    sum: float


class NextTokenExplorer(Widget):
    """Type a context, see what a count model of ``text`` expects next, sample, and watch probabilities multiply.

    Without ``text`` it is *Alice's Adventures in Wonderland*, which the site loads once for all its widgets.
    ``order`` is the number of context tokens; ``measure`` says whether logarithms are to base 2 or e.

    Raises:  traitlets.TraitError for values that a view could not show.
    """

    script: ClassVar[str] = "next_token"

    text = traitlets.Unicode().tag(sync=True)
    unit = traitlets.Enum(("characters", "words"), default_value="characters").tag(sync=True)
    order = traitlets.Int(3, min=0, max=5).tag(sync=True)
    smoothing = traitlets.Enum(("kneser-ney", "add-k"), default_value="kneser-ney").tag(sync=True)
    k = traitlets.Float(1.0).tag(sync=True)
    context = traitlets.Unicode("Alice was th").tag(sync=True)
    generated = traitlets.List(traitlets.Unicode()).tag(sync=True)
    seed = traitlets.Int(0, min=0, max=2**32 - 1).tag(sync=True)
    measure = traitlets.Enum(("bits", "nats"), default_value="bits").tag(sync=True)
    top = traitlets.Int(8, min=1, max=20).tag(sync=True)

    def __init__(self, text: str | None = None, *, asset: str = "alice29", **options: Any) -> None:
        check(asset in ASSETS, f"no text asset {asset!r}; there are {', '.join(ASSETS)}, or pass text=")
        self._asset = (asset, asset_text(asset)) if text is None else None
        super().__init__(text=self._asset[1] if self._asset else text, **options)

    @traitlets.validate("text")
    def _valid_text(self, proposal: dict[str, Any]) -> str:
        text = proposal["value"]
        check(len(text) > 6, f"text needs more than 6 characters to count in, got {len(text)}")
        return text

    @traitlets.validate("unit", "order")
    def _enough_tokens(self, proposal: dict[str, Any]) -> Any:
        count = len(tokenize(self.text, self.unit))
        check(
            count > self.order, f"order {self.order} needs at least {self.order + 1} {self.unit}, the text has {count}"
        )
        return proposal["value"]

    @traitlets.validate("k")
    def _valid_k(self, proposal: dict[str, Any]) -> float:
        k = proposal["value"]
        check(MIN_K <= k <= MAX_K, f"k must be between {MIN_K} and {MAX_K}, got {k}")
        return k

    @traitlets.validate("generated")
    def _valid_generated(self, proposal: dict[str, Any]) -> list[str]:
        tokens = proposal["value"]
        check(len(tokens) <= MAX_STEPS, f"at most {MAX_STEPS} generated tokens, got {len(tokens)}")
        known = _known(self.text, self.unit)
        unknown = [token for token in tokens if token not in known]
        check(not unknown, f"generated has tokens that are not {self.unit} of the text: {unknown[:3]}")
        return tokens

    @traitlets.observe("text", "unit")
    def _drop_unreadable(self, _change: Any) -> None:
        if not set(self.generated) <= _known(self.text, self.unit):
            self.generated = []

    def assets(self) -> dict[str, str]:
        """The text, if it is one that the site ships."""
        return {"text": self._asset[0]} if self._asset and self.text == self._asset[1] else {}

    def model(self) -> NGramModel:
        """The fitted model that the bars show."""
        return _fit(self.text, self.unit, self.order, self.smoothing, self.k)

    def unknown(self) -> list[str]:
        """Tokens of the context that the text does not have. They are left out of it, and the view says so."""
        known = _known(self.text, self.unit)
        return [str(t) for t in dict.fromkeys(tokenize(self.context, self.unit)) if t not in known]

    def history(self, steps: int | None = None) -> np.ndarray:
        """The ids of the context and of the first ``steps`` generated tokens (all by default).

        Ids and not a text, because a sampled space between two words would not survive being read as words again.
        """
        known, ids = _known(self.text, self.unit), self.model().vocabulary.ids
        tokens = [token for token in tokenize(self.context, self.unit) if token in known] + self.generated[:steps]
        return np.array([ids[token] for token in tokens], dtype=np.int64)

    def distribution(self, steps: int | None = None) -> np.ndarray:
        """The next-token distribution after the context and the first ``steps`` generated tokens (all by default)."""
        return self.model().distribution_after(self.history(steps))

    def seen(self) -> int:
        """How many places of the text have the tokens that the model looks at, with another token after them."""
        return int(self.model().counts_after(self.history()).sum())

    def steps(self) -> list[Step]:
        """The generated tokens as factors of the chain rule, as the table shows them."""
        model, log, steps = self.model(), math.log2 if self.measure == "bits" else math.log, []
        for i, token in enumerate(self.generated):
            p = float(self.distribution(i)[model.vocabulary.ids[token]])
            before = steps[-1] if steps else Step("", 1.0, 1.0, 0.0, 0.0)
            steps.append(Step(token, p, before.product * p, log(p), before.sum + log(p)))
        return steps

    def sample(self, times: int = 1) -> None:
        """Append tokens drawn with the visible seed: the same ones as the button."""
        self._extend(
            lambda p, step: min(int(np.searchsorted(np.cumsum(p), uniform(self.seed, step), "right")), p.size - 1),
            times,
        )

    def greedy(self) -> None:
        """Append the most probable token."""
        self._extend(lambda p, _step: int(np.argmax(p)), 1)

    def _extend(self, choose: Callable[[np.ndarray, int], int], times: int) -> None:
        for _ in range(times):
            model = self.model()
            token = model.vocabulary.tokens[choose(self.distribution(), len(self.generated))]
            self.generated = [*self.generated, str(token)]

    def picture(self) -> Markup:
        """The bars, the text and the steps, as the script draws them."""
        return draw(self)


@cache
def asset_text(asset: str = "alice29") -> str:
    r"""A text that the site ships: what ``data.read`` gives, with "\n" line ends and without DOS's end mark."""
    return data.read(ASSETS[asset]).replace("\r\n", "\n").rstrip("\x1a")


@lru_cache(maxsize=8)
def _fit(text: str, unit: str, order: int, smoothing: str, k: float) -> NGramModel:
    how = AddK(k=k) if smoothing == "add-k" else KneserNey()
    return NGramModel.fit(text, order=order, unit=unit, smoothing=how)


@lru_cache(maxsize=8)
def _known(text: str, unit: str) -> frozenset[str]:
    return frozenset(str(token) for token in tokenize(text, unit))
