"""``llmcourse train``: the training of a session, shown in a terminal, stopped and continued (torch, tqdm)."""

import os
import shlex
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import typer
from tqdm import tqdm

from llmcourse.learning.cost import parameters
from llmcourse.learning.metrics import read_metrics
from llmcourse.learning.parallel import Kind, WorkerLost, Workers, joined_workers
from llmcourse.learning.plan import Plan
from llmcourse.learning.session import Session, prepare

if TYPE_CHECKING:
    from llmcourse.cli import Stop

__all__ = ["run"]


def run(
    given: dict[str, Any],
    folder: Path,
    *,
    resume: bool,
    kind: Kind,
    micro_batch: int | None,
    threads: int | None,
    stop: "Stop",
) -> int:
    """Train with what was given, in this folder; the exit code of the program.

    Raises:  as ``Plan.load``, ``prepare`` and ``train``.
    """
    if threads is not None:
        torch.set_num_threads(threads)
    try:
        with joined_workers() as workers:
            if workers.is_first:
                if not resume:
                    prepare(Plan(**{"files": (), **given}), folder)
            workers.wait()
            session = Session(Plan.load(folder, given if resume else {}), folder)
            with stop.listening():
                _train(session, workers, kind, micro_batch, stop)
            if not workers.is_first:
                return 0 if stop.signal is None else 128 + stop.signal
            return _end(session, stop)
    except WorkerLost as error:
        typer.echo(f"llmcourse train: {error}:\n  {_command(folder)}", err=True)
        return 1


def _train(session: Session, workers: Workers, kind: Kind, micro_batch: int | None, stop: "Stop") -> None:
    plan, recipe = session.plan, session.plan.recipe()
    done = len(read_metrics(session.folder)) * recipe.batch * recipe.length
    if workers.is_first:
        typer.echo(_summary(session), err=True)
    records = session.run(workers, kind=kind, micro_batch=micro_batch, stop=lambda: stop.signal is not None)
    with tqdm(
        total=recipe.tokens, initial=min(done, recipe.tokens), unit="tok", unit_scale=True,
        disable=True if not workers.is_first else None,  # None: where nobody is looking, no bar
    ) as bar:  # fmt: skip
        held_out = ""
        for record in records:
            if "held_out" in record:
                held_out = f", held out {record['held_out']:.3f}"
                if bar.disable and workers.is_first:
                    at = f"step {record['step'] + 1} of {plan.steps}"
                    typer.echo(f"{at}: loss {record['loss']:.3f}{held_out}", err=True)
            bar.set_postfix_str(f"loss {record['loss']:.3f}{held_out}", refresh=False)
            bar.update(record["tokens"] - bar.n)


def _summary(session: Session) -> str:
    plan, sizes = session.plan, session.sizes["train"]
    recipe, count = plan.recipe(), parameters(plan.config(len(session.tokenizer))).total
    per_token = sizes["bytes"] / sizes["tokens"]
    return (
        f"To learn from: {sizes['bytes']:,} bytes of text, {sizes['tokens']:,} tokens of "
        f"{per_token:.2f} bytes, {len(session.tokenizer):,} different ones\n"
        f"Llama, layers × width = {plan.layers} × {plan.width}: {count:,} parameters\n"
        f"{plan.steps:,} steps of {plan.batch} × {plan.context} tokens: {recipe.tokens:,}, "
        f"{recipe.tokens / sizes['tokens']:.1f} times the text"
    )


def _end(session: Session, stop: "Stop") -> int:
    records = read_metrics(session.folder)
    if len(records) < session.plan.steps:
        typer.echo(
            f"Stopped after step {len(records)} of {session.plan.steps}; nothing is lost. To go on:\n"
            f"  {_command(session.folder)}",
            err=True,
        )
        return 128 + (stop.signal or signal.SIGINT)
    model, picture = session.finish()
    held_out = records[-1]["held_out"]
    typer.echo(
        f"held-out loss {held_out:.3f} nats per token, {session.bits_per_byte(held_out):.3f} bits per byte\n"
        f"{model} and {picture} are written. To let it write:\n"
        f'  llmcourse generate "Once" --model {shlex.quote(str(session.folder))}',
        err=True,
    )
    return 0


def _command(folder: Path) -> str:
    count = os.environ.get("LOCAL_WORLD_SIZE", "1")
    program = f"torchrun --nproc-per-node {count} -m llmcourse" if count != "1" else "llmcourse"
    return f"{program} train --folder {shlex.quote(str(folder))} --resume"
