"""Ask SmolLM2 the questions of ``evaluation/questions.json`` in several formats, and keep what it replies.

    nice python tools/measure_choices.py                     all formats; those that the store holds are not repeated
    nice python tools/measure_choices.py --formats cloze

For each format, each question and each order of its choices: the log-likelihood of each choice, in nats, and its number
of tokens. Pages 11.2 and 11.3 read chapters/11_evaluation/02_calibration.json. Replies are stored one by one in
_build/choices.jsonl, so that an interrupted run goes on; a format takes about three minutes of one core for each order.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import torch
from tqdm import tqdm

from llmcourse.evaluation.harness import Store
from llmcourse.evaluation.prompts import Prompt, cloze, lettered, shifted
from llmcourse.evaluation.questions import load_questions
from llmcourse.evaluation.reader import Reader
from llmcourse.files import replacing
from llmcourse.transformer.checkpoint import load

ROOT = Path(__file__).resolve().parents[1]
OUTPUT, STORE = ROOT / "chapters/11_evaluation/02_calibration.json", ROOT / "_build/choices.jsonl"
MODEL = "smollm2-135m"
EXAMPLES = (
    "chemistry-02",
    "geography-01",
    "grammar-03",
    "history-01",
)  # answers C, A, D, B; shown as examples, not asked
DIGITS = 4


@dataclass(frozen=True)
class Format:
    """A prompt, and the orders of the choices that are asked."""

    prompt: Prompt
    shifts: tuple[int, ...] = (0,)


FORMATS = {"cloze": Format(cloze), "letters": Format(lettered, (0, 1, 2, 3))}


def main() -> None:
    """Ask what is missing; write the file when all that it shall hold is there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1, help="threads of torch")
    parser.add_argument("--formats", nargs="+", help="names of formats to ask now; the file is written for all known")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    questions = {q.id: q for q in load_questions()}
    for name in EXAMPLES:
        del questions[name]
    loaded = load(MODEL)
    reader = Reader(MODEL, loaded.model, loaded.tokenizer, stop=loaded.stop)
    STORE.parent.mkdir(exist_ok=True)
    store = Store(STORE)
    found = {}
    for name in options.formats or FORMATS:
        orders: list[dict] = [{"shift": shift, "logp": [], "tokens": []} for shift in FORMATS[name].shifts]
        for question in tqdm(list(questions.values()), desc=name):
            for order in orders:
                reply = store.reply(reader, FORMATS[name].prompt(shifted(question, order["shift"])))
                order["logp"].append([round(logp, DIGITS) for logp in reply.logp])
                order["tokens"].append(list(reply.tokens))
        found[name] = orders
    old = json.loads(options.output.read_text(encoding="utf-8"))["formats"] if options.output.exists() else {}
    write(options.output, list(questions), {name: found.get(name, old.get(name)) for name in FORMATS})


def write(path: Path, ids: list[str], found: dict[str, list[dict] | None]) -> None:
    """The replies, one order of one format a line."""
    head = {"command": "python tools/measure_choices.py", "model": MODEL, "examples": EXAMPLES, "ids": ids}
    blocks = []
    for name, orders in found.items():
        lines = ",\n".join(json.dumps(order, separators=(",", ":")) for order in orders or ())
        blocks += [f"{json.dumps(name)}: [\n{lines}\n]"] if lines else []
    text = json.dumps(head)[:-1] + ',\n"formats": {\n' + ",\n".join(blocks) + "\n}}\n"
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
