"""Page 5.2's comparison of position tables with ten times as many steps: what a short training cannot show.

    python benchmarks/gap_training.py [--steps 3000] [--tables "number t" learned]

Two runs for each table, five minutes in all. "length 4" is a table made as loud as the sinusoidal one (rows of this
length on average), "no norm" takes the layer normalization before the attention away. The result, bits per hidden sign
of Alice in each run, goes to chapters/05_position/gap_training.json, which the page reads. Tables that are not named
keep what stands there.
"""

import argparse
import json
import re
from pathlib import Path

import numpy as np
import torch

from llmcourse.data import read
from llmcourse.transformer.gap_model import GapModel, gap_losses, position_tables, train_gap

LOUD, BARE = ", length 4", ", no norm"
OUTPUT = Path(__file__).resolve().parents[1] / "chapters/05_position/gap_training.json"


def main() -> None:
    """Train, score, print one line a table and write the file after each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--tables", nargs="+")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args()
    torch.set_num_threads(1)
    alice = re.sub("[^a-z]+", " ", read("alice29.txt").lower())
    signs = torch.tensor([" abcdefghijklmnopqrstuvwxyz".index(sign) for sign in alice])
    reads, held_out = signs[:120_000], signs[120_000:]
    seeded = torch.Generator().manual_seed
    tables = position_tables(11, 32, generator=seeded(0))
    for name in ("number t", "binary digits", "sines alone"):
        tables[name + LOUD] = tables[name] * (4 / tables[name].norm(dim=1).mean())
    for name in ("number t", "sines and cosines"):
        tables[name + BARE] = tables[name]
    done = json.loads(options.output.read_text(encoding="utf-8")) if options.output.exists() else {}
    for name in options.tables or tables:
        bits = []
        for seed in (0, 1):
            model = GapModel(27, tables[name], generator=seeded(seed), learned=name == "learned")
            if name.endswith(BARE):
                model.norm = torch.nn.Identity()
            train_gap(model, reads, steps=options.steps, generator=seeded(seed))
            losses = gap_losses(model, held_out, count=8000, generator=seeded(99))
            bits.append(losses.mean().item() / np.log(2))
        print(f"{name:26} {np.mean(bits):.2f} bits a sign, two runs ± {abs(bits[0] - bits[1]) / 2:.2f}", flush=True)
        done[name] = [round(run, 4) for run in bits]
        ordered = {key: done[key] for key in tables if key in done}
        options.output.write_text(json.dumps(ordered, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
