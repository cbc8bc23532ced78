"""A model of ours as the harness asks it: log-likelihoods of continuations, and answers written greedily (torch).

Continuations share their context, and few-shot prompts share their examples. So the reader keeps the cache of what it
read last and reads only what is new after the longest common beginning: the same value as reading each text whole.
"""

import numpy as np
import torch
from torch import Tensor

from llmcourse.evaluation.harness import Reply, Request
from llmcourse.inference.chat import conversation_tokens
from llmcourse.inference.generate import generate
from llmcourse.inference.sampling import greedy
from llmcourse.language.bpe import Tokenizer
from llmcourse.shapes import Float
from llmcourse.transformer.decoder import Decoder
from llmcourse.transformer.kv_cache import KVCache

__all__ = ["Reader", "split_tokens"]


class Reader:
    """A model and its tokenizer behind the harness's one question. ``name`` stands for exactly these weights.

    ``capacity`` is the longest text, context and continuation, in tokens; ``stop`` are the tokens that end an answer.
    """

    def __init__(
        self, name: str, model: Decoder, tokenizer: Tokenizer, *, stop: tuple[int, ...] = (), capacity: int = 1024
    ) -> None:
        self.name, self._model, self._tokenizer, self._stop = name, model, tokenizer, stop
        self._cache = KVCache(model.config, capacity=min(capacity, model.config.context))
        self._read: list[int] = []  # the tokens that the cache holds
        self._last = torch.empty(0)  # log-probabilities of what follows them

    def reply(self, request: Request) -> Reply:
        """Log-likelihoods of the continuations, or the text that greedy decoding writes, to the end of its first line.

        Raises:  ValueError for an empty context or continuation, neither continuations nor ``max_new``, or a text
                 longer than the capacity.
        """
        if not request.context:
            raise ValueError(f"the context has {len(request.context)} characters; what comes first has no likelihood")
        if not request.continuations:
            return Reply(text=self._written(request))
        pairs = [self._tokens(request, continuation) for continuation in request.continuations]
        logp = tuple(self._likelihood(context, rest) for context, rest in pairs)
        return Reply(logp=logp, tokens=tuple(len(rest) for _, rest in pairs))

    def _tokens(self, request: Request, continuation: str) -> tuple[list[int], list[int]]:
        if not request.chat:
            return split_tokens(self._tokenizer, request.context, continuation)
        if not continuation:
            raise ValueError(f"the continuation has {len(continuation)} characters; there is nothing to predict")
        return self._conversation(request), self._tokenizer.encode(continuation)

    def _conversation(self, request: Request) -> list[int]:
        return conversation_tokens(self._tokenizer, [{"role": "user", "content": request.context}])

    def _written(self, request: Request) -> str:
        tokens = self._conversation(request) if request.chat else self._tokenizer.encode(request.context)
        written = list(generate(self._model, tokens, choose=_greedy, max_new=request.max_new, stop=self._stop))
        return self._tokenizer.decode(written).lstrip("\n").split("\n")[0]

    @torch.inference_mode()
    def _likelihood(self, context: list[int], rest: list[int]) -> float:
        self._room(len(context) + len(rest) - 1)
        total = self._after(context)[rest[0]]
        if len(rest) > 1:
            logits = self._model(torch.tensor([rest[:-1]]), cache=self._cache)[0]  # (T, V)
            self._cache.truncate(len(context))
            total = total + logits.double().log_softmax(dim=-1).gather(-1, torch.tensor(rest[1:])[:, None]).sum()
        return float(total)

    def _after(self, tokens: list[int]) -> Float[Tensor, " V"]:
        """Log-probabilities of the token after ``tokens``, of which only the new ones are read."""
        if tokens != self._read:
            pairs = zip(self._read, tokens, strict=False)
            same = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(self._read), len(tokens)))
            same = min(same, len(tokens) - 1)  # one token at least must be read to know what follows
            self._cache.truncate(same)
            self._read = tokens[:same]  # true even if the next line is interrupted
            logits = self._model(torch.tensor([tokens[same:]]), cache=self._cache, last_only=True)[0, -1]
            self._read, self._last = list(tokens), logits.double().log_softmax(dim=-1)  # (V,)
        return self._last

    def _room(self, needed: int) -> None:
        if needed > self._cache.capacity:
            raise ValueError(f"{needed} tokens do not fit into a reader of capacity {self._cache.capacity}")


def _greedy(z: Float[np.ndarray, " V"]) -> int:
    return int(greedy(z))


def split_tokens(tokenizer: Tokenizer, context: str, continuation: str) -> tuple[list[int], list[int]]:
    """Tokens of a context and of what follows, cut from the tokens of the whole text.

    Spaces at the end of the context go with the continuation, where the tokenizer wants them: "Answer: " and "Paris"
    are read as "Answer:" and " Paris".

    Raises:  ValueError if no token is left on either side, or if the two grow together into one token.
    Source:  Gao et al. (2021), lm-evaluation-harness, ``_encode_pair``. {cite}`gao2021harness`
    """
    kept = context.rstrip(" ")
    before = tokenizer.encode(kept)
    whole = tokenizer.encode(context + continuation)
    if whole[: len(before)] != before:
        raise ValueError(
            f"{context[-20:]!r} and {continuation[:20]!r} share a token, so neither has a likelihood of its own: "
            "let the continuation begin with a space"
        )
    if not before or len(whole) <= len(before):
        raise ValueError(f"a context of {len(before)} tokens and {len(whole) - len(before)} after it: both need one")
    return before, whole[len(before) :]
