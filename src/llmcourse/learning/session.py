"""A training from text files to a saved model, all of it in one folder (torch).

plan.json               what was asked for            metrics.jsonl           a record of each step
tokenizer.json          learned, or a copy            checkpoint.safetensors  to go on from
train.npy held_out.npy  the texts as tokens           model.safetensors       the model at the end, and its
texts.json              how long they are             loss.svg                tokenizer; the curve of its losses
"""

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from matplotlib.figure import Figure

from llmcourse import data
from llmcourse.language.bpe import Tokenizer
from llmcourse.learning.batches import open_tokens, write_tokens
from llmcourse.learning.checkpoint import trained_weights
from llmcourse.learning.corpus import END, Corpus, cut, packed
from llmcourse.learning.metrics import plot_losses, read_metrics
from llmcourse.learning.parallel import Kind, Workers
from llmcourse.learning.plan import Plan
from llmcourse.learning.train import Record, train
from llmcourse.plots import use_course_style
from llmcourse.transformer.llama import Llama
from llmcourse.transformer.saved import save_model

__all__ = ["Session", "prepare", "read_texts"]

PARTS = ("train", "held_out")


def read_texts(files: tuple[str, ...]) -> Corpus:
    """The documents of the course's texts, by name, and of files in UTF-8, cut as ``corpus.cut`` does.

    Raises:  ValueError for no files, one that is not UTF-8 or of fewer than 40 lines; OSError and DataError.
    """
    if not files:
        raise ValueError("there are 0 texts to learn from; name files, or texts of the course: llmcourse fetch")
    texts = []
    for name in files:
        try:
            text = data.read(name) if name in data.TEXTS else Path(name).read_bytes().decode("utf-8-sig")
            texts.append(cut(text))
        except FileNotFoundError:
            raise ValueError(f"{name} is neither a file nor a text of the course ({', '.join(data.TEXTS)})") from None
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    return Corpus.of(texts)


def prepare(plan: Plan, folder: Path) -> None:
    """Learn the tokenizer, write the texts as tokens, and last the plan: a folder that has it is ready.

    Raises:  ValueError for a folder with results, sizes that do not fit together, and as ``read_texts``.
    """
    if read_metrics(folder):
        raise ValueError(f"{folder} has a training's results; go on with --resume, or choose another --folder")
    plan.recipe()
    if plan.tokenizer is None:
        plan.config(plan.vocab)  # both refuse what does not fit, before the texts are read
    texts = read_texts(plan.files)
    folder.mkdir(parents=True, exist_ok=True)
    if plan.tokenizer is None:
        tokenizer = Tokenizer.train(texts.training_text, vocab_size=plan.vocab, special=(END,))
    else:
        tokenizer = Tokenizer.load(plan.tokenizer)
        plan.config(len(tokenizer))
    tokenizer.save(folder / "tokenizer.json")
    sizes = {}
    for part, documents in zip(PARTS, (texts.train, texts.validation), strict=True):
        ids = packed(tokenizer, documents)
        if len(ids) < 2 * plan.context:
            raise ValueError(
                f"the {part} part of the texts has {len(ids)} tokens, less than two windows of {plan.context}: "
                "give more text, or a smaller --context"
            )
        write_tokens(folder / f"{part}.npy", ids, vocab=len(tokenizer))
        sizes[part] = {"bytes": sum(len(document.encode()) for document in documents), "tokens": len(ids)}
    (folder / "texts.json").write_text(json.dumps(sizes) + "\n", encoding="utf-8")
    plan.save(folder)


@dataclass(frozen=True)
class Session:
    """A prepared folder, and what is done in it."""

    plan: Plan
    folder: Path

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """As it was learned or given when the training began."""
        return Tokenizer.load(self.folder / "tokenizer.json")

    @cached_property
    def sizes(self) -> dict[str, dict[str, int]]:
        """Bytes and tokens of the two parts."""
        return json.loads((self.folder / "texts.json").read_text(encoding="utf-8"))

    def new_model(self) -> Llama:
        """The model before its training; the same for all workers."""
        model = Llama(self.plan.config(len(self.tokenizer)))
        return model.initialize(torch.Generator().manual_seed(self.plan.seed))

    def run(
        self, workers: Workers, *, kind: Kind, micro_batch: int | None, stop: Callable[[], bool]
    ) -> Iterator[Record]:
        """The steps that are left, one record each, as ``train``.

        Raises:  as ``train``.
        """
        train_tokens, held_out = (open_tokens(self.folder / f"{p}.npy", vocab=len(self.tokenizer)) for p in PARTS)
        return train(
            self.new_model(),
            train_tokens,
            self.plan.recipe(micro_batch),
            held_out=held_out,
            evaluate_every=self.plan.evaluate_every,
            folder=self.folder,
            checkpoint_every=self.plan.checkpoint_every,
            resume=True,
            workers=workers,
            kind=kind,
            stop=stop,
        )

    def bits_per_byte(self, nats_per_token: float) -> float:
        """The same loss for a byte of the held-out text, which does not depend on the tokenizer."""
        held_out = self.sizes["held_out"]
        return nats_per_token / math.log(2) * held_out["tokens"] / held_out["bytes"]

    def finish(self) -> tuple[Path, Path]:
        """Write the model of the last checkpoint with its card, and the curve of the losses; the two paths."""
        records = read_metrics(self.folder)
        model = self.new_model()
        model.load_state_dict(trained_weights(self.folder))
        held_out = [r["held_out"] for r in records if "held_out" in r][-1]
        card = {
            "data": list(self.plan.files),
            "recipe": self.plan.recipe().as_json(),
            "held_out_nats_per_token": round(held_out, 4),
            "held_out_bits_per_byte": round(self.bits_per_byte(held_out), 4),
        }
        path, picture = self.folder / "model.safetensors", self.folder / "loss.svg"
        save_model(path, model, self.tokenizer, card)
        use_course_style()
        figure = Figure()
        plot_losses(records, figure.add_subplot())
        figure.savefig(picture, metadata={"Date": None})
        return path, picture
