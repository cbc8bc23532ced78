"""Let two models answer the questions of ``evaluation/questions.json``, for the leaderboard of page 11.3.

    nice python tools/measure_leaderboard.py

SmolLM2 and the course GPT are asked alike ("cloze"), and the course GPT once more without the question ("blind"): how
likely is each choice as a piece of text? For each question the log-likelihood of each choice, in nats, and its
number of tokens. Written to chapters/11_evaluation/03_error_bars.json; some five minutes of one core. Replies are kept
in _build/leaderboard.jsonl, so that an interrupted run goes on.
"""

import json
from dataclasses import replace
from pathlib import Path

import torch
from tqdm import tqdm

from llmcourse.evaluation.harness import Request, Store
from llmcourse.evaluation.prompts import cloze
from llmcourse.evaluation.questions import Question, load_questions
from llmcourse.evaluation.reader import Reader
from llmcourse.files import replacing
from llmcourse.transformer.checkpoint import load
from llmcourse.transformer.saved import course_gpt

ROOT = Path(__file__).resolve().parents[1]
OUTPUT, STORE = ROOT / "chapters/11_evaluation/03_error_bars.json", ROOT / "_build/leaderboard.jsonl"
DIGITS = 4


def blind(question: Question) -> Request:
    """The choices after "Answer:", with no question before it."""
    return replace(cloze(question), context="Answer:")


def main() -> None:
    """Ask what is missing and write one line for each model and prompt."""
    torch.set_num_threads(1)
    STORE.parent.mkdir(exist_ok=True)
    questions, store = load_questions(), Store(STORE)
    small, smol = course_gpt(), load("smollm2-135m")
    course = Reader("course-gpt", small.model, small.tokenizer, capacity=small.config.context)
    larger = Reader("smollm2-135m", smol.model, smol.tokenizer)
    lines = []
    for name, reader, prompt in (
        ("SmolLM2", larger, cloze),
        ("course GPT", course, cloze),
        ("course GPT, blind", course, blind),
    ):
        replies = [store.reply(reader, prompt(question)) for question in tqdm(questions, desc=name)]
        row: dict = {"name": name, "logp": [[round(logp, DIGITS) for logp in reply.logp] for reply in replies]}
        row["tokens"] = [list(reply.tokens) for reply in replies]
        lines.append(json.dumps(row, separators=(",", ":")))
    head = {"command": "python tools/measure_leaderboard.py", "ids": [question.id for question in questions]}
    with replacing(OUTPUT) as part:
        text = json.dumps(head)[:-1] + ',\n"replies": [\n' + ",\n".join(lines) + "\n]}\n"
        part.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
