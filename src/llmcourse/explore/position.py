"""Look into the table of sinusoidal positions: entries, clocks, and the dot product of two rows (anywidget).

position.js computes every number itself, so the widget also lives on a page without a kernel;
tests/site/test_widget_position.py holds it to ``llmcourse.transformer.positions``.
"""

import math
from typing import Any, ClassVar

import torch
import traitlets

from llmcourse.explore.markup import Markup
from llmcourse.explore.position_picture import draw
from llmcourse.explore.widget import Widget, check
from llmcourse.transformer.positions import clock_frequencies, offset_product, sinusoidal

WIDEST, LONGEST = 64, 128
BASES = (2.0, 1e6)


class PositionExplorer(Widget):
    """The sinusoids of ``width`` dimensions and ``length`` positions, with a row, a column and an offset to choose.

    Raises:  traitlets.TraitError for a width that is odd or not in 2 … 64, a base not in 2 … 10⁶, a length not in
             2 … 128, and a position, dimension or offset that is not in the table.
    """

    script: ClassVar[str] = "position"

    width = traitlets.Int(32).tag(sync=True)
    base = traitlets.Float(10_000.0).tag(sync=True)
    length = traitlets.Int(64).tag(sync=True)
    position = traitlets.Int(10).tag(sync=True)
    dimension = traitlets.Int(4).tag(sync=True)
    offset = traitlets.Int(5).tag(sync=True)
    scale = traitlets.Enum(("product", "cosine"), default_value="product").tag(sync=True)

    @traitlets.validate("width")
    def _valid_width(self, proposal: dict[str, Any]) -> int:
        width = proposal["value"]
        check(2 <= width <= WIDEST and width % 2 == 0, f"width must be an even number from 2 to {WIDEST}, got {width}")
        check(self.dimension < width, f"dimension {self.dimension} is not one of {width}; set it first")
        return width

    @traitlets.validate("base")
    def _valid_base(self, proposal: dict[str, Any]) -> float:
        base = proposal["value"]
        check(BASES[0] <= base <= BASES[1], f"base must be a number from {BASES[0]:g} to {BASES[1]:,.0f}, got {base}")
        return base

    @traitlets.validate("length")
    def _valid_length(self, proposal: dict[str, Any]) -> int:
        length = proposal["value"]
        check(2 <= length <= LONGEST, f"length must be from 2 to {LONGEST}, got {length}")
        last = max(self.position, self.offset)
        check(last < length, f"position {self.position} and offset {self.offset} must be below the length {length}")
        return length

    @traitlets.validate("position", "offset")
    def _valid_row(self, proposal: dict[str, Any]) -> int:
        name, value = proposal["trait"].name, proposal["value"]
        check(0 <= value < self.length, f"{name} must be from 0 to {self.length - 1}, got {value}")
        return value

    @traitlets.validate("dimension")
    def _valid_dimension(self, proposal: dict[str, Any]) -> int:
        value = proposal["value"]
        check(0 <= value < self.width, f"dimension must be from 0 to {self.width - 1}, got {value}")
        return value

    def numbers(self) -> dict[str, float]:
        """The numbers beside the table, by the names they have in the page (``data-key``)."""
        here, there = self.rows(self.position, self.position + self.offset)
        omega = float(clock_frequencies(self.width, base=self.base)[self.dimension // 2])
        product, full = float(here @ there), self.width / 2
        alike = offset_product(torch.arange(1, self.length), self.width, base=self.base) / full
        return {
            "entry": float(here[self.dimension]),
            "frequency": omega,
            "wavelength": 2 * math.pi / omega,
            "product": product,
            "cosine": product / full,
            "twin": float(alike.argmax()) + 1,
            "twin_cosine": float(alike.max()),
        }

    def rows(self, *positions: float | int) -> torch.Tensor:
        """The rows of the table at these positions."""
        return sinusoidal(torch.tensor(positions, dtype=torch.float64), self.width, base=self.base)

    def picture(self) -> Markup:
        """The table, the two plots and the numbers, as the script draws them."""
        return draw(self)
