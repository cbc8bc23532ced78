"""Let the course GPT answer the questions of ``evaluation/questions.json``, for the leaderboard of page 11.3.

    nice python tools/measure_leaderboard.py

Beside SmolLM2's replies of tools/measure_choices.py: the course GPT asked as SmolLM2 is ("cloze"), and without the
question ("blind"), which shows how likely each choice is as a piece of text. For each question the log-likelihood of
each choice, in nats, and its number of tokens. Written to chapters/11_evaluation/03_error_bars.json; about a minute of
one core.
"""

import json
from dataclasses import replace
from pathlib import Path

import torch
from tqdm import tqdm

from llmcourse.evaluation.harness import Request
from llmcourse.evaluation.prompts import cloze
from llmcourse.evaluation.questions import Question, load_questions
from llmcourse.evaluation.reader import Reader
from llmcourse.files import replacing
from llmcourse.transformer.saved import course_gpt

OUTPUT = Path(__file__).resolve().parents[1] / "chapters/11_evaluation/03_error_bars.json"
DIGITS = 4


def blind(question: Question) -> Request:
    """The choices after "Answer:", with no question before it."""
    return replace(cloze(question), context="Answer:")


def main() -> None:
    """Ask everything and write one line for each prompt."""
    torch.set_num_threads(1)
    questions = load_questions()
    saved = course_gpt()
    reader = Reader("course-gpt", saved.model, saved.tokenizer, capacity=saved.config.context)
    lines = []
    for name, prompt in {"cloze": cloze, "blind": blind}.items():
        replies = [reader.reply(prompt(question)) for question in tqdm(questions, desc=name)]
        row: dict = {"prompt": name, "logp": [[round(logp, DIGITS) for logp in reply.logp] for reply in replies]}
        row["tokens"] = [list(reply.tokens) for reply in replies]
        lines.append(json.dumps(row, separators=(",", ":")))
    head = {
        "command": "python tools/measure_leaderboard.py",
        "model": "course GPT",
        "ids": [question.id for question in questions],
    }
    with replacing(OUTPUT) as part:
        text = json.dumps(head)[:-1] + ',\n"replies": [\n' + ",\n".join(lines) + "\n]}\n"
        part.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
