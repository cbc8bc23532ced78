r"""The attention weights of one text, small enough for a page: a byte each, in a plain structure (numpy).

A *trace* is a dict that JSON can hold:

    name            which of SENTENCES it is; empty for any other text
    tokens          the text of each token
    ids             the number of each token in the vocabulary: equal numbers, same token
    layers, heads   how many
    weights         base64 of layers × heads × T(T + 1)/2 bytes: by layer, head and query t, the keys 0 … t

A byte is $b = \mathrm{round}(255 \sqrt{A})$, and is read back as $\hat A_{ts} = b_{ts}^2 / \sum_u b_{tu}^2$, so that
each row sums to 1 again. Roots, because they spend most of the 256 steps on small weights.

How wrong that is: the roots of a row of n weights are a vector of length 1. Rounding moves none of the n numbers by
more than 1/510, so the vector turns by an angle θ with sin θ ≤ √n/510. For two unit vectors u and r the matrix
uuᵀ − rrᵀ has the norm sin θ, and its diagonal holds the errors $\hat A - A$. So no weight is off by more than √n/510,
and neither is the weight of any set of keys: 0.010 at the worst for 25 tokens.
"""

import base64
import json
import math
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from llmcourse.explore.loaded import Loaded
from llmcourse.shapes import Array, Float

MIN_TOKENS, MAX_TOKENS = 2, 64
FOLDER = Path(__file__).parents[3] / "book/assets/data"  # what the site ships, attention_NAME.js
KEYS = ("name", "tokens", "ids", "layers", "heads", "weights")
STEPS = 255

Trace = dict[str, Any]


def encode(weights: Float[Array, "layers H T T"], tokens: list[str], ids: list[int], *, name: str = "") -> Trace:
    """The trace of causal attention weights.

    Raises:  ValueError for another number of tokens than of weights, for too few or too many, for a row that does not
             sum to 1.
    """
    layers, heads, size, _ = weights.shape
    if not len(tokens) == len(ids) == size:
        raise ValueError(f"{len(tokens)} tokens and {len(ids)} ids for {size} rows of weights")
    _check_size(size)
    totals = np.tril(weights).sum(axis=-1, dtype=np.float64)
    if not np.allclose(totals, 1.0, rtol=0, atol=1e-5):
        worst = totals.flat[np.abs(totals - 1.0).argmax()]
        raise ValueError(f"each row must sum to 1 over the keys up to its own place; the worst sums to {worst:.6g}")
    packed = np.rint(STEPS * np.sqrt(weights[:, :, *np.tril_indices(size)])).astype(np.uint8)  # (layers, H, T(T+1)/2)
    text = base64.b64encode(packed.tobytes()).decode("ascii")
    return {"name": name, "tokens": tokens, "ids": ids, "layers": layers, "heads": heads, "weights": text}


def decode(trace: Trace) -> Float[Array, "layers H T T"]:
    """The weights of a trace, each row summing to 1, zero ahead of the query. Do not write into them.

    Raises:  ValueError for a dict that is not a trace.
    """
    check_trace(trace)
    return _decode(trace["weights"], trace["layers"], trace["heads"], len(trace["tokens"]))


def error_bound(size: int) -> float:
    """How far a weight of a trace of ``size`` tokens can be from the model's own: √size / 510.

    >>> error_bound(25)
    0.00980392156862745
    """
    return math.sqrt(size) / (2 * STEPS)


def check_trace(trace: Trace) -> None:
    """Raise ValueError unless the dict is a trace, as this module describes it."""
    missing = [key for key in KEYS if key not in trace]
    if missing:
        raise ValueError(f"a trace needs {', '.join(KEYS)}; {', '.join(missing)} is missing")
    size, layers, heads = len(trace["tokens"]), trace["layers"], trace["heads"]
    if len(trace["ids"]) != size:
        raise ValueError(f"the trace has {len(trace['ids'])} ids for {size} tokens")
    _check_size(size)
    expected = layers * heads * size * (size + 1) // 2
    got = len(base64.b64decode(trace["weights"]))
    if got != expected:
        raise ValueError(f"{layers} layers × {heads} heads × {size} tokens need {expected} bytes of weights, got {got}")


def trace_of(loaded: Loaded, text: str, *, name: str = "") -> Trace:
    """Run the model on a text and keep its attention.

    Raises:  ValueError for fewer than 2 or more than 64 tokens.
    """
    ids = loaded.tokenizer.encode(text)
    _check_size(len(ids))
    return encode(model_weights(loaded, ids), [loaded.tokenizer.decode([i]) for i in ids], ids, name=name)


def model_weights(loaded: Loaded, ids: list[int]) -> Float[Array, "layers H T T"]:
    """The attention weights of each layer and head, unrounded."""
    import torch  # here, because a trace on disk needs no model

    from llmcourse.transformer.record import Record

    record = Record("weights")
    with torch.inference_mode():
        loaded.model(torch.tensor([ids]), record=record, last_only=True)
    return torch.stack(record.weights)[:, 0].numpy()  # (layers, 1, H, T, T) -> (layers, H, T, T)


@lru_cache(maxsize=16)
def read_trace(name: str) -> Trace:
    """The trace that the site ships for one of SENTENCES.

    Raises:  FileNotFoundError where the course's repository is not at hand; a model can compute the trace anew.
    """
    path = FOLDER / f"attention_{name}.js"
    if not path.exists():
        raise FileNotFoundError(
            f"no {path.name} in {FOLDER.parent.name}/{FOLDER.name}: run tools/attention_traces.py, or use "
            "AttentionExplorer.from_text with a loaded model"
        )
    script = path.read_text(encoding="utf-8")
    return json.loads(script[script.index("{") : script.rindex("}") + 1])


def _check_size(size: int) -> None:
    if not MIN_TOKENS <= size <= MAX_TOKENS:
        raise ValueError(f"a trace holds {MIN_TOKENS} to {MAX_TOKENS} tokens, got {size}")


@lru_cache(maxsize=16)
def _decode(weights: str, layers: int, heads: int, size: int) -> Float[Array, "layers H T T"]:
    packed = np.frombuffer(base64.b64decode(weights), dtype=np.uint8).reshape(layers, heads, -1)
    squares = np.zeros((layers, heads, size, size))
    squares[:, :, *np.tril_indices(size)] = packed.astype(np.float64) ** 2
    totals = squares.sum(axis=-1, keepdims=True)
    if not totals.all():
        raise ValueError("a row of the trace has no weight at all")
    decoded = squares / totals
    decoded.flags.writeable = False
    return decoded
