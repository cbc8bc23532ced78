r"""One process or several: PyTorch's own data parallelism, started by ``torchrun`` (torch.distributed).

    torchrun --nproc-per-node 2 -m llmcourse train ...

starts two processes with the same program. Each reads its share of every batch and computes a gradient; the gradients
are averaged before each step, so that the processes stay equal, and equal to one process that reads the whole batch.

"ddp"   each process holds the whole model and the whole state of the optimizer (Li et al., 2020).
"fsdp"  each holds a slice of both, and gathers a block's weights only while it computes with them: PyTorch's
        ``fully_shard``, after ZeRO's third stage (Rajbhandari et al., 2020).

Processes talk over gloo, which needs no GPU. ``Workers.alone()`` is one process, without any of this.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, cast

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.nn.parallel import DistributedDataParallel

from llmcourse.transformer.decoder import Decoder

__all__ = ["Kind", "WorkerLost", "Workers", "distribute", "joined_workers", "synchronized"]

Kind = Literal["ddp", "fsdp"]


class WorkerLost(RuntimeError):
    """Another worker has ended, so that this one cannot go on: killed, out of memory, or stopped by an error."""


@dataclass(frozen=True)
class Workers:
    """This process's place among those that train one model."""

    rank: int
    count: int

    @classmethod
    def alone(cls) -> "Workers":
        """One process."""
        return cls(rank=0, count=1)

    @property
    def is_first(self) -> bool:
        """The one that writes files and shows progress."""
        return self.rank == 0

    def mean(self, value: Tensor) -> float:
        """The mean over all workers of a number that each has."""
        if self.count > 1:
            value = value.detach().clone()
            dist.all_reduce(value, op=dist.ReduceOp.SUM)
        return value.item() / self.count

    def any(self, here: bool) -> bool:
        """Whether it is true in at least one of them, so that all act alike."""
        return self.mean(torch.tensor(float(here))) > 0

    def wait(self) -> None:
        """Go on only when all have come here."""
        if self.count > 1:
            dist.barrier()


@contextmanager
def joined_workers() -> Iterator[Workers]:
    """This process among those that torchrun has started, joined for the time inside; alone without torchrun.

    Raises:  WorkerLost if another of them ends before its time.
    """
    if "WORLD_SIZE" not in os.environ or int(os.environ["WORLD_SIZE"]) == 1:
        yield Workers.alone()
        return
    dist.init_process_group("gloo")
    try:
        yield Workers(rank=dist.get_rank(), count=dist.get_world_size())
    except RuntimeError as error:
        if "gloo/transport" not in str(error):  # how gloo says it, in the place of a type of its own
            raise
        raise WorkerLost(
            f"worker {dist.get_rank()} of {dist.get_world_size()} has lost another one, and the training stops; "
            "go on from the last checkpoint by starting all of them again, with resume"
        ) from error
    finally:
        dist.destroy_process_group()


def distribute(model: Decoder, workers: Workers, kind: Kind = "ddp") -> nn.Module:
    """The model as all workers train it together; as it is for one worker.

    Every worker must come with equal parameters, as from the same seed or the same checkpoint.

    Raises:  ValueError for an unknown kind.
    Source:  Li et al. (2020), section 3; Rajbhandari et al. (2020), section 5.3. {cite}`li2020ddp,rajbhandari2020`
    """
    if kind not in ("ddp", "fsdp"):
        raise ValueError(f"kind must be ddp or fsdp, got {kind!r}")
    if workers.count == 1:
        return model
    if kind == "ddp":
        return DistributedDataParallel(model)
    mesh = init_device_mesh("cpu", (workers.count,))
    for block in model.blocks:
        fully_shard(block, mesh=mesh)
    fully_shard(model, mesh=mesh)
    return model


@contextmanager
def synchronized(model: nn.Module, now: bool) -> Iterator[None]:
    """Inside, a backward pass exchanges gradients, or (``now`` false: not the last micro-batch) only adds to them."""
    if isinstance(model, DistributedDataParallel) and not now:
        with model.no_sync():
            yield
        return
    if isinstance(model, FSDPModule):
        cast(FSDPModule, model).set_requires_gradient_sync(now)
    yield
