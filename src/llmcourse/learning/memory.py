r"""What a model of given sizes keeps in memory while it learns and while it writes, counted from its config (no torch).

Learning keeps four things. Weights, gradients, and what the optimizer remembers do not depend on the batch; in mixed
precision with AdamW they take $2 + 2 + 12 = 16$ bytes a parameter: weight and gradient in two bytes each, and in four
bytes each a second copy of the weight and Adam's two averages. Activations, what the forward pass leaves for the
backward pass, grow with the batch. Writing keeps the weights, and the keys and values of the tokens so far.
"""

from dataclasses import dataclass
from typing import Literal

from llmcourse.transformer.config import ModelConfig


@dataclass(frozen=True)
class TrainingBytes:
    """Bytes on one device that do not depend on the batch."""

    weights: float | int
    gradients: float | int
    optimizer: float | int

    @property
    def total(self) -> float | int:
        """All three."""
        return self.weights + self.gradients + self.optimizer


def training_bytes(
    parameters: int, *, weight: int = 2, gradient: int = 2, optimizer: int = 12, devices: int = 1, stage: int = 0
) -> TrainingBytes:
    r"""Bytes on each of ``devices`` for weights, gradients and AdamW, by default in mixed precision: 16 a parameter.

    ``weight``, ``gradient`` and ``optimizer`` are bytes a parameter; all in float32 without copies they are 4, 4 and 8,
    16 again. ``stage`` says what the devices share out instead of keeping it each: 1 the optimizer's part, 2 the
    gradients as well, 3 the weights as well.

    Units:   bytes.
    Raises:  ValueError without parameters or devices, or for a stage that does not exist.
    Source:  Rajbhandari et al. (2020), section 3.1 and figure 1, K = 12. {cite}`rajbhandari2020`

    >>> training_bytes(7_000_000_000).total
    112000000000
    """
    for name, number in (("parameters", parameters), ("devices", devices)):
        if number < 1:
            raise ValueError(f"{name} must be at least 1, got {number}")
    if stage not in (0, 1, 2, 3):
        raise ValueError(f"stage must be 0 (nothing is shared out) to 3 (everything is), got {stage}")
    share = [devices if stage >= first else 1 for first in (3, 2, 1)]
    each = [number * parameters for number in (weight, gradient, optimizer)]
    return TrainingBytes(*(whole if parts == 1 else whole / parts for whole, parts in zip(each, share, strict=True)))


def activation_bytes(
    config: ModelConfig,
    tokens: int,
    *,
    batch: int = 1,
    tensor_parallel: int = 1,
    sequence_parallel: bool = False,
    recompute: Literal["nothing", "attention", "everything"] = "nothing",
) -> float:
    r"""Bytes that the blocks leave for the backward pass: $L \cdot sbh\,(34 + 5as/h)$, numbers in two bytes.

    In the paper's letters: s tokens, b sequences, h the width, a heads. The 34 has 11 bytes per number of the stream
    for attention, 19 for the feed-forward network, 4 for the two norms; 5as/h is for the weights of attention before
    and after dropout, and its mask.
    With t-fold tensor parallelism $10 + 24/t + 5as/(ht)$ stand in place of 34 + 5as/h, with sequence parallelism too
    $(34 + 5as/h)/t$. To recompute attention drops the term with s; to recompute everything leaves the inputs of
    the layers, 2 bytes a number. Embedding and output layer are not counted.

    Units:   bytes on each device.
    Raises:  ValueError for another architecture than GPT-2's with F = 4D, for which the 34 was counted.
    Source:  Korthikanti et al. (2022), eq. 1 and 2, and table 2. {cite}`korthikanti2022`
    """
    c, t = config, tensor_parallel
    if c.activation != "gelu" or c.ffn_width != 4 * c.width or c.groups != c.heads:
        raise ValueError(
            "34 bytes were counted for GELU, F = 4D and a key for each head, "
            f"got {c.activation}, F = {c.ffn_width} for D = {c.width}, {c.groups} keys for {c.heads} heads"
        )
    for name, number in (("tokens", tokens), ("batch", batch), ("tensor_parallel", t)):
        if number < 1:
            raise ValueError(f"{name} must be at least 1, got {number}")
    numbers = tokens * batch * c.width * c.layers
    if recompute == "everything":
        return 2.0 * numbers
    whole = 10 / t if sequence_parallel else 10.0
    scores = 5 * c.heads * tokens / c.width if recompute == "nothing" else 0.0
    return numbers * (whole + 24 / t + scores / t)


def kv_cache_bytes(config: ModelConfig, tokens: int, *, batch: int = 1, number: int = 2) -> int:
    r"""Bytes of the keys and values of ``tokens`` tokens in ``batch`` sequences: $2 \cdot L \cdot GK$ numbers each.

    Units:   bytes; ``number`` is how many one number takes, 2 for float16 and bfloat16.
    Raises:  ValueError unless all three are positive.
    Source:  Kwon et al. (2023), section 3, who count OPT-13B. {cite}`kwon2023`

    >>> from llmcourse.transformer.presets import LLAMA2_7B
    >>> kv_cache_bytes(LLAMA2_7B, 1)
    524288
    """
    for name, value in (("tokens", tokens), ("batch", batch), ("number", number)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    return 2 * config.layers * config.groups * config.head_width * tokens * batch * number
