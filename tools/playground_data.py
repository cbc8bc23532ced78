"""Write book/assets/data/course_gpt*.js: the course GPT in one byte per weight, for the widget GPTPlayground.

    .venv/bin/python tools/playground_data.py

Run again when the model changes. Prints what rounding to bytes costs on text that the model has not learned from, and
writes nothing if a logit moves by more than the widget says (gpt_weights.TOLERANCE).
"""

from pathlib import Path
from typing import Any

import numpy as np

from llmcourse.explore.bundle import data_script
from llmcourse.explore.gpt_playground import ASSET
from llmcourse.explore.gpt_reading import read
from llmcourse.explore.gpt_weights import BEGIN, TOLERANCE, describe, packed, pieces, quantized
from llmcourse.explore.loaded import Loaded
from llmcourse.learning.corpus import course_corpus
from llmcourse.transformer.saved import course_gpt

FOLDER = Path(__file__).parents[1] / "book/assets/data"
PASSAGES, MOST = 40, 3_000_000  # passages of validation text to measure on; bytes that a page may load


def passages(loaded: Loaded) -> list[list[int]]:
    """Tokens of passages that start at even distances in the validation text, each as long as the context."""
    text = "".join(course_corpus().validation)
    begin, context = loaded.tokenizer.special[BEGIN], loaded.model.config.context
    starts = np.linspace(0, len(text) - 5 * context, PASSAGES).astype(int)
    return [[begin, *loaded.tokenizer.encode(text[i : i + 5 * context])][:context] for i in starts]


def cost(loaded: Loaded, other: Any) -> dict[str, float]:
    """The largest and the mean change of a logit, and the mean surprise of a token before and after, in bits."""
    pairs = [(read(loaded.model, ids), read(other, ids)) for ids in passages(loaded)]
    moved = np.array([np.abs(a.logits - b.logits) for a, b in pairs])
    before, after = (np.mean([pair[i].surprises() for pair in pairs]) for i in (0, 1))
    return {"largest": float(moved.max()), "mean": float(moved.mean()), "before": before, "after": after}


def main() -> None:
    """A script with the description, and one with each piece."""
    loaded = course_gpt()
    found = cost(loaded, quantized(loaded.model))
    print(f"on {PASSAGES} passages a logit moves by {found['mean']:.3f} on average, {found['largest']:.3f} at most;")
    print(f"the surprise of a token goes from {found['before']:.4f} to {found['after']:.4f} bits")
    if found["largest"] > TOLERANCE:
        raise SystemExit(f"that is more than the {TOLERANCE} logits that the widget states: raise TOLERANCE")
    data = packed(loaded.model)
    scripts = {ASSET: data_script(ASSET, describe(loaded, data))}
    for i, piece in enumerate(pieces(data)):
        scripts[f"{ASSET}_{i}"] = data_script(f"{ASSET}_{i}", piece)
    size = sum(map(len, scripts.values()))
    if size > MOST:
        raise SystemExit(f"{size:,} bytes are more than the {MOST:,} that a page may load")
    for path in FOLDER.glob(f"{ASSET}*.js"):
        path.unlink()
    for name, script in scripts.items():
        (FOLDER / f"{name}.js").write_text(script, encoding="utf-8", newline="\n")
    print(f"{len(scripts)} files, {size:,} bytes")


if __name__ == "__main__":
    main()
