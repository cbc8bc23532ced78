"""What a training on the command line is made from, kept in its folder so that it can go on (pure Python)."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from llmcourse.learning.recipe import Recipe
from llmcourse.learning.schedules import Schedule
from llmcourse.transformer.config import ModelConfig

__all__ = ["NAME", "Plan"]

NAME = "plan.json"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Texts, sizes and recipe. What is ``None`` follows from the rest: see ``config``, ``recipe``."""

    files: tuple[str, ...]
    vocab: int = 1024
    tokenizer: str | None = None
    layers: int = 4
    width: int = 128
    heads: int | None = None
    ffn_width: int | None = None
    context: int = 128
    steps: int = 1000
    batch: int = 16
    rate: float = 3e-3
    warmup: int | None = None
    schedule: Schedule = "cosine"
    decay: int | None = None
    final: float = 0.1
    weight_decay: float = 0.1
    precision: Literal["float32", "bfloat16"] = "float32"
    seed: int = 0
    evaluate_every: int = 100
    checkpoint_every: int = 100

    def config(self, vocab: int) -> ModelConfig:
        """A Llama with tied embeddings: heads 32 wide and 8/3 as many hidden units as the width, unless they are given.

        Raises:  ValueError for sizes that do not divide.

        >>> Plan(files=("kjv",), width=192).config(1024).heads, Plan(files=("kjv",), width=192).config(1024).ffn_width
        (6, 512)
        """
        return ModelConfig(
            vocab=vocab,
            width=self.width,
            layers=self.layers,
            heads=max(1, self.width // 32) if self.heads is None else self.heads,
            ffn_width=-(-self.width * 8 // 96) * 32 if self.ffn_width is None else self.ffn_width,  # whole 32s
            context=self.context,
            tied=True,
        )

    def recipe(self, micro_batch: int | None = None) -> Recipe:
        """A warm-up of a tenth of the steps, at most 100, and a decay ("wsd") of a fifth, unless they are given.

        Raises:  ValueError as ``Recipe``.
        """
        return Recipe(
            steps=self.steps,
            batch=self.batch,
            length=self.context,
            rate=self.rate,
            warmup=min(100, self.steps // 10) if self.warmup is None else self.warmup,
            schedule=self.schedule,
            decay=max(1, self.steps // 5) if self.decay is None else self.decay,
            final=self.final,
            weight_decay=self.weight_decay,
            micro_batch=micro_batch,
            precision=self.precision,
            seed=self.seed,
        )

    def save(self, folder: Path) -> None:
        """Write it into the folder of the training."""
        (folder / NAME).write_text(json.dumps(dataclasses.asdict(self), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, given: dict[str, Any]) -> "Plan":
        """The plan of a training that was begun in this folder; ``given`` is what somebody asks for now.

        Raises:  ValueError for a folder without a plan, a damaged plan, or one that differs from what is given.
        """
        path = folder / NAME
        if not path.exists():
            raise ValueError(f"{folder} has no {NAME}, so there is nothing to go on with; begin without --resume")
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            plan = cls(**{**values, "files": tuple(values["files"])})
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(f"{path} is damaged: {error}; begin again in another folder") from None
        for name, value in given.items():
            if (theirs := getattr(plan, name)) != value:
                raise ValueError(
                    f"{folder} was begun with {name} = {theirs}, not {value}; leave the option out to go on, "
                    "or begin again in another folder"
                )
        return plan
