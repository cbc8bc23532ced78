"""Measure what page 11.4 reports: python tools/measure_hallucination.py

It writes chapters/11_evaluation/04_hallucination.json: for each question of ``short_answers`` the greedy answer of
SmolLM2-135M-Instruct and ten answers that were sampled at temperature 1, each with its log-probability (of the line end
too) and its tokens. Question number i is sampled with seed i, so that each can be drawn again. About 8 minutes on one
core.
"""

import json
import sys
from pathlib import Path

import torch

from llmcourse.evaluation.asking import Asker
from llmcourse.evaluation.short_answers import load_short_questions
from llmcourse.files import replacing
from llmcourse.transformer.checkpoint import load
from llmcourse.transformer.threads import one_thread

RESULTS = Path(__file__).parents[1] / "chapters/11_evaluation/04_hallucination.json"
COMMAND = "python tools/measure_hallucination.py"
SAMPLES = 10


def main() -> None:
    """Ask everything and write the file."""
    questions = load_short_questions()
    limit = int(sys.argv[1]) if len(sys.argv) > 1 else len(questions)
    rows = []
    with one_thread():  # the sums, and with them the draws, are then the same on any number of cores
        asker = Asker(load("smollm2-135m"))
        for i, short in enumerate(questions[:limit]):
            generator = torch.Generator().manual_seed(i)
            (best,) = asker.answers(short.question.question, count=1, temperature=0.0, generator=generator)
            drawn = asker.answers(short.question.question, count=SAMPLES, temperature=1.0, generator=generator)
            rows.append(
                {"id": short.question.id, "greedy": best.as_json(), "samples": [one.as_json() for one in drawn]}
            )
            print(i, short.question.question, "|", best.text, short.is_right(best.text), flush=True)
    if limit < len(questions):
        return  # a trial
    head = json.dumps({"command": COMMAND, "temperature": 1.0, "samples": SAMPLES})[:-1]
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    RESULTS.parent.mkdir(exist_ok=True)
    with replacing(RESULTS) as path:
        path.write_text(f'{head}, "rows": [\n{lines}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
