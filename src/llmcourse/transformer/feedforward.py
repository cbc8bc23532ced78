"""The half of a block that works on each position alone (torch)."""

import torch.nn.functional as F
from torch import Tensor, nn

from llmcourse.shapes import Float
from llmcourse.transformer.config import ModelConfig
from llmcourse.transformer.linear import project_together


class Gelu(nn.Module):
    r"""GPT-2's: $W_{down}\, \mathrm{gelu}(W_{up}\, x)$, biases left out, with the tanh form of GELU.

    Source:  Hendrycks & Gimpel (2016), section 2 (the approximation with tanh). {cite}`hendrycks2016`
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.up = nn.Linear(config.width, config.ffn_width, bias=config.bias)
        self.down = nn.Linear(config.ffn_width, config.width, bias=config.bias)

    def forward(self, x: Float[Tensor, "B T D"]) -> Float[Tensor, "B T D"]:
        """Widen, bend, narrow."""
        return self.down(F.gelu(self.up(x), approximate="tanh"))  # (B, T, F) inside


class SwiGlu(nn.Module):
    r"""Llama's: $W_{down}\, (\mathrm{silu}(W_{gate}\, x) \odot W_{up}\, x)$. The gate decides how much passes.

    Source:  Shazeer (2020), eq. 6, ``FFN_SwiGLU``. {cite}`shazeer2020`
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.gate = nn.Linear(config.width, config.ffn_width, bias=config.bias)
        self.up = nn.Linear(config.width, config.ffn_width, bias=config.bias)
        self.down = nn.Linear(config.ffn_width, config.width, bias=config.bias)

    def forward(self, x: Float[Tensor, "B T D"]) -> Float[Tensor, "B T D"]:
        """Widen twice, gate, narrow."""
        gate, up = project_together(x, (self.gate, self.up))  # (B, T, F)
        return self.down(F.silu(gate) * up)


def feedforward_from(config: ModelConfig) -> Gelu | SwiGlu:
    """The feed-forward network that the config asks for."""
    return Gelu(config) if config.activation == "gelu" else SwiGlu(config)
