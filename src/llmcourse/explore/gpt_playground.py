"""A small GPT that the reader can type to: tokens, next-token distribution, attention, logit lens, writing (anywidget).

The scripts compute everything themselves, from weights in one byte each (gpt_weights), so the widget also lives on a
page without a kernel; tests/site/test_widget_gpt_playground.py holds it to the same model in torch.
"""

import json
from functools import cache
from typing import Any, ClassVar

import numpy as np
import traitlets

from llmcourse.explore import gpt_weights
from llmcourse.explore.gpt_playground_picture import ROWS, draw
from llmcourse.explore.gpt_reading import Reading, lens_ranks, read, window_start
from llmcourse.explore.loaded import Loaded
from llmcourse.explore.markup import Markup
from llmcourse.explore.prng import uniform
from llmcourse.explore.widget import Widget, check
from llmcourse.inference.sampling import cut_mass, next_distribution
from llmcourse.language.information import entropy
from llmcourse.language.softmax import softmax
from llmcourse.shapes import Array, Float

ASSET = "course_gpt"  # what the site ships: data/course_gpt.js and data/course_gpt_0.js, _1, …
TEXT = "In the beginning God created the heaven and the"
MIN_TAU, MAX_TAU = 0.05, 5.0
BEST = 3  # tokens in a row of the lens


class GPTPlayground(Widget):
    """Type a text, and see what the course's own GPT makes of it: nothing is loaded before the reader asks for it.

    ``text`` is read after the mark that begins every text, and then ``generated``, ids of tokens. ``temperature``,
    ``top_k`` (0: off) and ``top_p`` (1: off) make the distribution that tokens are drawn from, with a visible ``seed``.
    ``layer`` and ``head`` choose one head, ``position`` the token in focus (-1: the last one), and ``shade`` what
    colors the tokens.

    Another model of the same family can be shown in a notebook, ``GPTPlayground(text, loaded=my_model)``; the static
    page has the files of the course GPT only.

    Raises:  traitlets.TraitError for a layer, head, token or setting that does not exist; ValueError for a model that
             the scripts cannot compute.
    """

    script: ClassVar[str] = "gpt_playground"

    text = traitlets.Unicode(TEXT).tag(sync=True)
    generated = traitlets.List(traitlets.Int()).tag(sync=True)
    temperature = traitlets.Float(1.0).tag(sync=True)
    top_k = traitlets.Int(0, min=0).tag(sync=True)
    top_p = traitlets.Float(1.0).tag(sync=True)
    seed = traitlets.Int(0, min=0, max=2**32 - 1).tag(sync=True)
    layer = traitlets.Int(0, min=0).tag(sync=True)
    head = traitlets.Int(0, min=0).tag(sync=True)
    position = traitlets.Int(-1, min=-1).tag(sync=True)
    shade = traitlets.Enum(("attention", "surprise"), default_value="attention").tag(sync=True)
    asset = traitlets.Unicode().tag(sync=True)
    about = traitlets.Dict().tag(sync=True)
    sample = traitlets.Dict().tag(sync=True)

    def __init__(
        self, text: str = TEXT, *, loaded: Loaded | None = None, asset: str | None = None, **options: Any
    ) -> None:
        self._loaded = course_gpt() if loaded is None else loaded
        self._data = gpt_weights.packed(self._loaded.model)
        self._description = gpt_weights.describe(self._loaded, self._data)
        if asset is None:
            asset = ASSET if loaded is None else ""
        about, sample = self._about(shipped=asset == ASSET), self._sample(text)
        super().__init__(text=text, asset=asset, about=about, sample=sample, **options)
        self.on_msg(self._answer)

    @traitlets.validate("layer", "head")
    def _within(self, proposal: dict[str, Any]) -> int:
        name, value = proposal["trait"].name, proposal["value"]
        count = self.about[f"{name}s"]
        check(value < count, f"{name} must be below {count}, the number of {name}s, got {value}")
        return value

    @traitlets.validate("generated")
    def _known(self, proposal: dict[str, Any]) -> list[int]:
        size = self.about["vocab"]
        wrong = [i for i in proposal["value"] if not 0 <= i < size]
        check(not wrong, f"generated tokens must be below {size}, the size of the vocabulary, got {wrong[:1]}")
        return proposal["value"]

    @traitlets.validate("temperature")
    def _warm(self, proposal: dict[str, Any]) -> float:
        tau = proposal["value"]
        check(MIN_TAU <= tau <= MAX_TAU, f"the temperature must lie between {MIN_TAU} and {MAX_TAU}, got {tau}")
        return tau

    @traitlets.validate("top_p")
    def _share(self, proposal: dict[str, Any]) -> float:
        mass = proposal["value"]
        check(0 < mass <= 1, f"top_p must lie above 0 and not above 1 (which leaves it out), got {mass}")
        return mass

    def _about(self, *, shipped: bool) -> dict[str, Any]:
        """What the page says of the model before it is there."""
        config = self._loaded.model.config
        size = sum(map(len, gpt_weights.pieces(self._data))) + len(json.dumps(self._description))
        names = ("vocab", "layers", "heads", "context")
        about = {name: getattr(config, name) for name in names} | {"bytes": size}
        tolerance = gpt_weights.TOLERANCE if shipped else None
        return about | {"parameters": self._loaded.model.parameter_count, "tolerance": tolerance}

    def _sample(self, text: str) -> dict[str, Any]:
        """The tokens of the first text, and the most probable next ones: what is shown before the model is there.

        From the rounded weights, as the scripts will compute it.
        """
        ids = self._ids(text, [])
        p = softmax(read(gpt_weights.quantized(self._loaded.model), ids).logits[-1].astype(np.float64))
        best, names = np.argsort(-p, kind="stable")[:ROWS], self._loaded.tokenizer.token_text
        # Five digits, of which three are shown: the others depend on the machine and the number of its threads.
        rows = [[names(i), round(float(p[i]), 5)] for i in best]
        others = {"count": p.size - len(rows), "p": round(float(np.delete(p, best).sum()), 5)}
        return {"text": text, "tokens": [names(i) for i in ids], "rows": rows, "others": others}

    def _ids(self, text: str, generated: list[int]) -> list[int]:
        """The tokens that the model sees: the mark, the text, what was written after it, the last ones of them."""
        tokenizer = self._loaded.tokenizer
        ids = [tokenizer.special[gpt_weights.BEGIN], *tokenizer.encode(text), *generated]
        return ids[window_start(len(ids), self._loaded.model.config.context) :]

    def _answer(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        """In a notebook the script asks for the weights when the reader does."""
        if content.get("kind") == "load":
            self.send({"kind": "weights", "description": self._description}, buffers=[self._data])

    def ids(self) -> list[int]:
        """The tokens that the model sees."""
        return self._ids(self.text, self.generated)

    def reading(self) -> Reading:
        """What the model computes for them."""
        return read(self._loaded.model, self.ids())

    def focus(self) -> int:
        """The place of the token in focus among those that the model sees."""
        count = len(self._loaded.tokenizer.encode(self.text)) + 1 + len(self.generated)
        seen = len(self.ids())
        return seen - 1 if self.position < 0 else min(seen - 1, max(0, self.position - (count - seen)))

    def distribution(self) -> Float[Array, " V"]:
        """The distribution that a token after the one in focus is drawn from."""
        return self._drawn(self.reading().logits[self.focus()])

    def _drawn(self, z: Float[Array, " V"]) -> Float[Array, " V"]:
        settings = {"top_k": self.top_k or None, "top_p": self.top_p if self.top_p < 1 else None}
        return next_distribution(z, temperature=self.temperature, **settings)

    def write(self, times: int = 1) -> None:
        """Append tokens drawn with the visible seed: the same ones as the button, up to the weights' rounding."""
        self.position = -1
        for _ in range(times):
            edges = self.distribution().cumsum()
            token = np.searchsorted(edges, uniform(self.seed, len(self.generated)), side="right")
            self.generated = [*self.generated, min(int(token), edges.size - 1)]

    def numbers(self) -> dict[str, float]:
        """The numbers on display when the model is loaded, by the names they have in the page (``data-key``)."""
        reading, t = self.reading(), self.focus()
        z = reading.logits[t].astype(np.float64)
        own, drawn = softmax(z), self._drawn(reading.logits[t])
        best = np.argsort(-own, kind="stable")[:ROWS]
        values = {f"p.{i}": own[v] for i, v in enumerate(best)} | {f"drawn.{i}": drawn[v] for i, v in enumerate(best)}
        values |= {"others": np.delete(own, best).sum(), "drawn_others": np.delete(drawn, best).sum()}
        heated = softmax(z, temperature=self.temperature)
        values |= {"entropy": entropy(drawn), "left": (drawn > 0).sum(), "cut": cut_mass(heated, drawn)}
        for layer, row in enumerate(softmax(reading.lens[:, t].astype(np.float64))):
            values |= {f"lens.{layer}.{i}": p for i, p in enumerate(np.sort(row)[::-1][:BEST])}
        values |= {f"rank.{layer}": rank for layer, rank in enumerate(lens_ranks(reading.lens[:, t]))}
        return {key: float(value) for key, value in values.items()}

    def picture(self) -> Markup:
        """The first text, its tokens and what may come next, as the script draws them before the model is loaded."""
        return draw(self)


@cache
def course_gpt() -> Loaded:
    """The course's own GPT, read once."""
    from llmcourse.transformer import saved  # here, because it brings torch

    return saved.course_gpt()
