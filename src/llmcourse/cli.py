"""The command line: llmcourse fetch, train, generate, chat, progress (typer; torch only where a model is needed)."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import typer

from llmcourse import cli_options as options
from llmcourse import data

__all__ = ["app", "main"]

app = typer.Typer(
    name="llmcourse",
    help="Fetch the course's texts and model, train a GPT of your own, and let models write.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
_KEPT = (
    "The folder holds the plan, the tokenizer, the texts as tokens, metrics.jsonl, the last checkpoint, and at the end "
    "model.safetensors and loss.svg. Ctrl-C stops after the present step, and nothing is lost."
)
_CUT = "Of each text a twentieth is held out to measure on, and another twentieth is not read at all."
# An empty line between two examples: that is where the help breaks its lines.
FETCH = """Examples:

llmcourse fetch   (lists them)

llmcourse fetch alice29.txt kjv"""
TRAIN = f"""Examples:

llmcourse train alice29.txt --folder runs/alice --steps 300   (to see it work)

llmcourse train kjv plrabn12.txt --folder runs/old --width 192 --steps 4000   (longer, and it learns verses)

llmcourse train --folder runs/old --resume   (go on after a stop)

torchrun --nproc-per-node 2 -m llmcourse train kjv --folder runs/two   (two processes)

{_KEPT}

{_CUT}"""
GENERATE = """Examples:

llmcourse generate "In the beginning"

llmcourse generate "Alice was" --temperature 0.5 --top-k 40 --seed 1

llmcourse generate "The capital of France is" --model smollm2-135m --temperature 0

llmcourse generate "Once" --model runs/alice"""
CHAT = """Examples:

llmcourse chat

llmcourse chat --system "You answer in one short sentence." --temperature 0

echo "What is the capital of France?" | llmcourse chat"""


@contextmanager
def readable_errors(command: str) -> Iterator[None]:
    """What a user can mend becomes one line and exit code 1; anything else is a bug and keeps its traceback."""
    try:
        yield
    except BrokenPipeError:
        raise
    except (ValueError, OSError, FloatingPointError, data.DataError) as error:
        typer.echo(f"llmcourse {command}: {error}", err=True)
        raise typer.Exit(1) from None
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        typer.echo(f"llmcourse {command} needs torch: python -m pip install 'llmcourse[models]'", err=True)
        raise typer.Exit(1) from None


class Stop:
    """Whether the user (Ctrl-C) or the system (SIGTERM) has asked to stop. Asked a second time, it is done at once."""

    def __init__(self) -> None:
        self.signal: int | None = None

    @contextmanager
    def listening(self) -> Iterator["Stop"]:
        """Inside, the first signal only sets ``signal``."""
        before = {number: signal.signal(number, self._asked) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _asked(self, number: int, frame: FrameType | None) -> None:
        self.signal = number
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


@app.command(epilog=FETCH)
def fetch(names: options.Names = None) -> None:
    """Download texts and models once, check their sha256, and print where they are. Without names: list them."""
    with readable_errors("fetch"):
        for name in names or []:
            typer.echo(data.fetch(name))
        if not names:
            typer.echo(f"kept in {data.default_folder()}\n")
            for asset in (*data.TEXTS.values(), *data.MODELS.values()):
                here = "here" if (data.default_folder() / asset.file).exists() else "not here yet"
                typer.echo(
                    f"{asset.name:<13} {asset.size / 1e6:6.1f} MB, {here}\n    {asset.what}\n    {asset.license}"
                )


@app.command(epilog=TRAIN)
def train(
    folder: options.Folder,
    files: options.Files = None,
    resume: options.Resume = False,
    vocab: options.Vocab = None,
    tokenizer: options.TokenizerFile = None,
    layers: options.Layers = None,
    width: options.Width = None,
    heads: options.Heads = None,
    ffn_width: options.FfnWidth = None,
    context: options.Context = None,
    steps: options.Steps = None,
    batch: options.Batch = None,
    rate: options.Rate = None,
    warmup: options.Warmup = None,
    schedule: options.ScheduleName = None,
    decay: options.Decay = None,
    final: options.Final = None,
    weight_decay: options.WeightDecay = None,
    precision: options.Precision = None,
    seed: options.Seed = None,
    evaluate_every: options.EvaluateEvery = None,
    checkpoint_every: options.CheckpointEvery = None,
    parallel: options.Parallel = "ddp",
    micro_batch: options.MicroBatch = None,
    threads: options.Threads = None,
) -> None:
    """Train a small Llama on texts: learn a tokenizer, train, save the model and the curve of its losses."""
    chosen = {"files": tuple(files) if files else None, "vocab": vocab, "tokenizer": tokenizer}
    chosen |= {"layers": layers, "width": width, "heads": heads, "ffn_width": ffn_width, "context": context}
    chosen |= {"steps": steps, "batch": batch, "rate": rate, "warmup": warmup, "schedule": schedule, "decay": decay}
    chosen |= {"final": final, "weight_decay": weight_decay, "precision": precision, "seed": seed}
    chosen |= {"evaluate_every": evaluate_every, "checkpoint_every": checkpoint_every}
    given = {name: value for name, value in chosen.items() if value is not None}
    with readable_errors("train"):
        from llmcourse import cli_training  # here: it needs torch, and --help does not

        code = cli_training.run(
            given, folder, resume=resume, kind=parallel, micro_batch=micro_batch, threads=threads, stop=Stop()
        )
        if code:
            raise typer.Exit(code)


@app.command(epilog=GENERATE)
def generate(
    text: options.Beginning = "",
    model: options.ModelName = "course",
    tokens: options.MaxTokens = None,
    temperature: options.Temperature = 0.8,
    top_k: options.TopK = None,
    top_p: options.TopP = None,
    seed: options.DrawSeed = None,
) -> None:
    """Let a model go on with a text, and print it as it is written."""
    with readable_errors("generate"):
        import numpy as np

        from llmcourse.inference.writer import chooser, open_writer

        choose = chooser(temperature=temperature, top_k=top_k, top_p=top_p, rng=np.random.default_rng(seed))
        pieces = open_writer(model).write(text, choose=choose, max_new=tokens)
        typer.echo(text, nl=False)
        for piece in pieces:
            _show(piece)
        typer.echo()


@app.command(epilog=CHAT)
def chat(
    model: options.ChatModel = "smollm2-135m",
    system: options.System = None,
    temperature: options.Temperature = 0.2,
    top_p: options.TopP = 0.9,
    tokens: options.AnswerTokens = 256,
    seed: options.DrawSeed = None,
) -> None:
    """Talk with SmolLM2, a small pretrained model (a download of 93 MB the first time). /help lists the commands."""
    with readable_errors("chat"):
        import numpy as np

        from llmcourse.inference.terminal import converse
        from llmcourse.inference.writer import chooser
        from llmcourse.transformer.checkpoint import load

        choose = chooser(temperature=temperature, top_p=top_p, rng=np.random.default_rng(seed))
        loaded = load(model, packed=True)
        converse(loaded, _lines(), _show, choose=choose, system=system, max_new=tokens)


@app.command()
def progress(export: options.Export = None, keep: options.Keep = None, forget: options.Forget = False) -> None:
    """Show the exercises that you passed in notebooks on this machine, or write them to a file for the site."""
    with readable_errors("progress"):
        from llmcourse import cli_progress
        from llmcourse.study import record

        if forget and typer.confirm(f"Delete {record.file()}?"):
            record.forget()
        if keep is not None:
            record.switch(keep)
        typer.echo(cli_progress.overview() if export is None else cli_progress.export(export))


def _lines() -> Iterator[str]:
    """Lines of a person, asked for one by one, or of a pipe."""
    if not sys.stdin.isatty():
        yield from sys.stdin
        return
    typer.echo("Type a message, or /help. It is a small model: it makes things up.", err=True)
    while True:
        try:
            yield input("\nyou> ")
        except EOFError:
            typer.echo(err=True)
            return


def _show(piece: str) -> None:
    """A piece of text at once, whatever the terminal's encoding can say of it."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(piece.encode(encoding, errors="replace").decode(encoding))
    sys.stdout.flush()


def main() -> None:
    """The program ``llmcourse``."""
    app(prog_name="llmcourse" if Path(sys.argv[0]).name != "__main__.py" else "python -m llmcourse")
