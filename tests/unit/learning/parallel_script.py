"""What each worker of test_parallel.py does: torchrun starts this file. Results go into a folder."""

import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import torch
from torch.nn.parallel import DistributedDataParallel

from llmcourse.learning.metrics import read_metrics
from llmcourse.learning.parallel import Workers, distribute, joined_workers, synchronized
from llmcourse.learning.train import next_token_loss, train
from tests.unit.learning.small import RECIPE, TOKENS, new_model


def curve(folder: Path | None = None, *, steps: int | None = None, seed: int = 0, **options) -> list[float]:
    """The losses of a training; with ``steps`` it is asked to stop after so many."""
    losses: list[float] = []
    stop = None if steps is None else lambda: len(losses) == steps
    for record in train(new_model(seed), TOKENS, options.pop("recipe", RECIPE), folder=folder, stop=stop, **options):
        losses.append(record["loss"])  # noqa: PERF401 (the list is looked at while it grows)
    return losses


def exchanges(workers: Workers) -> list[int]:
    """How many buckets of gradients a backward pass exchanges that is not the last of a step, and one that is."""
    model = distribute(new_model(), workers, "ddp")
    counts = []
    if isinstance(model, DistributedDataParallel):
        seen = []

        def count(state, bucket):
            seen.append(None)
            future = torch.futures.Future()
            future.set_result(bucket.buffer())
            return future

        model.register_comm_hook(None, count)
        for now in (False, True):
            seen.clear()
            with synchronized(model, now):
                next_token_loss(
                    model(torch.zeros(1, 4, dtype=torch.int64)), torch.ones(1, 4, dtype=torch.int64)
                ).backward()
            counts.append(len(seen))
    return counts


def killed(folder: Path, workers: Workers) -> None:
    """The last worker is killed after step 4, in the middle of the others' training."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # torchrun's: the others are to find out by themselves
    for record in train(new_model(), TOKENS, RECIPE, folder=folder, checkpoint_every=3, workers=workers):
        if record["step"] == 4 and workers.rank == workers.count - 1:
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """All that needs several workers, one after the other, in one start of them."""
    folder = Path(sys.argv[1])
    torch.set_num_threads(1)
    with joined_workers() as workers:
        results: dict[str, object] = {"count": workers.count}
        for kind in ("ddp", "fsdp"):
            options = {"workers": workers, "kind": kind}
            results[kind] = curve(held_out=TOKENS[:200], **options)
            results[f"{kind}, micro-batches"] = curve(recipe=replace(RECIPE, micro_batch=2), **options)
            if workers.count > 1:
                curve(folder / f"by two, {kind}", steps=5, **options)  # one goes on with these afterwards
                one = folder / f"by one, {kind}"
                curve(one, resume=True, seed=99, **options)
                results[f"by one, {kind}"] = [r["loss"] for r in read_metrics(one)] if workers.is_first else None
                workers.wait()
        if workers.count > 1:
            results["exchanges"] = exchanges(workers)
        only_last = [workers.any(workers.rank == workers.count - 1), workers.any(False)]
        results["mean, any"] = [workers.mean(torch.tensor(float(workers.rank))), *only_last]
        if workers.is_first:
            (folder / f"results of {workers.count}.json").write_text(json.dumps(results))
        if workers.count > 1:
            killed(folder / "killed", workers)


if __name__ == "__main__":
    main()
