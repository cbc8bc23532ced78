"""Known models, by parameters and training tokens as their makers printed them (pure Python).

A checked list, not a complete one. Sizes and token counts stand as in the source beside each; "15T+" counts as 15T.
"""

from dataclasses import dataclass
from typing import Any

HOFFMANN = "Hoffmann et al. (2022), table 1"
LLAMA = "February 2023; Touvron et al. (2023), table 2"
LLAMA2 = "July 2023; Meta's model card: 2.0T tokens"
LLAMA31 = "July 2024; Meta's model card: 15T+ tokens, counted as 15T"
PYTHIA = "April 2023; Biderman et al. (2023), section 2, and its model card"


@dataclass(frozen=True)
class KnownModel:
    """One trained model: N parameters (embeddings counted), D training tokens, and when and where that was printed.

    ``label`` says on which side of its dot the name is always written; without one, only while it is chosen.
    ``loss`` is a measured one, of a run on the same text as the law beside it.
    """

    name: str
    parameters: float | int
    tokens: float | int
    source: str
    label: str = ""  # "start": the text starts at the dot; "end"; "middle": above it
    loss: float | None = None

    @property
    def compute(self) -> float:
        """6ND, the rule by which every law here counts."""
        return 6.0 * self.parameters * self.tokens

    def description(self) -> dict[str, Any]:
        """Everything the script needs, as JSON values."""
        given = {"name": self.name, "n": float(self.parameters), "d": float(self.tokens), "source": self.source}
        return given | {"label": self.label} | ({} if self.loss is None else {"loss": self.loss})


KNOWN_MODELS = (
    # {cite}`brown2020` printed both numbers first (table 2.1); {cite}`hoffmann2022` repeats them beside the others.
    KnownModel("GPT-3", 175e9, 300e9, "May 2020; Brown et al. (2020), table 2.1", "end"),
    KnownModel("Gopher", 280e9, 300e9, f"December 2021; {HOFFMANN}", "start"),
    KnownModel("Chinchilla", 70e9, 1.4e12, f"March 2022; {HOFFMANN}", "start"),
    KnownModel("LLaMA 7B", 6.7e9, 1.0e12, LLAMA),  # {cite}`touvron2023llama`
    KnownModel("LLaMA 13B", 13.0e9, 1.0e12, LLAMA),
    KnownModel("LLaMA 33B", 32.5e9, 1.4e12, LLAMA),
    KnownModel("LLaMA 65B", 65.2e9, 1.4e12, LLAMA),
    KnownModel("Pythia 160M", 162_322_944, 299_892_736_000, PYTHIA),  # {cite}`biderman2023`
    KnownModel("Pythia 1.4B", 1_414_647_808, 299_892_736_000, PYTHIA, "middle"),
    KnownModel("Pythia 12B", 11_846_072_320, 299_892_736_000, PYTHIA),
    KnownModel("Llama 2 7B", 7e9, 2.0e12, LLAMA2),  # {cite}`touvron2023llama2`
    KnownModel("Llama 2 13B", 13e9, 2.0e12, LLAMA2),
    KnownModel("Llama 2 70B", 70e9, 2.0e12, LLAMA2),
    KnownModel("Llama 3.1 8B", 8e9, 15e12, LLAMA31, "end"),
    KnownModel("Llama 3.1 70B", 70e9, 15e12, LLAMA31),
    # {cite}`grattafiori2024`: "a model with 405B parameters on 15.6T tokens"; {cite}`allal2025` for SmolLM2.
    KnownModel("Llama 3.1 405B", 405e9, 15.6e12, "July 2024; Grattafiori et al. (2024), section 2", "middle"),
    KnownModel("SmolLM2-135M", 134_515_008, 2e12, "November 2024; Hugging Face's model card: 2T tokens", "start"),
)
