"""A model of either kind, ours or a pretrained one, ready to go on with a text (torch)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from llmcourse import data
from llmcourse.inference.chat import text_stream
from llmcourse.inference.generate import Choose, generate
from llmcourse.inference.sampling import greedy, next_distribution
from llmcourse.inference.stopping import until
from llmcourse.language.bpe import Tokenizer
from llmcourse.learning.corpus import END
from llmcourse.transformer.checkpoint import load
from llmcourse.transformer.decoder import Decoder
from llmcourse.transformer.saved import COURSE_GPT, load_saved

__all__ = ["COURSE", "Writer", "chooser", "open_writer"]

COURSE = "course"


@dataclass(frozen=True)
class Writer:
    """A model and how its texts begin and end: with which tokens."""

    model: Decoder
    tokenizer: Tokenizer
    begin: tuple[int, ...]
    end: tuple[int, ...]

    def write(
        self, text: str, *, choose: Choose, max_new: int | None = None, strings: Sequence[str] = ()
    ) -> Iterator[str]:
        """What follows ``text``, piece by piece, up to one of ``strings``.

        Without ``max_new`` up to 200 tokens, as the context has room.

        Raises:  ValueError for a text that leaves no room in the context, and as ``generate``.
        """
        tokens = [*self.begin, *self.tokenizer.encode(text)]
        if max_new is None:
            max_new = max(1, min(200, self.model.config.context - len(tokens) + 1))
        ids = generate(self.model, tokens, choose=choose, max_new=max_new, stop=self.end)
        return until(text_stream(self.tokenizer, ids), strings)


def open_writer(name: str) -> Writer:
    """The model of this name: ``"course"``, one of ``data.MODELS``, a .gguf or .safetensors file, a training's folder.

    Raises:  ValueError for what is none of these, or a damaged file; DataError if it cannot be fetched.
    """
    if name in data.MODELS or name.endswith(".gguf"):
        loaded = load(name, packed=True)
        return Writer(loaded.model, loaded.tokenizer, (), loaded.stop)
    path = COURSE_GPT if name == COURSE else Path(name).expanduser()
    if path.is_dir():
        path = path / "model.safetensors"
    if not path.exists():
        known = ", ".join([COURSE, *data.MODELS])
        raise ValueError(
            f"there is no model {path}; name a .safetensors or .gguf file, a training's folder, or {known}"
        )
    saved = load_saved(path)
    end = saved.tokenizer.special.get(END)
    marks = () if end is None else (end,)  # ours begin a text with the token that ends the one before
    return Writer(saved.model, saved.tokenizer, marks, marks)


def chooser(
    *, temperature: float | int, top_k: int | None = None, top_p: float | None = None, rng: np.random.Generator
) -> Choose:
    """Draws the next token from ``next_distribution`` with these settings; the most probable one at temperature 0.

    Raises:  ValueError for a negative temperature; later, as ``next_distribution``.
    """
    if not temperature >= 0:
        raise ValueError(f"temperature must not be negative, got {temperature}; 0 takes the most probable token")
    if temperature == 0:
        return lambda z: int(greedy(z))

    def draw(z: np.ndarray) -> int:
        p = next_distribution(z, temperature=temperature, top_k=top_k, top_p=top_p)
        return int(rng.choice(p.size, p=p))

    return draw
