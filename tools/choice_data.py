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
    ("by letters, after 4 examples", "letters, 4 examples", "sum"),
    ("by letters, in a chat", "letters, chat", "sum"),
)


def main() -> None:
    """One classic script with all sets that were measured, their scores rounded to four decimals."""
    stored = json.loads(REPLIES.read_text(encoding="utf-8"))
    questions = {q.id: q for q in load_questions()}
    asked = [questions[name] for name in stored["ids"]]
    sets = []
    for name, how, per in SETS:
        rows, answers = [], []
        for order in stored["formats"].get(how, [])[:1]:  # the choices as they stand in the file
            for question, logp, tokens in zip(asked, order["logp"], order["tokens"], strict=True):
                sizes = {"sum": [1] * 4, "token": tokens, "byte": [len(c.encode()) for c in question.choices]}[per]
                rows.append([round(x / size, 4) for x, size in zip(logp, sizes, strict=True)])
                answers.append(question.answer)
        if rows:
            sets.append({"name": name, "scores": rows, "answer": answers})
    FILE.write_text(data_script(ASSET, sets), encoding="utf-8", newline="\n")
    print(f"{FILE.name}: {FILE.stat().st_size:,} bytes, {', '.join(one['name'] for one in sets)}")


if __name__ == "__main__":
    main()
