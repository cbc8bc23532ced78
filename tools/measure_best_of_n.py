"""Draws of SmolLM2 to choose the best of, for page 10.2: python tools/measure_best_of_n.py

16 answers to each of 24 requests, at temperature 1 from the whole distribution, with their log-probabilities: three
minutes on one core that is not busy. What is there already is kept, so a run that was stopped can go on. What counts as
a good answer is not decided here: the page defines its rewards and applies them to these texts.
"""

import json
from pathlib import Path

import torch

from llmcourse.files import replacing
from llmcourse.inference.chat import conversation_tokens
from llmcourse.inference.many import sample_many
from llmcourse.transformer.checkpoint import load

RESULTS = Path(__file__).parents[1] / "chapters/10_alignment/02_draws.json"
COMMAND = "python tools/measure_best_of_n.py"
ANSWERS, LONGEST, SEED = 16, 36, 0
REQUESTS = {  # each with the word, or its beginning, that an answer to the point would hardly leave out
    "describe a walk in the woods": "wood",
    "describe a rainy Monday morning": "monday",
    "tell me about the city of Lisbon": "lisbon",
    "describe the taste of bread": "bread",
    "introduce a new colleague named Ana": "ana",
    "say what a library is for": "librar",
    "tell a friend about your day": "day",
    "describe a train journey": "train",
    "describe a cup of coffee": "coffee",
    "describe a winter evening": "winter",
    "tell me about the river Danube": "danube",
    "describe the sound of the ocean": "ocean",
    "introduce a new neighbor named Marco": "marco",
    "say what a bicycle is for": "bicycl",
    "tell a friend about your dog": "dog",
    "describe a football match": "football",
    "describe an old kitchen": "kitchen",
    "tell me about the city of Oslo": "oslo",
    "describe the taste of lemons": "lemon",
    "say what a bridge is for": "bridge",
    "describe a visit to the dentist": "dentist",
    "describe a mountain": "mountain",
    "tell me about the moon": "moon",
    "describe a piano lesson": "piano",
}


def main() -> None:
    """Draw what is missing, and write the file after each request."""
    found = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    found |= {"command": COMMAND, "model": "smollm2-135m", "longest": LONGEST, "seed": SEED}
    found.setdefault("requests", [])
    loaded = load("smollm2-135m")
    for number, (task, subject) in enumerate(REQUESTS.items()):
        request = f"In one sentence, {task}."
        if number < len(found["requests"]):
            found["requests"][number]["subject"] = subject
            continue
        drawn = sample_many(
            loaded.model,
            conversation_tokens(loaded.tokenizer, [{"role": "user", "content": request}]),
            count=ANSWERS,
            temperature=1.0,
            max_new=LONGEST,
            stop=loaded.stop,
            generator=torch.Generator().manual_seed(SEED + number),
        )
        answers = [
            {
                "text": loaded.tokenizer.decode(one.tokens),
                "logp": round(one.logp, 3),
                "tokens": len(one.tokens),
                "ended": one.ended,
            }
            for one in drawn
        ]
        found["requests"].append({"request": request, "subject": subject, "answers": answers})
        with replacing(RESULTS) as part:
            part.write_text(json.dumps(found, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
        print(f"{number + 1}/{len(REQUESTS)}: {answers[0]['text'][:70]!r}", flush=True)


if __name__ == "__main__":
    main()
