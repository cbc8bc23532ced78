"""Make SmolLM2 write in lower case by DPO, for page 10.3: python tools/tune_preferences.py pairs base 0.02 0.1 0.5 long

    pairs    the model's own answers, up to 32 tokens, to the questions of 01_sft_style.json, of which 40 are held out.
             The answer is the loser of a pair, the same in lower case is the winner: 03_dpo_pairs.json.
    base     the model as it is, measured on the pairs that are held out.
    0.1      LoRA beside the queries and values of all blocks, DPO with that β, measured in the same way.
    long     β = 0.02 and three times as many steps.

Three to four minutes of one core for each. All but the pairs is added to chapters/10_alignment/03_dpo.json. Measured
are the log-probabilities of the held-out pairs, what the model says to the held-out questions (the pairs hold what it
said before), and its bits on four passages that have nothing to do with all this.
"""

import dataclasses
import json
import sys
import time
from functools import partial
from typing import Any

import torch

from llmcourse.alignment.dpo import dpo_loss
from llmcourse.alignment.dpo_training import Pair, chat_pair, pair_logprobs, prefer
from llmcourse.alignment.lora import adapters, inject, save_adapter, trainable_count
from llmcourse.files import replacing
from llmcourse.inference.chat import conversation_tokens
from llmcourse.learning.recipe import Recipe
from llmcourse.transformer.checkpoint import LoadedModel, load
from tune_style import FOLDER, TARGETS, greedy_answers, messages_of, neutral_bits

QUESTIONS, PAIRS, RESULTS = (FOLDER / name for name in ("01_sft_style.json", "03_dpo_pairs.json", "03_dpo.json"))
COMMAND = "python tools/tune_preferences.py pairs base 0.02 0.1 0.5 long"
LONGEST = 32  # tokens of an answer
TRAINING = 64  # questions to learn from
RECIPE = Recipe(steps=20, batch=4, length=128, rate=2e-3, warmup=2, weight_decay=0.0)
LONG = dataclasses.replace(RECIPE, steps=60)
RANK, ALPHA = 4, 8.0
KEPT, ADAPTER = "0.1", FOLDER / "03_dpo.safetensors"  # whose adapter the page loads


def write(path: Any, value: Any) -> None:
    """The file, whole or not at all."""
    with replacing(path) as part:
        part.write_text(json.dumps(value, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")


def make_pairs(loaded: LoadedModel) -> dict[str, Any]:
    """The model's own answers, cut to LONGEST tokens, and the same in lower case."""
    entries = json.loads(QUESTIONS.read_text(encoding="utf-8"))
    found: dict[str, Any] = {"rule": "loser: the model's own answer (greedy); winner: the same text in lower case"}
    for part in ("train", "held_out"):
        some = entries[part][:TRAINING]
        prompts = [conversation_tokens(loaded.tokenizer, messages_of(entry)) for entry in some]
        answers = greedy_answers(loaded, prompts, max_new=LONGEST)
        found[part] = [{"question": e["question"], **answer} for e, answer in zip(some, answers, strict=True)]
    return found


def pair_of(loaded: LoadedModel, entry: dict[str, Any]) -> Pair:
    """One pair as tokens. An answer that was cut has no end mark: the model did not want to end there."""
    text = entry["text"]
    return chat_pair(loaded.tokenizer, messages_of(entry), text.lower(), text, ended=entry["ended"])


def measured(loaded: LoadedModel, pairs: list[Pair]) -> dict[str, Any]:
    """Log-probabilities of the pairs, and bits on neutral texts."""
    with torch.no_grad():
        win, lose = pair_logprobs(loaded.model, pairs)
    return {
        "win": [round(x, 3) for x in win.tolist()],
        "lose": [round(x, 3) for x in lose.tolist()],
        "neutral": neutral_bits(loaded),
    }


def run(name: str) -> dict[str, Any]:
    """The model as it is, or trained with the β of that name, and what came of it."""
    loaded, started = load("smollm2-135m"), time.perf_counter()
    data = json.loads(PAIRS.read_text(encoding="utf-8"))
    train, held_out = ([pair_of(loaded, entry) for entry in data[part]] for part in ("train", "held_out"))
    if name == "base":
        return measured(loaded, held_out)
    recipe, beta = (LONG, 0.02) if name == "long" else (RECIPE, float(name))
    generator = torch.Generator().manual_seed(recipe.seed)
    inject(loaded.model, rank=RANK, alpha=ALPHA, targets=TARGETS, generator=generator)
    result: dict[str, Any] = {"beta": beta, "parameters": trainable_count(loaded.model)}
    result |= {"recipe": recipe.as_json(), "steps": []}
    for record in prefer(loaded.model, train, recipe, loss=partial(dpo_loss, beta=beta)):
        result["steps"].append({key: round(value, 4) for key, value in record.items()})
        print(name, result["steps"][-1], flush=True)
    result["minutes"] = round((time.perf_counter() - started) / 60, 1)
    if name == KEPT:
        card = {
            "what": "SmolLM2-135M-Instruct writes in lower case",
            "command": f"python tools/tune_preferences.py {name}",
        }
        save_adapter(ADAPTER, loaded.model, card, dtype=torch.float16)
        for layer in adapters(loaded.model).values():  # measure what the page will load
            layer.a.data, layer.b.data = layer.a.data.half().float(), layer.b.data.half().float()
    prompts = [conversation_tokens(loaded.tokenizer, messages_of(entry)) for entry in data["held_out"]]
    return result | measured(loaded, held_out) | {"answers": greedy_answers(loaded, prompts, max_new=LONGEST)}


def main() -> None:
    """The named runs, one after the other, each written when it is done."""
    torch.set_num_threads(1)
    for name in sys.argv[1:]:
        if name == "pairs":
            write(PAIRS, make_pairs(load("smollm2-135m")))
            continue
        result = run(name)
        results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
        write(RESULTS, results | {name: result, "command": COMMAND})


if __name__ == "__main__":
    main()
