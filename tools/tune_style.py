"""Teach SmolLM2 the format of page 10.1 in several ways: python tools/tune_style.py RUN [RUN ...]

Each run is added to chapters/10_alignment/01_sft.json. The runs, a few minutes each on an idle core:
    base        the model as it is
    asked       the model as it is, with the format described in the system message
    r1 r4 r16   LoRA of that rank beside the queries and values of all blocks; r4 is kept, as 01_sft_r4.safetensors
    full        all weights
    hot         r4 with a rate 25 times as high, 10 steps
    whole       r4 with a loss on the questions as well
"""

import json
import math
import re
import sys
import time
from pathlib import Path
from typing import Any

import torch

from llmcourse import data
from llmcourse.alignment.lora import adapters, inject, save_adapter, trainable_count
from llmcourse.alignment.sft import Example, chat_example, fine_tune, held_out_answer_loss
from llmcourse.evaluation.likelihood import sliding_surprises
from llmcourse.files import replacing
from llmcourse.inference.chat import Message, conversation_tokens
from llmcourse.learning.recipe import Recipe
from llmcourse.transformer.checkpoint import LoadedModel, load
from llmcourse.transformer.kv_cache import KVCache

FOLDER = Path(__file__).parents[1] / "chapters/10_alignment"
RESULTS, ADAPTER = FOLDER / "01_sft.json", FOLDER / "01_sft_r4.safetensors"
SYSTEM = "Reply in two lines. The first line begins with 'Answer:', the second line begins with 'Because:'."
TARGETS, ALPHA = ("to_q", "to_v"), 8.0
TARGETS_END = re.compile(rf"({'|'.join(TARGETS)})\.weight$")
LORA = Recipe(steps=25, batch=4, length=64, rate=4e-3, warmup=3, weight_decay=0.0, precision="bfloat16")
FULL = Recipe(steps=25, batch=4, length=64, rate=5e-5, warmup=3, weight_decay=0.0, precision="bfloat16")
HOT = Recipe(steps=10, batch=4, length=64, rate=0.1, schedule="constant", weight_decay=0.0, precision="bfloat16")
MAX_NEW = 48
NEUTRAL = ("alice29.txt", "asyoulik.txt", "lcet10.txt", "plrabn12.txt")  # 1,000 characters of each, from its middle


def messages_of(entry: dict[str, str], *, system: str = "") -> list[Message]:
    """The question as a conversation. An empty system message saves the reading of SmolLM2's own."""
    return [{"role": "system", "content": system}, {"role": "user", "content": entry["question"]}]


def demonstration(loaded: LoadedModel, entry: dict[str, str], *, whole: bool = False) -> Example:
    """The question and its answer in the format."""
    answer = {"role": "assistant", "content": f"Answer: {entry['answer']}\nBecause: {entry['because']}"}
    return chat_example(loaded.tokenizer, [*messages_of(entry), answer], whole=whole)


@torch.inference_mode()
def greedy_answers(
    loaded: LoadedModel, prompts: list[list[int]], *, batch: int = 10, max_new: int = MAX_NEW
) -> list[dict[str, Any]]:
    """What the model says to each prompt, its most likely token each time; and whether it ended by itself."""
    found = []
    for start in range(0, len(prompts), batch):
        rows = prompts[start : start + batch]
        length = max(map(len, rows))
        tokens = torch.tensor([[0] * (length - len(row)) + row for row in rows])
        padding = torch.tensor([length - len(row) for row in rows])
        cache = KVCache(loaded.config, batch=len(rows), capacity=length + max_new)
        said: list[list[int]] = [[] for _ in rows]
        ended = [False] * len(rows)
        for _ in range(max_new):
            z = loaded.model(tokens, cache=cache, padding=padding, last_only=True)[:, -1]
            tokens = z.argmax(-1, keepdim=True)  # (B, 1)
            for row, token in enumerate(tokens[:, 0].tolist()):
                ended[row] |= token in loaded.stop
                if not ended[row]:
                    said[row].append(token)
            if all(ended):
                break
        found += [{"text": loaded.tokenizer.decode(ids), "ended": end} for ids, end in zip(said, ended, strict=True)]
    return found


def neutral_bits(loaded: LoadedModel) -> list[list[float]]:
    """Bits and bytes of a passage of each neutral text, read without a conversation around it."""
    found = []
    for name in NEUTRAL:
        text = data.read(name).replace("\r\n", "\n")
        passage = text[len(text) // 2 :][:1000]
        nats = sliding_surprises(loaded.model, loaded.tokenizer.encode(passage), stride=512).double().sum().item()
        found.append([round(nats / math.log(2), 3), len(passage.encode())])
    return found


def measured(loaded: LoadedModel, held_out: list[dict[str, str]], *, system: str = "") -> dict[str, Any]:
    """Each held-out answer's mean loss and tokens, what the model says to its question; bits on neutral text."""
    examples = [demonstration(loaded, entry) for entry in held_out]
    prompts = [conversation_tokens(loaded.tokenizer, messages_of(entry, system=system)) for entry in held_out]
    return {
        "held_out": [round(held_out_answer_loss(loaded.model, [example]), 4) for example in examples],
        "tokens": [sum(example.counts) for example in examples],
        "answers": greedy_answers(loaded, prompts),
        "neutral": neutral_bits(loaded),
    }


def energy_of_directions(changes: list[torch.Tensor]) -> dict[str, float]:
    """The share of the squared size of a change that its 1, 4, 16 and 64 largest directions hold, on average."""
    squares = [torch.linalg.svdvals(change).square() for change in changes]
    return {
        str(r): round(sum((s[:r].sum() / s.sum()).item() for s in squares) / len(squares), 4) for r in (1, 4, 16, 64)
    }


def run(name: str, entries: dict[str, Any]) -> dict[str, Any]:
    """One way of teaching, and what came of it."""
    loaded, started = load("smollm2-135m"), time.perf_counter()
    if name in ("base", "asked"):
        return measured(loaded, entries["held_out"], system=SYSTEM if name == "asked" else "")
    recipe = {"full": FULL, "hot": HOT}.get(name, LORA)
    examples = [demonstration(loaded, entry, whole=name == "whole") for entry in entries["train"]]
    held_out = [demonstration(loaded, entry) for entry in entries["held_out"]]
    before = {name: p.clone() for name, p in loaded.model.named_parameters() if TARGETS_END.search(name)}
    if name == "full":
        loaded.model.requires_grad_()
    else:
        rank = int(name[1:]) if name[0] == "r" else 4
        generator = torch.Generator().manual_seed(recipe.seed)
        inject(loaded.model, rank=rank, alpha=ALPHA, targets=TARGETS, generator=generator)
    result: dict[str, Any] = {"parameters": trainable_count(loaded.model), "recipe": recipe.as_json(), "losses": []}
    for record in fine_tune(loaded.model, examples, recipe, held_out=held_out[:8], evaluate_every=recipe.steps):
        result["losses"].append([round(record["loss"], 4), record["tokens"]])
        print(name, {key: round(value, 4) for key, value in record.items()}, flush=True)
    result["minutes"] = round((time.perf_counter() - started) / 60, 1)
    if name == "full":
        now = dict(loaded.model.named_parameters())
        result["energy"] = energy_of_directions([now[name].detach() - old for name, old in before.items()])
    if name == "r4":
        card = {"what": "SmolLM2-135M-Instruct answers in two lines", "command": "python tools/tune_style.py r4"}
        save_adapter(ADAPTER, loaded.model, card, dtype=torch.float16)
        for layer in adapters(loaded.model).values():  # measure what the page will load
            layer.a.data, layer.b.data = layer.a.data.half().float(), layer.b.data.half().float()
    return result | measured(loaded, entries["held_out"])


def main() -> None:
    """The named runs, one after the other, each written when it is done."""
    entries = json.loads((FOLDER / "01_sft_style.json").read_text(encoding="utf-8"))
    torch.set_num_threads(1)
    for name in sys.argv[1:]:
        result = run(name, entries)
        results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
        results[name] = result
        results["command"] = "python tools/tune_style.py base asked r1 r4 r16 full hot whole"
        with replacing(RESULTS) as part:
            part.write_text(json.dumps(results, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
