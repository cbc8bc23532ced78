"""SmolLM2 as a judge of two answers: python tools/measure_judge.py

It writes chapters/10_alignment/04_judge.json. 48 questions of the course's own set are taken, each with its right
answer and one wrong one; the principle of the prompt asks for the correct answer. Each pair is shown in both orders;
what is kept is the log-odds of " A" against " B" as the next token. Two minutes on an idle core.
"""

import json
from pathlib import Path

import numpy as np

from llmcourse.evaluation.questions import load_questions
from llmcourse.files import replacing
from llmcourse.inference.cached import CachedReader
from llmcourse.transformer.checkpoint import load
from llmcourse.transformer.threads import one_thread

RESULTS = Path(__file__).parents[1] / "chapters/10_alignment/04_judge.json"
PRINCIPLE = "Two answers to a question are compared. Choose the answer that is correct.\n\n"
SHOWN = "Question: {}\nAnswer A: {}\nAnswer B: {}\nThe correct answer is Answer"
PAIRS = 48


def main() -> None:
    """Judge and write."""
    rng = np.random.default_rng(0)
    items = load_questions()
    chosen = [items[i] for i in sorted(rng.choice(len(items), PAIRS, replace=False))]
    with one_thread():
        loaded = load("smollm2-135m")
        reader = CachedReader(loaded.model, capacity=256)
        first, second = (loaded.tokenizer.encode(letter)[0] for letter in (" A", " B"))

        def log_odds(question: str, one: str, other: str) -> float:
            tokens = loaded.tokenizer.encode(PRINCIPLE + SHOWN.format(question, one, other))
            z = reader.logits(tokens)[0]
            return round(float(z[first] - z[second]), 4)

        rows = []
        for item in chosen:
            wrong = item.choices[(item.answer + int(rng.integers(1, 4))) % 4]
            odds = [log_odds(item.question, item.right, wrong), log_odds(item.question, wrong, item.right)]
            rows.append({"id": item.id, "wrong": wrong, "right_first": odds[0], "right_second": odds[1]})
            print(item.id, odds, flush=True)
    told = {"command": "python tools/measure_judge.py", "principle": PRINCIPLE, "shown": SHOWN}
    with replacing(RESULTS) as part:
        lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        part.write_text(f'{json.dumps(told)[:-1]}, "rows": [\n{lines}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
