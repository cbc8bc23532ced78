"""How often do bootstrap intervals hold the truth? For page 11.3.

    nice python tools/measure_interval_coverage.py

The replies of 03_error_bars.json are the pool, and the gap of SmolLM2's two rules (sum less token), the mean over
topics, is the truth. From each of 2,000 sets drawn from the pool come a percentile and a BCa interval, with 1,000 draws
each. Written to chapters/11_evaluation/03_error_bars_coverage.json, one digit for each set; two minutes of one core.
"""

import json
from pathlib import Path

import numpy as np

from llmcourse.evaluation.harness import Reply, likelihood
from llmcourse.evaluation.intervals import Interval
from llmcourse.evaluation.paired import gap_over_groups
from llmcourse.evaluation.prompts import cloze
from llmcourse.evaluation.questions import load_questions
from llmcourse.evaluation.redrawing import holds
from llmcourse.evaluation.resampling import bca_interval, bootstrap, percentile_interval
from llmcourse.files import replacing

FOLDER = Path(__file__).resolve().parents[1] / "chapters/11_evaluation"
REPLIES, OUTPUT = FOLDER / "03_error_bars.json", FOLDER / "03_error_bars_coverage.json"
SETS, DRAWS = 2000, 1000


def rows_of_smollm2() -> np.ndarray:
    """Topic number, right by the sum, right per token; one row for each question."""
    measured = json.loads(REPLIES.read_text(encoding="utf-8"))
    known = {question.id: question for question in load_questions()}
    items = [known[name] for name in measured["ids"]]
    row = next(row for row in measured["replies"] if row["name"] == "SmolLM2")
    replies = [Reply(tuple(a), tuple(b)) for a, b in zip(row["logp"], row["tokens"], strict=True)]
    topics = sorted({question.topic for question in items})
    columns = [[topics.index(question.topic) for question in items]]
    for per in ("sum", "token"):
        score = likelihood(per)
        columns.append([score(q, cloze(q), reply).right for q, reply in zip(items, replies, strict=True)])
    return np.array(columns, dtype=float).T


def both(rows: np.ndarray, _: np.ndarray, rng: np.random.Generator) -> Interval:
    """The percentile and the BCa interval, from the same values."""
    values = bootstrap(gap_over_groups, rows, draws=DRAWS, rng=rng)
    ends = percentile_interval(values), bca_interval(gap_over_groups, rows, values)
    return Interval(*np.array(ends).T)


def main() -> None:
    """Count for both intervals."""
    rows = rows_of_smollm2()
    result: dict = {"command": "python tools/measure_interval_coverage.py", "draws": DRAWS}
    held = holds(both, rows, gap_over_groups(rows), samples=SETS, rng=np.random.default_rng(0))
    for name, one in zip(("percentile", "bca"), held.T, strict=True):
        result[name] = "".join("01"[bit] for bit in one.astype(int))
    with replacing(OUTPUT) as part:
        part.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
