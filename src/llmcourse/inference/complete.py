"""A whole continuation, and why it ended: for measuring, where a stream is for reading along (torch)."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from llmcourse.inference.chat import text_stream
from llmcourse.inference.generate import Choose, generate
from llmcourse.inference.stopping import until
from llmcourse.language.bpe import Tokenizer
from llmcourse.transformer.decoder import Decoder
from llmcourse.transformer.kv_cache import KVCache

__all__ = ["Completion", "complete"]


@dataclass(frozen=True)
class Completion:
    """A written text, why it ended, and what was cut: the stop string and all that came after it.

    ``tokens`` are all that were chosen, those of the cut text too, but never a stop token.
    """

    text: str
    reason: Literal["stop string", "stop token", "length"]
    cut: str
    tokens: tuple[int, ...]


def complete(
    model: Decoder,
    tokenizer: Tokenizer,
    tokens: Sequence[int],
    *,
    choose: Choose,
    max_new: int,
    stop: Collection[int] = (),
    strings: Sequence[str] = (),
    cache: KVCache | None = None,
) -> Completion:
    """What follows ``tokens``, up to ``max_new`` more, a token of ``stop`` or one of ``strings``.

    Tokens are chosen one by one, and none after a stop string is there.

    Raises:  ValueError as ``generate`` and ``until``.
    """
    chosen: list[int] = []

    def watched() -> Iterator[int]:
        for token in generate(model, tokens, choose=choose, max_new=max_new, stop=stop, cache=cache):
            chosen.append(token)
            yield token

    pieces, text = until(text_stream(tokenizer, watched()), strings), ""
    while True:
        try:
            text += next(pieces)
        except StopIteration as ending:
            cut: str = ending.value
            break
    reason = "stop string" if cut else "length" if len(chosen) == max_new else "stop token"
    return Completion(text, reason, cut, tuple(chosen))
