r"""The training loop: read a batch, measure the loss, follow its gradient, write down what happened (torch).

``train`` yields a record after each step and leaves it to others to show it. With a folder it keeps there

    metrics.jsonl           one record a line
    checkpoint.safetensors  the model and the optimizer after some step, replaced in one move

and can be continued from the checkpoint as if nothing had happened: the data's order depends on the step alone and
nothing else in the loop is random, so that on the same machine the losses that follow are the same to the last bit.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.distributed.tensor import DTensor

from llmcourse.learning.batches import Windows, held_out_windows
from llmcourse.learning.checkpoint import load_training, save_training
from llmcourse.learning.metrics import Metrics
from llmcourse.learning.optim import make_adamw
from llmcourse.learning.parallel import Kind, Workers, distribute, synchronized
from llmcourse.learning.recipe import Recipe
from llmcourse.shapes import Float, Int, Integer
from llmcourse.transformer.decoder import Decoder

__all__ = ["Record", "held_out_loss", "move", "next_token_loss", "train"]

Record = dict[str, Any]
Tokens = Integer[np.ndarray, " N"]


def next_token_loss(logits: Float[Tensor, "B T V"], targets: Int[Tensor, "B T"]) -> Float[Tensor, ""]:
    r"""The mean surprise of the targets, $-\log p(x_{t+1} \mid x_{\le t})$, over all places of a batch.

    Units:   nats per token, computed in float32.
    Source:  Bengio et al. (2003), section 2, the log-likelihood that training maximizes. {cite}`bengio2003`
    """
    return F.cross_entropy(logits.float().flatten(0, 1), targets.flatten())


def train(
    model: Decoder,
    tokens: Tokens,
    recipe: Recipe,
    *,
    held_out: Integer[np.ndarray, " _"] | None = None,
    evaluate_every: int = 100,
    folder: str | Path | None = None,
    checkpoint_every: int = 100,
    resume: bool = False,
    workers: Workers | None = None,
    kind: Kind = "ddp",
    stop: Callable[[], bool] | None = None,
) -> Iterator[Record]:
    """Train ``model`` in place; a record after each step: step, loss (nats), rate, gradient norm, tokens, seconds.

    Every ``evaluate_every`` steps and after the last one the record also holds ``held_out``, the loss on that text.
    With ``folder``, records and checkpoints are written there, also after the last step, and by a single process when
    the loop is left early, by an error or by the caller. ``resume`` goes on from the checkpoint there, if there is one.
    ``stop`` is asked after each step: if one worker's says yes, all write the checkpoint and end.

    Raises:  ValueError for windows longer than the model's context or the held-out text, for a folder with results that
             ``resume`` does not ask for, or a checkpoint of another recipe; FloatingPointError if the loss is no longer
             a number (the last checkpoint from before stays).
    """
    workers = workers or Workers.alone()
    if recipe.length > model.config.context:
        raise ValueError(f"windows of {recipe.length} do not fit into the model's context of {model.config.context}")
    if held_out is not None and len(held_out) <= recipe.length:
        raise ValueError(
            f"{len(held_out)} held-out tokens have no window of {recipe.length + 1}: give more, or shorter windows"
        )
    windows = Windows(tokens, recipe.length, recipe.batch, recipe.seed)
    module = distribute(model, workers, kind).train()
    optimizer = make_adamw(
        module, rate=recipe.rate, betas=recipe.betas, eps=recipe.eps, weight_decay=recipe.weight_decay
    )
    metrics, first = Metrics(folder, write=workers.is_first), 0
    if folder is not None:
        first = load_training(folder, module, optimizer, recipe) if resume else metrics.check_empty()
        metrics.keep_before(first)
    started, done, saved, between_steps = time.perf_counter(), first, first, True
    try:
        for step in range(first, recipe.steps):
            loss = _gradient(module, windows, recipe, step, workers)
            between_steps = False  # an error or Ctrl-C from here on may find some parameters moved and others not
            norm = move(module, optimizer, recipe, step)
            record = {"step": step, "loss": loss, "rate": recipe.rate_at(step), "gradient_norm": norm}
            record |= {"tokens": (step + 1) * recipe.batch * recipe.length, "seconds": time.perf_counter() - started}
            if held_out is not None and ((step + 1) % evaluate_every == 0 or step + 1 == recipe.steps):
                record["held_out"] = held_out_loss(module, held_out, length=recipe.length)
            metrics.add(record)
            done, between_steps = step + 1, True
            yield record
            stopping = stop is not None and workers.any(stop())
            if folder is not None and (stopping or done % checkpoint_every == 0 or done == recipe.steps):
                save_training(folder, module, optimizer, recipe, done, workers)
                saved = done
            if stopping:
                return
    except FloatingPointError:
        done = saved  # what has diverged must not take the place of the last good checkpoint
        raise
    finally:
        metrics.close()
        # Left early by one process, there is nobody else to wait for. Several would have to be left alike.
        if folder is not None and saved < done and between_steps and workers.count == 1:
            save_training(folder, module, optimizer, recipe, done, workers)


def _gradient(model: nn.Module, windows: Windows, recipe: Recipe, step: int, workers: Workers) -> float:
    """The mean loss over the whole batch of this step; its gradient is in the parameters afterwards."""
    mine = torch.from_numpy(windows.of_step(step, part=workers.rank, parts=workers.count))  # (B, T + 1)
    pieces = mine.split(recipe.micro_batch or len(mine))
    total = torch.zeros(())
    for i, piece in enumerate(pieces):
        with synchronized(model, i == len(pieces) - 1):
            with torch.autocast("cpu", torch.bfloat16, enabled=recipe.precision == "bfloat16"):
                logits = model(piece[:, :-1])  # (B, T, V)
            loss = next_token_loss(logits, piece[:, 1:]) * len(piece) / len(mine)  # equal shares of the mean
            loss.backward()
        total += loss.detach()
    mean = workers.mean(total)
    if not np.isfinite(mean):
        raise FloatingPointError(
            f"the loss is {mean} at step {step}: the training has diverged. Lower the rate ({recipe.rate}), "
            f"lengthen the warm-up ({recipe.warmup} steps), or clip the gradient ({recipe.clip})"
        )
    return mean


def move(model: nn.Module, optimizer: torch.optim.Optimizer, recipe: Recipe, step: int) -> float:
    """The optimizer's step along the gradient, clipped; the length that the gradient had before."""
    norm = nn.utils.clip_grad_norm_(model.parameters(), recipe.clip or float("inf"))
    norm = norm.full_tensor() if isinstance(norm, DTensor) else norm  # fsdp's is spread over the workers
    for group in optimizer.param_groups:
        group["lr"] = recipe.rate_at(step)
    optimizer.step()
    optimizer.zero_grad()
    return norm.item()


@torch.no_grad()
def held_out_loss(model: nn.Module, tokens: Tokens, *, length: int, batch: int = 32) -> float:
    """The mean loss over a text in windows of ``length`` tokens, each read without what comes before it.

    The first tokens of a window are predicted from little, so that this is more than the loss with a full context.

    Units:   nats per token.
    Raises:  ValueError for a text shorter than one window.
    """
    total, count = 0.0, 0
    was_training = model.training
    model.eval()
    for rows in held_out_windows(tokens, length=length, batch=batch):
        piece = torch.from_numpy(rows)
        total += next_token_loss(model(piece[:, :-1]), piece[:, 1:]).item() * len(rows)
        count += len(rows)
    model.train(was_training)
    return total / count
