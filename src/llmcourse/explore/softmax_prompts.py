r"""The model's logits after a prompt, all of the vocabulary, small enough for a page (numpy).

A *prompt* is a dict that JSON can hold:

    name      what stood before, as a menu shows it
    tokens    the text of the most probable tokens, most probable first
    size      how many tokens the vocabulary has
    top       the largest logit, in steps of $2^{-16}$
    falls     base64 of size − 1 whole numbers: how many steps each logit lies below the one before it

The logits are stored from the largest to the smallest: which token has the 30,000th largest is nobody's question, and
its probability counts all the same. Neighbors in this order are so close that the difference of nearly every two fits
into one byte: 68 kB of text a prompt, where 49,152 numbers in float32 would be 262 kB. A difference of 128 or more
takes several bytes of seven bits, the lowest first, each but the last with its highest bit set.

Rounding to $2^{-16}$ moves a logit by at most $2^{-17}$, which is 0.000008, and a ratio of two probabilities by at most
0.0015 % at τ = 1. The logits themselves were less exact before: beside float64, the model's float32 arithmetic moved
the worst of them by 0.00006.
"""

import base64
import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from llmcourse.shapes import Array, Float

if TYPE_CHECKING:
    from llmcourse.transformer.checkpoint import LoadedModel

ASSET = "softmax_prompts"
FILE = Path(__file__).parents[3] / f"book/assets/data/{ASSET}.js"  # tools/softmax_data.py writes it
KEYS = ("name", "tokens", "size", "top", "falls")
STEP = 2.0**-16
NAMED = 50  # how many tokens have a name

TEXTS = ("The capital of France is", "My favorite color is", "The cat sat on the", "Her name was")
QUESTIONS = ("What is the capital of France?",)

Prompt = dict[str, Any]


def encode(z: Float[Array, " V"], tokens: Sequence[str], *, name: str) -> Prompt:
    """The prompt with these logits, in any order; ``tokens`` name the largest ones, in falling order.

    Raises:  ValueError for a logit that is not finite, or more names than logits.
    """
    if not np.isfinite(z).all():
        raise ValueError(f"{(~np.isfinite(z)).sum()} of {z.size} logits are not finite")
    if len(tokens) > z.size:
        raise ValueError(f"{len(tokens)} tokens are named, but there are {z.size} logits")
    steps = np.rint(np.sort(z.astype(np.float64))[::-1] / STEP).astype(np.int64)
    falls = bytearray()
    for fall in (steps[:-1] - steps[1:]).tolist():
        while fall >= 128:
            falls.append(fall % 128 + 128)
            fall //= 128
        falls.append(fall)
    text = base64.b64encode(falls).decode("ascii")
    return {"name": name, "tokens": list(tokens), "size": z.size, "top": int(steps[0]), "falls": text}


def decode(prompt: Prompt) -> Float[Array, " V"]:
    """All logits of a prompt, from the largest to the smallest. Do not write into them.

    Raises:  ValueError for a dict that is not a prompt.
    """
    missing = [key for key in KEYS if key not in prompt]
    if missing:
        raise ValueError(f"a prompt needs {', '.join(KEYS)}; {', '.join(missing)} is missing")
    return _decode(prompt["top"], prompt["falls"], prompt["size"])


def prompt_of(loaded: "LoadedModel", text: str, *, chat: bool = False) -> Prompt:
    """Ask the model what follows a text, or with ``chat`` how its answer to a question begins."""
    from llmcourse.inference.chat import conversation_tokens  # here, because the prompts on disk need no model
    from llmcourse.inference.generate import next_logits

    tokenizer = loaded.tokenizer
    ids = conversation_tokens(tokenizer, [{"role": "user", "content": text}]) if chat else tokenizer.encode(text)
    z = next_logits(loaded.model, ids)
    best = np.argsort(-z, kind="stable")[:NAMED].tolist()
    # Text where the token is text; a part of a character is spelled as its bytes.
    spelled = [(i, tokenizer.decode([i])) for i in best]
    names = [tokenizer.token_text(i) if "\ufffd" in token else token for i, token in spelled]
    return encode(z, names, name=f"Question: {text}" if chat else f"{text} …")


@lru_cache(maxsize=1)
def shipped() -> list[Prompt]:
    """The prompts that the site ships: SmolLM2-135M-Instruct after TEXTS and QUESTIONS. Do not change them.

    Raises:  FileNotFoundError where the course's repository is not at hand; ``prompt_of`` makes prompts of a model.
    """
    if not FILE.exists():
        raise FileNotFoundError(
            f"no {FILE.parent.name}/{FILE.name}: run tools/softmax_data.py, or give prompts of your own "
            "(prompt_of), or none"
        )
    script = FILE.read_text(encoding="utf-8")
    return json.loads(script[script.index("[") : script.rindex("]") + 1])


def shipped_logits(text: str) -> Float[Array, " V"]:
    """The model's logits after one of TEXTS or QUESTIONS, from the largest to the smallest.

    Raises:  ValueError for another text.
    """
    for prompt in shipped():
        if prompt["name"] in (f"{text} …", f"Question: {text}"):
            return decode(prompt)
    raise ValueError(f"no logits are stored after {text!r}; there are {', '.join(map(repr, TEXTS + QUESTIONS))}")


@lru_cache(maxsize=16)
def _decode(top: int, falls: str, size: int) -> Float[Array, " V"]:
    packed = np.frombuffer(base64.b64decode(falls), dtype=np.uint8).astype(np.int64)
    ends = np.flatnonzero(packed < 128)  # the last byte of each number
    if ends.size != size - 1 or (packed.size and ends[-1:] != packed.size - 1):
        raise ValueError(f"{size} logits need {size - 1} differences, got {ends.size}")
    number = np.searchsorted(ends, np.arange(packed.size))  # which number each byte belongs to
    place = np.arange(packed.size) - np.concatenate([[0], ends[:-1] + 1])[number] if packed.size else packed
    fall = np.zeros(size - 1, dtype=np.int64)
    np.add.at(fall, number, (packed % 128) << (7 * place))
    z = (top - np.concatenate([[0], fall.cumsum()])) * STEP
    z.flags.writeable = False
    return z
