"""Where each of a real model's heads looks, in a few sentences or in a text of the reader's (anywidget).

attention_explorer.js unpacks the traces and computes every number itself, so the widget also lives on a page without a
kernel; tests/site/test_widget_attention_explorer.py holds it to ``llmcourse.transformer.head_patterns``.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
import traitlets

from llmcourse.explore.attention_explorer_picture import RANKED, draw
from llmcourse.explore.attention_sentences import SENTENCES
from llmcourse.explore.attention_trace import Trace, check_trace, decode, read_trace, trace_of
from llmcourse.explore.loaded import Loaded
from llmcourse.explore.markup import Markup
from llmcourse.explore.widget import Widget, check
from llmcourse.shapes import Array, Float
from llmcourse.transformer.head_patterns import SCORES, Head, rank_heads, uniform_attention


class AttentionExplorer(Widget):
    """A map of all heads colored by ``statistic``, and one head's weights as arcs and heat map around one token.

    ``sentence`` names one of ``attention_sentences.SENTENCES``, whose trace the site loads when it is chosen; or pass a
    ``trace``. With a ``model``, in a notebook, the reader can type: ``text`` is what was typed, and ``problem`` says
    why the model would not take it. On the site a typed text goes to the course's own small GPT, which then runs in the
    page. ``layer``, ``head`` and ``token`` count from 0.

    Raises:  traitlets.TraitError for a sentence, layer, head or token that does not exist, or for a broken trace.
    """

    script: ClassVar[str] = "attention_explorer"

    sentences = traitlets.List(traitlets.Dict()).tag(sync=True)
    sentence = traitlets.Unicode().tag(sync=True)
    trace = traitlets.Dict().tag(sync=True)
    layer = traitlets.Int(0, min=0).tag(sync=True)
    head = traitlets.Int(0, min=0).tag(sync=True)
    token = traitlets.Int(0, min=0).tag(sync=True)
    statistic = traitlets.Enum(tuple(SCORES), default_value="induction").tag(sync=True)
    hide_first = traitlets.Bool(False).tag(sync=True)
    text = traitlets.Unicode().tag(sync=True)
    can_type = traitlets.Bool(False).tag(sync=True)
    problem = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        sentence: str | None = None,
        *,
        trace: Trace | None = None,
        model: Loaded | None = None,
        sentences: Sequence[dict[str, Any]] = SENTENCES,
        **options: Any,
    ) -> None:
        names = [one["name"] for one in sentences]
        if trace is None:
            sentence = names[0] if sentence is None else sentence
            check(sentence in names, f"no sentence {sentence!r}; there are {', '.join(names)}, or pass trace=")
            trace = read_trace(sentence)
            options = next(one["show"] for one in sentences if one["name"] == sentence) | options
        self._model = model
        options = {"token": len(trace["tokens"]) - 1, "can_type": model is not None} | options
        super().__init__(sentences=list(sentences), sentence=trace["name"], trace=trace, **options)

    @classmethod
    def from_text(cls, loaded: Loaded, text: str, **options: Any) -> "AttentionExplorer":
        """The attention of a loaded model on any text of 2 to 64 tokens, and a box to type another one."""
        return cls(trace=trace_of(loaded, text), model=loaded, text=text, **options)

    @traitlets.validate("trace")
    def _valid_trace(self, proposal: dict[str, Any]) -> Trace:
        try:
            check_trace(proposal["value"])
        except ValueError as error:
            raise traitlets.TraitError(str(error)) from None
        return proposal["value"]

    @traitlets.validate("sentence")
    def _valid_sentence(self, proposal: dict[str, Any]) -> str:
        names = ["", *(one["name"] for one in self.sentences)]
        check(proposal["value"] in names, f"no sentence {proposal['value']!r}; there are {', '.join(names[1:])}")
        return proposal["value"]

    @traitlets.validate("layer", "head", "token")
    def _within(self, proposal: dict[str, Any]) -> int:
        name, value = proposal["trait"].name, proposal["value"]
        count = len(self.trace["tokens"]) if name == "token" else self.trace[f"{name}s"]
        check(value < count, f"{name} must be below {count}, the number of {name}s, got {value}")
        return value

    @traitlets.observe("sentence")
    def _read_sentence(self, _change: Any) -> None:
        if self.sentence and self.trace["name"] != self.sentence:
            self._take(read_trace(self.sentence))

    @traitlets.observe("text")
    def _read_text(self, _change: Any) -> None:
        if self._model is None:
            return
        try:
            self._take(trace_of(self._model, self.text))
            self.problem = ""
        except ValueError as error:
            self.problem = f"{error}."

    def _take(self, trace: Trace) -> None:
        """Show another trace of the same model."""
        with self.hold_trait_notifications():
            self.trace = trace
            self.token = min(self.token, len(trace["tokens"]) - 1)
            self.sentence = trace["name"]

    def assets(self) -> dict[str, str]:
        """The trace, if it is one that the site ships."""
        shipped = bool(self.sentence) and self.trace == read_trace(self.sentence)
        return {"trace": f"attention_{self.sentence}"} if shipped else {}

    def weights(self) -> Float[Array, "T T"]:
        """The attention of the chosen head: row t says where token t looks."""
        return decode(self.trace)[self.layer, self.head]

    def scores(self, statistic: str | None = None) -> Float[Array, "layers H"]:
        """A statistic of every head, NaN where it has no meaning (induction, if no token comes again)."""
        return _scores(decode(self.trace), tuple(self.trace["ids"]), statistic or self.statistic)

    def even(self) -> dict[str, float]:
        """The statistics of a head without preferences on these tokens."""
        weights, ids = uniform_attention(len(self.trace["ids"]))[None, None], tuple(self.trace["ids"])
        return {name: float(_scores(weights, ids, name)[0, 0]) for name in SCORES}

    def ranking(self, count: int = RANKED) -> list[Head]:
        """The heads with the highest values of the chosen statistic; none if it has no meaning here."""
        scores = self.scores()
        return [] if np.isnan(scores).any() else rank_heads(scores, min(count, scores.size))

    def numbers(self) -> dict[str, float]:
        """The numbers on display, by the names they have in the page (``data-key``)."""
        weights, t = self.weights(), self.token
        values = {f"to.{s}": weights[t, s] for s in range(t + 1)}
        values |= {f"from.{s}": weights[s, t] for s in range(t + 1, len(weights))}
        values |= {f"stat.{name}": self.scores(name)[self.layer, self.head] for name in SCORES}
        values |= {f"even.{name}": value for name, value in self.even().items()}
        values |= {f"rank.{i}": one.score for i, one in enumerate(self.ranking())}
        return {key: float(value) for key, value in values.items() if not np.isnan(value)}

    def picture(self) -> Markup:
        """The map, the head and its habits, as the script draws them."""
        return draw(self)


def _scores(weights: Float[Array, "layers H T T"], ids: tuple[int, ...], statistic: str) -> Float[Array, "layers H"]:
    return _cached(weights.tobytes(), weights.shape, ids, statistic)


@lru_cache(maxsize=64)
def _cached(data: bytes, shape: tuple[int, ...], ids: tuple[int, ...], statistic: str) -> Float[Array, "layers H"]:
    weights = np.frombuffer(data).reshape(shape)
    try:
        return SCORES[statistic](weights, np.array(ids))
    except ValueError:  # no token comes again: there is nothing that induction could find
        if statistic != "induction":
            raise
        return np.full(shape[:2], np.nan)
