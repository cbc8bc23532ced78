"""Turn a query and a key with their positions; their score by offset; the clocks under each scaling (anywidget).

rotary.js computes every number itself, so the widget also lives on a page without a kernel;
tests/site/test_widget_rotary.py holds it to ``llmcourse.transformer.rotary``.
"""

import math
from typing import Any, ClassVar

import torch
import traitlets
from torch import Tensor

from llmcourse.explore.markup import Markup
from llmcourse.explore.rotary_picture import SPANS, draw
from llmcourse.explore.widget import Numbers, Widget, check
from llmcourse.transformer.rope_scaling import Scaling, frequencies, linear, ntk, yarn
from llmcourse.transformer.rotary import rotate

MAX_WIDTH = 256


class RotaryExplorer(Widget):
    """Arrows of one pair of a query and a key, the score of all pairs by offset, and each pair's wavelength.

    ``query`` and ``key`` are what a head has *before* positions come in, in interleaved pairs; by default each pair of
    both is (1, 0). ``position`` is that of the key, s; the query stands at s + ``offset``.

    Raises:  traitlets.TraitError for vectors of different or odd width, and for anything out of range.
    """

    script: ClassVar[str] = "rotary"

    query = Numbers().tag(sync=True)
    key = Numbers().tag(sync=True)
    base = traitlets.Float(10_000.0).tag(sync=True)
    pair = traitlets.Int(0).tag(sync=True)
    position = traitlets.Int(0).tag(sync=True)
    offset = traitlets.Int(0).tag(sync=True)
    scaling = traitlets.Enum(("none", "interpolation", "NTK", "YaRN"), default_value="none").tag(sync=True)
    factor = traitlets.Float(4.0).tag(sync=True)
    original_context = traitlets.Int(2048).tag(sync=True)
    span = traitlets.Enum(SPANS, default_value=256).tag(sync=True)

    def __init__(self, query: Any = None, key: Any = None, *, width: int = 64, **options: Any) -> None:
        ones = [1.0, 0.0] * (width // 2)
        given = [ones if one is None else one.tolist() if isinstance(one, Tensor) else one for one in (query, key)]
        widths = [len(one) for one in given]
        check(widths[0] == widths[1], f"key has {widths[1]} numbers and query {widths[0]}")
        super().__init__(query=given[0], key=given[1], **options)

    @traitlets.validate("query", "key")
    def _valid_vector(self, proposal: dict[str, Any]) -> list[float]:
        name, values = proposal["trait"].name, proposal["value"]
        other = "key" if name == "query" else "query"
        width = len(getattr(self, other))
        check(len(values) == width, f"{name} has {len(values)} numbers and {other} {width}")
        check(width % 2 == 0 and 4 <= width <= MAX_WIDTH, f"the width must be even, from 4 to {MAX_WIDTH}, got {width}")
        bad = [x for x in values if not math.isfinite(x)]
        check(not bad, f"{name} holds {bad[:1]}, which is no finite number")
        return values

    @traitlets.validate("pair")
    def _valid_pair(self, proposal: dict[str, Any]) -> int:
        pair, pairs = proposal["value"], len(self.query) // 2
        check(0 <= pair < pairs, f"pair must lie between 0 and {pairs - 1}, got {pair}")
        return pair

    @traitlets.validate("position", "offset", "original_context", "base", "factor")
    def _valid_number(self, proposal: dict[str, Any]) -> float | int:
        name, value = proposal["trait"].name, proposal["value"]
        ends = {"position": (0, 2**20), "offset": (0, SPANS[-1]), "original_context": (64, 2**20)}
        low, high = (ends | {"base": (10, 1e7), "factor": (1, 64)})[name]
        check(low <= value <= high, f"{name} must lie between {low:,} and {high:,.0f}, got {value}")
        return value

    def scaling_value(self) -> Scaling | None:
        """The scaling on display, as ``rotary.rotate`` and a ModelConfig take it."""
        made = {"interpolation": linear, "NTK": ntk, "YaRN": lambda factor: yarn(factor, self.original_context)}
        return made[self.scaling](self.factor) if self.scaling != "none" else None

    def speeds(self, *, scaled: bool = True) -> Tensor:
        """Radians per token of each pair."""
        scaling, width = self.scaling_value() if scaled else None, len(self.query)
        return frequencies(width, base=self.base) if scaling is None else scaling.frequencies(width, self.base)

    def scores(self, offsets: Tensor, *, pair: int | None = None, scaled: bool = True) -> Tensor:
        """q·k/√K with the key at position 0 and the query at each of ``offsets``; of one pair alone, or of all."""
        scaling = self.scaling_value() if scaled else None
        vectors = [torch.tensor(x, dtype=torch.float64) for x in (self.query, self.key)]
        if pair is not None:
            only = torch.zeros_like(vectors[0])
            only[2 * pair : 2 * pair + 2] = 1
            vectors = [x * only for x in vectors]
        q = rotate(vectors[0].expand(len(offsets), -1), offsets, base=self.base, scaling=scaling)
        k = rotate(vectors[1][None], torch.tensor([0]), base=self.base, scaling=scaling)
        return (q @ k.mT)[:, 0] / math.sqrt(len(self.key))

    def numbers(self) -> dict[str, float]:
        """The numbers beside the arrows, by the names they have in the page (``data-key``)."""
        theta = float(self.speeds()[self.pair])
        q, k = (math.atan2(x[2 * self.pair + 1], x[2 * self.pair]) for x in (self.query, self.key))
        here = torch.tensor([self.offset])
        between = math.degrees(q - k + self.offset * theta)
        return {
            "score": float(self.scores(here)[0]),
            "part": float(self.scores(here, pair=self.pair)[0]),
            "between": (between + 180) % 360 - 180,
            "query_turn": math.degrees((self.position + self.offset) * theta) % 360,
            "key_turn": math.degrees(self.position * theta) % 360,
            "theta": theta,
            "wavelength": 2 * math.pi / theta,
            "turns": self.original_context * float(self.speeds(scaled=False)[self.pair]) / (2 * math.pi),
        }

    def picture(self) -> Markup:
        """Controls, arrows, numbers and both plots, as the script draws them."""
        return draw(self)
