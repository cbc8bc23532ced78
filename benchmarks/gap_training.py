"""Page 5.2's comparison of position tables with ten times as many steps: what a short training cannot show.

    python benchmarks/gap_training.py [--steps 3000]

Two runs for each table, 2 minutes or more in all. Bits per hidden sign of Alice, and half the difference of the runs.
"""

import argparse
import re

import numpy as np
import torch

from llmcourse.data import read
from llmcourse.transformer.gap_model import GapModel, gap_losses, position_tables, train_gap


def main() -> None:
    """Train, score and print one line a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=3000)
    steps = parser.parse_args().steps
    alice = re.sub("[^a-z]+", " ", read("alice29.txt").lower())
    signs = torch.tensor([" abcdefghijklmnopqrstuvwxyz".index(sign) for sign in alice])
    reads, held_out = signs[:120_000], signs[120_000:]
    seeded = torch.Generator().manual_seed
    for name, table in position_tables(11, 32, generator=seeded(0)).items():
        bits = []
        for seed in (0, 1):
            model = GapModel(27, table, generator=seeded(seed), learned=name == "learned")
            train_gap(model, reads, steps=steps, generator=seeded(seed))
            losses = gap_losses(model, held_out, count=8000, generator=seeded(99))
            bits.append(losses.mean().item() / np.log(2))
        print(f"{name:18} {np.mean(bits):.2f} bits a sign, two runs ± {abs(bits[0] - bits[1]) / 2:.2f}", flush=True)


if __name__ == "__main__":
    main()
