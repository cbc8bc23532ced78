"""The published laws that the scaling widget sets side by side, each with the runs it was fitted to (numpy).

Two kinds: a law of the loss gives a curve over all sizes and an answer about serving; an allocation only says which
size a budget should buy.
"""

import math
from dataclasses import dataclass
from typing import Any

from llmcourse.learning import kaplan, scaling
from llmcourse.learning.scaling import LossLaw


@dataclass(frozen=True)
class Allocation:
    """$N = scale (C/unit)^{exponent}$, and D is what the budget leaves, C/6N; perhaps with the loss reached there."""

    scale: float | int
    exponent: float | int
    unit: float | int = 1.0  # FLOP
    loss: kaplan.PowerLaw | None = None  # of C/unit

    def optimal_parameters(self, compute: float | int) -> float:
        """The size that a budget should buy."""
        return self.scale * (compute / self.unit) ** self.exponent

    def optimal_loss(self, compute: float | int) -> float:
        """The loss there, NaN where the source gives none."""
        return math.nan if self.loss is None else float(self.loss.loss(compute / self.unit))


@dataclass(frozen=True)
class ShownLaw:
    """A law with its name, the runs behind it (lowest and highest N, D or C), and what a reader should know."""

    key: str
    name: str
    law: LossLaw | Allocation
    runs: dict[str, tuple[float | int, float | int]]
    note: str = ""

    def optimum(self, compute: float | int) -> tuple[float, float, float]:
        """N, D and the loss at a budget; NaN for a loss that the source does not give."""
        size = float(self.law.optimal_parameters(compute))
        return size, compute / (6 * size), float(self.law.optimal_loss(compute))

    def beyond(self, compute: float | int) -> list[str]:
        """Which of N, D and C lie outside the runs at this budget's optimum."""
        size, data, _ = self.optimum(compute)
        here = {"N": size, "D": data, "C": compute}
        return self.outside(here)

    def outside(self, place: dict[str, float | int]) -> list[str]:
        """Which of N, D and C lie outside the runs."""
        return [name for name, (low, high) in self.runs.items() if not low <= place[name] <= high]

    def description(self) -> dict[str, Any]:
        """Everything the script needs, as JSON values."""
        law = self.law
        if isinstance(law, LossLaw):
            numbers = {"E": law.floor, "A": law.size_scale, "B": law.data_scale}
            numbers |= {"alpha": law.size_exponent, "beta": law.data_exponent}
        else:
            numbers = {"scale": law.scale, "exponent": law.exponent, "unit": law.unit}
            numbers |= {} if law.loss is None else {"loss": [law.loss.scale, law.loss.exponent]}
        runs = {name: list(ends) for name, ends in self.runs.items()}
        return {"key": self.key, "name": self.name, "runs": runs, "note": self.note, **numbers}


# "Over 400 models ranging from 70M to over 16B parameters on 5 to 500B tokens" (abstract).
_HOFFMANN_RUNS = {"N": (70e6, 16e9), "D": (5e9, 500e9)}

PUBLISHED_LAWS = (
    ShownLaw(
        "besiroglu",
        "Besiroglu et al., 2024",
        scaling.BESIROGLU,
        _HOFFMANN_RUNS,
        "Fitted again to the runs that Hoffmann et al. plotted, read off their figure 4.",
    ),
    ShownLaw(
        "printed",
        "Chinchilla, as printed",
        scaling.HOFFMANN_PRINTED,
        _HOFFMANN_RUNS,
        "Approach 3 of Hoffmann et al. (2022), constants rounded as in eq. 10: two digits of an exponent move the "
        "optimum far.",
    ),
    ShownLaw(
        "unrounded",
        "Chinchilla, unrounded",
        scaling.HOFFMANN_UNROUNDED,
        _HOFFMANN_RUNS,
        "Approach 3 of Hoffmann et al. (2022), constants as in the source text of the paper.",
    ),
    ShownLaw(
        # Hoffmann et al. (2022), tables 2 and 3: exponent 0.50; the row of 67 billion parameters. {cite}`hoffmann2022`
        "approach1",
        "Chinchilla, approach 1",
        Allocation(67e9, 0.50, 5.76e23),
        {"N": (70e6, 10e9)},
        "The lowest of all training curves: table 2's exponent 0.50 through table 3's row of 67B parameters.",
    ),
    ShownLaw(
        # Tables 2 and A3; nine budgets "ranging from 6 × 10¹⁸ to 3 × 10²¹ FLOPs" (section 3.2).
        "approach2",
        "Chinchilla, approach 2",
        Allocation(67e9, 0.49, 6.88e23),
        {"C": (6e18, 3e21)},
        "Valleys of isoFLOP curves: table 2's exponent 0.49 through table A3's row of 67B parameters.",
    ),
    ShownLaw(
        # Section 3: 768 to 1.5 billion non-embedding parameters, 22 million to 23 billion tokens. {cite}`kaplan2020`
        # The function is a power law, so its values at 1 and at 10 PF-days give scale and exponent.
        "kaplan",
        "Kaplan et al., 2020",
        Allocation(
            float(kaplan.optimal_parameters(1.0)),
            math.log10(kaplan.optimal_parameters(10.0) / kaplan.optimal_parameters(1.0)),
            kaplan.PF_DAY,
            kaplan.BY_COMPUTE,
        ),
        {"N": (768.0, 1.5e9), "D": (22e6, 23e9)},
        "N without embeddings, C read as their compute at small batches; loss on another text and vocabulary. They "
        "expected their laws to fail near 10⁴ PF-days, 8.6·10²³ FLOP.",
    ),
    ShownLaw(
        # Section 3.2.1: D = A·C^α. The text rounds (α, A) to (0.53, 0.29), which is 601B parameters on 10.5T tokens at
        # 3.8·10²⁵ FLOP; the label in figure 3 has a digit more and gives 389B on 16.3T, near the text's own 402B on
        # 16.55T. {cite}`grattafiori2024`
        "llama3",
        "Llama 3, 2024",
        Allocation(1 / (6 * 0.299), 1 - 0.537),
        {"C": (6e18, 1e22)},
        "Valleys of isoFLOP curves: D = 0.299·C^0.537, as in the label of figure 3.",
    ),
)
