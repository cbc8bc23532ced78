"""SmolLM2's scores of the choices of our question set, in several formats, small enough for a page (numpy).

A *set* is a dict that JSON can hold: ``name``, ``scores`` (for each question one number for each choice, of which a
softmax makes probabilities) and ``answer`` (the place of the right choice). ``tools/choice_data.py`` makes the shipped
ones from chapters/11_evaluation/02_calibration.json.
"""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from llmcourse.shapes import Array, Float, Integer

ASSET = "choice_scores"
FILE = Path(__file__).parents[3] / f"book/assets/data/{ASSET}.js"
KEYS = ("name", "scores", "answer")

ChoiceSet = dict[str, Any]


def decode(one: ChoiceSet) -> tuple[Float[Array, "N V"], Integer[Array, " N"]]:
    """The scores and the places of the right choices.

    Raises:  ValueError for a missing key, rows of different lengths, what is not finite, or answers that do not fit.
    """
    missing = [key for key in KEYS if key not in one]
    if missing:
        raise ValueError(f"a set needs {', '.join(KEYS)}; {', '.join(missing)} is missing")
    lengths = {len(row) for row in one["scores"]}
    if len(lengths) != 1 or min(lengths) < 2:
        raise ValueError(f"each question needs the same number of choices, 2 or more, got {sorted(lengths)}")
    z, answer = np.array(one["scores"], dtype=float), np.array(one["answer"])
    if len(z) != len(answer):
        raise ValueError(f"there are {len(z)} rows of scores and {len(answer)} answers")
    if not np.isfinite(z).all():
        raise ValueError(f"{(~np.isfinite(z)).sum()} of {z.size} scores are not finite")
    wrong = (answer < 0) | (answer >= z.shape[1])
    if wrong.any():
        raise ValueError(f"an answer must lie in 0 ... {z.shape[1] - 1}, got {answer[wrong][0]}")
    return z, answer


@lru_cache(maxsize=1)
def _stored() -> str:
    text = FILE.read_text(encoding="utf-8")
    return text[text.index(",") + 1 : text.rindex(")")]


def shipped() -> list[ChoiceSet]:
    """The sets that the site ships."""
    return json.loads(_stored())
