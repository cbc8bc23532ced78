"""The options of the command line, each with what it does to the result and a sensible range (typer)."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from llmcourse.learning.plan import Plan

_TEXTS, _SIZE, _STEPS, _RUN = "Texts", "Size of the model", "Training", "Running"


def _option(panel: str, help: str, *names: str):
    return typer.Option(*names, help=help, rich_help_panel=panel)


def _planned(name: str, panel: str, help: str):
    """An option of a plan. Left out it is None, and the plan has its default: where it stands, and only there."""
    return _option(panel, f"{help} Default: {getattr(Plan, name)}.")


Files = Annotated[
    list[str] | None,
    typer.Argument(
        help="Text files in UTF-8, or names of the course's texts (alice29.txt, kjv, …). Megabytes, not lines."
    ),
]
Folder = Annotated[Path, _option(_RUN, "Where everything of this training is kept. One training, one folder.")]
Vocab = Annotated[
    int | None,
    _planned("vocab", _TEXTS, "Tokens to learn by BPE. More: shorter texts, a larger table. 512 to 8192 for a few MB."),
]
TokenizerFile = Annotated[
    str | None, _option(_TEXTS, "Use this tokenizer.json instead of learning one.", "--tokenizer")
]
Layers = Annotated[
    int | None, _planned("layers", _SIZE, "Blocks. Time and memory grow in proportion. 2 to 12 on a CPU.")
]
Width = Annotated[
    int | None,
    _planned("width", _SIZE, "Numbers per token. Parameters and time grow with its square. 64 to 512 on a CPU."),
]
Heads = Annotated[int | None, _option(_SIZE, "Attention heads; must divide the width. Default: one per 32 of width.")]
FfnWidth = Annotated[int | None, _option(_SIZE, "Hidden units of the feed-forward network. Default: 8/3 of the width.")]
Context = Annotated[
    int | None,
    _planned("context", _SIZE, "Tokens the model can see. Longer: more to go by, slower steps. 64 to 512 on a CPU."),
]
Steps = Annotated[
    int | None,
    _planned("steps", _STEPS, "Steps of the optimizer. More is better until the held-out loss rises again."),
]
Batch = Annotated[
    int | None,
    _planned("batch", _STEPS, "Windows per step. Larger: a steadier gradient, slower steps. 8 to 64."),
]
Rate = Annotated[
    float | None,
    _planned(
        "rate", _STEPS, "Peak learning rate. Too low learns slowly, too high diverges. 1e-4 to 1e-2; wide ones less."
    ),
]
Warmup = Annotated[
    int | None, _option(_STEPS, "Steps until the peak, against early jumps. Default: a tenth, at most 100.")
]
ScheduleName = Annotated[
    Literal["cosine", "wsd", "constant"] | None,
    _planned(
        "schedule", _STEPS, "How the rate falls after the warm-up. wsd stays up and falls over the last stretch only."
    ),
]
Decay = Annotated[int | None, _option(_STEPS, "Steps of that last stretch (wsd only). Default: a fifth of all.")]
Final = Annotated[float | None, _planned("final", _STEPS, "Share of the peak rate that is left at the end. 0 to 0.1.")]
WeightDecay = Annotated[
    float | None, _planned("weight_decay", _STEPS, "Pull of the matrices towards 0. 0 to 0.3; more for small texts.")
]
Precision = Annotated[
    Literal["float32", "bfloat16"] | None,
    _planned(
        "precision", _STEPS, "bfloat16 computes with 8 bits of precision: faster on CPUs that have it, a bit noisier."
    ),
]
Seed = Annotated[
    int | None,
    _planned("seed", _STEPS, "Decides the first weights and the order of the data. Another one, another model."),
]
EvaluateEvery = Annotated[
    int | None, _planned("evaluate_every", _RUN, "Steps between looks at the held-out text, which take time too.")
]
CheckpointEvery = Annotated[
    int | None, _planned("checkpoint_every", _RUN, "Steps between checkpoints: what a crash can cost at most.")
]
Resume = Annotated[
    bool, _option(_RUN, "Go on in --folder from its last checkpoint. Other options can be left out.", "--resume")
]
Parallel = Annotated[
    Literal["ddp", "fsdp"],
    _option(_RUN, "Under torchrun: whole copies (ddp), or a slice of the model in each process (fsdp): less memory."),
]
MicroBatch = Annotated[
    int | None, _option(_RUN, "Windows computed at once. Smaller: less memory, the same result, some more time.")
]
Threads = Annotated[
    int | None, _option(_RUN, "Threads of torch. 1 gives the same losses to the last bit on every run of a machine.")
]

Names = Annotated[list[str] | None, typer.Argument(help="Names of texts or models. None: list them all.")]
Beginning = Annotated[str, typer.Argument(help="The beginning. Without one, the model begins by itself, if it can.")]
ModelName = Annotated[
    str, typer.Option("--model", help="course, smollm2-135m, a .safetensors or .gguf file, or a training's folder.")
]
ChatModel = Annotated[str, typer.Option("--model", help="smollm2-135m, or a .gguf file with its chat format.")]
MaxTokens = Annotated[
    int | None, typer.Option("--tokens", help="Longest continuation. Default: 200, or what the context has room for.")
]
AnswerTokens = Annotated[int, typer.Option("--tokens", help="Longest answer, in tokens (about ¾ of a word each).")]
Temperature = Annotated[
    float,
    typer.Option(help="0 takes the likeliest token each time and soon repeats itself; 1 draws as the model says."),
]
TopK = Annotated[int | None, typer.Option(help="Draw among the k likeliest tokens only. 20 to 100; 1 is greedy.")]
TopP = Annotated[
    float | None, typer.Option(help="Draw among the likeliest tokens that hold this share together. 0.8 to 0.95.")
]
DrawSeed = Annotated[
    int | None, typer.Option("--seed", help="The same seed draws the same text. Default: a new one each time.")
]
System = Annotated[
    str | None, typer.Option(help="Who the model is told to be, before you speak. A small model obeys loosely.")
]

Export = Annotated[
    Path | None, typer.Option(help="Write the record to this file, which the site's progress page imports.")
]
Keep = Annotated[bool | None, typer.Option("--on/--off", help="Whether passes are written down from now on.")]
Forget = Annotated[bool, typer.Option("--forget", help="Delete the record of this machine, after a question.")]
