"""A language model as a quiz candidate: short answers, one greedy or several drawn, with their probabilities (torch).

The prompt shows five questions with short answers, none of them in the course's question set, and then asks. The answer
is the rest of the line.
"""

from typing import Any, NamedTuple

import torch

from llmcourse.inference.many import sample_many
from llmcourse.transformer.checkpoint import LoadedModel
from llmcourse.transformer.kv_cache import KVCache

__all__ = ["EXAMPLES", "Answer", "Asker"]

EXAMPLES = (
    ("What is the capital of Japan?", "Tokyo"),
    ("How many wheels does a bicycle have?", "two"),
    ("Who painted \"Guernica\"?", "Pablo Picasso"),
    ("Which animal says \"meow\"?", "the cat"),
    ("What is 12 + 7?", "19"),
)  # fmt: skip


class Answer(NamedTuple):
    """The text of an answer, its log-probability in nats with the line end, and the number of its tokens with that."""

    text: str
    logp: float
    tokens: int

    def as_json(self) -> list[Any]:
        """The three, rounded, for a results file."""
        return [self.text, round(self.logp, 4), self.tokens]


class Asker:
    """A loaded model that has read the examples once and answers questions one after another."""

    def __init__(self, loaded: LoadedModel, *, capacity: int = 256) -> None:
        self._loaded = loaded
        tokenizer = loaded.tokenizer
        self._stop = {i for i, token in enumerate(tokenizer.tokens) if b"\n" in token} | set(loaded.stop)
        self._cache = KVCache(loaded.config, capacity=capacity)
        shown = "".join(f"Question: {question}\nAnswer: {answer}\n\n" for question, answer in EXAMPLES)
        with torch.inference_mode():
            loaded.model(torch.tensor([tokenizer.encode(shown)]), cache=self._cache, last_only=True)

    def answers(
        self, question: str, *, count: int, temperature: float, generator: torch.Generator, max_new: int = 12
    ) -> list[Answer]:
        """``count`` answers, drawn independently; at temperature 0 the greedy one, ``count`` times.

        Raises:  ValueError as ``sample_many``, and for a question that does not fit into the capacity.
        """
        tokenizer = self._loaded.tokenizer
        tokens = tokenizer.encode(f"Question: {question}\nAnswer:")
        drawn = sample_many(
            self._loaded.model,
            tokens,
            count=count,
            temperature=temperature,
            max_new=max_new,
            stop=self._stop,
            generator=generator,
            cache=self._cache,
        )
        return [
            Answer(tokenizer.decode(one.tokens).strip(), one.logp, len(one.tokens) + int(one.ended)) for one in drawn
        ]
