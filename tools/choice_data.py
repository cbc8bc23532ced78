"""Write book/assets/data/choice_scores.js: what SmolLM2 said to our question set, for the widget CalibrationExplorer.

    .venv/bin/python tools/choice_data.py

Takes no time: the replies are in chapters/11_evaluation/02_calibration.json (tools/measure_choices.py).
"""

import json
from pathlib import Path

from llmcourse.evaluation.questions import load_questions
from llmcourse.explore.bundle import data_script
from llmcourse.explore.choice_scores import ASSET, FILE

REPLIES = Path(__file__).parents[1] / "chapters/11_evaluation/02_calibration.json"
SETS = (  # name, format, what the log-likelihoods are divided by
    ("in words, sum over tokens", "cloze", "sum"),
    ("in words, mean per token", "cloze", "token"),
    ("in words, mean per byte", "cloze", "byte"),
    ("by letters", "letters", "sum"),
)


def main() -> None:
    """One classic script with all sets, their scores rounded to four decimals."""
    stored = json.loads(REPLIES.read_text(encoding="utf-8"))
    questions = {q.id: q for q in load_questions()}
    asked = [questions[name] for name in stored["ids"]]
    sets = []
    for name, how, per in SETS:
        rows, order = [], stored["formats"][how][0]  # the choices as they stand in the file
        for question, logp, tokens in zip(asked, order["logp"], order["tokens"], strict=True):
            sizes = {"sum": [1] * 4, "token": tokens, "byte": [len(c.encode()) for c in question.choices]}[per]
            rows.append([round(x / size, 4) for x, size in zip(logp, sizes, strict=True)])
        sets.append({"name": name, "scores": rows, "answer": [q.answer for q in asked]})
    FILE.write_text(data_script(ASSET, sets), encoding="utf-8", newline="\n")
    print(f"{FILE.name}: {FILE.stat().st_size:,} bytes, {', '.join(one['name'] for one in sets)}")


if __name__ == "__main__":
    main()
