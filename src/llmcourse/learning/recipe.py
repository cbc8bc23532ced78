"""All choices of a training in one frozen value, written beside its results (pure Python)."""

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

from llmcourse.learning.schedules import Schedule, rate_share

__all__ = ["Recipe"]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a model is trained. The order of the data, and with it the whole training, follows from ``seed``.

    Raises:  ValueError for sizes that do not fit together, with the number that is wrong.
    """

    steps: int  # of the optimizer
    batch: int  # windows a step, over all workers and micro-batches
    length: int  # T, tokens of a window
    rate: float  # the peak of the learning rate
    warmup: int = 0  # steps
    schedule: Schedule = "cosine"
    decay: int = 1  # steps of the last stretch of "wsd"
    final: float = 0.1  # share of the peak at the end
    betas: tuple[float, float] = (0.9, 0.95)
    eps: float = 1e-8
    weight_decay: float = 0.1
    clip: float | None = 1.0  # longest gradient; None lets any pass
    micro_batch: int | None = None  # windows that a worker computes at once; None: its whole share
    precision: Literal["float32", "bfloat16"] = "float32"
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "length"):
            if (size := getattr(self, name)) < 1:
                raise ValueError(f"{name} must be at least 1, got {size}")
        if not self.rate > 0:
            raise ValueError(f"rate must be positive, got {self.rate}")
        if self.clip is not None and not self.clip > 0:
            raise ValueError(f"clip must be positive, got {self.clip}; use None to let any gradient pass")
        if self.precision not in ("float32", "bfloat16"):
            raise ValueError(f"precision must be float32 or bfloat16, got {self.precision!r}")
        if self.micro_batch is not None and (self.micro_batch < 1 or self.batch % self.micro_batch):
            raise ValueError(f"a batch of {self.batch} cannot be cut into micro-batches of {self.micro_batch}")
        self.rate_at(0)  # refuses a schedule that does not fit

    def rate_at(self, step: int) -> float:
        """The learning rate of this step, the first being 0."""
        share = rate_share(
            self.schedule, step, steps=self.steps, warmup=self.warmup, decay=self.decay, final=self.final
        )
        return self.rate * share

    @property
    def tokens(self) -> int:
        """How many tokens the whole training predicts."""
        return self.steps * self.batch * self.length

    def as_json(self) -> dict[str, Any]:
        """Its values by name, as JSON has them."""
        return {**dataclasses.asdict(self), "betas": list(self.betas)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Recipe":
        """The recipe of ``as_json``.

        Raises:  ValueError for an unknown or missing name.
        """
        try:
            return cls(**{**values, "betas": tuple(values["betas"])})
        except (TypeError, KeyError) as error:
            raise ValueError(f"these are not the values of a recipe: {error}") from None
