"""The record of a training, one JSON object a line, and its picture (standard library, matplotlib)."""

import json
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from llmcourse.files import replacing

__all__ = ["Metrics", "plot_losses", "read_metrics"]

NAME = "metrics.jsonl"


class Metrics:
    """The file that a training appends its records to; without a folder, or with ``write`` false, they are let go."""

    def __init__(self, folder: str | Path | None, *, write: bool = True) -> None:
        self.path = Path(folder) / NAME if folder is not None and write else None
        self.file = None
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)

    def check_empty(self) -> int:
        """0, the first step of a new training, if no other one's results are here.

        Raises:  ValueError if there are some.
        """
        if self.path is not None and self.path.exists() and self.path.stat().st_size:
            raise ValueError(
                f"{self.path.parent} has another training's results; continue it with resume, or choose another folder"
            )
        return 0

    def keep_before(self, step: int) -> None:
        """Forget what was written of ``step`` and later ones: it will be done again. Then open the file for more."""
        if self.path is None:
            return
        kept = [record for record in read_metrics(self.path.parent) if record["step"] < step]
        with replacing(self.path) as part:  # a kill here must not lose the record
            part.write_text("".join(json.dumps(record) + "\n" for record in kept), encoding="utf-8", newline="\n")
        self.file = self.path.open("a", encoding="utf-8", newline="\n")

    def add(self, record: dict[str, Any]) -> None:
        """One more line, on the disk at once."""
        if self.file is not None:
            self.file.write(json.dumps(record) + "\n")
            self.file.flush()

    def close(self) -> None:
        """No more lines."""
        if self.file is not None:
            self.file.close()


def read_metrics(folder: str | Path) -> list[dict[str, Any]]:
    """The records in a training's folder, oldest first; a last line that was cut short is left out."""
    path = Path(folder) / NAME
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines[:-1]]  # what follows the last line end is "", or a cut line


def plot_losses(records: list[dict[str, Any]], axes: Axes | None = None) -> Axes:
    """Training and held-out loss against tokens, the first smoothed over a hundredth of its steps.

    Raises:  ValueError for no records.
    """
    if not records:
        raise ValueError("there are 0 records to draw; train first")
    axes = axes or plt.subplots()[1]
    width = max(1, len(records) // 100)
    groups = [records[i : i + width] for i in range(0, len(records), width)]
    axes.plot(
        [group[-1]["tokens"] for group in groups],
        [sum(r["loss"] for r in group) / len(group) for group in groups],
        label="training",
    )
    held_out = [r for r in records if "held_out" in r]
    if held_out:
        axes.plot([r["tokens"] for r in held_out], [r["held_out"] for r in held_out], "o-", label="held out")
    axes.set(xlabel="tokens read", ylabel="loss, nats per token")
    axes.legend()
    return axes
