"""Make SmolLM2 write in lower case by DPO, for page 10.3, and by its relatives, for page 10.4.

    python tools/tune_preferences.py pairs base 0.02 0.1 0.5 long again kept
    python tools/tune_preferences.py ipo kto simpo orpo

    pairs    the model's own answers, up to 32 tokens, to the questions of 01_sft_style.json, of which 40 are held out.
             The answer is the loser of a pair, the same in lower case is the winner: 03_dpo_pairs.json.
    base     the model as it is, measured on the pairs that are held out.
    0.1      LoRA beside the queries and values of all blocks, DPO with that β, measured in the same way.
    long     β = 0.02 and three times as many steps, the schedule stretched with them.
    again    the same with another seed: other adapters at the start, another order of the pairs.
    kept     the same as "long", with the winner's own surprise in the loss: each pull on a winner is β stronger.
    ipo      as 0.1, with another loss; so kto, simpo and orpo. KTO's z₀ is held at 0; afterwards it is estimated.

Up to three minutes of one core for each of the short runs, five to eleven for "long", "again" and "kept". All but the
pairs is added to chapters/10_alignment/03_dpo.json, the relatives to 04_relatives.json. Measured are the
log-probabilities of the held-out pairs, what the model says to the held-out questions (the pairs hold what it said
before), and its bits on four passages that have nothing to do with all this.
"""

import dataclasses
import json
import sys
import time
from functools import partial
from typing import Any

import torch
from torch import Tensor

from llmcourse.alignment.dpo import dpo_loss
from llmcourse.alignment.dpo_training import Pair, PairLoss, chat_pair, pair_logprobs, prefer
from llmcourse.alignment.lora import adapters, frozen_base, inject, save_adapter, trainable_count
from llmcourse.alignment.preferences import ipo_loss, kto_loss, orpo_loss, simpo_loss
from llmcourse.files import replacing
from llmcourse.inference.chat import conversation_tokens
from llmcourse.learning.recipe import Recipe
from llmcourse.transformer.checkpoint import LoadedModel, load
from tune_style import FOLDER, TARGETS, greedy_answers, messages_of, neutral_bits

QUESTIONS, PAIRS, RESULTS = (FOLDER / name for name in ("01_sft_style.json", "03_dpo_pairs.json", "03_dpo.json"))
COMMAND = "python tools/tune_preferences.py pairs base 0.02 0.1 0.5 long again kept"
LONGEST = 32  # tokens of an answer
TRAINING = 64  # questions to learn from
RECIPE = Recipe(steps=20, batch=4, length=128, rate=2e-3, warmup=2, weight_decay=0.0)
LONG = dataclasses.replace(RECIPE, steps=60)
LONG_RUNS = {  # recipe, β, and how much of the winner's surprise (nats) is added to the loss
    "long": (LONG, 0.02, 0.0),
    "again": (dataclasses.replace(LONG, seed=1), 0.02, 0.0),
    "kept": (LONG, 0.02, 0.02),
}
RANK, ALPHA = 4, 8.0
# What each relative is given. IPO: the τ of page 10.4's toy, a lead of 5 nats. KTO: DPO's β; at the start both push in
# DPO's direction, IPO 200 times as hard, KTO a quarter (Adam divides the size out). SimPO and ORPO: their authors'
# numbers for Llama-3-Base and for Mistral, from the repositories princeton-nlp/SimPO and xfactlab/orpo.
RELATIVES = {
    "ipo": {"tau": 0.1},
    "kto": {"beta": 0.1},
    "simpo": {"beta": 2.0, "gamma": 1.0},
    "orpo": {"weight": 0.1},
}
RELATIVES_RESULTS = FOLDER / "04_relatives.json"
RELATIVES_COMMAND = f"python tools/tune_preferences.py {' '.join(RELATIVES)}"
PER_TOKEN = ("simpo", "orpo")  # and without a reference
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


def preference_loss(
    win: Tensor, lose: Tensor, ref_win: Tensor, ref_lose: Tensor, *, beta: float, keep: float
) -> Tensor:
    """DPO's loss, and ``keep`` times the mean surprise of the winners, in nats per answer."""
    return dpo_loss(win, lose, ref_win, ref_lose, beta=beta) - keep * win.mean()


def relative_loss(name: str) -> PairLoss:
    """The loss of one of DPO's relatives, of four log-probabilities as ``prefer`` gives them."""
    numbers = RELATIVES[name]

    def loss(win: Tensor, lose: Tensor, ref_win: Tensor, ref_lose: Tensor) -> Tensor:
        match name:
            case "ipo":
                return ipo_loss(win, lose, ref_win, ref_lose, **numbers)
            case "kto":
                liked = torch.arange(2 * len(win)) < len(win)
                ratios = torch.cat([win - ref_win, lose - ref_lose])
                return kto_loss(ratios, liked, reference_point=torch.tensor(0.0), **numbers)
            case "simpo":
                return simpo_loss(win, lose, **numbers)
        return orpo_loss(win, lose, **numbers)

    return loss


def log_ratio_of_others(loaded: LoadedModel, entries: list[dict[str, Any]]) -> float:
    """The mean log-ratio of answers to *other* questions, winners and losers: KTO's z₀ where it is above 0."""
    others = entries[1:] + entries[:1]
    mixed = [pair_of(loaded, other | {"question": one["question"]}) for one, other in zip(entries, others, strict=True)]
    with torch.no_grad():
        now = torch.cat(pair_logprobs(loaded.model, mixed))
        with frozen_base(loaded.model):
            before = torch.cat(pair_logprobs(loaded.model, mixed))
    return (now - before).mean().item()


def run(name: str) -> dict[str, Any]:
    """The model as it is, or trained with the β or the loss of that name, and what came of it."""
    loaded, started = load("smollm2-135m"), time.perf_counter()
    data = json.loads(PAIRS.read_text(encoding="utf-8"))
    train, held_out = ([pair_of(loaded, entry) for entry in data[part]] for part in ("train", "held_out"))
    if name == "base":
        return measured(loaded, held_out)
    if name in RELATIVES:
        recipe, numbers, loss = RECIPE, RELATIVES[name], relative_loss(name)
    else:
        recipe, beta, keep = LONG_RUNS[name] if name in LONG_RUNS else (RECIPE, float(name), 0.0)
        numbers = {"beta": beta, "keep": keep}
        loss = partial(preference_loss, **numbers)
    generator = torch.Generator().manual_seed(recipe.seed)
    inject(loaded.model, rank=RANK, alpha=ALPHA, targets=TARGETS, generator=generator)
    result: dict[str, Any] = numbers | {"parameters": trainable_count(loaded.model)}
    result |= {"recipe": recipe.as_json(), "steps": []}
    for record in prefer(loaded.model, train, recipe, loss=loss, averaged=name in PER_TOKEN):
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
    if name == "kto":
        result["others"] = round(log_ratio_of_others(loaded, data["held_out"]), 3)
    prompts = [conversation_tokens(loaded.tokenizer, messages_of(entry)) for entry in data["held_out"]]
    return result | measured(loaded, held_out) | {"answers": greedy_answers(loaded, prompts, max_new=LONGEST)}


def main() -> None:
    """The named runs, one after the other, each written when it is done."""
    torch.set_num_threads(1)
    for name in sys.argv[1:]:
        if name == "pairs":
            write(PAIRS, make_pairs(load("smollm2-135m")))
            continue
        path, command = (RELATIVES_RESULTS, RELATIVES_COMMAND) if name in RELATIVES else (RESULTS, COMMAND)
        result = run(name)
        results = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        write(path, results | {name: result, "command": command})


if __name__ == "__main__":
    main()
