"""A small Llama as bytes for a page: int8 rows, a description that JSON can hold, and pieces to load (numpy).

The **bytes**: first every matrix, row after row, one signed byte for each weight (``learning.quantize``); then, in the
same order, the scales of their rows; then the gains of the norms. Scales and gains are float32, little-endian. What
reads them is decoder.js; ``quantized`` gives the model that they stand for, so that both can be held to each other.

The **description** is a dict: ``config`` (what decoder.js needs of it), ``matrices`` and ``gains`` (name and shape, in
the order of the bytes), ``bytes`` and ``sum`` (how many there must be, and their Adler-32 sum: a browser may hold old
pieces of a model that has changed since), ``parts``, and ``tokenizer``: ``letters``, the 256 + n tokens as bpe_files
writes them, ``texts``, the same for the eye, ``merges``, triples of two ids and the one they become, ``special``,
``begin``, the token that a text begins with, and ``since``, letters younger than the tokenizer (``pretokenize``).
"""

import base64
import copy
import zlib
from typing import Any

import numpy as np

from llmcourse.explore.loaded import Loaded
from llmcourse.language.bpe_files import letters
from llmcourse.language.pretokenize import SINCE_UNICODE_16
from llmcourse.learning.quantize import dequantize_rows, quantize_rows

__all__ = ["BEGIN", "PIECE", "TOLERANCE", "describe", "packed", "pieces", "quantized"]

BEGIN = "<|endoftext|>"  # stands between two texts, and so before the first
TOLERANCE = 0.5  # logits: tools/playground_data.py ships no model that rounding to bytes moves by more
PIECE = 3 * 2**16  # bytes in one piece: 256 KiB of base64, without padding but for the last one
_NEEDED = {
    "norm": "rms", "norm_place": "pre", "positions": "rotary", "rope_pairs": "interleaved", "rope_scaling": None,
    "activation": "swiglu", "bias": False, "tied": True,
}  # fmt: skip
_SIZES = ("vocab", "width", "layers", "heads", "ffn_width", "context", "norm_eps", "rope_base")


def packed(model: Any) -> bytes:
    """The bytes of a model, as the module describes them.

    Raises:  ValueError for a config that decoder.js does not compute.
    """
    _check(model.config)
    rows = [quantize_rows(w) for w in _matrices(model).values()]
    parts = [one.q.tobytes() for one in rows]
    parts += [one.scale.astype("<f4").tobytes() for one in rows]
    parts += [gain.astype("<f4").tobytes() for gain in _gains(model).values()]
    return b"".join(parts)


def pieces(data: bytes) -> list[str]:
    """The bytes in pieces of at most ``PIECE``, each in base64: what a page loads one after another.

    >>> [len(piece) for piece in pieces(bytes(200_000))]
    [262144, 4524]
    """
    return [base64.b64encode(data[i : i + PIECE]).decode("ascii") for i in range(0, len(data), PIECE)]


def describe(loaded: Loaded, data: bytes) -> dict[str, Any]:
    """What a page must know to read the bytes of this model and to cut texts into its tokens.

    Raises:  ValueError for a config or a tokenizer that the scripts do not compute.
    """
    model, tokenizer = loaded.model, loaded.tokenizer
    _check(model.config)
    if tokenizer.pattern != "gpt2":
        raise ValueError(f"bpe.js cuts texts by the rule 'gpt2', got {tokenizer.pattern!r}")
    if list(tokenizer.special) != [BEGIN]:
        raise ValueError(f"a text begins with {BEGIN}, the only special token; got {list(tokenizer.special)}")
    special = set(tokenizer.special.values())
    ids = {token: i for i, token in enumerate(tokenizer.tokens) if i not in special}
    return {
        "config": {name: getattr(model.config, name) for name in _SIZES},
        "matrices": [[name, *w.shape] for name, w in _matrices(model).items()],
        "gains": [[name, gain.size] for name, gain in _gains(model).items()],
        "bytes": len(data),
        "sum": zlib.adler32(data),
        "parts": len(pieces(data)),
        "tokenizer": {
            "letters": ["" if i in special else letters(token) for i, token in enumerate(tokenizer.tokens)],
            "texts": [tokenizer.token_text(i) for i in range(len(tokenizer))],
            "merges": [[a, b, ids[tokenizer.tokens[a] + tokenizer.tokens[b]]] for a, b in tokenizer.merges],
            "special": tokenizer.special,
            "begin": tokenizer.special[BEGIN],
            "since": SINCE_UNICODE_16.split(),
        },
    }


def quantized(model: Any) -> Any:
    """A copy of the model whose matrices are what their bytes stand for."""
    import torch  # here, because the bytes of a model that is on disk need none

    other = copy.deepcopy(model)
    parameters = dict(other.named_parameters())
    with torch.no_grad():
        for name, w in _matrices(model).items():
            parameters[name].copy_(torch.from_numpy(dequantize_rows(quantize_rows(w))))
    return other


def _arrays(model: Any) -> dict[str, np.ndarray]:
    return {name: p.detach().float().numpy() for name, p in model.named_parameters()}


def _matrices(model: Any) -> dict[str, np.ndarray]:
    return {name: w for name, w in _arrays(model).items() if w.ndim == 2}


def _gains(model: Any) -> dict[str, np.ndarray]:
    return {name: w for name, w in _arrays(model).items() if w.ndim == 1}


def _check(config: Any) -> None:
    for name, value in _NEEDED.items():
        if getattr(config, name) != value:
            raise ValueError(f"decoder.js computes {name}={value!r} only, got {getattr(config, name)!r}")
    if config.groups != config.heads:
        raise ValueError(f"decoder.js needs as many key heads as query heads, got {config.groups} for {config.heads}")
    for name in ("width", "ffn_width"):
        if getattr(config, name) % 4:
            raise ValueError(f"decoder.js multiplies four numbers at a time, got {name}={getattr(config, name)}")
